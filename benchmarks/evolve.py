"""Whole runs with a Python function per network: `evo.evolve` against neat-python's own loop.

    python benchmarks/evolve.py [--generations 40] [--rounds 3]

Both balance a pole on a cart in pure Python, 150 networks a generation, up to 500 steps each, in
one process. Our run also writes its log and its checkpoints. Populations of the two differ, so
their episodes have different lengths: the time per step of the physics is printed, too.
"""

import argparse
import tempfile
import time
from functools import partial
from math import cos, sin
from pathlib import Path
from statistics import median
from typing import Any

import common  # noqa: F401 - makes `neat` mean the library, not the script beside this one
import neat

import evo
from evo.core.settings import changed
from evo.engines.neat.settings import NeatSettings
from evo.engines.neat_python.config import build_config

STEPS = 500
steps_done = 0


def balanced(act: Any) -> int:
    """Return the steps until the pole falls; `act` returns a network's outputs."""
    global steps_done
    x, speed, angle, turn = 0.0, 0.0, 0.05, 0.0
    step = 0
    for step in range(STEPS):  # noqa: B007 - returned
        force = 10.0 if act((x / 2.4, speed, angle / 0.21, turn))[0] > 0.5 else -10.0
        sine, cosine = sin(angle), cos(angle)
        pull = (force + 0.05 * turn * turn * sine) / 1.1
        fall = (9.8 * sine - cosine * pull) / (0.5 * (4 / 3 - cosine * cosine / 11))
        x, speed = x + 0.02 * speed, speed + 0.02 * (pull - 0.05 * fall * cosine / 1.1)
        angle, turn = angle + 0.02 * turn, turn + 0.02 * fall
        if abs(x) > 2.4 or abs(angle) > 0.21:
            break
    steps_done += step + 1
    return step


def ours(network: Any) -> int:
    """Return the fitness of one of our networks."""
    return balanced(network.step)


def theirs(genomes: Any, config: Any) -> None:
    """Set the fitness of neat-python's genomes."""
    for _, genome in genomes:
        genome.fitness = balanced(neat.nn.FeedForwardNetwork.create(genome, config).activate)


def timed(run: Any) -> tuple[float, float]:
    """Return the processor seconds of a run, and those per million steps."""
    global steps_done
    steps_done, began = 0, time.process_time()
    run()
    seconds = time.process_time() - began
    return seconds, seconds / steps_done * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    settings = NeatSettings()
    changes = {"num_inputs": 4, "num_outputs": 1}
    settings = changed(settings, {"DefaultGenome": changes}, "neat")
    ratios, per_step = [], []
    for seed in range(options.rounds + 1):  # the first loads the kernels
        with tempfile.TemporaryDirectory() as folder:
            here = timed(partial(
                evo.evolve, ours, inputs=4, outputs=1, seed=seed, progress=False,
                generations=options.generations, out=Path(folder) / "run",
            ))  # fmt: skip
        config = build_config(settings)
        population = neat.Population(config)
        there = timed(partial(population.run, theirs, options.generations))
        if seed:
            ratios.append(there[0] / here[0])
            per_step.append(there[1] / here[1])
            print(
                f"round {seed}: ours {here[0]:.2f} s, theirs {there[0]:.2f} s, "
                f"whole run {ratios[-1]:.2f}x, per step {per_step[-1]:.2f}x"
            )
    print(f"median: whole run {median(ratios):.2f}x, per step {median(per_step):.2f}x")


if __name__ == "__main__":
    main()
