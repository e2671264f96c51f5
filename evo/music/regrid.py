"""Put songs on a finer or wider grid, so that several songs share one."""

from dataclasses import replace

import numpy as np

from evo.music.midi.reading import MAX_STEPS, lowest_note_for
from evo.music.song import Song
from genomes.arrays import BoolArray


def regridded(song: Song, keys: int, steps_per_beat: int) -> Song:
    """Return the same music with more keys and more steps per beat.

    Args:
        song: The song.
        keys: Number of keys, at least the song's.
        steps_per_beat: Resolution, a multiple of the song's.

    Raises:
        ValueError: If the song does not fit, or would be too long.
    """
    finer, rest = divmod(steps_per_beat, song.steps_per_beat)
    if rest or keys < song.keys or song.steps * finer > MAX_STEPS:
        raise ValueError(
            f"a song of {song.keys} keys, {song.steps} steps and {song.steps_per_beat} steps per "
            f"beat does not fit {keys} keys and {steps_per_beat} steps per beat"
        )
    lowest = lowest_note_for(song.lowest_note, song.lowest_note + song.keys - 1, keys)
    left = song.lowest_note - lowest
    onsets = np.zeros((song.steps * finer, keys), np.bool_)
    onsets[::finer, left : left + song.keys] = song.onsets
    sounding: BoolArray = np.zeros_like(onsets)
    sounding[:, left : left + song.keys] = np.repeat(song.sounding, finer, axis=0)
    metre = replace(
        song.metre,
        first_bar=song.metre.first_bar * finer,
        changes=tuple((step * finer, beats, unit) for step, beats, unit in song.metre.changes),
    )
    return replace(
        song,
        onsets=onsets,
        sounding=sounding,
        lowest_note=lowest,
        steps_per_beat=steps_per_beat,
        metre=metre,
        tempo_changes=tuple((step * finer, tempo) for step, tempo in song.tempo_changes),
        key_changes=tuple((step * finer, key) for step, key in song.key_changes),
    )
