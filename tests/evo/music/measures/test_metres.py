"""Measures in other metres than 4/4, with pickups, and at several resolutions."""

import numpy as np
import pytest

from evo.music.measures.bars import form, rhythms_of
from evo.music.measures.corpus import MIN_ALIKE, Corpus, measure, metre_of
from evo.music.measures.similarity import KnownSongs, families, shared, spread
from evo.music.metre import Metre
from evo.music.song import Song
from genomes.arrays import BoolArray


def song(
    notes: list[tuple[int, int]], steps: int, metre: Metre, steps_per_beat: int = 2, name: str = ""
) -> Song:
    """Return a song of notes (step, key) on 24 keys."""
    grid = np.zeros((steps, 24), np.bool_)
    for step, key in notes:
        grid[step, key] = True
    return Song(grid, 60, steps_per_beat, metre=metre, name=name)


def finer(one: Song, factor: int) -> Song:
    """Return the same song on a finer grid."""
    grid = np.zeros((one.steps * factor, one.keys), np.bool_)
    grid[::factor] = one.onsets
    metre = Metre(one.metre.beats, one.metre.unit, one.metre.first_bar * factor)
    return Song(grid, one.lowest_note, one.steps_per_beat * factor, metre=metre, name=one.name)


def tune(seed: int, metre: Metre, bar: int) -> Song:
    """Return 16 bars AABA of random notes, with a first note in every bar."""
    random = np.random.default_rng(seed)
    parts: list[BoolArray] = []
    for _ in range(2):
        part = np.zeros((4 * bar, 24), np.bool_)
        for step in range(0, 4 * bar):
            if step % bar == 0 or random.random() < 0.5:
                part[step, random.integers(24)] = True
        parts.append(part)
    a, b = parts
    rest = np.zeros((metre.first_bar, 24), np.bool_)
    return Song(np.concatenate([rest, a, a, b, a]), metre=metre, name=f"tune {seed}")


WALTZ, JIG = Metre(3, 4), Metre(6, 8)
EIGHTHS = [(step, step % 5) for step in range(48)]


def test_strong_beats_and_beats_are_those_of_the_metre() -> None:
    waltz, jig = (measure(song(EIGHTHS, 48, metre)) for metre in (WALTZ, JIG))
    assert waltz["on_strong_beats"] == jig["on_strong_beats"] == pytest.approx(1 / 6)
    assert waltz["off_beat"] == pytest.approx(1 / 2)
    assert jig["off_beat"] == pytest.approx(2 / 3)
    assert waltz["shortest_wait"] == 1 / 2
    assert jig["shortest_wait"] == pytest.approx(1 / 3)


def test_a_pickup_moves_no_beat_and_no_phrase() -> None:
    late = Metre(3, 4, 2)
    plain = [(bar * 6, bar % 4) for bar in range(16)]
    with_pickup = song([(0, 9), *((step + 2, key) for step, key in plain)], 98, late)
    measures = measure(with_pickup)
    assert measures["on_strong_beats"] == pytest.approx(16 / 17)
    assert measures["bar_rhythms"] == 2  # that of the pickup, and one
    assert len(rhythms_of(with_pickup)) == 2
    assert form(tune(1, Metre(3, 4), 6)) == "AABA"
    assert form(tune(1, Metre(3, 4, 3), 6)) == "AABA"
    assert measure(tune(1, Metre(3, 4, 3), 6))["phrase_similarity"] == pytest.approx(
        measure(tune(1, Metre(3, 4), 6))["phrase_similarity"]
    )


@pytest.mark.parametrize("factor", [2, 3])
def test_a_finer_grid_changes_no_measure(factor: int) -> None:
    for metre, bar in ((WALTZ, 6), (JIG, 6), (Metre(), 8), (Metre(9, 8, 3), 9)):
        one = tune(3, metre, bar)
        known = KnownSongs.of([tune(4, metre, bar), finer(tune(3, metre, bar), 2)])
        coarse, fine = measure(one, known), measure(finer(one, factor), known)
        assert fine == pytest.approx(coarse, nan_ok=True)
        assert coarse["known_share"] == 1


def test_songs_of_other_resolutions_are_the_same_tune() -> None:
    one, other = tune(5, WALTZ, 6), tune(6, WALTZ, 6)
    songs = [one, finer(one, 3), other, finer(other, 2)]
    assert families(songs).tolist() == [0, 0, 1, 1]
    assert shared(one, finer(one, 2)).share == 1
    assert spread(songs)["bar_rhythms"] == spread([one, other])["bar_rhythms"]
    assert spread(songs)["families"] == 2


def test_songs_are_compared_with_those_of_their_metre_if_there_are_enough() -> None:
    waltzes = [tune(seed, WALTZ, 6) for seed in range(MIN_ALIKE)]
    jigs = [tune(20 + seed, JIG, 6) for seed in range(MIN_ALIKE - 1)]
    corpus = Corpus.of([*waltzes, *jigs])
    waltz, jig = metre_of(waltzes[0]), metre_of(jigs[0])
    assert waltz != jig
    assert corpus.alike(metre=waltz) == list(range(MIN_ALIKE))
    assert len(corpus.alike(metre=jig)) == len(corpus.measures)  # too few
    assert len(corpus.alike(without=0, metre=waltz)) == len(corpus.measures) - 1
    assert corpus.ranges(metre=waltz)["off_beat"] != corpus.ranges()["off_beat"]
    assert metre_of(Song(np.zeros((8, 1), np.bool_), metre=Metre(2, 2))) == metre_of(
        np.zeros((8, 1), np.bool_)
    )
