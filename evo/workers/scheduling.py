"""What is still to be scored of a population, in parts that workers take.

A part is some individuals, of which no more than one of the configuration's chunks is scored at
once. Parts are cut by time: a worker should be busy for up to a second, so that sending costs
little, and towards the end of a generation less, so that workers end together. How a population
is cut changes no score, since nobody's depends on who is scored with it.

A part whose worker died or did not answer in time is cut in pieces, and so on until the culprit is
alone; in many at once, since a new worker takes seconds and another piece milliseconds. Who is
alone is blamed for a death only when it happened several times: machines lose
processes for other reasons, too.
"""

from collections import Counter, deque
from collections.abc import Sequence
from math import ceil

from evo.core.scores import Scores, Status
from evo.workers.reasons import crashed, too_late

Part = list[range]  # individuals by their place in the population, scored chunk after chunk

# Seconds that a part should take.
_SHORTEST, _LONGEST = 0.1, 1.0
# How many times more individuals a part may have than any that was scored so far.
_GROWTH = 8
# Pieces that a part is cut in when something in it is wrong.
_PIECES = 16
# Deaths alone with its worker that an individual is blamed for.
_DEATHS = 3


def size(part: Part) -> int:
    """How many individuals a part has."""
    return sum(map(len, part))


def individuals(part: Part) -> list[int]:
    """Their places in the population, in order."""
    return [i for chunk in part for i in chunk]


class Parts:
    """The population of one generation on its way to scores."""

    def __init__(self, chunks: Sequence[range]) -> None:
        self._chunks = deque(chunks)
        self._again: deque[Part] = deque()
        self._count = sum(map(len, chunks))
        self._missing = self._waiting = self._count
        self._scores: dict[int, Scores] = {}
        self._deaths: Counter[int] = Counter()

    @property
    def done(self) -> bool:
        """Whether everybody has a score."""
        return not self._missing

    def take(self, workers: int, pace: float | None, largest: int) -> Part | None:
        """The next part, None if all are with workers.

        `pace` is seconds an individual, if that is known, `largest` the most individuals of a
        part that was scored: one lucky guess cannot go far wrong.

        What was cut comes first: it is longest on its way.
        """
        if self._again:
            return self._again.popleft()
        if not self._chunks:
            return None
        wanted = 1
        if pace is not None:
            pace = max(pace, 1e-9)
            least = min(_SHORTEST / pace, self._count / workers)
            fair = max(self._waiting / (2 * workers), least)
            wanted = max(1, ceil(min(fair, _LONGEST / pace, _GROWTH * largest)))
        part: Part = []
        while self._chunks and size(part) < wanted:
            chunk = self._chunks.popleft()
            some = wanted - size(part)
            part.append(chunk[:some])
            if some < len(chunk):
                self._chunks.appendleft(chunk[some:])
        self._waiting -= size(part)
        return part

    def give_back(self, part: Part) -> None:
        """It was not begun, or its loss is nobody's fault."""
        self._again.append(part)

    def scored(self, part: Part, scores: Scores) -> None:
        """It is done."""
        self._scores[part[0].start] = scores
        self._missing -= size(part)

    def failed(self, part: Part, status: Status, reason: str) -> None:
        """Nobody of it can be scored, for this reason."""
        self.scored(part, Scores.failed(size(part), status, reason))

    def died(self, part: Part) -> None:
        """Its worker died of it, or by chance."""
        if size(part) > 1:
            self._split(part)
            return
        (individual,) = individuals(part)
        self._deaths[individual] += 1
        if self._deaths[individual] < _DEATHS:
            self._again.append(part)
        else:
            self.scored(part, crashed())

    def late(self, part: Part, seconds: float) -> None:
        """It did not come back in time; `seconds` is the limit for an individual."""
        if size(part) > 1:
            self._split(part)
        else:
            self.scored(part, too_late(seconds))

    def _split(self, part: Part) -> None:
        """Cut a part between its chunks, or its only chunk between individuals."""
        if len(part) > 1:
            each = -(-len(part) // _PIECES)
            pieces = [part[start : start + each] for start in range(0, len(part), each)]
        else:
            (chunk,) = part
            each = -(-len(chunk) // _PIECES)
            pieces = [[chunk[start : start + each]] for start in range(0, len(chunk), each)]
        self._again += pieces

    def join(self) -> Scores:
        """The scores of the whole population, in its order."""
        return Scores.join([scores for _, scores in sorted(self._scores.items())])
