"""Spell pitches in a key: letter, alteration and octave.

On the line of fifths (... Bb F C G D ...) a key of n sharps spells the twelve pitch classes from
n - 3 to n + 8: in C from Eb to G#. That is the usual spelling of chromatic notes in major, and of
the leading notes in minor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evo.music.abc.fields import CIRCLE, SEMITONES  # letters by fifths, F is -1
from evo.music.melody import KEY_PROFILES
from evo.music.metre import Key
from evo.music.song import Song


class Spelled(NamedTuple):
    """A written note: letter, alteration in semitones, and octave (middle C begins octave 4)."""

    letter: str
    alter: int
    octave: int


def spell(pitch: int, key: Key) -> Spelled:
    """Return the spelling of a MIDI pitch in a key."""
    fifths = 7 * pitch % 12  # of the pitch class, up to octaves of the line
    lowest = key.fifths - 3
    fifths = lowest + (fifths - lowest) % 12
    alter, index = divmod(fifths + 1, 7)
    letter = CIRCLE[index]
    return Spelled(letter, alter, (pitch - alter - SEMITONES[letter]) // 12 - 1)


def alterations(key: Key) -> dict[str, int]:
    """Return the alteration of every letter by the key signature."""
    return {letter: (key.fifths - index - 1 + 7) // 7 for index, letter in enumerate(CIRCLE)}


def key_of(song: Song) -> Key:
    """Return the song's key, or else the one whose profile fits its notes best."""
    if song.key is not None:
        return song.key
    weights = np.zeros(12)
    for first, release, pitch in song.notes():
        weights[pitch % 12] += release - first
    if weights.max() == weights.min():
        return Key(0)
    fits = [
        (float(np.corrcoef(weights, np.roll(profile, tonic))[0, 1]), -minor, -tonic)
        for minor, profile in enumerate(KEY_PROFILES)
        for tonic in range(12)
    ]
    _, minor, tonic = max(fits)
    relative_major = -tonic + 9 * minor  # minor is -1: 3 semitones up, modulo 12
    fifths = (7 * relative_major + 5) % 12 - 5
    return Key(fifths, bool(minor))
