"""Batches assigned to workers, and the state of a worker, as the scheduler records them."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

W = TypeVar("W", bound=Hashable)


@dataclass(frozen=True)
class Assignment(Generic[W]):
    """A batch for a worker.

    Attributes:
        worker: The worker.
        batch: Indices of the individuals.
        is_alone: Whether the worker may have no second batch queued, because this may take long.
        is_rehearsal: Whether the batch only warms up the worker; its scores are known.
    """

    worker: W
    batch: range
    is_alone: bool = False
    is_rehearsal: bool = False


@dataclass(eq=False)
class Worker(Generic[W]):
    """The state of a worker.

    Attributes:
        name: The worker, as the evaluator names it.
        since: Time at which its start or its first assignment began.
        is_ready: Whether it has loaded the fitness and can evaluate.
        is_warm: Whether it has evaluated an individual, so that its kernels are compiled.
        assigned: Its assignments; it evaluates the first, the others are queued.
        patience: Time allowed for its warm-up beyond the limit per individual, in seconds.
    """

    name: W
    since: float
    is_ready: bool
    is_warm: bool = False
    assigned: deque[Assignment[W]] = field(default_factory=deque)
    patience: float = 0.0
