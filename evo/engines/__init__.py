"""Engines breed populations. `base` has the contract, `evo.core.registry` the list.

neat          NEAT on arrays, by species or with credit by output
neat_python   the reference library neat-python
ga            a genetic algorithm for note grids, with musical operators
es            evolution strategies for the weights of HistoryUsers and readers
anneal        annealed edits of formulas
map_elites    MAP-Elites: the best individual of each behaviour
deap          DEAP's algorithms and operators, or a user's own toolbox
baselines     random search and a (1+1) algorithm, to compare engines with
own_functions calls of a user's own operators
climb         a (1+lambda) search before the population, for any engine with operators
operators     the contract of initial individuals and mutations
selection     selection by several scores: lexicase, and Pareto fronts
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from evo.core.errors import InputError
from evo.core.registry import BASELINES, ENGINES, GENOMES, engine_options, find, load
from evo.engines.base import Champion, Engine, Gallery

__all__ = [
    "Champion",
    "Engine",
    "Gallery",
    "base_of",
    "bred_by",
    "default_engine",
    "engine_class",
    "engine_names",
    "full_name",
    "genome_of",
]


def engine_names() -> list[str]:
    """Return the names of all engines, with those of the baselines of every genome kind."""
    return [*ENGINES, *(f"{baseline}-{kind}" for baseline in BASELINES for kind in GENOMES)]


def full_name(engine: str, genomes: Iterable[str]) -> str:
    """Return the name of an engine that may be given without genome kind: "deap", "random".

    Args:
        engine: The given name.
        genomes: Genome kinds in order of preference.

    Raises:
        InputError: If there is no such engine.
    """
    names = engine_names()
    if engine in names:
        return engine
    of_kinds = [f"{engine}-{genome}" for genome in genomes]
    found = next((name for name in of_kinds if name in names), None)
    return found if found is not None else find("engine", dict.fromkeys(engine_options()), engine)


@cache
def engine_class(name: str) -> type[Engine[Any]]:
    """Return the engine of this name.

    Raises:
        InputError: If there is none.
    """
    base = base_of(name)
    found: type[Engine[Any]] = load(ENGINES[base].where)
    if name == base:
        return found
    over: type[Engine[Any]] = load(BASELINES[name.removesuffix(f"-{genome_of(name)}")]).over(found)
    return over


def default_engine(genome: str) -> str:
    """Return the default engine of a genome kind.

    Raises:
        InputError: If there is none.
    """
    for name, entry in ENGINES.items():
        if entry.genome == genome:
            return name
    raise InputError(f"there is no engine for the genome {genome}")


def genome_of(engine: str) -> str:
    """Return the name of the genome kind that an engine breeds.

    Raises:
        InputError: If there is no such engine.
    """
    if not isinstance(engine, str):  # from a file
        find("engine", ENGINES, engine)
    for baseline in BASELINES:
        if engine.startswith(f"{baseline}-") and engine.removeprefix(f"{baseline}-") in GENOMES:
            return engine.removeprefix(f"{baseline}-")
    genome: str = find("engine", ENGINES, engine).genome
    return genome


def base_of(engine: str) -> str:
    """Return the engine that defines the settings: itself, or a baseline's base."""
    return engine if engine in ENGINES else default_engine(genome_of(engine))


def bred_by(engine: str) -> str:
    """Return genome kind and engine in words: network/neat, network/one-plus-one."""
    genome = genome_of(engine)
    return f"{genome}/{engine.removesuffix(f'-{genome}')}"
