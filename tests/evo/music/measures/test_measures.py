"""The descriptive measures of songs, what is usual in a corpus, and the printed report."""

from __future__ import annotations

import io
import json
import re
import warnings
from math import isnan, log, log2, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console
from rolls import few, roll

from evo.core.errors import MidiError
from evo.music.measures.corpus import (
    MEANINGS,
    MEASURES,
    Corpus,
    Range,
    corpus_range,
    measure,
    outside,
)
from evo.music.measures.measures import lempel_ziv
from evo.music.measures.report import report, usual_songs
from evo.music.measures.roll import Roll
from evo.music.measures.similarity import KnownSongs
from evo.music.melody import best_key
from evo.music.song import Song
from evo.music.tunes import all_tunes, book_text, tune, tune_names

TUNES = [tune(name) for name in tune_names()]
SCALE = (0, 2, 4, 5, 7, 9, 11, 12)
# Two bars of 4/4 in eighths: C C E . D . . C | C C E . D . . (C held over the end).
TWO_BARS = roll(0, 0, 4, None, 2, None, None, 0, 0, 0, 4, None, 2, None, None, None)


def test_notes_and_keys() -> None:
    found = measure(TWO_BARS)
    assert found["onset_density"] == 9 / 16
    assert found["polyphony"] == 0
    assert found["distinct_keys"] == 3
    assert found["pitch_range"] == 4
    # Five C, two D, two E.
    assert found["pitch_class_entropy"] == pytest.approx(
        5 / 9 * log2(9 / 5) + 2 * 2 / 9 * log2(9 / 2)
    )
    assert found["scale_consistency"] == 1


def test_moves_of_the_melody() -> None:
    # Moves 0 4 -2 -2 0 0 4 -2.
    found = measure(TWO_BARS)
    assert found["mean_interval"] == 14 / 8
    assert found["largest_interval"] == 4
    assert found["repeated_notes"] == 3 / 8
    assert found["stepwise_motion"] == 3 / 8
    assert found["leaps"] == 2 / 8
    assert found["longest_repeat"] == 3
    assert found["rising_motion"] == 2 / 5
    # Up, down two, up, down: four arcs of five moves and 14 semitones.
    assert found["arc_length"] == 5 / 4
    assert found["arc_height"] == 14 / 4
    assert found["interval_entropy"] == pytest.approx(2 * 3 / 8 * log2(8 / 3) + 2 / 8 * log2(8 / 2))


def test_rhythm() -> None:
    # Waits 1 1 2 3 1 1 1 2, and 4 to the end.
    found = measure(TWO_BARS)
    assert found["wait_entropy"] == pytest.approx(
        5 / 8 * log2(8 / 5) + 2 / 8 * log2(8 / 2) + 1 / 8 * log2(8)
    )
    assert found["shortest_wait"] == 0.5
    assert found["longest_wait"] == 1.5
    assert found["longest_silence"] == 1.5
    # Neighbours 1 1, 1 2, 2 3, 3 1, 1 1, 1 1, 1 2.
    assert found["wait_contrast"] == pytest.approx(
        100 * (0 + 1 / 1.5 + 1 / 2.5 + 2 / 2 + 0 + 0 + 1 / 1.5) / 7
    )
    assert found["on_strong_beats"] == 4 / 9  # steps 0, 4, 8, 12
    assert found["off_beat"] == 3 / 9  # 1, 7, 9
    assert found["syncopation"] == 0
    assert found["bar_rhythms"] == 2
    assert found["rhythm_variety"] == 1
    assert found["groove_consistency"] == 7 / 8


def test_an_onset_held_over_the_beat_is_a_syncopation() -> None:
    assert measure(roll(1, 2, None, 3, 4, None))["syncopation"] == 1 / 4
    assert measure(roll(1, 2))["syncopation"] == 0  # there is no beat after the end


def test_structure_of_a_repeated_bar() -> None:
    bar = (0, None, 4, None, 7, None, 5, None)
    found = measure(roll(*bar * 16))
    assert found["repeated_bars"] == 15 / 16
    assert found["bar_similarity"] == found["phrase_similarity"] == 1
    assert found["distinct_phrases"] == 1
    assert found["self_repetition"] == 1
    assert found["rhythm_variety"] == 1 / 16
    assert found["groove_consistency"] == 1
    assert found["phrase_ends"] == 0


