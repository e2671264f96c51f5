"""Writing files so that a crash at any instant leaves the old or the new one, never a half.

And reading those that somebody else may have put there. An OSError that comes out of here names
the file it is about, which those of writing and syncing do not do by themselves.
"""

import errno
import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def to_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no NaN, one line; the same value is the same bytes."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return text.encode() + b"\n"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an OSError without a file's name bear this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def open_regular(path: Path, follow: bool = True) -> io.BufferedReader:
    """Open a file to read it.

    Args:
        path: The file.
        follow: Accept a link to a file, such as those that git-annex and DVC make.

    Raises:
        OSError: If it cannot be opened, or is a pipe or a device, which might never end.
    """
    links = 0 if follow else getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, os.O_RDONLY | links | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(descriptor, "rb")


def fsync_folder(path: Path) -> None:
    """Make renames inside a folder last."""
    with naming(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def without_links(path: str, flags: int) -> int:
    """Open a file for `open(..., opener=...)`, but not what a link in its place leads to."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file, not through a link, and wait until it is on the disk; not atomic by itself."""
    with naming(path), open(path, "wb", opener=without_links) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it into place; a link there is replaced."""
    temporary = path.with_name(f".tmp-{path.name}")
    if temporary.is_symlink():
        temporary.unlink()
    write_synced(temporary, content)
    temporary.replace(path)
    fsync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a folder with all in it, or a file or link; OSError if it stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder; a crash on the way leaves nothing by its name."""
    doomed = path.with_name(f".tmp-old-{path.name}")
    remove(doomed)
    path.rename(doomed)
    remove(doomed)


def replace_folder(path: Path, files: dict[str, bytes]) -> None:
    """Write a folder of files under another name and rename it into place.

    What stood in its place is moved away before: a reader may find the folder missing, never half
    written.
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
    doomed = path.with_name(f".tmp-old-{path.name}")
    stood = os.path.lexists(path)
    if stood:
        remove(doomed)
        path.rename(doomed)
    temporary.rename(path)
    fsync_folder(path.parent)
    if stood:
        remove(doomed)


def remove_leftovers(folder: Path) -> None:
    """Remove what a crash left of unfinished writes."""
    for leftover in folder.glob(".tmp-*"):
        remove(leftover)
