"""Every registry entry exists and is of the registered kind."""

import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest

from evo.core import registry
from evo.core.config import EXECUTION_TABLES
from evo.core.errors import InputError
from evo.engines import (
    base_of,
    bred_by,
    default_engine,
    engine_class,
    engine_names,
    full_name,
    genome_of,
)
from evo.engines.base import Engine
from evo.engines.baselines.base import Baseline
from evo.engines.operators import Operators
from evo.experiment import Experiment
from evo.fitness.base import Fitness
from genomes.base import Genomes, Performers, performs

REGISTRIES: dict[str, dict[str, Any]] = {
    "ENGINES": {name: entry.where for name, entry in registry.ENGINES.items()},
    "BASELINES": registry.BASELINES,
    "GENOMES": registry.GENOMES,
    "PICTURES": registry.PICTURES,
    "FITNESSES": registry.FITNESSES,
    "EXPERIMENTS": registry.EXPERIMENTS,
    "LOGGERS": registry.LOGGERS,
}
ENTRIES = [(table, name) for table, entries in REGISTRIES.items() for name in entries]


def loaded(table: str, name: str) -> Any:
    return registry.load(REGISTRIES[table][name])


def members(protocol: type) -> set[str]:
    """Return the methods and attributes of a protocol."""
    named = {name for name in vars(protocol) if not name.startswith("_")}
    return named | set(protocol.__annotations__)


@pytest.mark.parametrize(("table", "name"), ENTRIES)
def test_every_entry_can_be_imported_and_is_where_it_is_defined(table: str, name: str) -> None:
    found = loaded(table, name)
    module, _, attribute = REGISTRIES[table][name].partition(":")
    if table == "EXPERIMENTS":
        assert found.task.__module__ == module
    else:
        assert (found.__module__, found.__name__) == (module, attribute)


def shared_names(**registries: Iterable[str]) -> dict[str, list[str]]:
    """Return the registries of every name that is in several of them."""
    found: dict[str, list[str]] = {}
    for table, names in registries.items():
        for name in names:
            found.setdefault(name, []).append(table)
    return {name: tables for name, tables in found.items() if len(tables) > 1}


def test_no_two_tables_of_a_configuration_have_the_same_name() -> None:
    shared = shared_names(
        experiments=registry.EXPERIMENTS,
        engines=engine_names(),
        genomes=registry.GENOMES,
        common=("run", *EXECUTION_TABLES),
    )
    assert not shared, (
        f"{shared}: experiments, engines and genome kinds have a table of settings by their name "
        "in the same configuration; choose another name (CONTRIBUTING.md, How to add something)"
    )
    assert shared_names(engines=["a", "b"], experiments=["b"]) == {"b": ["engines", "experiments"]}


def test_no_registry_is_forgotten_here() -> None:
    written = {name for name, value in vars(registry).items() if name.isupper()}
    assert written == set(REGISTRIES)
    assert {type(value) for name, value in vars(registry).items() if name.isupper()} == {dict}


def test_listing_names_imports_nothing_else_of_the_package() -> None:
    program = (
        "import sys; from evo.core import registry; "
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('evo', 'genomes', 'numba')))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert shown.stdout.strip() == str(
        ["evo", "evo.core", "evo.core.errors", "evo.core.registry"]
    ), shown.stderr


@pytest.mark.parametrize("name", registry.ENGINES)
def test_an_engines_entry_names_the_genome_kind_of_its_class(name: str) -> None:
    kind, entry = loaded("ENGINES", name), registry.ENGINES[name]
    assert issubclass(kind, Engine)
    assert kind is engine_class(name)
    assert kind.genome is registry.load(registry.GENOMES[entry.genome])
    assert genome_of(name) == entry.genome
    assert base_of(name) == name
    assert bred_by(name) == f"{entry.genome}/{registry.short_name(name)}"


