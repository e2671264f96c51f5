"""Compare whole generations of our NEAT with neat-python's, side by side on one core.

    python benchmarks/neat.py [--json FILE] [--seeds 3] [--rounds 3] [--quick]

A whole generation is ask, evaluate and tell on our side. On the other side it is the activation of
every genome on every step, reproduction and speciation by neat-python's own `Population`. Both have
the same configuration and the same fitness (the squared error on a song). Figures are medians of
ratios of generations that ran one after the other, by processor time, over all seeds and rounds.

    original_setting_ratio   1,500 genomes, 416 inputs, 13 outputs, 100 hidden, unconnected start,
                             120 steps evaluated, after 20 generations of warm-up
    dense_78_ratio           150 genomes fully connected on 78 inputs
    SETTING_growth           seconds per genome at a population of 15,000 over those at 150
    SETTING_growth_1500      the same over those at 1,500
    SETTING_peak_mb          peak memory of a process with 15,000 genomes

Populations of 150, 1,500 and 15,000 are each bred in a process of their own.
"""

import common  # first: it arranges the import path

# isort: split
import json
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
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
SETTINGS: dict[str, tuple[int, dict[str, Any]]] = {
    "original": (416, ORIGINAL),
    "dense": (78, DENSE),
}


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
    started = time.process_time()
    engine.tell(Serial(0, common.CHUNK_SIZE).evaluate(task, engine.ask(), engine.generation))
    return time.process_time() - started


class Theirs:
    """neat-python's population, one generation at a time."""

    def __init__(self, settings: NeatSettings, task: Task, seed: int) -> None:
        self.config = build_config(settings)
        self.population = neat.Population(self.config, seed=seed)
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
        started = time.process_time()
        self.population.run(self.evaluate, 1)
        return time.process_time() - started

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


def ratios(name: str, both: NeatSettings, warm_up: int, rounds: int, seed: int) -> list[float]:
    """Return ratios of their generation's time to ours, one per pair.

    Args:
        name: Name of the comparison, for the printed lines.
        both: Settings of both sides.
        warm_up: Generations before the first that counts.
        rounds: Number of pairs.
        seed: Random seed of both sides.
    """
    task = Task(both.DefaultGenome.num_inputs)
    engine = Neat(both, seed=seed)
    for _ in range(max(warm_up, 2)):  # the first compiles
        our_generation(engine, task)
    theirs = Theirs(both, task, seed)
    theirs.warm_up(warm_up)
    found = []
    for _ in range(rounds):
        # Ours is short: the median of several stands beside one of theirs.
        ours = float(np.median([our_generation(engine, task) for _ in range(5)]))
        other = theirs.generation()
        found.append(other / ours)
        print(
            f"{name}, seed {seed}: ours {1e3 * ours:.1f} ms, neat-python {other:.2f} s, "
            f"ratio {found[-1]:.0f}"
        )
    return found


def compared(
    name: str, both: NeatSettings, warm_up: int, rounds: int, seeds: int
) -> tuple[float, str]:
    """Print and return the median ratio over all seeds and rounds, and the range.

    Args:
        name: Name of the comparison.
        both: Settings of both sides.
        warm_up: Generations before the first that counts.
        rounds: Pairs per seed.
        seeds: Number of seeds.
    """
    found = [one for seed in range(seeds) for one in ratios(name, both, warm_up, rounds, seed)]
    spread = f"{min(found):.0f} to {max(found):.0f}"
    print(f"{name}: median {np.median(found):.0f} ({spread}), {seeds} seeds, {rounds} rounds each")
    return float(np.median(found)), spread


def growing(setting: str, population: int) -> None:
    """Print seconds per genome and generation, and the peak memory, as JSON.

    Args:
        setting: A name in `SETTINGS`.
        population: Number of genomes.
    """
    inputs, genome = SETTINGS[setting]
    task = Task(inputs)
    engine = Neat(settings(inputs, population, **genome), seed=0)
    times = [our_generation(engine, task) for _ in range(2 + max(5, 1500 // population))]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": float(np.median(times[2:])) / population, "peak_mb": peak}
    print(json.dumps(figures))


def growth(setting: str) -> dict[str, float]:
    """Return the growth of the cost per genome, and the peak memory at 15,000.

    Args:
        setting: A name in `SETTINGS`.
    """
    seconds, peak = {}, 0.0
    for population in (150, 1500, 15000):
        command = [sys.executable, str(Path(__file__)), "--growing", setting, str(population)]
        child = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(child.stdout)
        seconds[population], peak = found["seconds"], found["peak_mb"]
        print(
            f"{setting}, population {population}: {1e6 * seconds[population]:.1f} microseconds "
            f"per genome, peak memory {peak:.0f} MB"
        )
    return {
        f"{setting}_growth": seconds[15000] / seconds[150],
        f"{setting}_growth_1500": seconds[15000] / seconds[1500],
        f"{setting}_peak_mb": peak,
    }


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


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="pairs per seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only the two ratios")
    parser.add_argument("--growing", nargs=2, help="used by this script itself")
    options = parser.parse_args()
    if options.growing:
        growing(options.growing[0], int(options.growing[1]))
        return
    print(
        f"against neat-python {version('neat-python')}, Python {platform.python_version()}, "
        f"one core of {processor()}"
    )
    figures: dict[str, Any] = {"neat_python": version("neat-python"), "processor": processor()}
    for name, inputs, population, genome, warm_up in (
        ("original_setting", 416, 1500, ORIGINAL, 20),
        ("dense_78", 78, 150, DENSE, 2),
    ):
        both = settings(inputs, population, **genome)
        median, spread = compared(name, both, warm_up, options.rounds, options.seeds)
        figures |= {f"{name}_ratio": median, f"{name}_range": spread}
    if not options.quick:
        for setting in SETTINGS:
            figures |= growth(setting)
        sizes()
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
