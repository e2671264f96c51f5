"""Offspring of modules are one edit away, conjunctions are conjunctions, and merges gather edits.

The random numbers are fixed by their keys, so a statistical test here passes always or never.
"""

import math
from functools import cache
from itertools import chain, product
from typing import Any

import numpy as np
import pytest
from breeding import joined, network

from evo.core.settings import changed
from evo.engines.neat.by_output import Modules
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.settings import ModuleSettings, NeatSettings
from genomes.network.edits import MAX_CONDITIONS, Edits, edit_offspring
from genomes.network.functions import IDENTITY, STEP, SUM
from genomes.network.genes import UNNUMBERED, Genes
from genomes.network.merging import merge
from genomes.network.networks import Networks

INPUTS, OUTPUTS = 8, 3
USUAL = ModuleSettings().edits()
RATES = Edits._fields[: Edits._fields.index("negative")]
EVENLY = USUAL._replace(**dict.fromkeys(RATES, 1.0), negative=0.4, further=0.5)

# A module by the numbers of its genes: nodes are (bias, activation), links (source, target,
# weight). Both kinds of gene stand in one dictionary, under ("node", id) and ("link", number).
Module = dict[tuple[str, int], tuple[Any, ...]]


def only(**rates: float) -> Edits:
    return EVENLY._replace(**(dict.fromkeys(RATES, 0.0) | rates))


def described(genes: Genes) -> list[Module]:
    modules = []
    for n0, n1, c0, c1 in zip(
        genes.node_offsets, genes.node_offsets[1:],
        genes.connection_offsets, genes.connection_offsets[1:], strict=False,
    ):  # fmt: skip
        module: Module = {
            ("node", int(genes.node_id[n])): (float(genes.bias[n]), int(genes.activation[n]))
            for n in range(n0, n1)
        }
        for c in range(c0, c1):
            module["link", int(genes.innovation[c])] = (
                int(genes.source[c]), int(genes.target[c]), float(genes.weight[c])
            )  # fmt: skip
        modules.append(module)
    return modules


def packed(modules: list[Module]) -> Genes:
    """Return the genes of described modules."""
    nodes = [[(key[1], *one[key]) for key in sorted(one) if key[0] == "node"] for one in modules]
    links = [[(key[1], *one[key]) for key in sorted(one) if key[0] == "link"] for one in modules]
    all_nodes, all_links = list(chain(*nodes)), list(chain(*links))

    def column(rows: list[Any], place: int, kind: Any) -> Any:
        return np.array([row[place] for row in rows], kind)

    return Genes(
        np.cumsum([0, *map(len, nodes)]).astype(np.int64),
        column(all_nodes, 0, np.int64),
        column(all_nodes, 1, np.float64),
        np.ones(len(all_nodes)),
        column(all_nodes, 2, np.uint8),
        np.zeros(len(all_nodes), np.uint8),
        np.cumsum([0, *map(len, links)]).astype(np.int64),
        column(all_links, 0, np.int64),
        column(all_links, 1, np.int64),
        column(all_links, 2, np.int64),
        column(all_links, 3, np.float64),
        np.ones(len(all_links), np.bool_),
    )


def edited(
    edits: Edits, genes: Genes, parent: Any, innovations: Innovations, key: int = 1
) -> Genes:
    """Return numbered children with one edit each."""
    places = np.asarray(parent, np.int64)
    mutate = np.ones(len(places), np.bool_)
    children, founded = edit_offspring(edits, INPUTS, genes, places, mutate, np.uint64(key))
    innovations.number(children, founded)
    return children


@cache
def grown(rounds: int = 40) -> tuple[Genes, Innovations]:
    """Return modules of every output after `rounds` edits, and the next numbers."""
    shape = {"num_inputs": INPUTS, "num_outputs": OUTPUTS}
    changes = {"DefaultGenome": shape, "Modules": {"by_output": True}}
    modules = Modules.of(changed(NeatSettings(), changes))
    assert modules is not None
    genes, innovations = modules.first(12), Innovations(OUTPUTS)
    for key in range(rounds):
        genes = edited(EVENLY, genes, range(12 * OUTPUTS), innovations, key)
    return genes, innovations


