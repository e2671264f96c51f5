"""Crossover lines genes up, mutation has the configured rates, and offspring are always valid.

The parents' random numbers are fixed, so a statistical test here passes always or never.
"""

import math
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
import pytest
from breeding import TIMED, network, varied_genome

from evo.engines.neat.genome_settings import Structure, rates_of
from evo.engines.neat.initial import first_genes
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of
from genomes.network.rates import Rates
from genomes.network.variation import breed

INPUTS, OUTPUTS = 4, 2
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])
FLOATS = ("bias", "response", "weight")
QUIET: dict[str, Any] = dict.fromkeys(
    (
        "conn_add_prob", "conn_delete_prob", "node_add_prob", "node_delete_prob",
        "enabled_mutate_rate", "activation_mutate_rate", "aggregation_mutate_rate",
        *(f"{gene}_{kind}_rate" for gene in FLOATS for kind in ("mutate", "replace")),
    ),
    0.0,
)  # fmt: skip

# A network by the ids and innovation numbers of its genes: nodes are (bias, response, activation,
# aggregation), connections (source, target, weight, enabled).
Described = tuple[dict[int, Any], dict[int, Any]]


def genome_of(feed_forward: bool = True, **genome: Any) -> Structure:
    """Return settings of genomes; every gene varies unless changed."""
    return varied_genome(
        genome.pop("inputs", INPUTS), genome.pop("outputs", OUTPUTS), feed_forward, **genome
    )


def rates_with(feed_forward: bool = True, **genome: Any) -> Rates:
    """Return rates that are 0 except for the given ones."""
    return rates_of(genome_of(feed_forward, **(QUIET | genome)))


def first(settings: Structure, size: int, seed: int = 1) -> tuple[Genes, Any]:
    return first_genes(settings, rates_of(settings), size, np.random.default_rng(seed))


def generations(
    feed_forward: bool, count: int, size: int = 50, seed: int = 1, **genome: Any
) -> Iterator[Genes]:
    """Yield the genes of every generation of a population bred at random."""
    settings = genome_of(feed_forward, **genome)
    rates, random = rates_of(settings), np.random.default_rng(seed)
    genes, innovations = first(settings, size, seed)
    yield genes
    for _ in range(count):
        fitter, other = random.integers(size, size=(2, size))
        key = random.integers(1 << 63, dtype=np.uint64)
        genes, split = breed(rates, genes, fitter, other, np.ones(size, np.bool_), key)
        innovations.number(genes, split)
        yield genes


def last_generation(feed_forward: bool = True, **settings: Any) -> Genes:
    *_, genes = generations(feed_forward, 12, **settings)
    return genes


def family(rates: Rates, parents: Genes, count: int, place: int = 0, seed: int = 5) -> Genes:
    """Return many children of one network with itself; new genes are unnumbered."""
    same = np.full(count, place)
    return breed(rates, parents, same, same, np.ones(count, np.bool_), np.uint64(seed))[0]


def described(genes: Genes) -> list[Described]:
    """Describe all networks, gene by gene.

    Unnumbered new genes are identified by index.
    """
    lists = {name: column.tolist() for name, column in genes._asdict().items()}
    networks = []
    for n0, n1, c0, c1 in zip(
        lists["node_offsets"], lists["node_offsets"][1:],
        lists["connection_offsets"], lists["connection_offsets"][1:], strict=False,
    ):  # fmt: skip
        nodes = {
            lists["node_id"][n]: tuple(
                lists[name][n] for name in ("bias", "response", "activation", "aggregation")
            )
            for n in range(n0, n1)
        }
        links: dict[int, Any] = {}
        for c in range(c0, c1):
            number = lists["innovation"][c]
            links[number + (number in links) * (c - c0 + 1)] = tuple(
                lists[name][c] for name in ("source", "target", "weight", "enabled")
            )
        networks.append((nodes, links))
    return networks


