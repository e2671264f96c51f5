"""NEAT begins as neat-python does, breeds within species, and finds topologies."""

import copy
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import neat
import numpy as np
import pytest
from breeding import neat_sections, neat_settings, same_arrays, varied_genome

from evo.core.errors import BreedingError
from evo.core.registry import experiment
from evo.core.scores import Scores
from evo.engines.neat.config_file import read_sections, settings_from
from evo.engines.neat.engine import Neat
from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.settings import NeatSettings
from evo.engines.neat_python.config import build_config
from evo.fitness.xor import SOLVED_AT, Xor
from genomes.network.functions import ACTIVATIONS
from genomes.network.networks import Networks, genes_of
from genomes.network.speciation import distance

MODES = [
    "unconnected", "fs_neat", "fs_neat_nohidden", "fs_neat_hidden", "full", "full_nodirect",
    "full_direct", "partial 0.4", "partial_nodirect 0.7", "partial_direct 0.25",
    "partial_direct 0", "partial_direct 1",
]  # fmt: skip
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])
# Nothing mutates.
QUIET: dict[str, Any] = dict.fromkeys(
    (
        "conn_add_prob", "conn_delete_prob", "node_add_prob", "node_delete_prob",
        "enabled_mutate_rate", "weight_mutate_rate", "weight_replace_rate",
        "bias_mutate_rate", "bias_replace_rate",
    ),
    0.0,
)  # fmt: skip
ONE_SPECIES = {"compatibility_threshold": 1000.0}


def new(seed: int = 1, inputs: int = 3, outputs: int = 2, **changes: dict[str, Any]) -> Neat:
    """Return an engine with a small population, neat-python's defaults, and these changes."""
    shape = {"num_inputs": inputs, "num_outputs": outputs}
    changes["DefaultGenome"] = shape | changes.get("DefaultGenome", {})
    changes["NEAT"] = {"pop_size": 40} | changes.get("NEAT", {})
    return Neat(changes, seed=seed)


def tell(engine: Neat, total: Any) -> None:
    engine.tell(Scores.of(np.asarray(total, np.float64)))


def pairs_of(networks: Networks) -> list[set[tuple[int, int]]]:
    """Return the connections of every network, as (source, target)."""
    return [
        set(zip(networks.source[a:b].tolist(), networks.target[a:b].tolist(), strict=True))
        for a, b in zip(networks.connection_offsets, networks.connection_offsets[1:], strict=False)
    ]


# The first population


def neats_first(config: Any, count: int) -> list[set[tuple[int, int]]]:
    """Return the connections of neat-python's new genomes.

    Hidden nodes are counted from 0 in each.
    """
    reproduction = neat.DefaultReproduction(None, None, None)
    genomes = reproduction.create_new(neat.DefaultGenome, config.genome_config, count)
    renamed = []
    for genome in genomes.values():
        place = {node: i for i, node in enumerate(sorted(genome.nodes))}
        renamed.append(
            {(place.get(source, source), place[target]) for source, target in genome.connections}
        )
    return renamed


@BOTH_KINDS
@pytest.mark.parametrize("hidden", [0, 3])
@pytest.mark.parametrize("mode", MODES)
def test_first_networks_are_connected_as_neat_pythons(
    mode: str, hidden: int, feed_forward: bool
) -> None:
    settings = {"initial_connection": mode, "num_hidden": hidden, "feed_forward": feed_forward}
    ours = pairs_of(new(DefaultGenome=settings).ask())
    config = build_config(
        neat_settings({"DefaultGenome": settings | {"num_inputs": 3, "num_outputs": 2}})
    )
    theirs = neats_first(config, 200)
    assert {len(pairs) for pairs in ours} == {len(pairs) for pairs in theirs}
    # What some of theirs have, some of ours have, and nothing else.
    assert set.union(*ours) == set.union(*theirs)
    if not mode.startswith("partial"):
        assert {frozenset(pairs) for pairs in ours} == {frozenset(pairs) for pairs in theirs}