def next_numbers() -> Innovations:
    innovations = grown()[1]
    return Innovations(innovations.next_node, innovations.next_innovation)


def conditions(module: Module, node: int) -> dict[int, float]:
    """Return the weights of a hidden node's inputs, by input."""
    return {
        source: weight
        for key, (source, target, *rest) in module.items()
        if key[0] == "link" and target == node
        for weight in rest
    }


def hidden(module: Module) -> list[int]:
    return [key[1] for key in module if key[0] == "node" and key[1] >= OUTPUTS]


def output_of(module: Module) -> int:
    return min(key[1] for key in module if key[0] == "node")


def assert_valid(genes: Genes) -> None:
    """Check that genes are sorted and unique, and that all ends exist."""
    for module, n0, n1, c0, c1 in zip(
        described(genes), genes.node_offsets, genes.node_offsets[1:],
        genes.connection_offsets, genes.connection_offsets[1:], strict=False,
    ):  # fmt: skip
        for numbers in (genes.node_id[n0:n1].tolist(), genes.innovation[c0:c1].tolist()):
            assert numbers == sorted(set(numbers))
            assert all(0 <= number < UNNUMBERED for number in numbers)
        links = [gene[:2] for key, gene in module.items() if key[0] == "link"]
        assert len(set(links)) == len(links)
        output, middle = output_of(module), hidden(module)
        assert n1 - n0 == 1 + len(middle)
        for source, target in links:
            assert target in (output, *middle)
            assert -INPUTS <= source < 0 or (source in middle and target == output)
        # A hidden node always has its one connection to the output.
        assert sorted(source for source, _ in links if source >= 0) == middle
    assert genes.enabled.all()
    assert (genes.response == 1.0).all()
    assert (genes.aggregation == SUM).all()


def assert_share(hits: int, count: int, share: float) -> None:
    assert abs(hits - count * share) <= 5 * math.sqrt(count * share * (1 - share)) + 1e-9


def difference(parent: Module, child: Module) -> str:
    """Return the only edit between parent and child; fail if several."""
    output = output_of(parent)
    new, lost = child.keys() - parent.keys(), parent.keys() - child.keys()
    changed = {key for key in parent.keys() & child.keys() if parent[key] != child[key]}
    if not new and not lost and not changed:
        return "nothing"
    if not new and not lost:
        (key,) = changed
        assert parent[key][1] == child[key][1]
        if key[0] == "node":
            assert key == ("node", output)
            return "bias moved"
        assert parent[key][:2] == child[key][:2]
        assert child[key][1] == output
        return "weight moved"
    node = {key[1] for key in new | lost if key[0] == "node"}
    links = [(child | parent)[key] for key in new | lost if key[0] == "link"]
    assert not (new and lost)
    if node:
        (one,) = node
        assert not changed
        assert all(one in link[:2] for link in links)
        return "conjunction founded" if new else "conjunction removed"
    ((source, target, weight),) = links
    assert source < 0
    if target == output:
        assert not changed
        return "connection added" if new else "connection removed"
    assert weight in (1.0, -1.0)
    if weight > 0:
        assert changed == {("node", target)}
        step = child["node", target][0] - parent["node", target][0]
        assert step == (-1.0 if new else 1.0)
    else:
        assert not changed
    return "condition added" if new else "condition removed"


MADE_BY = {
    "move_bias": {"bias moved"},
    "move_weight": {"weight moved", "nothing"},
    "add_connection": {"connection added", "weight moved"},
    "remove_connection": {"connection removed", "conjunction removed", "nothing"},
    "add_conjunction": {"conjunction founded"},
    "split_connection": {"conjunction founded", "nothing"},
    "add_condition": {"condition added", "nothing"},
    "remove_condition": {"condition removed", "nothing"},
}


# One edit


def test_grown_modules_are_valid_and_hold_many_conjunctions() -> None:
    genes, _ = grown()
    assert_valid(genes)
    assert sum(len(hidden(module)) for module in described(genes)) > 50


