"""Play in closed loop: every step is compared with the past as soon as it is known."""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.kernels import device, kernel
from genomes.reader.contexts import CONTEXTS, write_contexts
from genomes.reader.counts import Frequencies, Table, general_frequencies, padded, write_logarithms
from genomes.reader.forms import NOTES, Forms, play_form
from genomes.reader.pairs import (
    Matching,
    code_of,
    match_step,
    moved_class,
    new_matching,
    write_symbol,
)
from genomes.reader.player import IN_CONTEXT, Layout
from genomes.reader.reading import activation_of
from genomes.reader.weighing import (
    Factors,
    expect,
    exponents_of,
    factors_of,
    join_prior,
    moved_key,
)
from genomes.sampling import Sampling, sample_keys

_TINY = 1e-30


class Playing(NamedTuple):
    """How readers play by chance.

    Attributes:
        temperature: Sampling temperature; 0 for none.
        sharpness: Factor of the log-weights of memory.
        price: Fall of all log-weights of memory per step that has been copied beyond `free`.
        free: Steps that are copied freely.
    """

    temperature: float
    sharpness: float
    price: float
    free: int


@device
def _draw(chances: FloatArray, temperature: float, chance: float, played: BoolArray) -> None:
    """Draw a key or the rest; the temperature is that of the keys, if there is a note."""
    keys = len(played)
    note, total, most = 0.0, 0.0, _TINY
    for key in range(keys):
        most = max(most, chances[key])
    for key in range(keys):
        note += chances[key]
        chances[key] = math.exp(math.log(max(chances[key], _TINY) / most) / temperature)
        total += chances[key]
    share = note / max(note + chances[keys], _TINY)
    total /= max(share, _TINY)
    left = chance * total
    played[:] = False
    for key in range(keys):
        left -= chances[key]
        if left < 0.0:
            played[key] = True
            return


@device
def _silence_price(layout: Layout, playing: Playing, symbols: Indices, step: int) -> float:
    """Return the factor of a further rest: 1 within a bar of silence, then less and less."""
    silent = 0
    while silent < step and symbols[step - 1 - silent] == layout.channels:
        silent += 1
    return math.exp(-playing.price * max(silent - layout.bar, 0))


@device
def _sum_past(
    layout: Layout, factors: Factors, playing: Playing, keep: Matching, symbols: Indices,
    step: int, sums: FloatArray,
) -> float:  # fmt: skip
    """Write the weights of all steps before one, by symbol, and return their sum."""
    sums[:] = 0.0
    longest = 0  # literal copy that goes on
    for distance in range(1, min(step, layout.reach) + 1):
        weight = factors.pair[code_of(keep, step, distance)] * factors.distance[distance]
        longest = max(longest, keep.length[distance])
        sums[symbols[step - distance]] += weight
    if layout.transposed:
        for distance in range(1, min(step, layout.reach) + 1):
            moved = moved_class(keep, distance)
            if moved > 0:
                key = moved_key(layout, symbols[step - distance], keep.interval[distance])
                weight = factors.moved[moved] * factors.distance[distance]
                sums[max(key, 0)] += weight if key >= 0 else 0.0
    price = math.exp(-playing.price * max(longest - playing.free, 0))
    total = 0.0
    for symbol in range(len(sums)):
        sums[symbol] *= price
        total += sums[symbol]
    return total


class Past(NamedTuple):
    """What is known of the piece that is played.

    Attributes:
        symbols: Int64 (steps,).
        first: Int64 (steps + 1,), the first step of each symbol, if steps are read whole.
        degrees: Float64 (12,), onsets of each pitch class.
        keep: Running numbers of the comparison.
    """

    symbols: Indices
    first: Indices
    degrees: FloatArray
    keep: Matching


class Prior(NamedTuple):
    """What a prior needs that has no weights, and working memory.

    Attributes:
        table: Counts of melodies in context.
        general: Frequencies.
        after: Float64 (2, outputs), what is expected after a channel that was silent, or on.
        contexts: Int64 (CONTEXTS,), scratch.
        evidence: Int64 (CONTEXTS,), scratch.
        logarithms: Float32 (CONTEXTS * padded outputs,), scratch.
        expected: Float64 (outputs,), scratch.
        chances: Float32 (padded outputs,), the prior.
    """

    table: Table
    general: Frequencies
    after: FloatArray
    contexts: Indices
    evidence: Indices
    logarithms: Singles
    expected: FloatArray
    chances: Singles


@device
def _new_prior(layout: Layout, table: Table, after: FloatArray) -> Prior:
    wide = padded(layout.outputs)
    return Prior(
        table,
        general_frequencies(table, table, 0.0, layout.channels),
        after,
        np.zeros(CONTEXTS, np.int64),
        np.zeros(CONTEXTS, np.int64),
        np.zeros(CONTEXTS * wide, np.float32),
        np.zeros(layout.outputs),
        np.zeros(wide, np.float32),
    )


