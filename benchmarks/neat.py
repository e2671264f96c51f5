"""Our NEAT against neat-python's, whole generations side by side in one run, on one core.

    python benchmarks/neat.py [--json FILE] [--rounds 3] [--quick]

A whole generation is ask, evaluate and tell on our side, and activation of every genome on every
step, reproduction and speciation by neat-python's own `Population` on theirs, with the same
configuration and the same fitness (a song's squared error). Figures are medians of ratios of
generations that ran one after the other.

    original_setting_ratio   1,500 genomes, 416 inputs, 13 outputs, 100 hidden, unconnected start,
                             120 steps evaluated, after 20 generations of warm-up
    dense_78_ratio           150 genomes fully connected on 78 inputs
    growth_ratio             seconds a genome at a population of 15,000 over those at 150
"""

import argparse
import json
import platform
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

# A script's folder comes first on the path, and this one's neat.py must not hide neat-python.
sys.path[:] = [place for place in sys.path if Path(place).name != "benchmarks"]

import neat
import numpy as np

from evo.core.scores import Scores
from evo.engines.base import Engine
from evo.engines.neat.config_file import build_config
from evo.engines.neat.engine import Neat
from evo.workers.serial import Serial
from genomes.network.networks import Networks

STEPS, KEYS = 120, 13
CHUNK_SIZE = 64  # a run's own default


def settings(inputs: int, population: int, **genome: str) -> dict[str, dict[str, str]]:
    """neat-python's configuration of a setting, for both sides."""
    sections = Neat.default_settings(inputs, KEYS)
    sections["NEAT"]["pop_size"] = str(population)
    sections["DefaultReproduction"]["min_species_size"] = "1"
    sections["DefaultGenome"] |= {"activation_default": "tanh", "activation_options": "tanh"}
    sections["DefaultGenome"] |= genome
    return sections


ORIGINAL = {"num_hidden": "100", "initial_connection": "unconnected"}
DENSE = {"initial_connection": "full_direct"}


class Task:
    """Random inputs like a song's, and the outputs wanted for them, as a fitness of ours."""

    reusable = True

    def __init__(self, inputs: int) -> None:
        random = np.random.default_rng(0)
        self.rows = np.where(random.random((STEPS, inputs)) < 0.05, 1.0, -1.0)
        self.wanted = np.where(random.random((STEPS, KEYS)) < 0.05, 1.0, -1.0)
        self.lists = self.rows.tolist()
        self.wanted_lists = self.wanted.tolist()

    def evaluate(self, performers: Networks, streams: object) -> Scores:
        """The negated squared error of every network."""
        outputs = performers.activate(self.rows)
        return Scores.of(-((outputs - self.wanted) ** 2).sum(axis=(1, 2)))


def our_generation(engine: Engine, task: Task) -> float:
    """Seconds of one whole generation of ours, evaluated in chunks as every run is."""
    started = time.perf_counter()
    engine.tell(Serial(0, CHUNK_SIZE).evaluate(task, engine.ask(), engine.generation))
    return time.perf_counter() - started


class Theirs:
    """neat-python's population, one generation at a time."""

    def __init__(self, sections: dict[str, dict[str, str]], task: Task) -> None:
        self.config = build_config(sections)
        self.population = neat.Population(self.config, seed=0)
        self.task = task

    def evaluate(self, genomes: list[tuple[int, neat.DefaultGenome]], config: neat.Config) -> None:
        """Score all genomes with neat-python's own networks."""
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            error = 0.0
            for row, wanted in zip(self.task.lists, self.task.wanted_lists, strict=True):
                for value, goal in zip(network.activate(row), wanted, strict=True):
                    error += (value - goal) ** 2
            genome.fitness = -error

    def generation(self) -> float:
        """Seconds of one whole generation of theirs."""
        started = time.perf_counter()
        self.population.run(self.evaluate, 1)
        return time.perf_counter() - started

    def warm_up(self, generations: int) -> None:
        """Generations scored by our activation, which is the same and takes less time."""
        from genomes.network.neat_python import from_neat_python

        def evaluate(genomes: list[tuple[int, neat.DefaultGenome]], config: neat.Config) -> None:
            networks = from_neat_python([g for _, g in genomes], config.genome_config)
            outputs = networks.activate(self.task.rows)
            fitness = -((outputs - self.task.wanted) ** 2).sum(axis=(1, 2))
            for (_, genome), value in zip(genomes, fitness.tolist(), strict=True):
                genome.fitness = value

        if generations:
            self.population.run(evaluate, generations)


def ratio(name: str, sections: dict[str, dict[str, str]], warm_up: int, rounds: int) -> float:
    """Median of their generation's time over ours, pair by pair."""
    task = Task(int(sections["DefaultGenome"]["num_inputs"]))
    engine = Neat(sections, seed=0)
    for _ in range(max(warm_up, 2)):  # the first compiles
        our_generation(engine, task)
    theirs = Theirs(sections, task)
    theirs.warm_up(warm_up)
    ratios = []
    for _ in range(rounds):
        # Ours is short: the median of several stands beside one of theirs.
        ours = float(np.median([our_generation(engine, task) for _ in range(5)]))
        other = theirs.generation()
        ratios.append(other / ours)
        print(
            f"{name}: ours {1e3 * ours:.1f} ms, neat-python {other:.2f} s, ratio {other / ours:.0f}"
        )
    return float(np.median(ratios))


def growth(populations: list[int]) -> dict[int, float]:
    """Seconds a genome and generation of ours, by population."""
    seconds = {}
    for population in populations:
        sections = settings(78, population, **DENSE)
        task = Task(78)
        engine = Neat(sections, seed=0)
        times = [our_generation(engine, task) for _ in range(5)]
        seconds[population] = float(np.median(times[1:])) / population
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"population {population}: {1e6 * seconds[population]:.1f} microseconds a genome, "
            f"peak memory so far {peak:.0f} MB"
        )
    return seconds


def sizes() -> None:
    """Time a genome and generation by the number of connections."""
    for share in ("0.05", "0.2", "0.5", "1.0"):
        sections = settings(416, 150, initial_connection=f"partial_direct {share}")
        task = Task(416)
        engine = Neat(sections, seed=0)
        times = [our_generation(engine, task) for _ in range(5)]
        connections = engine.statistics()["mean_connections"]
        micro = 1e6 * float(np.median(times[1:])) / 150
        print(f"{connections:.0f} connections a genome: {micro:.0f} microseconds a genome")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only the two ratios")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    print(f"against neat-python {version('neat-python')}, Python {platform.python_version()}")
    figures = {
        "neat_python": version("neat-python"),
        "original_setting_ratio": ratio(
            "original setting", settings(416, 1500, **ORIGINAL), 20, options.rounds
        ),
        "dense_78_ratio": ratio("dense, 78 inputs", settings(78, 150, **DENSE), 2, options.rounds),
    }
    if not options.quick:
        by_population = growth([150, 1500, 15000])
        figures["growth_ratio"] = by_population[15000] / by_population[150]
        sizes()
    for name, value in figures.items():
        print(f"{name:24} {value if isinstance(value, str) else round(value, 2)}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