@pytest.mark.parametrize("rate", RATES)
def test_an_edit_changes_what_it_says_and_nothing_else(rate: str) -> None:
    genes, _ = grown()
    parents = np.repeat(np.arange(36), 20)
    children = edited(only(**{rate: 1.0}), genes, parents, next_numbers())
    assert_valid(children)
    before = described(genes)
    kinds = [
        difference(before[place], child)
        for place, child in zip(parents, described(children), strict=True)
    ]
    assert MADE_BY[rate] - {"nothing"} <= set(kinds) <= MADE_BY[rate]


@pytest.mark.parametrize("edits", [USUAL, EVENLY])
def test_every_child_is_at_most_one_edit_from_its_parent(edits: Edits) -> None:
    genes, _ = grown()
    parents = np.repeat(np.arange(36), 100)
    children = edited(edits, genes, parents, next_numbers(), key=4)
    assert_valid(children)
    before = described(genes)
    kinds = {
        difference(before[place], child)
        for place, child in zip(parents, described(children), strict=True)
    }
    assert set.union(*MADE_BY.values()) - {"nothing"} <= kinds


@pytest.mark.parametrize("rate", RATES)
def test_an_edit_that_finds_nothing_to_change_leaves_the_module_as_it_is(rate: str) -> None:
    bare: Module = {("node", 1): (-1.0, IDENTITY)}
    (child,) = described(edited(only(**{rate: 1.0}), packed([bare]), [0], next_numbers()))
    assert (child == bare) == ("nothing" in MADE_BY[rate])


def test_edits_are_drawn_in_proportion_to_their_rates() -> None:
    """Of a parent in which all of them find something to change, and none looks like another."""
    parent: Module = {("node", 0): (0.5, IDENTITY), ("node", 5): (-1.5, STEP)}
    for number, link in enumerate(
        [(-1, 5, 1.0), (-2, 5, 1.0), (-3, 5, -1.0), (5, 0, 0.3)], start=1
    ):
        parent["link", number] = link
    rates = dict(move_bias=1.0, move_weight=3.0, add_connection=2.0, remove_connection=0.5,
                 add_conjunction=1.5, remove_condition=2.0)  # fmt: skip
    count = 8000
    children = edited(only(**rates), packed([parent]), np.zeros(count, np.int64), Innovations(6, 5))
    kinds = [difference(parent, child) for child in described(children)]
    for rate, kind in (
        ("move_bias", "bias moved"),
        ("move_weight", "weight moved"),
        ("add_connection", "connection added"),
        ("remove_connection", "conjunction removed"),
        ("add_conjunction", "conjunction founded"),
        ("remove_condition", "condition removed"),
    ):
        assert_share(kinds.count(kind), count, rates[rate] / sum(rates.values()))


def test_moves_are_as_often_up_as_down_and_log_uniform_over_the_decades() -> None:
    parent: Module = {("node", 1): (0.0, IDENTITY), ("link", 1): (-1, 1, 0.0)}
    count = 10_000
    same = np.zeros(count, np.int64)
    edits = only(move_weight=1.0)._replace(smallest=0.01, decades=3.0)
    for moved, column, scale in (
        (edits, "weight", 1.0),
        (edits._replace(move_weight=0.0, move_bias=1.0), "bias", 0.25),
    ):
        sizes = getattr(edited(moved, packed([parent]), same, next_numbers()), column) / scale
        assert_share(int((sizes > 0).sum()), count, 0.5)
        decades = np.log10(np.abs(sizes) / 0.01)
        assert decades.min() >= -1e-12
        assert decades.max() <= 3.0 + 1e-12
        for end in (0.3, 1.0, 1.5, 2.7):
            assert_share(int((decades < end).sum()), count, end / 3)


def test_a_new_connection_is_from_any_input() -> None:
    parent: Module = {("node", 2): (0.0, IDENTITY)}
    children = edited(
        only(add_connection=1.0), packed([parent]), np.zeros(4000, np.int64), next_numbers()
    )
    assert children.target.tolist() == [2] * 4000
    for source in range(-INPUTS, 0):
        assert_share(int((children.source == source).sum()), 4000, 1 / INPUTS)
    # The same connection is the same innovation in all of them.
    assert len(set(children.innovation.tolist())) == INPUTS


