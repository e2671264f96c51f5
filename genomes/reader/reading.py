"""Kernels that read by content: the probabilities of songs from their true past.

With the weights theta and the features phi,

    p(next = x)  is proportional to  sum over s of exp(theta . phi(t, s)) [x was played at s]
                                     + exp(theta of the prior) * prior(x)

where s are the steps before t within reach.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import FloatArray, Indices, Singles
from genomes.kernels import device, kernel
from genomes.reader.counts import padded
from genomes.reader.pairs import Bytes, Shorts
from genomes.reader.player import IN_CONTEXT, Layout
from genomes.reader.weighing import (
    Factors,
    expect,
    exponents_of,
    factors_of,
    join_prior,
    moved_key,
)

_MARGIN, _TINY = 1e-6, 1e-30


class Song(NamedTuple):
    """What is known of a song before any weight: all readers of a batch share it.

    Attributes:
        symbols: Int64 (steps,).
        codes: Int16 (steps, reach); see `compare_steps`.
        moved: Uint8, of the same shape or empty.
        intervals: Int16, of the same shape or empty.
        rows: Float64 (symbols, outputs), the share of each output in a symbol; empty for a melody.
        expected: Float64 (steps or 1, outputs), the prior without weights.
        logarithms: Float32 (steps or 1, CONTEXTS * padded outputs); see `write_logarithms`.
        evidence: Int64 (steps or 1, CONTEXTS).
    """

    symbols: Indices
    codes: Shorts
    moved: Bytes
    intervals: Shorts
    rows: FloatArray
    expected: FloatArray
    logarithms: Singles
    evidence: Indices


@device
def _sum_song(layout: Layout, factors: Factors, song: Song, step: int, sums: FloatArray) -> float:
    """Write the weights of all steps before one, by symbol, and return their sum."""
    sums[:] = 0.0
    reach, codes = min(step, layout.reach), song.codes[step]
    for distance in range(1, reach + 1):
        weight = factors.pair[codes[distance - 1]] * factors.distance[distance]
        sums[song.symbols[step - distance]] += weight
    if layout.transposed:
        for distance in range(1, reach + 1):
            moved = song.moved[step, distance - 1]
            if moved > 0:
                key = moved_key(
                    layout, song.symbols[step - distance], song.intervals[step, distance - 1]
                )
                weight = factors.moved[moved] * factors.distance[distance]
                sums[max(key, 0)] += weight if key >= 0 else 0.0
    total = 0.0
    for weight in sums:
        total += weight
    return total


@kernel
def song_chances(layout: Layout, weights: Singles, song: Song, chances: Singles) -> None:
    """Write the probabilities of every step of a song.

    Args:
        layout: What is read.
        weights: Float32 (n, weights).
        song: The song.
        chances: Float32 (n, steps, outputs), written to.
    """
    n, steps, outputs = chances.shape
    size = outputs if layout.melody else len(song.rows)
    sums, read, expected = np.empty(size), np.empty(outputs), np.empty(padded(outputs), np.float32)
    fixed = layout.prior != IN_CONTEXT or not layout.melody
    for i in range(n):
        own, exponents = weights[i], exponents_of(layout, weights[i])
        factors = factors_of(layout, own, 1.0, min(layout.reach, max(steps - 1, 1)))
        for step in range(steps):
            total = _sum_song(layout, factors, song, step, sums)
            if layout.melody:
                read[:] = sums
            else:
                read[:] = 0.0
                for symbol in range(size):
                    if sums[symbol] > 0.0:
                        for output in range(outputs):
                            read[output] += sums[symbol] * song.rows[symbol, output]
            row = min(step, len(song.expected) - 1)
            place = 0 if fixed else step
            expect(
                layout, own, exponents, song.expected[row], song.logarithms[place],
                song.evidence[place], expected,
            )  # fmt: skip
            join_prior(read, factors.prior[0], expected, total)
            for output in range(outputs):
                chances[i, step, output] = read[output]


@device
def activation_of(layout: Layout, chances: FloatArray, channel: int) -> float:
    """Return an activation: of a melody the margin of the logarithm, otherwise the log-odds.

    Args:
        layout: What is read.
        chances: Probabilities (outputs,).
        channel: The channel.
    """
    own = float(chances[channel])
    if layout.melody:
        other = 0.0
        for output in range(layout.outputs):
            if output != channel:
                other = max(other, float(chances[output]))
        if math.isnan(own):
            return own
        return math.log(max(own, _TINY)) - math.log(max(other, _TINY))
    if own < _MARGIN:
        own = _MARGIN
    if own > 1.0 - _MARGIN:
        own = 1.0 - _MARGIN
    return math.log(own / (1.0 - own))


@kernel
def activations_of(layout: Layout, chances: Singles, activations: Singles) -> None:
    """Write activations from probabilities.

    Args:
        layout: What is read.
        chances: Float32 (n, steps, outputs).
        activations: Float32 (n, steps, channels), above 0 for a key that sounds; written to.
    """
    n, steps, channels = activations.shape
    row = np.empty(layout.outputs)
    for i in range(n):
        for step in range(steps):
            row[:] = chances[i, step]
            for channel in range(channels):
                activations[i, step, channel] = activation_of(layout, row, channel)


@kernel
def read_shares(layout: Layout, weights: Singles, song: Song, shares: Singles) -> None:
    """Write the share of each distance in what one reader reads at every step.

    What is read by transposition is left out. With the prior, the shares of a step add up to 1.

    Args:
        layout: What is read.
        weights: Float32 (weights,).
        song: The song.
        shares: Float32 (steps, distances); column d - 1 is distance d; written to.
    """
    steps, distances = shares.shape
    reach = min(layout.reach, max(steps - 1, 1))
    factors = factors_of(layout, weights, 1.0, reach)
    own = np.zeros(reach + 1)
    for step in range(steps):
        total = factors.prior[0]
        for distance in range(1, min(step, reach) + 1):
            own[distance] = (
                factors.pair[song.codes[step, distance - 1]] * factors.distance[distance]
            )
            total += own[distance]
        for distance in range(1, distances + 1):
            known = distance <= min(step, reach)
            shares[step, distance - 1] = own[distance] / total if known else 0.0
