"""Innovation numbers: the same mutation in one generation is the same innovation.

The paper (Stanley & Miikkulainen 2002, section 3.2) keeps a list of each generation's innovations.
If two offspring add or split the same connection, their new genes then align at the next crossover.
Here all new genes of a generation are numbered at once:

- all networks that split the same connection get the same new node;
- all new connections between the same two nodes get the same innovation number.

Numbers are assigned in the order of (source, target), and never reused.
"""

from dataclasses import dataclass

import numpy as np

from genomes.arrays import Indices
from genomes.network.genes import UNNUMBERED, Genes


@dataclass
class Innovations:
    """The next node id and innovation number to assign."""

    next_node: int
    next_innovation: int = 1

    def number(self, genes: Genes, split: Indices) -> None:
        """Number the new genes of a generation in place; keep them sorted.

        Args:
            genes: The offspring, whose new genes are UNNUMBERED.
            split: int64 (n,), innovation number of the connection that each network split,
                -1 for none.
        """
        self._number_nodes(genes, split)
        new = np.flatnonzero(genes.innovation == UNNUMBERED)
        if not len(new):
            return
        source, target = genes.source[new], genes.target[new]
        pairs, inverse = np.unique(np.stack([source, target]), axis=1, return_inverse=True)
        numbers = self.next_innovation + inverse.reshape(-1)
        self.next_innovation += pairs.shape[1]
        # The new connections of a network are its last: sort them by number.
        owner = np.searchsorted(genes.connection_offsets, new, side="right")
        order = np.lexsort([numbers, owner])
        genes.innovation[new] = numbers[order]
        for column in (genes.source, genes.target, genes.weight, genes.enabled):
            column[new] = column[new][order]

    def _number_nodes(self, genes: Genes, split: Indices) -> None:
        """Replace the ids of new nodes, in node genes and in connections."""
        splits, inverse = np.unique(split[split >= 0], return_inverse=True)
        if not len(splits):
            return
        new_node = np.full(len(split), -1, np.int64)
        new_node[split >= 0] = self.next_node + inverse
        self.next_node += len(splits)
        for ids, offsets in (
            (genes.node_id, genes.node_offsets),
            (genes.source, genes.connection_offsets),
            (genes.target, genes.connection_offsets),
        ):
            new = np.flatnonzero(ids == UNNUMBERED)
            ids[new] = new_node[np.searchsorted(offsets, new, side="right") - 1]
