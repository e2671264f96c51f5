"""Innovation numbers: the same structural mutation in the same generation is the same innovation.

The paper (Stanley & Miikkulainen 2002, section 3.2) keeps a list of a generation's innovations, so
that when two offspring add the same connection, or split the same connection, their new genes line
up at the next crossover. Here a whole generation's new genes are numbered at once:

- all networks that split the same connection get the same new node;
- all new connections between the same two nodes get the same innovation number.

Numbers are given in the order of (source, target), and never again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genomes.network.genes import UNNUMBERED, Genes


@dataclass
class Innovations:
    """The next numbers to give."""

    next_node: int
    next_innovation: int = 1

    def number(self, genes: Genes, split: NDArray[np.int64]) -> None:
        """Number the new genes of a generation, in place, and keep genes sorted.

        `split` is int64 (n,): the innovation number of the connection that each network split to
        get its new node, -1 for none.
        """
        self._number_nodes(genes, split)
        new = np.flatnonzero(genes.innovation == UNNUMBERED)
        if not len(new):
            return
        source, target = genes.source[new], genes.target[new]
        pairs, which = np.unique(np.stack([source, target]), axis=1, return_inverse=True)
        numbers = self.next_innovation + which.reshape(-1)
        self.next_innovation += pairs.shape[1]
        # A network's new connections stand together at its end: sort them there by their number.
        owner = np.searchsorted(genes.connection_offsets, new, side="right")
        order = np.lexsort([numbers, owner])
        genes.innovation[new] = numbers[order]
        for column in (genes.source, genes.target, genes.weight, genes.enabled):
            column[new] = column[new][order]

    def _number_nodes(self, genes: Genes, split: NDArray[np.int64]) -> None:
        """Give the new nodes their ids, in the node genes and at the ends of connections."""
        splits, which = np.unique(split[split >= 0], return_inverse=True)
        if not len(splits):
            return
        new_node = np.full(len(split), -1, np.int64)
        new_node[split >= 0] = self.next_node + which
        self.next_node += len(splits)
        for ids, offsets in (
            (genes.node_id, genes.node_offsets),
            (genes.source, genes.connection_offsets),
            (genes.target, genes.connection_offsets),
        ):
            places = np.flatnonzero(ids == UNNUMBERED)
            ids[places] = new_node[np.searchsorted(offsets, places, side="right") - 1]
