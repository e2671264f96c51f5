"""Kernels of HistoryUsers that read by content.

The last LSTM of the stack has units h. A linear map of h and a bias is the query: a weight theta
for every feature phi(t, s) of a reader (`genomes.reader.pairs`), and the weight b of a prior.
Another linear map gives a score per lag, as in the other architectures, and a third one the prior.
At every step,

    p(x)  is proportional to  sum over s of exp(theta . phi(t, s) + score of its lag) [x was at s]
                              + exp(b) * prior(x)

where s are the steps within reach, and steps without a lag of their own have score 0. It is a
softmax over these steps and the prior. So a network that only reads at lags, a reader by content
whose weights do not change, and the LSTM alone are special cases.

The input of step t is known when step t answers. So the step to predict is t + 1 of the inputs, and
lag j reads the input at distance j + 1 before it. The match of an input ends with the one before.

    content         every key has a probability of its own; the prior is a sigmoid
    content-melody  one of the keys or the rest; the prior is a softmax. Of a chord, the highest key
                    is read

Memory order: as in `genomes.history_user.lstm`, a row has one number per lane. The exponent of a
pair of steps is a sum of look-ups, of its match, its agreement, its distance and its lag, from
tables that are written at every step.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.history_user.linear import linear, shares, weighted_past
from genomes.history_user.lstm import (
    CONTENT_MELODY,
    Plan,
    Scratch,
    new_scratch,
    run_last,
    run_stack,
    sample,
    silence,
    to_activations,
    to_chances,
)
from genomes.history_user.past import REACH, Past
from genomes.kernels import borrowed, device, kernel, zero
from genomes.reader.pairs import (
    LENGTHS,
    LEVELS,
    RHYTHMS,
    Bytes,
    code_of,
    match_step,
    new_matching,
    write_symbol,
)
from genomes.reader.player import EXACTLY, MODULO, NEAR
from genomes.sampling import Sampling, sample_keys
from genomes.vectors import LANES, load, plus, store

MATCHES = (len(LENGTHS) + 1) * (len(RHYTHMS) + 1)
_TINY = np.float32(1e-30)
_HIGH = 0.9  # agreement

# The rows of the query, in the order of a reader's weights without those of bars.
_RHYTHM = len(LENGTHS)
_DISTANCE = _RHYTHM + len(RHYTHMS)
_MARKS = len(MODULO) + len(EXACTLY) + 1
_LOGARITHM = _DISTANCE + _MARKS
_AGREEMENT = _LOGARITHM + 1
_PRIOR = _AGREEMENT + 2
QUERY = _PRIOR + 1
# Of each kind of feature.
QUERY_ROWS = {
    "keys": slice(0, _RHYTHM),
    "rhythm": slice(_RHYTHM, _DISTANCE),
    "distance": slice(_DISTANCE, _AGREEMENT),
    "agreement": slice(_AGREEMENT, _AGREEMENT + 1),
    "prior": slice(_PRIOR, QUERY),
}


def _distances() -> tuple[Indices, Singles, Singles]:
    """Return the kind of every distance, what holds for each kind, and logarithms of distances."""
    distance = np.arange(1, REACH + 1)
    marks = [*(distance % period == 0 for period in MODULO)]
    marks += [*(distance == exactly for exactly in EXACTLY), distance < NEAR]
    kinds, kind = np.unique(np.stack(marks, axis=1), axis=0, return_inverse=True)
    logarithms = (np.log(distance) / 4).astype(np.float32)
    return kind.reshape(-1).astype(np.int64), kinds.astype(np.float32), logarithms


_KIND, _KINDS, _LOGARITHMS = _distances()
_LEVELS = np.linspace(0, 1, LEVELS).astype(np.float32)
_EVERY_LAG = np.arange(REACH)


class Tables(NamedTuple):
    """Working memory for one individual and some lanes, flat float32."""

    scores: Singles  # (lags, lanes)
    query: Singles  # (QUERY, lanes)
    match: Singles  # (MATCHES, lanes)
    level: Singles  # (LEVELS, lanes)
    kind: Singles  # (kinds of distances, lanes)
    weights: Singles  # (reach + 1, lanes), of the steps and of the prior
    read: Singles  # (outputs, lanes)


@device
def _new_tables(plan: Plan, reach: int, lanes: int) -> Tables:
    return Tables(
        np.zeros(len(plan.lags) * lanes, np.float32),
        np.zeros(QUERY * lanes, np.float32),
        np.zeros(MATCHES * lanes, np.float32),
        np.zeros(LEVELS * lanes, np.float32),
        np.zeros(len(_KINDS) * lanes, np.float32),
        np.zeros((reach + 1) * lanes, np.float32),
        np.zeros(plan.outputs * lanes, np.float32),
    )


@device
def _add_row(a: Singles, i: int, b: Singles, j: int, lanes: int, out: Singles, k: int) -> None:
    """Write the sum of row i of one array and row j of another into row k of a third."""
    if lanes == LANES:
        store(plus(load(a, i * LANES), load(b, j * LANES)), out, k * LANES)
    else:
        out[k] = a[i] + b[j]


@device
def _write_tables(lanes: int, tables: Tables) -> None:
    """Write the exponents of matches, levels and kinds of distances from the query."""
    tables = borrowed(tables)
    query, match, level, kind = tables.query, tables.match, tables.level, tables.kind
    rhythms = len(RHYTHMS) + 1
    for row in range(1, rhythms):
        _add_row(match, row - 1, query, _RHYTHM + row - 1, lanes, match, row)
    for row in range(rhythms, MATCHES):
        _add_row(match, row - rhythms, query, row // rhythms - 1, lanes, match, row)
    for row in range(LEVELS):
        for lane in range(lanes):
            level[row * lanes + lane] = _LEVELS[row] * query[_AGREEMENT * lanes + lane]
        if _LEVELS[row] > _HIGH:
            _add_row(level, row, query, _AGREEMENT + 1, lanes, level, row)
    for row in range(len(_KINDS)):
        kind[row * lanes : (row + 1) * lanes] = np.float32(0)
        for mark in range(_MARKS):
            if _KINDS[row, mark] > 0:
                _add_row(kind, row, query, _DISTANCE + mark, lanes, kind, row)


@device
def _add_up(lanes: int, match: Bytes, level: Bytes, tables: Tables, found: Singles) -> None:
    """Write the exponents of all pairs of a step."""
    tables, match, level, found = (
        borrowed(tables), borrowed(match), borrowed(level), borrowed(found)
    )  # fmt: skip
    matches, levels, kinds = tables.match, tables.level, tables.kind
    slope = tables.query[_LOGARITHM * lanes :]
    for index in range(len(match) // lanes):
        row, kind, logarithm = index * lanes, _KIND[index] * lanes, _LOGARITHMS[index]
        for lane in range(lanes):
            found[row + lane] = kinds[kind + lane] + logarithm * slope[lane]
        for lane in range(lanes):
            first, second = np.int64(match[row + lane]), np.int64(level[row + lane])
            exponent = matches[first * lanes + lane] + levels[second * lanes + lane]
            found[row + lane] += exponent


@device
def _weigh(
    plan: Plan, weights: Singles, base: int, lanes: int, count: int, match: Bytes, level: Bytes,
    at: int, s: Scratch, tables: Tables,
) -> None:  # fmt: skip
    """Write the numerators of the softmax over `count` steps and the prior, and its total.

    `match` and `level` are flat; `at` is the index of the step's first pair.
    """
    last = plan.layers - 1
    units = plan.units[last]
    row = plan.row[last] + plan.input_rows[last] - units
    first, bias = base + plan.scores, base + plan.scores_bias
    linear(weights, first, bias, len(plan.lags), lanes, s.state, row, units, tables.scores)
    first, bias = base + plan.query, base + plan.query_bias
    linear(weights, first, bias, QUERY, lanes, s.state, row, units, tables.query)
    _write_tables(lanes, tables)
    found, query = tables.weights, tables.query
    pairs = count * lanes
    _add_up(lanes, match[at:][:pairs], level[at:][:pairs], tables, found)
    for index in range(len(plan.lags)):
        lag = plan.lags[index]
        if lag < count:
            _add_row(found, lag, tables.scores, index, lanes, found, lag)
    for lane in range(lanes):
        found[count * lanes + lane] = query[_PRIOR * lanes + lane]
    shares(found, count + 1, lanes, s.highest, s.total)


@device
def _answer(
    plan: Plan, weights: Singles, base: int, lanes: int, step: int, sounds: Singles, match: Bytes,
    level: Bytes, at: int, reach: int, s: Scratch, tables: Tables,
) -> None:  # fmt: skip
    """Write the probabilities of a step into `s.outputs`; `sounds` is flat."""
    run_last(plan, weights, base, lanes, s)
    to_chances(plan, lanes, s)
    count = min(step + 1, reach)
    _weigh(plan, weights, base, lanes, count, match, level, at, s, tables)
    outputs, read = plan.outputs, tables.read
    weighted_past(
        tables.weights, _EVERY_LAG, count, lanes, sounds, step, outputs, outputs, read, zero()
    )
    _mix(lanes, count, tables, s)


@device
def _mix(lanes: int, count: int, tables: Tables, s: Scratch) -> None:
    """Mix the read steps with the prior, in `s.outputs`."""
    s, tables = borrowed(s), borrowed(tables)
    prior = tables.weights[count * lanes :]
    for output in range(len(s.outputs) // lanes):
        row = output * lanes
        for lane in range(lanes):
            own = tables.read[row + lane] + prior[lane] * s.outputs[row + lane]
            s.outputs[row + lane] = own / s.total[lane]


@device
def _write_lanes(values: Singles, total: Singles, lanes: int, count: int, out: Singles) -> None:
    """Write rows of values divided by a total per lane; out is (sequences, any)."""
    values, total, out = borrowed(values), borrowed(total), borrowed(out)
    for lane in range(min(lanes, len(out))):
        for row in range(count):
            out[lane, row] = values[row * lanes + lane] / total[lane]


@kernel
def run_past(
    plan: Plan, weights: Singles, past: Past, lanes: int, first: int, outputs: Singles,
    weighed: Singles,
) -> None:  # fmt: skip
    """Compute the raw outputs of one individual for some sequences, or what it reads.

    Args:
        plan: Layout of the individual.
        weights: Float32 (weights,).
        past: The sequences.
        lanes: 16 or 1.
        first: First step to output.
        outputs: Float32 (sequences, steps - first, outputs), written to; or empty.
        weighed: Float32 (sequences, steps - first, REACH), the shares of steps by lag, written to;
            or empty.
    """
    blocks, steps, reach = past.match.shape[:3]
    s, tables = new_scratch(plan, lanes), _new_tables(plan, reach, lanes)
    ones = np.ones(lanes, np.float32)
    for block in range(blocks):
        inputs, sounds = past.inputs[block].reshape(-1), past.sounds[block].reshape(-1)
        match, level = past.match[block].reshape(-1), past.level[block].reshape(-1)
        silence(s)
        begin = block * lanes
        for step in range(steps):
            run_stack(plan, weights, zero(), lanes, inputs, step, s)
            if step < first:
                continue
            at = step * reach * lanes
            _answer(plan, weights, zero(), lanes, step, sounds, match, level, at, reach, s, tables)
            if len(outputs):
                own = outputs[begin : begin + lanes, step - first]
                _write_lanes(s.outputs, ones, lanes, plan.outputs, own)
            if len(weighed):
                own = weighed[begin : begin + lanes, step - first]
                _write_lanes(tables.weights, s.total, lanes, min(step + 1, reach), own)


@device
def _write_activations(plan: Plan, chances: Singles, activations: Singles) -> None:
    """Convert probabilities to activations; those of a melody become logarithms, in place."""
    if plan.kind == CONTENT_MELODY:
        for j in range(len(chances)):
            chances[j] = math.log(max(chances[j], _TINY))
    to_activations(plan, chances, activations)


@kernel
def activations_of(plan: Plan, chances: Singles, activations: Singles) -> None:
    """Write activations from probabilities.

    Args:
        plan: Layout of the individuals.
        chances: Float32 (n, steps, outputs); overwritten.
        activations: Float32 (n, steps, keys), above 0 for a key that sounds; written to.
    """
    for i in range(len(chances)):
        for step in range(chances.shape[1]):
            _write_activations(plan, chances[i, step], activations[i, step])


@kernel
def play_past(
    plan: Plan,
    weights: Singles,
    prompt_steps: int,
    temperature: float,
    sampling: Sampling,
    chances: FloatArray,
    played: BoolArray,
) -> None:
    """Play in closed loop after a prompt.

    Args:
        plan: Layout of the individuals.
        weights: Float32 (n, weights).
        prompt_steps: Steps of the prompt.
        temperature: Sampling temperature.
        sampling: How activations become probabilities.
        chances: Uniform random float64 (n, steps, keys), or (n, steps, 1) for a melody; empty at
            temperature 0.
        played: Bool (n, steps, keys), beginning with the prompt; written to.
    """
    n, steps, keys = played.shape
    melody, reach = plan.kind == CONTENT_MELODY, min(REACH, steps)
    rest, lanes = keys if melody else 0, zero() + 1
    s, tables = new_scratch(plan, lanes), _new_tables(plan, reach, lanes)
    flat, activations = weights.reshape(-1), np.zeros(keys, np.float32)
    match, level = np.zeros(reach, np.uint8), np.zeros(reach, np.uint8)
    for i in range(n):
        silence(s)
        heard, symbols = np.zeros((steps, keys), np.bool_), np.zeros(steps, np.int64)
        inputs, sounds = (
            np.zeros(steps * keys, np.float32),
            np.zeros(steps * plan.outputs, np.float32),
        )
        keep, count = new_matching(reach), 1
        for step in range(steps):
            for key in range(keys):
                heard[step, key] = step > 0 and played[i, step - 1, key]  # nothing at first
                inputs[step * keys + key] = np.float32(1 if heard[step, key] else 0)
                if not melody:
                    sounds[step * keys + key] = inputs[step * keys + key]
            count = write_symbol(heard, melody, step, count, symbols)
            if melody:
                sounds[step * plan.outputs + symbols[step]] = np.float32(1)
            match_step(symbols, rest, step, reach, keep)
            base = i * weights.shape[1]
            run_stack(plan, flat, base, lanes, inputs, step, s)
            if step < prompt_steps:
                continue
            for distance in range(1, min(step + 1, reach) + 1):
                code = code_of(keep, step + 1, distance)
                match[distance - 1], level[distance - 1] = code // LEVELS, code % LEVELS
            _answer(plan, flat, base, lanes, step, sounds, match, level, zero(), reach, s, tables)
            row = played[i, step]
            _write_activations(plan, s.outputs, activations)
            if temperature > 0.0 and melody:
                sample(s.outputs, temperature, chances[i, step, 0], row)
                continue
            row[:] = activations > 0.0
            if temperature > 0.0:
                before = played[i, max(step - 1, 0)]
                sample_keys(activations, temperature, sampling, step, chances[i, step], row, before)
