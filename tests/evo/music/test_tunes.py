"""The embedded tune book: every tune fits the simplified instrument and can be learned."""

import re

import numpy as np
import pytest

from evo.music.abc import read_tunes
from evo.music.tunes import book_text

TEXT = book_text()
TUNES = read_tunes(TEXT)

STEPS = 128
KEYS = 13
PROMPT = 8  # steps given to a performer before it plays on its own

each_tune = pytest.mark.parametrize("tune", TUNES, ids=[tune.title for tune in TUNES])


def lowest(tune):
    return min(note.pitch for note in tune.notes)


def ambiguous_steps(tune, window):
    """Return pairs of steps with equal last `window` rows and different continuations."""
    grid = np.zeros((window + STEPS, KEYS), np.bool_)
    for note in tune.notes:
        grid[window + note.onset, note.pitch - lowest(tune)] = True
    first_with: dict[bytes, int] = {}
    pairs = []
    for step in range(PROMPT, STEPS):
        earlier = first_with.setdefault(grid[step : step + window].tobytes(), step)
        if (grid[window + earlier] != grid[window + step]).any():
            pairs.append((earlier, step))
    return pairs


def test_the_book_holds_at_least_40_tunes_numbered_in_order() -> None:
    assert len(TUNES) >= 40
    assert [tune.number for tune in TUNES] == list(range(1, len(TUNES) + 1))


def test_titles_are_distinct() -> None:
    assert len({tune.title for tune in TUNES}) == len(TUNES)


def test_melodies_are_distinct_even_when_transposed() -> None:
    shapes = {
        tuple((note.onset, note.pitch - lowest(tune)) for note in tune.notes): tune.title
        for tune in TUNES
    }
    assert len(shapes) == len(TUNES)


def test_the_unit_note_is_an_eighth_throughout() -> None:
    assert set(re.findall(r"^L:(.*)$", TEXT, re.MULTILINE)) == {"1/8"}


@each_tune
def test_a_tune_says_where_it_comes_from_and_why_it_is_free(tune) -> None:
    assert tune.title
    assert tune.origin
    assert tune.public_domain
    assert tune.composer == "trad." or re.search(r"\(.*1[5-9]\d\d\)$", tune.composer)


@each_tune
def test_every_year_of_death_is_before_1926(tune) -> None:
    deaths = re.findall(r"died in (\d{4})", tune.public_domain)
    deaths += re.findall(r"-(\d{4})\)", tune.composer)
    assert all(int(year) < 1926 for year in deaths)
    assert deaths or tune.composer == "trad."


@each_tune
def test_a_tune_is_in_duple_or_common_time_at_a_singable_tempo(tune) -> None:
    assert tune.metre in {(4, 4), (2, 4)}
    assert 60 <= tune.tempo <= 200


@each_tune
def test_a_tune_lasts_128_eighths_and_nothing_sounds_past_them(tune) -> None:
    assert tune.length == STEPS
    assert max(note.onset + note.length for note in tune.notes) <= STEPS


@each_tune
def test_a_tune_is_one_voice_from_the_first_step(tune) -> None:
    assert tune.notes[0].onset == 0
    for note, following in zip(tune.notes, tune.notes[1:], strict=False):
        assert note.onset + note.length <= following.onset


@each_tune
def test_a_tune_lies_within_13_keys(tune) -> None:
    assert max(note.pitch for note in tune.notes) - lowest(tune) < KEYS


@each_tune
def test_the_last_64_steps_decide_what_comes_next(tune) -> None:
    assert ambiguous_steps(tune, 64) == []


def test_the_measure_of_ambiguity_finds_one() -> None:
    # Twinkle begins with its first line twice: after one line of 32 steps either may follow.
    assert (32, 64) in ambiguous_steps(TUNES[0], 32)
