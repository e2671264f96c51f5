"""Exclusive or, the smallest task that needs a hidden node.

    evo run xor --engine neat-python --seed 1        or        python experiments/xor.py --seed 1

It tests whether an engine grows topology. Solved means a sum of squared errors of at most 0.1, as
in neat-python's own example.
"""

from pathlib import Path

from evo.core.config import Config
from evo.core.settings import Settings
from evo.experiment import Experiment, FindSongs, Task, Vectors
from evo.fitness.xor import Xor

# Compared with neat-python's own XOR example: fewer deletions, larger weights and steps, fewer
# parents. Tuned one change at a time on 16 seeds; `benchmarks/xor.py` measures it on others.
NEAT_PYTHON = {
    "DefaultGenome": {
        "weight_init_stdev": 2.0,
        "weight_mutate_power": 1.5,
        "bias_mutate_power": 1.0,
        "conn_add_prob": 0.7,
        "conn_delete_prob": 0.1,
        "node_add_prob": 0.3,
        "node_delete_prob": 0.05,
    },
    "DefaultSpeciesSet": {"compatibility_threshold": 4.0},
    "DefaultReproduction": {"survival_threshold": 0.1, "min_species_size": 1},
}


class XorSettings(Settings, frozen=True):
    """The experiment has no settings."""


def shape(config: Config, find: FindSongs) -> Vectors:
    """Return two inputs and one output.

    Args:
        config: Not used.
        find: Not used.
    """
    return Vectors(2, 1)


def task(config: Config, folder: Path) -> Task:
    """Return the truth table as a task.

    Args:
        config: Not used.
        folder: Not used.
    """
    return Task(Xor())


EXPERIMENT = Experiment(
    name="xor",
    summary="Exclusive or, the smallest task that needs a hidden node.",
    settings_type=XorSettings,
    task=task,
    shape=shape,
    presets={"network": {"engine": NEAT_PYTHON}},
    genomes=("network",),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("xor")
