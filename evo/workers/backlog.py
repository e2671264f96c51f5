"""The unscored individuals of a population, and the failures counted for each.

There are two queues of index ranges. Waiting individuals have not been evaluated. Suspects are
evaluated again because their batch failed.

A failed batch is split to find the individual that caused the failure. A batch of at most 64 is
split into individuals. A larger batch of n is split into about sqrt(n) batches, so two splits
reach single individuals up to n = 4,096.
"""

from collections import Counter, deque
from math import isqrt

from evo.core.scores import Scores, Status
from evo.workers.failures import MAX_FAULTS, crashed, given_up, too_late

# An individual fails as CRASH after this many deaths of workers, and so many of them at it alone.
_DEATHS, _DEATHS_ALONE = 3, 2
# An individual fails as TIMEOUT after its batches have overrun this many times.
_OVERRUNS = 2
# The largest failed batch that is split into single individuals.
_SMALL = 64


class Backlog:
    """The unscored individuals of a population.

    Args:
        count: Size of the population.

    Attributes:
        suspects: Batches to evaluate again, each by a warm worker with no other batch.
        unscored: Number of individuals without a score.
        waiting: Number of individuals not yet sent to a worker.
        sample: Index of an individual whose evaluation has finished; None before the first.
    """

    def __init__(self, count: int) -> None:
        self.count = self.unscored = self.waiting = count
        self.suspects: deque[range] = deque()
        self.sample: int | None = None
        self._waiting = deque([range(count)])
        self._scores: dict[int, Scores] = {}
        self._deaths: Counter[int] = Counter()
        self._deaths_alone: Counter[int] = Counter()
        self._overruns: Counter[int] = Counter()
        self._faults: Counter[int] = Counter()

    def take(self, size: int) -> range:
        """Remove and return at most `size` waiting individuals."""
        first = self._waiting.popleft()
        if len(first) > size:
            self._waiting.appendleft(first[size:])
        self.waiting -= len(first[:size])
        return first[:size]

    def take_suspect(self) -> range:
        """Remove and return one individual of the first suspected batch."""
        first = self.suspects.popleft()
        if len(first) > 1:
            self.suspects.appendleft(first[1:])
        return first[:1]

    def give_back(self, batch: range) -> None:
        """Requeue a batch that no worker has started."""
        self._waiting.appendleft(batch)
        self.waiting += len(batch)

    def scored(self, batch: range, scores: Scores) -> None:
        """Store the scores of a batch.

        Args:
            batch: Indices of n individuals.
            scores: Their n scores, in the same order.
        """
        self._scores[batch.start] = scores
        self.unscored -= len(batch)

    def doubt(self, batch: range) -> None:
        """Queue a batch for another evaluation, without counting a failure."""
        self.suspects.append(batch)

    def failed(self, batch: range, reason: str) -> None:
        """Handle an error: fail a single individual, split a larger batch.

        Args:
            batch: Indices of the individuals.
            reason: The exception, as it is logged.
        """
        if len(batch) > 1:
            self._cut(batch)
        else:
            self.scored(batch, Scores.failed(1, Status.ERROR, reason))

    def overran(self, batch: range, limit: float, was_warm: bool) -> None:
        """Count an overrun: the batch's worker exceeded its time limit.

        The batch is split and queued again. A single individual fails after too many overruns.

        Args:
            batch: Indices of the individuals.
            limit: Time limit per individual, in seconds.
            was_warm: Whether the worker had completed an evaluation before.
        """
        self._overruns.update(batch)
        if len(batch) > 1:
            self._cut(batch)
        elif was_warm and self._overruns[batch.start] >= _OVERRUNS:
            self.scored(batch, too_late(limit))
        else:
            self.suspects.appendleft(batch)

    def died(self, batch: range, was_warm: bool) -> None:
        """Count a death of the batch's worker.

        The batch is split and queued again. A single individual fails after too many deaths.

        Args:
            batch: Indices of the individuals.
            was_warm: Whether the worker had completed an evaluation before.
        """
        self._deaths.update(batch)
        if len(batch) > 1:
            self._cut(batch)
            return
        index = batch.start
        self._deaths_alone[index] += was_warm
        if self._deaths[index] >= _DEATHS and self._deaths_alone[index] >= _DEATHS_ALONE:
            self.scored(batch, crashed())
        else:
            self.suspects.appendleft(batch)

    def faulted(self, batch: range, fault: str) -> None:
        """Queue a batch for another evaluation after a fault of the machine.

        Args:
            batch: Indices of the individuals.
            fault: The exception, as it is logged.

        Raises:
            WorkersLostError: If an individual's batches have had `MAX_FAULTS` faults.
        """
        self._faults.update(batch)
        times = max(self._faults[index] for index in batch)
        if times >= MAX_FAULTS:
            raise given_up(fault, times)
        self.suspects.append(batch)

    def _cut(self, batch: range) -> None:
        size = 1 if len(batch) <= _SMALL else isqrt(len(batch))
        for start in reversed(range(0, len(batch), size)):
            self.suspects.appendleft(batch[start : start + size])

    def scores(self) -> Scores:
        """Return the scores of the population, in its order."""
        return Scores.join([scores for _, scores in sorted(self._scores.items())])
