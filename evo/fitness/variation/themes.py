"""Melodies as programs take them: their notes, bars and keys."""

from dataclasses import replace

import numpy as np

from evo.music.melody import KEY_PROFILES, Bar, find_key, melody, read_notes
from evo.music.metre import Key, is_key
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray, IntArray, for_kernels
from genomes.kernels import kernel
from genomes.program.programs import Programs
from genomes.program.themes import Themes


@kernel
def _keys_of(grids: BoolArray, profiles: FloatArray) -> IntArray:
    """Return tonic and mode of rolls: int64 (2, n)."""
    found = np.zeros((2, len(grids)), np.int64)
    steps = grids.shape[1]
    step, key = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    fits = np.zeros((2, 12))
    for n in range(len(grids)):
        count = read_notes(grids[n], step, key)
        if count > 0:
            found[1, n], found[0, n] = find_key(step, key, count, steps, profiles, fits)
    return found


def melodies_of(rolls: BoolArray) -> BoolArray:
    """Return rolls with only the highest key of every step: bool (n, steps, keys)."""
    above = np.cumsum(rolls[:, :, ::-1], axis=2)[:, :, ::-1]
    highest: BoolArray = rolls & (above == 1)
    return highest


def themes_of(rolls: BoolArray, bar: Bar, lead: int = 0) -> Themes:
    """Return the melodies of rolls, with their keys.

    Args:
        rolls: Bool (n, steps, keys), onsets.
        bar: Their bar.
        lead: Steps before the first full bar.
    """
    melodies = for_kernels(melodies_of(rolls))
    tonic, minor = _keys_of(melodies, KEY_PROFILES)
    return Themes.of(melodies, tonic, minor, lead, bar.steps, bar.beat)


def theme_of_song(song: Song) -> Themes:
    """Return the melody of one song of any metre."""
    bar = Bar.of_song(song)
    return themes_of(song.onsets[None], bar, min(song.metre.first_bar, song.steps))


def has_chords(song: Song) -> bool:
    """Return whether a song has more notes than its melody."""
    return len(melody(song.onsets)[0]) < int(song.onsets.sum())


def varied_song(song: Song, roll: BoolArray, program: Programs, name: str) -> Song:
    """Return a variation as a song, in the parallel key if the program exchanges major and minor.

    Args:
        song: The theme.
        roll: Bool (steps, keys), the onsets of the variation.
        program: The program that made it, a batch of one.
        name: Name of the result.
    """
    varied = replace(song.played(roll), name=name)
    (instructions,) = program.instructions()
    if sum(of.operation == "mode" for of in instructions) % 2 == 0 or song.key is None:
        return varied
    fifths = song.key.fifths + (3 if song.key.minor else -3)
    if not is_key(fifths):
        fifths += 12 if fifths < 0 else -12
    return replace(varied, key=Key(fifths, not song.key.minor), key_changes=())
