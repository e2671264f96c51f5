"""Python imports this first in processes whose runs leave no picture; see `running.pictureless`.

Importing matplotlib and drawing take a third of a small run. Nor do they leave a report.
"""

import sys
from types import ModuleType
from typing import Any


def _nothing(name: str) -> Any:
    """Return a function that draws nothing, for any drawing name."""
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments, **options: {}


for kind in ("network", "formula"):
    pictures: Any = ModuleType(f"evo.analysis.plot.{kind}")
    pictures.__getattr__ = _nothing
    sys.modules[pictures.__name__] = pictures
reports: Any = ModuleType("evo.analysis.report")
reports.write_at_end = lambda *arguments: None
sys.modules[reports.__name__] = reports
