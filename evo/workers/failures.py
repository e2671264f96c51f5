"""Classify what goes wrong in an evaluation, and word it the same for every evaluator.

An exception of a fitness is the individual's own failure. A fault of the machine (a full disk, no
memory, no file descriptors, a broken compiler cache) is not: the batch is evaluated again by
another process, and if that does not help the run stops with the reason.

The reasons of individuals are written to a run's log, and so they are part of its digest.
"""

import math
import mmap
from collections.abc import Iterator
from types import TracebackType

from evo.core.errors import WorkersLostError
from evo.core.platform import is_machine_error, total_memory
from evo.core.scores import Scores, Status

# Bytes that a machine with any free memory can reserve.
_PROBE = 1 << 28
# Evaluations of a batch that the machine may fail before the run stops.
MAX_FAULTS = 3


class MachineFaultError(WorkersLostError):
    """Raised when an evaluation failed for a reason that is no individual's."""


class UnreadableError(Exception):
    """Raised in a worker for arrays that are no valid individuals; the message is the reason."""


def described(error: BaseException) -> str:
    """Return an exception as it is logged."""
    return f"{type(error).__name__}: {error}"


def crashed() -> Scores:
    """Return the score of an individual that killed its worker processes."""
    return Scores.failed(1, Status.CRASH, "its worker process died, again and again")


def too_late(limit: float) -> Scores:
    """Return the score of an individual that took longer than `limit` seconds."""
    return Scores.failed(1, Status.TIMEOUT, f"no score within workers.timeout = {limit:g} seconds")


def unloadable(why: str) -> WorkersLostError:
    """Return the error for a fitness that a worker process cannot load."""
    return WorkersLostError(
        f"the fitness cannot be loaded in a worker process: {why}; its modules must be where "
        "Python finds them, or it defined in the script itself"
    )


def unsendable(error: Exception) -> WorkersLostError:
    """Return the error for a fitness that cannot be pickled."""
    return WorkersLostError(
        f"the fitness cannot be sent to worker processes: {described(error)}; "
        "evaluate in this process (one worker), or keep out of it what cannot travel"
    )


def given_up(fault: str, times: int) -> WorkersLostError:
    """Return the error for a fault of the machine that did not pass."""
    return WorkersLostError(
        f"the machine failed the evaluation {times} times, the last time by {fault}"
    )


def is_machine_fault(error: BaseException) -> bool:
    """Decide whether an exception is a fault of the machine and of no individual.

    Faults of the machine are: an OSError for a full or broken disk or for exhausted resources; a
    MemoryError, unless more was asked for than this machine has; what numba raises while it
    compiles a kernel or reads its cache, unless the source of the kernel is wrong.
    """
    for one in _chain(error):
        if isinstance(one, MachineFaultError):
            return True
        if isinstance(one, MemoryError):
            return _is_memory_short(one)
        if is_machine_error(one):
            return True
        if str(one) == "can't start new thread" or _is_from_compiler(one):
            return True
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it was raised from or while handling."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        yield found
        seen.add(id(found))
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _is_memory_short(error: MemoryError) -> bool:
    """Decide whether memory is short, rather than that too much was asked for."""
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
    if shape is not None and dtype is not None:  # numpy says how much it was
        return bool(math.prod(shape) * dtype.itemsize <= total_memory())
    try:
        mmap.mmap(-1, _PROBE).close()
    except (OSError, MemoryError):
        return True
    return False


def _is_from_compiler(error: BaseException) -> bool:
    """Decide whether numba failed to compile or load a kernel whose source is right."""
    modules = set(_modules(error))
    if "numba.core.caching" in modules:
        return True
    if not any(name.startswith(("numba.core.", "llvmlite.")) for name in modules):
        return False
    from numba.core.errors import InternalError, LoweringError

    return isinstance(error, OSError | RuntimeError | InternalError | LoweringError)


def _modules(error: BaseException) -> Iterator[str]:
    """Yield the module of every frame that an exception passed through."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