@pytest.mark.parametrize("genome", registry.GENOMES)
@pytest.mark.parametrize("baseline", registry.BASELINES)
def test_every_baseline_searches_every_genome_kind_by_the_kinds_default_engine(
    baseline: str, genome: str
) -> None:
    name = f"{baseline}-{genome}"
    kind, base = engine_class(name), engine_class(default_engine(genome))
    assert name in engine_names()
    assert issubclass(kind, Baseline)
    assert issubclass(kind, loaded("BASELINES", baseline))
    assert (kind.base, kind.genome, kind.kernels) == (base, base.genome, base.kernels)
    assert issubclass(kind.settings_type, base.settings_type)
    assert base.operators is not None
    assert issubclass(base.operators, Operators)
    assert (genome_of(name), base_of(name)) == (genome, default_engine(genome))
    assert bred_by(name) == f"{genome}/{baseline}"


def test_the_first_engine_of_a_genome_kind_is_its_default() -> None:
    for genome in registry.GENOMES:
        first = next(name for name, entry in registry.ENGINES.items() if entry.genome == genome)
        assert default_engine(genome) == first
    with pytest.raises(InputError, match="there is no engine for the genome tree"):
        default_engine("tree")


@pytest.mark.parametrize("genome", registry.GENOMES)
def test_a_genome_kind_has_everything_that_performers_have(genome: str) -> None:
    kind = loaded("GENOMES", genome)
    common, playing = members(Genomes), members(Performers)
    assert {"settings_type", "fixed_length", "shape_of", "take"} <= common
    assert {"follow", "perform", "improvising"} <= playing
    missing = [name for name in common | playing if not hasattr(kind, name)]
    # A kind that plays nothing has none of what performers have, but all of the rest.
    assert set(missing) == (set() if performs(kind) else playing - common)


@pytest.mark.parametrize("name", registry.FITNESSES)
def test_a_fitness_has_everything_that_fitness_functions_have(name: str) -> None:
    kind = loaded("FITNESSES", name)
    # Whether it is reusable may depend on what it is made of.
    wanted = members(Fitness) - {"reusable"}
    assert {"evaluate", "figures"} <= wanted
    assert not [one for one in wanted if not hasattr(kind, one)]


def test_pictures_are_of_genome_kinds() -> None:
    assert set(registry.PICTURES) <= set(registry.GENOMES)


@pytest.mark.parametrize("name", registry.EXPERIMENTS)
def test_an_experiment_has_the_name_that_it_is_registered_by(name: str) -> None:
    found = registry.experiment(name)
    assert isinstance(found, Experiment)
    assert found.name == name
    assert found.summary[-1] in ".?"
    assert set(found.genomes) <= set(registry.GENOMES)
    assert found.default_genome in (*registry.GENOMES, "")
    assert set(found.presets) <= {"", *registry.GENOMES, *registry.ENGINES}


def test_an_unknown_name_is_refused_with_the_nearest_and_all_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        registry.experiment("memorise")
    known = ", ".join(registry.EXPERIMENTS)
    said = f"there is no experiment 'memorise'; did you mean memorize? there is {known}"
    assert str(caught.value) == said
    for name in (None, 5, "", "zzz", ["ga"]):
        with pytest.raises(InputError) as caught:
            registry.find("engine", registry.ENGINES, name)
        known = ", ".join(registry.ENGINES)
        assert str(caught.value) == f"there is no engine {name!r}; there is {known}"
    with pytest.raises(InputError, match=r"there is no engine 'random-tree'; "):
        engine_class("random-tree")


def test_an_engine_of_several_genome_kinds_is_named_without_the_kind() -> None:
    assert registry.engine_options().count("deap") == 1
    assert [registry.short_name(name) for name in ("deap-history-user", "ga", "random-grid")] == [
        "deap", "ga", "random-grid",
    ]  # fmt: skip
    kinds = list(registry.GENOMES)
    assert full_name("deap", kinds) == "deap-grid"
    assert full_name("deap", ["history-user", *kinds]) == "deap-history-user"
    assert full_name("random", kinds) == "random-network"
    assert full_name("deap-grid", ["history-user"]) == "deap-grid"
    with pytest.raises(InputError, match="there is no engine 'dep'; did you mean"):
        full_name("dep", kinds)