def test_bar_similarity_is_the_mean_over_pairs() -> None:
    a, b, c = (0, 1, 2, 3, 4, 5, 6, 7), (0, 1, 2, 3, 7, 7, 7, 0), (9, 9, 9, 9, 9, 9, 9, 9)
    silent = [None] * 8  # is left out
    found = measure(roll(*a, *silent, *b, *c))["bar_similarity"]
    assert found == pytest.approx((4 / 8 + 0 + 0) / 3)


def test_self_repetition_covers_runs_of_four_tokens_in_any_key() -> None:
    theme = (0, 1, 3, 6, 10)  # four tokens
    again = tuple(key + 2 for key in theme)
    # 4 tokens, the leap, 4 tokens.
    assert measure(roll(*theme, *again))["self_repetition"] == pytest.approx(8 / 9)
    assert measure(roll(*theme))["self_repetition"] == 0


def test_phrases_that_end_in_a_long_wait() -> None:
    running = [0, 2] * 12
    rest = [4, 5, 4, None, None, None, None, None]
    assert measure(roll(*running, *rest, *running, *[1] * 8))["phrase_ends"] == 1 / 2
    assert measure(roll(*running, *rest, *running, *rest))["phrase_ends"] == 1


def test_zipf_slope_of_known_frequencies() -> None:
    assert measure(roll(*SCALE[:2], 0, 2, 0))["zipf_slope"] == 0  # two tokens, twice each
    # Repeated notes four times, a step up twice: ranks 1 and 2, log frequency falls by log 2.
    found = measure(roll(0, 0, 0, 1, 1, 1, 2))["zipf_slope"]
    assert found == pytest.approx(-log(2) / log(2))


def test_lempel_ziv_counts_the_published_example() -> None:
    def count(text: str) -> int:
        return lempel_ziv(np.array([int(digit) for digit in text], np.int64))

    assert count("0001101001000101") == 6
    assert count("0" * 50) == 2
    assert count("01" * 25) == 3
    assert count("") == 0


@few
@given(arrays(np.int64, st.integers(0, 24), elements=st.integers(0, 2)))
def test_lempel_ziv_is_that_of_the_definition(symbols) -> None:
    text = "".join(map(str, symbols))
    pieces, start = 0, 0
    while start < len(text):
        length = 1
        while start + length <= len(text) and (
            text[start : start + length] in text[: start + length - 1]
        ):
            length += 1
        pieces, start = pieces + 1, start + length
    assert lempel_ziv(symbols) == pieces


def test_scales_have_their_keys() -> None:
    found = measure(roll(*SCALE))
    assert found["scale_consistency"] == 1
    assert found["ends_on_tonic"] == 1
    minor = roll(9, 11, 12, 2, 4, 5, 8, 9)
    assert measure(minor)["scale_consistency"] == 1  # the harmonic one, with G sharp
    assert measure(np.eye(12, 13, dtype=np.bool_))["scale_consistency"] == pytest.approx(7 / 12)


def test_the_lowest_note_says_which_key_it_is() -> None:
    song = Song(roll(*SCALE), lowest_note=62)
    assert measure(song) == pytest.approx(measure(roll(*SCALE)), nan_ok=True)
    assert best_key(np.roll([4, 0, 2, 0, 3, 2, 0, 3, 0, 1, 0, 1], 2))[0] == 2


def test_the_key_of_every_tune_is_that_of_the_book() -> None:
    written = re.findall(r"^K:([A-G][#b]?)", book_text(), re.MULTILINE)
    assert len(written) == len(TUNES)
    for one, name in zip(all_tunes().values(), written, strict=True):
        grid = np.zeros((one.length, 128), np.bool_)
        for note in one.notes:
            grid[note.onset, note.pitch] = True
        tonic = "C D EF G A B".index(name[0]) + {"": 0, "#": 1, "b": -1}[name[1:]]
        assert Roll(grid, lowest_note=0).key[0] == tonic % 12, one.title


def test_beats_follow_the_resolution() -> None:
    coarse = tune("ode-to-joy")
    fine = np.zeros((256, 13), np.bool_)
    fine[::2] = coarse.grid
    found = measure(Song(fine, steps_per_beat=4))
    same = measure(coarse)
    differing = {"onset_density", "longest_silence", "groove_consistency"}  # count steps
    assert {name: found[name] for name in found if name not in differing} == pytest.approx(
        {name: same[name] for name in same if name not in differing}
    )


