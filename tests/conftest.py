"""Makes `tests/helpers` importable, by the tests and by the worker processes that they start."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# As the command does: one BLAS thread a process. Several on two cores only wait for each other.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# A run waits for the disk several times a generation, all tests together some ten thousand times.
# Where there is a disk in memory, temporary folders are made there; passed tests leave none.
MEMORY_DISK = Path("/dev/shm")
if os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY_DISK))

sys.path.append(str(Path(__file__).parent / "helpers"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures of runs: they have tests of their own."""
    import disturbing

    disturbing.undrawn(monkeypatch.setattr)


@pytest.fixture(scope="session")
def local_cluster() -> Iterator[Any]:
    """An evaluator on two worker processes of Dask; one for all tests, as it takes seconds."""
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    from evo.workers.cluster.address import Address
    from evo.workers.cluster.cluster import Cluster

    with Cluster(Address(workers=2), 21, 7) as cluster:
        yield cluster
