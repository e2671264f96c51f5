"""The individuals of one population that have no score yet, and what has been held against each.

They are kept as ranges of indices: those that wait for their first evaluation, and suspects, which
are to be evaluated again because something went wrong. Two cuts find a culprit among any number:
a batch of up to 64 is cut into individuals, a larger one into about the square root of its size.
"""

from collections import Counter, deque
from math import isqrt

from evo.core.scores import Scores, Status
from evo.workers.failures import MAX_FAULTS, crashed, given_up, too_late

# Workers that must die at an individual, and of these with it alone, before it is to blame.
_DEATHS, _DEATHS_ALONE = 3, 2
# Times that an individual may be with a worker that takes too long, until it is to blame.
_OVERRUNS = 2
# A batch that is not larger is cut into individuals at once.
_SMALL = 64


class Backlog:
    """What is still to be scored of a population of `count` individuals.

    Attributes:
        suspects: Batches to be evaluated again, each by a warm worker that has no other.
        unscored: How many individuals have no score.
        waiting: How many individuals no worker has and nobody suspects.
        sample: The index of an individual that a worker came back from, None before the first.
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
        """Take at most `size` of the individuals that wait."""
        first = self._waiting.popleft()
        if len(first) > size:
            self._waiting.appendleft(first[size:])
        self.waiting -= len(first[:size])
        return first[:size]

    def take_suspect(self) -> range:
        """Take one individual of the first suspects."""
        first = self.suspects.popleft()
        if len(first) > 1:
            self.suspects.appendleft(first[1:])
        return first[:1]

    def give_back(self, batch: range) -> None:
        """Let a batch wait again that no worker has begun."""
        self._waiting.appendleft(batch)
        self.waiting += len(batch)

    def scored(self, batch: range, scores: Scores) -> None:
        """Keep the scores of a batch."""
        self._scores[batch.start] = scores
        self.unscored -= len(batch)

    def doubt(self, batch: range) -> None:
        """Evaluate a batch again, without a suspicion against its individuals."""
        self.suspects.append(batch)

    def failed(self, batch: range, reason: str) -> None:
        """Find the individuals that cause an error, and fail them."""
        if len(batch) > 1:
            self._cut(batch)
        else:
            self.scored(batch, Scores.failed(1, Status.ERROR, reason))

    def overran(self, batch: range, limit: float, was_warm: bool) -> None:
        """Hold against a batch that a worker took too long with it.

        Args:
            batch: The individuals.
            limit: The limit of one of them, in seconds.
            was_warm: Whether the worker had evaluated anything before.
        """
        self._overruns.update(batch)
        if len(batch) > 1:
            self._cut(batch)
        elif was_warm and self._overruns[batch.start] >= _OVERRUNS:
            self.scored(batch, too_late(limit))
        else:
            self.suspects.appendleft(batch)

    def died(self, batch: range, was_warm: bool) -> None:
        """Hold against a batch that a worker died at it.

        Args:
            batch: The individuals.
            was_warm: Whether the worker had evaluated anything before.
        """
        self._deaths.update(batch)
        if len(batch) > 1:
            self._cut(batch)
            return
        one = batch.start
        self._deaths_alone[one] += was_warm
        if self._deaths[one] >= _DEATHS and self._deaths_alone[one] >= _DEATHS_ALONE:
            self.scored(batch, crashed())
        else:
            self.suspects.appendleft(batch)

    def faulted(self, batch: range, fault: str) -> None:
        """Evaluate a batch again at which the machine failed.

        Raises:
            WorkersLostError: If that has happened too often to one of its individuals.
        """
        self._faults.update(batch)
        times = max(self._faults[one] for one in batch)
        if times >= MAX_FAULTS:
            raise given_up(fault, times)
        self.suspects.append(batch)

    def _cut(self, batch: range) -> None:
        size = 1 if len(batch) <= _SMALL else isqrt(len(batch))
        for start in reversed(range(0, len(batch), size)):
            self.suspects.appendleft(batch[start : start + size])

    def scores(self) -> Scores:
        """Return the scores of the whole population, in its order."""
        return Scores.join([scores for _, scores in sorted(self._scores.items())])
