"""Training examples of a critic: songs, counterexamples, and their quality.

Each song of a corpus gives

- itself, in all positions on the keys, and variants with half the weight: its quarters in the order
  of another form and, if its beats can be halved, its first half at half the speed and the whole at
  twice the speed and repeated;
- corruptions by 1 to 64 errors, of falling quality;
- shuffles and loops. Other counterexamples are made without songs (`counterexamples`).

Each example has a *level*, from 1 for songs down to -3 for silence, noise and scales, and a *share*
of song, from 1 to 0. Examples from a song are described by contexts without that song's family.
So the training generalises to unknown songs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from evo.fitness.critic.contexts import COMMON_TIME, Bars, Contexts, Counts
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, corrupted, markov
from evo.fitness.critic.features import roll_features
from evo.fitness.critic.random_lines import Random
from genomes.arrays import BoolArray, FloatArray

MAX_ERRORS = 64
# Levels of counterexamples.
LEVELS = {
    **dict.fromkeys(
        ("silence", "all keys", "noise", "one note", "two notes", "scale", "figure"), -3.0
    ),
    **dict.fromkeys(
        ("sparse noise", "random loop", "walk", "scale notes", "markov", "shuffled notes"), -2.0
    ),
    "shuffled steps": -2.0,
    **dict.fromkeys(("shuffled bars", "song loop", "shifted", "one rhythm", "wrong pitches"), -1.2),
    "phrase loop": -0.3,
    "found": -1.2,
}
# A song's quarters in the order of other forms.
FORMS = (
    (0, 1, 0, 1), (0, 0, 1, 1), (0, 1, 2, 1), (0, 1, 2, 3), (0, 0, 2, 3), (0, 1, 0, 3),
    (2, 3, 0, 1), (0, 3, 0, 3), (0, 1, 2, 0),
)  # fmt: skip
# Maximum examples per kind, so that a corpus of thousands does not take hours.
CORRUPTED, SHUFFLED, MADE = 6_000, 1_500, 100


class Examples(NamedTuple):
    """Training examples of a critic; n rows.

    Attributes:
        features: Features of the rolls, float64 (n, features).
        level: Target of the output `level`, from 1 for songs to -3 for noise: float64 (n,).
        share: Target of the output `share`: 1 for songs, less for songs with errors, 0 for others.
        weight: Weight in the loss, float64 (n,).
    """

    features: FloatArray
    level: FloatArray
    share: FloatArray
    weight: FloatArray


def examples(
    songs: BoolArray,
    families: Sequence[int],
    random: Random,
    found: BoolArray | None = None,
    bars: Bars = COMMON_TIME,
) -> tuple[Examples, Contexts]:
    """Return training examples, and the contexts of all songs.

    Args:
        songs: bool (n, steps, keys).
        families: The same number for songs that are the same tune, (n,).
        random: Draws variants and counterexamples.
        found: bool (m, steps, keys), pieces of searches that fooled critics.
        bars: The bars of the songs.
    """
    counts = [Counts.of(songs[index : index + 1], bars) for index in range(len(songs))]
    whole = Counts.of(songs, bars)
    contexts = Contexts.of(whole, bars)
    parts: list[Examples] = []
    for index, song in enumerate(songs):
        others = whole
        for other in np.flatnonzero(np.equal(families, families[index])):
            others = others.plus(counts[other], -1.0)
        rolls, judged = zip(*_from_song(song, len(songs), random, bars), strict=True)
        table = np.array(judged)
        described = roll_features(np.array(rolls), Contexts.of(others, bars), bars)
        parts.append(Examples(described, *table.T))
    made = list(_made_up(contexts, songs.shape[1], songs.shape[2], random, bars))
    if found is not None:
        made += [(roll, (LEVELS["found"], 0.0, 3.0)) for roll in found]
    rolls, judged = zip(*made, strict=True)
    parts.append(Examples(roll_features(np.array(rolls), contexts, bars), *np.array(judged).T))
    joined = Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return joined._replace(weight=_balanced(joined)), contexts


Judged = tuple[BoolArray, tuple[float, float, float]]  # roll; level, share, weight


def _balanced(rows: Examples) -> FloatArray:
    """Return weights that give songs and variants two sevenths of the whole."""
    real = rows.share == 1.0
    weight: FloatArray = rows.weight / rows.weight[~real].sum() * (~real).sum()
    weight[real] *= 0.4 * (~real).sum() / weight[real].sum()
    return weight


def positions(song: BoolArray) -> list[BoolArray]:
    """Return all transpositions of a roll that fit its keys.

    Args:
        song: bool (steps, keys).
    """
    used = np.flatnonzero(song.any(axis=0))
    if not len(used):
        return [song]
    shifts = range(-int(used[0]), song.shape[1] - int(used[-1]))
    return [np.roll(song, shift, axis=1) for shift in shifts]


def _variants(song: BoolArray, random: Random, bars: Bars) -> Iterator[BoolArray]:
    """Yield variants that are as song-like; see the module's docstring."""
    lead, song = song[: bars.lead], song[bars.lead :]
    silence, steps = np.zeros_like(lead), len(song)
    if bars.bar.is_duple:
        slower = np.zeros_like(song)
        slower[::2] = song[: -(-steps // 2)]
        yield np.concatenate([silence, slower])
    # Few notes may be on the dropped steps.
    if bars.bar.is_duple and song[1::2].sum() <= 0.15 * song.sum():
        half = song[::2]
        yield np.concatenate([silence, half, half])[: len(lead) + steps]
    quarter = steps // 4
    for form in random.permutation(len(FORMS))[:3]:
        parts = [song[part * quarter : (part + 1) * quarter] for part in FORMS[form]]
        yield np.concatenate([lead, *parts, song[4 * quarter :]])


def _from_song(song: BoolArray, songs: int, random: Random, bars: Bars) -> Iterator[Judged]:
    for roll in positions(song):
        yield roll, (1.0, 1.0, 1.0)
    for variant in _variants(song, random, bars):
        for roll in positions(variant):
            yield roll, (1.0, 1.0, 0.5)
    moved = positions(song)
    for index in range(min(120, max(CORRUPTED // songs, 4))):
        if index % 2:  # half of them with few errors
            errors = int(np.exp(random.uniform(0, np.log(MAX_ERRORS + 1))))
        else:
            errors = int(random.integers(1, MAX_ERRORS + 1))
        level = 1 - 3.25 * (errors / MAX_ERRORS) ** 0.6
        share = 0.8 * float(np.exp(-errors / 8))
        roll = corrupted(moved[random.integers(len(moved))], errors, random)
        yield roll, (level, share, 1.0)
    for name, shuffle in FROM_SONGS.items():
        times = 3 if name == "shuffled bars" else 1
        for _ in range(times * min(10, max(SHUFFLED // songs, 1))):
            yield shuffle(song, random, bars.bar), (LEVELS[name], 0.0, 1.0)


def _made_up(
    contexts: Contexts, steps: int, keys: int, random: Random, bars: Bars
) -> Iterator[Judged]:
    for name, make in MADE_UP.items():
        for _ in range(MADE):
            yield make(steps, keys, random, bars.bar), (LEVELS[name], 0.0, 1.0)
    for _ in range(3 * MADE):
        yield markov(contexts, steps, keys, random, bars), (LEVELS["markov"], 0.0, 1.0)
