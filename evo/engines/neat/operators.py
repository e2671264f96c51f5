"""Initial networks and mutations of networks, for the baselines."""

import numpy as np

from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.settings import NeatSettings
from evo.engines.operators import Operators, drawn_key
from genomes.arrays import BoolArray, Indices
from genomes.base import Performers, unchecked
from genomes.network.assembly.from_network import parts_of_network
from genomes.network.assembly.offspring import draw_children, genes_of_parts, parts_of_children
from genomes.network.assembly.parts import Parts, silent
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of, with_time_constants
from genomes.network.variation import breed
from genomes.player import Player

# A random assembly of parts has up to this many edits per output.
MAX_EDITS = 8


class NetworkOperators(Operators[NeatSettings]):
    """NEAT's initial networks and its mutations of weights and structure.

    With `Modules.by_output`, initial networks have up to `MAX_EDITS` edits per output; the number
    varies between networks. A mutant has one more edit at one random output: a baseline has no
    scores per output to choose by.
    """

    def __init__(self, settings: NeatSettings, player: Player | None) -> None:
        self._genome, self._player = settings.DefaultGenome, player
        self._rates = rates_of(self._genome, settings.Selection.weights)
        own, weights = settings.Modules, settings.Selection.weights
        letters = np.array(weights, np.float64)
        self._edits = own.rates(letters) if own.by_output else None
        self.size = settings.NEAT.pop_size

    def first(self, count: int, random: np.random.Generator) -> Networks:
        """See `Operators.first`.

        Args:
            count: Number of networks.
            random: Draws connections and values.
        """
        if self._edits is None:
            genes, _ = first_genes(self._genome, self._rates, count, random)
            if len(self._rates.alphabet):
                letters = random.choice(self._rates.alphabet, len(genes.weight))
                genes = genes._replace(weight=letters)
            return self._networks(genes)
        inputs, outputs = self._rates.inputs, self._rates.outputs
        parts = silent(inputs, count * outputs, 0.0 if len(self._edits.letters) else -1.0)
        rows = np.arange(count * outputs).reshape(count, outputs)
        share = random.random((count, 1))
        for _ in range(MAX_EDITS):
            chosen = random.random(rows.shape) < share
            parts = self._edited(parts, rows, chosen, random)
        return self._networks(genes_of_parts(parts, outputs))

    def mutants(
        self,
        parent: Performers,
        count: int,
        random: np.random.Generator,
        strength: float,
        copies: int = 0,
    ) -> Networks:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one network.
            count: Number of copies.
            random: Draws the mutations.
            strength: Factor of the mutation power of weights and biases.
            copies: Number of the first copies that are not mutated; without `Modules.by_output`.
        """
        assert isinstance(parent, Networks)
        outputs = self._rates.outputs
        if self._edits is not None:
            chosen = np.zeros((count, outputs), np.bool_)
            chosen[np.arange(count), random.integers(outputs, size=count)] = True
            rows = np.tile(np.arange(outputs), (count, 1))
            parts = self._edited(parts_of_network(parent), rows, chosen, random)
            return self._networks(genes_of_parts(parts, outputs))
        # Without crossover, numbers need only be unique within a network.
        innovations = Innovations.after(parent)
        if self._rates.timed:
            parent = with_time_constants(parent)
        rates, self_parent = self._rates, np.zeros(count, np.int64)
        rates = rates._replace(
            weight=rates.weight._replace(mutate_power=rates.weight.mutate_power * strength),
            bias=rates.bias._replace(mutate_power=rates.bias.mutate_power * strength),
        )
        genes, split = breed(
            rates, genes_of(parent), self_parent, self_parent, np.arange(count) >= copies,
            drawn_key(random),
        )  # fmt: skip
        innovations.number(genes, split)
        return self._networks(genes)

    def _edited(
        self, parts: Parts, rows: Indices, chosen: BoolArray, random: np.random.Generator
    ) -> Parts:
        """Return copies of parts, with one edit in each chosen one."""
        assert self._edits is not None
        children = draw_children(self._edits, parts, rows, chosen, drawn_key(random))
        return parts_of_children(parts, children, self._edits.strict)

    def _networks(self, genes: Genes) -> Networks:
        rates = self._rates
        return unchecked(
            Networks, inputs=rates.inputs, outputs=rates.outputs,
            feed_forward=rates.feed_forward, player=self._player, **genes._asdict(),
        )  # fmt: skip
