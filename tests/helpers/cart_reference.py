"""The cart with poles in NumPy, from the published equations, for any number of poles."""

import math
from collections.abc import Callable

import numpy as np

from genomes.network.networks import Networks

GRAVITY, CART, TRACK_FRICTION, HINGE_FRICTION = -9.8, 1.0, 0.0005, 0.000002
HALF_LENGTH, MASS = np.array([0.5, 0.05]), np.array([0.1, 0.01])

# position, velocity, angles, velocities of the angles
State = tuple[float, float, np.ndarray, np.ndarray]


def slopes(state: State, force: float) -> State:
    """Return the derivative of a state."""
    _, velocity, angles, speeds = state
    length, mass = HALF_LENGTH[: len(angles)], MASS[: len(angles)]
    sine, cosine = np.sin(angles), np.cos(angles)
    pull = HINGE_FRICTION * speeds / (mass * length) + GRAVITY * sine
    forces = mass * length * speeds**2 * sine + 0.75 * mass * cosine * pull
    masses = mass * (1 - 0.75 * cosine**2)
    total = force - TRACK_FRICTION * np.sign(velocity) + forces.sum()
    acceleration = total / (CART + masses.sum())
    return velocity, acceleration, speeds, -0.75 / length * (acceleration * cosine + pull)


def plus(state: State, slope: State, seconds: float) -> State:
    """Return the state after some time at a constant slope."""
    return tuple(a + seconds * b for a, b in zip(state, slope, strict=True))  # type: ignore[return-value]


def after(state: State, push: float, seconds: float = 0.01, count: int = 2) -> State:
    """Return the state after `count` Runge-Kutta steps under a share of the full force."""
    force = 10.0 * max(-1.0, min(1.0, push))
    for _ in range(count):
        one = slopes(state, force)
        two = slopes(plus(state, one, seconds / 2), force)
        three = slopes(plus(state, two, seconds / 2), force)
        four = slopes(plus(state, three, seconds), force)
        mean = [
            (a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(one, two, three, four, strict=True)
        ]
        state = plus(state, mean, seconds)  # type: ignore[arg-type]
    return state


def is_balanced(state: State) -> bool:
    """Return whether nothing has failed: 2.4 metres; 36 degrees, or 12 with one pole."""
    limit = math.radians(12 if len(state[2]) == 1 else 36)
    return abs(state[0]) <= 2.4 and bool((np.abs(state[2]) <= limit).all())


def observed(state: State, velocities: bool) -> list[float]:
    """Return the inputs of a network."""
    rows = [(state[0] / 4.8, state[1] / 2)]
    rows += [(a / 0.52, w / 2) for a, w in zip(state[2], state[3], strict=True)]
    return [value for row in rows for value in (row if velocities else row[:1])]


def episode(
    network: Networks, poles: int, velocities: bool, steps: int,
    push_of: Callable[[float], float], start: State | None = None,
) -> tuple[int, list[float]]:  # fmt: skip
    """Return the steps until failure of a batch of one, and the unrest after each."""
    state = start or (0.0, 0.0, np.array([0.07, 0.0])[:poles], np.zeros(poles))
    stepper, unrest = network.stepper(), []
    for step in range(steps):
        (output,) = stepper.step(np.array([observed(state, velocities)]))[0]
        state = after(state, push_of(output))
        if not is_balanced(state):
            return step, unrest
        unrest.append(abs(state[0]) + abs(state[1]) + abs(state[2][0]) + abs(state[3][0]))
    return steps, unrest
