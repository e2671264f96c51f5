"""Compare batched activation with neat-python's own `activate`, for the same genomes.

    python benchmarks/activation.py

The original experiment's setting: 1,500 genomes, 416 inputs (32 steps x 13 keys), 13 outputs, 100
hidden nodes, 120 steps for each. The genomes come from a few generations of neat-python's own
evolution. "ours" is everything from the genome objects to the outputs of all steps: conversion to
arrays, compilation and activation. "activate" is neat-python's activation of networks it has
already built; building is given apart.

Then closed loop: fully connected networks of a melody's player (13 keys, 36 lags, one voice)
perform 128 steps, against neat-python's played step by step.
"""

import common  # first: it arranges the import path

# isort: split
import platform
import time
from importlib.metadata import version
from typing import Any

import neat
import numpy as np

from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.neat.settings import NeatPythonSettings
from evo.engines.neat_python.config import build_config
from evo.engines.neat_python.engine import NeatPython
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.player import Player


def settings_of(size: int, inputs: int, **genome: Any) -> NeatPythonSettings:
    """Return settings of a population of a size, with changes of the section DefaultGenome."""
    shaped = NeatPython.of_shape(NeatPythonSettings(), inputs, 13)
    return changed(shaped, {"NEAT": {"pop_size": size}, "DefaultGenome": genome})


def population(size: int, generations: int, seed: int) -> tuple[Any, list[Any]]:
    """Return neat-python's configuration, and its genomes after evolution by random fitness."""
    settings = settings_of(
        size,
        416,
        num_hidden=100,
        initial_connection="unconnected",
        activation_default="tanh",
        activation_options=("tanh",),
    )
    engine = NeatPython(settings, seed=seed)
    random = np.random.default_rng(seed)
    for _ in range(generations):
        engine.tell(Scores.of(random.random(len(engine.ask()))))
    config = build_config(settings)
    return config, to_neat_python(engine.ask(), config.genome_config)


def closed_loop(size: int, rounds: int) -> float:
    """Print how many networks per second perform 128 steps; return the median ratio."""
    player = Player(13, (*range(1, 9), *range(10, 65, 2)), off=0.0, voices=1)
    settings = settings_of(size, player.inputs)
    batch, config = NeatPython(settings, seed=0, player=player).ask(), build_config(settings)
    networks = [
        neat.nn.FeedForwardNetwork.create(genome, config)
        for genome in to_neat_python(batch, config.genome_config)
    ]
    few = networks[:5]  # neat-python's take seconds
    silence = np.zeros((0, player.keys), bool)
    batch.take([0]).perform(silence, 8)  # compiles the kernels
    ratios = []
    for number in range(rounds):
        started = time.perf_counter()
        played = batch.perform(silence, 128)
        ours = len(batch) / (time.perf_counter() - started)
        same, started = 0, time.perf_counter()
        for index, network in enumerate(few):
            grid = np.zeros((128, player.keys), bool)
            levels = np.full((64 + 128, player.keys), player.before_start)
            for step in range(128):
                inputs = levels[[64 + step - lag for lag in player.lags]].ravel().tolist()
                grid[step, int(np.argmax(network.activate(inputs)))] = True
                levels[64 + step] = grid[step]
            same += np.array_equal(grid, played[index])
        theirs = len(few) / (time.perf_counter() - started)
        ratios.append(ours / theirs)
        print(
            f"closed loop, round {number + 1}: ours {ours:.0f} networks per second, neat-python "
            f"{theirs:.1f}, ratio {ratios[-1]:.0f}; {same} of {len(few)} play the same"
        )
    return float(np.median(ratios))


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--population", type=int, default=1500)
    parser.add_argument("--generations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    config, genomes = population(options.population, options.generations, seed=0)
    rows = np.where(np.random.default_rng(1).random((120, 416)) < 0.05, 1.0, -1.0)
    lists = rows.tolist()

    from_neat_python(genomes[:2], config.genome_config).activate(rows)  # compiles the kernels
    ratios = []
    for number in range(options.rounds):
        started = time.perf_counter()
        outputs = from_neat_python(genomes, config.genome_config).activate(rows)
        ours = time.perf_counter() - started
        started = time.perf_counter()
        networks = [neat.nn.FeedForwardNetwork.create(genome, config) for genome in genomes]
        building = time.perf_counter() - started
        started = time.perf_counter()
        theirs = [[network.activate(row) for row in lists] for network in networks]
        activating = time.perf_counter() - started
        worst = float(np.abs(outputs - np.array(theirs)).max())
        ratios.append(activating / ours)
        print(
            f"round {number + 1}: ours {ours:.3f} s, activate {activating:.3f} s "
            f"(and building {building:.3f} s), ratio {ratios[-1]:.1f}, "
            f"largest difference {worst:.1e}"
        )
    figures = {
        "neat_python": version("neat-python"),
        "python": platform.python_version(),
        "median_ratio": float(np.median(ratios)),
        "closed_loop_median_ratio": closed_loop(150, options.rounds),
    }
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
