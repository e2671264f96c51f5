"""Compiled kernels are kept on disk if that is possible, and never trusted."""

import os
import subprocess
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
import pytest

from genomes import kernel_cache
from genomes.kernel_cache import KernelCacheWarning, occurrences, source_of

FAR = """
from typing import NamedTuple

class Pair(NamedTuple):
    low: int
    high: int
"""
CALLED = """
from far import Pair
from genomes.kernels import device
STEP = 1

@device
def step(number):
    return number + 1
"""
CALLER = """
from genomes.kernels import kernel
from called import STEP, step

@kernel
def twice(number):
    return step(step(number)) * STEP

@kernel
def distance(pair):
    return pair.high - pair.low
"""
MODULES = ("far", "called", "caller")


class Kernels:
    """The kernels of a user's two modules, compiled into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("far", FAR)
        self.write("called", CALLED)
        self.write("caller", CALLER)

    def write(self, module: str, text: str) -> None:
        (self.folder / f"{module}.py").write_text(text)

    def loaded(self) -> Any:
        """Import the modules as in a new process."""
        for name in MODULES:
            sys.modules.pop(name, None)
        source_of.cache_clear()
        kernel_cache.STARTED = time.time()
        return import_module("caller").twice

    def files(self) -> list[Path]:
        return sorted((self.folder / "cache").rglob("*.nbc"))


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(kernel_cache, "STARTED", kernel_cache.STARTED)
    occurrences.cache_clear()
    yield Kernels(tmp_path)
    source_of.cache_clear()
    for name in MODULES:
        sys.modules.pop(name, None)


def hits(twice: Any) -> int:
    """Count the compilations that came from disk."""
    return sum(twice.stats.cache_hits.values())


def test_a_kernel_is_compiled_once(kernels: Kernels) -> None:
    assert kernels.loaded()(3) == 5
    (file,) = kernels.files()
    before = file.read_bytes()
    again = kernels.loaded()
    assert again(3) == 5
    assert hits(again) == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", [
    lambda content: b"",
    lambda content: content[:-1],
    lambda content: content[: len(content) // 2],
    lambda content: content[:700] + bytes([content[700] ^ 1]) + content[701:],
    lambda content: b"garbage" * 100,
])  # fmt: skip
def test_a_damaged_file_is_not_executed_but_replaced(kernels: Kernels, damage: Any) -> None:
    kernels.loaded()(3)
    (file,) = kernels.files()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    again = kernels.loaded()
    with pytest.warns(KernelCacheWarning, match="is damaged"):
        assert again(3) == 5
    assert hits(again) == 0
    third = kernels.loaded()
    assert third(3) == 5
    assert hits(third) == 1


@pytest.mark.parametrize("change", ["+ 2", "+ STEP + 1"])
def test_a_kernel_is_compiled_anew_when_a_function_that_it_calls_changes(
    kernels: Kernels, change: str
) -> None:
    kernels.loaded()(3)
    kernels.write("called", CALLED.replace("+ 1", change))
    changed = kernels.loaded()
    assert changed(3) == 7
    assert len(kernels.files()) == 1, "the file of the old source is removed"
    again = kernels.loaded()
    assert again(3) == 7
    assert hits(again) == 1


def test_a_kernel_is_compiled_anew_when_a_constant_of_another_module_changes(
    kernels: Kernels,
) -> None:
    kernels.loaded()(3)
    kernels.write("called", CALLED.replace("STEP = 1", "STEP = 10"))
    assert kernels.loaded()(3) == 50


def test_a_kernel_is_compiled_anew_when_a_type_of_its_arguments_changes(kernels: Kernels) -> None:
    """Two modules away, and with arguments that numba calls by the same name."""
    kernels.loaded()
    assert sys.modules["caller"].distance(sys.modules["far"].Pair(3, 7)) == 4
    kernels.write("far", FAR.replace("low", "x").replace("high", "low").replace("x", "high"))
    kernels.loaded()
    assert sys.modules["caller"].distance(sys.modules["far"].Pair(3, 7)) == -4


def test_a_process_older_than_its_sources_neither_loads_nor_stores(kernels: Kernels) -> None:
    twice = kernels.loaded()
    time.sleep(0.02)
    kernels.write("called", CALLED.replace("+ 1", "+ 1000"))
    with pytest.warns(KernelCacheWarning, match=r"called\.py was changed after"):
        assert twice(3) == 5
    assert not kernels.files()
    assert kernels.loaded()(3) == 2003


def test_a_kernel_without_its_source_is_compiled(kernels: Kernels) -> None:
    twice = kernels.loaded()
    (kernels.folder / "called.py").unlink()
    with pytest.warns(KernelCacheWarning, match=r"called\.py"):
        assert twice(3) == 5


def test_what_killed_processes_left_is_removed_after_an_hour(kernels: Kernels) -> None:
    twice = kernels.loaded()
    folder = Path(twice.stats.cache_path)
    old, new = folder / "x.nbc.tmp.0123", folder / "y.nbc.tmp.4567"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, time.time() - 2 * 3600))
    assert twice(3) == 5
    assert new.exists()
    assert not old.exists()


def test_a_folder_that_cannot_be_written_costs_one_warning(
    kernels: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = kernels.loaded()
    (tmp_path / "cache").rename(tmp_path / "gone")
    (tmp_path / "cache").write_text("a file")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert twice(3) == 5
        assert twice(3.5) == 5.5
    (warning,) = caught
    assert warning.category is KernelCacheWarning
    assert f"{tmp_path}" in str(warning.message)
    assert "cannot be stored" in str(warning.message)


SCRIPT = """
import os
from caller import twice
print(twice(3), os.environ.get("NUMBA_CACHE_DIR", "none"))
"""


def test_where_no_folder_can_be_written_a_temporary_one_is_used_and_removed(
    tmp_path: Path,
) -> None:
    """As with a read-only installation for a user without a home."""
    Kernels(tmp_path)
    (tmp_path / "__pycache__").write_text("a file, so that there can be no folder")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-B", "-c", SCRIPT], capture_output=True, text=True, check=True,
        env={"HOME": "/dev/null", "PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tmp_path}:{root}"},
    )  # fmt: skip
    value, folder = done.stdout.split()
    assert value == "5"
    assert folder != "none"
    assert not Path(folder).exists()
    assert done.stderr.count(f"keeps them in {folder}") == 1
