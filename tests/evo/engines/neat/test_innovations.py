"""Equal structural mutations per generation get equal numbers; no number is used twice."""

from itertools import pairwise

import numpy as np
from breeding import varied_genome

from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from genomes.network.genes import UNNUMBERED, Genes
from genomes.network.variation import breed

NEW = UNNUMBERED
Link = tuple[int, int, int]  # innovation number, source, target


def genes_with(networks: list[tuple[list[int], list[Link]]]) -> Genes:
    """Return networks from node ids and connections; weights identify connections."""
    ids = [node for nodes, _ in networks for node in nodes]
    links = [link for _, links in networks for link in links]
    table = np.array(links, np.int64).reshape(-1, 3)
    return Genes(
        np.cumsum([0, *(len(nodes) for nodes, _ in networks)]).astype(np.int64),
        np.array(ids, np.int64),
        np.zeros(len(ids)),
        np.ones(len(ids)),
        np.zeros(len(ids), np.uint8),
        np.zeros(len(ids), np.uint8),
        np.cumsum([0, *(len(links) for _, links in networks)]).astype(np.int64),
        *(np.ascontiguousarray(column) for column in table.T),
        np.arange(len(links), dtype=np.float64),
        np.arange(len(links)) % 2 == 0,
    )


def links_of(genes: Genes, place: int) -> list[Link]:
    first, last = genes.connection_offsets[place : place + 2]
    columns = (genes.innovation, genes.source, genes.target)
    return list(zip(*(column[first:last].tolist() for column in columns), strict=True))


def nodes_of(genes: Genes, place: int) -> list[int]:
    return genes.node_id[genes.node_offsets[place] : genes.node_offsets[place + 1]].tolist()


def test_networks_that_split_the_same_connection_get_the_same_node_and_numbers() -> None:
    def split(number: int, source: int, target: int) -> tuple[list[int], list[Link]]:
        return [0, NEW], [(number, source, target), (NEW, source, NEW), (NEW, NEW, target)]

    genes = genes_with([split(3, -1, 0), split(5, -2, 0), split(3, -1, 0), ([0], [(3, -1, 0)])])
    innovations = Innovations(next_node=4, next_innovation=10)
    innovations.number(genes, np.array([3, 5, 3, -1]))
    assert [nodes_of(genes, place) for place in range(4)] == [[0, 4], [0, 5], [0, 4], [0]]
    assert links_of(genes, 0) == links_of(genes, 2)
    (_, into, out), (_, other_into, other_out) = links_of(genes, 0), links_of(genes, 1)
    assert (into[1:], out[1:]) == ((-1, 4), (4, 0))
    assert (other_into[1:], other_out[1:]) == ((-2, 5), (5, 0))
    assert len({into[0], out[0], other_into[0], other_out[0]}) == 4
    assert links_of(genes, 3) == [(3, -1, 0)]
    assert (innovations.next_node, innovations.next_innovation) == (6, 14)


def test_the_same_new_connection_is_the_same_number_and_others_are_others() -> None:
    genes = genes_with(
        [
            ([0, 1], [(NEW, -2, 1)]),
            ([0, 1], [(2, -1, 0), (NEW, -1, 1)]),
            ([0, 1], [(NEW, -2, 1)]),
            ([0, 1], []),
            ([0, 1], [(NEW, -2, 0)]),
        ]
    )
    innovations = Innovations(next_node=2, next_innovation=7)
    innovations.number(genes, np.full(5, -1))
    assert genes.innovation.tolist() == [8, 2, 9, 8, 7]
    assert (innovations.next_node, innovations.next_innovation) == (2, 10)


def test_numbers_are_in_the_order_of_source_and_target_whoever_comes_first() -> None:
    networks = [([0, 1], [(NEW, -1, 1)]), ([0, 1], [(NEW, -3, 0)]), ([0, 1], [(NEW, -1, 0)])]
    for order in (networks, networks[::-1]):
        genes = genes_with(order)
        Innovations(2, 1).number(genes, np.full(3, -1))
        numbers = {
            links_of(genes, place)[0][1:]: int(genes.innovation[place]) for place in range(3)
        }
        assert numbers == {(-3, 0): 1, (-1, 0): 2, (-1, 1): 3}


