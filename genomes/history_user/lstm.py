"""LSTM networks step by step in kernels, and the history that a HistoryUser reads.

Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber & Cummins 2000:

    input, forget, output = sigmoid(...)      candidate = tanh(...)
    cell = forget * cell + input * candidate
    heard by the next layer = output * tanh(cell)

where each ... is a linear map of what the layer hears and of what it said a step ago.

The kernels compute one individual after the other, for 16 sequences side by side (or one, see
`genomes.history_user.linear`) through all layers step by step. Nothing that they need grows with
the steps: the state of 16 sequences stays in the processor's first cache, the weights in its
second, and the history is read where it lies, in the inputs.

Memory order. `state` holds, row by row (a row is one number a lane), what every linear map hears,
laid out so that it hears consecutive rows:

    plain, lstm    x, h of LSTM 0, h of LSTM 1, ...
    united         the same, then read-out, x once more, h of the last LSTM
    melody         the same, then x once more, h of the ear, read-out

An LSTM's weights are (rows it hears, 4, units), rows in the order of the state, the gates input,
forget, output, candidate.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.history_user.linear import gated, linear, shares, sigmoid, weighted_past
from genomes.kernels import device, kernel, zero
from genomes.randomness import sounding_chance

PLAIN, UNITED, MELODY, LSTM = range(4)
# Outputs of the plain read-out count as chances at least so far from 0 and 1.
_MARGIN = 1e-6


class Plan(NamedTuple):
    """Where everything of an individual is; all rows count within `state`, places in its weights.

    The first `layers` LSTMs are the stack; one more is the last LSTM or the ear.
    """

    kind: int
    inputs: int
    keys: int
    outputs: int
    lags: Indices  # rising
    layers: int
    rows: int  # of the state
    longest: int  # the most columns of a linear map, or lags
    units: Indices  # (LSTMs,) like the next five
    row: Indices  # the first that it hears
    heard: Indices  # how many it hears: what comes in and its own units
    cell: Indices  # its first row in `cells`
    weights: Indices
    bias: Indices
    scores: int  # place of the linear map to the lags, and of its bias
    scores_bias: int
    reading_row: int  # where the read-out goes
    echo_row: int  # where x stands once more; -1 for nowhere
    last: int  # place of the linear map to the outputs, and of its bias
    last_bias: int
    last_row: int  # the first row that it hears
    last_heard: int


class Scratch(NamedTuple):
    """Working memory for one individual and some lanes."""

    state: Singles  # (rows, lanes) flat
    cells: Singles  # (units of all LSTMs, lanes) flat
    sums: Singles  # (longest, lanes) flat: a linear map's results
    said: Singles  # (outputs, lanes) flat: the step's result
    highest: Singles  # (lanes,), the highest score and
    total: Singles  # (lanes,), the sum of a softmax


@device
def _scratch(plan: Plan, lanes: int) -> Scratch:
    cells = 0
    for units in plan.units:
        cells += units
    return Scratch(
        np.zeros(plan.rows * lanes, np.float32),
        np.zeros(cells * lanes, np.float32),
        np.zeros(plan.longest * lanes, np.float32),
        np.zeros(plan.outputs * lanes, np.float32),
        np.zeros(lanes, np.float32),
        np.zeros(lanes, np.float32),
    )


@device
def _silence(s: Scratch) -> None:
    """Forget all that was heard."""
    s.state[:] = np.float32(0)
    s.cells[:] = np.float32(0)


@device
def _lstm(plan: Plan, number: int, weights: Singles, base: int, lanes: int, s: Scratch) -> None:
    """One LSTM for one step: its cells, and its rows of the state."""
    units = plan.units[number]
    linear(
        weights,
        base + plan.weights[number],
        base + plan.bias[number],
        4 * units,
        lanes,
        s.state,
        plan.row[number],
        plan.heard[number],
        s.sums,
    )
    size = units * lanes
    enter, forget, leave = s.sums[:size], s.sums[size : 2 * size], s.sums[2 * size : 3 * size]
    candidate = s.sums[3 * size : 4 * size]
    cells = s.cells[plan.cell[number] * lanes :][:size]
    own = plan.row[number] + plan.heard[number] - units
    said = s.state[own * lanes :][:size]
    for j in range(size):
        candidate[j] = gated(enter[j], candidate[j])
    for j in range(size):
        cells[j] = sigmoid(forget[j]) * cells[j] + candidate[j]
    for j in range(size):
        said[j] = gated(leave[j], cells[j])


@device
def _read(
    plan: Plan, weights: Singles, base: int, lanes: int, past: Singles, step: int, s: Scratch
) -> None:
    """The history read-out of a step, into its rows of the state; the shares stay in `sums`."""
    units = plan.units[plan.layers - 1]
    own = plan.row[plan.layers - 1] + plan.heard[plan.layers - 1] - units
    count = len(plan.lags)
    linear(
        weights,
        base + plan.scores,
        base + plan.scores_bias,
        count,
        lanes,
        s.state,
        own,
        units,
        s.sums,
    )
    shares(s.sums, count, lanes, s.highest, s.total)
    reaching = count  # lags within the past
    while reaching > 0 and plan.lags[reaching - 1] > step:
        reaching -= 1
    at = plan.reading_row * lanes
    weighted_past(
        s.sums, plan.lags, reaching, lanes, past, step, plan.inputs, plan.keys, s.state, at
    )
    for key in range(plan.keys):
        said = s.state[at + key * lanes : at + (key + 1) * lanes]
        for lane in range(lanes):
            said[lane] = said[lane] / s.total[lane]


@device
def _step(
    plan: Plan,
    weights: Singles,
    base: int,
    lanes: int,
    past: Singles,
    step: int,
    wanted: bool,
    s: Scratch,
) -> None:
    """One step of the whole network: `said` from `past` (steps, inputs, lanes) up to `step`.

    What is said are chances (plain: the read-out) or the outputs before their sigmoid or softmax.
    Where it is not wanted, only what later steps need is computed.
    """
    heard = past[step * plan.inputs * lanes : (step + 1) * plan.inputs * lanes]
    s.state[: plan.inputs * lanes] = heard
    for number in range(plan.layers):
        _lstm(plan, number, weights, base, lanes, s)
    if plan.echo_row >= 0:
        s.state[plan.echo_row * lanes : (plan.echo_row + plan.inputs) * lanes] = heard
    if plan.kind == UNITED or (wanted and plan.kind != LSTM):
        _read(plan, weights, base, lanes, past, step, s)
    if plan.kind == UNITED or plan.kind == MELODY:
        _lstm(plan, plan.layers, weights, base, lanes, s)
    if not wanted:
        return
    if plan.kind == PLAIN:
        at = plan.reading_row * lanes
        s.said[:] = s.state[at : at + plan.keys * lanes]
        return
    linear(
        weights,
        base + plan.last,
        base + plan.last_bias,
        plan.outputs,
        lanes,
        s.state,
        plan.last_row,
        plan.last_heard,
        s.said,
    )


@device
def _to_chances(plan: Plan, lanes: int, s: Scratch) -> None:
    """What is said as the raw outputs: sigmoids, or a softmax, of the linear map's results."""
    if plan.kind == UNITED or plan.kind == LSTM:
        for j in range(len(s.said)):
            s.said[j] = sigmoid(s.said[j])
    elif plan.kind == MELODY:
        s.sums[: plan.outputs * lanes] = s.said
        shares(s.sums, plan.outputs, lanes, s.highest, s.total)
        for j in range(plan.outputs):
            for lane in range(lanes):
                s.said[j * lanes + lane] = s.sums[j * lanes + lane] / s.total[lane]


