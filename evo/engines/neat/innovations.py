"""Innovation numbers: the same mutation in one generation is the same innovation.

The paper (Stanley & Miikkulainen 2002, section 3.2) keeps a list of each generation's innovations.
If two offspring add or split the same connection, their new genes then align at the next crossover.
Here all new genes of a generation are numbered at once:

- all networks that split the same connection get the same new node;
- all new connections between the same two nodes get the same innovation number.

Numbers are assigned in the order of (source, target), and never reused.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from genomes.arrays import Indices
from genomes.network.genes import UNNUMBERED, Genes, unnumbered
from genomes.network.networks import Networks


@dataclass
class Innovations:
    """The next node id and innovation number to assign."""

    next_node: int
    next_innovation: int = 1

    @classmethod
    def after(cls, networks: Networks) -> Self:
        """Return the numbers that follow all those of some networks."""
        return cls(
            int(networks.node_id.max(initial=networks.outputs - 1)) + 1,
            int(networks.innovation.max(initial=0)) + 1,
        )

    def number(self, genes: Genes, split: Indices) -> None:
        """Number the new genes of a generation in place; keep them sorted.

        Args:
            genes: The offspring, whose new genes are UNNUMBERED.
            split: int64 (n,), innovation number of the connection that each network split,
                -1 for none.
        """
        new = unnumbered(genes.connection_offsets, genes.innovation)
        self._number_nodes(genes, split, new)
        if not len(new):
            return
        source, target = genes.source[new], genes.target[new]
        order = np.lexsort([target, source])
        source, target = source[order], target[order]
        differs = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
        numbers = np.empty(len(new), np.int64)
        numbers[order] = self.next_innovation + np.concatenate([[0], np.cumsum(differs)])
        self.next_innovation = int(numbers.max()) + 1
        # The new connections of a network are its last: sort them by number.
        owner = np.searchsorted(genes.connection_offsets, new, side="right")
        order = np.lexsort([numbers, owner])
        genes.innovation[new] = numbers[order]
        for column in (genes.source, genes.target, genes.weight, genes.enabled):
            column[new] = column[new][order]

    def _number_nodes(self, genes: Genes, split: Indices, connections: Indices) -> None:
        """Replace the ids of new nodes, in node genes and in the new connections."""
        splits, inverse = np.unique(split[split >= 0], return_inverse=True)
        if not len(splits):
            return
        new_node = np.full(len(split), -1, np.int64)
        new_node[split >= 0] = self.next_node + inverse
        self.next_node += len(splits)
        nodes = unnumbered(genes.node_offsets, genes.node_id)
        for ids, offsets, genes_of_kind in (
            (genes.node_id, genes.node_offsets, nodes),
            (genes.source, genes.connection_offsets, connections),
            (genes.target, genes.connection_offsets, connections),
        ):
            new = genes_of_kind[ids[genes_of_kind] == UNNUMBERED]
            ids[new] = new_node[np.searchsorted(offsets, new, side="right") - 1]