@device
def _write_prior(
    layout: Layout, weights: Singles, exponents: Singles, prior: Prior, past: Past,
    played: BoolArray, step: int,
) -> None:  # fmt: skip
    """Write the prior of a step."""
    if layout.prior == IN_CONTEXT and layout.melody:
        key = write_contexts(
            past.symbols, step, layout.channels, layout.bar, past.degrees, prior.contexts
        )
        write_logarithms(
            prior.table, prior.table, 0.0, prior.general, prior.contexts, key, prior.logarithms,
            prior.evidence,
        )  # fmt: skip
    for output in range(layout.outputs):
        sounded = step > 0 and output < layout.channels and played[step - 1, output]
        prior.expected[output] = prior.after[int(sounded), output]
    expect(
        layout, weights, exponents, prior.expected, prior.logarithms, prior.evidence, prior.chances
    )


@device
def _write_read(
    layout: Layout, sums: FloatArray, past: Past, count: int, played: BoolArray, read: FloatArray
) -> None:
    """Write what was read, by output, from the weights by symbol."""
    if layout.melody:
        read[:] = sums
        return
    read[:] = 0.0
    for symbol in range(1, count):
        for channel in range(layout.channels):
            if played[past.first[symbol], channel]:
                read[channel] += sums[symbol]


@device
def _take(
    layout: Layout, played: BoolArray, step: int, rest: int, reach: int, count: int, past: Past
) -> int:
    """Take a step that has become known; return the number of symbols."""
    new = write_symbol(played, layout.melody, step, count, past.symbols)
    if new > count:
        past.first[count] = step
    match_step(past.symbols, rest, step, reach, past.keep)
    if layout.melody and past.symbols[step] != rest:
        past.degrees[past.symbols[step] % 12] += 1.0
    return new


@kernel
def play_on(
    layout: Layout,
    weights: Singles,
    table: Table,
    after: FloatArray,
    prompt_steps: int,
    playing: Playing,
    forms: Forms,
    sampling: Sampling,
    chances: FloatArray,
    played: BoolArray,
) -> None:
    """Play in closed loop after a prompt.

    Args:
        layout: What is read.
        weights: Float32 (n, weights).
        table: Counts of melodies in context.
        after: Float64 (2, outputs), what is expected after a channel that was silent, or on.
        prompt_steps: Steps of the prompt.
        playing: How to play by chance.
        forms: Forms of learned songs, of which each melody that is played by chance takes one.
        sampling: How activations of independent keys become probabilities.
        chances: Uniform random float64 (n, steps, channels), or (n, steps, 1) for a melody; empty
            at temperature 0. A last row draws the form.
        played: Bool (n, steps, channels), beginning with the prompt; written to.
    """
    n, steps, channels = played.shape
    rest = channels if layout.melody else 0
    sums = np.empty(layout.outputs if layout.melody else steps + 1)
    read, activations = np.empty(layout.outputs), np.empty(channels)
    reach = min(layout.reach, max(steps - 1, 1))
    prior = _new_prior(layout, table, after)
    for i in range(n):
        own, exponents = weights[i], exponents_of(layout, weights[i])
        factors = factors_of(layout, own, playing.sharpness, reach)
        past = Past(
            np.zeros(steps, np.int64), np.zeros(steps + 1, np.int64), np.zeros(12),
            new_matching(reach),
        )  # fmt: skip
        count = 1
        form = -1
        if playing.temperature > 0.0 and layout.melody and len(forms.shares):
            form = int(chances[i, steps, 0] * len(forms.shares))
            for key in range(layout.channels):
                past.degrees[key % 12] += NOTES * forms.shares[form, key]
        for step in range(steps):
            row = played[i, step]
            if step >= prompt_steps:
                total = _sum_past(layout, factors, playing, past.keep, past.symbols, step, sums)
                _write_read(layout, sums, past, count, played[i], read)
                _write_prior(layout, own, exponents, prior, past, played[i], step)
                join_prior(read, factors.prior[0], prior.chances, total)
                if playing.temperature > 0.0 and layout.melody:
                    if form >= 0:
                        play_form(
                            layout,
                            forms,
                            form,
                            past.symbols,
                            prior.chances,
                            step,
                            (steps - 1) // layout.bar,
                            read,
                        )
                    else:
                        read[rest] *= _silence_price(layout, playing, past.symbols, step)
                    _draw(read, playing.temperature, chances[i, step, 0], row)
                    _take(layout, played[i], step, rest, reach, count, past)
                    continue
                for channel in range(channels):
                    activations[channel] = np.float32(activation_of(layout, read, channel))
                    row[channel] = activations[channel] > 0.0
                if playing.temperature > 0.0:
                    before = played[i, max(step - 1, 0)]
                    sample_keys(
                        activations, playing.temperature, sampling, step, chances[i, step], row,
                        before,
                    )  # fmt: skip
            count = _take(layout, played[i], step, rest, reach, count, past)
