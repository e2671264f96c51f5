"""The fitness of programs that vary songs: every program is judged on many songs at once.

A program is applied to the training songs. What each variation lacks is a price, and the total is
the mean price, negated:

    critic      how far its score is below songs' level, the mean of all guiding critics. A critic
                that is climbed is exploited, so nothing is gained above the level: that of the
                better third of the songs that this critic does not know
    bounds      how far likeness to the theme and density are beyond bounds (`judging.Bounds`), a
                margin inside those that variations must keep
    alike       the likeness of the outputs to each other, beyond that of the songs. Otherwise the
                same notes could replace every song
    length      `PER_INSTRUCTION` for each instruction

The margin, the level above the median, and the second critic are there for unseen songs and the
held-out critic: programs that just satisfy one critic on the training songs fail there.

The behaviour of a program is the mean likeness of its variations to their themes, and their mean
density in densities of the themes. An archive of different programs is kept by it
(`evo.engines.map_elites`).

Training songs are those of the guiding critics' folds. The songs of the last fold and the held-out
critic appear only in figures.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from evo.core.scores import Scores
from evo.fitness.critic.contexts import Contexts
from evo.fitness.critic.features import roll_features
from evo.fitness.critic.model import Critic
from evo.fitness.critic.panel import FOLDS, Panel
from evo.fitness.variation.judging import Bounds, density, likeness, mean_likeness
from evo.fitness.variation.themes import themes_of
from evo.music.melody import Bar
from genomes.arrays import BoolArray, FloatArray, IntArray
from genomes.base import Streams
from genomes.program.evaluation import vary_themes
from genomes.program.themes import Themes

OUT_OF_BOUNDS = 10.0  # price of a likeness or density beyond the bounds by 1
ALIKE = 4.0  # price of outputs whose likeness is beyond that of the songs by 1
PER_INSTRUCTION = 0.01
LEVEL = 0.65  # quantile of a critic's scores of unseen songs up to which its score counts
MARGINS = 0.05, 0.1  # of likeness and density: other songs are beyond the bounds sooner
LOWEST = 1.5  # maximum price of one variation's score: a few failures do not decide
QUARTER = 0.25


class Variers(Protocol):
    """What this fitness asks of a genome kind: a batch of maps from melodies to melodies."""

    def __len__(self) -> int:
        """Return the number of individuals."""

    def vary(self, themes: Themes) -> BoolArray:
        """Return the variation of every theme: bool (n, m, steps, keys)."""


class Variation:
    """Scores programs; see the module's docstring. Make it with `Variation.of`.

    Attributes:
        guides: The critics that guide the search.
        bounds: Limits of likeness and density.
        themes: The training songs.
        unseen: The songs of the last fold.
    """

    reusable = True
    kernels = (vary_themes,)

    def __init__(
        self,
        guides: Sequence[Critic],
        held_out: Critic,
        themes: Themes,
        judge: IntArray,
        unseen: Themes,
        bounds: Bounds,
    ) -> None:
        """Take critics and songs.

        Args:
            guides: The critics that guide the search.
            held_out: A critic for the figures only.
            themes: m training songs.
            judge: Int64 (m,), the guide that was not trained on each song.
            unseen: Songs that neither the search nor the held-out critic knows.
            bounds: Limits of likeness and density.
        """
        self.guides, self.held_out = tuple(guides), held_out
        self.themes, self.unseen, self.bounds = themes, unseen, bounds
        self._inside = bounds.inside(*MARGINS)
        self._contexts = Contexts(
            *(np.stack(arrays) for arrays in zip(*(g.contexts for g in self.guides), strict=True))
        )
        self._level = np.array([
            np.quantile(guide.judge(themes.onsets[judge == index]), LEVEL)
            for index, guide in enumerate(self.guides)
        ])  # fmt: skip
        self._alike = float(mean_likeness(themes.onsets))
        self.songs_scores = np.sort(held_out.judge(unseen.onsets))

    @classmethod
    def of(cls, panel: Panel, bounds: Bounds = Bounds()) -> "Variation":  # noqa: B008  # immutable
        """Return the fitness for the songs and critics of a panel.

        Args:
            panel: Songs and critics.
            bounds: Limits of likeness and density.
        """
        bars = panel.bars
        bar = Bar(bars.steps, bars.beat, bars.strong)
        known = np.flatnonzero(panel.fold < FOLDS - 1)
        return cls(
            panel.critics[:-1],
            panel.critics[-1],
            themes_of(panel.songs[known], bar, bars.lead),
            panel.fold[known],
            themes_of(panel.songs[panel.unknown(FOLDS - 1)], bar, bars.lead),
            bounds,
        )

    def _below(self, varied: BoolArray) -> FloatArray:
        """Return how far variations are below the level of songs, the mean of the guides.

        Args:
            varied: Bool (n, m, steps, keys).

        Returns:
            Float64 (n, m), from `-LOWEST` to 0.
        """
        rolls = varied.reshape(-1, *varied.shape[2:])
        described = roll_features(rolls, self._contexts, self.guides[0].bars)
        below = np.zeros(len(rolls))
        for guide, level, features in zip(self.guides, self._level, described, strict=True):
            below += np.clip(guide.judge_features(features) - level, -LOWEST, 0.0)
        mean: FloatArray = below.reshape(varied.shape[:2]) / len(self.guides)
        return mean

    def evaluate(self, performers: Variers, streams: Streams) -> Scores:
        """Return totals, a case per training song, and the behaviour.

        Args:
            performers: n programs.
            streams: Not used.

        Raises:
            TypeError: For genome kinds that vary no melodies.
        """
        songs = self.themes.onsets
        varied = self._varied(performers, self.themes)
        like, dense = likeness(varied, songs), density(varied, songs)
        alike = np.maximum(mean_likeness(varied) - self._alike, 0.0)
        price = ALIKE * alike + PER_INSTRUCTION * _lengths(performers)
        cases = self._below(varied) - OUT_OF_BOUNDS * self._inside.excess(like, dense)
        cases -= price[:, None]
        cases /= cases.shape[1]
        return Scores.of(cases.sum(axis=1), cases, behaviour=_behaviour(like, dense))

    def behaviour(self, performers: Variers) -> FloatArray:
        """Return mean likeness and density of the variations of training songs: float64 (n, 2)."""
        varied, songs = self._varied(performers, self.themes), self.themes.onsets
        return _behaviour(likeness(varied, songs), density(varied, songs))

    @staticmethod
    def _varied(performers: Variers, themes: Themes) -> BoolArray:
        if not hasattr(performers, "vary"):
            raise TypeError(
                f"variations need a genome that maps melodies to melodies (program), "
                f"not {type(performers).__name__}"
            )
        return performers.vary(themes)

    def figures(self, performers: Variers) -> dict[str, Any]:
        """Return figures of one program.

        Args:
            performers: A batch of one.

        Returns:
            likeness                of variations of training songs to their themes, the mean
            density                 their density in densities of the themes, the mean
            unseen_good             share of variations of unseen songs that are within the bounds
                                    and above a quarter of the songs, by the held-out critic
            unseen_alike            likeness of these variations to each other, divided by that of
                                    the songs
            solved                  False
        """
        songs = self.themes.onsets
        varied = self._varied(performers, self.themes)[0]
        good, alike = self.unseen_figures(self._varied(performers, self.unseen)[0])
        return {
            "likeness": round(float(likeness(varied, songs).mean()), 4),
            "density": round(float(density(varied, songs).mean()), 4),
            "unseen_good": round(good, 4),
            "unseen_alike": round(alike, 4),
            "solved": False,
        }

    def unseen_figures(self, varied: BoolArray) -> tuple[float, float]:
        """Return the share of good variations of the unseen songs, and how alike they are.

        Args:
            varied: Bool (m, steps, keys), a variation of each unseen song.
        """
        songs = self.unseen.onsets
        fits = self.bounds.fit(likeness(varied, songs), density(varied, songs))
        good = fits & (self.held_out.judge(varied) >= self.quarter)
        alike = float(mean_likeness(varied)) / max(float(mean_likeness(songs)), 1e-9)
        return float(good.mean()), alike

    @property
    def quarter(self) -> float:
        """The held-out critic's score that three quarters of its unseen songs reach."""
        return float(np.quantile(self.songs_scores, QUARTER))


def _behaviour(like: FloatArray, dense: FloatArray) -> FloatArray:
    """Return the behaviour of programs from likeness and density by song, float64 (n, m)."""
    return np.stack([like.mean(axis=1), dense.mean(axis=1)], axis=1)


def _lengths(performers: Any) -> FloatArray:
    """Return the instructions of programs; 0 for a kind without."""
    lengths = getattr(performers, "lengths", None)
    return np.zeros(len(performers)) if lengths is None else lengths.astype(np.float64)
