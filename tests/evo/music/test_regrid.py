"""Songs on a finer or wider grid are the same music."""

import numpy as np
import pytest

from evo.music.metre import Key, Metre
from evo.music.regrid import regridded
from evo.music.song import Song

SONG = Song(
    np.eye(4, dtype=np.bool_),
    67,
    2,
    90.0,
    metre=Metre(3, 4, 2, ((3, 2, 4),)),
    tempo_changes=((1, 60.0),),
    key_changes=((2, Key(1)),),
)


def test_a_finer_and_wider_grid_sounds_the_same() -> None:
    fine = regridded(SONG, 13, 6)
    assert [(on / 3, off / 3, pitch) for on, off, pitch in fine.notes()] == SONG.notes()
    assert (fine.keys, fine.lowest_note, fine.steps) == (13, 60, 12)
    assert fine.metre == Metre(3, 4, 6, ((9, 2, 4),))
    assert fine.duration == pytest.approx(SONG.duration)
    assert fine.key_changes == ((6, Key(1)),)
    assert regridded(SONG, 4, 2) == SONG


@pytest.mark.parametrize(("keys", "steps_per_beat"), [(3, 2), (4, 3)])
def test_a_grid_that_loses_notes_is_refused(keys: int, steps_per_beat: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        regridded(SONG, keys, steps_per_beat)
