"""Writing files so that a crash at any instant leaves the old or the new one, never a half."""

import json
import os
import shutil
from pathlib import Path
from typing import Any


def to_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no NaN, one line; the same value is the same bytes."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return text.encode() + b"\n"


def fsync_folder(path: Path) -> None:
    """Make renames inside a folder last."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk; not atomic by itself."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it into place."""
    temporary = path.with_name(f".tmp-{path.name}")
    write_synced(temporary, content)
    temporary.replace(path)
    fsync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder; a crash on the way leaves nothing by its name."""
    doomed = path.with_name(f".tmp-old-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    path.rename(doomed)
    shutil.rmtree(doomed)


def replace_folder(path: Path, files: dict[str, bytes]) -> None:
    """Write a folder of files under another name and rename it into place.

    What stood in its place goes first: a reader may find the folder missing, never half written.
    """
    temporary = path.with_name(f".tmp-{path.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, content in files.items():
        write_synced(temporary / name, content)
    fsync_folder(temporary)
    if path.exists():
        remove_folder(path)
    temporary.rename(path)
    fsync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what a crash left of unfinished writes."""
    for leftover in folder.glob(".tmp-*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
