"""Engines breed. One engine a module; `ENGINES` says what each is called on the command line.

engine        the contract, ask and tell, and what all engines share
neat          NEAT on arrays, by species or with credit by output
neat_python   neat-python behind ask and tell, the reference
grid_ga       a genetic algorithm for note grids, with musical operators
es            evolution strategies over the weights of HistoryUsers
baseline      searches without breeding, to compare with: random_search and one_plus_one
operators     how they begin and mutate the individuals of each genome kind
"""

from importlib import import_module

from evo.engines.base import Champion, Engine, Gallery

__all__ = [
    "BASELINES",
    "ENGINES",
    "GENOMES",
    "BreedingError",
    "Champion",
    "Engine",
    "Gallery",
    "base_of",
    "bred_by",
    "engine_class",
    "genome_of",
]

# Name on the command line -> module and class; imported when asked for, so that the help is fast.
ENGINES = {
    "neat": ("evo.engines.neat.engine", "Neat"),
    "neat-python": ("evo.engines.neat_python.engine", "NeatPython"),
    "ga": ("evo.engines.ga.engine", "GridGA"),
    "es": ("evo.engines.es.engine", "EvolutionStrategy"),
    "random-network": ("evo.engines.baselines.random_search", "RandomNetworks"),
    "random-grid": ("evo.engines.baselines.random_search", "RandomGrids"),
    "random-history-user": ("evo.engines.baselines.random_search", "RandomHistoryUsers"),
    "one-plus-one-network": ("evo.engines.baselines.one_plus_one", "OnePlusOneNetworks"),
    "one-plus-one-grid": ("evo.engines.baselines.one_plus_one", "OnePlusOneGrids"),
    "one-plus-one-history-user": ("evo.engines.baselines.one_plus_one", "OnePlusOneHistoryUsers"),
}
# What any genome kind can be searched by; on the command line the kind is left out of the name.
BASELINES = ("random", "one-plus-one")
# Genome kind on the command line -> the engines that breed it, the first by default.
GENOMES = {
    "network": ("neat", "neat-python", "random-network", "one-plus-one-network"),
    "grid": ("ga", "random-grid", "one-plus-one-grid"),
    "history-user": ("es", "random-history-user", "one-plus-one-history-user"),
}


def engine_class(name: str) -> type[Engine]:
    """The engine of this name. Raises KeyError for a name that is not in `ENGINES`."""
    module, class_name = ENGINES[name]
    found: type[Engine] = getattr(import_module(module), class_name)
    return found


def genome_of(engine: str) -> str:
    """The genome kind that an engine breeds, by their names on the command line; KeyError."""
    for kind, engines in GENOMES.items():
        if engine in engines:
            return kind
    raise KeyError(engine)


def bred_by(engine: str) -> str:
    """The genome kind and the engine, in words: network/neat, network/one-plus-one."""
    genome = genome_of(engine)
    return f"{genome}/{engine.removesuffix(f'-{genome}')}"


def base_of(engine: str) -> str:
    """The engine whose settings an engine has: itself, or that of the genome kind for baselines."""
    genome = genome_of(engine)
    is_baseline = engine in [f"{baseline}-{genome}" for baseline in BASELINES]
    return GENOMES[genome][0] if is_baseline else engine