def test_splitting_a_connection_founds_a_conjunction_on_its_input() -> None:
    parent: Module = {("node", 0): (0.0, IDENTITY)}
    parent |= {("link", 1): (-3, 0, 0.4), ("link", 2): (-5, 0, 0.2)}
    children = edited(
        only(split_connection=1.0), packed([parent]), np.zeros(1000, np.int64), Innovations(3, 3)
    )
    first = []
    for child in described(children):
        assert child.items() >= parent.items()
        (node,) = hidden(child)
        weights = conditions(child, node)
        founded_on = {-3, -5} & {source for source, weight in weights.items() if weight > 0}
        assert founded_on
        first += founded_on
    assert_share(first.count(-3), len(first), 0.5)


def test_conjunctions_are_founded_on_two_inputs_and_further_ones_by_chance() -> None:
    parent: Module = {("node", 0): (0.0, IDENTITY)}
    count = 3000

    def founded(further: float, negative: float) -> list[dict[int, float]]:
        edits = only(add_conjunction=1.0)._replace(further=further, negative=negative)
        genes = packed([parent])
        children = edited(edits, genes, np.zeros(count, np.int64), Innovations(3, 1))
        return [conditions(child, hidden(child)[0]) for child in described(children)]

    sizes = [len(weights) for weights in founded(0.0, 0.3)]
    # An input drawn twice is one condition.
    assert set(sizes) == {1, 2}
    assert_share(sizes.count(1), count, 1 / INPUTS)
    pairs = [sorted(weights.values()) for weights in founded(0.0, 0.3) if len(weights) == 2]
    assert_share(pairs.count([-1.0, 1.0]), len(pairs), 0.3)
    assert [-1.0, -1.0] not in pairs
    assert max(len(weights) for weights in founded(1.0, 0.3)) == MAX_CONDITIONS
    for weights in founded(1.0, 1.0):
        assert list(weights.values()).count(1.0) == 1  # the first


def test_what_is_not_mutated_is_an_exact_copy() -> None:
    genes, _ = grown()
    parents = np.array([5, 0, 5, 17])
    children, founded = edit_offspring(
        EVENLY, INPUTS, genes, parents, np.zeros(4, np.bool_), np.uint64(3)
    )
    before = described(genes)
    assert described(children) == [before[place] for place in parents]
    assert founded.tolist() == [-1] * 4


def test_a_child_depends_on_its_parent_and_place_alone() -> None:
    genes, _ = grown()
    mutate = np.ones(100, np.bool_)
    parents = np.random.default_rng(1).integers(36, size=100)
    whole, founded = edit_offspring(EVENLY, INPUTS, genes, parents, mutate, np.uint64(6))
    wanted = described(whole)
    part, _ = edit_offspring(EVENLY, INPUTS, genes, parents[:40], mutate[:40], np.uint64(6))
    assert described(part) == wanted[:40]
    others = parents.copy()
    others[:99], mutate[:99:3] = 7, False
    changed, others_founded = edit_offspring(EVENLY, INPUTS, genes, others, mutate, np.uint64(6))
    assert described(changed)[99] == wanted[99]
    assert others_founded[99] == founded[99]


def test_a_childs_new_node_is_known_by_the_child() -> None:
    genes, _ = grown()
    children, founded = edit_offspring(
        EVENLY, INPUTS, genes, np.zeros(300, np.int64), np.ones(300, np.bool_), np.uint64(2)
    )
    new = [
        place if ("node", UNNUMBERED) in child else -1
        for place, child in enumerate(described(children))
    ]
    assert founded.tolist() == new
    assert max(new) > 0


# Conjunctions


