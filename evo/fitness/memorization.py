"""Play songs note for note: the first steps are given, every later one must be exactly right.

A player that never plays is right more often than not (some 60 % of a melody's steps have no
onset), so plain accuracy is no fitness. Both scores are therefore made of steps that sound and
steps that do not in equal shares, so that silence scores 0, a player that is always right scores
the number of steps it had to play, and one that holds all keys scores far below silence.

`follow` (teacher forcing): half of the score is whether each step is exactly right, the goal
itself; half is dense, how far each key's activation is on the right side: the squared error of
its tanh against -1 and +1, with a key that should sound counting three times. The dense half is
what evolution climbs; alone, it settles for steps that are almost right. A song without an error
gets the whole of both.

`perform` (closed loop): the performer hears itself after the prompt, and there are only notes to
judge: the share of the right keys that it hit less the share of the wrong keys that it struck.

There is one case a step, song after song; the total is their sum. Following also gives every
output a score of its own: the negated squared hinge of its activations over all steps, which is 0
when every activation is on its side of a margin of 1. It asks nothing more of steps that are
right, so that all of what is left to gain is in those that are not.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.music.song import Song
from genomes.arrays import BoolArray
from genomes.base import Performers, Streams

Mode = Literal["follow", "perform"]

# How much more a key that should sound counts than one that should not, in the dense half.
SOUNDING_WEIGHT = 3.0


class Memorization:
    """Scores how well performers play some songs from memory; see the module's docstring.

    `prompt_steps` are given and not judged. All songs must have more steps than that and the same
    number of keys, and each something to play; ValueError otherwise.
    """

    reusable = True

    def __init__(self, songs: Sequence[Song], prompt_steps: int = 8, mode: Mode = "follow") -> None:
        if not songs:
            raise ValueError("there must be at least one song to memorise")
        if mode not in ("follow", "perform"):
            raise ValueError(f"mode must be follow or perform, got {mode!r}")
        if len({song.grid.shape[1] for song in songs}) > 1:
            raise ValueError("all songs must have the same number of keys")
        for song in songs:
            if not song.grid[prompt_steps:].any():
                raise ValueError(
                    f"song {song.name!r} has no onset after the first {prompt_steps} steps: "
                    "there is nothing to play"
                )
        self.songs = tuple(songs)
        self.prompt_steps = prompt_steps
        self.mode = mode

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Totals and cases of a batch; a total of `steps_total` is a perfect memory."""
        if self.mode == "perform":
            judged = [self._perform_cases(performers, song.grid) for song in self.songs]
        else:
            judged = [self._follow_cases(performers, song.grid) for song in self.songs]
        cases = np.concatenate([cases for cases, _ in judged], axis=1)
        return Scores.of(cases.sum(axis=1), cases, sum(by_output for _, by_output in judged))

    def _follow_cases(
        self, performers: Performers, grid: BoolArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cases and outputs' scores of one song under teacher forcing.

        Returns float64 (n, steps after the prompt) and (n, keys).
        """
        wanted = grid[self.prompt_steps :]
        said = performers.follow(grid)[:, self.prompt_steps :].astype(np.float64)
        right = ((said > 0) == wanted).all(axis=2)
        weight = np.where(wanted, SOUNDING_WEIGHT, 1.0)
        error = (weight * (np.tanh(said) - np.where(wanted, 1.0, -1.0)) ** 2).sum(axis=2) / 4
        # Utter silence errs by this on every key that should sound, and nowhere else.
        silence = SOUNDING_WEIGHT * wanted.sum()
        steps = len(wanted)
        error[right.all(axis=1)] = 0.0
        exact = 2 * right * _balance(_sounding(wanted)) - 1 / steps
        dense = 1 / steps - error / silence
        short = np.maximum(1.0 - np.where(wanted, said, -said), 0.0)
        return steps * (exact + dense) / 2, -(short**2).sum(axis=1)

    def _perform_cases(
        self, performers: Performers, grid: BoolArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Cases and outputs' scores of one song in closed loop.

        Returns float64 (n, steps after the prompt) and (n, keys); an output loses 3 for a note it
        missed and 1 for one it should not have struck.
        """
        wanted = grid[self.prompt_steps :]
        played = performers.perform(grid[: self.prompt_steps], len(grid))[:, self.prompt_steps :]
        to_hit, to_leave = wanted.sum(axis=1), (~wanted).sum(axis=1)
        hit = (played & wanted).sum(axis=2) / np.maximum(to_hit, 1)
        struck = (played & ~wanted).sum(axis=2) / np.maximum(to_leave, 1)
        # Silent steps have nothing to hit; their share of the score is lost by striking.
        sounding = to_hit > 0
        missed = (~played & wanted).sum(axis=1) * SOUNDING_WEIGHT
        wrong = missed + (played & ~wanted).sum(axis=1)
        silent = max(int((~sounding).sum()), 1)
        share = np.where(sounding, 1 / sounding.sum(), 1 / silent)
        return len(wanted) * share * (hit - struck), -wrong

    def figures(self, performers: Performers) -> dict[str, Any]:
        """Steps exactly right, of one individual: in closed loop, following, and of how many."""
        performed = followed = total = 0
        for song in self.songs:
            wanted = song.grid[self.prompt_steps :]
            played = performers.perform(song.grid[: self.prompt_steps], len(song.grid))
            said = performers.follow(song.grid) > 0
            performed += int((played[0, self.prompt_steps :] == wanted).all(axis=1).sum())
            followed += int((said[0, self.prompt_steps :] == wanted).all(axis=1).sum())
            total += len(wanted)
        return {
            "steps_correct": performed,
            "follow_correct": followed,
            "steps_total": total,
            "solved": performed == total,
        }


def _sounding(grid: BoolArray) -> BoolArray:
    """Which steps have an onset: bool (steps,)."""
    return np.asarray(grid.any(axis=1))


def _balance(sounding: BoolArray) -> NDArray[np.float64]:
    """Weights that give steps that sound and steps that do not half of the whole each.

    Where all steps sound, they are the whole.
    """
    if sounding.all():
        return np.full(len(sounding), 1.0 / len(sounding))
    weights: NDArray[np.float64] = np.where(sounding, 0.5 / sounding.sum(), 0.5 / (~sounding).sum())
    return weights
