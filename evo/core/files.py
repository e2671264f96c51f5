"""Write files so that a crash leaves the old or new one.

Also open files that another user may have put there. Every OSError from here names its file; those
of the operating system for writing and syncing do not.
"""

import errno
import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_MOVED_AWAY = ".tmp-old-"  # prefix of a folder until its replacement is in place


def to_json(value: Any) -> bytes:
    """Return canonical JSON: sorted keys, no NaN, one line.

    Equal values have equal bytes.
    """
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return text.encode() + b"\n"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Set `filename` on any OSError that lacks one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def open_regular(path: Path, follow: bool = True) -> io.BufferedReader:
    """Open a file to read its bytes, if it is a regular file.

    A pipe or a device is refused without waiting, because reading might never end. So is a folder.

    Args:
        path: The file.
        follow: Accept a link to a file, as git-annex and DVC make.

    Raises:
        OSError: If it cannot be opened, or is no regular file.
    """
    links = 0 if follow else getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(_regular(str(path), os.O_RDONLY | links), "rb")


def _regular(path: str, flags: int, mode: int = 0o666) -> int:
    """Return a descriptor of a regular file; refuse others without waiting for them."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", path)
    return descriptor


def fsync_folder(path: Path) -> None:
    """Make renames inside a folder durable."""
    with naming(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def without_links(path: str, flags: int) -> int:
    """Open a regular file for `open(..., opener=...)`, but follow no link.

    Args:
        path: The file; a pipe is refused, as opening it to write might wait forever.
        flags: Flags of `os.open`.

    Returns:
        The file descriptor.

    Raises:
        OSError: If it cannot be opened, or is a link or no regular file.
    """
    return _regular(path, flags | getattr(os, "O_NOFOLLOW", 0))


def write_synced(path: Path, content: bytes) -> None:
    """Write a file durably, but not atomically.

    Args:
        path: The file; a link there is not followed.
        content: Its content.
    """
    with naming(path), open(path, "wb", opener=without_links) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it into place.

    Args:
        path: The file; a link there is replaced.
        content: Its new content.
    """
    temporary = path.with_name(f".tmp-{path.name}")
    temporary.unlink(missing_ok=True)  # it may be a link, a second name of a file, or a pipe
    write_synced(temporary, content)
    temporary.replace(path)
    fsync_folder(path.parent)


def replace_inside(folder: Path, name: str, content: bytes) -> None:
    """Write a file below a folder of untrusted content; see `replace_file`.

    Args:
        folder: The folder; it may be a link.
        name: Path of the file in the folder. Missing subfolders are created.
        content: Its new content.

    Raises:
        OSError: If it cannot be written, or a link replaces a subfolder.
    """
    path = folder / name
    for above in reversed(Path(name).parents[:-1]):
        if (folder / above).is_symlink():
            raise OSError(errno.ELOOP, "is a link; remove it", str(folder / above))
        (folder / above).mkdir(exist_ok=True)
    _replace_whole(path, content, path)


def replace_user_file(path: Path, content: bytes) -> None:
    """Write a file that the user named: whole, or not at all.

    A link is followed, and a device or a pipe written to.

    Args:
        path: The file.
        content: Its new content.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        path.write_bytes(content)
    else:
        _replace_whole(target, content, path)


def _replace_whole(path: Path, content: bytes, name: Path) -> None:
    """Replace a file; a failure leaves no temporary file, and names the file as given."""
    try:
        replace_file(path, content)
    except OSError as error:
        with suppress(OSError):
            path.with_name(f".tmp-{path.name}").unlink()
        error.filename = str(name)
        raise


def remove(path: Path) -> None:
    """Remove a folder and its content, or a file or link.

    Raises:
        OSError: If it cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder; a crash meanwhile leaves nothing with its name."""
    doomed = path.with_name(f".tmp-removed-{path.name}")
    remove(doomed)
    path.rename(doomed)
    remove(doomed)


def replace_folder(path: Path, files: dict[str, bytes]) -> None:
    """Write a folder under another name and rename it into place.

    The old folder is moved away first: a reader may find no folder, but never half of one.

    Args:
        path: The folder.
        files: Content by file name.
    """
    temporary = path.with_name(f".tmp-{path.name}")
    remove(temporary)
    try:
        temporary.mkdir(parents=True)
        for name, content in files.items():
            write_synced(temporary / name, content)
        fsync_folder(temporary)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)  # a full disk needs the room
        raise
    doomed = path.with_name(f"{_MOVED_AWAY}{path.name}")
    existed = os.path.lexists(path)
    if existed:
        remove(doomed)
        path.rename(doomed)
    temporary.rename(path)
    fsync_folder(path.parent)
    if existed:
        remove(doomed)


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished writes that a crash left in a folder.

    A folder that was moved away, and whose replacement never came, is moved back.
    """
    for leftover in folder.glob(".tmp-*"):
        replaced = leftover.with_name(leftover.name.removeprefix(_MOVED_AWAY))
        if replaced == leftover or os.path.lexists(replaced):
            remove(leftover)
        else:
            leftover.rename(replaced)
