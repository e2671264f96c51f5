"""Compare networks that control a cart-pole with neat-python's own, for the same genomes.

    python benchmarks/stepping.py

Each round evaluates a population on the single pole of neat-python's example (physics, scaling of
the state, force of +-10), from a random start per network, for up to 500 steps. The genomes come
from a few generations of neat-python's own evolution. Three ways are compared:

    neat-python   its example's loop: `create`, then `activate` or `advance` per step
    Network.step  the same loop and physics in Python, with `Network.each` and `step`
    stepper       `Networks.stepper` for the population, with the physics in NumPy

Times are of the processor. They include all from genomes to fitness: `create`, or
`from_neat_python` and compilation of the networks. With --bred the conversion is left out, since
our engine breeds arrays. The time of one call with constant inputs, without physics, is printed
too. So is the time of the physics in Python alone, with which a loop in Python would take as long
if networks took no time.
"""

import common  # first: it arranges the import path

# isort: split
import math
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import cos, pi, sin
from typing import Any

import neat
import numpy as np

from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.neat.settings import NeatPythonSettings
from evo.engines.neat_python.config import build_config
from evo.engines.neat_python.engine import NeatPython
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.network.networks import Networks
from genomes.network.single import Network

Activate = Callable[[list[float]], Sequence[float]]

STEPS = 500
TIME_STEP = 0.01
POSITION_LIMIT, ANGLE_LIMIT = 2.4, 45 * pi / 180
GRAVITY, CART, POLE, LENGTH = 9.8, 1.0, 0.1, 0.5
KINDS = ("feed-forward", "recurrent", "CTRNN")


class CartPole:
    """neat-python's single pole, by leapfrog integration."""

    def __init__(self, start: Sequence[float]) -> None:
        self.x, self.theta, self.dx, self.dtheta = start
        self.xacc, self.tacc = 0.0, 0.0

    def step(self, force: float) -> None:
        """Advance by one time step under a force."""
        dt, total = TIME_STEP, CART + POLE
        self.x += dt * self.dx + 0.5 * self.xacc * dt**2
        self.theta += dt * self.dtheta + 0.5 * self.tacc * dt**2
        sine, cosine = sin(self.theta), cos(self.theta)
        tacc = (
            GRAVITY * sine + cosine * (-force - POLE * LENGTH * self.dtheta**2 * sine) / total
        ) / (LENGTH * (4.0 / 3.0 - POLE * cosine**2 / total))
        xacc = (force + POLE * LENGTH * (self.dtheta**2 * sine - tacc * cosine)) / total
        self.dx += 0.5 * (self.xacc + xacc) * dt
        self.dtheta += 0.5 * (self.tacc + tacc) * dt
        self.xacc, self.tacc = xacc, tacc

    def scaled(self) -> list[float]:
        """Return the state, scaled to about 0 to 1."""
        return [
            0.5 * (self.x + POSITION_LIMIT) / POSITION_LIMIT,
            (self.dx + 0.75) / 1.5,
            0.5 * (self.theta + ANGLE_LIMIT) / ANGLE_LIMIT,
            (self.dtheta + 1.0) / 2.0,
        ]


def balanced(activate: Activate, start: Sequence[float]) -> int:
    """Return the number of steps that a network balances the pole, at most STEPS."""
    pole = CartPole(start)
    for step in range(STEPS):
        pole.step(10.0 if activate(pole.scaled())[0] > 0.5 else -10.0)
        if abs(pole.x) >= POSITION_LIMIT or abs(pole.theta) >= ANGLE_LIMIT:
            return step
    return STEPS


