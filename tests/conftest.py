"""Makes `tests/helpers` importable, by the tests and by the worker processes that they start."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "helpers"))