def assert_share(hits: int, count: int, share: float) -> None:
    """Check that hits are within 5 standard errors of the share."""
    assert abs(hits - count * share) <= 5 * math.sqrt(count * share * (1 - share)) + 1e-9


def is_acyclic(pairs: list[tuple[int, int]]) -> bool:
    graph: dict[int, set[int]] = {}
    for source, target in pairs:
        graph.setdefault(target, set()).add(source)
    try:
        TopologicalSorter(graph).prepare()
    except ValueError:
        return False
    return True


def assert_valid(genes: Genes, rates: Rates) -> None:
    inputs = set(range(-rates.inputs, 0))
    for n0, n1, c0, c1 in zip(
        genes.node_offsets, genes.node_offsets[1:],
        genes.connection_offsets, genes.connection_offsets[1:], strict=False,
    ):  # fmt: skip
        ids = genes.node_id[n0:n1].tolist()
        assert ids[: rates.outputs] == list(range(rates.outputs))
        assert ids == sorted(set(ids))
        numbers = genes.innovation[c0:c1].tolist()
        assert numbers == sorted(set(numbers))
        pairs = list(zip(genes.source[c0:c1].tolist(), genes.target[c0:c1].tolist(), strict=True))
        assert len(set(pairs)) == len(pairs)
        assert {target for _, target in pairs} <= set(ids)
        assert {source for source, _ in pairs} <= set(ids) | inputs
        # Disabled connections count: they may be enabled again.
        assert not rates.feed_forward or is_acyclic(pairs)
    for name in FLOATS:
        attribute = getattr(rates, name)
        column = getattr(genes, name)
        assert column.min() >= attribute.lowest
        assert column.max() <= attribute.highest
    assert len(genes.node_id) == genes.node_offsets[-1]
    assert len(genes.innovation) == genes.connection_offsets[-1]


# Validity


@BOTH_KINDS
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_offspring_are_valid_networks_over_many_generations(
    feed_forward: bool, single: bool, seed: int
) -> None:
    changes = dict(
        single_structural_mutation=single, node_add_prob=0.5, node_delete_prob=0.35,
        conn_add_prob=0.9, conn_delete_prob=0.4, weight_max_value=2.0, weight_min_value=-1.5,
    )  # fmt: skip
    rates = rates_of(genome_of(feed_forward, **changes))
    pairs_by_number: dict[int, tuple[int, int]] = {}
    hidden = set()
    for genes in generations(feed_forward, 30, seed=seed, **changes):
        assert_valid(genes, rates)
        Networks(INPUTS, OUTPUTS, feed_forward, **genes._asdict()).program  # noqa: B018 - compiles
        # A number stands for the same connection in every network, for ever.
        for number, source, target in zip(
            genes.innovation.tolist(), genes.source.tolist(), genes.target.tolist(), strict=True
        ):
            assert pairs_by_number.setdefault(number, (source, target)) == (source, target)
        hidden |= set(genes.node_id.tolist())
    # Much has come, and much of it has gone again.
    assert len(hidden) > 100
    assert len(set(genes.node_id.tolist())) < len(hidden) / 2


def test_networks_without_any_connection_or_hidden_node_can_be_bred() -> None:
    """Everything that can be deleted is gone, and is deleted once more."""
    rates = rates_with(conn_delete_prob=1.0, node_delete_prob=1.0, node_add_prob=1.0)
    bare = genes_of(network(INPUTS, OUTPUTS, []))
    assert described(family(rates, bare, 20)) == described(bare) * 20


# Crossover


