"""The neat-python engine breeds what neat-python breeds, from neat-python's own files."""

import io
import random
from pathlib import Path
from typing import Any

import neat
import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, global_random
from evo.core.settings import changed
from evo.core.state import State
from evo.engines.neat.config_file import read_sections, settings_from, threshold
from evo.engines.neat.settings import NeatPythonSettings
from evo.engines.neat_python.config import build_config
from evo.engines.neat_python.engine import NeatPython
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.network.networks import Networks

SEED = 12

# In the style of neat-python's examples: comments, blank lines, aligned and bare items, any case of
# the truth values.
INI = """\
# The NEAT section: parameters of the algorithm
[NEAT]
fitness_criterion     = max
fitness_threshold     = 3.9
pop_size              = 40
reset_on_extinction   = 0
no_fitness_termination = False

[DefaultGenome]
# node activation options
activation_default      = sigmoid
activation_mutate_rate  = 0.1
activation_options      = sigmoid tanh gauss
; node aggregation options
aggregation_default     = sum
aggregation_mutate_rate = 0.1
aggregation_options     = sum product max

bias_init_mean          = 0.0
bias_init_stdev         = 1.0
bias_init_type          = gaussian
bias_max_value          = 30.0
bias_min_value          = -30.0
bias_mutate_power       = 0.5
bias_mutate_rate        = 0.7
bias_replace_rate       = 0.1

compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient   = 0.5

conn_add_prob=0.5
conn_delete_prob : 0.3
enabled_default         = True
enabled_mutate_rate     = 0.05
enabled_rate_to_true_add  = 0.0
enabled_rate_to_false_add = 0.0
feed_forward            = true
initial_connection      = partial_direct 0.7
node_add_prob           = 0.3
node_delete_prob        = 0.1
num_hidden              = 1
num_inputs              = 3
num_outputs             = 2

response_init_mean      = 1.0
response_init_stdev     = 0.1
response_init_type      = uniform
response_max_value      = 30.0
response_min_value      = -30.0
response_mutate_power   = 0.1
response_mutate_rate    = 0.2
response_replace_rate   = 0.1
single_structural_mutation = False
structural_mutation_surer  = default
time_constant_init_mean   = 1.0
time_constant_init_stdev  = 0.1
time_constant_init_type   = gaussian
time_constant_max_value   = 10.0
time_constant_min_value   = 0.01
time_constant_mutate_power = 0.1
time_constant_mutate_rate  = 0.3
time_constant_replace_rate = 0.0

weight_init_mean        = 0.0
weight_init_stdev       = 1.0
weight_init_type        = gaussian
weight_max_value        = 30
weight_min_value        = -30
weight_mutate_power     = 0.5
weight_mutate_rate      = 0.8
weight_replace_rate     = 0.1

[DefaultSpeciesSet]
compatibility_threshold = 2.0

[DefaultStagnation]
species_fitness_func = max
max_stagnation       = 20
species_elitism      = 2

[DefaultReproduction]
elitism            = 1
survival_threshold = 0.3
min_species_size   = 1
"""


# One species, which is not spared when its best is worse than before.
SHORT_LIVED = {
    "DefaultSpeciesSet": {"compatibility_threshold": "1000.0"},
    "DefaultStagnation": {"max_stagnation": "1", "species_elitism": "0"},
    "DefaultReproduction": {"elitism": "0"},
}


def written(folder: Path, text: str) -> Path:
    path = folder / "config-feedforward"
    path.write_text(text)
    return path


def read(path: Path) -> NeatPythonSettings:
    """Return the settings that a file describes."""
    return settings_from(NeatPythonSettings(), read_sections(path))


def neats_own(path: Path) -> Any:
    return neat.Config(
        neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet,
        neat.DefaultStagnation, str(path),
    )  # fmt: skip


def fitness_of(genomes: list[Any]) -> list[float]:
    """Return scores that depend only on the genomes and differ between them."""
    return [
        sum(
            gene.weight * np.sin(gene.key[0] + 3 * gene.key[1]) for gene in one.connections.values()
        )
        + sum(gene.bias for gene in one.nodes.values())
        - 0.1 * len(one.nodes)
        for one in genomes
    ]


