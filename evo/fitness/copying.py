"""The copy task: output random bits of `delay` steps ago.

This is the original research's task for the HistoryUser: sequences of 192 steps of 13 random bits.
The output from step 64 on should be the input of 64 steps before. The loss is the squared error,
mean over bits and sequences, summed over the 128 scored steps. A constant output of one half has
loss 32. The score is the negated loss.

In the harder task each sequence has one of several delays, given by a marker: one more input per
delay, which is 1 at every `marker_every`-th step of its sequences.

Every generation draws new sequences, the same for all individuals (common random numbers), so that
lucky draws favour no individual.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role, stream
from genomes.history_user.networks import HistoryUsers

SCORED = 128  # steps
SOLVED = 0.0015  # loss of the original after 14,000 evaluations of 128 sequences
SOLVED_AMONG_SEVERAL = 0.05
_TESTED = 128  # fresh sequences for the figures

Inputs = NDArray[np.float32]


class Copying:
    """Scores HistoryUsers by the negated loss; see the module's docstring.

    Args:
        keys: Bits per step.
        delays: Different delays in steps.
        sequences: Sequences per generation, shared evenly between the delays.
        marker_every: Steps between markers, with several delays.

    Raises:
        ValueError: For numbers below their minimum, or equal delays.
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
        """Inputs per step: keys, and a marker per delay if several."""
        return self.keys + (len(self.delays) if len(self.delays) > 1 else 0)

    def draw(self, count: int, random: np.random.Generator) -> tuple[Inputs, Inputs]:
        """Draw sequences and their targets.

        Args:
            count: Number of sequences.
            random: Draws the bits.

        Returns:
            Inputs, float32 (1, count, longest delay + 128, inputs), and targets of the last 128
            steps, float32 (1, count, 128, keys).
        """
        longest = max(self.delays)
        steps = longest + SCORED
        inputs = np.zeros((1, count, steps, self.inputs), np.float32)
        inputs[..., : self.keys] = random.integers(2, size=(count, steps, self.keys))
        targets = np.empty((1, count, SCORED, self.keys), np.float32)
        for index in range(count):
            variant = index % len(self.delays)
            start = longest - self.delays[variant]
            targets[0, index] = inputs[0, index, start : start + SCORED, : self.keys]
            if len(self.delays) > 1:
                inputs[0, index, :: self.marker_every, self.keys + variant] = 1.0
        return inputs, targets

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Return the negated losses on this generation's sequences.

        The loss is the sum over the 128 scored steps of the mean squared error of a step, over bits
        and sequences. The cases are the negated errors of the steps.

        Args:
            performers: n HistoryUsers.
            streams: `streams.common` draws the sequences, the same for all individuals.

        Returns:
            Scores with totals (n,) and cases (n, 128).

        Raises:
            TypeError: For performers of another genome kind.
        """
        _check(performers)
        inputs, targets = self.draw(self.sequences, streams.common)
        errors = performers.mean_squared_error(inputs, targets, inputs.shape[2] - SCORED)
        return Scores.of(-errors.sum(axis=1), -errors)

    def figures(self, performers: Any) -> dict[str, Any]:
        """Return loss and attention of one individual on 128 fixed sequences.

        Args:
            performers: A batch of one.

        Returns:
            loss            loss on sequences that no generation draws
            read_lags       for each delay, the lag with the highest mean attention weight
            read_entropy    mean entropy of the attention weights, in bits
            solved          whether the loss is at its limit or below
        """
        random = stream(0, Role.EVALUATE, 0, 1 << 20)
        inputs, targets = self.draw(_TESTED, random)
        errors = performers.mean_squared_error(inputs, targets, inputs.shape[2] - SCORED)
        loss = float(errors.sum())
        several = len(self.delays)
        solved = loss <= (SOLVED if several == 1 else SOLVED_AMONG_SEVERAL)
        figures: dict[str, Any] = {"loss": loss, "solved": solved}
        if performers.shape.readable:
            subset = inputs[:, : 2 * several]
            weights = performers.attention(subset, inputs.shape[2] - SCORED)[0].astype(np.float64)
            bits = -(weights * np.log2(np.maximum(weights, 1e-30))).sum(axis=-1)
            indices = weights.mean(axis=1).reshape(2, several, -1).mean(axis=0).argmax(axis=1)
            figures["read_lags"] = [int(performers.shape.readable[index]) for index in indices]
            figures["read_entropy"] = float(bits.mean())
        return figures


def _check(performers: Any) -> None:
    if not isinstance(performers, HistoryUsers):
        raise TypeError(
            f"the copy task is for the genome history-user, not for {type(performers).__name__}"
        )
