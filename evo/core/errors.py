"""Errors that a user can cause or fix: the family `EvoError`.

The command line prints an `EvoError` as one line (problem, place, remedy) and exits with its
`exit_code`. Any other exception is a bug and shows its traceback.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches


def printable(text: str) -> str:
    """Return the text in one line, with unprintable characters escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return "did you mean NAME? " with the nearest known name, or "" if none is near.

    Args:
        name: The unknown name.
        known: The known names.
        prefix: Text before the known name.
    """
    near = get_close_matches(name, known, n=1)
    return f"did you mean {prefix}{near[0]}? " if near else ""


class EvoError(Exception):
    """Base of errors that a user can cause or fix; one line."""

    exit_code = 2


class InputError(EvoError, ValueError):
    """Raised for an invalid setting, option or file."""


class FileError(InputError):
    """Raised for a user's file that cannot be read or written.

    Attributes:
        path: The file, as given.
        reason: The problem, without the path.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self) -> str:
        return printable(f"{self.path}: {self.reason}")


class MidiError(FileError):
    """Raised for a MIDI file that cannot be read as a song."""


class AbcError(InputError):
    """Raised for text that is not ABC notation; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class RunError(EvoError):
    """Raised for a run directory that cannot be used as asked."""


class CheckpointError(EvoError):
    """Raised for a damaged checkpoint, or another damaged file of arrays."""


# What an untrusted state raises where it is taken. Other exceptions are bugs, or the machine's.
DAMAGE = (EvoError, ArithmeticError, LookupError, TypeError, ValueError)


class FunctionError(Exception):
    """Raised for a user's function that raised or returned something unusable; one line."""


class FailedRunError(EvoError):
    """Base of errors that end a run with valid input."""

    exit_code = 1


class RunInterruptedError(FailedRunError):
    """Raised when the disk or all workers fail; has the resume command."""


class WorkersLostError(FailedRunError):
    """Raised when no worker is left; the run can be resumed later."""


class BreedingError(FailedRunError):
    """Raised when no next generation can be bred."""


class TooManyFailuresError(FailedRunError):
    """Raised when more individuals of a generation fail than allowed."""


class StateTooLargeError(FailedRunError):
    """Raised when a state is too large for a checkpoint."""
