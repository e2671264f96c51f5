"""Play songs note for note.

The first steps are given, and all later ones should be right. Some 60 % of a melody's steps have no
onset, so silence is mostly right, and plain accuracy is no fitness. Both scores therefore weigh
steps with and without onsets equally. Silence scores 0, a perfect player the number of steps to
play, and all keys held score far below silence.

`follow` (teacher forcing): half of the score is the goal, the share of exactly right steps. The
other half is dense: the squared error of the tanh of each key's activation against -1 and +1, where
a key that should sound counts three times. Evolution climbs the dense half. Alone, it would settle
for steps that are almost right. A song without an error gets the whole of both.

`perform` (closed loop): each output is the next input, after the prompt. The score is the share of
the right keys that were hit, minus the share of the wrong keys that were struck.

There is one case per step, song after song; the total is their sum. Each output also gets a score
of its own. With `follow` it is the negated squared hinge of its activations over all steps, 0 when
all are right by a margin of 1. Right steps cost nothing, so only errors are left to improve.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from evo.core.scores import Scores
from evo.fitness.prediction_errors import prediction_errors, step_cases
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers, Streams
from genomes.lessons import Taught

Mode = Literal["follow", "perform"]

# How much more a key that should sound counts than one that should not, in the dense half.
SOUNDING_WEIGHT = 3.0


class Memorization:
    """Scores how well performers play songs from memory; see the module's docstring.

    Args:
        songs: All with the same number of keys, and an onset after the prompt.
        prompt_steps: First steps, which are given and not scored.
        mode: "follow" or "perform".
        durations: Whether players play onsets and durations: two channels per key.

    Raises:
        ValueError: If the songs do not fit, or the mode is unknown.
    """

    reusable = True
    kernels = (prediction_errors, step_cases)

    def __init__(
        self,
        songs: Sequence[Song],
        prompt_steps: int = 8,
        mode: Mode = "follow",
        durations: bool = False,
    ) -> None:
        if not songs:
            raise ValueError("there must be at least one song to memorise")
        if mode not in ("follow", "perform"):
            raise ValueError(f"mode must be follow or perform, got {mode!r}")
        if len({song.onsets.shape[1] for song in songs}) > 1:
            raise ValueError("all songs must have the same number of keys")
        for song in songs:
            if not song.onsets[prompt_steps:].any():
                raise ValueError(
                    f"song {song.name!r} has no onset after the first {prompt_steps} steps: "
                    "there is nothing to play"
                )
        self.songs = tuple(songs)
        self.rolls = tuple(song.roll(durations) for song in songs)
        self.prompt_steps = prompt_steps
        self.mode = mode

    def taught(self) -> Taught:
        """Return the songs, for engines that breed by lessons; see `TeachingFitness`."""
        bars = {song.bar for song in self.songs}
        return Taught(self.rolls, self.prompt_steps, bars.pop() if len(bars) == 1 else 0)

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Return the scores of a batch, by the mode's definition in this module.

        Args:
            performers: n performers.
            streams: Not used.

        Returns:
            Scores with totals (n,) of at most `steps_total`; a case per step, which add up to the
            totals; and a score per output (`by_output`).
        """
        judge = self._perform_cases if self.mode == "perform" else self._follow_cases
        steps, first = sum(len(roll) - self.prompt_steps for roll in self.rolls), 0
        cases = np.empty((len(performers), steps))
        by_output: FloatArray = np.zeros((len(performers), self.rolls[0].shape[1]))
        for roll in self.rolls:
            by_output += judge(performers, roll, cases, first)
            first += len(roll) - self.prompt_steps
        return Scores.of(cases.sum(axis=1), cases, by_output)

    def _follow_cases(
        self, performers: Performers, grid: BoolArray, cases: FloatArray, first: int
    ) -> FloatArray:
        """Return scores per output of one song under teacher forcing, and write its cases.

        Args:
            performers: n performers.
            grid: bool (steps, keys), the song.
            cases: float64 (n, steps of all songs), written to.
            first: Column of the song's first step after the prompt in `cases`.

        Returns:
            float64 (n, keys).
        """
        target = grid[self.prompt_steps :]
        outputs = performers.follow(grid)
        right, error, loss = prediction_errors(
            outputs,
            np.tanh(outputs, dtype=np.float64),
            grid,
            self.prompt_steps,
            SOUNDING_WEIGHT,
        )
        # The error of silence is only on keys that should sound.
        silence = SOUNDING_WEIGHT * target.sum()
        step_cases(right, error, _balance(_sounding(target)), silence, cases, first)
        return -loss

    def _perform_cases(
        self, performers: Performers, grid: BoolArray, cases: FloatArray, first: int
    ) -> FloatArray:
        """Return scores per output of one song in closed loop, and write its cases.

        An output loses 3 for a missed note, and 1 for a wrong one.

        Args:
            performers: n performers.
            grid: bool (steps, keys), the song.
            cases: float64 (n, steps of all songs), written to.
            first: Column of the song's first step after the prompt in `cases`.

        Returns:
            float64 (n, keys).
        """
        target = grid[self.prompt_steps :]
        played = performers.perform(grid[: self.prompt_steps], len(grid))[:, self.prompt_steps :]
        to_hit, to_leave = target.sum(axis=1), (~target).sum(axis=1)
        hit = (played & target).sum(axis=2) / np.maximum(to_hit, 1)
        struck = (played & ~target).sum(axis=2) / np.maximum(to_leave, 1)
        # Silent steps have nothing to hit; wrong notes lose their share of the score.
        sounding = to_hit > 0
        missed = (~played & target).sum(axis=1) * SOUNDING_WEIGHT
        wrong = missed + (played & ~target).sum(axis=1)
        silent = max(int((~sounding).sum()), 1)
        share = np.where(sounding, 1 / sounding.sum(), 1 / silent)
        cases[:, first : first + len(target)] = len(target) * share * (hit - struck)
        return np.asarray(-wrong, np.float64)

    def figures(self, performers: Performers) -> dict[str, Any]:
        """Return the exactly right steps of one individual.

        Args:
            performers: A batch of one.

        Returns:
            steps_correct   right steps in closed loop
            follow_correct  right steps under teacher forcing
            steps_total     steps to play
            solved          whether all steps are right in closed loop
        """
        performed = followed = total = 0
        for roll in self.rolls:
            target = roll[self.prompt_steps :]
            played = performers.perform(roll[: self.prompt_steps], len(roll))
            outputs = performers.follow(roll) > 0
            performed += int((played[0, self.prompt_steps :] == target).all(axis=1).sum())
            followed += int((outputs[0, self.prompt_steps :] == target).all(axis=1).sum())
            total += len(target)
        return {
            "steps_correct": performed,
            "follow_correct": followed,
            "steps_total": total,
            "solved": performed == total,
        }


def _sounding(grid: BoolArray) -> BoolArray:
    """Return which steps have an onset: bool (steps,)."""
    return np.asarray(grid.any(axis=1))


def _balance(sounding: BoolArray) -> FloatArray:
    """Return weights that balance steps with and without onsets.

    Both kinds weigh half of the whole; if all steps have onsets, these weigh the whole.
    """
    if sounding.all():
        return np.full(len(sounding), 1.0 / len(sounding))
    weights: FloatArray = np.where(sounding, 0.5 / sounding.sum(), 0.5 / (~sounding).sum())
    return weights