def balanced_batch(stepper: Any, starts: np.ndarray) -> np.ndarray:
    """Return the same for all networks at once, int64 (n,)."""
    x, theta, dx, dtheta = starts.T.copy()
    xacc, tacc = np.zeros(len(x)), np.zeros(len(x))
    dt, total = TIME_STEP, CART + POLE
    result, alive = np.full(len(x), STEPS), np.arange(len(x))
    for step in range(STEPS):
        inputs = np.stack(
            [
                0.5 * (x + POSITION_LIMIT) / POSITION_LIMIT,
                (dx + 0.75) / 1.5,
                0.5 * (theta + ANGLE_LIMIT) / ANGLE_LIMIT,
                (dtheta + 1.0) / 2.0,
            ],
            axis=1,
        )
        force = np.where(stepper.step(inputs, alive)[:, 0] > 0.5, 10.0, -10.0)
        x += dt * dx + 0.5 * xacc * dt**2
        theta += dt * dtheta + 0.5 * tacc * dt**2
        sine, cosine = np.sin(theta), np.cos(theta)
        new_tacc = (
            GRAVITY * sine + cosine * (-force - POLE * LENGTH * dtheta**2 * sine) / total
        ) / (LENGTH * (4.0 / 3.0 - POLE * cosine**2 / total))
        new_xacc = (force + POLE * LENGTH * (dtheta**2 * sine - new_tacc * cosine)) / total
        dx += 0.5 * (xacc + new_xacc) * dt
        dtheta += 0.5 * (tacc + new_tacc) * dt
        xacc, tacc = new_xacc, new_tacc
        fallen = (np.abs(x) >= POSITION_LIMIT) | (np.abs(theta) >= ANGLE_LIMIT)
        if fallen.any():
            result[alive[fallen]] = step
            stays = ~fallen
            alive = alive[stays]
            x, theta, dx, dtheta = x[stays], theta[stays], dx[stays], dtheta[stays]
            xacc, tacc = xacc[stays], tacc[stays]
            if not len(alive):
                break
    return result


@dataclass
class Population:
    """Genomes of one kind, the same in both forms."""

    kind: str
    config: Any
    genomes: list[Any]
    networks: Networks

    @property
    def time_step(self) -> float | None:
        """Euler step of CTRNNs."""
        return TIME_STEP if self.kind == "CTRNN" else None

    def theirs(self, genome: Any) -> Activate:
        """Return neat-python's function of one step."""
        if self.kind == "CTRNN":
            advance = neat.ctrnn.CTRNN.create(genome, self.config).advance
            return lambda inputs: advance(inputs, TIME_STEP, TIME_STEP)
        if self.kind == "recurrent":
            return neat.nn.RecurrentNetwork.create(genome, self.config).activate  # type: ignore[no-any-return]
        return neat.nn.FeedForwardNetwork.create(genome, self.config).activate  # type: ignore[no-any-return]


def population(kind: str, size: int, generations: int, seed: int) -> Population:
    """Return genomes that evolved for some generations to balance the pole."""
    genome: dict[str, Any] = {
        "feed_forward": kind == "feed-forward",
        "conn_add_prob": 0.3,
        "conn_delete_prob": 0.1,
        "node_add_prob": 0.3,
        "node_delete_prob": 0.05,
    }
    if kind == "CTRNN":
        genome |= {
            "time_constant_init_mean": 0.05, "time_constant_init_stdev": 0.02,
            "time_constant_min_value": 0.02, "time_constant_mutate_rate": 0.3,
            "time_constant_mutate_power": 0.01,
        }  # fmt: skip
    shaped = NeatPython.of_shape(NeatPythonSettings(), 4, 1)
    settings = changed(shaped, {"NEAT": {"pop_size": size}, "DefaultGenome": genome})
    engine, config = NeatPython(settings, seed=seed), build_config(settings)
    for generation in range(generations):
        networks = engine.ask()
        steps = balanced_batch(
            networks.stepper(TIME_STEP if kind == "CTRNN" else None),
            starts_of(len(networks), seed + generation),
        )
        engine.tell(Scores.of(steps.astype(np.float64)))
    networks = engine.ask()
    return Population(kind, config, to_neat_python(networks, config), networks)


