"""Counterexamples: rolls that are no songs, kind by kind.

A critic trained on songs and their corruptions alone gives high scores to noise, silence and
repeated notes, which its training data lacks. Each kind here is a function that makes one roll of a
given shape. The kinds of `FROM_SONGS` change a song's roll.

    trivial     silence, all keys, noise of every density, one note, two notes, scales
    patterns    a fixed figure, or a bar or two of a song, repeated
    walks       random walks with random rhythms; random notes of a scale; a Markov chain of the
                songs' intervals and durations (`markov`)
    shuffled    a song with its notes, or its bars, in another order
    corrupted   a song with wrong notes (`evo.music.song.Song.corrupted`)

All functions return a roll, bool (steps, keys). Rhythms and shuffles follow the bar of the songs.
"""

from collections.abc import Callable

import numpy as np

from evo.fitness.critic.contexts import COMMON_TIME, INTERVALS, Bars, Contexts
from evo.fitness.critic.random_lines import Random, every, melody_roll, random_rhythm, walk_line
from evo.music import corruption
from evo.music.melody import Bar
from genomes.arrays import BoolArray, FloatArray

COMMON = Bar()
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), tuple(range(12)))


def silence(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return silence, or up to three notes.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    grid = np.zeros((steps, keys), np.bool_)
    for _ in range(random.integers(4)):
        grid[random.integers(steps), random.integers(keys)] = True
    return grid


def all_keys(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return every key at regular steps.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    grid = np.zeros((steps, keys), np.bool_)
    grid[:: int(random.choice([1, 1, 2, 4]))] = True
    return grid


def noise(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return random cells of any density.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    density = 1 / (1 + np.exp(-random.uniform(-6, 4)))
    return np.asarray(random.random((steps, keys)) < density)


def sparse_noise(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return noise as dense as songs.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    return np.asarray(random.random((steps, keys)) < random.uniform(0.15, 1.2) / keys)


def one_note(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return one key, repeated.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    line = np.full(steps, random.integers(keys))
    return melody_roll(steps, keys, random_rhythm(steps, random, bar), line)


def two_notes(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return two keys in turn or at random.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    pair = random.integers(keys, size=2)
    turns = np.arange(steps) % 2 if random.integers(2) else random.integers(2, size=steps)
    return melody_roll(steps, keys, random_rhythm(steps, random, bar), pair[turns])


def scale(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return a scale up, down, or both, in even steps.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    degrees = SCALES[random.integers(len(SCALES))]
    ladder = np.array([octave + d for octave in range(0, keys, 12) for d in degrees])
    ladder = ladder[ladder < keys]
    way = random.integers(3)
    if way == 1:
        ladder = ladder[::-1]
    elif way == 2 and len(ladder) > 2:
        ladder = np.concatenate([ladder, ladder[-2:0:-1]])
    line = np.resize(np.roll(ladder, random.integers(8)), steps)
    return melody_roll(steps, keys, every(steps, random, bar), line)


def figure(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return a repeated figure of 2 to 8 keys.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    notes = random.integers(keys, size=random.integers(2, 9))
    return melody_roll(steps, keys, random_rhythm(steps, random, bar), np.resize(notes, steps))


def random_loop(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return one, two or four bars of a random walk, repeated.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    length = bar.steps * int(random.choice([1, 2, 4]))
    line = walk_line(length, keys, random)
    onsets = np.asarray(random.random(length) < random.uniform(0.2, 0.8))
    return np.resize(melody_roll(length, keys, onsets, line), (steps, keys))


def walk(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return a random walk over all keys or a scale.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    line = walk_line(steps, keys, random)
    if random.integers(2):
        degrees = SCALES[random.integers(3)]
        root = random.integers(12)
        inside = [k for k in range(keys) if (k - root) % 12 in degrees]
        line = np.array(inside)[walk_line(steps, len(inside), random)] if inside else line
    return melody_roll(steps, keys, random_rhythm(steps, random, bar), line)


def scale_notes(steps: int, keys: int, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return random notes of a scale.

    Args:
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the roll.
        bar: The bar of the songs.
    """
    degrees = SCALES[random.integers(3)]
    root = random.integers(12)
    inside = np.array([k for k in range(keys) if (k - root) % 12 in degrees])
    line = random.choice(inside if len(inside) else np.arange(keys), size=steps)
    return melody_roll(steps, keys, random_rhythm(steps, random, bar), line)


def shuffled_notes(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return the notes in another order, in the song's rhythm.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    grid = song.copy()
    steps_with_notes = np.flatnonzero(grid.any(axis=1))
    grid[steps_with_notes] = grid[random.permutation(steps_with_notes)]
    return grid


def shuffled_steps(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return all steps, or those of every bar, shuffled.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    if random.integers(2):
        return song[random.permutation(len(song))]
    grid = song.copy()
    for start in range(0, len(grid) - bar.steps + 1, bar.steps):
        grid[start : start + bar.steps] = grid[start + random.permutation(bar.steps)]
    return grid


def shuffled_bars(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return the bars in another order.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    bars = len(song) // bar.steps
    end = bars * bar.steps
    whole = song[:end].reshape(bars, bar.steps, -1)
    mixed = whole[random.permutation(bars)].reshape(end, -1)
    return np.concatenate([mixed, song[end:]])


def _over_and_over(song: BoolArray, length: int, random: Random) -> BoolArray:
    start = length * int(random.integers(max(len(song) // length, 1)))
    return np.resize(song[start : start + length], song.shape)


def song_loop(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return one or two repeated bars of the song.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    return _over_and_over(song, bar.steps * int(random.integers(1, 3)), random)


def phrase_loop(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return a repeated quarter of the song.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    return _over_and_over(song, max(len(song) // (4 * bar.steps), 1) * bar.steps, random)


def shifted(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return the song late, with its beats between the beats.

    In bars with a single strong beat, beats may also come on other beats. Notes beyond the end move
    to the start.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    has_one = bar.strong == bar.steps
    late = [by for by in range(1, bar.steps) if by % bar.beat or has_one]
    return np.roll(song, int(random.choice(late or [1])), axis=0)


def one_rhythm(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return the song's keys in order, in another rhythm.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    line = np.resize(np.flatnonzero(song.any(axis=1)), len(song))
    onsets = random_rhythm(len(song), random, bar)
    grid = np.zeros_like(song)
    steps_with_notes = np.flatnonzero(onsets)
    grid[steps_with_notes] = song[line[: len(steps_with_notes)]]
    return grid


def wrong_pitches(song: BoolArray, random: Random, bar: Bar = COMMON) -> BoolArray:
    """Return the song's rhythm with the pitches of a random walk.

    Args:
        song: bool (steps, keys).
        random: Draws the roll.
        bar: The bar of the song.
    """
    onsets: BoolArray = np.logical_or.reduce(song, axis=1)
    steps, keys = song.shape
    return melody_roll(steps, keys, onsets, walk_line(steps, keys, random))


def markov(
    contexts: Contexts, steps: int, keys: int, random: Random, bars: Bars = COMMON_TIME
) -> BoolArray:
    """Return a Markov chain of the songs' intervals and durations.

    Args:
        contexts: Surprise of intervals and durations after the last.
        steps: Steps of the roll.
        keys: Keys of the roll.
        random: Draws the notes.
        bars: The bars of the contexts.
    """
    grid = np.zeros((steps, keys), np.bool_)
    step, key, duration, interval = 0, int(random.integers(keys)), bars.beat, INTERVALS // 2
    while step < steps:
        grid[step, key] = True
        position = step % bars.steps
        duration = 1 + _drawn(contexts.duration[position, duration - 1], random)
        odds = contexts.interval[interval].copy()
        inside = np.arange(INTERVALS) - INTERVALS // 2 + key
        odds[(inside < 0) | (inside >= keys)] = np.inf
        interval = _drawn(odds, random)
        key += interval - INTERVALS // 2
        step += duration
    return grid


def _drawn(bits: FloatArray, random: Random) -> int:
    """Return an index, drawn by the surprise of each."""
    chances = np.cumsum(2.0**-bits)
    return int(np.searchsorted(chances, random.random() * chances[-1], side="right"))


def corrupted(song: BoolArray, errors: int, random: Random) -> BoolArray:
    """Return the song with wrong notes.

    Args:
        song: bool (steps, keys), of up to 128 keys.
        errors: Number of wrong notes.
        random: Draws the errors.
    """
    return corruption.corrupted(song, errors, random)


MADE_UP: dict[str, Callable[..., BoolArray]] = {
    "silence": silence,
    "all keys": all_keys,
    "noise": noise,
    "sparse noise": sparse_noise,
    "one note": one_note,
    "two notes": two_notes,
    "scale": scale,
    "figure": figure,
    "random loop": random_loop,
    "walk": walk,
    "scale notes": scale_notes,
}
FROM_SONGS: dict[str, Callable[..., BoolArray]] = {
    "shuffled notes": shuffled_notes,
    "shuffled steps": shuffled_steps,
    "shuffled bars": shuffled_bars,
    "song loop": song_loop,
    "phrase loop": phrase_loop,
    "shifted": shifted,
    "one rhythm": one_rhythm,
    "wrong pitches": wrong_pitches,
}
