"""What goes wrong, answered by one line for every command of `evo`.

Bad usage and bad input have exit code 2, a run that the disk failed has 1; SIGINT and SIGTERM have
130 and 143, before and after a run's generations too.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from evo import __version__
from evo.core.platform import ENDING_SIGNALS, call_later

_LONGEST_CLEANING = 1.5  # seconds


class UsageError(click.ClickException):
    """An error that is shown as one line; exit code 2 for bad usage or input."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class

    def show(self, file: Any = None) -> None:
        """Print the one line."""
        click.echo(f"evo: {' '.join(self.message.split())}", err=True)


def end_on_signals() -> None:
    """Let signals that ask for it end this process with 128 + their number from here on.

    What was begun is cleaned up on the way out. An exception that comes in the middle of an import
    or a callback may be lost there, so the process does not depend on it.
    """

    def end(number: int, frame: Any) -> None:
        call_later(_LONGEST_CLEANING, lambda: os._exit(128 + number))
        sys.exit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            is_ignored = signal.getsignal(number) is signal.SIG_IGN  # as SIGHUP is by nohup
            if not is_ignored or number.name != "SIGHUP":
                signal.signal(number, end)


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show an EvoError as one line, and any other error as the bug that it is."""

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> Any:
        # One BLAS thread a process; set before numpy is first imported, inherited by workers.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(variable, "1")
        from evo.core.errors import EvoError

        try:
            with _output_in_one_line():
                result = command(*args, **options)
                sys.stdout.flush()
                return result
        except EvoError as error:
            raise UsageError(str(error), error.exit_code) from None
        except KeyboardInterrupt:
            sys.exit(130)
        except click.ClickException:
            raise
        except Exception:  # noqa: BLE001 - a bug, which is shown whole
            traceback.print_exc()
            click.echo(
                f"evo: this is a bug in evo {__version__}; please report it with the lines above",
                err=True,
            )
            sys.exit(1)

    return guarded


@contextmanager
def _output_in_one_line() -> Iterator[None]:
    """Turn a failure to write the standard output into one line; that nobody reads it is none."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output has seen enough
        _drop_output()
        sys.exit(0)
    except OSError:
        try:  # whether it was the output that failed shows in that it fails again
            sys.stdout.write("\n")
            sys.stdout.flush()
        except OSError as error:
            _drop_output()
            raise UsageError(f"the standard output: {error.strerror}") from None
        raise


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _usage_in_one_line() -> Iterator[None]:
    """Turn click's several lines about wrong usage into one; a bare group still shows its help."""
    try:
        with _output_in_one_line():
            yield
    except click.UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        raise UsageError(error.format_message()) from None


class OneLineGroup(click.Group):
    """Commands that answer a mistake in usage with one line."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """See `click.Command.main`; without arguments this is the process's own command line."""
        if not arguments and options.get("args") is None:
            end_on_signals()
        return super().main(*arguments, **options)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """See `click.Command.make_context`: reads the group's own options."""
        with _usage_in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """See `click.Command.invoke`: reads the options of the command, and carries it out."""
        with _usage_in_one_line():
            return super().invoke(ctx)
