"""Make the standard streams accept everything that a command prints.

A terminal may lack the characters of a piano roll, and a program that starts `evo` may have closed
its streams. Neither is a reason to fail.
"""

import codecs
import os
import sys

# A piano roll keeps its meaning in any encoding.
_SIMILAR = {"●": "#", "·": ".", "…": "...", "×": "x"}


def accept_everything() -> None:
    """Replace characters that the output cannot encode, and closed streams."""
    codecs.register_error("kuznechik", _similar)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the program that started this one
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="kuznechik")


def _similar(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    return "".join(_SIMILAR.get(character, "?") for character in missing), error.end
