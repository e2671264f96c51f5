"""Credit by output: every output of the networks is bred separately.

A song on 13 keys is 13 problems. A higher sum of scores can hide a worse score at one key, and
selection on the sum has to accept both. Here a network is an assembly of modules, one per output.
A module is its output node, the hidden nodes that feed only this output, and their connections.
It is scored by its own output (`Scores.by_output`), and bred only with modules of the same output.
This is cooperative co-evolution (Potter & De Jong, "Cooperative coevolution", 2000) with outputs as
species. One evaluation of a network scores a variation of every output at once.

Of neat-python's sections only population size, inputs and outputs apply. Modules start unconnected,
with identity outputs, and vary by edits alone (`genomes.network.edits`).

One generation, for each output:

1. Row 0 is the best module so far (elite), row 1 the parent. All other rows are the parent with one
   edit each.
2. The next parent merges the edits of the best improved children. The number of merged edits grows
   while merging pays, and halves when it does not. Then the elite is the next parent.
3. Elite and parent are copied, and the parent is edited once for each other row.

`benchmarks/notes.md` has measurements on one song of 120 steps and on 31 songs in one network.
"""

from dataclasses import dataclass

import numpy as np

from evo.core.seeds import Role, stream
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.settings import NeatSettings
from genomes.arrays import FloatArray, Indices
from genomes.network.edits import Edits, edit_offspring
from genomes.network.functions import IDENTITY
from genomes.network.genes import Genes
from genomes.network.merging import merge

ELITE, PARENT = 0, 1
# Growth factor and initial value of the number of merged edits.
_GROWTH, _FIRST_GATHERED = 1.3, 4.0


@dataclass
class Modules:
    """Breeding of modules, and its state. A module is the part of a network for one output.

    Attributes:
        outputs: Outputs of a network, which are its modules.
        inputs: Inputs of a network.
        edits: Rates and sizes of the edits.
        parsimony: Score that one gene costs: of two modules with equal outputs the smaller is
            better.
        freeze_below: Stop breeding an output when its loss (negated score) is below this; 0 for
            never.
        gathered: Maximum number of siblings' edits to merge per output: float64 (outputs,).
    """

    outputs: int
    inputs: int
    edits: Edits
    parsimony: float
    freeze_below: float
    gathered: FloatArray

    @classmethod
    def of(cls, settings: NeatSettings) -> "Modules | None":
        """Return the initial breeding state, or None if `Modules.by_output` is off."""
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
        """Return genes of n networks without connections, biased towards silence."""
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
        credit: FloatArray,
        innovations: Innovations,
        seed: int,
        generation: int,
    ) -> Genes:
        """Return the modules of the next population.

        Args:
            genes: Modules of this population.
            credit: float64 (n, outputs), score of each module; -inf for failed networks.
            innovations: Numbers the new genes.
            seed: Random seed of the run.
            generation: The current generation.
        """
        n = len(credit)
        frozen = (credit.max(axis=0) > -self.freeze_below) & (self.freeze_below > 0)
        # For a frozen output only modules below the limit count.
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
        # Rows of the stock: the elites unchanged, then the parents with their siblings' edits.
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

    def _sizes(self, genes: Genes) -> Indices:
        """Return the number of genes of every module: int64 (n * outputs,)."""
        return np.diff(genes.node_offsets) + np.diff(genes.connection_offsets)

    def _select(self, output: int, credit: FloatArray) -> tuple[int, int, Indices]:
        """Return elite, next parent, and the children to merge, best first."""
        elite = int(np.argmax(credit))
        if credit[PARENT] < credit[ELITE] and elite == ELITE:
            # The merged edits conflict, and no child repaired that: return to the elite.
            self.gathered[output] = max(1.0, self.gathered[output] / 2)
            return ELITE, ELITE, np.empty(0, np.int64)
        if credit[PARENT] >= credit[ELITE]:
            self.gathered[output] = min(len(credit), self.gathered[output] * _GROWTH + 0.2)
        order = np.argsort(-credit, kind="stable")
        gains = order[credit[order] > credit[PARENT]]
        gains = gains[gains != ELITE]  # not a child of this parent
        return elite, PARENT, gains[: int(self.gathered[output])]
