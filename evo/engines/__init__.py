"""Engines breed. One engine a module; `ENGINES` says what each is called on the command line.

engine        the contract, ask and tell, and what all engines share
neat          NEAT on arrays, by species or with credit by output
neat_python   neat-python behind ask and tell, the reference
"""

from importlib import import_module

from evo.engines.engine import BreedingError, Champion, Engine

__all__ = ["ENGINES", "BreedingError", "Champion", "Engine", "engine_class"]

# Name on the command line -> module and class; imported when asked for, so that the help is fast.
ENGINES = {
    "neat": ("evo.engines.neat", "Neat"),
    "neat-python": ("evo.engines.neat_python", "NeatPython"),
}


def engine_class(name: str) -> type[Engine]:
    """The engine of this name. Raises KeyError for a name that is not in `ENGINES`."""
    module, class_name = ENGINES[name]
    found: type[Engine] = getattr(import_module(module), class_name)
    return found