def test_first_networks_share_innovation_numbers_and_hidden_nodes() -> None:
    networks = new(
        DefaultGenome={"initial_connection": "partial_direct 0.5", "num_hidden": 2}
    ).ask()
    assert networks.node_id.tolist() == [0, 1, 2, 3] * 40
    ends: dict[int, tuple[int, int]] = {}
    for number, source, target in zip(
        networks.innovation.tolist(), networks.source.tolist(), networks.target.tolist(),
        strict=True,
    ):  # fmt: skip
        assert ends.setdefault(number, (source, target)) == (source, target)
    assert len(set(ends.values())) == len(ends) > 10
    for first, last in zip(
        networks.connection_offsets, networks.connection_offsets[1:], strict=False
    ):
        numbers = networks.innovation[first:last].tolist()
        assert numbers == sorted(set(numbers))


def test_first_values_are_drawn_as_configured() -> None:
    genome = varied_genome(
        20, 5, True, initial_connection="full_direct", num_hidden=0,
        weight_init_mean=2.0, weight_init_stdev=0.5, weight_min_value=1.5,
        bias_init_type="uniform", bias_init_mean=1.0, bias_init_stdev=2.0, bias_max_value=3.0,
        response_init_stdev=0.0, enabled_default="random",
        activation_default="tanh", aggregation_default="random", aggregation_options="sum max",
    )  # fmt: skip
    rates = rates_of(genome)
    genes, _ = first_genes(genome, rates, 200, np.random.default_rng(1))
    assert genes.weight.min() == 1.5
    assert abs((genes.weight == 1.5).mean() - 0.1587) < 5 * np.sqrt(0.1587 / 20_000)
    assert abs(np.median(genes.weight) - 2.0) < 0.03
    # Two deviations around the mean, but for the limit.
    assert -3.0 <= genes.bias.min() < -2.9
    assert 2.9 < genes.bias.max() <= 3.0
    assert abs(genes.bias.mean()) < 5 * np.sqrt(3 / 1000)
    assert (genes.response == 1.0).all()
    assert (genes.activation == ACTIVATIONS.index("tanh")).all()
    for share in (genes.enabled.mean(), (genes.aggregation == 0).mean()):
        assert abs(share - 0.5) < 5 * np.sqrt(0.25 / 1000)


def test_it_reads_neat_pythons_configuration_files(tmp_path: Path) -> None:
    parser = ConfigParser()
    parser.read_dict(
        neat_sections(
            {
                "NEAT": {"pop_size": 33},
                "DefaultGenome": {
                    "num_inputs": 5, "num_outputs": 3, "num_hidden": 2, "feed_forward": "false",
                    "initial_connection": "full_nodirect", "activation_default": "gauss",
                    "activation_options": "gauss relu", "activation_mutate_rate": 0.5,
                },
            }
        )
    )  # fmt: skip
    with (tmp_path / "neat.ini").open("w") as file:
        parser.write(file)
    settings = settings_from(NeatSettings(), read_sections(tmp_path / "neat.ini"))
    engine = Neat(settings, seed=4)
    networks = engine.ask()
    assert (len(networks), networks.inputs, networks.outputs) == (33, 5, 3)
    assert not networks.feed_forward
    assert {len(pairs) for pairs in pairs_of(networks)} == {5 * 2 + 2 * 3 + 5}
    assert {ACTIVATIONS[code] for code in networks.activation.tolist()} == {"gauss"}
    for _ in range(3):
        tell(engine, np.arange(33))
    assert {ACTIVATIONS[code] for code in engine.ask().activation.tolist()} == {"gauss", "relu"}


