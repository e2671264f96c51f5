"""The copy task: say what was heard `delay` steps ago, out of random bits.

The original research's task for the HistoryUser: sequences of 192 steps of 13 random bits, of which
each step from the 64th on is to be the one 64 steps before. The loss is the squared error, mean
over bits and sequences, summed over the 128 steps that are scored: 32 for saying one half. The
score is the negated loss.

In the harder task the delay is one of several, another in every sequence, and is told by a marker:
one input more for each delay, which is 1 at every `marker_every`-th step of its sequences.

Every generation hears sequences of its own, the same for all its individuals (common random
numbers): who is lucky with its sequences is lucky against nobody.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role, stream
from genomes.history_user.networks import HistoryUsers

SCORED = 128  # steps
SOLVED = 0.0015  # what the original reached after 14,000 evaluations of 128 sequences
SOLVED_AMONG_SEVERAL = 0.05
_TESTED = 128  # fresh sequences for the figures

Inputs = NDArray[np.float32]


class Copying:
    """Scores HistoryUsers by the negated loss; see the module's docstring.

    `sequences` are heard a generation; with several delays they are shared out evenly.
    """

    reusable = False

    def __init__(
        self,
        keys: int = 13,
        delays: Sequence[int] = (64,),
        sequences: int = 4,
        marker_every: int = 8,
    ) -> None:
        if not delays or min(delays) < 1 or len(set(delays)) != len(delays):
            raise ValueError(f"delays must be different whole numbers from 1, got {list(delays)}")
        if keys < 1 or marker_every < 1:
            raise ValueError("keys and marker_every must be at least 1")
        if sequences < len(delays):
            raise ValueError(
                f"sequences must be at least {len(delays)}, one a delay, got {sequences}"
            )
        self.keys, self.delays, self.sequences = keys, tuple(delays), sequences
        self.marker_every = marker_every

    @property
    def inputs(self) -> int:
        """How many numbers are heard a step: the keys, then a marker for each of several delays."""
        return self.keys + (len(self.delays) if len(self.delays) > 1 else 0)

    def draw(self, count: int, random: np.random.Generator) -> tuple[Inputs, Inputs]:
        """Sequences and what is to be said.

        Returns:
            float32 (1, count, longest delay + 128, inputs) and (1, count, 128, keys), the latter
            for the last 128 steps.
        """
        longest = max(self.delays)
        steps = longest + SCORED
        heard = np.zeros((1, count, steps, self.inputs), np.float32)
        heard[..., : self.keys] = random.integers(2, size=(count, steps, self.keys))
        wanted = np.empty((1, count, SCORED, self.keys), np.float32)
        for place in range(count):
            which = place % len(self.delays)
            start = longest - self.delays[which]
            wanted[0, place] = heard[0, place, start : start + SCORED, : self.keys]
            if len(self.delays) > 1:
                heard[0, place, :: self.marker_every, self.keys + which] = 1.0
        return heard, wanted

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Totals of a batch, the negated losses, and a case a scored step.

        Raises:
            TypeError: for performers of another genome kind.
        """
        _check(performers)
        heard, wanted = self.draw(self.sequences, streams.common)
        errors = performers.mean_squared_error(heard, wanted, heard.shape[2] - SCORED)
        return Scores.of(-errors.sum(axis=1), -errors)

    def figures(self, performers: Any) -> dict[str, Any]:
        """Of one individual: its loss on 128 sequences that no generation heard, and its reading.

        `read_lags` are where it reads for each delay: the lag that has the most weight, on average
        over the scored steps; `read_entropy` is the mean entropy of the weights in bits.
        """
        random = stream(0, Role.EVALUATE, 0, 1 << 20)
        heard, wanted = self.draw(_TESTED, random)
        errors = performers.mean_squared_error(heard, wanted, heard.shape[2] - SCORED)
        loss = float(errors.sum())
        several = len(self.delays)
        solved = loss <= (SOLVED if several == 1 else SOLVED_AMONG_SEVERAL)
        figures: dict[str, Any] = {"loss": loss, "solved": solved}
        if performers.shape.architecture != "lstm":
            some = heard[:, : 2 * several]
            weights = performers.attention(some, heard.shape[2] - SCORED)[0].astype(np.float64)
            bits = -(weights * np.log2(np.maximum(weights, 1e-30))).sum(axis=-1)
            places = weights.mean(axis=1).reshape(2, several, -1).mean(axis=0).argmax(axis=1)
            figures["read_lags"] = [int(performers.shape.lags[place]) for place in places]
            figures["read_entropy"] = float(bits.mean())
        return figures


def _check(performers: Any) -> None:
    if not isinstance(performers, HistoryUsers):
        raise TypeError(
            f"the copy task is for the genome history-user, not for {type(performers).__name__}"
        )
