"""All tones of a performance together: left to right, in a room.

A tone lasts until its release, and then fades as the damper falls. If its key is struck again
before, it fades within `RESTRIKE`, nearly all of it before the stroke, so that a repeated note
neither doubles nor cancels the one before. Low notes are a little to the left, high ones to the
right.

The room is one impulse response for each side: some reflections, and a tail that loses its high
frequencies first. Its taps are spread by multiples of the golden ratio instead of random numbers.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evo.music.sound.convolution import Response, convolve
from evo.music.sound.performance import Performance
from evo.music.sound.piano import MAX_NOTE_SECONDS, level_of, strength, tone
from genomes.arrays import FloatArray, IntArray, Singles

RELEASE = 0.18  # seconds
RESTRIKE = 0.02  # seconds
_OVERLAP = 0.004  # seconds of it after the stroke
ROOM = 0.7  # seconds
TAIL = RELEASE + ROOM  # seconds of sound after the end of a song
_WIDTH = 0.35  # how far the outermost keys are from the middle, of 1
_WET = 0.07  # power of the room, relative to the direct sound
_GOLDEN = 0.6180339887498949


def mixed(performance: Performance, rate: int, channels: int) -> Singles:
    """Return a performance on the piano.

    Args:
        performance: The notes.
        rate: Samples per second.
        channels: 1 or 2.

    Returns:
        Float32 (samples, channels) of (duration + TAIL) seconds, of any loudness.
    """
    samples = np.zeros((channels, round((performance.duration + TAIL) * rate) + 1), np.float32)
    starts = np.rint(performance.starts * rate).astype(np.int64)
    ends = np.rint(performance.ends * rate).astype(np.int64)
    notes, velocities = performance.notes, performance.velocities
    until = _struck_again(starts, notes, samples.shape[1])
    release, restrike, overlap = (round(time * rate) for time in (RELEASE, RESTRIKE, _OVERLAP))
    silent = np.minimum(ends + release, until + overlap)
    lengths = np.minimum(silent - starts, round(MAX_NOTE_SECONDS * rate))
    fades = np.minimum(lengths, np.where(silent == ends + release, release, restrike))
    levels = [level_of(velocity) for velocity in velocities.tolist()]
    keys = list(zip(notes.tolist(), levels, strict=True))
    longest: dict[tuple[int, int], int] = {}
    for key, length in zip(keys, lengths.tolist(), strict=True):
        longest[key] = max(longest.get(key, 0), length)
    tones = {key: tone(*key, length, rate) for key, length in longest.items()}
    for key, velocity, start, length, fade in zip(
        keys, velocities.tolist(), starts.tolist(), lengths.tolist(), fades.tolist(), strict=True
    ):
        wave = tones[key][:length] * np.float32(strength(velocity, key[1]))
        wave[length - fade :] *= _fade(fade)
        for channel, gain in zip(samples, _gains(key[0], channels), strict=True):
            channel[start : start + length] += wave * gain
    _add_room(samples, rate)
    return samples.T


def _struck_again(starts: IntArray, notes: IntArray, never: int) -> IntArray:
    """Return when the key of each note is struck next, in samples."""
    following: dict[int, int] = {}
    found = []
    for start, note in zip(reversed(starts.tolist()), reversed(notes.tolist()), strict=True):
        found.append(following.get(note, never))
        following[note] = start
    return np.array(found[::-1], np.int64)


@lru_cache(8)
def _fade(length: int) -> Singles:
    return (0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, length))).astype(np.float32)


def _gains(note: int, channels: int) -> list[np.float32]:
    """Return the gain of a note on each side; their powers add up to 1."""
    if channels == 1:
        return [np.float32(1.0)]
    angle = (1 + _WIDTH * np.clip((note - 64) / 44, -1, 1)) * np.pi / 4
    return [np.float32(np.cos(angle)), np.float32(np.sin(angle))]


def _add_room(samples: Singles, rate: int) -> None:
    """Add the room to every channel, in place. It is fed by their mean."""
    direct = samples.mean(axis=0)
    for side, channel in enumerate(samples):
        for start, found in convolve(direct, _room(side, rate)):
            channel[start : start + len(found)] += found


@lru_cache(8)
def _room(side: int, rate: int) -> Response:
    """Return the response of the room on one side, without the direct sound."""
    length = round(ROOM * rate)
    taps = np.arange(int(ROOM * 1500))
    spread = (taps + (taps * _GOLDEN + 0.37 * side) % 1) / 1500
    times = np.minimum(np.rint((spread + 0.009) * rate).astype(np.int64), length - 1)
    signs = np.where((taps * taps * _GOLDEN + 0.21 * side) % 1 < 0.5, -1.0, 1.0)
    response = np.zeros(length)
    np.add.at(response, times, signs * 10 ** (-3 * spread / ROOM))
    response *= 0.5 + 0.5 * np.cos(np.pi * np.arange(length) / length)
    response = _dulled(response, rate)
    power: float = np.sum(response**2)
    return Response(response * np.sqrt(_WET / power))


def _dulled(response: FloatArray, rate: int) -> FloatArray:
    """Return a response without very low frequencies, its end without high ones."""
    frequencies = np.fft.rfftfreq(len(response), 1 / rate)
    spectrum = np.fft.rfft(response) * frequencies / np.hypot(frequencies, 150.0)
    bright = np.fft.irfft(spectrum / np.hypot(1, frequencies / 5000), len(response))
    dull = np.fft.irfft(spectrum / np.hypot(1, frequencies / 1200), len(response))
    share = np.linspace(0, 1, len(response)) ** 0.5
    mixed: FloatArray = bright * (1 - share) + dull * share
    mixed[-64:] *= np.linspace(1, 0, 64)
    return mixed
