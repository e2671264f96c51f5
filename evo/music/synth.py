"""Synthesise piano rolls as plucked strings, in NumPy.

A note is a sum of harmonics. Harmonic h starts at 1 / h^1.5 of the first, and higher harmonics
decay faster, as on a string. A short raised-cosine attack and release avoid clicks. A note sounds
until its release, and then fades within `RELEASE` seconds. The sum is scaled to a peak of `PEAK`,
so that chords do not clip. Nothing is random: the same song gives the same samples.

Sound is mono, `RATE` samples per second, float32 in -1..1. Files have 16-bit integers. Notebooks
store every sound in their text, so theirs is smaller: `notebook_bytes`.
"""

from __future__ import annotations

import importlib
import io
import wave
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, Protocol

import numpy as np

from evo.core.errors import InputError
from evo.core.user_files import AnyPath, user_file
from evo.music.mu_law import mu_law_wav
from genomes.arrays import FloatArray, Singles

__all__ = [
    "MAX_SECONDS",
    "RATE",
    "RELEASE",
    "notebook_bytes",
    "notebook_rate",
    "player",
    "render",
    "wav_bytes",
    "write_wav",
]

RATE = 44_100  # samples per second; the highest MIDI note is at 12.5 kHz
NOTEBOOK_RATE = 8_000  # the least that every browser plays
HIGHEST = 0.45  # highest frequency as a share of the rate; above it a tone would alias
PEAK = 0.89  # a decibel below full scale
ATTACK = 0.005  # seconds
RELEASE = 0.12  # seconds
DECAY = 1.5  # seconds until the first harmonic falls to 1/e
HARMONICS = 6
MAX_NOTE_SECONDS = 12.0  # by then the decay is past -69 decibels
MAX_SECONDS = 1200.0  # a song of 20 minutes takes 212 MB as float32
BLOCK = 1 << 18  # samples converted to 16 bits at a time


class Score(Protocol):
    """The part of a song that this module needs."""

    @property
    def duration(self) -> float:
        """Length in seconds."""

    def seconds(self) -> FloatArray:
        """Return the time of every step and of the end, in seconds."""

    def notes(self) -> list[tuple[int, int, int]]:
        """Return the notes as (first step, step of the release, MIDI note)."""


def render(song: Score, rate: int = RATE) -> Singles:
    """Render a song as samples.

    Args:
        song: the song.
        rate: samples per second; harmonics that it cannot hold are left out.

    Returns:
        float32 array of (duration + RELEASE) seconds, in -PEAK..PEAK; zeros for a silent song.

    Raises:
        InputError: if the song is longer than `MAX_SECONDS`.
    """
    if song.duration > MAX_SECONDS:
        raise InputError(
            f"song: expected at most {MAX_SECONDS:.0f} seconds of sound, got {song.duration:.0f}"
        )
    release = round(RELEASE * rate)
    starts = np.rint(song.seconds() * rate).astype(np.int64)  # of every step, in samples
    samples = np.zeros(int(starts[-1]) + release, dtype=np.float32)
    fade = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, release), dtype=np.float32)

    # One tone per key, as long as the longest note of that key.
    by_key = sorted(song.notes(), key=itemgetter(2))
    for note, group in groupby(by_key, key=itemgetter(2)):
        longest = round(MAX_NOTE_SECONDS * rate)
        spans = [
            (int(starts[on]), min(int(starts[off] - starts[on]), longest)) for on, off, _ in group
        ]
        tone = _tone(note, max(length for _, length in spans) + release, rate)
        for start, length in spans:
            end = start + length
            samples[start:end] += tone[:length]
            samples[end : end + release] += tone[length : length + release] * fade

    peak = float(np.max(np.abs(samples)))
    if peak > 0.0:
        samples *= np.float32(PEAK / peak)
    return samples


def wav_bytes(song: Score) -> bytes:
    """Encode the song as a WAV file: mono, 16 bits, `RATE` samples per second.

    Raises:
        InputError: if the song is longer than `MAX_SECONDS`.
    """
    buffer = io.BytesIO()
    _write(render(song), buffer)
    return buffer.getvalue()


def notebook_rate(song: Score) -> int:
    """Return the samples per second of a song in a notebook.

    It is `NOTEBOOK_RATE`, or more if the highest note needs it.
    """
    highest = max((note for _, _, note in song.notes()), default=0)
    return max(NOTEBOOK_RATE, int(_frequency(highest) / HIGHEST) + 1)


def notebook_bytes(song: Score) -> bytes:
    """Encode the song as a small WAV file: mono, 8 bits in mu-law, `notebook_rate`.

    It has a tenth of the bytes of `wav_bytes`, and lacks the harmonics above 3.6 kHz.

    Raises:
        InputError: if the song is longer than `MAX_SECONDS`.
    """
    rate = notebook_rate(song)
    return mu_law_wav(render(song, rate), rate)


def write_wav(song: Score, path: AnyPath) -> None:
    """Write the song as a WAV file.

    Args:
        song: the song.
        path: destination.

    Raises:
        InputError: if the song is longer than `MAX_SECONDS`, or the file cannot be written.
    """
    samples = render(song)
    with user_file(path, "cannot be written"), open(path, "wb") as file:
        _write(samples, file)


def player(song: Score) -> Any:
    """Return an `IPython.display.Audio` of `notebook_bytes`.

    Without IPython it is `wav_bytes`: these are for a file, where full quality costs nothing.
    """
    try:
        display = importlib.import_module("IPython.display")
    except ImportError:
        return wav_bytes(song)
    return display.Audio(data=notebook_bytes(song))


def _write(samples: Singles, file: BinaryIO) -> None:
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.setnframes(len(samples))
        for start in range(0, len(samples), BLOCK):
            block = np.rint(samples[start : start + BLOCK] * np.float32(32767.0))
            sound.writeframesraw(block.astype("<i2").tobytes())


def _frequency(note: int) -> float:
    """Return the frequency of a MIDI note in Hz."""
    frequency: float = 440.0 * 2.0 ** ((note - 69) / 12)
    return frequency


def _tone(note: int, length: int, rate: int) -> Singles:
    """Synthesise `length` samples of a plucked string at a MIDI note, float32."""
    frequency = _frequency(note)
    time = np.arange(length) / rate
    tone = np.zeros(length)
    for harmonic in range(1, HARMONICS + 1):
        if harmonic * frequency >= HIGHEST * rate:
            break  # above this it would alias to a false lower tone
        envelope = np.exp(time * (-harmonic / DECAY)) / harmonic**1.5
        tone += envelope * np.sin(2.0 * np.pi * harmonic * frequency * time)
    attack = min(length, round(ATTACK * rate))
    tone[:attack] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
    return tone.astype(np.float32)