@device
def _logit(chance: float) -> float:
    if chance < _MARGIN:
        chance = _MARGIN
    if chance > 1.0 - _MARGIN:
        chance = 1.0 - _MARGIN
    return math.log(chance / (1.0 - chance))


@device
def _to_activations(plan: Plan, s: Scratch, activations: Singles) -> None:
    """What one lane said as activations of the keys (keys,), > 0 where a key sounds."""
    if plan.kind == PLAIN:
        for key in range(plan.keys):
            activations[key] = _logit(s.said[key])
    elif plan.kind == MELODY:
        for key in range(plan.keys):
            other = s.said[plan.keys]
            for j in range(plan.keys):
                if j != key:
                    other = max(other, s.said[j])
            activations[key] = s.said[key] - other
    else:
        activations[:] = s.said


@device
def _sample(plan: Plan, s: Scratch, temperature: float, chance: float, played: BoolArray) -> None:
    """One of the keys or the rest, drawn from the softmax of the outputs over the temperature."""
    highest = float(s.said[plan.keys])
    for j in range(plan.keys):
        highest = max(highest, float(s.said[j]))
    total = 0.0
    for j in range(plan.outputs):
        total += math.exp((s.said[j] - highest) / temperature)
    played[:] = False
    left = chance * total
    for key in range(plan.keys):
        left -= math.exp((s.said[key] - highest) / temperature)
        if left < 0.0:
            played[key] = True
            return


