"""Failures of an individual, and faults of the machine."""

import errno
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from evo.workers import failures
from evo.workers.failures import MachineFaultError, described, is_machine_fault

_KERNELS = """
import numba
import numpy as np

@numba.njit(cache=True)
def double(x):
    return 2 * x

@numba.njit
def refuse(x):
    if x > 0:
        raise ValueError("positive")
    return x
"""


def caught(work: Callable[[], Any]) -> BaseException:
    """Return the exception of a call."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("error", [
    OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error"),
    OSError(errno.EMFILE, "Too many open files"), OSError(errno.ENFILE, "Too many open files"),
    OSError(errno.ENOMEM, "Cannot allocate memory"), MachineFaultError("a worker said so"),
    RuntimeError("can't start new thread"),
], ids=described)  # fmt: skip
def test_what_the_machine_has_run_out_of_is_no_individuals_fault(error: BaseException) -> None:
    assert is_machine_fault(error)
    wrapped = ValueError("the fitness could not write its notes")
    wrapped.__cause__ = error
    assert is_machine_fault(wrapped)


@pytest.mark.parametrize("error", [
    ValueError("no"), ZeroDivisionError("division by zero"), AssertionError("the user's"),
    KeyError(3), RuntimeError("no"), FileNotFoundError(errno.ENOENT, "No such file"),
    PermissionError(errno.EACCES, "Permission denied"), TimeoutError(), SystemExit("enough"),
], ids=described)  # fmt: skip
def test_what_a_fitness_raises_is_the_individuals_own(error: BaseException) -> None:
    assert not is_machine_fault(error)


@pytest.mark.parametrize("ask", [
    lambda: np.zeros(10**15), lambda: bytearray(10**15), lambda: [0] * 10**14,
], ids=["numpy", "bytes", "list"])  # fmt: skip
def test_asking_for_more_memory_than_there_is_is_the_individuals_own(
    ask: Callable[[], Any],
) -> None:
    assert not is_machine_fault(caught(ask))


@contextmanager
def no_memory_left() -> Iterator[None]:
    """Limit this process to hardly more memory than it uses."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (1 << 26)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_memory_that_is_short_is_no_individuals_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = caught(lambda: np.zeros(10**15))
    monkeypatch.setattr(failures, "total_memory", lambda: 10**16)  # it would have fitted
    assert is_machine_fault(refused)
    assert not is_machine_fault(MemoryError())  # there is some left
    with no_memory_left():
        error = MemoryError()
        is_fault = is_machine_fault(error)
    assert is_fault


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a user's own kernels, one of them cached on disk."""
    (tmp_path / "kernels_of_a_user.py").write_text(_KERNELS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    yield lambda: import_module("kernels_of_a_user")
    sys.modules.pop("kernels_of_a_user", None)


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_cache_of_kernels_is_no_individuals_fault(
    kernels: Any, tmp_path: Path, content: bytes
) -> None:
    assert kernels().double(2) == 4
    (index,) = (tmp_path / "cache").rglob("*.nbi")
    index.write_bytes(content)
    sys.modules.pop("kernels_of_a_user")
    assert is_machine_fault(caught(lambda: kernels().double(2)))


def test_kernels_whose_source_is_wrong_and_their_exceptions_are_the_users_own(
    kernels: Any,
) -> None:
    assert not is_machine_fault(caught(lambda: kernels().double("text" * 2, 1)))
    assert not is_machine_fault(caught(lambda: kernels().refuse(np.zeros((2, 2, 2)))))
    assert not is_machine_fault(caught(lambda: kernels().refuse(1)))
