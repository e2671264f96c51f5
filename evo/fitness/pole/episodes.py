"""Whole episodes of networks that control a cart, in one kernel.

An episode is one network from one start. At every step the network gets the scaled state and
returns the force, and the cart moves. The episode ends at the first failure, so a network that
fails at once costs next to nothing. Episodes share no state: their results are the same in every
batch.
"""

import math
from typing import NamedTuple

import numpy as np

from evo.fitness.pole.physics import TRACK, State, act, is_balanced
from genomes.arrays import FloatArray, Indices
from genomes.kernels import device, kernel
from genomes.network.stepper import HEADER, step_network

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
def _observe(cart: Cart, state: State, block: FloatArray) -> None:
    """Write the scaled state into the inputs of a network's block."""
    place, stride = HEADER, 2 if cart.velocities else 1
    block[place] = state.x / _POSITION
    block[place + stride] = state.angle_1 / _ANGLE
    if cart.poles == 2:
        block[place + 2 * stride] = state.angle_2 / _ANGLE
    if cart.velocities:
        block[place + 1] = state.x_velocity / _VELOCITY
        block[place + 3] = state.velocity_1 / _VELOCITY
        if cart.poles == 2:
            block[place + 5] = state.velocity_2 / _VELOCITY


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
    recent = np.empty(WINDOW)
    for g in range(len(offsets) - 1):
        fresh = memory[offsets[g] : offsets[g + 1]]
        block = np.empty(len(fresh))
        for s in range(len(starts)):
            start = starts[s]
            state = State(start[0], start[1], start[2], start[3], start[4], start[5])
            block[:] = fresh
            step, failed = 0, False
            while step < steps:
                _observe(cart, state, block)
                step_network(block)
                output = block[HEADER + inputs]
                failed = math.isnan(output)
                state = act(cart.poles, output if cart.signed else 2.0 * output - 1.0, state)
                if failed or not is_balanced(cart.poles, cart.bound, state):
                    break
                recent[step % WINDOW] = (
                    abs(state.x) + abs(state.x_velocity)
                    + abs(state.angle_1) + abs(state.velocity_1)
                )  # fmt: skip
                step += 1
            balanced[g, s] = -1 if failed else step
            total = math.inf
            if step >= WINDOW:
                total = 0.0
                for index in range(WINDOW):
                    total += recent[(step + index) % WINDOW]
            unrest[g, s] = total
