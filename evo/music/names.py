"""Names of songs, from the names of their files."""

import hashlib
import os
from pathlib import Path

from evo.core.user_files import AnyPath

MAX_NAME = 120  # bytes of a song's name


def name_of(path: AnyPath, limit: int = MAX_NAME) -> str:
    """Return a song's name: its file's, without suffix, as valid text of limited length.

    Files of a run are named after its songs, so a long name is shortened and ends in a hash.

    Args:
        path: The song's file.
        limit: Maximum length in bytes.
    """
    stem = os.fsencode(Path(path).stem)
    name = stem.decode(errors="replace")
    if len(name.encode()) <= limit:
        return name
    mark = hashlib.sha256(stem).hexdigest()[:8]
    return f"{name.encode()[: limit - len(mark) - 1].decode(errors='ignore')}-{mark}"
