"""First networks and mutations of networks, for searches that do nothing else."""

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
from genomes.network.networks import Networks, genes_of
from genomes.network.variation import breed
from genomes.player import Player

# A random assembly of modules has up to this many edits per output.
MAX_EDITS = 8


class NetworkOperators(Operators[NeatSettings]):
    """NEAT's first networks and its mutations of weights and structure.

    Where modules are bred by output, the first networks have up to `MAX_EDITS` edits at every
    output, networks of few and of many alike, and a mutant has one edit more at one output: nobody
    tells these searches which output was the better for it.
    """

    def __init__(self, settings: NeatSettings, player: Player | None) -> None:
        self._genome, self._player = settings.DefaultGenome, player
        self._rates = rates_of(self._genome, settings.Selection.weights)
        self._modules = Modules.of(settings)
        self.size = settings.NEAT.pop_size

    def first(self, count: int, random: np.random.Generator) -> Networks:
        """See `Operators.first`."""
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
        """See `Operators.mutants`."""
        assert isinstance(parent, Networks)
        outputs = self._rates.outputs
        # Networks that are never crossed need no numbers but their own.
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
        """Copies of modules, the chosen with one edit each."""
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
    """The modules that a network was assembled of: every output begins one."""
    genes = genes_of(network)
    begins = np.flatnonzero(genes.node_id < network.outputs)
    belongs = np.searchsorted(begins, np.arange(len(genes.node_id)), side="right") - 1
    order = np.argsort(genes.node_id)
    owner = belongs[order[np.searchsorted(genes.node_id[order], genes.target)]]
    ends = np.searchsorted(owner, np.arange(network.outputs + 1))
    return genes._replace(
        node_offsets=np.append(begins, len(genes.node_id)).astype(np.int64),
        connection_offsets=ends.astype(np.int64),
    )
