"""Kernels of LSTM networks and of the history that a HistoryUser reads.

The LSTM is that of Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber &
Cummins 2000:

    input, forget, output = sigmoid(...)      candidate = tanh(...)
    cell = forget * cell + input * candidate
    h = output * tanh(cell)

where each ... is a linear map of the layer's input and its own h of the previous step.

The kernels compute one individual at a time, for 16 sequences in parallel (or one, see
`genomes.history_user.linear`), through all layers step by step. Memory does not grow with the
steps. The state of 16 sequences fits the processor's first cache, and the weights its second. The
history is read directly from the inputs.

Memory order. `state` is stored row by row; a row has one number per lane. The inputs of every
linear map are consecutive rows:

    plain, lstm    x, h of LSTM 0, h of LSTM 1, ...
    united         the same, then read-out, copy of x, h of the last LSTM
    melody         the same, then copy of x, h of the input LSTM, read-out

`genomes.history_user.content` has the kernels of the architectures that read by content.

An LSTM's weights are (input rows, 4, units), rows in the order of the state, gates in the order
input, forget, output, candidate.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.history_user.linear import gated, linear, shares, sigmoid, weighted_past
from genomes.kernels import device, kernel, zero
from genomes.sampling import Sampling, sample_keys

# In the order of `genomes.history_user.shape.ARCHITECTURES`.
PLAIN, UNITED, MELODY, LSTM, CONTENT, CONTENT_MELODY = range(6)
_MARGIN = 1e-6  # minimum distance of the plain read-out's probabilities from 0 and 1


class Plan(NamedTuple):
    """Layout of an individual: rows within `state`, and indices within its weights.

    The first `layers` LSTMs are the stack. One more follows for united and melody.
    """

    kind: int
    inputs: int
    keys: int
    outputs: int
    lags: Indices  # rising
    layers: int
    rows: int  # of the state
    longest: int  # maximum of columns of a linear map and lags
    units: Indices  # (LSTMs,) like the next five
    row: Indices  # first input row
    input_rows: Indices  # number of input rows, including its own units
    cell: Indices  # its first row in `cells`
    weights: Indices
    bias: Indices
    scores: int  # index of the linear map to the lags, and of its bias
    scores_bias: int
    query: int  # index of the linear map to the weights of features, and of its bias
    query_bias: int
    reading_row: int  # first row of the read-out
    echo_row: int  # first row of the copy of x, or -1
    last: int  # index of the linear map to the outputs, and of its bias
    last_bias: int
    last_row: int  # its first input row
    last_input_rows: int


class Scratch(NamedTuple):
    """Working memory for one individual and some lanes."""

    state: Singles  # (rows, lanes) flat
    cells: Singles  # (units of all LSTMs, lanes) flat
    sums: Singles  # (longest, lanes) flat: a linear map's results
    outputs: Singles  # (outputs, lanes) flat: the step's result
    highest: Singles  # (lanes,), the highest score and
    total: Singles  # (lanes,), the sum of a softmax


@device
def new_scratch(plan: Plan, lanes: int) -> Scratch:
    """Return working memory, reset."""
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
def silence(s: Scratch) -> None:
    """Reset the state of all LSTMs."""
    s.state[:] = np.float32(0)
    s.cells[:] = np.float32(0)


@device
def _lstm(plan: Plan, number: int, weights: Singles, base: int, lanes: int, s: Scratch) -> None:
    """Compute one step of an LSTM: its cells, and its rows of the state."""
    units = plan.units[number]
    first, bias = base + plan.weights[number], base + plan.bias[number]
    row, rows = plan.row[number], plan.input_rows[number]
    linear(weights, first, bias, 4 * units, lanes, s.state, row, rows, s.sums)
    size = units * lanes
    enter, forget, leave = s.sums[:size], s.sums[size : 2 * size], s.sums[2 * size : 3 * size]
    candidate = s.sums[3 * size : 4 * size]
    cells = s.cells[plan.cell[number] * lanes :][:size]
    own = plan.row[number] + plan.input_rows[number] - units
    hidden = s.state[own * lanes :][:size]
    for j in range(size):
        candidate[j] = gated(enter[j], candidate[j])
    for j in range(size):
        cells[j] = sigmoid(forget[j]) * cells[j] + candidate[j]
    for j in range(size):
        hidden[j] = gated(leave[j], cells[j])


@device
def run_stack(
    plan: Plan, weights: Singles, base: int, lanes: int, past: Singles, step: int, s: Scratch
) -> None:
    """Compute one step of the stack of LSTMs, from `past` (steps, inputs, lanes)."""
    size = plan.inputs * lanes
    s.state[:size] = past[step * size : (step + 1) * size]
    for number in range(plan.layers):
        _lstm(plan, number, weights, base, lanes, s)


@device
def _read(
    plan: Plan, weights: Singles, base: int, lanes: int, past: Singles, step: int, s: Scratch
) -> None:
    """Compute the history read-out of a step into the state; shares stay in `sums`."""
    units = plan.units[plan.layers - 1]
    own = plan.row[plan.layers - 1] + plan.input_rows[plan.layers - 1] - units
    count = len(plan.lags)
    first, bias = base + plan.scores, base + plan.scores_bias
    linear(weights, first, bias, count, lanes, s.state, own, units, s.sums)
    shares(s.sums, count, lanes, s.highest, s.total)
    reaching = count  # lags within the past
    while reaching > 0 and plan.lags[reaching - 1] > step:
        reaching -= 1
    at = plan.reading_row * lanes
    weighted_past(
        s.sums, plan.lags, reaching, lanes, past, step, plan.inputs, plan.keys, s.state, at
    )
    for key in range(plan.keys):
        read_out = s.state[at + key * lanes : at + (key + 1) * lanes]
        for lane in range(lanes):
            read_out[lane] = read_out[lane] / s.total[lane]


@device
def run_last(plan: Plan, weights: Singles, base: int, lanes: int, s: Scratch) -> None:
    """Compute the linear map to the outputs."""
    first, bias, rows = base + plan.last, base + plan.last_bias, plan.last_input_rows
    linear(weights, first, bias, plan.outputs, lanes, s.state, plan.last_row, rows, s.outputs)


@device
def _step(
    plan: Plan,
    weights: Singles,
    base: int,
    lanes: int,
    past: Singles,
    step: int,
    with_result: bool,
    s: Scratch,
) -> None:
    """Compute one step of the network into `s.outputs`, from `past` (steps, inputs, lanes).

    The result of plain is the read-out, otherwise the outputs before their sigmoid or softmax.
    Without `with_result`, only the state for later steps is computed.
    """
    run_stack(plan, weights, base, lanes, past, step, s)
    if plan.echo_row >= 0:
        size = plan.inputs * lanes
        s.state[plan.echo_row * lanes :][:size] = s.state[:size]
    if plan.kind == UNITED or (with_result and plan.kind != LSTM):
        _read(plan, weights, base, lanes, past, step, s)
    if plan.kind == UNITED or plan.kind == MELODY:
        _lstm(plan, plan.layers, weights, base, lanes, s)
    if not with_result:
        return
    if plan.kind == PLAIN:
        at = plan.reading_row * lanes
        s.outputs[:] = s.state[at : at + plan.keys * lanes]
        return
    run_last(plan, weights, base, lanes, s)


@device
def to_chances(plan: Plan, lanes: int, s: Scratch) -> None:
    """Apply the final sigmoid or softmax in place."""
    if plan.kind == UNITED or plan.kind == LSTM or plan.kind == CONTENT:
        for j in range(len(s.outputs)):
            s.outputs[j] = sigmoid(s.outputs[j])
    elif plan.kind == MELODY or plan.kind == CONTENT_MELODY:
        s.sums[: plan.outputs * lanes] = s.outputs
        shares(s.sums, plan.outputs, lanes, s.highest, s.total)
        for j in range(plan.outputs):
            for lane in range(lanes):
                s.outputs[j * lanes + lane] = s.sums[j * lanes + lane] / s.total[lane]


@device
def _logit(chance: float) -> float:
    if chance < _MARGIN:
        chance = _MARGIN
    if chance > 1.0 - _MARGIN:
        chance = 1.0 - _MARGIN
    return math.log(chance / (1.0 - chance))


@device
def to_activations(plan: Plan, outputs: Singles, activations: Singles) -> None:
    """Convert the result of one lane to activations (keys,), > 0 if a key sounds."""
    if plan.kind == PLAIN or plan.kind == CONTENT:
        for key in range(plan.keys):
            activations[key] = _logit(outputs[key])
    elif plan.kind == MELODY or plan.kind == CONTENT_MELODY:
        for key in range(plan.keys):
            highest = outputs[plan.keys]
            for j in range(plan.keys):
                if j != key:
                    highest = max(highest, outputs[j])
            activations[key] = outputs[key] - highest
    else:
        activations[:] = outputs


@device
def sample(outputs: Singles, temperature: float, chance: float, played: BoolArray) -> None:
    """Sample one of the keys or the rest from the softmax at a temperature."""
    highest = float(outputs[len(played)])
    for key in range(len(played)):
        highest = max(highest, float(outputs[key]))
    total = 0.0
    for j in range(len(outputs)):
        total += math.exp((outputs[j] - highest) / temperature)
    played[:] = False
    left = chance * total
    for key in range(len(played)):
        left -= math.exp((outputs[key] - highest) / temperature)
        if left < 0.0:
            played[key] = True
            return


@kernel
def run_sequences(
    plan: Plan, weights: Singles, blocks: Singles, lanes: int, first: int, outputs: Singles
) -> None:
    """Compute the raw outputs of one individual for some sequences.

    Args:
        plan: Layout of the individual.
        weights: Float32 (weights,).
        blocks: Float32 (blocks, steps, inputs, lanes); sequence i is lane i % lanes of block i //
            lanes. Excess lanes are ignored.
        lanes: 16 or 1.
        first: First step to output.
        outputs: Float32 (sequences, steps - first, outputs), written to.
    """
    steps = blocks.shape[1]
    s = new_scratch(plan, lanes)
    for block in range(len(blocks)):
        past = blocks[block].reshape(-1)
        silence(s)
        begin = block * lanes
        present = min(lanes, len(outputs) - begin)
        for step in range(steps):
            _step(plan, weights, zero(), lanes, past, step, step >= first, s)
            if step >= first:
                to_chances(plan, lanes, s)
                for lane in range(present):
                    for j in range(plan.outputs):
                        outputs[begin + lane, step - first, j] = s.outputs[j * lanes + lane]


@kernel
def run_attention(
    plan: Plan, weights: Singles, blocks: Singles, lanes: int, first: int, weighed: Singles
) -> None:
    """Compute the read weights of one individual for some sequences.

    Args:
        plan: Layout of the individual.
        weights: Float32 (weights,).
        blocks: See `run_sequences`.
        lanes: 16 or 1.
        first: First step to output.
        weighed: Float32 (sequences, steps - first, lags), written to.
    """
    steps = blocks.shape[1]
    s = new_scratch(plan, lanes)
    for block in range(len(blocks)):
        past = blocks[block].reshape(-1)
        silence(s)
        begin = block * lanes
        present = min(lanes, len(weighed) - begin)
        for step in range(steps):
            run_stack(plan, weights, zero(), lanes, past, step, s)
            if step >= first:
                _read(plan, weights, zero(), lanes, past, step, s)
                for lane in range(present):
                    for j in range(len(plan.lags)):
                        share = s.sums[j * lanes + lane] / s.total[lane]
                        weighed[begin + lane, step - first, j] = share


@kernel
def follow_song(plan: Plan, weights: Singles, inputs: Singles, activations: Singles) -> None:
    """Compute the activations of n individuals for a song.

    Args:
        plan: Layout of the individuals.
        weights: Float32 (n, weights).
        inputs: Float32 (steps, keys).
        activations: Float32 (n, steps, keys), written to.
    """
    lanes = zero() + 1
    s = new_scratch(plan, lanes)
    flat, past = weights.reshape(-1), inputs.reshape(-1)
    for i in range(len(weights)):
        silence(s)
        for step in range(len(inputs)):
            _step(plan, flat, i * weights.shape[1], lanes, past, step, step >= 0, s)
            to_activations(plan, s.outputs, activations[i, step])


@kernel
def play_on(
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
    lanes = zero() + 1
    s = new_scratch(plan, lanes)
    flat = weights.reshape(-1)
    past = np.zeros(steps * keys, np.float32)
    activations = np.zeros(keys, np.float32)
    for i in range(n):
        silence(s)
        for step in range(steps):
            if step > 0:  # the first step's input is 0
                for key in range(keys):
                    past[step * keys + key] = np.float32(1 if played[i, step - 1, key] else 0)
            _step(plan, flat, i * weights.shape[1], lanes, past, step, step >= prompt_steps, s)
            if step < prompt_steps:
                continue
            row = played[i, step]
            if temperature > 0.0 and plan.kind == MELODY:
                sample(s.outputs, temperature, chances[i, step, 0], row)
                continue
            to_activations(plan, s.outputs, activations)
            row[:] = activations > 0.0
            if temperature > 0.0:
                before = played[i, max(step - 1, 0)]
                sample_keys(activations, temperature, sampling, step, chances[i, step], row, before)
