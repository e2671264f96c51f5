"""What a critic learns from: songs, what is no song, and how good each is.

From every song of a corpus come

- itself, in all positions on the keys; with half the weight, its variants, which are as much of a
  song: the first half at half the speed, the whole at twice the speed and then again, its quarters
  in the order of another form;
- its corruptions by 1 to 64 errors, which are the worse the more errors they have;
- its shuffles, loops and the like; and, apart from songs, what is made up (`counterexamples`).

Each has a *level*, a number from 1 for songs down to -3 for silence, noise and scales, and a
*share* of real-ness from 1 to 0. Everything made from a song is described by contexts that leave
that song's family out, so that what a critic learns holds for songs that it does not know.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from evo.fitness.critic.contexts import Contexts, Counts
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, Random, corrupted, markov
from evo.fitness.critic.features import roll_features
from genomes.arrays import BoolArray, FloatArray

MOST_ERRORS = 64
# Of what is no song: how far below a song it is.
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
# How many examples of a kind, at most: a corpus of thousands is not to take hours.
CORRUPTED, SHUFFLED, MADE = 6_000, 1_500, 100


class Examples(NamedTuple):
    """What to learn from; n rows."""

    features: FloatArray  # (n, features)
    level: FloatArray  # (n,)
    share: FloatArray  # (n,), how real
    weight: FloatArray  # (n,)


def examples(
    songs: BoolArray, families: Sequence[int], random: Random, found: BoolArray | None = None
) -> tuple[Examples, Contexts]:
    """Examples from bool (n, steps, keys) songs, and the contexts of all of them.

    Songs of the same family are the same tune. `found` (m, steps, keys) are what searches found
    and should not have.
    """
    counts = [Counts.of(songs[place : place + 1]) for place in range(len(songs))]
    whole = Counts.of(songs)
    contexts = Contexts.of(whole)
    parts: list[Examples] = []
    for place, song in enumerate(songs):
        others = whole
        for other in np.flatnonzero(np.equal(families, families[place])):
            others = others.plus(counts[other], -1.0)
        rolls, judged = zip(*_from_song(song, len(songs), random), strict=True)
        table = np.array(judged)
        described = roll_features(np.array(rolls), Contexts.of(others))
        parts.append(Examples(described, *table.T))
    made = list(_made_up(contexts, songs.shape[1], songs.shape[2], random))
    if found is not None:
        made += [(roll, (LEVELS["found"], 0.0, 3.0)) for roll in found]
    rolls, judged = zip(*made, strict=True)
    parts.append(Examples(roll_features(np.array(rolls), contexts), *np.array(judged).T))
    joined = Examples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return joined._replace(weight=_balanced(joined)), contexts


Judged = tuple[BoolArray, tuple[float, float, float]]  # roll; level, share, weight


def _balanced(rows: Examples) -> FloatArray:
    """Weights with which songs and their variants are two sevenths of the whole."""
    real = rows.share == 1.0
    weight: FloatArray = rows.weight / rows.weight[~real].sum() * (~real).sum()
    weight[real] *= 0.4 * (~real).sum() / weight[real].sum()
    return weight


def positions(song: BoolArray) -> list[BoolArray]:
    """A roll in every position on its keys."""
    used = np.flatnonzero(song.any(axis=0))
    if not len(used):
        return [song]
    shifts = range(-int(used[0]), song.shape[1] - int(used[-1]))
    return [np.roll(song, shift, axis=1) for shift in shifts]


def _variants(song: BoolArray, random: Random) -> Iterator[BoolArray]:
    """What is as much of a song; see the module's docstring."""
    steps = len(song)
    slower = np.zeros_like(song)
    slower[::2] = song[: -(-steps // 2)]
    yield slower
    if song[1::2].sum() <= 0.15 * song.sum():  # little is lost between the steps that stay
        half = song[::2]
        yield np.concatenate([half, half])[:steps]
    quarter = steps // 4
    for form in random.permutation(len(FORMS))[:3]:
        parts = [song[place * quarter : (place + 1) * quarter] for place in FORMS[form]]
        yield np.concatenate([*parts, song[4 * quarter :]])


def _from_song(song: BoolArray, songs: int, random: Random) -> Iterator[Judged]:
    for roll in positions(song):
        yield roll, (1.0, 1.0, 1.0)
    for variant in _variants(song, random):
        for roll in positions(variant):
            yield roll, (1.0, 1.0, 0.5)
    placed = positions(song)
    for place in range(min(120, max(CORRUPTED // songs, 4))):
        if place % 2:  # half of them with few errors
            errors = int(np.exp(random.uniform(0, np.log(MOST_ERRORS + 1))))
        else:
            errors = int(random.integers(1, MOST_ERRORS + 1))
        level = 1 - 3.25 * (errors / MOST_ERRORS) ** 0.6
        share = 0.8 * float(np.exp(-errors / 8))
        roll = corrupted(placed[random.integers(len(placed))], errors, random)
        yield roll, (level, share, 1.0)
    for name, shuffle in FROM_SONGS.items():
        times = 3 if name == "shuffled bars" else 1
        for _ in range(times * min(10, max(SHUFFLED // songs, 1))):
            yield shuffle(song, random), (LEVELS[name], 0.0, 1.0)


def _made_up(contexts: Contexts, steps: int, keys: int, random: Random) -> Iterator[Judged]:
    for name, make in MADE_UP.items():
        for _ in range(MADE):
            yield make(steps, keys, random), (LEVELS[name], 0.0, 1.0)
    for _ in range(3 * MADE):
        yield markov(contexts, steps, keys, random), (LEVELS["markov"], 0.0, 1.0)
