"""The report of a run: pieces together, against the songs of their critics."""

import numpy as np
import pytest

from evo.fitness.critic.report import TELLING, against_songs, pieces_table, thirds
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

TUNES = [tune(name) for name in tune_names()[:12]]


def test_songs_are_within_their_own_quartiles() -> None:
    compared = against_songs(TUNES, TUNES)
    assert set(compared) == set(TELLING)
    for mean, low, high in compared.values():
        assert mean is not None
        assert low is not None
        assert high is not None
        assert low <= high
    mean, low, high = compared["ends_on_tonic"]
    assert mean == low == high


def test_silence_has_no_measures_but_a_table() -> None:
    silence = Song(np.zeros((128, 13), np.bool_))
    compared = against_songs([silence], [silence])
    assert compared["thirds"] == [None, None, None]
    together = {
        "pieces": 1, "pieces_above_quarter": 0, "pieces_usual": 0, "songs_usual_share": 1.0,
        "fresh_classifier_auc": None, "fresh_classifier_auc_of_songs": None,
        "pairs_sharing_a_bar": 0.25, "pairs_sharing_two_bars": 0.0,
        "songs_sharing_a_bar": 0.03, "songs_sharing_two_bars": 0.01,
    }  # fmt: skip
    table = pieces_table([], together, compared | {"leaps": [0.1, 0.2, 0.4]})
    assert "25.0% of the pairs of pieces share a bar, and 0.0% a pattern of two bars" in table
    assert "0.20 to 0.40" in table
    assert "thirds" not in table


def test_thirds_are_moves_by_three_or_four_semitones() -> None:
    grid = np.zeros((8, 13), np.bool_)
    grid[range(5), [0, 4, 7, 7, 12]] = True
    assert thirds(Song(grid)) == pytest.approx(0.5)
    assert np.isnan(thirds(Song(grid[:1])))
