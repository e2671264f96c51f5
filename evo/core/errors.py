"""One family of errors: whatever a user can cause or mend is an `EvoError`.

The command line prints an `EvoError` as one line (what, where, what to do) and exits with its
`exit_code`. Any other exception is a bug and shows its traceback.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def printable(text: str) -> str:
    """Return the text in one line, with what no terminal can print escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class EvoError(Exception):
    """Base of every error that a user can cause or mend; the message is one line."""

    exit_code = 2


class InputError(EvoError, ValueError):
    """Raised for a setting, an option or a file that cannot be used."""


class FileError(EvoError):
    """Raised for a file of the user's that cannot be read or written."""


@contextmanager
def file_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an OSError about a user's file into a FileError that names it.

    Args:
        path: The file that is read or written; an error that names another file keeps its name.
    """
    try:
        yield
    except BrokenPipeError:  # no file's: the reader of the output has gone
        raise
    except OSError as error:
        name = error.filename or os.fspath(path)
        raise FileError(f"{name}: {error.strerror or error}") from None


class MidiError(InputError):
    """Raised for a MIDI file that cannot be read as a song.

    Attributes:
        path: The file, as it was given.
        reason: What is wrong with it, without the path.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self) -> str:
        return printable(f"{self.path}: {self.reason}")


class AbcError(InputError):
    """Raised for text that is no tune in ABC notation; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class RunError(EvoError):
    """Raised for a run directory that cannot be used as asked."""


class CheckpointError(EvoError):
    """Raised for a checkpoint, or another file of arrays, that is damaged."""


class FailedRunError(EvoError):
    """Base of the errors that end a run although it was asked for rightly."""

    exit_code = 1


class RunInterruptedError(FailedRunError):
    """Raised when the disk or all workers fail a run; the message says how to continue."""


class WorkersLostError(FailedRunError):
    """Raised when no worker is left to evaluate; the run can be resumed later."""


class BreedingError(FailedRunError):
    """Raised when no next generation can be bred."""


class TooManyFailuresError(FailedRunError):
    """Raised when more individuals of a generation failed than the run allows."""


class StateTooLargeError(FailedRunError):
    """Raised when a state is too large for a checkpoint."""
