"""Speciation: the compatibility distance, and the division of a population into species.

The distance is that of NEAT (Stanley & Miikkulainen 2002) in neat-python's form. Genes are aligned
by innovation number (nodes by id). Matching genes contribute the differences of their attributes.
Disjoint and excess genes contribute a constant. The sum over nodes is divided by the larger number
of nodes, and the sum over connections by the larger number of connections. Genes must be sorted, so
that alignment is one merge.
"""

import numpy as np

from genomes.arrays import Indices
from genomes.kernels import borrowed, device, kernel
from genomes.network.genes import Genes


@device
def distance(
    a: Genes, i: int, b: Genes, j: int, disjoint_coefficient: float, weight_coefficient: float
) -> float:
    """Return the compatibility distance between two networks.

    It is the distance of the nodes plus that of the connections. Different functions and different
    enabled flags count 1 each.

    Args:
        a: Genes of a batch, sorted.
        i: Index of a network in `a`.
        b: Genes of a batch, sorted.
        j: Index of a network in `b`.
        disjoint_coefficient: Weight of a disjoint or excess gene.
        weight_coefficient: Weight of attribute differences.
    """
    p, p_end = a.node_offsets[i], a.node_offsets[i + 1]
    q, q_end = b.node_offsets[j], b.node_offsets[j + 1]
    largest = max(p_end - p, q_end - q)
    unmatched = (p_end - p) + (q_end - q)
    differing = 0.0
    while p < p_end and q < q_end:
        if a.node_id[p] == b.node_id[q]:
            differing += abs(a.bias[p] - b.bias[q]) + abs(a.response[p] - b.response[q])
            if a.activation[p] != b.activation[q]:  # rare, and a sum takes its time
                differing += 1.0
            if a.aggregation[p] != b.aggregation[q]:
                differing += 1.0
            if len(a.time_constant) > 0 and len(b.time_constant) > 0:
                differing += abs(a.time_constant[p] - b.time_constant[q])
            unmatched -= 2
            p += 1
            q += 1
        elif a.node_id[p] < b.node_id[q]:
            p += 1
        else:
            q += 1
    total = 0.0
    if largest > 0:
        total = (weight_coefficient * differing + disjoint_coefficient * unmatched) / largest

    p, p_end = a.connection_offsets[i], a.connection_offsets[i + 1]
    q, q_end = b.connection_offsets[j], b.connection_offsets[j + 1]
    largest = max(p_end - p, q_end - q)
    unmatched = (p_end - p) + (q_end - q)
    differing = 0.0
    while p < p_end and q < q_end:
        if a.innovation[p] == b.innovation[q]:
            differing += abs(a.weight[p] - b.weight[q])
            switched = a.enabled[p] != b.enabled[q]
            differing = differing + 1.0 if switched else differing
            unmatched -= 2
            p += 1
            q += 1
        elif a.innovation[p] < b.innovation[q]:
            p += 1
        else:
            q += 1
    if largest > 0:
        total += (weight_coefficient * differing + disjoint_coefficient * unmatched) / largest
    return total


@kernel
def speciate(
    population: Genes,
    representatives: Genes,
    threshold: float,
    disjoint_coefficient: float,
    weight_coefficient: float,
) -> tuple[Indices, Indices]:
    """Divide a population into species.

    Each known species gets a new representative: the individual closest to the old one. Every other
    individual joins the closest species within the threshold, or founds a new one.

    Args:
        population: Genes of n networks, sorted.
        representatives: Genes of the known species' representatives.
        threshold: Compatibility threshold.
        disjoint_coefficient: See `distance`.
        weight_coefficient: See `distance`.

    Returns:
        Species of every individual, int64 (n,), known species first; and index of every species'
        representative, int64 (species,), -1 for a known species without individuals.
    """
    population, representatives = borrowed(population), borrowed(representatives)
    n = len(population.node_offsets) - 1
    known = len(representatives.node_offsets) - 1
    species = np.full(n, -1, np.int64)
    representative = np.full(known + n, -1, np.int64)
    for s in range(known):
        closest = np.inf
        for i in range(n):
            if species[i] < 0:
                d = distance(
                    representatives, s, population, i, disjoint_coefficient, weight_coefficient
                )
                if d < closest:
                    closest = d
                    representative[s] = i
        if representative[s] >= 0:
            species[representative[s]] = s
    count = known
    for i in range(n):
        if species[i] >= 0:
            continue
        closest = threshold
        for s in range(count):
            if representative[s] < 0:
                continue
            d = distance(
                population, representative[s], population, i,
                disjoint_coefficient, weight_coefficient,
            )  # fmt: skip
            if d < closest:
                closest = d
                species[i] = s
        if species[i] < 0:
            species[i] = count
            representative[count] = i
            count += 1
    return species, representative[:count]