@kernel
def run_sequences(
    plan: Plan, weights: Singles, blocks: Singles, lanes: int, first: int, outputs: Singles
) -> None:
    """The raw outputs of one individual for some sequences.

    `weights` is the individual's (weights,), `blocks` float32 (blocks, steps, inputs, lanes) and
    `lanes` 16 or 1. Fills `outputs` float32 (sequences, steps - first, outputs); sequence i is
    lane i % lanes of block i // lanes, lanes past the last sequence are computed for nothing.
    """
    steps = blocks.shape[1]
    s = _scratch(plan, lanes)
    for block in range(len(blocks)):
        past = blocks[block].reshape(-1)
        _silence(s)
        begin = block * lanes
        present = min(lanes, len(outputs) - begin)
        for step in range(steps):
            _step(plan, weights, zero(), lanes, past, step, step >= first, s)
            if step >= first:
                _to_chances(plan, lanes, s)
                for lane in range(present):
                    for j in range(plan.outputs):
                        outputs[begin + lane, step - first, j] = s.said[j * lanes + lane]


@kernel
def run_attention(
    plan: Plan, weights: Singles, blocks: Singles, lanes: int, first: int, weighed: Singles
) -> None:
    """Where one individual reads: fills `weighed` float32 (sequences, steps - first, lags).

    Everything else as in `run_sequences`.
    """
    steps = blocks.shape[1]
    s = _scratch(plan, lanes)
    for block in range(len(blocks)):
        past = blocks[block].reshape(-1)
        _silence(s)
        begin = block * lanes
        present = min(lanes, len(weighed) - begin)
        for step in range(steps):
            heard = past[step * plan.inputs * lanes : (step + 1) * plan.inputs * lanes]
            s.state[: plan.inputs * lanes] = heard
            for number in range(plan.layers):
                _lstm(plan, number, weights, zero(), lanes, s)
            if step >= first:
                _read(plan, weights, zero(), lanes, past, step, s)
                for lane in range(present):
                    for j in range(len(plan.lags)):
                        share = s.sums[j * lanes + lane] / s.total[lane]
                        weighed[begin + lane, step - first, j] = share


@kernel
def follow_song(plan: Plan, weights: Singles, heard: Singles, activations: Singles) -> None:
    """Activations (n, steps, keys) of individuals (n, weights) that hear (steps, keys)."""
    lanes = zero() + 1
    s = _scratch(plan, lanes)
    flat, past = weights.reshape(-1), heard.reshape(-1)
    for i in range(len(weights)):
        _silence(s)
        for step in range(len(heard)):
            _step(plan, flat, i * weights.shape[1], lanes, past, step, step >= 0, s)
            _to_activations(plan, s, activations[i, step])


@kernel
def play_on(
    plan: Plan,
    weights: Singles,
    prompt_steps: int,
    temperature: float,
    chances: FloatArray,
    played: BoolArray,
) -> None:
    """Fill `played` (n, steps, keys) after the prompt, each hearing what it has played itself.

    `chances` are uniform random numbers: (n, steps, keys), or (n, steps, 1) of a melody, or empty
    at temperature 0.
    """
    n, steps, keys = played.shape
    lanes = zero() + 1
    s = _scratch(plan, lanes)
    flat = weights.reshape(-1)
    past = np.zeros(steps * keys, np.float32)
    activations = np.zeros(keys, np.float32)
    for i in range(n):
        _silence(s)
        for step in range(steps):
            if step > 0:  # the first step has heard nothing
                for key in range(keys):
                    past[step * keys + key] = np.float32(1 if played[i, step - 1, key] else 0)
            _step(plan, flat, i * weights.shape[1], lanes, past, step, step >= prompt_steps, s)
            if step < prompt_steps:
                continue
            row = played[i, step]
            if temperature > 0.0 and plan.kind == MELODY:
                _sample(plan, s, temperature, chances[i, step, 0], row)
                continue
            _to_activations(plan, s, activations)
            for key in range(keys):
                if temperature > 0.0:
                    chance = sounding_chance(activations[key], temperature)
                    row[key] = chances[i, step, key] < chance
                else:
                    row[key] = activations[key] > 0.0
