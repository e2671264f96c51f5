"""Features of a critic: as named, for every roll, in any batch and key."""

from collections.abc import Sequence
from itertools import pairwise
from math import log2

import numpy as np
import pytest
from critics import melody, random_melody, tunes

from evo.fitness.critic.contexts import Contexts, Counts
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP
from evo.fitness.critic.features import GROUPS, NAMES, roll_features
from evo.music.melody import KEY_PROFILES
from genomes.arrays import BoolArray

CONTEXTS = Contexts.of(Counts.of(tunes()[:20]))
OTHERS = Contexts.of(Counts.of(tunes()[20:]))
BAR = 8


def numbers(grid: BoolArray, contexts: Contexts = CONTEXTS) -> dict[str, float]:
    """Return the features of one roll by name."""
    (row,) = roll_features(grid[None], contexts)
    return dict(zip(NAMES, row.tolist(), strict=True))


# A twin that is slow and plain


def entropy(values: Sequence[int]) -> float:
    shares = [values.count(value) / len(values) for value in set(values)]
    return -sum(share * log2(share) for share in shares)


def mean(values: Sequence[float], otherwise: float = 0.0) -> float:
    return sum(values) / len(values) if len(values) else otherwise


def longest(flags: Sequence[bool]) -> int:
    """Return the length of the longest run of true flags."""
    words = "".join("x" if flag else " " for flag in flags).split()
    return max((len(word) for word in words), default=0)


def find_key(keys: Sequence[int], waits: Sequence[int]) -> tuple[int, int, float, float]:
    """Return mode, tonic, their correlation, and its margin over the next best."""
    notes = list(zip(keys, waits, strict=True))
    shares = [float(sum(wait for key, wait in notes if key % 12 == k)) for k in range(12)]
    fits = []
    for mode in range(2):
        for tonic in range(12):
            fit = 0.0
            if len(set(shares)) > 1:
                fit = float(np.corrcoef(np.roll(KEY_PROFILES[mode], tonic), shares)[0, 1])
            fits.append((fit, mode, tonic))
    fits.sort(key=lambda fit: -fit[0])
    return fits[0][1], fits[0][2], fits[0][0], fits[0][0] - fits[1][0]


def likeness(a: Sequence[int | None], b: Sequence[int | None]) -> tuple[float, float, float]:
    """Return the similarity of two passages in rhythm, notes and shape."""
    either = [(x, y) for x, y in zip(a, b, strict=True) if x is not None or y is not None]
    both = [(x, y) for x, y in either if x is not None and y is not None]
    if not either:
        return 1.0, 1.0, 1.0
    ways = [min(max(y - x, -12), 12) for x, y in both]
    commonest = max((ways.count(way) for way in ways), default=0)
    return (
        len(both) / len(either),
        sum(x == y for x, y in both) / len(either),
        commonest / len(either),
    )


def repeated(notes: Sequence[tuple[int, int]], length: int) -> float:
    """Return the share of repeated (interval, duration) runs of this length."""
    ways = [(b[1] - a[1], b[0] - a[0]) for a, b in pairwise(notes)]
    runs = [tuple(ways[i : i + length]) for i in range(len(ways) - length + 1)]
    return mean([runs[i] in runs[:i] for i in range(1, len(runs))])


def interval_name(interval: int) -> str:
    size = abs(interval)
    name = str(size) if size <= 5 else "6-7" if size <= 7 else "8+"
    sign = "" if size == 0 else "+" if interval > 0 else "-"
    return f"interval {sign}{name}"


