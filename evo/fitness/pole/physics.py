"""The cart with one or two poles: the equations of motion, constants and failure bounds.

A cart on a short track carries one or two poles on hinges. A force on the cart must keep every pole
upright. The equations are those of Wieland, "Evolving neural network controllers for unstable
systems" (1991), with the constants of Stanley & Miikkulainen, "Evolving neural networks through
augmenting topologies" (2002). With pole i of half length l, mass m, angle a and velocity w:

    f_i = m l w^2 sin a + 3/4 m cos a (hinge w / (m l) + g sin a)      force of the pole on the cart
    e_i = m (1 - 3/4 cos^2 a)                                          its effective mass
    x'' = (force - track sign x' + sum f_i) / (cart + sum e_i)
    a_i'' = -3/4 (x'' cos a + g sin a + hinge w / (m l)) / l

Angles are from upright, and g is negative. Integration is by the fourth-order Runge-Kutta method.

A state is (position, velocity, angle 1, its velocity, angle 2, its velocity), in metres, radians
and seconds. With one pole the last two stay 0.
"""

import math
from typing import NamedTuple

from genomes.arrays import FloatArray
from genomes.kernels import device, inlined

STATE = 6  # numbers in a state
LANES = 16  # carts that move together, by vector instructions
MAX_FORCE = 10.0  # newtons
TRACK = 2.4  # failure beyond this distance from the middle, in metres

_GRAVITY = -9.8
_CART_MASS = 1.0
_LENGTHS = (0.5, 0.05)  # half lengths of the poles
_MASSES = (0.1, 0.01)
_TRACK_FRICTION = 0.0005
_HINGE_FRICTION = 0.000002
_TAU = 0.01  # seconds of an integration step
_STEPS_PER_ACTION = 2

_TAU_HALF, _TAU_SIXTH = _TAU / 2, _TAU / 6
_ML_1, _ML_2 = _MASSES[0] * _LENGTHS[0], _MASSES[1] * _LENGTHS[1]
_HINGE_1, _HINGE_2 = _HINGE_FRICTION / _ML_1, _HINGE_FRICTION / _ML_2
_GAIN_1, _GAIN_2 = -0.75 / _LENGTHS[0], -0.75 / _LENGTHS[1]
_MASS_1, _MASS_2 = _MASSES


class State(NamedTuple):
    """The state of a cart with poles; see the module's docstring."""

    x: float
    x_velocity: float
    angle_1: float
    velocity_1: float
    angle_2: float
    velocity_2: float


@inlined
def sine_and_cosine(angle: float) -> tuple[float, float]:
    """Return sine and cosine of an angle below 1.5 radians, accurate to 1e-15 below 0.9.

    It has no calls and no branches, so it can be vectorized.
    """
    z = angle * angle
    series = 1.0 / 39916800.0 - z * (1.0 / 6227020800.0 - z * (1.0 / 1307674368000.0))
    series = 1.0 / 120.0 - z * (1.0 / 5040.0 - z * (1.0 / 362880.0 - z * series))
    sine = angle - angle * z * (1.0 / 6.0 - z * series)
    return sine, math.sqrt(1.0 - sine * sine)


@inlined
def accelerations(
    poles: int, force: float, velocity: float, a_1: float, w_1: float, a_2: float, w_2: float
) -> tuple[float, float, float]:
    """Return the accelerations of the cart and of both angles.

    Args:
        poles: 1 or 2.
        force: Force on the cart, in newtons.
        velocity: Velocity of the cart.
        a_1: Angle of the first pole.
        w_1: Its velocity.
        a_2: Angle of the second pole.
        w_2: Its velocity.
    """
    sine, cosine = sine_and_cosine(a_1)
    pull_1 = _HINGE_1 * w_1 + _GRAVITY * sine
    total = force + _ML_1 * w_1 * w_1 * sine + 0.75 * _MASS_1 * cosine * pull_1
    mass = _CART_MASS + _MASS_1 * (1.0 - 0.75 * cosine * cosine)
    cosine_1 = cosine
    total -= _TRACK_FRICTION * ((velocity > 0.0) - (velocity < 0.0))
    if poles == 1:
        x = total / mass
        return x, _GAIN_1 * (x * cosine_1 + pull_1), 0.0
    sine, cosine = sine_and_cosine(a_2)
    pull_2 = _HINGE_2 * w_2 + _GRAVITY * sine
    total += _ML_2 * w_2 * w_2 * sine + 0.75 * _MASS_2 * cosine * pull_2
    mass += _MASS_2 * (1.0 - 0.75 * cosine * cosine)
    x = total / mass
    first = _GAIN_1 * (x * cosine_1 + pull_1)
    return x, first, _GAIN_2 * (x * cosine + pull_2)


