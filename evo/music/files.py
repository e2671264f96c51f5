"""Report errors of files named by a user in one line, with the path."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from evo.core.errors import InputError, printable

AnyPath = str | os.PathLike[str]


def file_error(path: AnyPath, reason: str) -> InputError:
    """Build the error for a file of any kind; songs use `MidiError`.

    Args:
        path: the file.
        reason: the problem, for the message.
    """
    return InputError(printable(f"{os.fspath(path)}: {reason}"))


@contextmanager
def user_file(
    path: AnyPath, failure: str, error: Callable[[AnyPath, str], InputError] = file_error
) -> Iterator[None]:
    """Convert an OSError to an InputError with path, failed action and reason.

    Args:
        path: the file or folder, as the user named it.
        failure: the failed action, such as "cannot be read".
        error: builds the error from the path and the reason.

    Raises:
        InputError: for an OSError, or a null byte in the path.
    """
    if "\0" in os.fspath(path):
        raise error(path, f"{failure}: embedded null byte")
    try:
        yield
    except OSError as cause:
        raise error(path, f"{failure}: {cause.strerror or cause}") from None


class UserTextFile:
    """A text file for writing, with the errors of `user_file`."""

    def __init__(self, path: AnyPath, **options: Any) -> None:
        self._failing = partial(user_file, path, "cannot be written")
        with self._failing():
            self._file = open(path, "w", encoding="utf-8", **options)  # noqa: SIM115

    def write(self, text: str) -> None:
        """Append text."""
        with self._failing():
            self._file.write(text)

    def close(self) -> None:
        """Flush and close the file."""
        with self._failing():
            self._file.close()
