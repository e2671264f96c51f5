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
from genomes.network.activation import Program
from genomes.network.stepper import step_network

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
def _observe(cart: Cart, state: State, inputs: FloatArray) -> None:
    """Write the scaled state into the row of inputs."""
    if cart.velocities:
        inputs[0, 0], inputs[0, 1] = state.x / _POSITION, state.x_velocity / _VELOCITY
        inputs[0, 2], inputs[0, 3] = state.angle_1 / _ANGLE, state.velocity_1 / _VELOCITY
        if cart.poles == 2:
            inputs[0, 4], inputs[0, 5] = state.angle_2 / _ANGLE, state.velocity_2 / _VELOCITY
    else:
        inputs[0, 0], inputs[0, 1] = state.x / _POSITION, state.angle_1 / _ANGLE
        if cart.poles == 2:
            inputs[0, 2] = state.angle_2 / _ANGLE


@kernel
def run_episodes(
    cart: Cart,
    program: Program,
    starts: FloatArray,
    steps: int,
    balanced: Indices,
    unrest: FloatArray,
) -> None:
    """Run every network from every start.

    Args:
        cart: The task.
        program: The compiled networks, with as many inputs as the cart and one output.
        starts: States, float64 (starts, 6).
        steps: Maximum number of steps.
        balanced: Steps until failure, int64 (n, starts), written to; -1 if an output was NaN.
        unrest: Sum of |position|, |velocity|, |angle 1| and |its velocity| over the last 100
            balanced steps, float64 (n, starts), written to; infinite after fewer steps.
    """
    n, nodes = len(program.outputs), len(program.node_id)
    inputs = np.empty((1, program.inputs))
    previous, values = np.zeros(nodes), np.zeros(nodes)
    weighted = np.empty(max(1, len(program.source)))
    recent = np.empty(WINDOW)
    for g in range(n):
        output_node = program.node_offsets[g] + program.outputs[g, 0]
        for s in range(len(starts)):
            start = starts[s]
            state = State(start[0], start[1], start[2], start[3], start[4], start[5])
            for p in range(program.node_offsets[g], program.node_offsets[g + 1]):
                previous[p] = values[p] = 0.0
            step, failed = 0, False
            while step < steps:
                _observe(cart, state, inputs)
                step_network(program, g, inputs, 0, previous, values, weighted)
                output = previous[output_node]
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
