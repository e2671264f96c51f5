"""kuznechik: a neuroevolution framework for symbolic music.

Engines evolve genomes (`genomes`), fitness functions score them, and workers evaluate them. Runs
store everything, so a run can be killed at any instant and resumed bit for bit. `evo.api` has the
functions for scripts. They are also attributes of this package, imported on first use.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

__all__ = ["Song", "load_run", "resume", "run", "settings", "song", "tunes"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("evo.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
