"""Foresee songs: how well are the chances that performers give to every next step?

A performer hears the true past (teacher forcing) and says the chances of what comes next; the
cross-entropy of a step is the information, in bits, that what really comes still holds for it:
-log2 of the chance that it had. A performer that knows nothing but how often each key sounds has
the entropy of the songs; one that knows how songs repeat themselves has less.

    melody        -log2 of the chance of the key that sounds, or of the rest; of several keys that
                  sound together, the mean
    all others    every key sounds or not by a chance of its own: the sum over the keys. What
                  HistoryUsers say is the chance; of others it is the sigmoid of the activation

Either is about the whole step, so that the two can be compared where one key sounds at a time. A
chance counts as at least one in a million: a step costs a melody 20 bits at most.

The score is the negated mean over the songs of the mean over their steps; the first
`prompt_steps` of a song are not judged. There is one case a song, its share of the total. Songs
that are *held out* are never heard by a generation: what the champion has for them is among the
figures.

`batch` songs are drawn a generation, the same for all its individuals (common random numbers);
where it is 0, or there are not more songs, all are heard.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.seeds import Individuals
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray
from genomes.history_user.networks import HistoryUsers, hear

# No chance is less, or nearer to 1.
MARGIN = 1e-6
# Songs that are heard side by side; longer songs than others make these wait.
_TOGETHER = 16


class NextStep:
    """Scores how well performers foresee songs; see the module's docstring.

    All songs must have more steps than `prompt_steps` and the same number of keys; ValueError
    otherwise, and for a batch below 0.
    """

    def __init__(
        self,
        songs: Sequence[Song],
        held_out: Sequence[Song] = (),
        prompt_steps: int = 8,
        batch: int = 0,
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
                    "not judged: there is nothing to foresee"
                )
        if batch < 0:
            raise ValueError(f"batch must be at least 0 songs, got {batch}")
        self.songs, self.held_out = tuple(songs), tuple(held_out)
        self.prompt_steps, self.batch = prompt_steps, batch
        self.reusable = not 0 < batch < len(songs)  # all songs are heard

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Totals of a batch, the negated mean cross-entropy, and a case a song that was drawn."""
        songs: Sequence[Song] = self.songs
        if not self.reusable:
            drawn = streams.common.choice(len(songs), self.batch, replace=False)
            songs = [songs[place] for place in sorted(drawn.tolist())]
        cases = -cross_entropies(performers, songs, self.prompt_steps) / len(songs)
        return Scores.of(cases.sum(axis=1), cases)

    def figures(self, performers: Any) -> dict[str, Any]:
        """Of one individual, over all songs: `cross_entropy` in bits a step, and of held-out songs
        `held_out_cross_entropy`. Nobody ever is done: `solved` is False."""
        figures: dict[str, Any] = {"solved": False}
        for name, songs in (
            ("cross_entropy", self.songs),
            ("held_out_cross_entropy", self.held_out),
        ):
            if songs:
                bits = cross_entropies(performers, songs, self.prompt_steps)
                figures[name] = float(bits[0].mean())
        return figures


def cross_entropies(performers: Any, songs: Sequence[Song], first_step: int = 0) -> FloatArray:
    """Bits a step of every song: float64 (n, songs), the means over the steps from the first."""
    bits = np.empty((len(performers), len(songs)))
    order = sorted(range(len(songs)), key=lambda place: songs[place].steps)
    for start in range(0, len(order), _TOGETHER):
        places = order[start : start + _TOGETHER]
        grids = [songs[place].grid for place in places]
        for place, chances in zip(places, _chances(performers, grids), strict=True):
            bits[:, place] = step_bits(chances, songs[place].grid)[:, first_step:].mean(axis=1)
    return bits


def step_bits(chances: NDArray[np.floating[Any]], grid: BoolArray) -> FloatArray:
    """The cross-entropy of every step of a song: float64 (n, steps), in bits.

    `chances` are (n, steps, keys), of every key by itself, or (n, steps, keys + 1), of one of the
    keys or the rest; `grid` is (steps, keys).
    """
    if chances.shape[2] > grid.shape[1]:
        wanted = np.column_stack([grid, ~grid.any(axis=1)])
        information = -np.log2(np.maximum(chances, MARGIN), dtype=np.float64)
        shares = wanted / wanted.sum(axis=1, keepdims=True)
        bits: FloatArray = np.einsum("nsk,sk->ns", information, shares)
        return bits
    right = np.where(grid, chances, 1.0 - chances)
    bits = -np.log2(np.clip(right, MARGIN, 1.0), dtype=np.float64).sum(axis=2)
    return bits


def _chances(performers: Any, grids: Sequence[BoolArray]) -> list[NDArray[np.floating[Any]]]:
    """What performers say of every step of songs, see `step_bits`; songs in the order of length."""
    if not isinstance(performers, HistoryUsers):
        return [_sigmoid(performers.follow(grid).astype(np.float64)) for grid in grids]
    heard = np.zeros((1, len(grids), *grids[-1].shape), np.float32)
    for place, grid in enumerate(grids):
        heard[0, place, : len(grid)] = hear(grid)[0, 0]
    said = performers.forward(heard)
    return [said[:, place, : len(grid)] for place, grid in enumerate(grids)]


def _sigmoid(activations: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        chances: FloatArray = 1.0 / (1.0 + np.exp(-activations))
    return chances
