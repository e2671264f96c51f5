"""The compatibility distance is neat-python's, and species are divided as neat-python does."""

from functools import cache
from itertools import pairwise
from typing import Any

import neat
import numpy as np
import pytest
from breeding import evolved, varied_config

from genomes.network.genes import Genes, sorted_genes
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.network.networks import Networks, genes_of
from genomes.network.speciation import distance, speciate

BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])


def renumbered(networks: Networks) -> Networks:
    """Return the networks with one innovation number per (source, target).

    Genes are sorted by it. Only then does neat-python's matching by ends give the same result.
    """
    ends = np.stack([networks.source, networks.target])
    pairs, which = np.unique(ends, axis=1, return_inverse=True)
    # In no order in particular, so that it is the numbers that are lined up and not the ends.
    numbers = 1 + np.random.default_rng(8).permutation(pairs.shape[1])
    genes = genes_of(networks)._replace(innovation=numbers[which.reshape(-1)])
    shape = networks.inputs, networks.outputs, networks.feed_forward
    return Networks(*shape, **sorted_genes(genes)._asdict())


@cache
def population(feed_forward: bool, generations: int = 12) -> tuple[Networks, Any]:
    """Return networks of a population that neat-python evolved, and its configuration."""
    config = varied_config(5, 3, feed_forward, node_delete_prob=0.3)
    genomes = evolved(config, generations=generations)
    return renumbered(from_neat_python(genomes, config.genome_config)), config


def ours(genes: Genes, i: int, j: int, disjoint: float = 1.0, weight: float = 0.5) -> float:
    return float(distance.py_func(genes, i, genes, j, disjoint, weight))


@BOTH_KINDS
@pytest.mark.parametrize(("disjoint", "weight"), [(1.0, 0.5), (0.3, 2.0), (1.0, 0.0), (0.0, 1.0)])
def test_the_distance_is_neat_pythons(feed_forward: bool, disjoint: float, weight: float) -> None:
    networks, _ = population(feed_forward)
    changes = dict(
        compatibility_disjoint_coefficient=disjoint, compatibility_weight_coefficient=weight
    )
    genome_config = varied_config(5, 3, feed_forward, **changes).genome_config
    theirs = to_neat_python(networks, genome_config)
    genes = genes_of(networks)
    for i, j in np.random.default_rng(1).integers(len(networks), size=(250, 2)).tolist():
        wanted = theirs[i].distance(theirs[j], genome_config)
        assert ours(genes, i, j, disjoint, weight) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_the_compared_networks_have_matching_disjoint_and_excess_genes_of_both_kinds() -> None:
    networks, _ = population(True)
    for offsets, numbers in (
        (networks.node_offsets, networks.node_id),
        (networks.connection_offsets, networks.innovation),
    ):
        sets = [set(numbers[a:b].tolist()) for a, b in pairwise(offsets)]
        assert any(one & other and one - other and other - one for one, other in pairwise(sets))
        assert any(min(one - other, default=0) > max(other) for one, other in pairwise(sets))
    assert not networks.enabled.all()


@BOTH_KINDS
def test_the_distance_is_symmetric_and_zero_to_itself_alone(feed_forward: bool) -> None:
    networks, _ = population(feed_forward)
    genes = genes_of(networks)
    copied = genes_of(networks.take([3, 3]))
    assert ours(copied, 0, 1) == 0.0
    for i, j in np.random.default_rng(2).integers(len(networks), size=(150, 2)).tolist():
        assert ours(genes, i, i) == 0.0
        assert ours(genes, i, j) == pytest.approx(ours(genes, j, i), rel=1e-12)
        arrays = [networks.take([place]).to_arrays() for place in (i, j)]
        if i != j and any(arrays[0][n].tolist() != arrays[1][n].tolist() for n in arrays[0]):
            assert ours(genes, i, j) > 0.0


def test_networks_without_connections_differ_by_their_nodes_alone() -> None:
    config = varied_config(4, 2, True, initial_connection="unconnected", num_hidden=0)
    networks = from_neat_python(evolved(config, generations=0), config.genome_config)
    theirs = to_neat_python(networks, config.genome_config)
    for i in range(10):
        wanted = theirs[0].distance(theirs[i], config.genome_config)
        assert ours(genes_of(networks), 0, i) == pytest.approx(wanted, abs=1e-9)