def test_settings_are_told_apart_in_the_kernels_rates() -> None:
    """No two items of neat-python are exchanged."""
    items = {
        "conn_add_prob": "connection_add", "conn_delete_prob": "connection_delete",
        "node_add_prob": "node_add", "node_delete_prob": "node_delete",
        "enabled_mutate_rate": "enabled_mutate",
        "enabled_rate_to_true_add": "enabled_to_true_add",
        "enabled_rate_to_false_add": "enabled_to_false_add",
    }  # fmt: skip
    values = {name: 0.01 * (1 + place) for place, name in enumerate(items)}
    for place, gene in enumerate(("weight", "bias", "response")):
        for step, item in enumerate(
            ("init_mean", "init_stdev", "min_value", "max_value", "mutate_rate", "mutate_power",
             "replace_rate")
        ):  # fmt: skip
            values[f"{gene}_{item}"] = 0.1 + 0.1 * place + 0.01 * step
    shape = {"num_inputs": 4, "num_outputs": 2}
    rates = rates_of(neat_settings({"DefaultGenome": shape | values}).DefaultGenome)
    for name, field in items.items():
        assert getattr(rates, field) == values[name]
    for gene in ("weight", "bias", "response"):
        attribute = getattr(rates, gene)
        for field, item in (
            ("init_mean", "init_mean"), ("init_stdev", "init_stdev"), ("lowest", "min_value"),
            ("highest", "max_value"), ("mutate_rate", "mutate_rate"),
            ("mutate_power", "mutate_power"), ("replace_rate", "replace_rate"),
        ):  # fmt: skip
            assert getattr(attribute, field) == values[f"{gene}_{item}"]


# Breeding


def test_the_best_of_a_species_live_on_unchanged() -> None:
    engine = new(
        DefaultSpeciesSet=ONE_SPECIES, DefaultReproduction={"elitism": 3, "min_species_size": 3}
    )
    before = engine.ask()
    total = np.random.default_rng(1).permutation(40)
    tell(engine, total)
    best = np.argsort(-total)[:3]
    after = engine.ask()
    assert same_arrays(after.take([0, 1, 2]).to_arrays(), before.take(best).to_arrays())
    # And the others do not.
    kept = {one.weight.tobytes() for one in (before.take([i]) for i in range(40))}
    assert sum(after.take([i]).weight.tobytes() in kept for i in range(3, 40)) < 20


def test_children_come_from_the_best_of_their_species_by_the_survival_threshold() -> None:
    """Without mutation every weight of a child is one of a parent's."""
    engine = new(
        DefaultGenome=QUIET,
        DefaultSpeciesSet=ONE_SPECIES,
        DefaultReproduction={"elitism": 0, "survival_threshold": 0.1},
        NEAT={"pop_size": 60},
    )
    before = engine.ask()
    total = np.random.default_rng(2).permutation(60)
    tell(engine, total)
    after = engine.ask()
    parents = before.take(np.argsort(-total)[:6])
    assert set(after.weight.tolist()) == set(parents.weight.tolist())
    assert set(after.bias.tolist()) <= set(parents.bias.tolist())


def structure_of(networks: Networks, index: int) -> tuple[bytes, bytes]:
    """Return the nodes and innovation numbers of one network."""
    one = networks.take([index])
    return one.node_id.tobytes(), one.innovation.tobytes()


def values_of(networks: Networks, index: int) -> list[float]:
    """Return the biases and weights of one network."""
    one = networks.take([index])
    return [*one.bias.tolist(), *one.weight.tolist()]


def marked(engine: Neat, **changes: dict[str, Any]) -> Neat:
    """Return the engine without mutation, with distinct biases and weights."""
    state = engine.state()
    networks = engine.ask()
    state.arrays["breeder.population.bias"] = np.arange(len(networks.bias)) / 1024 - 20
    state.arrays["breeder.population.weight"] = np.arange(len(networks.weight)) / 1024 + 1
    return Neat.restore(new(DefaultGenome=QUIET, **changes).settings, state, seed=1)


