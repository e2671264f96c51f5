"""Error handling of every command of `evo`: one line per error.

Exit codes: 2 for bad usage or input, 1 for a run that failed, 130 and 143 for SIGINT and SIGTERM.
"""

import atexit
import errno
import inspect
import os
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, NoReturn

import click

from evo import __version__
from evo.cli.output import accept_everything
from evo.core.errors import EvoError, printable
from evo.core.platform import ENDING_SIGNALS, call_later, signals_blocked

_CLEANING_LIMIT = 1.5  # seconds


class UsageError(click.ClickException):
    """An error that is shown as one line; exit code 2 by default."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"evo: {printable(' '.join(self.message.split()))}", err=True)


def show_message(text: str) -> None:
    """Print one line for the user, apart from the output."""
    click.echo(printable(text), err=True)


def end_on_signals() -> None:
    """Exit with 128 plus the signal's number on every ending signal.

    The exception raised here runs cleanup code. It may be lost inside an import or a callback, so a
    timer ends the process if it takes too long.
    """

    def end(number: int, frame: Any) -> None:
        call_later(_CLEANING_LIMIT, lambda: os._exit(128 + number))
        sys.exit(128 + number)

    # Python tries the temporary folder by a file, which a signal meanwhile would leave there.
    with signals_blocked(), suppress(OSError):
        tempfile.gettempdir()
    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            is_ignored = signal.getsignal(number) is signal.SIG_IGN  # as SIGHUP is by nohup
            if not is_ignored or number.name != "SIGHUP":
                signal.signal(number, end)


def exit_at_once(code: int) -> NoReturn:
    """End the process without dismantling the interpreter, which takes a second on a busy machine.

    Handlers registered with `atexit` are called, and the output is written.

    Args:
        code: The exit code.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a full disk, a closed pipe
            stream.flush()
    os._exit(code)


def one_line_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show an EvoError as one line, and any other error as a bug with traceback."""
    # The help ends before "Args:", as options have a help of their own.
    help_text = inspect.cleandoc(command.__doc__ or "").partition("\n\nArgs:")[0]

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> Any:
        # One BLAS thread per process; set before numpy's first import, inherited by workers.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(variable, "1")
        warnings.formatwarning = _warning_line
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
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                _report_bug()
            raise UsageError(f"{error.filename}: {error.strerror}") from None
        except Exception:  # noqa: BLE001 - a bug, shown with its traceback
            _report_bug()

    guarded.__doc__ = help_text
    return guarded


def _report_bug() -> NoReturn:
    """Show the traceback of the present exception, and end the process."""
    traceback.print_exc()
    click.echo(
        f"evo: this is a bug in evo {__version__}; please report it with the lines above", err=True
    )
    sys.exit(1)


def _warning_line(message: Any, *_: Any, **__: Any) -> str:
    """Return a warning as one line, without the place in the code that gives it."""
    return f"evo: {printable(' '.join(str(message).split()))}\n"


@contextmanager
def _output_in_one_line() -> Iterator[None]:
    """Turn a failure to write the standard output into one line; ignore a closed pipe."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output has seen enough
        _drop_output()
        sys.exit(0)
    except OSError as cause:
        if cause.errno == errno.ENAMETOOLONG:  # the name of a file
            raise
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
    """Shorten click's usage errors to one line; a bare group still shows its help."""
    try:
        with _output_in_one_line():
            yield
    except click.UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        raise UsageError(error.format_message()) from None


class OneLineGroup(click.Group):
    """A click group that reports usage errors in one line."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """See `click.Command.main`; also prepares signals and output of the process's command."""
        if arguments or options.get("args") is not None:
            return super().main(*arguments, **options)
        end_on_signals()
        accept_everything()
        try:
            return super().main(*arguments, **options)
        except SystemExit as end:
            if isinstance(end.code, int) and end.code > 128:  # a signal
                exit_at_once(end.code)
            raise

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """See `click.Command.make_context`; reports errors of the group's options."""
        with _usage_in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """See `click.Command.invoke`; reports errors of the command's options."""
        with _usage_in_one_line():
            return super().invoke(ctx)
