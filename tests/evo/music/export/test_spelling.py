"""The spelling of songs whose key is not known."""

import numpy as np

from evo.music.export.spelling import key_of
from evo.music.melody import best_key
from evo.music.tunes import tune, tune_names


def test_tunes_are_spelled_in_their_own_keys_major_and_minor() -> None:
    found = {}
    for name in tune_names():
        song = tune(name)
        weights = np.zeros(12)
        for first, release, pitch in song.notes():
            weights[pitch % 12] += release - first
        key = found[name] = key_of(song)
        assert (7 * key.fifths + 9 * key.minor) % 12 == best_key(weights)[0], name
    assert found["vo-pole-bereza-stoyala"].words == "D minor"
    assert {key.minor for key in found.values()} == {False, True}