def twin(grid: BoolArray, contexts: Contexts) -> dict[str, float]:
    """Return `roll_features` of one roll with at least one note, computed plainly."""
    steps = len(grid)
    notes = [(t, int(np.flatnonzero(row)[-1])) for t, row in enumerate(grid) if row.any()]
    times, keys = [t for t, _ in notes], [key for _, key in notes]
    sounding = [int(grid[t].sum()) for t in times]
    said = dict.fromkeys(NAMES, 0.0)

    said["onsets"] = len(notes) / steps
    said["chords"] = mean([count > 1 for count in sounding])
    said["keys an onset"] = log2(mean(sounding))
    said["silence before"] = min(times[0] / BAR, 1)
    said["silence after"] = min((steps - 1 - times[-1]) / BAR, 2)

    for position in range(BAR):
        said[f"onsets at {position}"] = mean([t % BAR == position for t in times])
    waits = [b - a for a, b in pairwise(times)]
    if waits:
        for wait in range(1, 9):
            said[f"duration {wait}"] = mean([one == wait for one in waits])
        said["duration longer"] = mean([one > 8 for one in waits])
        said["duration entropy"] = entropy([min(one, 9) for one in waits])
        said["duration changes"] = mean([a != b for a, b in pairwise(waits)])
        said["longest duration"] = log2(max(waits))

    ways = [b - a for a, b in pairwise(keys)]
    if ways:
        for way in ways:
            said[interval_name(way)] += 1 / len(ways)
        said["interval size"] = mean([abs(way) for way in ways])
        said["interval entropy"] = entropy([min(max(way, -12), 12) for way in ways])
        moves = [way > 0 for way in ways if way]
        said["turns"] = mean([a != b for a, b in pairwise(moves)])
        after_leaps = [a * b < 0 for a, b in pairwise(ways) if abs(a) >= 5]
        said["leaps reversed"] = mean(after_leaps, otherwise=0.5)
        said["longest repetition"] = log2(1 + longest([way == 0 for way in ways]))
        back = [b != 0 and a + b == 0 for a, b in pairwise(ways)]
        said["alternation"] = mean(back)
        said["longest alternation"] = log2(1 + longest(back))
        same_way = 1 + longest([a == b for a, b in pairwise(moves)]) if moves else 0
        said["longest run of one direction"] = log2(1 + same_way)
        said["largest interval"] = min(max(abs(way) for way in ways), 12) / 12

    mode, tonic, fit, gap = find_key(keys, [*waits, steps - times[-1]])
    triad = (0, 4, 7) if mode == 0 else (0, 3, 7)
    at_home = [(key - tonic) % 12 in triad for key in keys]
    spans = max(keys) - min(keys)
    said["keys"] = len(set(keys)) / 12
    said["range"] = spans / 12
    said["pitch entropy"] = entropy(keys)
    said["fit of the key"], said["gap to the next key"], said["minor"] = fit, gap, mode
    said["in the scale"] = max(
        mean([(key - start) % 12 in (0, 2, 4, 5, 7, 9, 11) for key in keys]) for start in range(12)
    )
    strong = [home for t, home in zip(times, at_home, strict=True) if t % 4 == 0]
    weak = [home for t, home in zip(times, at_home, strict=True) if t % 4 != 0]
    said["tonic triad on strong beats"] = mean(strong, otherwise=0.5)
    said["tonic triad on weak beats"] = mean(weak, otherwise=0.5)
    said["ends on the tonic"] = (keys[-1] - tonic) % 12 == 0
    said["ends in the triad"], said["begins in the triad"] = at_home[-1], at_home[0]
    said["height of the end"] = (keys[-1] - min(keys)) / max(spans, 1)

    line: list[int | None] = [dict(notes).get(t) for t in range(steps)]
    bars = [line[start : start + BAR] for start in range(0, steps - BAR + 1, BAR)]
    rhythms = [sum(1 << p for p, key in enumerate(bar) if key is not None) for bar in bars]
    said["bar rhythms"] = len(set(rhythms)) / len(bars)
    said["bars"] = len({tuple(bar) for bar in bars}) / len(bars)
    said["empty bars"] = mean([rhythm == 0 for rhythm in rhythms])
    said["commonest rhythm"] = max(rhythms.count(rhythm) for rhythm in rhythms) / len(bars)
    for lag in (1, 2, 4, 8):
        pairs = [likeness(a, b) for a, b in zip(bars, bars[lag:], strict=False)]
        for place, kind in enumerate(("rhythm", "notes", "shape")):
            said[f"{kind} {lag} apart"] = mean([pair[place] for pair in pairs])

    length = len(bars) // 4 * BAR
    quarters = {name: line[i * length : (i + 1) * length] for i, name in enumerate("ABCD")}
    for a, b in ("AB", "AC", "AD", "BC", "BD", "CD"):
        rhythm, same, _ = likeness(quarters[a], quarters[b])
        said[f"notes of {a} and {b}"], said[f"rhythm of {a} and {b}"] = same, rhythm
    for bar in range(4):
        said[f"onsets in bar {bar + 1}"] = sum(t // BAR % 4 == bar for t in times) * 4 / len(bars)
    following = [*times[1:], steps]
    last = [
        i for i in range(len(notes))
        if i + 1 == len(notes) or following[i] // length > times[i] // length
    ]  # fmt: skip
    said["last note of a quarter"] = mean([min(following[i] - times[i], 16) / BAR for i in last])
    said["quarters end in the triad"] = mean([at_home[i] for i in last])
    said["last note"] = min(steps - times[-1], 16) / BAR
    said["place of the last note"] = times[-1] % BAR / BAR
    said["repeated threes"], said["repeated fives"] = repeated(notes, 3), repeated(notes, 5)

    way_of = [min(max(way, -12), 12) + 12 for way in ways]
    wait_of = [min(wait, 10) - 1 for wait in waits]
    degrees = [(key - tonic) % 12 for key in keys]
    bits = {
        "interval": [contexts.interval[pair] for pair in pairwise(way_of)],
        "intervals": [contexts.intervals[tuple(way_of[i : i + 3])] for i in range(len(ways) - 2)],
        "duration": [
            contexts.duration[times[i + 1] % BAR, wait_of[i], wait_of[i + 1]]
            for i in range(len(wait_of) - 1)
        ],
        "degree": [contexts.degree[mode, a, b] for a, b in pairwise(degrees)],
        "rhythm": [contexts.rhythm[rhythm] for rhythm in rhythms],
        "bar": [contexts.bar[pair] for pair in pairwise([0, *rhythms])],
    }
    for model, values in bits.items():
        if values:
            said[f"mean {model}"], said[f"spread {model}"] = np.mean(values), np.std(values)
    return {name: float(value) for name, value in said.items()}


def some_rolls() -> dict[str, BoolArray]:
    random = np.random.default_rng(1)
    rolls = {
        "one note at the end": melody([(127, 5)]),
        "one note at the start": melody([(0, 0)]),
        "two notes": melody([(3, 2), (40, 12)]),
        "three notes": melody([(3, 2), (40, 12), (41, 2)]),
        "a repeated note": melody([(t, 5) for t in range(0, 128, 2)]),
        "two notes in turn": melody([(t, t % 2 * 7) for t in range(128)]),
        "up and up": melody([(10 * i, i) for i in range(13)]),
        "far apart on the piano": melody([(t, t * 29 % 88) for t in range(0, 128, 3)], keys=88),
        "odd length": random_melody(random, 100),
        "32 steps": random_melody(random, 32),
        "39 steps": random_melody(random, 39),
        "all keys": np.ones((128, 13), np.bool_),
        "one key": random_melody(random, 64, 1),
        "noise": random.random((128, 13)) < 0.2,
        "piano noise": random.random((96, 88)) < 0.02,
    }
    return rolls | {f"tune {i}": tunes()[i] for i in (0, 4, 21, 45)}


ROLLS = some_rolls()


@pytest.mark.parametrize("name", ROLLS)
def test_every_number_is_what_a_plain_reading_of_its_name_gives(name: str) -> None:
    said, wanted = numbers(ROLLS[name]), twin(ROLLS[name], CONTEXTS)
    # Two keys may fit alike, to the last bit or so; then either may be called the key.
    assert said == pytest.approx(wanted, abs=1e-6)


def test_random_rolls_have_the_numbers_of_the_plain_reading() -> None:
    random = np.random.default_rng(7)
    for _ in range(40):
        steps, keys = int(random.integers(32, 140)), int(random.integers(2, 30))
        grid = random_melody(random, steps, keys, random.uniform(0.05, 1))
        if grid.any():
            said, wanted = numbers(grid, OTHERS), twin(grid, OTHERS)
            assert said == pytest.approx(wanted, abs=1e-6)


# By hand


def test_density_counts_onsets_chords_and_the_silence_around() -> None:
    chord = [(4, 0), (4, 4), (4, 7), (4, 12)]
    said = numbers(melody([*chord, (8, 2), (12, 2), (116, 2)]))
    assert said["onsets"] == 4 / 128
    assert said["chords"] == 1 / 4
    assert said["keys an onset"] == log2(7 / 4)
    assert (said["silence before"], said["silence after"]) == (0.5, 11 / 8)


def test_metre_is_where_onsets_fall_and_how_long_they_last() -> None:
    said = numbers(melody([(0, 0), (2, 0), (4, 0), (8, 0), (18, 0)]))
    assert [said[f"onsets at {p}"] for p in range(8)] == [0.4, 0, 0.4, 0, 0.2, 0, 0, 0]
    assert said["duration 2"] == 0.5
    assert said["duration 4"] == said["duration longer"] == 0.25
    assert said["duration entropy"] == 1.5
    assert said["duration changes"] == pytest.approx(2 / 3)


def test_intervals_are_those_of_the_top_voice() -> None:
    keys = [0, 2, 4, 4, 4, 12, 5, 7, 5, 7]
    low = [(2 * i, 0) for i in range(len(keys))]
    said = numbers(melody([*low, *((2 * i, key) for i, key in enumerate(keys))]))
    shares = {"interval 0": 2, "interval +2": 4, "interval -2": 1, "interval +8+": 1,
              "interval -6-7": 1}  # fmt: skip
    for name in GROUPS["intervals"][:15]:
        assert said[name] == pytest.approx(shares.get(name, 0) / 9), name
    assert said["interval size"] == pytest.approx(25 / 9)
    assert said["turns"] == pytest.approx(4 / 6)  # up up up | down | up | down | up
    assert said["leaps reversed"] == 1.0
    assert said["longest repetition"] == log2(3)
    assert said["alternation"] == 2 / 8
    assert said["longest alternation"] == said["longest repetition"] == log2(1 + 2)
    assert said["longest run of one direction"] == log2(1 + 3)


def test_pitch_finds_the_key_and_how_the_tune_ends_in_it() -> None:
    c_major = [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0, 7, 4, 0]
    said = numbers(melody([(2 * i, key) for i, key in enumerate(c_major)]))
    assert (said["minor"], said["in the scale"], said["ends on the tonic"]) == (0, 1, 1)
    assert (said["keys"], said["range"], said["height of the end"]) == (8 / 12, 1, 0)
    assert said["tonic triad on strong beats"] == pytest.approx(6 / 7)
    a_minor = [9, 11, 12, 9, 4, 9, 8, 9, 12, 11, 9, 4, 9]
    said = numbers(melody([(2 * i, key) for i, key in enumerate(a_minor)]))
    assert (said["minor"], said["ends on the tonic"]) == (1, 1)
    assert said["in the scale"] == pytest.approx(12 / 13)  # a raised seventh


def test_bars_and_form_hear_what_comes_again() -> None:
    random = np.random.default_rng(2)
    a, b = (random_melody(random, 32) for _ in range(2))
    said = numbers(np.concatenate([a, a, b, a]))
    assert said["notes of A and B"] == said["notes of A and D"] == 1
    assert said["notes of A and C"] == said["notes of C and D"] < 0.4
    assert said["notes 4 apart"] < 1
    said = numbers(np.concatenate([a] * 4))
    assert said["notes 4 apart"] == said["rhythm 4 apart"] == said["notes 8 apart"] == 1
    assert said["bars"] == 4 / 16
    up = np.roll(melody([(t, t % 8) for t in range(32)], 32), 2, axis=1)
    said = numbers(np.concatenate([up, np.roll(up, 3, axis=1)] * 2))
    assert said["notes 4 apart"] == 0
    assert said["shape 4 apart"] == 1  # transposed


def test_repeated_threes_are_runs_of_three_intervals_and_durations_in_any_key() -> None:
    figure = [(0, 0), (1, 2), (3, 4), (4, 5)]
    there = [(t + 16, key + 3) for t, key in figure]
    said = numbers(melody([*figure, *there]))
    assert said["repeated threes"] == 1 / 4  # of 5 runs, the first of which cannot be repeated
    assert said["repeated fives"] == 0


def test_surprise_is_lower_where_songs_do_the_same() -> None:
    song, noise = tunes()[3], random_melody(np.random.default_rng(1))
    for model in ("interval", "intervals", "duration", "degree", "rhythm", "bar"):
        assert numbers(song)[f"mean {model}"] < numbers(noise)[f"mean {model}"]


# For every roll


SHAPES = [(32, 13), (64, 13), (128, 13), (100, 5), (35, 1), (128, 88), (300, 128)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_number_is_finite_for_rolls_of_every_kind(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    rolls = [make(*shape, random) for make in MADE_UP.values() for _ in range(4)]
    rolls += [make(rolls[-1], random) for make in FROM_SONGS.values()]
    rolls += [
        np.zeros(shape, np.bool_), np.ones(shape, np.bool_),
        melody([(shape[0] - 1, shape[1] - 1)], *shape), melody([(0, 0)], *shape),
    ]  # fmt: skip
    described = roll_features(np.array(rolls), Contexts.together([CONTEXTS, OTHERS]))
    assert described.shape == (2, len(rolls), len(NAMES))
    assert np.isfinite(described).all()


def test_silence_is_all_silence_and_nothing_else() -> None:
    said = {name: value for name, value in numbers(np.zeros((128, 13), np.bool_)).items() if value}
    assert said == {"silence before": 1.0, "silence after": 2.0}


def test_a_tune_has_the_same_numbers_in_every_key() -> None:
    random = np.random.default_rng(4)
    wide = np.zeros((60, 128, 40), np.bool_)
    wide[:46, :, :13] = tunes()
    for place in range(46, 60):
        wide[place, :, :13] = random_melody(random)
    here = roll_features(wide, CONTEXTS)
    for up in (1, 5, 12, 27):
        there = roll_features(np.roll(wide, up, axis=2), CONTEXTS)
        np.testing.assert_allclose(there, here, atol=1e-9)


def test_a_roll_has_the_same_numbers_to_the_bit_in_every_company() -> None:
    rolls = np.array([roll for roll in ROLLS.values() if roll.shape == (128, 13)])
    together = roll_features(rolls, CONTEXTS)
    assert roll_features(rolls[::-1], CONTEXTS)[::-1].tobytes() == together.tobytes()
    for place in range(len(rolls)):
        alone = roll_features(rolls[place : place + 1], CONTEXTS)
        assert alone.tobytes() == together[place].tobytes()


def test_several_contexts_say_together_what_each_says_alone() -> None:
    rolls = tunes()[:5]
    both = roll_features(rolls, Contexts.together([CONTEXTS, OTHERS]))
    assert both[0].tobytes() == roll_features(rolls, CONTEXTS).tobytes()
    assert both[1].tobytes() == roll_features(rolls, OTHERS).tobytes()
    differ = (both[0] != both[1]).any(axis=0)
    assert {name for name, one in zip(NAMES, differ, strict=True) if one} == {*GROUPS["surprise"]}


def test_an_empty_batch_of_rolls_has_no_rows_of_features() -> None:
    assert roll_features(np.zeros((0, 64, 13), np.bool_), CONTEXTS).shape == (0, len(NAMES))


@pytest.mark.parametrize("shape", [(128, 13), (2, 31, 13), (2, 128, 0), (1, 2, 128, 13), (0,)])
def test_rolls_that_cannot_be_described_are_refused_in_one_line(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"rolls must be bool \(n, at least 32 .*, got") as got:
        roll_features(np.zeros(shape, np.bool_), CONTEXTS)
    assert str(shape) in str(got.value)
    assert "\n" not in str(got.value)


def test_rolls_of_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rolls must be bool .* got uint8"):
        roll_features(np.zeros((1, 128, 13), np.uint8), CONTEXTS)


def test_numbers_have_names_of_their_own_in_groups_that_follow_each_other() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert roll_features(tunes()[:1], CONTEXTS).shape == (1, len(NAMES))
    assert tuple(name for names in GROUPS.values() for name in names) == NAMES