@few
@given(
    arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 6))),
    st.integers(0, 7),
)
def test_measures_do_not_depend_on_the_key(grid, shift) -> None:
    moved = np.zeros((len(grid), 13), np.bool_)
    moved[:, shift : shift + grid.shape[1]] = grid
    known = KnownSongs.of(TUNES[:3])
    there, here = measure(moved, known), measure(grid, known)
    # Where two keys fit equally well, the lower tonic is named.
    ambiguous = {"ends_on_tonic"}
    assert {name: there[name] for name in there if name not in ambiguous} == pytest.approx(
        {name: here[name] for name in here if name not in ambiguous}, nan_ok=True
    )


DEGENERATE = {
    "silence": np.zeros((128, 13), np.bool_),
    "one note": roll(None, 5, None),
    "two notes": roll(5, 5),
    "all ones": np.ones((128, 13), np.bool_),
    "one step": np.ones((1, 1), np.bool_),
    "one silent step": np.zeros((1, 1), np.bool_),
    "no step": np.zeros((0, 13), np.bool_),
    "every key": np.eye(128, dtype=np.bool_),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_rolls_have_measures_and_no_warnings(name) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(DEGENERATE[name], KnownSongs.of(TUNES[:2]))
    assert list(found) == list(MEANINGS)
    assert all(isinstance(value, float) and not np.isinf(value) for value in found.values())


@few
@given(arrays(np.bool_, st.tuples(st.integers(1, 70), st.sampled_from([1, 13, 88]))))
def test_any_roll_has_measures_within_their_bounds(grid) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(grid, KnownSongs.of(TUNES[:2]))
    for name, value in found.items():
        unit = MEANINGS[name][0]
        assert not np.isinf(value)
        if unit == "share":
            assert isnan(value) or -1e-12 <= value <= 1 + 1e-12, name
        if unit == "bits":
            assert isnan(value) or value >= 0


def test_what_silence_is() -> None:
    found = measure(DEGENERATE["silence"])
    defined = {name: value for name, value in found.items() if not isnan(value)}
    assert defined == {
        "onset_density": 0, "distinct_keys": 0, "pitch_range": 0, "longest_repeat": 0,
        "longest_silence": 64, "bar_rhythms": 0, "distinct_phrases": 0,
    }  # fmt: skip


# --- ranges


def test_a_range_is_what_at_most_one_in_a_hundred_is_outside() -> None:
    assert Range.of([3.0, nan, 1.0, 2.0]) == (1, 2, 3)
    assert Range.of(np.arange(1001)) == (10, 500, 990)
    assert all(map(isnan, Range.of([nan])))


def test_what_a_range_holds() -> None:
    usual = Range(0.1 + 0.2, 0.5, 1.0)
    assert usual.holds(0.3)  # rounding is forgiven
    assert not usual.holds(0.29)
    assert not usual.holds(nan)
    assert Range(nan, nan, nan).holds(nan)
    assert not Range(nan, nan, nan).holds(1.0)


def test_noise_silence_and_ones_are_outside_the_usual_and_tunes_are_not() -> None:
    ranges = corpus_range(TUNES)
    known = KnownSongs.of(TUNES)
    noise = np.random.default_rng(1).random((128, 13)) < 0.07
    assert {"scale_consistency", "interval_entropy", "repeated_bars", "polyphony"} <= set(
        outside(measure(noise, known), ranges)
    )
    assert len(outside(measure(DEGENERATE["silence"], known), ranges)) > 20
    assert len(outside(measure(DEGENERATE["all ones"], known), ranges)) > 20
    assert outside(measure(TUNES[4]), ranges) == []


def test_a_song_and_its_duplicates_are_not_known_to_itself() -> None:
    moved = np.hstack([np.zeros((128, 2), np.bool_), TUNES[1].grid])
    songs = [*TUNES, moved]
    runs = [one["known_run"] for one in Corpus.of(songs).measures]
    assert runs[1] == runs[-1] == Corpus.of(TUNES).measures[1]["known_run"] == 5
    assert max(runs) < 10


def test_the_ranges_can_leave_a_family_out() -> None:
    corpus = Corpus.of([roll(*SCALE), roll(*SCALE[::-1]), roll(0, 4, 7, 0, 7, 0)])
    assert corpus.ranges()["distinct_keys"] == (3, 8, 8)
    assert corpus.ranges(without=2)["distinct_keys"] == (8, 8, 8)
    assert usual_songs(corpus) == 0


# --- the report


def printed(*arguments: str | None, width: int = 80) -> tuple[str, dict]:
    out = io.StringIO()
    document = report(arguments[0], Console(file=out, width=width), *arguments[1:])
    json.dumps(document, allow_nan=False)
    return out.getvalue(), document


def test_the_report_of_a_tune_fits_100_columns() -> None:
    text, document = printed("ode-to-joy")
    table = text.splitlines()[1:-2]
    assert len(table) == 1 + len(MEANINGS)
    assert max(map(len, table)) <= 100
    assert "…" not in text
    assert "form AABA" in text
    (song,) = document["songs"]
    assert song["nearest"] == {"name": "the-blue-bells-of-scotland", "tokens": 5}
    assert list(song["measures"]) == list(document["corpus"]["ranges"]) == list(MEANINGS)
    assert document["corpus"]["songs"] == len(TUNES)


def test_the_report_of_a_file_names_the_song_it_copies_and_marks_it(tmp_path) -> None:
    TUNES[1].transposed(0).save(tmp_path / "mine.mid")
    text, document = printed(str(tmp_path / "mine.mid"))
    assert document["songs"][0]["nearest"] == {"name": "ode-to-joy", "tokens": 61}
    assert "known_run" in document["songs"][0]["outside"]
    assert "above" in next(line for line in text.splitlines() if line.startswith("known run"))


def test_the_report_of_a_folder_skips_and_names_what_is_no_song(tmp_path) -> None:
    for song in TUNES[:3]:
        song.save(tmp_path / f"{song.name}.mid")
    wide = np.zeros((16, 88), np.bool_)
    wide[[0, 3, 8], [0, 87, 40]] = True
    Song(wide, lowest_note=21).save(tmp_path / "wide.mid")
    (tmp_path / "not[red].mid").write_bytes(b"no song")
    (tmp_path / "text.txt").write_text("no MIDI file")
    text, document = printed(str(tmp_path))
    assert "skipped not[red].mid: not a MIDI file" in text
    assert [one["file"] for one in document["unreadable"]] == ["not[red].mid"]
    assert [one["name"] for one in document["songs"]][-1] == "wide"
    assert document["folder"]["outside"]["pitch_range"] == 1
    assert document["folder"]["ranges"]["distinct_keys"]["high"] == 6
    assert document["folder"]["spread"]["folder"]["songs"] == 4
    assert max(map(len, text.splitlines()[2:-10])) <= 100


def test_a_folder_can_be_the_corpus_and_is_then_not_known_to_itself(tmp_path) -> None:
    for song in TUNES[:6]:
        song.save(tmp_path / f"{song.name}.mid")
    _, document = printed(str(tmp_path), str(tmp_path))
    assert document["corpus"]["songs"] == 6
    assert all(song["outside"] == [] for song in document["songs"])
    assert max(song["nearest"]["tokens"] for song in document["songs"]) < 10
    assert document["folder"]["spread"]["folder"] == document["folder"]["spread"]["corpus"]


def test_silence_cannot_be_read_and_a_single_note_can(tmp_path) -> None:
    Song(roll(None, 5)).save(tmp_path / "one.mid")
    _, document = printed(str(tmp_path / "one.mid"))
    assert document["songs"][0]["measures"]["mean_interval"] is None
    assert document["songs"][0]["nearest"] == {"name": None, "tokens": 0}


def test_what_cannot_be_measured_is_said_in_one_line(tmp_path) -> None:
    with pytest.raises(MidiError, match="no embedded tune"):
        printed("no-such-tune")
    with pytest.raises(MidiError, match="no song among its 0 MIDI files"):
        printed(str(tmp_path))
    with pytest.raises(MidiError):
        printed(str(tmp_path / "missing.mid"))


def test_every_measure_is_explained() -> None:
    assert len({one.name for one in MEASURES}) == len(MEASURES)
    assert all(one.unit and one.meaning and one.function.__doc__ for one in MEASURES)
