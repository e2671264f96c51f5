"""Files that a user names: what goes wrong with them is said in one line, with the path."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from evo.core.errors import InputError, printable

AnyPath = str | os.PathLike[str]


def file_error(path: AnyPath, reason: str) -> InputError:
    """Return the error of a file of any kind; for songs there is `MidiError`."""
    return InputError(printable(f"{os.fspath(path)}: {reason}"))


@contextmanager
def user_file(
    path: AnyPath, failure: str, error: Callable[[AnyPath, str], InputError] = file_error
) -> Iterator[None]:
    """Raise an InputError in place of an OSError: the path, what failed, and the reason.

    Args:
        path: the file or folder, as the user named it.
        failure: what could not be done, such as "cannot be read".
        error: makes the error of the path and what is wrong with it.
    """
    if "\0" in os.fspath(path):
        raise error(path, f"{failure}: embedded null byte")
    try:
        yield
    except OSError as cause:
        raise error(path, f"{failure}: {cause.strerror or cause}") from None


class UserTextFile:
    """A text file to write, whose errors are those of `user_file`."""

    def __init__(self, path: AnyPath, **options: Any) -> None:
        self._failing = partial(user_file, path, "cannot be written")
        with self._failing():
            self._file = open(path, "w", encoding="utf-8", **options)  # noqa: SIM115

    def write(self, text: str) -> None:
        """Write some text, at the end."""
        with self._failing():
            self._file.write(text)

    def close(self) -> None:
        """Close the file; what was not yet written is written now."""
        with self._failing():
            self._file.close()