@BOTH_KINDS
def test_children_have_the_fitter_parents_genes_and_each_attribute_of_one_parent(
    feed_forward: bool,
) -> None:
    parents = last_generation(feed_forward)
    size = len(parents.node_offsets) - 1
    fitter, other = np.random.default_rng(4).integers(size, size=(2, 300))
    mutate = np.ones(300, np.bool_)
    children, split = breed(rates_with(feed_forward), parents, fitter, other, mutate, np.uint64(77))
    assert (split == -1).all()
    of_parents = described(parents)
    met = {"both": 0, "fitter only": 0, "other only": 0, "from the other": 0, "switched off": 0}
    for child, f, o in zip(described(children), fitter, other, strict=True):
        for genes, mine, theirs in zip(child, of_parents[f], of_parents[o], strict=True):
            assert list(genes) == list(mine)
            met["other only"] += len(theirs.keys() - mine.keys())
            for number, got in genes.items():
                if number not in theirs:
                    assert got == mine[number]
                    met["fitter only"] += 1
                    continue
                met["both"] += 1
                on = mine[number][-1], theirs[number][-1]
                for value, one, another in zip(got, mine[number], theirs[number], strict=True):
                    met["from the other"] += value == another != one
                    if value is False:
                        assert on != (True, True)
                        met["switched off"] += on != (False, False)
                    else:
                        assert value in (one, another)
    assert min(met.values()) > 50


