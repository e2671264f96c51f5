"""Whole episodes of networks that control a cart, in one kernel.

An episode is one network from one start. At every step the network gets the scaled state and
returns the force, and the cart moves. The episode ends at the first failure, so a network that
fails at once costs next to nothing.

Several carts move at the same time, each in a lane of its own. A lane whose episode has ended takes
the next one. Lanes share no state, and are computed by the same operations. So an episode's result
is the same in every batch, to the last bit.
"""

import math
from typing import NamedTuple

import numpy as np

from evo.fitness.pole.physics import LANES, MAX_FORCE, STATE, TRACK, act, is_balanced
from genomes.arrays import FloatArray, Indices
from genomes.kernels import device, kernel
from genomes.network.compilation import longest_row
from genomes.network.functions import clamp
from genomes.network.stepper import HEADER, advance

# Steps at the end of an episode over which a cart's unrest is summed.
WINDOW = 100

# Inputs are the state divided by these (Stanley & Miikkulainen 2002).
_POSITION, _ANGLE, _VELOCITY = 2 * TRACK, 0.52, 2.0


class Cart(NamedTuple):
    """One of the tasks, as the kernels read it.

    Attributes:
        poles: 1 or 2.
        velocities: Whether velocities are inputs.
        bound: Largest angle of a pole, in radians.
        signed: Whether an output is from -1 to 1, otherwise from 0 to 1.
    """

    poles: int
    velocities: bool
    bound: float
    signed: bool


@device
def _observe(cart: Cart, states: FloatArray, k: int, block: FloatArray) -> None:
    """Write the scaled state of cart k into the inputs of a network's block."""
    place, stride = HEADER, 2 if cart.velocities else 1
    block[place] = states[k] / _POSITION
    block[place + stride] = states[2 * LANES + k] / _ANGLE
    if cart.poles == 2:
        block[place + 2 * stride] = states[4 * LANES + k] / _ANGLE
    if cart.velocities:
        block[place + 1] = states[LANES + k] / _VELOCITY
        block[place + 3] = states[3 * LANES + k] / _VELOCITY
        if cart.poles == 2:
            block[place + 5] = states[5 * LANES + k] / _VELOCITY


@device
def _begin(
    episode: int,
    memory: FloatArray,
    offsets: Indices,
    starts: FloatArray,
    states: FloatArray,
    k: int,
    block: FloatArray,
) -> None:
    """Put cart k at the start of an episode, with the network of the episode in `block`."""
    g, s = episode // len(starts), episode % len(starts)
    for index in range(STATE):
        states[index * LANES + k] = starts[s, index]
    for index in range(offsets[g + 1] - offsets[g]):
        block[index] = memory[offsets[g] + index]


@device
def _unrest(recent: FloatArray, step: int) -> float:
    """Return the sum of the last 100 steps before `step`, oldest first."""
    if step < WINDOW:
        return math.inf
    total = 0.0
    for index in range(WINDOW):
        total += recent[(step + index) % WINDOW]
    return total


@kernel
def run_episodes(
    cart: Cart,
    inputs: int,
    memory: FloatArray,
    offsets: Indices,
    starts: FloatArray,
    steps: int,
    balanced: Indices,
    unrest: FloatArray,
) -> None:
    """Run every network from every start.

    Args:
        cart: The task.
        inputs: Inputs of a network.
        memory: Networks of one output in their initial state, of `blocks_of`.
        offsets: Their offsets, int64 (n + 1,).
        starts: States, float64 (starts, 6).
        steps: Maximum number of steps.
        balanced: Steps until failure, int64 (n, starts), written to; -1 if an output was NaN.
        unrest: Sum of |position|, |velocity|, |angle 1| and |its velocity| over the last 100
            balanced steps, float64 (n, starts), written to; infinite after fewer steps.
    """
    count = balanced.size
    states, forces = np.zeros(STATE * LANES), np.zeros(LANES)
    blocks = np.empty((LANES, longest_row(offsets)))
    recent = np.empty((LANES, WINDOW))
    episode, step = np.full(LANES, -1), np.zeros(LANES, np.int64)
    following, playing = 0, 0
    for k in range(LANES):
        if following < count:
            _begin(following, memory, offsets, starts, states, k, blocks[k])
            episode[k] = following
            following += 1
            playing += 1
    while playing > 0:
        for k in range(LANES):
            if episode[k] >= 0:
                _observe(cart, states, k, blocks[k])
                advance(blocks[k])
                output = blocks[k, HEADER + inputs]
                push = output if cart.signed else 2.0 * output - 1.0
                forces[k] = clamp(MAX_FORCE * push, MAX_FORCE)
        act(cart.poles, forces, states)
        for k in range(LANES):
            if episode[k] < 0:
                continue
            broken = math.isnan(forces[k])
            if not broken and is_balanced(cart.poles, cart.bound, states, k):
                recent[k, step[k] % WINDOW] = (
                    abs(states[k])
                    + abs(states[LANES + k])
                    + abs(states[2 * LANES + k])
                    + abs(states[3 * LANES + k])
                )
                step[k] += 1
                if step[k] < steps:
                    continue
            g, s = episode[k] // len(starts), episode[k] % len(starts)
            balanced[g, s] = -1 if broken else step[k]
            unrest[g, s] = _unrest(recent[k], step[k])
            episode[k], step[k] = -1, 0
            forces[k] = 0.0
            if following < count:
                _begin(following, memory, offsets, starts, states, k, blocks[k])
                episode[k] = following
                following += 1
            else:
                playing -= 1
