"""Kernels that play rule lists.

The last rule that holds decides: a rule that adds lets the key sound, and any other silences it.
Without such a rule the key is silent. So lists are read from the end, until every step is decided.

With the true past (`follow_lists`), the keys are columns of bits, 64 steps a word. The column of a
literal is that of its key, shifted by the lag. In closed loop (`play_lists`) every step depends on
the one before, and a list is read step by step.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.formula.player import Inputs
from genomes.kernels import device, kernel
from genomes.sampling import Sampling, sample_keys

Words = NDArray[np.uint64]
Literals = NDArray[np.int32]

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE, _NONE, _BITS = np.uint64(1), np.uint64(0), 64


@device
def _shifted(column: Words, lag: int, word: int) -> np.uint64:
    """Return a word of a column of bits that is delayed by some steps."""
    back, bits = word - lag // _BITS, lag % _BITS
    if back < 0:
        return _NONE
    found = column[back] << np.uint64(bits)
    if bits > 0 and back > 0:
        found |= column[back - 1] >> np.uint64(_BITS - bits)
    return found  # type: ignore[no-any-return]


@device
def _channel(inputs: Inputs, index: int, key: int) -> int:
    """Return the channel that an input reads, or -1 beyond the instrument."""
    place = inputs.place[index]
    if inputs.span == 0:
        return int(place)
    place += key
    return int(inputs.plane[index] + place) if 0 <= place < inputs.span else -1


@device
def _literal_word(
    inputs: Inputs, packed: Words, positions: Words, literal: int, key: int, word: int
) -> np.uint64:
    """Return 64 steps of a literal."""
    index = literal >> 1
    lag, found = inputs.lag[index], _NONE
    if lag == 0:
        found = positions[inputs.place[index], word]
    else:
        channel = _channel(inputs, index, key)
        if channel >= 0:
            found = _shifted(packed[channel], lag, word)
    return found ^ _ALL if literal & 1 else found


@device
def _pack(roll: BoolArray, packed: Words) -> None:
    """Write the channels of a roll as columns of bits."""
    packed[:] = _NONE
    for step in range(len(roll)):
        bit = _ONE << np.uint64(step % _BITS)
        for channel in range(roll.shape[1]):
            if roll[step, channel]:
                packed[channel, step // _BITS] |= bit


@device
def _list_of(inputs: Inputs, channel: int) -> int:
    """Return which rule list of an individual decides a channel."""
    return channel // inputs.span if inputs.span > 0 else channel


@kernel
def follow_lists(
    inputs: Inputs,
    list_offsets: Indices,
    adds: BoolArray,
    literal_offsets: Indices,
    literal: Literals,
    roll: BoolArray,
    activations: Singles,
) -> None:
    """Write what rule lists play after the true past of every step.

    Args:
        inputs: The inputs.
        list_offsets: Int64 (n * lists + 1,), the rules of each list.
        adds: Bool (rules,).
        literal_offsets: Int64 (rules + 1,).
        literal: Int32 (any,), twice the input, and 1 more if it is negated.
        roll: Bool (steps, keys).
        activations: Float32 (n, steps, keys); 1 for a key that sounds, otherwise -1.
    """
    n, steps, keys = activations.shape
    words = (steps + _BITS - 1) // _BITS
    packed = np.zeros((keys, words), np.uint64)
    _pack(roll, packed)
    positions = np.zeros((inputs.bar, words), np.uint64)
    for step in range(steps):
        positions[step % inputs.bar, step // _BITS] |= _ONE << np.uint64(step % _BITS)
    lists = _list_of(inputs, keys - 1) + 1
    span = max(inputs.span, 1)
    for i in range(n):
        for channel in range(keys):
            index = i * lists + _list_of(inputs, channel)
            key = channel % span
            for word in range(words):
                undecided, value = _ALL, _NONE
                for rule in range(list_offsets[index + 1] - 1, list_offsets[index] - 1, -1):
                    hit = undecided
                    for place in range(literal_offsets[rule], literal_offsets[rule + 1]):
                        hit &= _literal_word(inputs, packed, positions, literal[place], key, word)
                    if adds[rule]:
                        value |= hit
                    undecided &= ~hit
                    if undecided == _NONE:
                        break
                for step in range(word * _BITS, min(steps, (word + 1) * _BITS)):
                    sounds = (value >> np.uint64(step % _BITS)) & _ONE
                    activations[i, step, channel] = 1.0 if sounds else -1.0


@device
def _holds(inputs: Inputs, played: BoolArray, step: int, literal: int, key: int) -> bool:
    """Return whether a literal is true at a step."""
    index = literal >> 1
    lag, found = inputs.lag[index], False
    if lag == 0:
        found = step % inputs.bar == inputs.place[index]
    elif lag <= step:
        channel = _channel(inputs, index, key)
        found = channel >= 0 and played[step - lag, channel]
    return found != bool(literal & 1)


@kernel
def play_lists(
    inputs: Inputs,
    list_offsets: Indices,
    adds: BoolArray,
    literal_offsets: Indices,
    literal: Literals,
    prompt_steps: int,
    temperature: float,
    sampling: Sampling,
    chances: FloatArray,
    played: BoolArray,
) -> None:
    """Play in closed loop.

    Args:
        inputs: The inputs.
        list_offsets: Int64 (n * lists + 1,), the rules of each list.
        adds: Bool (rules,).
        literal_offsets: Int64 (rules + 1,).
        literal: Int32 (any,); see `follow_lists`.
        prompt_steps: First steps, which are given.
        temperature: Sampling temperature.
        sampling: How activations become probabilities.
        chances: Float64 (n, steps, keys), uniform random numbers; empty at temperature 0.
        played: Bool (n, steps, keys), beginning with the prompt; written to.
    """
    n, steps, keys = played.shape
    lists, span = _list_of(inputs, keys - 1) + 1, max(inputs.span, 1)
    activations = np.empty(keys)
    for i in range(n):
        for step in range(prompt_steps, steps):
            for channel in range(keys):
                index, key, sounds = i * lists + _list_of(inputs, channel), channel % span, False
                for rule in range(list_offsets[index + 1] - 1, list_offsets[index] - 1, -1):
                    holds = True
                    for place in range(literal_offsets[rule], literal_offsets[rule + 1]):
                        if not _holds(inputs, played[i], step, literal[place], key):
                            holds = False
                            break
                    if holds:
                        sounds = adds[rule]
                        break
                activations[channel] = 1.0 if sounds else -1.0
            if temperature > 0.0:
                row, before = played[i, step], played[i, max(step - 1, 0)]
                sample_keys(activations, temperature, sampling, step, chances[i, step], row, before)
            else:
                for channel in range(keys):
                    played[i, step, channel] = activations[channel] > 0.0
