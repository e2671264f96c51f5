"""Engines breed. One engine a module; `ENGINES` says what each is called on the command line.

engine        the contract, ask and tell, and what all engines share
neat          NEAT on arrays, by species or with credit by output
neat_python   neat-python behind ask and tell, the reference
grid_ga       a genetic algorithm for note grids, with musical operators
es            evolution strategies over the weights of HistoryUsers
"""

from importlib import import_module

from evo.engines.engine import BreedingError, Champion, Engine, Gallery

__all__ = [
    "ENGINES",
    "GENOMES",
    "BreedingError",
    "Champion",
    "Engine",
    "Gallery",
    "engine_class",
    "genome_of",
]

# Name on the command line -> module and class; imported when asked for, so that the help is fast.
ENGINES = {
    "neat": ("evo.engines.neat", "Neat"),
    "neat-python": ("evo.engines.neat_python", "NeatPython"),
    "ga": ("evo.engines.grid_ga", "GridGA"),
    "es": ("evo.engines.es", "EvolutionStrategy"),
}
# Genome kind on the command line -> the engines that breed it, the first by default.
GENOMES = {
    "network": ("neat", "neat-python"),
    "grid": ("ga",),
    "history-user": ("es",),
}


def engine_class(name: str) -> type[Engine]:
    """The engine of this name. Raises KeyError for a name that is not in `ENGINES`."""
    module, class_name = ENGINES[name]
    found: type[Engine] = getattr(import_module(module), class_name)
    return found


def genome_of(engine: str) -> str:
    """The genome kind that an engine breeds, by their names on the command line."""
    return next(kind for kind, engines in GENOMES.items() if engine in engines)
