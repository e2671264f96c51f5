"""Please critics only as much as songs do, to a brief.

A search that maximises a critic's score soon finds pieces above any song, always the same ones. A
song is no maximum of anything. So every piece has a *brief*: the features
(`evo.fitness.critic.features`) of a song that the critic was not trained on. The score of a piece
is 0 at best, minus

- the distance of its features to the brief's, in standard deviations of the songs (Huber's loss,
  1964), with an extra cost beyond the range of all songs;
- each critic's shortfall below its target level. The target is a low quantile of unseen songs
  (`evo.fitness.critic.panel.MIN_LEVEL`), or the level of the brief's song if that is unseen and
  higher. Exceeding the target earns nothing;
- the tokens of its longest run shared with a known song, beyond `free_run`
  (`evo.music.measures.similarity`);
- the notes before the brief's pickup, where rolls begin with a bar for it. Otherwise a search can
  end in pieces that are a bar early throughout;
- the share of chords, and of silent bars, beyond the brief's;
- an ending that is not on the tonic, if that of the brief is;
- with durations, the same distance of what describes the lengths of notes
  (`evo.fitness.critic.lengths`). The critics read the onsets.

So the pieces for many briefs vary as songs do. Yang & Lerch compare generators by such
distributions of features ("On the evaluation of generative models in music", 2020).

There is one case per brief; the total is that of the first. Without briefs, the total is the mean
of the critics' scores, with a case per critic. That is the original research's search, for
comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evo.core.scores import Scores
from evo.fitness.critic.contexts import Contexts
from evo.fitness.critic.features import NAMES, names_of, roll_features
from evo.fitness.critic.lengths import LengthModel, settled
from evo.fitness.critic.model import Critic
from evo.music.measures.similarity import KnownSongs
from genomes.arrays import BoolArray, FloatArray, IntArray
from genomes.base import Performers, Streams

# Costs, relative to one standard deviation in all features.
BEYOND = 0.05  # one standard deviation beyond the range of all songs, in one feature
BELOW_SONGS = 0.5  # one level of a critic
COPIED = 0.2  # one token beyond `free_run`
CHORDS = 1.0  # from no onset to every onset
SILENT = 1.0  # from no silent bar to only silent bars
ENDING = 0.15  # an ending that is not on the tonic
EARLY = 0.2  # one note before the brief's pickup
LENGTHS = 1.0  # the distance of lengths
# Added to the songs' spread, so that a feature with equal values in all songs does not dominate.
MIN_SPREAD = 0.03
_CHORDS, _SILENCE_BEFORE = NAMES.index("chords"), NAMES.index("silence before")


@dataclass(frozen=True, eq=False)
class Briefs:
    """Targets for pieces: m briefs for c critics."""

    songs: tuple[str, ...]  # their names
    critic: IntArray  # (m,), critic with the features' contexts, trained without the song
    features: FloatArray  # (m, features)
    # Statistics of the songs that briefs are drawn from, (features,) each.
    spread: FloatArray
    lowest: FloatArray
    highest: FloatArray
    level: FloatArray  # (m, c), target level of each critic

    def __len__(self) -> int:
        return len(self.songs)


@dataclass(frozen=True, eq=False)
class LengthBriefs:
    """Targets for the lengths of notes, m of them, and what the songs say of lengths.

    Attributes:
        models: A model for each critic that guides the search, trained on the same songs.
        held_out: The model of the held-out critic's songs, for the figures only.
        usual: Mean surprise of the songs that the held-out model does not know, in bits.
        model: Int64 (m,), the model for each target.
        features: Float64 (m, names).
        spread, lowest, highest: Float64 (names,), statistics of the songs.
    """

    models: tuple[LengthModel, ...]
    held_out: LengthModel
    usual: float
    model: IntArray
    features: FloatArray
    spread: FloatArray
    lowest: FloatArray
    highest: FloatArray

    def costs(self, rolls: BoolArray) -> FloatArray:
        """Return the distance of the lengths of rolls to every target: float64 (n, m).

        Args:
            rolls: Bool (n, steps, 2 * keys), settled.
        """
        described = [model.describe(rolls) for model in self.models]
        costs = np.empty((len(rolls), len(self.features)))
        for index, wanted in enumerate(self.features):
            costs[:, index] = LENGTHS * distance(described[self.model[index]], wanted, self)
        return costs

    def figures_of(self, rolls: BoolArray) -> list[dict[str, Any]]:
        """Return the figures of the lengths of rolls; see `PleaseCritics.figures_of`.

        Args:
            rolls: Bool (n, steps, 2 * keys), settled.
        """
        return [
            {
                "length_surprise": round(float(row[0]), 3),
                "length_surprise_of_songs": round(self.usual, 3),
                "ends_before_next": round(float(row[2]), 3),
                "rings_on": round(float(row[3]), 3),
                "sounding": round(float(row[4]), 3),
            }
            for row in self.held_out.describe(rolls)
        ]


def distance(numbers: FloatArray, wanted: FloatArray, songs: "Briefs | LengthBriefs") -> FloatArray:
    """Return the distance of features to those of a song: float64 (n,).

    Args:
        numbers: Float64 (n, features).
        wanted: Float64 (features,).
        songs: Has the spread and the range of the songs.
    """
    away = np.abs(numbers - wanted) / songs.spread
    found: FloatArray = np.where(away < 1, away**2 / 2, away - 0.5).mean(axis=1)
    beyond = np.maximum(songs.lowest - numbers, numbers - songs.highest)
    found += BEYOND * (np.maximum(beyond, 0) / songs.spread).sum(axis=1)
    return found


class PleaseCritics:
    """Scores performances by critics and briefs; see the module's docstring.

    Args:
        critics: The critics that guide the search.
        briefs: The targets; None maximises the mean of the critics' scores.
        known: Songs that may not be copied.
        held_out: A critic for the figures only.
        held_out_songs: float64 (n,), its scores of unseen songs, sorted.
        steps: Steps of a piece.
        keys: Keys of a piece.
        free_run: Tokens in common with a known song that cost nothing.
        lengths: Targets for the lengths of notes; None if pieces have onsets only.
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
        lengths: LengthBriefs | None = None,
    ) -> None:
        self.critics = tuple(critics)
        self.briefs = briefs
        self.known = known
        self.held_out = held_out
        self.held_out_songs = held_out_songs
        self.steps, self.keys, self.free_run = steps, keys, free_run
        self.lengths = lengths
        self._contexts = Contexts.together([critic.contexts for critic in critics])
        names = names_of(held_out.bars)
        self._silent, self._ending = names.index("empty bars"), names.index("ends on the tonic")

    def play(self, performers: Performers) -> BoolArray:
        """Return the pieces that performers play without a prompt.

        Args:
            performers: A batch of n.

        Returns:
            bool (n, steps, keys), or (n, steps, 2 * keys) with durations.
        """
        if self.lengths is None:
            return performers.perform(np.zeros((0, self.keys), np.bool_), self.steps)
        rolls = performers.perform(np.zeros((0, 2 * self.keys), np.bool_), self.steps)
        return settled(rolls, self.lengths.held_out.is_ringing)

    def onsets(self, rolls: BoolArray) -> BoolArray:
        """Return the onsets of played pieces: bool (n, steps, keys).

        Args:
            rolls: As `play` returns them.
        """
        return np.ascontiguousarray(rolls[:, :, : self.keys])

    def evaluate(self, performers: Performers, streams: Streams) -> Scores:
        """Return totals and cases of a batch.

        Args:
            performers: The batch.
            streams: Not used.
        """
        played = self.play(performers)
        rolls = self.onsets(played)
        lengths = None if self.lengths is None else self.lengths.costs(played)
        features = roll_features(
            rolls, self._contexts, self.held_out.bars
        )  # (critics, n, features)
        judged = np.stack(
            [
                critic.judge_features(rows)
                for critic, rows in zip(self.critics, features, strict=True)
            ],
            axis=1,
        )
        if self.briefs is None:
            total = judged.mean(axis=1)
            if lengths is None:
                return Scores.of(total, judged)
            return Scores.of(total - lengths[:, 0], np.hstack([judged, -lengths]))
        runs, _ = self.known.longest_runs(rolls)
        copied = COPIED * np.maximum(runs - self.free_run, 0)
        silent = self._silent_bars(rolls)
        cases = np.empty((len(rolls), len(self.briefs)))
        for index, brief in enumerate(self.briefs.features):
            numbers = features[self.briefs.critic[index]]
            away = distance(numbers, brief, self.briefs)
            below = np.maximum(self.briefs.level[index] - judged, 0).sum(axis=1)
            chords = np.maximum(numbers[:, _CHORDS] - brief[_CHORDS], 0)
            cases[:, index] = -(away + BELOW_SONGS * below + CHORDS * chords + copied)
            cases[:, index] -= SILENT * np.maximum(silent - brief[self._silent], 0)
            off = np.maximum(brief[self._ending] - numbers[:, self._ending], 0)
            cases[:, index] -= ENDING * off
            if self.held_out.bars.lead:
                before = round(float(brief[_SILENCE_BEFORE]) * self.held_out.bars.lead)
                cases[:, index] -= EARLY * rolls[:, :before].any(axis=2).sum(axis=1)
        if lengths is not None:
            cases -= lengths
        return Scores.of(cases[:, 0], cases)

    def _silent_bars(self, rolls: BoolArray) -> FloatArray:
        """Return the share of bars without onset: float64 (n,); 1 for silence, unlike a feature."""
        bar = self.held_out.bars.steps
        whole = rolls[:, : rolls.shape[1] // bar * bar]
        bars = whole.reshape(len(rolls), -1, bar * rolls.shape[2])
        silent: FloatArray = 1.0 - bars.any(axis=2).mean(axis=1)
        return silent

    def figures(self, performers: Performers) -> dict[str, Any]:
        """Return critics' scores and nearest song of one individual.

        Args:
            performers: A batch of one.
        """
        (figures,) = self.figures_of(self.play(performers))
        return figures | {"solved": False}

    def figures_of(self, rolls: BoolArray) -> list[dict[str, Any]]:
        """Return the figures of several pieces.

        Args:
            rolls: As `play` returns them.

        Returns:
            For each piece:

            critic                  mean score of the search's critics; see `Critic.judge`
            held_out_critic         score of the critic that the search does not use
            held_out_percentile     percentage of that critic's unseen songs with a lower score
            nearest_song            the known song with the longest run in common, "" for none
            longest_run             tokens in that run; a run of n tokens is n + 1 notes

            and with durations:

            length_surprise         bits per note, by songs that guide no search
            length_surprise_of_songs    the same of songs that are unknown there
            ends_before_next        share of notes that end before the next onset
            rings_on                share of notes that end after it
            sounding                share of steps that sound
        """
        played, rolls = rolls, self.onsets(rolls)
        judged = np.mean([critic.judge(rolls) for critic in self.critics], axis=0)
        held_out = self.held_out.judge(rolls)
        better = np.searchsorted(self.held_out_songs, held_out) / len(self.held_out_songs)
        runs, nearest = self.known.longest_runs(rolls)
        more = [{}] * len(rolls) if self.lengths is None else self.lengths.figures_of(played)
        return [
            {
                "critic": float(judged[i]),
                "held_out_critic": float(held_out[i]),
                "held_out_percentile": round(100 * float(better[i]), 1),
                "nearest_song": self.known.names[nearest[i]] if nearest[i] >= 0 else "",
                "longest_run": int(runs[i]),
                **more[i],
            }
            for i in range(len(rolls))
        ]
