"""The tone of one key of a piano, as a sum of decaying sines.

A string is stiff, so its partials are a little higher than multiples of the first: partial n is at
n f sqrt(1 + B n^2), with B from Rauhala and Valimaki (2006). The hammer strikes at an eighth of the
length, and the faster it is, the more high partials there are. Higher partials decay faster, and
lower notes longer. A key has several strings, which are not quite in tune, so each partial is two
sines: a strong one that decays fast, and a weak one beside it that rings on. The knock of the
hammer is a few low sines of 20 ms.

A sine that decays is the real part of a power z^t. With t = b B + j, powers of a block's start
times powers within a block, the sum over all partials is a product of two matrices. Each product is
small enough that the BLAS does not divide it among threads, so its last bits depend on nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evo.music.sound.loudness import weighting
from genomes.arrays import FloatArray, Singles

HIGHEST = 0.45  # highest frequency as a share of the rate; above it a tone would alias
MAX_NOTE_SECONDS = 12.0
LEVELS = 4  # of velocity; within a level, tones differ in loudness only
_MOST = 60  # partials of a note
_TOP = 9_000.0  # Hz; partials above are not heard
_BLOCK, _ROWS = 128, 8  # of a product
_ATTACK = 0.003  # seconds
_KNOCK = np.array([118.0, 167.0, 241.0, 326.0, 437.0, 571.0])  # Hz
_UNIT = 0.25  # seconds, in which lengths of kept tones are counted
_KEPT, _MEMORY = 4.0, 100  # seconds of the longest tone that is kept; number of kept tones: 70 MB


def frequency(note: int) -> float:
    """Return the frequency of a MIDI note in Hz."""
    found: float = 440.0 * 2.0 ** ((note - 69) / 12)
    return found


def level_of(velocity: float) -> int:
    """Return the level of a velocity in 0..1, from 1 to `LEVELS`."""
    return min(max(round(velocity * LEVELS), 1), LEVELS)


def forget() -> None:
    """Forget the tones that are kept, as in a new process."""
    _tone.cache_clear()


def strength(velocity: float, level: int) -> float:
    """Return by what the tone of a level is multiplied for a velocity.

    Args:
        velocity: How hard the key is struck, in 0..1.
        level: The level of this velocity.
    """
    return float((velocity * LEVELS / level) ** 1.3)


def tone(note: int, level: int, length: int, rate: int) -> Singles:
    """Return the sound of a key that is held.

    Args:
        note: MIDI note.
        level: How hard the key is struck, from 1 to `LEVELS`.
        length: Samples, at most `MAX_NOTE_SECONDS`.
        rate: Samples per second.

    Returns:
        Float32 (length or more,), read-only: others may use it, too.
    """
    unit = round(_UNIT * rate)
    units = -(-length // unit)
    make = _tone if units * _UNIT <= _KEPT else _tone.__wrapped__
    return make(note, level, units * unit, rate)


@lru_cache(_MEMORY)
def _tone(note: int, level: int, length: int, rate: int) -> Singles:
    frequencies, amplitudes, decays = _sines(note, level / LEVELS, rate)
    poles = (2j * np.pi * frequencies - decays) / rate
    rows = -(-length // (_BLOCK * _ROWS)) * _ROWS
    starts = np.exp(poles * (np.arange(rows) * _BLOCK)[:, None])
    within = amplitudes * np.exp(poles * np.arange(_BLOCK)[:, None])
    # The imaginary part: sines, which begin at 0 as a struck string does.
    left = (
        np.hstack([starts.real, starts.imag]).astype(np.float32).reshape(-1, _ROWS, 2 * len(poles))
    )
    right = np.hstack([within.imag, within.real]).astype(np.float32).T
    samples: Singles = np.matmul(left, np.ascontiguousarray(right)).reshape(-1)[:length]
    attack = min(length, round(_ATTACK * rate))
    samples[:attack] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)).astype(np.float32)
    samples.flags.writeable = False
    return samples


def _sines(note: int, velocity: float, rate: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return frequencies in Hz, amplitudes, and decays per second of the sines of a tone."""
    first = frequency(note)
    stiffness = np.exp(-0.0847 * note - 5.82) + np.exp(0.0926 * note - 13.64)
    numbers = np.arange(1, _MOST + 1, dtype=np.float64)
    partials = numbers * first * np.sqrt((1 + stiffness * numbers**2) / (1 + stiffness))
    kept = partials < min(HIGHEST * rate, _TOP)
    kept[0] = True
    numbers, partials = numbers[kept], partials[kept]

    # A hammer strikes at an eighth, and is softer the slower it is.
    struck = 0.25 + 0.75 * np.abs(np.sin(np.pi * numbers / 8)) / np.sin(np.pi / 8)
    bright = (600.0 + 3000.0 * velocity) * 2 ** ((note - 60) / 70)
    amplitudes = struck * numbers**-0.9 * np.exp(-(partials - partials[0]) / bright)
    # In decibels a second.
    slowest = 6.4 + 0.16 * 2 ** ((note - 21) / 12)
    falls = (
        slowest * (1 + 0.10 * (numbers - 1))
        + 3.0 * (partials / 1000) ** 1.3
        - 3.0 * (partials[0] / 1000) ** 1.3
    )
    decays = falls * np.log(10) / 20
    beating = np.minimum(0.05 + 0.0003 * partials, 0.3)  # Hz
    frequencies = np.concatenate([partials, partials + beating])
    amplitudes = np.concatenate([0.8 * amplitudes, 0.2 * amplitudes])
    decays = np.concatenate([1.3 * decays, 0.6 * decays])
    # Every key of one velocity is about as loud.
    power = np.sum((amplitudes * weighting(frequencies, rate)) ** 2)
    amplitudes *= velocity**1.3 / np.sqrt(power)
    knock = _KNOCK * 2 ** ((note - 60) / 60)
    strength = 0.05 * velocity**2 * np.ones(len(knock))
    return (
        np.concatenate([frequencies, knock]),
        np.concatenate([amplitudes, strength]),
        np.concatenate([decays, np.full(len(knock), 50.0)]),
    )
