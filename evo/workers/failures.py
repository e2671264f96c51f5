"""Classify the failures of an evaluation, with one wording for all evaluators.

An exception of the fitness fails the individual. A fault of the machine (a full disk, no memory, no
file descriptors, a broken compiler cache) does not: another process evaluates the batch again, and
the run stops if the fault persists.

The reason of an individual's failure is written to the run's log, so its wording is part of the
run's digest.
"""

import math
import mmap
from collections.abc import Iterator
from types import TracebackType

from evo.core.errors import FunctionError, WorkersLostError
from evo.core.platform import is_machine_error, total_memory
from evo.core.scores import Scores, Status

# Bytes to reserve when testing whether memory is exhausted.
_PROBE = 1 << 28
# Faults of the machine in the evaluations of one batch, after which the run stops.
MAX_FAULTS = 3


class MachineFaultError(WorkersLostError):
    """Raised if an evaluation failed because of the machine, not because of an individual."""


class UnreadableError(Exception):
    """Raised in a worker for arrays that are not valid individuals; the message is the reason."""


def described(error: BaseException) -> str:
    """Return an exception's type and message, for the log: "ValueError: ..."."""
    return str(error) if isinstance(error, FunctionError) else f"{type(error).__name__}: {error}"


def crashed() -> Scores:
    """Return the failed score of an individual that killed its worker processes."""
    return Scores.failed(1, Status.CRASH, "its worker process died, again and again")


def too_late(limit: float) -> Scores:
    """Return the failed score of an individual that took longer than `limit` seconds."""
    return Scores.failed(1, Status.TIMEOUT, f"no score within workers.timeout = {limit:g} seconds")


def unloadable(why: str) -> WorkersLostError:
    """Return the error for a fitness that a worker process cannot load."""
    return WorkersLostError(
        f"the fitness cannot be loaded in a worker process: {why}; put its modules where Python "
        "finds them, or define it in the script itself"
    )


def unsendable(error: Exception) -> WorkersLostError:
    """Return the error for a fitness that cannot be pickled."""
    return WorkersLostError(
        f"the fitness cannot be sent to worker processes: {described(error)}; "
        "evaluate in this process (one worker), or remove the attributes that cannot be pickled"
    )


def given_up(fault: str, times: int) -> WorkersLostError:
    """Return the error for a persistent fault of the machine.

    Args:
        fault: The last exception, as it is logged.
        times: Number of evaluations that failed.
    """
    return WorkersLostError(
        f"the machine failed the evaluation {times} times, the last time by {fault}"
    )


def is_machine_fault(error: BaseException) -> bool:
    """Decide whether an exception is a fault of the machine, not of an individual.

    Faults of the machine are:

    - an OSError for a full or broken disk, or for exhausted resources;
    - a MemoryError, unless the request exceeds this machine's total memory;
    - an exception of numba while it compiles a kernel or reads its cache, unless the kernel's
      source is wrong.
    """
    for cause in _chain(error):
        if isinstance(cause, MachineFaultError):
            return True
        if isinstance(cause, MemoryError):
            return _is_memory_short(cause)
        if is_machine_error(cause):
            return True
        if str(cause) == "can't start new thread" or _is_from_compiler(cause):
            return True
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, its cause or context, the cause of that, and so on."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        yield link
        seen.add(id(link))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _is_memory_short(error: MemoryError) -> bool:
    """Decide whether memory is exhausted, rather than the request too large for the machine."""
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
    if shape is not None and dtype is not None:  # numpy's error has the size of the request
        return bool(math.prod(shape) * dtype.itemsize <= total_memory())
    try:
        mmap.mmap(-1, _PROBE).close()
    except (OSError, MemoryError):
        return True
    return False


def _is_from_compiler(error: BaseException) -> bool:
    """Decide whether numba failed to compile or load a kernel with correct source."""
    modules = set(_modules(error))
    if "numba.core.caching" in modules:
        return True
    if not any(name.startswith(("numba.core.", "llvmlite.")) for name in modules):
        return False
    from numba.core.errors import InternalError, LoweringError

    return isinstance(error, OSError | RuntimeError | InternalError | LoweringError)


def _modules(error: BaseException) -> Iterator[str]:
    """Yield the module name of every frame in an exception's traceback."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
