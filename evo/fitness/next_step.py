"""Predict songs: the cross-entropy of every next step.

A performer reads the true past (teacher forcing) and outputs the probabilities of the next step.
The cross-entropy of a step is -log2 of the actual step's probability, in bits. A performer
that only knows the frequency of each key has the entropy of the songs. One that predicts their
repetitions has less.

    melody        -log2 of the probability of the key that sounds, or of the rest; the mean if
                  several keys sound
    all others    every key has a probability of its own; the sum over the keys. HistoryUsers and
                  readers output it; for other performers it is the sigmoid of the activation

Both are per step, and can be compared if one key sounds at a time. Probabilities are at least one
in a million: a step costs a melody 20 bits at most.

The score is the negated mean over the songs of the mean over their steps, without the first
`prompt_steps`. There is one case per song, its share of the total. *Held-out* songs are never used
in a generation; the figures have the champion's cross-entropy for them.

`batch` songs are drawn per generation, the same for all individuals (common random numbers). All
songs are used if it is 0, or if there are not more songs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.seeds import Individuals
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray

# Minimum probability, and minimum distance from 1.
MARGIN = 1e-6
# Songs per batch. Shorter songs are padded, so larger batches waste time.
_TOGETHER = 16


class NextStep:
    """Scores how well performers predict songs; see the module's docstring.

    Args:
        songs: All with the same number of keys, and more than `prompt_steps` steps.
        held_out: Songs for the figures only.
        prompt_steps: First steps, which are not scored.
        batch: Songs per generation; 0 for all.
        durations: Whether players play onsets and durations: two channels per key.

    Raises:
        ValueError: If the songs do not fit, or the batch is negative.
    """

    def __init__(
        self,
        songs: Sequence[Song],
        held_out: Sequence[Song] = (),
        prompt_steps: int = 8,
        batch: int = 0,
        durations: bool = False,
    ) -> None:
        if not songs:
            raise ValueError("there must be at least one song to learn")
        everything = [*songs, *held_out]
        if len({song.keys for song in everything}) > 1:
            raise ValueError("all songs must have the same number of keys")
        for song in everything:
            if song.steps <= prompt_steps:
                raise ValueError(
                    f"song {song.name!r} has {song.steps} steps, and the first {prompt_steps} are "
                    "not judged: there is nothing to predict"
                )
        if batch < 0:
            raise ValueError(f"batch must be at least 0 songs, got {batch}")
        self.songs, self.held_out = tuple(songs), tuple(held_out)
        self.prompt_steps, self.batch, self.durations = prompt_steps, batch, durations
        self.reusable = not 0 < batch < len(songs)  # all songs are used

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Return the negated mean cross-entropies, a case per drawn song.

        Args:
            performers: The batch.
            streams: Random streams of the generation.
        """
        songs: Sequence[Song] = self.songs
        if not self.reusable:
            drawn = streams.common.choice(len(songs), self.batch, replace=False)
            songs = [songs[index] for index in sorted(drawn.tolist())]
        cases = -self._bits(performers, songs) / len(songs)
        return Scores.of(cases.sum(axis=1), cases)

    def figures(self, performers: Any) -> dict[str, Any]:
        """Return the cross-entropies of one individual.

        Args:
            performers: A batch of one.

        Returns:
            cross_entropy           bits per step, mean over the songs to learn
            held_out_cross_entropy  the same over held-out songs, if there are any
            solved                  always False
        """
        figures: dict[str, Any] = {"solved": False}
        for name, songs in (
            ("cross_entropy", self.songs),
            ("held_out_cross_entropy", self.held_out),
        ):
            if songs:
                bits = self._bits(performers, songs)
                figures[name] = float(bits[0].mean())
        return figures

    def corpus(self) -> tuple[BoolArray, ...]:
        """Return the songs to learn; see `CorpusFitness`."""
        return tuple(song.roll(self.durations) for song in self.songs)

    def _bits(self, performers: Any, songs: Sequence[Song]) -> FloatArray:
        return cross_entropies(performers, songs, self.prompt_steps, self.durations)


def cross_entropies(
    performers: Any, songs: Sequence[Song], first_step: int = 0, durations: bool = False
) -> FloatArray:
    """Return bits per step of every song.

    Args:
        performers: A batch of n.
        songs: All with the same number of keys.
        first_step: Leave out the steps before this one.
        durations: Whether performers play onsets and durations.

    Returns:
        float64 (n, songs), means over the steps.
    """
    bits = np.empty((len(performers), len(songs)))
    order = sorted(range(len(songs)), key=lambda index: songs[index].steps)
    for start in range(0, len(order), _TOGETHER):
        indices = order[start : start + _TOGETHER]
        rolls = [songs[index].roll(durations) for index in indices]
        for index, roll, chances in zip(indices, rolls, _chances(performers, rolls), strict=True):
            bits[:, index] = step_bits(chances, roll)[:, first_step:].mean(axis=1)
    return bits


def step_bits(chances: NDArray[np.floating[Any]], grid: BoolArray) -> FloatArray:
    """Return the cross-entropy of every step of a song.

    Args:
        chances: Probabilities, (n, steps, keys) of independent keys, or (n, steps, keys + 1) of one
            of the keys or the rest.
        grid: bool (steps, keys), the song.

    Returns:
        Bits, float64 (n, steps).
    """
    if chances.shape[2] > grid.shape[1]:
        target = np.column_stack([grid, ~grid.any(axis=1)])
        information = -np.log2(np.maximum(chances, MARGIN), dtype=np.float64)
        shares = target / target.sum(axis=1, keepdims=True)
        bits: FloatArray = np.einsum("nsk,sk->ns", information, shares)
        return bits
    right = np.where(grid, chances, 1.0 - chances)
    bits = -np.log2(np.clip(right, MARGIN, 1.0), dtype=np.float64).sum(axis=2)
    return bits


def _chances(performers: Any, grids: Sequence[BoolArray]) -> list[NDArray[np.floating[Any]]]:
    """Return the probabilities for every step of songs (shortest first); see `step_bits`."""
    if hasattr(performers, "probabilities"):
        found: list[NDArray[np.floating[Any]]] = performers.probabilities(grids)
        return found
    return [_sigmoid(performers.follow(grid).astype(np.float64)) for grid in grids]


def _sigmoid(activations: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        chances: FloatArray = 1.0 / (1.0 + np.exp(-activations))
    return chances
