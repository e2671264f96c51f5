"""Keep results of long computations in the user's cache folder.

An entry is one file: its content, then the SHA-256 of the content. It is written under another name
and renamed, so that two processes can write the same entry at once. A damaged entry is computed
again. A folder that cannot be read or written costs the cache alone. Each gives one message.

The folder is, in this order:

- `KUZNECHIK_CACHE`, an environment variable;
- `kuznechik` in `XDG_CACHE_HOME`, if that is an absolute path;
- `kuznechik` in the usual place of the system: `~/.cache`, `~/Library/Caches` on macOS, and
  `%LOCALAPPDATA%` on Windows.

At most `MAX_ENTRIES` entries of each kind are kept, and `MAX_BYTES` bytes. Those that were not used
for the longest time are removed.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from evo.core.errors import DAMAGE
from evo.core.files import open_regular, write_synced

VARIABLE = "KUZNECHIK_CACHE"
MAX_ENTRIES, MAX_BYTES = 20, 500_000_000
_DIGEST = hashlib.sha256().digest_size
_TEMPORARY = ".tmp-"
_ABANDONED = 3600.0  # seconds after which a temporary file is a killed process's

T = TypeVar("T")


def cache_folder() -> Path:
    """Return the user's cache folder, which may be missing.

    Raises:
        OSError: If the user has no home folder.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    if os.path.isabs(shared := os.environ.get("XDG_CACHE_HOME", "")):
        return Path(shared) / "kuznechik"
    if local := os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None:
        return Path(local) / "kuznechik"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OSError(f"{error}; set {VARIABLE}") from None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "kuznechik"


def kept(
    kind: str,
    key: str,
    compute: Callable[[], T],
    pack: Callable[[T], bytes],
    unpack: Callable[[bytes], T],
    show_message: Callable[[str], None],
) -> T:
    """Return a value from the cache, or compute and keep it.

    Args:
        kind: Name of the subfolder; also what the entries are, for messages.
        key: Hash of everything that the value depends on, in hexadecimal digits.
        compute: Computes the value.
        pack: Returns the value as bytes.
        unpack: Returns the value from bytes. An error of `evo.core.errors.DAMAGE` means that they
            are damaged.
        show_message: Shows one line to the user.
    """
    try:
        path = cache_folder() / kind / key
        content = _read(path)
    except OSError as error:
        show_message(f"{kind} are not kept between runs: {_line(error)}")
        return compute()
    if content is not None:
        try:
            value = unpack(_verified(content))
        except DAMAGE as error:
            show_message(f"{path}: is damaged and replaced ({error})")
        else:
            with suppress(OSError):
                os.utime(path)  # it is the last to be removed
            return value
    value = compute()
    try:
        _write(path, pack(value))
    except OSError as error:
        show_message(f"{kind} are not kept for the next run: {_line(error)}")
    return value


def _read(path: Path) -> bytes | None:
    """Return the content of an entry and its digest, or None if there is no entry."""
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None


def _verified(content: bytes) -> bytes:
    """Return the content of an entry without its digest.

    Raises:
        ValueError: If the digest is another.
    """
    if hashlib.sha256(content[:-_DIGEST]).digest() != content[-_DIGEST:]:
        raise ValueError("it does not have the hash it was written with")
    return content[:-_DIGEST]


def _write(path: Path, content: bytes) -> None:
    """Write an entry atomically, and remove the oldest ones beyond the limits."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{path.name}")
    try:
        write_synced(temporary, content + hashlib.sha256(content).digest())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    _remove_oldest(path.parent)


def _remove_oldest(folder: Path) -> None:
    """Remove entries beyond the limits, and what killed processes left."""
    entries = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # removed by another process
            status = path.stat()
            entries.append((status.st_mtime, status.st_size, path))
    length, number = 0, 0
    for written, size, path in sorted(entries, reverse=True):
        if path.name.startswith(_TEMPORARY):
            is_old = time.time() - written > _ABANDONED
        else:
            length, number = length + size, number + 1
            is_old = number > MAX_ENTRIES or length > MAX_BYTES
        if is_old:
            with suppress(OSError):
                path.unlink()


def _line(error: OSError) -> str:
    """Return an error's file and reason in one line."""
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