def test_parents_are_of_one_species_and_the_fitter_one_gives_the_structure() -> None:
    """Without mutation the values of a child identify its parent."""
    changes: dict[str, dict[str, Any]] = {
        "DefaultSpeciesSet": {"compatibility_threshold": 1.8},
        "DefaultReproduction": {"elitism": 1, "min_species_size": 2},
    }
    engine = new(**changes)
    random = np.random.default_rng(3)
    told_apart, first_of_equals, crossed, several = 0, 0, 0, 0
    for _ in range(8):
        twin = marked(engine, **copy.deepcopy(changes))
        parents, species = twin.ask(), twin.state().array("breeder.species", np.int64, (40,))
        owner = {value: index for index in range(40) for value in values_of(parents, index)}
        total = random.integers(0, 6, size=40)
        tell(twin, total)
        tell(engine, total)
        children = twin.ask()
        assert len(children) == 40
        unchanged = set()
        for child in range(40):
            values, structure = values_of(children, child), structure_of(children, child)
            of = sorted({owner[value] for value in values})
            assert 1 <= len(of) <= 2
            assert species[of[0]] == species[of[-1]]
            fitter = [one for one in of if structure_of(parents, one) == structure]
            if len(of) == 1 and not fitter:  # every value happens to be the other parent's
                members = np.flatnonzero(species == species[of[0]]).tolist()
                fitter = [one for one in members if structure_of(parents, one) == structure]
            assert fitter
            assert total[fitter].max() >= total[of].max()
            unchanged |= {one for one in of if values == values_of(parents, one)}
            crossed += len(of) == 2
            # Of parents that are equally fit either may be the one.
            if len(of) == 2 and len(fitter) == 1 and total[of[0]] == total[of[1]]:
                told_apart += 1
                first_of_equals += fitter == of[:1]
        for one in set(species.tolist()):  # its best lives on as it is
            members = np.flatnonzero(species == one)
            assert members[total[members].argmax()] in unchanged
        several += len(set(species.tolist())) > 2
    assert several > 4
    assert crossed > 100
    assert told_apart > 10
    assert 0.2 < first_of_equals / told_apart < 0.8


def test_every_individual_is_in_one_species_and_keys_are_never_given_again() -> None:
    engine = new(
        DefaultSpeciesSet={"compatibility_threshold": 1.8},
        DefaultStagnation={"max_stagnation": 2, "species_elitism": 1},
        DefaultReproduction={"min_species_size": 1},
    )
    gone: set[str] = set()
    latest: set[str] = set()
    highest = 0
    random = np.random.default_rng(4)
    for _ in range(20):
        engine.ask()
        sizes = engine.statistics()["species_sizes"]
        assert sum(sizes.values()) == 40
        assert min(sizes.values()) > 0
        gone |= latest - sizes.keys()
        latest = set(sizes)
        assert not gone & latest
        assert max(map(int, latest)) >= highest
        highest = max(map(int, latest))
        tell(engine, random.random(40))
    assert len(gone) > 5


def test_a_species_goes_on_with_those_closest_to_it_also_when_others_die_out() -> None:
    engine = new(
        DefaultSpeciesSet={"compatibility_threshold": 1.8},
        DefaultStagnation={"max_stagnation": 2, "species_elitism": 1},
        DefaultReproduction={"min_species_size": 1},
    )

    def represented() -> dict[int, Networks]:
        population = engine.ask()
        kept = engine.state().part("breeder")
        batch = type(population).from_arrays(kept.part("representatives").arrays)
        keys = [one["key"] for one in kept.values["species"]]
        assert len(keys) == len(batch)
        return {key: batch.take([place]) for place, key in enumerate(keys)}

    random = np.random.default_rng(4)
    died = 0
    before = represented()
    for _ in range(15):
        tell(engine, random.random(40))
        population, after = engine.ask(), represented()
        left = list(range(40))
        for key in sorted(before.keys() & after.keys()):
            old = genes_of(before[key])
            apart = [distance.py_func(old, 0, genes_of(population), i, 1.0, 0.5) for i in left]
            closest = left.pop(int(np.argmin(apart)))
            wanted = population.take([closest]).to_arrays()
            assert same_arrays(after[key].to_arrays(), wanted)
        # Not the last ones only, whose place in the list nobody else takes.
        died += len([key for key in before.keys() - after.keys() if key < max(after)])
        before = after
    assert died > 5


def test_too_many_species_for_the_population_are_told_in_one_line() -> None:
    engine = new(DefaultSpeciesSet={"compatibility_threshold": 0.01})
    with pytest.raises(BreedingError, match="40 species of at least 2") as caught:
        tell(engine, np.arange(40))
    assert "\n" not in str(caught.value)


# Extinction


def dying(reset: bool) -> Neat:
    """Return an engine whose species go extinct as soon as they stagnate."""
    return new(
        NEAT={"reset_on_extinction": reset},
        DefaultStagnation={"max_stagnation": 1, "species_elitism": 0},
    )