def test_attributes_come_from_both_parents_equally_often_and_independently() -> None:
    links = [(-1 - i, k, 1.0) for i in range(50) for k in range(2)]
    one = network(50, 2, links)
    columns = ("bias", "response", "activation", "aggregation")
    changed = {name: getattr(one, name) + 1 for name in columns}
    parents = joined_genes(genes_of(one), genes_of(one)._replace(weight=one.weight + 1, **changed))
    count = 2000
    fitter, other = np.zeros(count, np.int64), np.ones(count, np.int64)
    rates = rates_with(inputs=50)
    mutate = np.ones(count, np.bool_)
    children, _ = breed(rates, parents, fitter, other, mutate, np.uint64(1))
    assert_share(int((children.weight == 2.0).sum()), 100 * count, 0.5)
    origin = np.array([getattr(children, name) - getattr(parents, name)[0] for name in columns])
    for row in origin:
        assert set(row.tolist()) == {0, 1}
        assert_share(int(row.sum()), 2 * count, 0.5)
    correlations = np.corrcoef(origin.astype(float))[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(2 * count)


def joined_genes(one: Genes, other: Genes) -> Genes:
    """Return two batches of genes in one."""
    joined = {}
    for name, column in one._asdict().items():
        after = getattr(other, name)
        if name.endswith("offsets"):
            joined[name] = np.concatenate([column, column[-1] + after[1:]])
        else:
            joined[name] = np.concatenate([column, after])
    return Genes(**joined)


def test_a_gene_disabled_in_a_parent_is_disabled_in_three_of_four_children_at_least() -> None:
    """Three of four are disabled by the rule, half of the others by inheritance."""
    links = [(-1 - i, 0, 1.0) for i in range(40)]
    one = genes_of(network(40, 1, links))
    place = np.arange(40)
    both = joined_genes(
        one._replace(enabled=place % 4 < 2),
        one._replace(enabled=place % 2 == 0, weight=place + 1.0),
    )
    count = 2500
    mutate = np.ones(count, np.bool_)
    for fitter in (0, 1):
        children, _ = breed(
            rates_with(inputs=40, outputs=1),
            both,
            np.full(count, fitter),
            np.full(count, 1 - fitter),
            mutate,
            np.uint64(fitter),
        )
        enabled = children.enabled.reshape(count, 40)
        assert enabled[:, place % 4 == 0].all()  # on in both
        assert not enabled[:, place % 4 == 3].any()  # on in neither
        for case in (1, 2):
            assert_share(int(enabled[:, place % 4 == case].sum()), 10 * count, 0.125)
        # Whose weight it is does not say whose switch it is.
        theirs = children.weight.reshape(count, 40)[:, 1::4] != both.weight[40 * fitter :][1:40:4]
        assert_share(int((enabled[:, 1::4] & theirs).sum()), 10 * count, 0.0625)


def test_a_network_crossed_with_itself_and_no_rates_is_an_exact_copy() -> None:
    parents = last_generation()
    size = len(parents.node_offsets) - 1
    same = np.arange(size)
    children, split = breed(
        rates_with(), parents, same, same, np.ones(size, np.bool_), np.uint64(9)
    )
    for name, column in parents._asdict().items():
        assert getattr(children, name).tobytes() == column.tobytes(), name
    assert (split == -1).all()


def test_what_is_not_mutated_is_an_exact_copy_of_the_fitter_whatever_the_rates() -> None:
    parents = last_generation()
    size = len(parents.node_offsets) - 1
    fitter = np.random.default_rng(1).permutation(size)
    children, split = breed(
        rates_of(genome_of()), parents, fitter, np.zeros(size, np.int64),
        np.zeros(size, np.bool_), np.uint64(9),
    )  # fmt: skip
    of_parents = described(parents)
    assert described(children) == [of_parents[g] for g in fitter]
    assert (split == -1).all()


@BOTH_KINDS
def test_a_child_depends_on_its_parents_and_place_alone(feed_forward: bool) -> None:
    """Neither its neighbours nor the other networks of the batch have any influence."""
    rates, parents = rates_of(genome_of(feed_forward)), last_generation(feed_forward)
    size, key = len(parents.node_offsets) - 1, np.uint64(123)
    fitter, other = np.random.default_rng(2).integers(size, size=(2, 40))
    all_of_them = np.ones(40, np.bool_)
    whole, split = breed(rates, parents, fitter, other, all_of_them, key)
    wanted = described(whole)
    for count in (1, 7, 39):
        part, part_split = breed(
            rates, parents, fitter[:count], other[:count], all_of_them[:count], key
        )
        assert described(part) == wanted[:count]
        assert part_split.tolist() == split[:count].tolist()
    # Everybody but the last has other parents, and some are not mutated.
    fitter[:39], other[:39], all_of_them[:39:3] = fitter[38::-1], 0, False
    changed, _ = breed(rates, parents, fitter, other, all_of_them, key)
    assert described(changed)[39] == wanted[39]
    # The two parents alone.
    pair = Networks(INPUTS, OUTPUTS, feed_forward, **parents._asdict()).take(
        [fitter[39], other[39]]
    )
    alone, _ = breed(
        rates, genes_of(pair), np.zeros(40, np.int64), np.ones(40, np.int64), ~all_of_them | True,
        key,
    )  # fmt: skip
    assert described(alone)[39] == wanted[39]
    another, _ = breed(rates, parents, fitter, other, all_of_them, np.uint64(124))
    assert described(another)[39] != wanted[39]


# Attributes


def wide(**genome: Any) -> tuple[Rates, Genes]:
    """Return rates and one network of 100 outputs and 100 connections.

    All its numbers are 0.5.
    """
    genome = QUIET | dict(
        inputs=1, outputs=100, num_hidden=0, initial_connection="full_direct",
        activation_default="sigmoid", aggregation_default="sum",
    ) | genome  # fmt: skip
    settings = genome_of(True, **genome)
    genes, _ = first(settings, 1)
    level = {name: np.full(100, 0.5) for name in FLOATS}
    return rates_of(settings), genes._replace(**level)


@pytest.mark.parametrize("name", FLOATS)
def test_values_are_perturbed_and_replaced_at_their_rates_and_sizes(name: str) -> None:
    rates, parent = wide(
        **{
            f"{name}_mutate_rate": 0.3, f"{name}_mutate_power": 0.01, f"{name}_replace_rate": 0.1,
            f"{name}_init_mean": 5.0, f"{name}_init_stdev": 0.2,
        }
    )  # fmt: skip
    count = 40_000
    children = family(rates, parent, count // 100)
    values = getattr(children, name)
    changed, replaced = values != 0.5, values > 3.0
    assert_share(int(replaced.sum()), count, 0.1)
    assert_share(int((changed & ~replaced).sum()), count, 0.3)
    for sample, mean, spread in (
        (values[changed & ~replaced], 0.5, 0.01),
        (values[replaced], 5.0, 0.2),
    ):
        assert abs(sample.mean() - mean) < 5 * spread / math.sqrt(len(sample))
        assert abs(sample.std() / spread - 1) < 5 / math.sqrt(2 * len(sample))
    for other in {*FLOATS, "activation", "aggregation", "enabled"} - {name}:
        assert getattr(children, other).tolist() == getattr(parent, other).tolist() * (count // 100)


@pytest.mark.parametrize("name", FLOATS)
def test_values_stay_within_their_limits(name: str) -> None:
    limits = {f"{name}_min_value": -0.25, f"{name}_max_value": 0.75, f"{name}_init_stdev": 0.0}
    rates, parent = wide(**limits, **{f"{name}_mutate_rate": 1.0, f"{name}_mutate_power": 100.0})
    values = getattr(family(rates, parent, 50), name)
    # So large a step nearly always ends at a limit, half the time at either.
    assert (values.min(), values.max()) == (-0.25, 0.75)
    assert_share(int((values == 0.75).sum()), len(values), 0.5 - 0.001)
    rates, parent = wide(**limits, **{f"{name}_replace_rate": 1.0, f"{name}_init_mean": 9.0})
    assert set(getattr(family(rates, parent, 2), name).tolist()) == {0.75}


@pytest.mark.parametrize(
    ("limits", "low", "high"), [((-30, 30), -0.5, 1.5), ((0.0, 1.0), 0.0, 1.0)]
)
def test_uniform_replacements_lie_two_deviations_around_the_mean_within_the_limits(
    limits: tuple[float, float], low: float, high: float
) -> None:
    rates, parent = wide(
        weight_replace_rate=1.0, weight_init_type="uniform", weight_init_mean=0.5,
        weight_init_stdev=0.5, weight_min_value=limits[0], weight_max_value=limits[1],
    )  # fmt: skip
    weights = family(rates, parent, 200).weight
    assert low <= weights.min() < low + 0.01
    assert high - 0.01 < weights.max() <= high
    for quarter in (0.25, 0.5, 0.75):
        below = weights < low + quarter * (high - low)
        assert_share(int(below.sum()), len(weights), quarter)


@pytest.mark.parametrize(
    ("name", "known", "options"),
    [
        ("activation", ACTIVATIONS, ["sigmoid", "gauss", "relu", "hat"]),
        ("aggregation", AGGREGATIONS, ["sum", "min", "median", "mean"]),
    ],
)
def test_functions_are_chosen_anew_at_their_rate_among_the_options(
    name: str, known: tuple[str, ...], options: list[str]
) -> None:
    rates, parent = wide(**{f"{name}_mutate_rate": 0.4, f"{name}_options": " ".join(options)})
    codes = getattr(family(rates, parent, 200), name)
    counts = {known[code]: int((codes == code).sum()) for code in set(codes.tolist())}
    assert counts.keys() == set(options)
    for option in options[1:]:  # the parent has the first
        assert_share(counts[option], len(codes), 0.1)


@pytest.mark.parametrize(
    ("settings", "turned_off", "turned_on"),
    [
        ({"enabled_mutate_rate": 0.4}, 0.2, 0.2),
        ({"enabled_rate_to_false_add": 0.3}, 0.15, 0.0),
        ({"enabled_rate_to_true_add": 0.3}, 0.0, 0.15),
        ({"enabled_mutate_rate": 0.2, "enabled_rate_to_true_add": 0.4}, 0.1, 0.3),
    ],
)
def test_connections_are_switched_at_their_rates(
    settings: dict[str, float], turned_off: float, turned_on: float
) -> None:
    """A mutation throws a coin for on and off, as neat-python's does; so it switches half."""
    rates, parent = wide(**settings)
    before = np.arange(100) % 2 == 0
    after = family(rates, parent._replace(enabled=before), 300).enabled.reshape(300, 100)
    assert_share(int((~after[:, before]).sum()), 300 * 50, turned_off)
    assert_share(int(after[:, ~before].sum()), 300 * 50, turned_on)


def test_weights_of_an_alphabet_are_replaced_by_another_letter_at_their_rate() -> None:
    letters = np.array([-2.0, 0.5, 3.0])
    rates, parent = wide(weight_replace_rate=0.3, weight_mutate_rate=0.9)
    weights = family(rates._replace(alphabet=letters), parent, 300).weight
    assert set(weights.tolist()) == set(letters.tolist())
    for letter in (-2.0, 3.0):
        assert_share(int((weights == letter).sum()), len(weights), 0.15)


# Structure


@pytest.fixture(scope="module", params=[True, False], ids=["feed-forward", "recurrent"])
def grown(request: pytest.FixtureRequest) -> tuple[bool, Genes]:
    """Return one evolved network with hidden nodes and some disabled genes."""
    genes = last_generation(request.param, node_delete_prob=0.3)
    networks = Networks(INPUTS, OUTPUTS, request.param, **genes._asdict())
    hidden = np.diff(genes.node_offsets) - OUTPUTS
    # Of middling size, so that its new pairs can be told apart.
    place = int(np.argsort(hidden, kind="stable")[len(hidden) // 2])
    assert hidden[place] >= 3
    return request.param, genes_of(networks.take([place]))


def structure(network: Described) -> tuple[set[int], dict[tuple[int, int], bool]]:
    """Return a network's nodes, and its connections with their enabled flags."""
    nodes, links = network
    return set(nodes), {(source, target): on for source, target, _, on in links.values()}


def new_pairs(parent: Described, feed_forward: bool) -> set[tuple[int, int]]:
    """Return every connection that could be added."""
    nodes, known = structure(parent)
    sources = [*range(-INPUTS, 0), *(node for node in nodes if node >= OUTPUTS)]
    return {
        (source, target)
        for source in sources
        for target in nodes
        if (source, target) not in known
        and not (feed_forward and not is_acyclic([*known, (source, target)]))
    }


def kind_of_change(parent: Described, child: Described) -> str:
    """Return the only structural mutation of a child; fail if several."""
    (nodes, links), (new_nodes, new_links) = structure(parent), structure(child)
    gained, lost = new_links.keys() - links.keys(), links.keys() - new_links.keys()
    switched = {pair for pair in links.keys() & new_links.keys() if links[pair] != new_links[pair]}
    if new_nodes - nodes:
        (node,) = new_nodes - nodes
        assert nodes < new_nodes
        assert not lost
        (into,) = (pair for pair in gained if pair[1] == node)
        (out,) = (pair for pair in gained if pair[0] == node)
        assert len(gained) == 2
        assert switched <= {(into[0], out[1])} <= links.keys()
        assert not new_links[into[0], out[1]]
        return "node added"
    assert not switched
    if nodes - new_nodes:
        (node,) = nodes - new_nodes
        assert node >= OUTPUTS
        assert lost == {pair for pair in links if node in pair}
        assert not gained
        return "node deleted"
    assert len(gained) + len(lost) <= 1
    return "connection added" if gained else "connection deleted" if lost else "nothing"


STRUCTURAL = {
    "node_add_prob": "node added",
    "node_delete_prob": "node deleted",
    "conn_add_prob": "connection added",
    "conn_delete_prob": "connection deleted",
}


def counted(parent: Genes, children: Genes) -> dict[str, int]:
    (before,) = described(parent)
    kinds = [kind_of_change(before, child) for child in described(children)]
    return {kind: kinds.count(kind) for kind in (*STRUCTURAL.values(), "nothing")}


@pytest.mark.parametrize("setting", STRUCTURAL)
def test_a_structural_mutation_happens_at_its_rate(grown: tuple[bool, Genes], setting: str) -> None:
    feed_forward, parent = grown
    count = 3000
    kinds = counted(parent, family(rates_with(feed_forward, **{setting: 0.3}), parent, count))
    (before,) = described(parent)
    share = 0.3
    if setting == "conn_add_prob":  # only pairs that are new make a connection
        nodes = len(before[0])
        share *= len(new_pairs(before, feed_forward)) / (nodes * (INPUTS + nodes - OUTPUTS))
    assert_share(kinds[STRUCTURAL[setting]], count, share)
    assert kinds["nothing"] == count - kinds[STRUCTURAL[setting]]


def test_every_new_connection_that_makes_no_cycle_is_equally_likely(
    grown: tuple[bool, Genes],
) -> None:
    feed_forward, parent = grown
    (before,) = described(parent)
    possible = new_pairs(before, feed_forward)
    count = 200 * len(possible)
    rates = rates_with(feed_forward, conn_add_prob=1.0, weight_init_mean=7.0, weight_init_stdev=0.1)
    added: dict[tuple[int, int], int] = dict.fromkeys(possible, 0)
    for _, links in described(family(rates, parent, count)):
        for source, target, weight, enabled in links.values():
            if (source, target) in added:
                added[source, target] += 1
                assert abs(weight - 7.0) < 1.0
                assert enabled
    nodes = len(before[0])
    for hits in added.values():
        assert_share(hits, count, 1 / (nodes * (INPUTS + nodes - OUTPUTS)))
    assert set(added) == possible


def test_a_split_puts_a_node_into_a_connection_any_of_them(grown: tuple[bool, Genes]) -> None:
    """Weight 1 into it, the old weight out of it, no bias, and the old connection disabled."""
    feed_forward, parent = grown
    settings: dict[str, Any] = dict(
        activation_default="relu", aggregation_default="max", response_init_stdev=0.0
    )
    count = 3000
    rates = rates_with(feed_forward, node_add_prob=1.0, **settings)
    same = np.zeros(count, np.int64)
    children, split = breed(rates, parent, same, same, np.ones(count, np.bool_), np.uint64(8))
    ((_, old_links),) = described(parent)
    for (nodes, links), number in zip(described(children), split.tolist(), strict=True):
        source, target, weight, _ = old_links[number]
        new = max(nodes)
        assert nodes[new] == (0.0, 1.0, ACTIVATIONS.index("relu"), AGGREGATIONS.index("max"))
        assert links[number] == (source, target, weight, False)
        *_, into, out = links.values()
        assert into == (source, new, 1.0, True)
        assert out == (new, target, weight, True)
    for number in old_links:
        assert_share(int((split == number).sum()), count, 1 / len(old_links))


@pytest.mark.parametrize(
    ("probabilities", "total"), [((0.1, 0.2, 0.15, 0.25), 1.0), ((0.5, 1.0, 0.3, 0.7), 2.5)]
)
def test_single_structural_mutation_does_one_thing_at_most(
    grown: tuple[bool, Genes], probabilities: tuple[float, ...], total: float
) -> None:
    feed_forward, parent = grown
    settings = dict(zip(STRUCTURAL, probabilities, strict=True))
    rates = rates_with(
        feed_forward, single_structural_mutation=True, structural_mutation_surer=False, **settings
    )
    count = 4000
    kinds = counted(parent, family(rates, parent, count))
    (before,) = described(parent)
    nodes = len(before[0])
    fresh = len(new_pairs(before, feed_forward)) / (nodes * (INPUTS + nodes - OUTPUTS))
    for setting, kind in STRUCTURAL.items():
        share = settings[setting] / total * (fresh if setting == "conn_add_prob" else 1.0)
        assert_share(kinds[kind], count, share)


def test_structural_mutations_otherwise_come_together_too(grown: tuple[bool, Genes]) -> None:
    feed_forward, parent = grown
    rates = rates_with(feed_forward, conn_delete_prob=1.0, node_delete_prob=1.0)
    ((nodes, links),) = described(parent)
    for child_nodes, child_links in described(family(rates, parent, 50)):
        (gone,) = nodes.keys() - child_nodes.keys()
        with_it = [number for number, link in links.items() if gone in link[:2]]
        assert len(child_links) == len(links) - len(with_it) - 1


@pytest.mark.parametrize("surer", [True, False])
def test_structural_mutation_surer_enables_the_connection_that_is_there_already(
    surer: bool,
) -> None:
    links = [(-1 - i, k, 1.0) for i in range(INPUTS) for k in range(OUTPUTS)]
    full = genes_of(network(INPUTS, OUTPUTS, links))
    disabled = full._replace(enabled=np.zeros(len(links), np.bool_))
    rates = rates_with(conn_add_prob=1.0, structural_mutation_surer=surer)
    children = family(rates, disabled, 400)
    enabled = children.enabled.reshape(400, len(links))
    assert enabled.sum(axis=1).tolist() == [int(surer)] * 400
    assert children.innovation.tolist() == full.innovation.tolist() * 400
    if surer:
        for hits in enabled.sum(axis=0):
            assert_share(int(hits), 400, 1 / len(links))


@pytest.mark.parametrize("surer", [True, False])
def test_structural_mutation_surer_connects_where_there_is_nothing_to_split(surer: bool) -> None:
    bare = genes_of(network(INPUTS, OUTPUTS, []))
    rates = rates_with(node_add_prob=1.0, structural_mutation_surer=surer)
    children = family(rates, bare, 100)
    assert np.diff(children.connection_offsets).tolist() == [int(surer)] * 100
    assert np.diff(children.node_offsets).tolist() == [OUTPUTS] * 100


@pytest.mark.parametrize(("default", "share"), [("True", 1.0), ("False", 0.0), ("random", 0.5)])
def test_new_connections_are_enabled_as_configured(default: str, share: float) -> None:
    bare = genes_of(network(INPUTS, OUTPUTS, []))
    children = family(rates_with(conn_add_prob=1.0, enabled_default=default), bare, 1000)
    assert len(children.enabled) == 1000
    assert_share(int(children.enabled.sum()), 1000, share)


def test_networks_without_time_constants_breed_networks_without() -> None:
    for genes in generations(True, 3):
        assert len(genes.time_constant) == 0


@BOTH_KINDS
def test_time_constants_are_bred_within_their_limits(feed_forward: bool) -> None:
    for genes in generations(feed_forward, 8, **TIMED):
        assert len(genes.time_constant) == len(genes.node_id)
        assert genes.time_constant.min() >= TIMED["time_constant_min_value"]
        assert len(np.unique(genes.time_constant)) > len(genes.time_constant) // 10
        Networks(INPUTS, OUTPUTS, feed_forward, **genes._asdict())  # is checked


def test_time_constants_come_from_both_parents_equally_often() -> None:
    links = [(-1 - i, k, 1.0) for i in range(50) for k in range(2)]
    one = genes_of(network(50, 2, links))._replace(time_constant=np.ones(2))
    parents = joined_genes(one, one._replace(time_constant=np.full(2, 2.0), bias=one.bias + 1))
    count = 2000
    children, _ = breed(
        rates_with(inputs=50), parents, np.zeros(count, np.int64), np.ones(count, np.int64),
        np.ones(count, np.bool_), np.uint64(1),
    )  # fmt: skip
    assert set(children.time_constant.tolist()) == {1.0, 2.0}
    assert_share(int((children.time_constant == 2.0).sum()), 2 * count, 0.5)
    together = np.corrcoef(children.time_constant, children.bias)[0, 1]
    assert abs(together) < 5 / math.sqrt(2 * count)


def test_time_constants_mutate_at_their_rate_and_new_nodes_get_one() -> None:
    parents = last_generation(**TIMED)
    rates = rates_with(time_constant_mutate_rate=0.25, time_constant_mutate_power=0.01)
    children = family(rates, parents, 400)
    nodes = parents.node_offsets[1]
    changed = children.time_constant.reshape(400, nodes) != parents.time_constant[:nodes]
    assert_share(int(changed.sum()), 400 * nodes, 0.25)
    rates = rates_with(node_add_prob=1.0, time_constant_init_mean=3.0)
    children = family(rates, parents, 10)
    for end in children.node_offsets[1:]:
        assert children.time_constant[end - 1] == 3.0