def starts_of(size: int, seed: int) -> np.ndarray:
    """Return a random start per network: position, angle and their velocities."""
    draw = random.Random(seed).uniform
    return np.array(
        [
            (
                draw(-0.5 * POSITION_LIMIT, 0.5 * POSITION_LIMIT),
                draw(-0.5 * ANGLE_LIMIT, 0.5 * ANGLE_LIMIT),
                draw(-1.0, 1.0),
                draw(-1.0, 1.0),
            )
            for _ in range(size)
        ]
    )


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time of a call, and its result."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def one_round(every: Population, starts: np.ndarray, bred: bool) -> tuple[float, float, str]:
    """Return the ratios of `Network.step` and of `stepper`, and a line about the round."""
    lists = starts.tolist()

    def networks() -> Networks:
        if bred:  # as an engine returns them: compiled for the first time
            return Networks.from_arrays(every.networks.to_arrays(), trusted=True)
        return from_neat_python(every.genomes, every.config)

    def their_loop() -> list[int]:
        return [
            balanced(every.theirs(genome), start)
            for genome, start in zip(every.genomes, lists, strict=True)
        ]

    def our_loop() -> list[int]:
        found = Network.each(networks())
        if every.time_step:
            for network in found:
                network.reset(every.time_step)
        return [balanced(network.step, start) for network, start in zip(found, lists, strict=True)]

    def batched() -> np.ndarray:
        return balanced_batch(networks().stepper(every.time_step), starts)

    def physics() -> None:
        actions = [1.0], [0.0]
        for count, start in zip(wanted, lists, strict=True):
            pole = CartPole(start)
            for step in range(min(count + 1, STEPS)):
                pole.step(10.0 if actions[step & 1][0] > 0.5 else -10.0)
                pole.scaled()
                if abs(pole.x) >= math.inf or abs(pole.theta) >= math.inf:
                    break

    theirs, wanted = seconds(their_loop)
    ours, found = seconds(our_loop)
    batch, together = seconds(batched)
    alone, _ = seconds(physics)
    steps = sum(wanted)
    same = sum(a == b for a, b in zip(wanted, found, strict=True))
    also = sum(a == b for a, b in zip(wanted, together.tolist(), strict=True))
    line = (
        f"{steps} steps; neat-python {theirs:.3f} s, Network.step {ours:.3f} s (ratio "
        f"{theirs / ours:.2f}), stepper {batch:.4f} s (ratio {theirs / batch:.1f}), physics alone "
        f"{alone:.3f} s (ratio {theirs / alone:.2f}); balance for equally many steps: {same} and "
        f"{also} of {len(wanted)}"
    )
    return theirs / ours, theirs / batch, line


def calls(every: Population) -> float:
    """Print the mean time of one call in both, without physics; return the ratio."""
    inputs, repeats = [0.4, 0.3, 0.6, 0.2], 200
    networks = Network.each(every.networks)
    if every.time_step:
        for network in networks:
            network.reset(every.time_step)
    both = []
    for functions in (
        [every.theirs(genome) for genome in every.genomes],
        [network.step for network in networks],
    ):
        started = time.process_time()
        for function in functions:
            for _ in range(repeats):
                function(inputs)
        both.append((time.process_time() - started) / repeats / len(functions) * 1e6)
    stepper, rows = every.networks.stepper(every.time_step), np.tile(inputs, (len(networks), 1))
    started = time.process_time()
    for _ in range(repeats):
        stepper.step(rows)
    batched = (time.process_time() - started) / repeats / len(networks) * 1e6
    print(
        f"{every.kind}: one call, neat-python {both[0]:.2f} us, Network.step {both[1]:.2f} us, "
        f"ratio {both[0] / both[1]:.2f}; stepper {batched:.3f} us per network"
    )
    return both[0] / both[1]


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--population", type=int, default=150)
    parser.add_argument("--generations", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bred", action="store_true", help="leave out the conversion of genomes")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for kind in KINDS:
        every = population(kind, options.population, options.generations, seed=1)
        nodes, connections = every.networks.sizes().mean(axis=0)
        print(f"{kind}: {nodes:.1f} nodes and {connections:.1f} connections on average")
        one_round(every, starts_of(options.population, 99), options.bred)  # loads the kernels
        ratios = []
        for number in range(options.rounds):
            single, batched, line = one_round(
                every, starts_of(options.population, 100 + number), options.bred
            )
            ratios.append((single, batched))
            print(f"{kind}, round {number + 1}: {line}")
        low, middle = np.min(ratios, axis=0), np.median(ratios, axis=0)
        print(
            f"{kind}: Network.step at least {low[0]:.2f} times as fast as neat-python, median "
            f"{middle[0]:.2f}; stepper at least {low[1]:.1f} times, median {middle[1]:.1f}"
        )
        figures |= {
            f"{kind}_step": float(middle[0]),
            f"{kind}_stepper": float(middle[1]),
            f"{kind}_call": calls(every),
        }
    print(
        f"Python {platform.python_version()}, neat-python {version('neat-python')}, "
        f"numba {version('numba')}, {platform.machine()}"
    )
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