@inlined
def _integrate(poles: int, force: float, state: State) -> State:
    """Return the state after one step of the Runge-Kutta method."""
    x, v, a, w, b, u = state
    # k: accelerations at the four points; velocities there are v, v + half k, ...
    p_1, q_1, r_1 = accelerations(poles, force, v, a, w, b, u)
    v_2, w_2, u_2 = v + _TAU_HALF * p_1, w + _TAU_HALF * q_1, u + _TAU_HALF * r_1
    p_2, q_2, r_2 = accelerations(poles, force, v_2, a + _TAU_HALF * w, w_2, b + _TAU_HALF * u, u_2)
    v_3, w_3, u_3 = v + _TAU_HALF * p_2, w + _TAU_HALF * q_2, u + _TAU_HALF * r_2
    p_3, q_3, r_3 = accelerations(
        poles, force, v_3, a + _TAU_HALF * w_2, w_3, b + _TAU_HALF * u_2, u_3
    )
    v_4, w_4, u_4 = v + _TAU * p_3, w + _TAU * q_3, u + _TAU * r_3
    p_4, q_4, r_4 = accelerations(poles, force, v_4, a + _TAU * w_3, w_4, b + _TAU * u_3, u_4)
    return State(
        x + _TAU_SIXTH * (v + 2.0 * (v_2 + v_3) + v_4),
        v + _TAU_SIXTH * (p_1 + 2.0 * (p_2 + p_3) + p_4),
        a + _TAU_SIXTH * (w + 2.0 * (w_2 + w_3) + w_4),
        w + _TAU_SIXTH * (q_1 + 2.0 * (q_2 + q_3) + q_4),
        b + _TAU_SIXTH * (u + 2.0 * (u_2 + u_3) + u_4),
        u + _TAU_SIXTH * (r_1 + 2.0 * (r_2 + r_3) + r_4),
    )


@device
def _act_all(poles: int, forces: FloatArray, states: FloatArray) -> None:
    for k in range(LANES):
        state = State(
            states[k],
            states[LANES + k],
            states[2 * LANES + k],
            states[3 * LANES + k],
            states[4 * LANES + k],
            states[5 * LANES + k],
        )
        state = _integrate(poles, forces[k], state)
        states[k] = state.x
        states[LANES + k] = state.x_velocity
        states[2 * LANES + k] = state.angle_1
        states[3 * LANES + k] = state.velocity_1
        states[4 * LANES + k] = state.angle_2
        states[5 * LANES + k] = state.velocity_2


@device
def act(poles: int, forces: FloatArray, states: FloatArray) -> None:
    """Move carts by one action of 0.02 seconds.

    Args:
        poles: 1 or 2.
        forces: Forces in newtons, float64 (LANES,).
        states: The states, float64 (6 * LANES,), changed.
    """
    # With a constant number of poles the loop is compiled for several carts at once.
    for _ in range(_STEPS_PER_ACTION):
        if poles == 1:
            _act_all(1, forces, states)
        else:
            _act_all(2, forces, states)


@device
def is_balanced(poles: int, bound: float, states: FloatArray, k: int) -> bool:
    """Return whether cart k is on its track and all its poles are upright.

    Args:
        poles: 1 or 2.
        bound: Largest angle of a pole, in radians.
        states: The states, float64 (6, carts).
        k: Index of the cart.
    """
    fine = abs(states[k]) <= TRACK and abs(states[2 * LANES + k]) <= bound
    return fine and (poles == 1 or abs(states[4 * LANES + k]) <= bound)
