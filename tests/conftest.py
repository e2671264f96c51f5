"""Makes `tests/helpers` importable, by the tests and by the worker processes that they start."""

import gc
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

# Tests start hundreds of processes. They share compiled modules, even where Python is told to keep
# none: a process would spend more time on compiling the package than on its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A run waits for the disk several times a generation, all tests together some ten thousand times.
# Where there is a disk in memory, temporary folders are made there; passed tests leave none.
MEMORY_DISK = Path("/dev/shm")
if os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY_DISK))

# What fixtures of modules keep; a test has a cache of its own (`own_cache`).
os.environ["KUZNECHIK_CACHE"] = os.devnull

sys.path.append(str(Path(__file__).parent / "helpers"))


def pytest_collection_finish() -> None:
    """Keep the collected tests and imported modules out of every later garbage collection.

    There are millions of objects, and a collection in a forked process would copy their memory.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_cache(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Give every test an empty user's cache, which is made when it is written to."""
    folder = tmp_path_factory.getbasetemp() / "caches" / str(id(request.node))
    monkeypatch.setenv("KUZNECHIK_CACHE", str(folder))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures and sheets of runs: they have tests of their own."""
    import disturbing

    disturbing.undrawn(monkeypatch.setattr)


@pytest.fixture
def sheets(undrawn: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out figures, but let runs write sheets."""
    from evo.music.export import files
    from evo.music.export.sheets import sheets_of

    monkeypatch.setattr(files, "sheets_of", sheets_of)


@pytest.fixture(scope="session", autouse=True)
def _no_report_at_the_end() -> Iterator[None]:
    """Leave out the reports at the end of runs, which have tests of their own (`reported`)."""
    from evo.analysis.report import writing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "write_report", lambda *arguments: None)
        yield


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs write reports at their end."""
    from evo.analysis import report
    from evo.analysis.report import writing

    monkeypatch.setattr(writing, "write_report", report.write_report)


@pytest.fixture(scope="session")
def local_cluster_and_parts() -> Iterator[Any]:
    """Yield an evaluator on two worker processes of Dask, and its parts.

    There is one for all tests, as it takes seconds to start. An individual may take 1 s.
    """
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    import clusters

    from evo.workers.cluster.address import Address
    from evo.workers.cluster.cluster import Cluster

    cluster = Cluster(Address(workers=2), 21, 7, timeout=1.0)
    with clusters.started(cluster) as parts:
        yield cluster, parts


@pytest.fixture(scope="session")
def local_cluster(local_cluster_and_parts: Any) -> Any:
    return local_cluster_and_parts[0]


@pytest.fixture(scope="session")
def cluster_parts(local_cluster_and_parts: Any) -> Any:
    return local_cluster_and_parts[1]


@pytest.fixture(scope="module")
def critics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return briefly trained critics, as a run saves them."""
    from critics import few_panel
    from evo.experiments.trained_critics import FILE

    from evo.runs.checkpoint import pack_arrays

    path = tmp_path_factory.mktemp("critics") / FILE
    path.write_bytes(pack_arrays(few_panel().to_arrays()))
    return path
