"""The files in `data/` at the top of a checkout, importable as `evo.data`.

This file is not installed: setup.cfg puts the folder `data/` itself in its place.
"""

from pathlib import Path

__path__ = [str(Path(__file__).parents[2] / "data")]