def test_conjunctions_fire_when_all_positive_inputs_are_on_and_no_negative_one() -> None:
    inputs = np.array(list(product([0.0, 1.0], repeat=INPUTS)))
    nodes, wanted = [], []
    for module in described(grown()[0]):
        for node in hidden(module):
            bias, activation = module["node", node]
            weights = conditions(module, node)
            assert activation == STEP
            links = [(source, 1, weight) for source, weight in weights.items()]
            links.append((1, 0, 1.0))
            nodes.append(network(INPUTS, 1, links, bias={1: bias}, activation="step"))
            fires = np.ones(len(inputs), np.bool_)
            for source, weight in weights.items():
                fires &= inputs[:, -1 - source] == (weight > 0)
            wanted.append(fires)
    np.testing.assert_array_equal(joined(nodes).activate(inputs)[:, :, 0] == 1.0, wanted)
    kinds = [set(conditions(m, n).values()) for m in described(grown()[0]) for n in hidden(m)]
    assert {1.0} in kinds
    assert {1.0, -1.0} in kinds


def test_removing_a_conjunction_removes_its_links_and_no_others() -> None:
    genes, _ = grown()
    parents = np.repeat(np.arange(36), 10)
    children = edited(only(remove_connection=1.0), genes, parents, next_numbers())
    assert_valid(children)
    before = described(genes)
    removed = 0
    for place, child in zip(parents, described(children), strict=True):
        parent = before[place]
        gone = set(hidden(parent)) - set(hidden(child))
        for node in gone:
            doomed = {key for key, gene in parent.items() if key[0] == "link" and node in gene[:2]}
            assert parent.keys() - child.keys() == doomed | {("node", node)}
            removed += 1
    assert removed > 50


# Merging


def gathered(ancestor: Module, siblings: list[Module]) -> tuple[Module, list[bool]]:
    """Return the expected result of `merge`, and the siblings that it uses."""
    merged, touched = dict(ancestor), set()
    taken = []
    for sibling in siblings:
        edits = {
            key: sibling.get(key)
            for key in ancestor.keys() | sibling.keys()
            if ancestor.get(key) != sibling.get(key)
        }
        # Conditions need the conjunction that they are of.
        needed = {
            ("node", gene[1]) for key, gene in edits.items() if key[0] == "link" and gene
        }  # fmt: skip
        lost = {key for key, gene in edits.items() if gene is None}
        fits = not (edits.keys() & touched)
        fits &= all(key in merged or key in edits for key in needed)
        fits &= not any(
            gene[1] == key[1]
            for key in lost
            if key[0] == "node"
            for place, gene in merged.items()
            if place[0] == "link" and place not in ancestor
        )
        taken.append(fits)
        if fits:
            touched |= edits.keys()
            merged |= {key: gene for key, gene in edits.items() if gene is not None}
            merged = {key: gene for key, gene in merged.items() if key not in lost}
    return merged, taken


def merged(ancestor: Module, siblings: list[Module]) -> Module:
    (result,) = described(merged_genes(packed([ancestor, *siblings]), len(siblings)))
    return result


def merged_genes(genes: Genes, siblings: int) -> Genes:
    return merge(genes, np.zeros(1, np.int64), np.arange(1, 1 + siblings), np.array([0, siblings]))


def test_merging_takes_each_gene_from_the_best_sibling_that_changed_it() -> None:
    """Against a merge of dictionaries, for many families at once."""
    genes, _ = grown()
    children = edited(EVENLY, genes, np.repeat(np.arange(36), 60), next_numbers(), key=9)
    random = np.random.default_rng(2)
    siblings = [36 + 60 * place + random.permutation(60)[: 5 + place] for place in range(36)]
    offsets = np.cumsum([0, *map(len, siblings)])
    stock = packed(described(genes) + described(children))
    results = merge(stock, np.arange(36), np.concatenate(siblings), offsets)
    assert_valid(results)
    modules = described(stock)
    passed_over = 0
    for place, got in enumerate(described(results)):
        wanted, taken = gathered(modules[place], [modules[s] for s in siblings[place]])
        assert got == wanted
        passed_over += taken.count(False)
        assert taken.count(True) > 2
    assert passed_over > 36


