"""Exclusive or, the smallest task that needs a hidden node: does an engine grow topology at all?

    evo run xor --engine neat-python --seed 1        or        python experiments/xor.py --seed 1

Solved means a sum of squared errors of at most 0.1, as in neat-python's own example.
"""

from pathlib import Path
from typing import Any

from evo.engines import engine_class
from evo.experiment import Config, Experiment, Say, Task, base_config, merge
from evo.fitness.xor import Xor

# Over neat-python's own XOR example: fewer deletions, larger weights and steps, fewer parents,
# found by trying one change at a time on 16 seeds. `benchmarks/xor.py` measures it on others.
NEAT_PYTHON = {
    "DefaultGenome": {
        "weight_init_stdev": "2.0",
        "weight_mutate_power": "1.5",
        "bias_mutate_power": "1.0",
        "conn_add_prob": "0.7",
        "conn_delete_prob": "0.1",
        "node_add_prob": "0.3",
        "node_delete_prob": "0.05",
    },
    "DefaultSpeciesSet": {"compatibility_threshold": "4.0"},
    "DefaultReproduction": {"survival_threshold": "0.1", "min_species_size": "1"},
}


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    settings = engine_class(engine).default_settings(2, 1)
    return merge(base_config("xor", engine) | {engine: settings}, {engine: NEAT_PYTHON})


def shape(config: Config) -> tuple[int, int]:
    """Two inputs, one output."""
    return 2, 1


def prepare(config: Config, folder: Path, say: Say) -> None:
    """The truth table needs no files."""


def task(config: Config, folder: Path) -> Task:
    """The truth table, played by nobody."""

    def champion_files(performers: Any) -> dict[str, bytes]:
        return {}

    return Task(Xor(), None, champion_files)


EXPERIMENT = Experiment(
    name="xor",
    summary="Exclusive or, the smallest task that needs a hidden node.",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
    genomes=("network",),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("xor")
