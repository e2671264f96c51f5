"""Files that a user names: what goes wrong with them is said in one line, with the path."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evo.core.errors import EvoError, InputError, printable

Path = str | os.PathLike[str]


def file_error(path: Path, reason: str) -> InputError:
    """Return the error of a file that is no song."""
    return InputError(printable(f"{os.fspath(path)}: {reason}"))


@contextmanager
def user_file(
    path: Path, failure: str, error: Callable[[Path, str], InputError] = file_error
) -> Iterator[None]:
    """Raise an InputError in place of an OSError: the path, what failed, and the reason.

    Args:
        path: the file or folder, as the user named it.
        failure: what could not be done, such as "cannot be read".
        error: makes the error of the path and what is wrong with it.
    """
    try:
        yield
    except EvoError:
        raise
    except (OSError, ValueError) as cause:  # ValueError: a null byte in the path
        reason = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
        raise error(path, f"{failure}: {reason}") from None
