"""The scripts in `experiments/` at the top of a checkout, importable as `evo.experiments`.

This file is not installed: setup.cfg puts the folder `experiments/` itself in its place.
"""

from pathlib import Path

__path__ = [str(Path(__file__).parents[2] / "experiments")]
