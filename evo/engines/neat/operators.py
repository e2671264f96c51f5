"""Initial networks and mutations of networks, for the baselines."""

from typing import Any

import numpy as np

from evo.engines.base import Operators, drawn_key
from evo.engines.neat.by_output import Modules
from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.settings import NeatSettings
from genomes.base import Performers, unchecked
from genomes.network.edits import edit_offspring
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of, with_time_constants
from genomes.network.validation import check_modules
from genomes.network.variation import breed
from genomes.player import Player

# A random assembly of modules has up to this many edits per output.
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
        self._modules = Modules.of(settings)
        self.size = settings.NEAT.pop_size

    def first(self, count: int, random: np.random.Generator) -> Networks:
        """See `Operators.first`.

        Args:
            count: Number of networks.
            random: Draws connections and values.
        """
        if self._modules is None:
            genes, _ = first_genes(self._genome, self._rates, count, random)
            if len(self._rates.alphabet):
                letters = random.choice(self._rates.alphabet, len(genes.weight))
                genes = genes._replace(weight=letters)
            return self._networks(genes)
        outputs = self._rates.outputs
        genes, innovations = self._modules.first(count), Innovations(outputs)
        share = np.repeat(random.random(count), outputs)
        for _ in range(MAX_EDITS):
            chosen = random.random(len(share)) < share
            genes = self._edited(genes, np.arange(len(share)), chosen, innovations, random)
        return self._assembled(genes)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Networks:
        """See `Operators.mutants`.

        Args:
            parent: A batch of one network.
            count: Number of copies.
            random: Draws the mutations.
            strength: Factor of the mutation power of weights and biases.
        """
        assert isinstance(parent, Networks)
        outputs = self._rates.outputs
        # Without crossover, numbers need only be unique within a network.
        innovations = Innovations(
            int(parent.node_id.max(initial=outputs - 1)) + 1,
            int(parent.innovation.max(initial=0)) + 1,
        )
        if self._modules is not None:
            chosen = np.zeros((count, outputs), np.bool_)
            chosen[np.arange(count), random.integers(outputs, size=count)] = True
            rows = np.tile(np.arange(outputs), count)
            genes = _modules_in(parent)
            return self._assembled(self._edited(genes, rows, chosen.ravel(), innovations, random))
        if self._rates.timed:
            parent = with_time_constants(parent)
        rates, self_parent = self._rates, np.zeros(count, np.int64)
        rates = rates._replace(
            weight=rates.weight._replace(mutate_power=rates.weight.mutate_power * strength),
            bias=rates.bias._replace(mutate_power=rates.bias.mutate_power * strength),
        )
        genes, split = breed(
            rates, genes_of(parent), self_parent, self_parent, np.ones(count, np.bool_),
            drawn_key(random),
        )  # fmt: skip
        innovations.number(genes, split)
        return self._networks(genes)

    def _edited(
        self, genes: Genes, rows: Any, chosen: Any, innovations: Innovations, random: Any
    ) -> Genes:
        """Return copies of modules, with one edit in each chosen one."""
        assert self._modules is not None
        children, founded = edit_offspring(
            self._modules.edits, self._modules.inputs, genes, rows, chosen, drawn_key(random)
        )
        innovations.number(children, founded)
        return children

    def _assembled(self, modules: Genes) -> Networks:
        step = self._rates.outputs
        return self._networks(
            modules._replace(
                node_offsets=modules.node_offsets[::step].copy(),
                connection_offsets=modules.connection_offsets[::step].copy(),
            )
        )

    def _networks(self, genes: Genes) -> Networks:
        rates = self._rates
        return unchecked(
            Networks, inputs=rates.inputs, outputs=rates.outputs,
            feed_forward=rates.feed_forward, player=self._player, **genes._asdict(),
        )  # fmt: skip


def _modules_in(network: Networks) -> Genes:
    """Return the modules of a network; each output node begins one.

    Raises:
        GenomeError: If the network does not consist of modules.
    """
    genes = genes_of(network)
    begins = np.flatnonzero(genes.node_id < network.outputs)
    belongs = np.searchsorted(begins, np.arange(len(genes.node_id)), side="right") - 1
    order = np.argsort(genes.node_id)
    owner = belongs[order[np.searchsorted(genes.node_id[order], genes.target)]]
    ends = np.searchsorted(owner, np.arange(network.outputs + 1))
    return check_modules(
        genes,
        network.outputs,
        np.append(begins, len(genes.node_id)).astype(np.int64),
        ends.astype(np.int64),
    )
