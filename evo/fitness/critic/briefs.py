"""Please critics, but as a song does: to order, and not better than songs.

A search that maximises what a critic says soon finds what it likes better than any song, and each
time the same. Nobody's song is the maximum of anything. So every piece is written to a *brief*: the
numbers (`evo.fitness.critic.features`) of a song that the critic was not trained on. A
performance's score is higher, and 0 at best, the

- nearer its numbers are to the brief's, in standard deviations of the songs' (Huber's loss, 1964),
  above all where they are beyond those of any song;
- less any of the critics thinks of it below what it thinks of songs: of the poorer ones that it
  does not know (`evo.fitness.critic.panel.LEAST_LEVEL`) or, if it does not know the brief's song
  and thinks more of that, of the brief's song; what it thinks above counts for nothing;
- less of it is known: tokens of its longest run shared with a known song beyond `free_run`
  (`evo.music.measures.similarity`); and the fewer chords it has beyond the brief's.

So the pieces for many briefs vary as songs do: it is by the distributions of features, beside those
of songs, that Yang & Lerch judge generators ("On the evaluation of generative models in music",
2020).

There is one case a brief; the total is that of the first. With no briefs the total is what the
critics think on average, and there is a case a critic: the original research's search, kept to
compare with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.fitness.critic.contexts import Contexts
from evo.fitness.critic.features import NAMES, roll_features
from evo.fitness.critic.model import Critic
from evo.music.measures.similarity import KnownSongs
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers, Streams

# What a departure costs, against one standard deviation in all of the numbers.
BEYOND = 0.05  # a standard deviation beyond what any song has, in one of the numbers
BELOW_SONGS = 0.5  # a level of the critic
COPIED = 0.2  # a token more than is free
CHORDS = 1.0  # from no onset to every onset
# Added to the songs' spread: a number in which all songs are alike is not to count for everything.
LEAST_SPREAD = 0.03
_CHORDS = NAMES.index("chords")


@dataclass(frozen=True, eq=False)
class Briefs:
    """What pieces are to be like; m of them, for c critics."""

    songs: tuple[str, ...]  # whose numbers they are
    critic: NDArray[np.int64]  # (m,), whose contexts the numbers are under; it never heard the song
    features: FloatArray  # (m, features)
    # Of the songs that the briefs are drawn from, (features,) each.
    spread: FloatArray
    lowest: FloatArray
    highest: FloatArray
    level: FloatArray  # (m, c), what each critic is to think, at least

    def __len__(self) -> int:
        return len(self.songs)


class PleaseCritics:
    """Scores performances of `steps` steps; see the module's docstring.

    `held_out` is a critic that the score does not know, and `held_out_songs` what it thinks of
    songs that it does not know, sorted: they are for the figures alone.
    """

    reusable = True

    def __init__(
        self,
        critics: Sequence[Critic],
        briefs: Briefs | None,
        known: KnownSongs,
        held_out: Critic,
        held_out_songs: FloatArray,
        *,
        steps: int,
        keys: int,
        free_run: int,
    ) -> None:
        self.critics = tuple(critics)
        self.briefs = briefs
        self.known = known
        self.held_out = held_out
        self.held_out_songs = held_out_songs
        self.steps, self.keys, self.free_run = steps, keys, free_run
        self._contexts = Contexts.together([critic.contexts for critic in critics])

    def play(self, performers: Performers) -> BoolArray:
        """What performers play by themselves, without a prompt: bool (n, steps, keys)."""
        return performers.perform(np.zeros((0, self.keys), np.bool_), self.steps)

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Totals and cases of a batch."""
        rolls = self.play(performers)
        features = roll_features(rolls, self._contexts)  # (critics, n, features)
        said = np.stack(
            [one.judge_features(row) for one, row in zip(self.critics, features, strict=True)],
            axis=1,
        )
        if self.briefs is None:
            return Scores.of(said.mean(axis=1), said)
        runs, _ = self.known.longest_runs(rolls)
        copied = COPIED * np.maximum(runs - self.free_run, 0)
        cases = np.empty((len(rolls), len(self.briefs)))
        for place, brief in enumerate(self.briefs.features):
            numbers = features[self.briefs.critic[place]]
            away = np.abs(numbers - brief) / self.briefs.spread
            distance = np.where(away < 1, away**2 / 2, away - 0.5).mean(axis=1)
            beyond = np.maximum(self.briefs.lowest - numbers, numbers - self.briefs.highest)
            distance += BEYOND * (np.maximum(beyond, 0) / self.briefs.spread).sum(axis=1)
            below = np.maximum(self.briefs.level[place] - said, 0).sum(axis=1)
            chords = np.maximum(numbers[:, _CHORDS] - brief[_CHORDS], 0)
            cases[:, place] = -(distance + BELOW_SONGS * below + CHORDS * chords + copied)
        return Scores.of(cases[:, 0], cases)

    def figures(self, performers: Performers) -> dict[str, Any]:
        """What critics think of one individual, and which known song it is most like."""
        (figures,) = self.figures_of(self.play(performers))
        return figures | {"solved": False}

    def figures_of(self, rolls: BoolArray) -> list[dict[str, Any]]:
        """The same of bool (n, steps, keys) rolls.

        critic                  mean of what the search's critics think; see `Critic.judge`
        held_out_critic         what the critic thinks that the search does not know
        held_out_percentile     per cent of the songs it does not know that it thinks less of
        nearest_song            the known song with the longest run in common, "" for none
        longest_run             of tokens in common with it; a run of n tokens is n + 1 notes
        """
        said = np.mean([critic.judge(rolls) for critic in self.critics], axis=0)
        held_out = self.held_out.judge(rolls)
        better = np.searchsorted(self.held_out_songs, held_out) / len(self.held_out_songs)
        runs, nearest = self.known.longest_runs(rolls)
        return [
            {
                "critic": float(said[i]),
                "held_out_critic": float(held_out[i]),
                "held_out_percentile": round(100 * float(better[i]), 1),
                "nearest_song": self.known.names[nearest[i]] if nearest[i] >= 0 else "",
                "longest_run": int(runs[i]),
            }
            for i in range(len(rolls))
        ]
