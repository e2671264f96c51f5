"""Closed-loop inference: each step's output becomes part of the next step's input.

All input levels are stored in one array. It has a row per step, with a column per key and per extra
input. It begins with as many rows of `before_start` as the longest lag. Input i at step t is the
level at t times the row's length plus a constant offset, so inputs are never copied.

Networks that started fully connected have mostly links from inputs to a few nodes, in the same
order. These form a block: nodes whose links begin with inputs in ascending order are summed
together, input by input, up to the first link that breaks the order. Other links are added node by
node. The block skips inputs of 0.

Results are unchanged to the last bit. Terms are added in the order of the genes. Skipped terms and
terms of missing links are zeros, which never change a sum that began with 0. With nonfinite weights
or levels this does not hold, and every link is added separately.
"""

import math
from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.kernels import device, kernel
from genomes.network.activation import Program
from genomes.network.compilation import longest_row
from genomes.network.functions import IDENTITY, SUM, activated, aggregate_values
from genomes.sampling import Sampling, sample_keys
from genomes.vectors import LANES, load, number, plus, spread, store, times

# The block has nodes with at least 1/_SHARE of the longest node's ascending links. It is used if
# at least 1/_FILLED of its weights belong to links.
_SHARE = 4
_FILLED = 32


class PlayerValues(NamedTuple):
    """The values of a `Player` as types that kernels accept."""

    lags: Indices
    off: float
    on: float
    before_start: float
    threshold: float
    voices: int
    extra_inputs: FloatArray
    sampling: Sampling


class _Block(NamedTuple):
    """The links of one network that are summed together."""

    slot: Indices  # (nodes,) column of every node in `weights`, or -1
    length: Indices  # (nodes,) number of a node's first links in the block
    weights: FloatArray  # (inputs, slots), or empty


@device
def _finite(values: FloatArray) -> bool:
    """Return whether all values are finite."""
    for value in values:  # noqa: SIM110, numba has no generators
        if not math.isfinite(value):
            return False
    return True


@device
def _ascending(program: Program, p: int) -> int:
    """Return the number of node p's leading links from inputs in ascending order."""
    begin, end = program.link_offsets[p], program.link_offsets[p + 1]
    before = -1
    for link in range(begin, end):
        source = program.source[link]
        if source >= program.inputs or source <= before:
            return int(link - begin)
        before = source
    return int(end - begin)


@device
def _block(program: Program, g: int, exact: bool) -> _Block:
    """Return the block of network g; empty unless `exact` (finite levels)."""
    first, last = program.node_offsets[g], program.node_offsets[g + 1]
    nodes = last - first
    slot, length = np.full(nodes, -1), np.zeros(nodes, np.int64)
    begin, end = program.link_offsets[first], program.link_offsets[last]
    slots, rows, links, longest = 0, program.inputs, 0, 0
    if exact and _finite(program.weight[begin:end]):
        for index in range(nodes):
            if program.aggregation[first + index] == SUM:
                length[index] = _ascending(program, first + index)
                longest = max(longest, length[index])
        for index in range(nodes):
            if length[index] > 0 and _SHARE * length[index] >= longest:
                slot[index] = slots
                slots += 1
                links += length[index]
        slots += -slots % LANES
        if slots == 0 or rows * slots > _FILLED * links:  # node by node is faster
            rows, slots = 0, 0
            slot[:] = -1
    weights = np.zeros((rows, slots))
    for index in range(nodes):
        if slot[index] < 0:
            length[index] = 0
        begin = program.link_offsets[first + index]
        for link in range(begin, begin + length[index]):
            weights[program.source[link], slot[index]] = program.weight[link]
    return _Block(slot, length, weights)


@device
def _list_loud(levels: FloatArray, keys: int, loud: Indices, at: int) -> None:
    """Store the number of keys with nonzero level in row `at`, then the keys."""
    count = 0
    for key in range(keys):
        count += levels[at, key] != 0.0
        if levels[at, key] != 0.0:
            loud[at, count] = key
    loud[at, 0] = count


