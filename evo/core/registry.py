"""The registries: every name on the command line, and where what it names is defined."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evo.experiment import Experiment

# Name on the command line -> the script, which defines EXPERIMENT.
EXPERIMENTS = {
    "memorize": "evo.experiments.memorize",
    "critic": "evo.experiments.critic",
    "guess": "evo.experiments.guess",
    "copy": "evo.experiments.copy_task",
    "xor": "evo.experiments.xor",
}


def experiment(name: str) -> "Experiment":
    """Return the experiment of this name. Raises KeyError for an unknown name."""
    found: Experiment = import_module(EXPERIMENTS[name]).EXPERIMENT
    return found