def genome_in_order(genome: Any) -> tuple[Any, ...]:
    return (
        genome.key,
        [(key, str(gene)) for key, gene in genome.nodes.items()],
        [(key, str(gene)) for key, gene in genome.connections.items()],
    )


def genomes_of(engine: NeatPython) -> list[Any]:
    """Return neat-python's genomes in the engine's state, in its order."""
    kept = engine.state().part("breeder").arrays
    config = build_config(engine.settings).genome_config
    keys = kept["keys"].tolist()
    return to_neat_python(Networks.from_arrays(kept), config, keys)


def keys_of(engine: NeatPython) -> list[int]:
    """Return the genome keys in the engine's state, in its order."""
    keys: list[int] = engine.state().part("breeder").arrays["keys"].tolist()
    return keys


def species_of(engine: NeatPython) -> list[Any]:
    """Return the engine's state of every species, in its order."""
    return [
        (one["key"], one["created"], one["last_improved"], one["representative"],
         sorted(one["members"]), one["fitness_history"])
        for one in engine.state().part("breeder").values["species"]
    ]  # fmt: skip


def bred_by_neat_python(config: Any, generations: int) -> list[tuple[list[Any], list[Any], Any]]:
    """Return genomes, species and arrays of every generation of a `neat.Population`.

    It breeds under the addressed states of the random module.
    """
    record = []
    with global_random(SEED, Role.INITIALISE):
        population = neat.Population(config)

    def judge(genomes: Any, config: Any) -> None:
        record.append(
            (
                [genome_in_order(genome) for _, genome in genomes],
                [
                    (one.key, one.created, one.last_improved, one.representative.key,
                     sorted(one.members), one.fitness_history[:])
                    for one in population.species.species.values()
                ],
                from_neat_python([one for _, one in genomes], config.genome_config).to_arrays(),
            )
        )  # fmt: skip
        for (_, genome), fitness in zip(
            genomes, fitness_of([one for _, one in genomes]), strict=True
        ):
            genome.fitness = fitness
        # Everything until the next judgement is bred under this state.
        words = np.random.SeedSequence(SEED, spawn_key=(int(Role.BREED), len(record) - 1))
        random.seed(int.from_bytes(words.generate_state(8).tobytes(), "little"))

    before = random.getstate()
    try:
        population.run(judge, generations)
    except neat.CompleteExtinctionException:
        pass
    finally:
        random.setstate(before)
    return record


def bred_here(settings: Any, generations: int) -> list[tuple[list[Any], list[Any], Any]]:
    """Return the same of our engine, from its state and population."""
    engine = NeatPython(settings, seed=SEED)
    record = []
    for _ in range(generations):
        arrays, genomes = engine.ask().to_arrays(), genomes_of(engine)
        record.append(([genome_in_order(one) for one in genomes], species_of(engine), arrays))
        try:
            engine.tell(Scores.of(fitness_of(genomes)))
        except BreedingError:
            break
    return record


@pytest.mark.parametrize("changes", [
    {},
    {"DefaultGenome": {"feed_forward": "False", "num_hidden": "0"}},
    {"DefaultGenome": {"initial_connection": "full_nodirect"}},
    SHORT_LIVED,
    SHORT_LIVED | {"NEAT": {"reset_on_extinction": "True"}},
    {"DefaultReproduction": {"elitism": "0", "min_species_size": "3"},
     "DefaultSpeciesSet": {"compatibility_threshold": "4.0"}},
])  # fmt: skip
def test_it_breeds_gene_by_gene_what_neat_python_breeds(
    tmp_path: Path, changes: dict[str, dict[str, str]]
) -> None:
    settings = changed(read(written(tmp_path, INI)), changes)
    endless = changed(settings, {"NEAT": {"no_fitness_termination": "True"}})
    theirs = bred_by_neat_python(build_config(endless), 8)
    ours = bred_here(settings, 8)
    assert len(ours) == len(theirs)
    for generation, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert one[:2] == other[:2], f"generation {generation}"
        assert same_arrays(one[2], other[2]), f"generation {generation}"
    assert len(theirs) > 1


def test_the_cases_above_hold_an_extinction_with_and_without_reset(tmp_path: Path) -> None:
    settings = changed(read(written(tmp_path, INI)), SHORT_LIVED)
    assert len(bred_here(settings, 8)) < 8
    resetting = changed(settings, {"NEAT": {"reset_on_extinction": "True"}})
    assert len(bred_here(resetting, 8)) == 8


