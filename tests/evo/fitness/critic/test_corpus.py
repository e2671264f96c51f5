"""The training set of a folder's songs: one metre, resolution and length, from bar line to end."""

from dataclasses import replace

import numpy as np
import pytest

from evo.core.errors import InputError
from evo.fitness.critic.contexts import _MAX_RHYTHMS, Bars, Contexts, Counts
from evo.fitness.critic.corpus import rolls_of
from evo.fitness.critic.counterexamples import FROM_SONGS, MADE_UP, markov
from evo.fitness.critic.features import names_of, roll_features
from evo.fitness.critic.lengths import settled
from evo.fitness.critic.style import Style, style_from
from evo.music.melody import Bar
from evo.music.metre import Metre
from evo.music.midi.reading import AUTO
from evo.music.planes import notes_of, until_next
from evo.music.song import Song
from genomes.arrays import BoolArray

WALTZ = Style(3, 4, 2, 6, 1, 62, 100.0)


def waltz(seed: int, bars: int = 16, pickup: int = 2, metre: tuple[int, int] = (3, 4)) -> Song:
    """Return a tune in eighths, AABB, with a note on every downbeat and a pickup."""
    random = np.random.default_rng(seed)
    bar = Bar.of(*metre, 2).steps
    part = np.zeros((bars // 4 * bar, 10), np.bool_)
    for step in range(len(part)):
        if step % bar == 0 or random.random() < 0.4:
            part[step, random.integers(10)] = True
    before = np.zeros((pickup, 10), np.bool_)
    if pickup:
        before[0, 3] = True
    whole = np.concatenate([before, part, part, part[::-1], part[::-1]])
    return Song(whole, 62, 2, 100.0, f"tune {seed}", metre=Metre(*metre, pickup))


def of(songs: list[Song]) -> tuple[BoolArray, list[str], Style, list[str]]:
    said: list[str] = []
    return *rolls_of(songs, AUTO, AUTO, said.append), said


def test_songs_begin_at_a_bar_line_after_a_bar_for_the_pickup() -> None:
    songs = [waltz(1), waltz(2, pickup=0), waltz(3)]
    rolls, names, style, said = of(songs)
    assert style == WALTZ
    assert names == ["tune 1", "tune 2", "tune 3"]
    assert rolls.shape == (3, 6 + 16 * 6, 10)
    assert (rolls[0, 4:] == songs[0].onsets).all()
    assert not rolls[:, :4].any()
    assert not rolls[1, :6].any()
    assert said == ["3 songs in 3/4, 2 steps per beat, 16 bars each"]
    again = style.song(rolls[0], "tune 1")
    assert (again.onsets == songs[0].onsets).all()
    assert again.metre == songs[0].metre
    assert (again.pickup, again.tempo) == (2, 100.0)
    assert style.song(rolls[1], "tune 2").metre.first_bar == 0


def test_other_metres_resolutions_and_lengths_are_left_out_with_one_message_each() -> None:
    songs = [waltz(seed) for seed in range(4)]
    songs += [waltz(5, metre=(4, 4)), waltz(6, metre=(6, 8)), waltz(7, bars=12), waltz(8, bars=8)]
    fine = np.zeros((192, 10), np.bool_)
    fine[::3] = True  # of which a half is between eighths
    songs = [
        Song(
            np.repeat(song.onsets, 2, axis=0) & (np.arange(2 * song.steps) % 2 == 0)[:, None],
            62, 4, 100.0, song.name,
            metre=Metre(song.metre.beats, song.metre.unit, 2 * song.metre.first_bar),
        )
        for song in songs
    ]  # fmt: skip
    songs.append(Song(fine, 62, 4, name="triplets", metre=Metre(3, 4)))
    rolls, names, style, said = of(songs)
    assert names == ["tune 0", "tune 1", "tune 2", "tune 3", "tune 8"]
    assert (rolls[4, 6:54] == rolls[4, 54:]).all()  # 8 bars, repeated
    assert style == WALTZ
    assert said == [
        "left out: 2 songs in another metre than 3/4 (tune 5, tune 6)",
        "left out: 1 song with notes between 2 steps per beat (triplets)",
        "left out: 1 song shorter than 16 bars (tune 7)",
        "5 songs in 3/4, 2 steps per beat, 16 bars each",
    ]


def test_without_a_song_left_there_is_no_corpus() -> None:
    changing = Song(np.ones((20, 2), np.bool_), metre=Metre(3, 4, 0, ((6, 4, 4),)))
    with pytest.raises(InputError, match="every song changes its metre"):
        of([changing])
    with pytest.raises(InputError, match="no song fills 30 bars"):
        rolls_of([waltz(1)], AUTO, 6 + 30 * 6, [].append)
    triplets = Song(np.ones((96, 2), np.bool_), steps_per_beat=4)
    with pytest.raises(InputError, match="needs more than 2 steps per beat"):
        rolls_of([triplets], 2, AUTO, [].append)


def test_a_style_is_kept_as_arrays() -> None:
    assert style_from(WALTZ.to_arrays()) == WALTZ
    for change in ({"lead": 5}, {"steps_per_beat": 0}, {"unit": 5}, {"lowest_note": 128}):
        with pytest.raises(ValueError, match=r"."):
            style_from(WALTZ._replace(**change).to_arrays())


@pytest.mark.parametrize("signature", [(3, 4, 2), (6, 8, 2), (9, 8, 2), (4, 4, 4), (3, 4, 4)])
def test_features_are_finite_and_tables_are_bounded_in_every_metre(
    signature: tuple[int, int, int],
) -> None:
    bar = Bar.of(*signature)
    steps = 17 * bar.steps
    random = np.random.default_rng(0)
    rolls = np.array([make(steps, 20, random, bar) for make in MADE_UP.values() for _ in range(30)])
    rolls = np.concatenate([rolls, [make(rolls[-1], random, bar) for make in FROM_SONGS.values()]])
    bars = Bars.of(bar, rolls, bar.steps, 1)
    assert bars.events <= max(_MAX_RHYTHMS + 2, 1 << min(bar.steps, 8))
    contexts = Contexts.of(Counts.of(rolls, bars), bars)
    for table in contexts:
        assert np.isfinite(table).all()
        np.testing.assert_allclose((2.0**-table).sum(axis=-1), 1)
    features = roll_features(rolls, contexts, bars)
    assert features.shape == (len(rolls), len(names_of(bars)))
    assert np.isfinite(features).all()
    assert len(set(names_of(bars))) == len(names_of(bars))
    assert markov(contexts, steps, 20, random, bars).any()


def test_quarters_and_phrases_begin_with_their_pickups() -> None:
    rolls, _, style, _ = of([waltz(1), waltz(2)])
    bars = Bars.of(style.bar, rolls, style.lead, 1)
    again = rolls[0].copy()
    again[6 + 24 - 2 : 6 + 24] = again[4:6]  # the pickup before the second A, too
    rows = roll_features(again[None], Contexts.of(Counts.of(rolls, bars), bars), bars)
    described = dict(zip(names_of(bars), rows[0].tolist(), strict=True))
    assert described["notes of A and B"] == 1
    assert described["notes of A and C"] < 1
    assert described["bars with a downbeat"] == pytest.approx(again[::6].any(axis=1).sum() / 17)
    assert described["silence before"] == pytest.approx(4 / 6)
    assert described["same rhythm 4 apart"] >= 8 / 12 - 1 / 6


def test_degrees_places_phrases_and_figures_are_those_of_the_notes() -> None:
    # C E G, then C held over the bar line, in 3/4: four such pairs of bars.
    roll = np.zeros((6 * 8, 13), np.bool_)
    for pair in range(4):
        for step, key in ((0, 0), (2, 4), (4, 7), (10, 12)):
            roll[12 * pair + step, key] = True
    bars = Bars.of(Bar(6, 2, 6), roll[None], 0, 1)
    contexts = Contexts.of(Counts.of(roll[None], bars), bars)
    said = dict(zip(names_of(bars), roll_features(roll[None], contexts, bars)[0], strict=True))
    expected = {
        "degree 0": (4 * 2 + 4 * 2) / 48,
        "degree 7": 4 * 6 / 48,
        "degree 0 on downbeats": 1,
        "duration on downbeats": 2 / 6,
        "duration on beats": (2 + 6 + 2) / 3 / 6,
        "duration on between beats": 0,
        "interval on downbeats": 12 / 12,
        "rise on downbeats": 0,
        "rise on beats": 1,
        "notes over bar lines": 4 / 16,
        "bars with a downbeat": 4 / 8,
        "last note of 2 bars": 2 / 6,
        "tonic at the end of 2 bars": 1,
        "place of the last note of 4 bars": 4 / 6,
        "interval to the end of 2 bars": 5 / 12,
        "interval over the end of 2 bars": 1,
        "notes in the last bar": 1 / 6,
        "last interval": 5 / 12,
        "spread of highest keys of 2 bars": 0,
        "spread of notes of 4 bars": 0,
        "different shapes": 2 / 8,
        "same notes 2 apart": 1,
        "same rhythm 1 apart": 0,
        "different figures of 3": 4 / 13,
    }
    assert {name: said[name] for name in expected} == pytest.approx(expected)


def test_with_durations_the_rolls_have_the_lengths_of_the_songs_at_their_resolution() -> None:
    songs = []
    for seed in range(3):
        tune = waltz(seed)
        # Twice as fine, so that a release falls between two steps of the training set.
        onsets = np.zeros((2 * tune.steps, tune.keys), np.bool_)
        onsets[::2] = tune.onsets
        song = Song(onsets, 62, 4, 100.0, tune.name, metre=Metre(3, 4, 4))
        sounding = until_next(onsets, 12)
        first, release, key = notes_of(onsets, sounding)[5]
        sounding[max(release - 1, first + 1) : release, key] = False
        songs.append(replace(song, sounding=sounding))
    rolls, _, style = rolls_of(songs, AUTO, AUTO, [].append, durations=True)
    without, *_ = rolls_of(songs, AUTO, AUTO, [].append)
    assert (rolls[:, :, :10] == without).all()
    assert style == WALTZ
    again = style.song(rolls[0], "", durations=True)
    lasting = until_next(waltz(0).onsets, 6)
    assert (again.sounding == lasting).all()  # half a step is rounded up
    assert (settled(rolls, True) == rolls).all()
