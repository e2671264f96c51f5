"""Report errors of files named by a user in one line, with the path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from evo.core.errors import FileError
from evo.core.files import replace_inside, replace_user_file

AnyPath = str | os.PathLike[str]


@contextmanager
def user_file(path: AnyPath, failure: str, error: type[FileError] = FileError) -> Iterator[None]:
    """Convert an OSError to a FileError with path, failed action and reason.

    Args:
        path: The file or folder, as the user named it; used if the error names no file.
        failure: The failed action, such as "cannot be read".
        error: The kind of error.

    Raises:
        FileError: For an OSError, or a null byte in the path.
    """
    if "\0" in os.fspath(path):
        raise error(path, f"{failure}: embedded null byte")
    try:
        yield
    except BrokenPipeError:  # not about a file: the reader of the output has gone
        raise
    except OSError as cause:
        name = cause.filename if isinstance(cause.filename, str) else path
        raise error(name, f"{failure}: {cause.strerror or cause}") from None


def write_output(output: AnyPath | None, folder: Path, name: str, content: bytes) -> Path:
    """Write a command's file where the user wants it, or into a folder; return its path.

    It is written whole, or not at all.

    Args:
        output: The file that the user named; None for the one in the folder.
        folder: A folder of untrusted content, such as a run.
        name: Path of the file in the folder.
        content: Its content.

    Raises:
        FileError: If it cannot be written.
    """
    target = folder / name if output is None else Path(output)
    with user_file(target, "cannot be written"):
        if output is None:
            replace_inside(folder, name, content)
        else:
            replace_user_file(target, content)
    return target


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
