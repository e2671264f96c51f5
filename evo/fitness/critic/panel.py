"""Critics for a corpus: one per fold, trained without it.

Songs that are the same tune (`evo.music.measures.similarity.families`) are in the same fold. The
critics of all folds but the last guide a search. The last is held out, to reveal a search that
exploits the others: it scores the result, relative to songs that it was not trained on. (The
guiding critics were trained on those songs, and the held-out one on the songs of the briefs.)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from evo.core.seeds import Role, stream
from evo.fitness.critic.briefs import MIN_SPREAD, Briefs, LengthBriefs, PleaseCritics
from evo.fitness.critic.contexts import Bars
from evo.fitness.critic.features import MIN_BARS, roll_features
from evo.fitness.critic.lengths import NAMES, LengthModel, rings, settled
from evo.fitness.critic.model import Critic, check_array, hash_of
from evo.fitness.critic.style import Style, style_from
from evo.music.measures.similarity import KnownSongs, families
from evo.music.song import Song
from genomes.arrays import Arrays, BoolArray, FloatArray, IntArray

FOLDS = 3
# Quantile of a critic's scores of unseen songs that is the minimum target of a brief.
MIN_LEVEL = 0.4


@dataclass(frozen=True, eq=False)
class Panel:
    """A corpus and its critics.

    Attributes:
        songs: bool (n, steps, keys).
        names: Name of each song.
        families: int64 (n,), the same number for the same tune.
        fold: int64 (n,), fold of each song.
        critics: One per fold, trained without that fold. The last is held out: no search uses it.
        style: Metre, resolution, pitch and tempo of the songs.
        sounding: bool (n, steps, keys), where notes of the songs sound; None if not known.
    """

    songs: BoolArray
    names: tuple[str, ...]
    families: IntArray
    fold: IntArray
    critics: tuple[Critic, ...]
    style: Style = Style()  # noqa: RUF009  # immutable
    sounding: BoolArray | None = None

    @classmethod
    def train(
        cls,
        songs: BoolArray,
        names: Sequence[str],
        seed: int,
        show_message: Callable[[str], None] = lambda text: None,
        style: Style = Style(),  # noqa: B008  # immutable
    ) -> Self:
        """Train critics for songs.

        Args:
            songs: bool (n, steps, keys), from a bar line on.
            names: The name of each song.
            seed: Random seed of the training.
            show_message: Shows one line to the user.
            style: Their metre and resolution.

        Raises:
            ValueError: If there are too few tunes, or the bar is too long.
        """
        belongs = families(list(songs))
        tunes = np.unique(belongs)
        if len(tunes) < 3 * FOLDS:
            raise ValueError(
                f"critics need at least {3 * FOLDS} different tunes to learn from, "
                f"there are {len(tunes)}"
            )
        fold = np.empty(len(songs), np.int64)
        order = stream(seed, Role.TRAIN, FOLDS).permutation(tunes)
        for index, tune in enumerate(order):
            fold[belongs == tune] = index % FOLDS
        bars = Bars.of(style.bar, songs, style.lead, style.detailed)
        show_message(f"training {FOLDS} critics on {len(songs)} songs ...")
        critics = []
        for left_out in range(FOLDS):
            known = fold != left_out
            critics.append(Critic.train(songs[known], belongs[known], seed, left_out, bars=bars))
        return cls(songs, tuple(names), belongs, fold, tuple(critics), style)

    def warned(self, found: BoolArray, seed: int) -> Self:
        """Return the panel with its guiding critics retrained on hard negatives.

        The held-out critic stays as it is, so that it remains independent of them.

        Args:
            found: bool (m, steps, keys), pieces of searches that fooled the critics.
            seed: Random seed of the training.
        """
        critics = list(self.critics)
        for left_out in range(FOLDS - 1):
            known = self.fold != left_out
            critics[left_out] = Critic.train(
                self.songs[known], self.families[known], seed, left_out, found, self.bars
            )
        return replace(self, critics=tuple(critics))

    @property
    def bars(self) -> Bars:
        """The bars of the songs."""
        return self.critics[0].bars

    def unknown(self, critic: int) -> IntArray:
        """Return the songs that a critic was not trained on: int64 (m,)."""
        return np.flatnonzero(self.fold == critic)

    def known_songs(self) -> KnownSongs:
        """Return all songs, to find copies."""
        return KnownSongs.of(self.corpus(), list(self.names))

    def corpus(self) -> list[Song]:
        """Return the rolls as songs in their style."""
        named = zip(self.songs, self.names, strict=True)
        return [self.style.song(roll, name) for roll, name in named]

    def described(self) -> FloatArray:
        """Return the features of every song, by the critic trained without it.

        Returns:
            float64 (n, features).
        """
        rows = [
            roll_features(self.songs[self.unknown(index)], critic.contexts, self.bars)
            for index, critic in enumerate(self.critics)
        ]
        features = np.empty((len(self.songs), rows[0].shape[1]))
        for index, described in enumerate(rows):
            features[self.unknown(index)] = described
        return features

    def briefs(self, count: int, seed: int) -> Briefs:
        """Return briefs from songs of the guiding critics' folds.

        Args:
            count: Number of briefs.
            seed: Random seed of the run.

        Raises:
            ValueError: If there are fewer songs than briefs.
        """
        chosen, eligible = self._chosen(count, seed), np.flatnonzero(self.fold < FOLDS - 1)
        guides = self.critics[:-1]
        described = self.described()
        level = np.empty((count, len(guides)))
        for index, critic in enumerate(guides):
            unknown = np.quantile(critic.judge(self.songs[self.unknown(index)]), MIN_LEVEL)
            own = np.where(self.fold[chosen] == index, critic.judge(self.songs[chosen]), -np.inf)
            level[:, index] = np.maximum(own, unknown)
        return Briefs(
            tuple(self.names[song] for song in chosen),
            self.fold[chosen],
            described[chosen],
            described[eligible].std(axis=0) + MIN_SPREAD,
            described[eligible].min(axis=0),
            described[eligible].max(axis=0),
            level,
        )

    def _chosen(self, count: int, seed: int) -> IntArray:
        """Return the songs of some briefs: int64 (count,)."""
        eligible = np.flatnonzero(self.fold < FOLDS - 1)
        if not 0 <= count <= len(eligible):
            raise ValueError(f"there can be {len(eligible)} pieces for these songs, not {count}")
        return stream(seed, Role.INITIALISE, 0, 1).permutation(eligible)[:count]

    def length_briefs(self, count: int, seed: int) -> LengthBriefs:
        """Return targets for lengths: those of the briefs' songs, or the mean of the songs.

        Models are trained as the critics are, each without one fold.

        Args:
            count: Number of briefs; 0 for the mean of the songs.
            seed: Random seed of the run.

        Raises:
            ValueError: If the lengths of the songs are not known, or there are too few songs.
        """
        if self.sounding is None:
            raise ValueError("its critics know no lengths of notes; train others with --durations")
        rolls = np.concatenate([self.songs, self.sounding], axis=2)
        is_ringing = rings(rolls)
        rolls = settled(rolls, is_ringing)
        models = [
            LengthModel.of(rolls[self.fold != index], self.bars, is_ringing)
            for index in range(FOLDS)
        ]
        described = np.empty((len(rolls), len(NAMES)))
        for index, model in enumerate(models):
            described[self.fold == index] = model.describe(rolls[self.fold == index])
        eligible = described[self.fold < FOLDS - 1]
        chosen = self._chosen(count, seed)
        return LengthBriefs(
            tuple(models[:-1]),
            models[-1],
            float(described[self.fold == FOLDS - 1, 0].mean()),
            self.fold[chosen] if count else np.zeros(1, np.int64),
            described[chosen] if count else eligible.mean(axis=0)[None],
            eligible.std(axis=0) + MIN_SPREAD,
            eligible.min(axis=0),
            eligible.max(axis=0),
        )

    def fitness(
        self, pieces: int, seed: int, free_run: int, durations: bool = False
    ) -> PleaseCritics:
        """Return the fitness for some pieces.

        Args:
            pieces: Number of briefs; 0 maximises the critics' scores without briefs.
            seed: Random seed of the run.
            free_run: Tokens in common with a known song that cost nothing.
            durations: Whether pieces have lengths of notes.

        Raises:
            ValueError: If there are too few songs, or the lengths of the songs are not known.
        """
        held_out = self.critics[-1]
        return PleaseCritics(
            self.critics[:-1],
            self.briefs(pieces, seed) if pieces else None,
            self.known_songs(),
            held_out,
            np.sort(held_out.judge(self.songs[self.unknown(FOLDS - 1)])),
            steps=self.songs.shape[1],
            keys=self.songs.shape[2],
            free_run=free_run,
            lengths=self.length_briefs(pieces, seed) if durations else None,
        )

    def to_arrays(self) -> Arrays:
        """Return songs and critics as plain arrays by name, for `from_arrays`."""
        arrays: Arrays = {
            "songs": self.songs,
            "names": np.array(self.names),
            "families": self.families,
            "fold": self.fold,
            **self.style.to_arrays(),
        }
        if self.sounding is not None:
            arrays["sounding"] = self.sounding
        for index, critic in enumerate(self.critics):
            arrays |= {f"critic{index}.{k}": array for k, array in critic.to_arrays().items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the panel that `to_arrays` described.

        Raises:
            ValueError: For other arrays; the message is one line.
        """
        check_array(arrays, "songs", np.bool_, (None, None, None))
        songs = arrays["songs"]
        check_array(arrays, "names", np.str_, (len(songs),))
        for name in ("families", "fold"):
            check_array(arrays, name, np.int64, (len(songs),))
        names, belongs, fold = (arrays[name] for name in ("names", "families", "fold"))
        sounding = arrays.get("sounding")
        if sounding is not None:
            check_array(arrays, "sounding", np.bool_, songs.shape)
            rolls = np.concatenate([songs, sounding], axis=2)
            if not np.array_equal(settled(rolls, is_ringing=True), rolls):
                raise ValueError("sounding must have notes that begin with the onsets of the songs")
        if set(fold.tolist()) != set(range(FOLDS)):
            raise ValueError(f"every fold from 0 to {FOLDS - 1} must have songs, and no other")
        if len(np.unique(np.stack([belongs, fold]), axis=1).T) != len(np.unique(belongs)):
            raise ValueError("songs of one family must be in one fold")
        style = style_from(arrays)
        critics = []
        for index in range(FOLDS):
            start = f"critic{index}."
            own = {k.removeprefix(start): a for k, a in arrays.items() if k.startswith(start)}
            try:
                critics.append(Critic.from_arrays(own))
            except ValueError as error:
                raise ValueError(f"critic {index}: {error}") from None
        bars = critics[0].bars
        shortest = bars.lead + MIN_BARS * bars.steps
        if songs.shape[1] < shortest or not 1 <= songs.shape[2] <= 128:
            raise ValueError(
                f"songs must have at least {shortest} steps and 1 to 128 keys, got {songs.shape}"
            )
        for index, critic in enumerate(critics):
            if critic.trained_on != hash_of(songs[fold != index]):
                raise ValueError(f"critic {index} was trained on other songs")
            same = np.array_equal(critic.bars.rhythms, bars.rhythms)
            if critic.bars[:5] != (*style.bar, style.lead, style.detailed) or not same:
                raise ValueError(f"critic {index} reads other bars than those of the songs")
        return cls(songs, tuple(names.tolist()), belongs, fold, tuple(critics), style, sounding)