@device
def _sum_block(
    block: _Block,
    levels: FloatArray,
    loud: Indices,
    lags: Indices,
    now: int,
    rows: Indices,
    row_inputs: FloatArray,
    sums: FloatArray,
) -> None:
    """Compute the weighted sums of a block's nodes, at the step in row `now` of `levels`.

    `loud` is the output of `_list_loud`. `rows` and `row_inputs` are scratch space: the rows of the
    block with nonzero input, and these inputs. The result is written to `sums`.
    """
    width, keys = levels.shape[1], loud.shape[1] - 1
    count = 0
    for index in range(len(lags)):
        past = now - lags[index]
        for i in range(1, 1 + loud[past, 0]):
            key = loud[past, i]
            rows[count], row_inputs[count] = index * keys + key, levels[past, key]
            count += 1
    for column in range(keys, width):
        rows[count], row_inputs[count] = (len(lags) - 1) * keys + column, levels[now, column]
        count += 1
    slots = block.weights.shape[1]
    for first in range(0, slots, LANES):
        total = spread(0.0)
        for i in range(count):
            terms = load(block.weights, rows[i] * slots + first)
            total = plus(total, times(terms, spread(number(row_inputs, i))))
        store(total, sums, first)


@device
def _step(
    program: Program,
    g: int,
    block: _Block,
    sums: FloatArray,
    levels: FloatArray,
    base: int,
    offsets: Indices,
    previous: FloatArray,
    values: FloatArray,
    weighted: FloatArray,
) -> None:
    """Compute one step of network g into `values`, from the nodes' values in `previous`.

    Both are the same array for a feed-forward network. For a recurrent one `previous` has the
    previous step, and a node without links keeps the value 0, as in neat-python.
    """
    first = program.node_offsets[g]
    for p in range(first, program.node_offsets[g + 1]):
        begin, end = program.link_offsets[p], program.link_offsets[p + 1]
        if begin == end and not program.feed_forward:
            continue
        index = p - first
        if program.aggregation[p] == SUM:
            total = sums[block.slot[index]] if block.slot[index] >= 0 else 0.0
            for link in range(begin + block.length[index], end):
                source = program.source[link]
                if source < program.inputs:
                    total += program.weight[link] * levels[base + offsets[source]]
                else:
                    total += program.weight[link] * previous[source - program.inputs]
        else:
            for link in range(begin, end):
                source = program.source[link]
                if source < program.inputs:
                    value = levels[base + offsets[source]]
                else:
                    value = previous[source - program.inputs]
                weighted[link - begin] = program.weight[link] * value
            total = aggregate_values(program.aggregation[p], weighted, end - begin)
        total = program.bias[p] + program.response[p] * total
        code = program.activation[p]
        values[index] = total if code == IDENTITY else activated(code, total)


@device
def _sound_voices(
    outputs: FloatArray,
    voices: int,
    temperature: float,
    chances: FloatArray,
    played: BoolArray,
    g: int,
    t: int,
) -> None:
    """Let `voices` of the keys sound, one after the other; see `Networks.perform`."""
    for voice in range(voices):
        best = -1
        for key in range(len(outputs)):
            if not (played[g, t, key] or math.isnan(outputs[key])) and (
                best < 0 or outputs[key] > outputs[best]
            ):
                best = key
        if best < 0:
            return
        if temperature > 0.0:
            highest, total = outputs[best], 0.0
            for draw in range(2):  # the sum of all, then the key at which the chance is reached
                limit = chances[g, t, voice] * total
                total = 0.0
                for key in range(len(outputs)):
                    if played[g, t, key] or math.isnan(outputs[key]):
                        continue
                    share = 1.0
                    if outputs[key] < highest:
                        share = math.exp((outputs[key] - highest) / temperature)
                    total += share
                    if draw == 1 and share > 0.0:
                        best = key
                        if total > limit:
                            break
        played[g, t, best] = True


