"""Experiments: one script a result. Each is run by `evo run NAME` or as a script of its own.

memorize   learn songs note for note
critic     compose pieces that critics take for songs
guess      play so that a guesser guesses the next key, but not perfectly
copy       say what was heard 64 steps ago
xor        the smallest task that needs a hidden node
"""

from importlib import import_module

from evo.experiment import Experiment

# Name on the command line -> the script, which defines EXPERIMENT.
EXPERIMENTS = {
    "memorize": "evo.experiments.memorize",
    "critic": "evo.experiments.critic",
    "guess": "evo.experiments.guess",
    "copy": "evo.experiments.copy_task",
    "xor": "evo.experiments.xor",
}


def experiment(name: str) -> Experiment:
    """The experiment of this name. Raises KeyError for a name that is not in `EXPERIMENTS`."""
    found: Experiment = import_module(EXPERIMENTS[name]).EXPERIMENT
    return found