def test_a_networks_new_genes_are_sorted_with_all_that_belongs_to_them() -> None:
    """Old genes keep their positions, and genes never enter another network."""
    genes = genes_with(
        [
            ([0, 1, NEW], [(1, -1, 0), (NEW, NEW, 0), (NEW, -1, NEW), (NEW, -4, 1)]),
            ([0, 1], [(2, -2, 1), (NEW, -4, 1)]),
        ]
    )
    before = {
        (source, target): (weight, enabled)
        for source, target, weight, enabled in zip(
            genes.source[:4].tolist(), genes.target[:4].tolist(),
            genes.weight[:4].tolist(), genes.enabled[:4].tolist(), strict=True,
        )
    }  # fmt: skip
    Innovations(2, 5).number(genes, np.array([1, -1]))
    assert links_of(genes, 0) == [(1, -1, 0), (5, -4, 1), (6, -1, 2), (7, 2, 0)]
    assert links_of(genes, 1) == [(2, -2, 1), (5, -4, 1)]
    for place, old in enumerate([(-1, 0), (-4, 1), (-1, NEW), (NEW, 0)]):
        assert (genes.weight[place], genes.enabled[place]) == before[old]
    assert genes.weight[4:].tolist() == [4.0, 5.0]


def test_a_new_node_whose_connections_are_gone_again_is_numbered_all_the_same() -> None:
    genes = genes_with([([0, NEW], []), ([0], [])])
    innovations = Innovations(next_node=3, next_innovation=1)
    innovations.number(genes, np.array([8, -1]))
    assert genes.node_id.tolist() == [0, 3, 0]
    assert (innovations.next_node, innovations.next_innovation) == (4, 1)


def test_nothing_new_takes_no_numbers() -> None:
    genes = genes_with([([0], [(1, -1, 0)]), ([0], [])])
    innovations = Innovations(next_node=3, next_innovation=5)
    innovations.number(genes, np.array([-1, -1]))
    assert genes.innovation.tolist() == [1]
    assert innovations == Innovations(3, 5)


def test_in_evolution_numbers_are_never_given_twice_and_mean_the_same_everywhere() -> None:
    genome = varied_genome(4, 2, True, node_add_prob=0.5, conn_add_prob=0.8)
    rates, random, size = rates_of(genome), np.random.default_rng(5), 60
    genes, innovations = first_genes(genome, rates, size, random)
    ends_of: dict[int, tuple[int, int]] = {}
    shared_nodes = shared_links = 0
    for _ in range(15):
        known_nodes, known_links = innovations.next_node, innovations.next_innovation
        assert genes.node_id.max() < known_nodes
        assert genes.innovation.max() < known_links
        fitter, other = random.integers(size, size=(2, size))
        key = random.integers(1 << 63, dtype=np.uint64)
        genes, split = breed(rates, genes, fitter, other, np.ones(size, np.bool_), key)
        innovations.number(genes, split)
        ends_in_generation: dict[tuple[int, int], int] = {}
        node_of_split: dict[int, int] = {}
        for place in range(size):
            nodes, links = nodes_of(genes, place), links_of(genes, place)
            assert all(one < other for one, other in pairwise(nodes))
            assert all(one[0] < other[0] for one, other in pairwise(links))
            new = [node for node in nodes if node >= known_nodes]
            assert len(new) == int(split[place] >= 0)
            for node in new:
                known = node_of_split.setdefault(int(split[place]), node)
                assert known == node
                shared_nodes += known == node
            for number, *ends in links:
                pair = (ends[0], ends[1])
                assert ends_of.setdefault(number, pair) == pair
                if number >= known_links:
                    assert ends_in_generation.setdefault(pair, number) == number
                    shared_links += 1
        assert len(set(node_of_split.values())) == len(node_of_split)
        shared_nodes -= len(node_of_split)
        shared_links -= len(ends_in_generation)
    assert min(shared_nodes, shared_links) > 10  # more than once the same was found by several
