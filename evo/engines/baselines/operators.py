"""How the individuals of each genome kind begin and vary, for searches that do nothing else.

    operators = GridOperators(settings, player)
    population = operators.first(50, random)                       # drawn anew, of no parents
    children = operators.mutants(parent, 50, random, strength=1.0)  # of one parent

The settings are those of the engine that breeds the kind by default, its `base`, and the beginnings
and mutations are that engine's own: what it has learned from selection and crossover is then the
difference to a search with these. Its settings of selection, survival and crossover have no effect.

`strength` is what real numbers are mutated by, times the configured power; edits of notes and of
structure are what they are.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from evo.engines.base import Engine, Settings
from evo.engines.es.engine import EvolutionStrategy
from evo.engines.es.settings import StrategySettings
from evo.engines.ga.engine import GridGA
from evo.engines.ga.settings import GridSettings
from evo.engines.neat.config_file import build_config
from evo.engines.neat.engine import Neat
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.selection import DEFAULTS as SELECTION_DEFAULTS
from evo.engines.neat.selection import Selection
from evo.engines.neat.settings import rates_of
from genomes.base import Performers, unchecked
from genomes.grid.grids import Grids
from genomes.grid.operators import breed_grids, first_grids
from genomes.history_user.networks import HistoryUsers
from genomes.network.edits import edit_offspring
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of
from genomes.network.variation import breed
from genomes.player import Player

# A random assembly of modules has up to so many edits an output.
MOST_EDITS = 8


def _key(random: np.random.Generator) -> np.uint64:
    return random.integers(1 << 63, dtype=np.uint64)


class Operators(ABC):
    """Beginnings and mutations of one genome kind; see the module's docstring."""

    base: ClassVar[type[Engine]]
    size: int  # individuals a generation, by the settings

    @abstractmethod
    def __init__(self, settings: Settings, player: Player | None) -> None:
        """By the base's settings, of which those checked by the base itself are not checked again.

        `player` is how the performers hear and play.
        """

    @abstractmethod
    def first(self, count: int, random: np.random.Generator) -> Performers:
        """So many individuals of no parents, different from each other."""

    @abstractmethod
    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Performers:
        """So many mutated copies of `parent`, a batch of one."""


class NetworkOperators(Operators):
    """NEAT's first networks and its mutations of weights and structure.

    Where modules are bred by output, the first networks have up to `MOST_EDITS` edits at every
    output, networks of few and of many alike, and a mutant has one edit more at one output: nobody
    tells these searches which output was the better for it.
    """

    base = Neat

    def __init__(self, settings: Settings, player: Player | None) -> None:
        self._config = build_config(settings)
        selection = Selection.of(settings.get("Selection", SELECTION_DEFAULTS))
        self._letters = selection.weights
        self._rates = rates_of(self._config.genome_config, self._letters)
        self._modules = Neat.modules_of(settings, self._rates)
        self._player = player
        self.size = self._config.pop_size

    def first(self, count: int, random: np.random.Generator) -> Networks:
        """See `Operators.first`."""
        if self._modules is None:
            genes, _ = first_genes(self._config.genome_config, self._rates, count, random)
            if self._letters:
                genes = genes._replace(weight=random.choice(self._letters, len(genes.weight)))
            return self._networks(genes)
        outputs = self._rates.outputs
        genes, innovations = self._modules.first(count), Innovations(outputs)
        share = np.repeat(random.random(count), outputs)
        for _ in range(MOST_EDITS):
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
            _key(random),
        )  # fmt: skip
        innovations.number(genes, split)
        return self._networks(genes)

    def _edited(
        self, genes: Genes, rows: Any, chosen: Any, innovations: Innovations, random: Any
    ) -> Genes:
        """Copies of modules, the chosen with one edit each."""
        assert self._modules is not None
        children, founded = edit_offspring(
            self._modules.edits, self._modules.inputs, genes, rows, chosen, _key(random)
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


class GridOperators(Operators):
    """The genetic algorithm's random grids and its musical edits."""

    base = GridGA

    def __init__(self, settings: Settings, player: Player | None) -> None:
        found = GridSettings.of(settings)
        self.size = found.size
        self._rates = found.rates._replace(crossover=0.0)  # what is not crossed is mutated

    def first(self, count: int, random: np.random.Generator) -> Grids:
        """See `Operators.first`."""
        return self._grids(first_grids(self._rates, count, _key(random)))

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Grids:
        """See `Operators.mutants`."""
        assert isinstance(parent, Grids)
        itself = np.zeros((count, 2), np.int64)
        no_cases = np.empty((1, 0), np.float32)
        notes = parent.notes.reshape(1, -1)
        return self._grids(breed_grids(self._rates, notes, no_cases, itself, 0, _key(random)))

    def _grids(self, rows: Any) -> Grids:
        return Grids(rows.reshape(len(rows), self._rates.steps, self._rates.keys))


class HistoryUserOperators(Operators):
    """HistoryUsers as networks are usually begun, and the evolution strategy's noise."""

    base = EvolutionStrategy

    def __init__(self, settings: Settings, player: Player | None) -> None:
        self._settings = StrategySettings.of(settings)
        self.size = self._settings.size

    def first(self, count: int, random: np.random.Generator) -> HistoryUsers:
        """See `Operators.first`."""
        found = self._settings
        return HistoryUsers.initial(found.shape, random, count, found.scale, found.forget_bias)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> HistoryUsers:
        """See `Operators.mutants`."""
        assert isinstance(parent, HistoryUsers)
        noise = random.standard_normal((count, parent.shape.weights), np.float32)
        noise *= np.float32(self._settings.sigma * strength)
        return HistoryUsers(parent.shape, parent.weights + noise)
