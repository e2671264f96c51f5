"""Credit by output: every output of the networks is bred by itself.

A song on 13 keys is 13 problems. A network that is one score higher in sum may be better at one key
and worse at another, and selection on the sum has to take both. Here a network is an assembly of
modules, one an output: its output node, the hidden nodes that feed only it, and their connections.
A module is scored by its own output (`Scores.by_output`) and bred only with modules of the same
output: cooperative co-evolution (Potter & De Jong, "Cooperative coevolution", 2000) with the
outputs as its species. One evaluation of a network judges a variation of every output at once.

Of neat-python's sections only the population's size and the network's inputs and outputs count
here: modules start unconnected, with identity outputs, and vary by the edits alone.

Among the modules of one output, row 0 of the population is the best ever (elite), row 1 the parent,
and all others are the parent with one edit each (`genomes.network.edits`). The next parent gathers
the edits of the best children that gained something, up to a number that grows while the gathering
pays and is halved when it does not; then the elite is the next parent.

What it is worth was measured on one song (track of 120 steps) and on 31 songs in one network: see
`benchmarks/notes.md`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo.core.seeds import Role, stream
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.settings import NeatSettings
from genomes.network.edits import Edits, edit_offspring
from genomes.network.functions import IDENTITY
from genomes.network.genes import Genes
from genomes.network.merging import merge

Places = NDArray[np.int64]

ELITE, PARENT = 0, 1
# How the number of gathered edits grows and shrinks.
_GROWTH, _FIRST_GATHERED = 1.3, 4.0


@dataclass
class Modules:
    """The breeding of all modules; a population of n networks is n rows of K modules."""

    outputs: int
    inputs: int
    edits: Edits
    # What a gene costs: of two modules that play alike the smaller one is better.
    parsimony: float
    # An output whose loss (its negated score) is below this is bred no more; 0 for never.
    freeze_below: float
    # How many siblings' edits the next parent of each output may gather: float64 (outputs,).
    gathered: NDArray[np.float64]

    @classmethod
    def of(cls, settings: NeatSettings) -> "Modules | None":
        """Return the breeding of the first generation, None where species are bred."""
        genome, own = settings.DefaultGenome, settings.Modules
        if not own.by_output:
            return None
        return cls(
            genome.num_outputs,
            genome.num_inputs,
            own.edits(),
            own.parsimony,
            own.freeze_below,
            np.full(genome.num_outputs, _FIRST_GATHERED),
        )

    def first(self, n: int) -> Genes:
        """Genes of n networks whose outputs have no connection, biased towards silence."""
        count = n * self.outputs
        empty = np.empty(0, np.int64)
        return Genes(
            node_offsets=np.arange(count + 1, dtype=np.int64),
            node_id=np.tile(np.arange(self.outputs, dtype=np.int64), n),
            bias=np.full(count, -1.0),
            response=np.ones(count),
            activation=np.full(count, IDENTITY, np.uint8),
            aggregation=np.zeros(count, np.uint8),
            connection_offsets=np.zeros(count + 1, np.int64),
            innovation=empty,
            source=empty,
            target=empty,
            weight=np.empty(0),
            enabled=np.empty(0, np.bool_),
        )

    def breed(
        self,
        genes: Genes,
        credit: NDArray[np.float64],
        innovations: Innovations,
        seed: int,
        generation: int,
    ) -> Genes:
        """The next population's modules from this one's and their scores, float64 (n, outputs)."""
        n = len(credit)
        frozen = (credit.max(axis=0) > -self.freeze_below) & (self.freeze_below > 0)
        # Of the modules of a frozen output only those count that are below.
        credit = np.where(frozen & (credit <= -self.freeze_below), -np.inf, credit)
        credit = credit - self.parsimony * self._sizes(genes).reshape(n, self.outputs)
        elites, parents, siblings = [], [], []
        for output in range(self.outputs):
            elite, parent, gains = self._select(output, credit[:, output])
            if frozen[output]:
                parent, gains = elite, gains[:0]
            elites.append(elite * self.outputs + output)
            parents.append(parent * self.outputs + output)
            siblings.append(gains * self.outputs + output)
        gained = [len(gains) for gains in siblings]
        # Rows of the stock: the elites as they are, then the parents with what siblings gained.
        stock = merge(
            genes,
            np.array(elites + parents, np.int64),
            np.concatenate(siblings),
            np.cumsum([0] + [0] * self.outputs + gained, dtype=np.int64),
        )
        parent_rows = np.arange(self.outputs, 2 * self.outputs)
        rows = np.concatenate([np.arange(self.outputs), np.tile(parent_rows, n - 1)])
        mutate = np.tile(~frozen, n)
        mutate[: 2 * self.outputs] = False  # the elite and the parent stay as they are
        key = stream(seed, Role.BREED, generation).integers(1 << 63, dtype=np.uint64)
        children, founded = edit_offspring(self.edits, self.inputs, stock, rows, mutate, key)
        innovations.number(children, founded)
        return children

    def _sizes(self, genes: Genes) -> Places:
        """Genes of every module: int64 (n * outputs,)."""
        return np.diff(genes.node_offsets) + np.diff(genes.connection_offsets)

    def _select(self, output: int, credit: NDArray[np.float64]) -> tuple[int, int, Places]:
        """Elite, next parent, and the children whose gains it takes, best first."""
        elite = int(np.argmax(credit))
        if credit[PARENT] < credit[ELITE] and elite == ELITE:
            # What was gathered did not fit together, and no child mended it: back to the elite.
            self.gathered[output] = max(1.0, self.gathered[output] / 2)
            return ELITE, ELITE, np.empty(0, np.int64)
        if credit[PARENT] >= credit[ELITE]:
            self.gathered[output] = min(len(credit), self.gathered[output] * _GROWTH + 0.2)
        order = np.argsort(-credit, kind="stable")
        gains = order[credit[order] > credit[PARENT]]
        gains = gains[gains != ELITE]  # it is no child of this parent
        return elite, PARENT, gains[: int(self.gathered[output])]