@device
def _sound_keys(
    outputs: FloatArray,
    player: PlayerValues,
    temperature: float,
    chances: FloatArray,
    played: BoolArray,
    g: int,
    t: int,
) -> None:
    """Play the keys of network g at step t; the outputs become activations."""
    for key in range(len(outputs)):
        outputs[key] -= player.threshold
        played[g, t, key] = outputs[key] > 0.0
    if temperature > 0.0:
        sample_keys(
            outputs, temperature, player.sampling, t, chances[g, t], played[g, t],
            played[g, max(t - 1, 0)],
        )  # fmt: skip


@device
def _input_offsets(player: PlayerValues, keys: int, longest: int) -> Indices:
    """Return the offset of every input in the flat levels."""
    lags, extra = len(player.lags), len(player.extra_inputs)
    width = keys + extra
    offsets = np.empty(lags * keys + extra, np.int64)
    for index in range(lags):
        for key in range(keys):
            offsets[index * keys + key] = (longest - player.lags[index]) * width + key
    for index in range(extra):
        offsets[lags * keys + index] = keys + index
    return offsets


@device
def _has_finite_levels(player: PlayerValues) -> bool:
    return (
        math.isfinite(player.off)
        and math.isfinite(player.on)
        and math.isfinite(player.before_start)
        and _finite(player.extra_inputs)
    )


@kernel
def play_rows(
    program: Program,
    player: PlayerValues,
    prompt_steps: int,
    temperature: float,
    chances: FloatArray,
    played: BoolArray,
) -> None:
    """Play every network in closed loop after a prompt.

    Args:
        program: The compiled networks.
        player: The player.
        prompt_steps: Steps of the prompt.
        temperature: Sampling temperature. Above 0 a key sounds if its chance is below
            sigmoid(activation / temperature). For voices see `Networks.perform`.
        chances: Float64 (n, steps, keys) in [0, 1); empty at temperature 0.
        played: Bool (n, steps, keys), silent after the prompt; written to.
    """
    n, steps, keys = played.shape
    nodes, links = longest_row(program.node_offsets), longest_row(program.link_offsets)
    longest, width = max(player.lags), keys + len(player.extra_inputs)
    offsets = _input_offsets(player, keys, longest)
    levels = np.full((longest + steps, width), player.before_start)
    for index in range(width - keys):
        levels[:, keys + index] = player.extra_inputs[index]
    exact, flat = _has_finite_levels(player), levels.reshape(-1)
    loud = np.empty((longest + steps, keys + 1), np.int64)
    for t in range(longest):
        _list_loud(levels, keys, loud, t)
    rows, row_levels = np.empty(program.inputs, np.int64), np.empty(program.inputs)
    weighted, sums, outputs = np.empty(max(links, 1)), np.empty(nodes + LANES), np.empty(keys)
    for g in range(n):
        block = _block(program, g, exact)
        previous, values = np.zeros(nodes), np.zeros(nodes)
        for t in range(steps):
            if t >= prompt_steps or not program.feed_forward:
                if len(block.weights) > 0:
                    _sum_block(
                        block, levels, loud, player.lags, longest + t, rows, row_levels, sums
                    )  # fmt: skip
                sources = values if program.feed_forward else previous
                _step(
                    program, g, block, sums, flat, t * width, offsets, sources, values, weighted
                )  # fmt: skip
            if t >= prompt_steps:
                for key in range(keys):
                    outputs[key] = values[program.outputs[g, key]]
                if player.voices > 0:
                    _sound_voices(outputs, player.voices, temperature, chances, played, g, t)
                else:
                    _sound_keys(outputs, player, temperature, chances, played, g, t)
            for key in range(keys):
                levels[longest + t, key] = player.on if played[g, t, key] else player.off
            _list_loud(levels, keys, loud, longest + t)
            previous, values = values, previous