# Extinction


def dying(**neat_section: str) -> NeatPython:
    """Return an engine with one species that stagnates, without species elitism."""
    return NeatPython(
        {
            "NEAT": {"pop_size": 10} | neat_section,
            "DefaultGenome": {"num_inputs": 2, "num_outputs": 1},
            "DefaultSpeciesSet": {"compatibility_threshold": 1000.0},
            "DefaultStagnation": {"max_stagnation": 2, "species_elitism": 0},
        },
        seed=1,
    )


def test_extinction_ends_the_breeding_with_what_to_do() -> None:
    engine = dying()
    for _ in range(2):
        engine.tell(Scores.of(np.zeros(10)))
    with pytest.raises(BreedingError, match=r"died out in generation 2.*reset_on_extinction") as e:
        engine.tell(Scores.of(np.zeros(10)))
    assert "\n" not in str(e.value)


def test_extinction_with_reset_on_extinction_starts_a_new_population() -> None:
    engine = dying(reset_on_extinction="True")
    engine.tell(Scores.of(np.arange(10.0)))
    champion = engine.champion
    keys = []
    for _ in range(6):
        engine.tell(Scores.of(np.zeros(10)))
        keys.append(min(keys_of(engine)))
    assert engine.generation == 7
    assert engine.champion is champion
    assert any(later > 10 for later in keys)  # the elite of the first population is gone
    assert engine.statistics()["species"] >= 1


def test_more_species_than_there_is_room_for_ends_the_breeding_in_one_line() -> None:
    crowded = {
        "NEAT": {"pop_size": 10},
        "DefaultGenome": {"num_inputs": 4, "num_outputs": 4},
        "DefaultSpeciesSet": {"compatibility_threshold": 0.01},
        "DefaultReproduction": {"min_species_size": 5},
    }
    engine = NeatPython(crowded, seed=1)

    def breed() -> None:
        for _ in range(3):
            engine.tell(Scores.of(np.arange(10.0)))

    with pytest.raises(BreedingError, match="population size 10") as caught:
        breed()
    assert "\n" not in str(caught.value)


def test_counters_are_continued_after_a_restore_not_repeated(tmp_path: Path) -> None:
    settings = read(written(tmp_path, INI))
    engine = NeatPython(settings, seed=SEED)
    for _ in range(4):
        engine.tell(Scores.of(fitness_of(genomes_of(engine))))
    restored = NeatPython.restore(settings, engine.state(), seed=SEED)
    known = set(keys_of(engine))
    restored.tell(Scores.of(np.arange(40.0)))
    new = set(keys_of(restored)) - known
    assert new
    assert min(new) > max(known)


# Configuration files


def test_a_file_in_the_style_of_neat_pythons_examples_means_what_it_means_there(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, INI)
    wanted, got = neats_own(path), build_config(read(path))
    for name in ("pop_size", "fitness_threshold", "fitness_criterion", "reset_on_extinction"):
        assert getattr(got, name) == getattr(wanted, name)
    for part in ("genome", "species_set", "stagnation", "reproduction"):
        texts = []
        for config in (got, wanted):  # as neat-python itself writes all parameters of the part
            text = io.StringIO()
            kind = getattr(config, f"{part}_type")
            kind.write_config(text, getattr(config, f"{part}_config"))
            texts.append(text.getvalue().splitlines())
        assert texts[1], part
        assert texts[0] == texts[1]


def test_the_defaults_are_a_whole_configuration(tmp_path: Path) -> None:
    settings = NeatPython.of_shape(NeatPythonSettings(), 5, 2)
    config = build_config(settings)
    assert (config.genome_config.num_inputs, config.genome_config.num_outputs) == (5, 2)
    assert config.pop_size == 150
    assert NeatPythonSettings().DefaultGenome.num_inputs == 2  # and was not written to
    assert len(NeatPython(settings, seed=1).ask()) == 150