def test_extinction_ends_the_evolution_and_says_what_to_do() -> None:
    engine = dying(reset=False)
    tell(engine, np.ones(40))
    with pytest.raises(BreedingError, match=r"died out in generation 1.*reset_on_ext") as caught:
        tell(engine, np.ones(40))
    assert "\n" not in str(caught.value)


def test_extinction_with_reset_begins_anew_with_another_first_population() -> None:
    engine = dying(reset=True)
    first = engine.ask()
    keys = set(engine.statistics()["species_sizes"])
    tell(engine, np.ones(40))
    tell(engine, np.ones(40))
    again = engine.ask()
    assert engine.generation == 2
    # Minimal networks of the same kind, with other weights.
    assert again.innovation.tolist() == first.innovation.tolist()
    assert not set(again.weight.tolist()) & set(first.weight.tolist())
    statistics = engine.statistics()
    assert not keys & set(statistics["species_sizes"])
    assert sum(statistics["species_sizes"].values()) == 40
    # It goes on, and restored it goes on alike.
    restored = Neat.restore(engine.settings, copy.deepcopy(engine.state()), seed=1)
    for total in range(2, 5):
        for one in (engine, restored):
            tell(one, np.full(40, float(total)))
        assert same_arrays(engine.ask().to_arrays(), restored.ask().to_arrays())
    engine.ask().activate(np.ones((2, 3)))


# What it finds


def judged(engine: Neat, wanted: Any, inputs: Any, generations: int) -> list[float]:
    """Return the best negated mean squared error of every generation."""
    best = []
    for _ in range(generations):
        outputs = engine.ask().activate(inputs)
        total = -((outputs - wanted) ** 2).mean(axis=(1, 2))
        best.append(float(total.max()))
        tell(engine, total)
    return best


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_xor_is_solved_within_a_hundred_generations(seed: int) -> None:
    engine = Neat(experiment("xor").config("neat").engine, seed=seed)
    while engine.champion is None or engine.champion.score < SOLVED_AT:
        assert engine.generation < 100
        engine.tell(Xor().evaluate(engine.ask(), []))
    (network,) = engine.champion.performers.sizes()
    assert network[0] > 1  # it takes a hidden node


def test_a_recurrent_network_learns_to_say_what_it_heard_before() -> None:
    """The input reaches an output at once, so only a hidden node can return it later."""
    random = np.random.default_rng(1)
    heard = random.choice([-1.0, 1.0], size=(60, 1))
    wanted = np.roll(heard, 1, axis=0)
    wanted[0] = 0.0
    engine = new(
        seed=3,
        inputs=1,
        outputs=1,
        NEAT={"pop_size": 100},
        DefaultGenome={
            "feed_forward": False, "activation_default": "clamped",
            "activation_options": "clamped", "node_add_prob": 0.3, "node_delete_prob": 0.1,
        },
    )  # fmt: skip
    best = judged(engine, wanted, heard, 40)
    assert best[0] < -0.7
    assert max(best) > -0.1
    networks = engine.ask()
    assert (networks.source == networks.target).any()  # nodes that hear themselves


@BOTH_KINDS
def test_several_outputs_of_deep_networks_evolve_and_stay_valid(feed_forward: bool) -> None:
    inputs = np.random.default_rng(2).normal(size=(30, 3))
    wanted = np.stack([inputs[:, 0] * inputs[:, 1], np.abs(inputs[:, 2]), inputs.sum(axis=1)], 1)
    engine = new(
        outputs=3,
        DefaultGenome={
            "feed_forward": feed_forward, "node_add_prob": 0.6, "conn_add_prob": 0.9,
            "activation_default": "random", "activation_options": "tanh gauss abs identity",
            "activation_mutate_rate": 0.2, "num_hidden": 2,
        },
        DefaultSpeciesSet={"compatibility_threshold": 4.0},
    )  # fmt: skip
    best = judged(engine, wanted, inputs, 40)
    assert max(best[30:]) > best[0] + 0.2
    assert engine.ask().sizes()[:, 0].max() > 8
    assert (engine.ask().outputs, engine.ask().feed_forward) == (3, feed_forward)