BASE: Module = {
    ("node", 0): (0.25, IDENTITY),
    ("node", 4): (-1.5, STEP),
    ("link", 1): (-1, 0, 0.5),
    ("link", 2): (-2, 0, -0.5),
    ("link", 3): (-3, 4, 1.0),
    ("link", 5): (-4, 4, 1.0),
    ("link", 6): (4, 0, 0.75),
}
BIAS = BASE | {("node", 0): (0.5, IDENTITY)}
WEIGHT = BASE | {("link", 1): (-1, 0, 0.9)}
OTHER_WEIGHT = BASE | {("link", 1): (-1, 0, 0.1)}
LESS = {key: gene for key, gene in BASE.items() if key != ("link", 2)}
MORE = BASE | {("link", 9): (-5, 0, 0.3)}
MORE_OTHERWISE = BASE | {("link", 9): (-5, 0, -0.3)}
FOUNDED = BASE | {
    ("node", 8): (-0.5, STEP),
    ("link", 10): (-1, 8, 1.0),
    ("link", 12): (-6, 8, -1.0),
    ("link", 13): (8, 0, 2.0),
}
WITHOUT_CONJUNCTION = {key: BASE[key] for key in (("node", 0), ("link", 1), ("link", 2))}
POSITIVE = BASE | {("link", 11): (-7, 4, 1.0), ("node", 4): (-2.5, STEP)}
NEGATIVE = BASE | {("link", 14): (-8, 4, -1.0)}


def test_disjoint_edits_of_siblings_are_all_applied() -> None:
    siblings = [BIAS, WEIGHT, LESS, MORE, FOUNDED, POSITIVE, NEGATIVE]
    wanted = dict(FOUNDED)
    del wanted["link", 2]
    for sibling in (BIAS, WEIGHT, MORE, POSITIVE, NEGATIVE):
        wanted |= {key: gene for key, gene in sibling.items() if BASE.get(key) != gene}
    for order in (siblings, siblings[::-1]):
        assert merged(BASE, order) == wanted


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (WEIGHT, OTHER_WEIGHT),
        (MORE, MORE_OTHERWISE),
        (MORE, MORE),
        (POSITIVE, WITHOUT_CONJUNCTION),
        (NEGATIVE, WITHOUT_CONJUNCTION),
        ({key: gene for key, gene in BASE.items() if key != ("link", 1)}, WEIGHT),
    ],
)
def test_of_siblings_that_changed_the_same_gene_the_better_one_wins(
    better: Module, worse: Module
) -> None:
    assert merged(BASE, [better, worse]) == better
    assert merged(BASE, [worse, better]) == worse
    # What is passed over does not count as a change, and others still join.
    assert merged(BASE, [better, worse, BIAS]) == better | {("node", 0): BIAS["node", 0]}


def test_a_condition_is_never_left_without_its_conjunction() -> None:
    """Neither sibling changes a gene of the other, but both together would be invalid."""
    for siblings in ([NEGATIVE, WITHOUT_CONJUNCTION], [WITHOUT_CONJUNCTION, NEGATIVE]):
        genes = merged_genes(packed([BASE, *siblings]), 2)
        assert_valid(genes)
        shape = dict(inputs=INPUTS, outputs=1, feed_forward=True)
        Networks(**shape, **genes._asdict()).program  # noqa: B018 - compiles


def test_new_genes_keep_the_numbers_they_had_in_the_sibling_and_stand_in_order() -> None:
    """Also where a better sibling's numbers are the larger ones."""
    genes = merged_genes(packed([BASE, NEGATIVE, FOUNDED, MORE]), 3)
    assert genes.node_id.tolist() == [0, 4, 8]
    assert genes.innovation.tolist() == [1, 2, 3, 5, 6, 9, 10, 12, 13, 14]


def test_merging_no_siblings_copies_the_ancestors_in_their_order() -> None:
    genes, _ = grown()
    ancestors = np.array([4, 4, 0, 30])
    none = np.empty(0, np.int64)
    copied = merge(genes, ancestors, none, np.zeros(5, np.int64))
    before = described(genes)
    assert described(copied) == [before[place] for place in ancestors]
    assert copied.response.tolist() == [1.0] * len(copied.response)
