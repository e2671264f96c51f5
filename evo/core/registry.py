"""The registries: every name on the command line, and its definition.

Other packages add entries by entry points (`plugins`):

    kuznechik.experiments    my-task = package.module:EXPERIMENT
    kuznechik.genomes        my-kind = package.module:Class
    kuznechik.engines        my-kind.my-engine = package.module:Class    (genome kind, engine)

To add an engine, a genome kind, a fitness function or an experiment, write it in a folder or file
of its own and add one line here. The command line, the contract tests and the documentation read
these tables. They hold text, so that listing names imports nothing.
"""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from evo.core.errors import InputError, suggestion


class EngineEntry(NamedTuple):
    """An engine: the genome kind that it breeds, and its class."""

    genome: str
    where: str


# The first engine of a genome kind is its default. An engine of several kinds has one entry per
# kind, whose name ends in the kind. Users leave the kind out (`short_name`).
ENGINES = {
    "neat": EngineEntry("network", "evo.engines.neat.engine:Neat"),
    "neat-python": EngineEntry("network", "evo.engines.neat_python.engine:NeatPython"),
    "ga": EngineEntry("grid", "evo.engines.ga.engine:GridGA"),
    "es": EngineEntry("history-user", "evo.engines.es.engine:EvolutionStrategy"),
    "deap-grid": EngineEntry("grid", "evo.engines.deap.grid:GridDeap"),
    "deap-history-user": EngineEntry(
        "history-user", "evo.engines.deap.history_user:HistoryUserDeap"
    ),
    "anneal": EngineEntry("formula", "evo.engines.anneal.engine:Anneal"),
    "es-reader": EngineEntry("reader", "evo.engines.es.readers:ReaderStrategy"),
    "deap-formula": EngineEntry("formula", "evo.engines.deap.formula:FormulaDeap"),
    "map-elites": EngineEntry("program", "evo.engines.map_elites.programs:ProgramElites"),
}
# Baselines for any genome kind; the kind is added to the name: random-grid.
BASELINES = {
    "random": "evo.engines.baselines.random_search:RandomSearch",
    "one-plus-one": "evo.engines.baselines.one_plus_one:OnePlusOne",
}
# The first genome kind is the default.
GENOMES = {
    "network": "genomes.network.networks:Networks",
    "grid": "genomes.grid.grids:Grids",
    "history-user": "genomes.history_user.networks:HistoryUsers",
    "formula": "genomes.formula.formulas:Formulas",
    "reader": "genomes.reader.readers:Readers",
    "program": "genomes.program.programs:Programs",
}
# Drawings and texts of a champion by genome kind: functions of a batch of one and the lowest note,
# which return files.
PICTURES = {
    "network": "evo.analysis.plot.network:network_pictures",
    "formula": "evo.analysis.plot.formula:formula_files",
}
FITNESSES = {
    "memorization": "evo.fitness.memorization:Memorization",
    "next-step": "evo.fitness.next_step:NextStep",
    "critic": "evo.fitness.critic.briefs:PleaseCritics",
    "guessing": "evo.fitness.guessing.game:Guessing",
    "coevolved-guessing": "evo.fitness.guessing.coevolved:CoevolvedGuessing",
    "copying": "evo.fitness.copying:Copying",
    "xor": "evo.fitness.xor:Xor",
    "pole": "evo.fitness.pole.balancing:PoleBalancing",
    "gymnasium": "evo.fitness.gymnasium:GymnasiumFitness",
    "variation": "evo.fitness.variation.fitness:Variation",
}
EXPERIMENTS = {
    "memorize": "evo.experiments.memorize:EXPERIMENT",
    "critic": "evo.experiments.critic:EXPERIMENT",
    "guess": "evo.experiments.guess:EXPERIMENT",
    "copy": "evo.experiments.copy_task:EXPERIMENT",
    "xor": "evo.experiments.xor:EXPERIMENT",
    "pole": "evo.experiments.pole:EXPERIMENT",
    "vary": "evo.experiments.vary:EXPERIMENT",
}
# Loggers of `--log`, in addition to a user's own (`evo.Logger`).
LOGGERS = {
    "csv": "evo.runs.loggers.csv_file:CsvLogger",
    "tensorboard": "evo.runs.loggers.tensorboard:TensorBoardLogger",
}


_entries = entry_points()  # read once: it takes some 10 ms


def plugins(group: str) -> dict[str, str]:
    """Return the entries of other packages, as "module:name" by name.

    Args:
        group: The last part of the group of entry points: "engines".
    """
    found = _entries.select(group=f"kuznechik.{group}")
    return {entry.name: entry.value for entry in sorted(found, key=lambda entry: entry.name)}


# Names of this package, which cannot be replaced.
built_in = frozenset([*EXPERIMENTS, *ENGINES, *GENOMES])
for _table, _group in ((GENOMES, "genomes"), (EXPERIMENTS, "experiments")):
    for _name, _where in plugins(_group).items():
        _table.setdefault(_name, _where)
for _name, _where in plugins("engines").items():
    _genome, _, _engine = _name.rpartition(".")
    ENGINES.setdefault(_engine, EngineEntry(_genome or "network", _where))


def short_name(engine: str) -> str:
    """Return an engine's name as given by --engine: without the genome kind at its end."""
    genome = ENGINES[engine].genome if engine in ENGINES else ""
    return engine.removesuffix(f"-{genome}")


def engine_options() -> list[str]:
    """Return all names for --engine; the genome kind selects among engines of the same name."""
    return list(dict.fromkeys([*map(short_name, ENGINES), *BASELINES]))


def load(where: str) -> Any:
    """Import the object of "module:name"."""
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def find(kind: str, table: dict[str, Any], name: object) -> Any:
    """Return an entry of a registry.

    Args:
        kind: Kind of the entries, for the message: "engine".
        table: One of the registries.
        name: The given name.

    Raises:
        InputError: If there is no such name.
    """
    if isinstance(name, str) and name in table:
        return table[name]
    raise InputError(
        f"there is no {kind} {name!r}; {suggestion(str(name), table)}there is {', '.join(table)}"
    )


def experiment(name: object) -> Any:
    """Return the experiment of this name.

    Raises:
        InputError: If there is none.
    """
    return load(find("experiment", EXPERIMENTS, name))