def divided(
    networks: Networks, representatives: Networks, threshold: float
) -> tuple[list[int], list[int]]:
    species, representative = speciate(
        genes_of(networks), genes_of(representatives), threshold, 1.0, 0.5
    )
    return species.tolist(), representative.tolist()


@BOTH_KINDS
@pytest.mark.parametrize("threshold", [0.5, 1.5, 2.5, 4.0, 100.0])
def test_a_population_is_divided_as_neat_python_does(feed_forward: bool, threshold: float) -> None:
    """A first generation without species, and the next with the representatives of that one."""
    networks, config = population(feed_forward)
    # Some twice: of two that are as close the first is chosen.
    random = np.random.default_rng(3)
    first = networks.take(random.permutation(60)[:40])
    second = networks.take(np.concatenate([random.permutation(60)[:45], [5, 5, 7, 7, 7]]))
    settings = config.species_set_config
    before, settings.compatibility_threshold = settings.compatibility_threshold, threshold
    try:
        species_set = neat.DefaultSpeciesSet(settings, neat.reporting.ReporterSet())
        representatives = first.take([])
        for generation, batch in enumerate((first, second)):
            species, representative = divided(batch, representatives, threshold)
            keys = range(100 * generation, 100 * generation + len(batch))
            genomes = to_neat_python(batch, config.genome_config, list(keys))
            species_set.speciate(config, {genome.key: genome for genome in genomes}, generation)
            assert [species_set.get_species_id(key) - 1 for key in keys] == species
            wanted = [one.representative.key for _, one in sorted(species_set.species.items())]
            assert [keys[place] for place in representative] == wanted
            representatives = batch.take(representative)
    finally:
        settings.compatibility_threshold = before


@pytest.mark.parametrize("threshold", [1.0, 1.5, 2.0])
def test_everybody_is_within_the_threshold_of_the_closest_representative(threshold: float) -> None:
    networks, _ = population(True)
    old, new = networks.take(range(20)), networks.take(range(20, 60))
    known = old.take(divided(old, old.take([]), threshold)[1])
    species, representative = divided(new, known, threshold)
    assert len(representative) > len(known) > 1
    genes = genes_of(new)
    taken = set()
    for place, one in enumerate(representative):
        assert species[one] == place
        if place >= len(known):
            continue
        # The closest to the old one among those that represent no species before it.
        closest = min(
            (float(distance.py_func(genes_of(known), place, genes, i, 1.0, 0.5)), i)
            for i in range(len(new))
            if i not in taken
        )
        assert one == closest[1]
        taken.add(one)
    for i, joined in enumerate(species):
        if i in representative:
            continue
        # Species that are founded later were not there to be joined.
        there = [place for place, one in enumerate(representative) if place < len(known) or one < i]
        distances = {place: ours(genes, representative[place], i) for place in there}
        assert distances[joined] == min(distances.values()) < threshold
    for place in range(len(known), len(representative)):
        founder = representative[place]
        assert all(ours(genes, one, founder) >= threshold for one in representative[:place])


def test_a_known_species_for_which_nobody_is_left_has_no_representative() -> None:
    networks, _ = population(True)
    species, representative = divided(networks.take([4, 9]), networks.take([9, 4, 9, 5]), 1e-6)
    assert (species, representative) == ([1, 0], [1, 0, -1, -1])
    species, representative = divided(networks.take([]), networks.take([1, 2]), 3.0)
    assert (species, representative) == ([], [-1, -1])


def test_the_threshold_itself_is_too_far() -> None:
    networks, _ = population(True)
    pair = networks.take([0, 1])
    apart = ours(genes_of(pair), 0, 1)
    assert apart > 0
    assert divided(pair, pair.take([]), apart)[0] == [0, 1]
    assert divided(pair, pair.take([]), np.nextafter(apart, np.inf))[0] == [0, 0]
