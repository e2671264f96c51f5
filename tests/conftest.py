"""Makes `tests/helpers` importable, by the tests and by the worker processes that they start."""

import os
import sys
from pathlib import Path

# As the command does: one BLAS thread a process. Several on two cores only wait for each other.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path.append(str(Path(__file__).parent / "helpers"))
