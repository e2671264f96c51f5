"""Compare whole generations of our NEAT with neat-python's, side by side on one core.

    python benchmarks/neat.py [--json FILE] [--rounds 3] [--quick]

A whole generation is ask, evaluate and tell on our side. On the other side it is the activation of
every genome on every step, reproduction and speciation by neat-python's own `Population`. Both have
the same configuration and the same fitness (the squared error on a song). Figures are medians of
ratios of generations that ran one after the other.

    original_setting_ratio   1,500 genomes, 416 inputs, 13 outputs, 100 hidden, unconnected start,
                             120 steps evaluated, after 20 generations of warm-up
    dense_78_ratio           150 genomes fully connected on 78 inputs
    growth_ratio             seconds per genome at a population of 15,000 over those at 150
"""

import common  # first: it arranges the import path

# isort: split
import platform
import resource
import time
from importlib.metadata import version
from typing import Any

import neat
import numpy as np

from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.base import Engine
from evo.engines.neat.engine import Neat
from evo.engines.neat.settings import NeatSettings
from evo.engines.neat_python.config import build_config
from evo.workers.serial import Serial
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks

STEPS, KEYS = 120, 13


def settings(inputs: int, population: int, **genome: Any) -> NeatSettings:
    """Return the settings of a comparison, for both sides.

    Args:
        inputs: Inputs of a network.
        population: Number of genomes.
        genome: Changes of the section DefaultGenome.
    """
    tanh = {"activation_default": "tanh", "activation_options": ("tanh",)}
    return changed(
        Neat.of_shape(NeatSettings(), inputs, KEYS),
        {
            "NEAT": {"pop_size": population},
            "DefaultReproduction": {"min_species_size": 1},
            "DefaultGenome": tanh | genome,
        },
    )


ORIGINAL = {"num_hidden": 100, "initial_connection": "unconnected"}
DENSE = {"initial_connection": "full_direct"}


class Task:
    """Random inputs like a song's, and target outputs: a fitness."""

    reusable = True

    def __init__(self, inputs: int) -> None:
        random = np.random.default_rng(0)
        self.rows = np.where(random.random((STEPS, inputs)) < 0.05, 1.0, -1.0)
        self.wanted = np.where(random.random((STEPS, KEYS)) < 0.05, 1.0, -1.0)
        self.lists = self.rows.tolist()
        self.wanted_lists = self.wanted.tolist()

    def evaluate(self, performers: Networks, streams: object) -> Scores:
        """Return the negated squared error of every network."""
        outputs = performers.activate(self.rows)
        return Scores.of(-((outputs - self.wanted) ** 2).sum(axis=(1, 2)))


def our_generation(engine: Engine[Any], task: Task) -> float:
    """Return the seconds of one whole generation of ours, evaluated in chunks as in every run."""
    started = time.perf_counter()
    engine.tell(Serial(0, common.CHUNK_SIZE).evaluate(task, engine.ask(), engine.generation))
    return time.perf_counter() - started


class Theirs:
    """neat-python's population, one generation at a time."""

    def __init__(self, settings: NeatSettings, task: Task) -> None:
        self.config = build_config(settings)
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
        """Return the seconds of one whole generation of theirs."""
        started = time.perf_counter()
        self.population.run(self.evaluate, 1)
        return time.perf_counter() - started

    def warm_up(self, generations: int) -> None:
        """Breed some generations, scored by our activation: it is the same, and faster."""

        def evaluate(genomes: list[tuple[int, neat.DefaultGenome]], config: neat.Config) -> None:
            networks = from_neat_python([g for _, g in genomes], config.genome_config)
            outputs = networks.activate(self.task.rows)
            fitness = -((outputs - self.task.wanted) ** 2).sum(axis=(1, 2))
            for (_, genome), value in zip(genomes, fitness.tolist(), strict=True):
                genome.fitness = value

        if generations:
            self.population.run(evaluate, generations)


def ratio(name: str, both: NeatSettings, warm_up: int, rounds: int) -> float:
    """Return the median ratio of their generation's time to ours, over pairs.

    Args:
        name: Name of the comparison, for the printed lines.
        both: Settings of both sides.
        warm_up: Generations before the first that counts.
        rounds: Number of pairs.
    """
    task = Task(both.DefaultGenome.num_inputs)
    engine = Neat(both, seed=0)
    for _ in range(max(warm_up, 2)):  # the first compiles
        our_generation(engine, task)
    theirs = Theirs(both, task)
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
    """Return the seconds per genome and generation of ours, by population."""
    seconds = {}
    for population in populations:
        task = Task(78)
        engine = Neat(settings(78, population, **DENSE), seed=0)
        times = [our_generation(engine, task) for _ in range(5)]
        seconds[population] = float(np.median(times[1:])) / population
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"population {population}: {1e6 * seconds[population]:.1f} microseconds per genome, "
            f"peak memory so far {peak:.0f} MB"
        )
    return seconds


def sizes() -> None:
    """Print the time per genome and generation by the number of connections."""
    for share in ("0.05", "0.2", "0.5", "1.0"):
        task = Task(416)
        connected = settings(416, 150, initial_connection=f"partial_direct {share}")
        engine = Neat(connected, seed=0)
        times = [our_generation(engine, task) for _ in range(5)]
        connections = engine.statistics()["mean_connections"]
        micro = 1e6 * float(np.median(times[1:])) / 150
        print(f"{connections:.0f} connections per genome: {micro:.0f} microseconds per genome")


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only the two ratios")
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
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