def test_entries_of_the_default_section_are_seen_in_every_section(tmp_path: Path) -> None:
    """As in neat-python, whose own check then refuses one that belongs to another section."""
    moved = "[DEFAULT]\n[NEAT]\n" + INI.split("[NEAT]\n")[1]
    assert read_sections(written(tmp_path, moved)) == read_sections(written(tmp_path, INI))
    path = written(tmp_path, "[DEFAULT]\nelitism = 1\n" + INI.replace("elitism            = 1", ""))
    assert read_sections(path)["DefaultReproduction"]["elitism"] == "1"
    with pytest.raises(NameError, match="elitism"):
        neats_own(path)
    with pytest.raises(ValueError, match="elitism"):
        build_config(read(path))


def test_interpolation_works_as_it_does_there(tmp_path: Path) -> None:
    path = written(tmp_path, INI.replace("bias_min_value          = -30.0",
                                         "bias_min_value = -%(bias_max_value)s"))  # fmt: skip
    assert build_config(read(path)).genome_config.bias_min_value == -30.0
    assert neats_own(path).genome_config.bias_min_value == -30.0


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        NeatPython(read(path), seed=1)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("old", "new", "named"), [
    ("[DefaultStagnation]", "[Stagnation]", "DefaultStagnation"),
    ("[NEAT]", "[neat]", "NEAT"),
    ("pop_size              = 40", "", "pop_size"),
    ("num_inputs              = 3", "", "num_inputs"),
    ("compatibility_threshold = 2.0", "", "compatibility_threshold"),
    ("weight_mutate_rate      = 0.8", "weight_mutate_rte = 0.8", "weight_mutate_rate"),
    ("pop_size              = 40", "pop_size = many", "many"),
    ("pop_size              = 40", "pop_size = 1", "pop_size"),
    ("pop_size              = 40", "pop_size = 40\npop_sizes = 3", "pop_sizes"),
    ("node_add_prob           = 0.3", "node_add_prob = often", "node_add_prob"),
    ("feed_forward            = true", "feed_forward = perhaps", "feed_forward"),
    ("elitism            = 1", "elitism = 1\nelitsm = 1", "elitsm"),
    ("initial_connection      = partial_direct 0.7", "initial_connection = some", "some"),
    ("= partial_direct 0.7", "= partial_direct 7", "1.0"),
    ("activation_default      = sigmoid", "activation_default = sigmod", "sigmod"),
    ("activation_options      = sigmoid tanh gauss", "activation_options = sigmoid nice", "nice"),
    ("aggregation_options     = sum product max", "aggregation_options = sum all", "all"),
    ("species_fitness_func = max", "species_fitness_func = best", "best"),
    ("structural_mutation_surer  = default", "structural_mutation_surer = ok", "ok"),
    ("[DefaultSpeciesSet]", "[DefaultSpeciesSet", "DefaultSpeciesSet"),
    ("elitism            = 1", "elitism = 1\nelitism = 2", "elitism"),
    ("bias_min_value          = -30.0", "bias_min_value = %(nothing)s", "nothing"),
])  # fmt: skip
def test_a_wrong_file_is_refused_in_one_line_that_names_what_is_wrong(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    assert old in INI
    assert named in refused(written(tmp_path, INI.replace(old, new)))


def test_a_file_that_is_none_is_refused_in_one_line_with_its_path(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\x00[NEAT]")
    for path in (tmp_path / "missing", tmp_path, binary, written(tmp_path, "pop_size = 3\n")):
        assert str(path) in refused(path)


def test_the_fitness_threshold_is_held_against_what_the_criterion_says(tmp_path: Path) -> None:
    for criterion, field in (("max", "best"), ("min", "worst"), ("mean", "mean")):
        text = INI.replace("fitness_criterion     = max", f"fitness_criterion = {criterion}")
        assert threshold(read(written(tmp_path, text))) == (3.9, field)
    text = INI.replace("no_fitness_termination = False", "no_fitness_termination = True")
    assert threshold(read(written(tmp_path, text))) is None


@pytest.mark.parametrize("name", ["weight", "bias", "response", "time_constant"])
def test_numbers_that_neat_python_cannot_calculate_with_are_not_restored(name: str) -> None:
    one = NeatPython(NeatPython.of_shape(NeatPython.settings_type(), 2, 1), seed=1)
    state = one.state()
    array = state.arrays[f"breeder.{name}"].copy()
    array[0] = 1e200
    forged = State(state.arrays | {f"breeder.{name}": array}, state.values)
    with pytest.raises(ValueError, match=f"{name} must be at most"):
        NeatPython.restore(one.settings, forged, seed=1)
