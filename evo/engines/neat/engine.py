"""NEAT on arrays: a population of networks is a struct of arrays, a generation a few kernels.

The algorithm is that of Stanley & Miikkulainen, "Evolving neural networks through augmenting
topologies" (2002); each piece stands in its own module:

    neat_initial        minimal networks to begin with
    neat_innovations    historical markings: numbers for new genes
    neat_species        speciation with explicit fitness sharing, stagnation
    neat_selection      options: who becomes a parent, and what is regulated
    genomes.network.variation       crossover by innovation number, structural and weight mutation
    genomes.network.compatibility   compatibility distance, who belongs to which species

It reads neat-python's configuration files and means by them what neat-python means, with two
differences where that departs from the paper: networks that split the same connection in the same
generation get the same new node, and hidden nodes of the first population are the same nodes in
every network. Parents that are equally fit are equally likely to give the disjoint genes. The
section `Selection` of `neat_selection` has what neat-python has not; by its defaults, the power of
mutations adapts below the configured one.

A generation's random numbers are those of streams addressed by (seed, generation, child).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes
from evo.core.state import Count, State
from evo.engines.base import Engine
from evo.engines.neat.by_output import Modules
from evo.engines.neat.config_file import check_shape, with_shape
from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.operators import NetworkOperators
from evo.engines.neat.selection import Regulation, choose_pairs, needs_cases
from evo.engines.neat.settings import NeatSettings
from evo.engines.neat.species import Species, SpeciesHistory, offspring_counts, survivors
from genomes.arrays import FloatArray
from genomes.base import unchecked
from genomes.network.activation import activate_rows
from genomes.network.compatibility import speciate
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of
from genomes.network.variation import breed
from genomes.player import Player

Places = NDArray[np.int64]


class Neat(Engine[NeatSettings]):
    """NEAT; its settings are neat-python's sections, `Modules` and `Selection`."""

    genome = Networks
    kernels = (activate_rows,)
    settings_type = NeatSettings
    population = "NEAT.pop_size"
    operators = NetworkOperators

    def __init__(
        self, settings: NeatSettings | Changes, *, seed: int, player: Player | None = None
    ) -> None:
        super().__init__(settings, seed=seed, player=player)
        check_shape(self.settings, player)
        self._rates = rates_of(self.settings.DefaultGenome, self.settings.Selection.weights)
        self._modules = Modules.of(self.settings)
        self._population: Networks | None = None
        self._innovations = Innovations(0)
        self._species: list[Species] = []
        self._representatives: Networks | None = None
        self._next_species = 1
        self._regulation = Regulation(self.settings.DefaultSpeciesSet.compatibility_threshold)

    @classmethod
    def of_shape(cls, settings: NeatSettings, inputs: int, outputs: int) -> NeatSettings:
        """See `Engine.of_shape`."""
        return with_shape(settings, inputs, outputs)

    def _networks(self, genes: Genes) -> Networks:
        rates = self._rates
        return unchecked(
            Networks, inputs=rates.inputs, outputs=rates.outputs,
            feed_forward=rates.feed_forward, player=self.player, **genes._asdict(),
        )  # fmt: skip

    def ask(self) -> Networks:
        """See `Engine.ask`."""
        if self._population is None:
            self._begin()
        assert self._population is not None
        return self._population

    def _beginning(self) -> int:
        """Where a first population's random numbers are; another place after an extinction."""
        return self.generation + (self._population is not None)

    def _begin(self) -> None:
        """A first population, and its species."""
        if self._modules is not None:
            self._innovations = Innovations(self._rates.outputs)
            self._assemble(self._modules.first(self.settings.NEAT.pop_size))
            return
        random = stream(self.seed, Role.INITIALISE, self._beginning())
        genes, self._innovations = first_genes(
            self.settings.DefaultGenome, self._rates, self.settings.NEAT.pop_size, random
        )
        if len(self._rates.alphabet):
            letters = random.choice(self._rates.alphabet, len(genes.weight))
            genes = genes._replace(weight=letters)
        self._species = []
        self._regulation.begin()
        self._replace(genes)

    def _replace(self, genes: Genes) -> None:
        """Make these the population, and divide it into species."""
        self._population = self._networks(genes)
        if self._representatives is None or not self._species:
            self._representatives = self._population.take([])
        if 0 < self.settings.Selection.target_species < len(self._species):
            self._merge_species()
        belongs, representative = self._divide(genes, genes_of(self._representatives))
        known = len(self._species)
        order = np.argsort(belongs, kind="stable")
        ends = np.searchsorted(belongs[order], np.arange(len(representative) + 1))
        species = []
        for place in range(len(representative)):
            if representative[place] < 0:
                continue
            if place < known:
                one = self._species[place]
            else:
                one = Species(self._next_species, self.generation, self.generation, None, order[:0])
                self._next_species += 1
            one.members = order[ends[place] : ends[place + 1]]
            species.append(one)
        self._species = species
        self._regulation.watch_species(len(species), self.settings.Selection)
        self._representatives = self._population.take(representative[representative >= 0])

    def _divide(self, genes: Genes, representatives: Genes) -> tuple[Places, Places]:
        """Which species each belongs to, and who represents each; see `speciate`."""
        genome = self.settings.DefaultGenome
        belongs, representative = speciate(
            genes,
            representatives,
            self._regulation.threshold,
            genome.compatibility_disjoint_coefficient,
            genome.compatibility_weight_coefficient,
        )
        return belongs, representative

    def _merge_species(self) -> None:
        """Species that the threshold does not tell apart any more are one, the older.

        Otherwise a species once founded stays until it stagnates, whatever the threshold.
        """
        assert self._representatives is not None
        nobody = genes_of(self._representatives.take([]))
        _, founders = self._divide(genes_of(self._representatives), nobody)
        self._species = [self._species[place] for place in founders]
        self._representatives = self._representatives.take(founders)

    def _assemble(self, modules: Genes) -> None:
        """Make the population of these modules, `outputs` of them to a network."""
        step = self._rates.outputs
        self._module_genes = modules
        self._population = self._networks(
            modules._replace(
                node_offsets=modules.node_offsets[::step].copy(),
                connection_offsets=modules.connection_offsets[::step].copy(),
            )
        )

    def _breed(self, scores: Scores) -> None:
        if self._modules is None:
            self._breed_species(scores)
            return
        credit = scores.by_output
        if credit is None and not scores.ok.any():  # nobody was scored at all
            credit = np.full((len(scores), self._rates.outputs), -np.inf)
        if credit is None or credit.shape[1] != self._rates.outputs:
            raise BreedingError(
                "neat: Modules.by_output needs a fitness that scores every output by itself"
            )
        genes = self._modules.breed(
            self._module_genes, credit, self._innovations, self.seed, self.generation
        )
        self._assemble(genes)

    def _forget(self) -> None:
        for one in self._species:  # none has improved or stagnated yet
            one.best = None

    def _breed_species(self, scores: Scores) -> None:
        finite = scores.total[scores.ok]
        floor = np.nextafter(finite.min(), -np.inf) if len(finite) else 0.0
        fitness = np.where(scores.ok, scores.total, floor)
        stagnation = self.settings.DefaultStagnation
        kept = survivors(
            self._species,
            fitness,
            self.generation,
            stagnation.species_fitness_func,
            stagnation.max_stagnation,
            stagnation.species_elitism,
        )
        if not kept:
            if not self.settings.NEAT.reset_on_extinction:
                raise BreedingError(
                    f"all species died out in generation {self.generation}; set "
                    "NEAT.reset_on_extinction, or raise DefaultStagnation.max_stagnation or "
                    "species_elitism"
                )
            self._begin()
            return
        fitter, other, mutate = self._choose_parents(kept, fitness, self._cases(scores))
        parents = genes_of(self.ask())
        regulation = self._regulation
        regulation.watch_success(fitness, self.settings.Selection)
        regulation.watch_complexity(
            (len(parents.node_id) + len(parents.innovation)) / len(fitness), self.settings.Selection
        )
        regulation.parent_fitness, regulation.mutated = fitness[fitter], mutate
        key = stream(self.seed, Role.BREED, self.generation, 1).integers(1 << 63, dtype=np.uint64)
        genes, split = breed(regulation.rates(self._rates), parents, fitter, other, mutate, key)
        self._innovations.number(genes, split)
        # The representatives of species that died out go with them.
        assert self._representatives is not None
        alive = {one.key for one in kept}
        places = [i for i, one in enumerate(self._species) if one.key in alive]
        self._representatives = self._representatives.take(places)
        self._species = [self._species[i] for i in places]
        self._replace(genes)

    def _cases(self, scores: Scores) -> NDArray[np.float32] | None:
        """The cases to choose parents by, None where they are not asked for."""
        if not needs_cases(self.settings.Selection):
            return None
        if not scores.ok.any():  # nobody was scored at all: all are alike
            return np.zeros((len(scores), 1), np.float32)
        if scores.cases is None or not scores.cases.shape[1]:
            parents = self.settings.Selection.parents
            raise BreedingError(f"neat: Selection.parents = {parents} needs a fitness with cases")
        return scores.cases

    def _choose_parents(
        self, species: list[Species], fitness: FloatArray, cases: NDArray[np.float32] | None
    ) -> tuple[Places, Places, NDArray[np.bool_]]:
        """Fitter and other parent of every child, and whether it is mutated (elites are not)."""
        config = self.settings.DefaultReproduction
        smallest = max(config.min_species_size, config.elitism, 1)
        try:
            counts = offspring_counts(species, fitness, self.settings.NEAT.pop_size, smallest)
        except ValueError as error:
            raise BreedingError(str(error)) from None
        random = stream(self.seed, Role.BREED, self.generation)
        fitter, other, mutate = [], [], []
        for one, count in zip(species, counts, strict=True):
            ranked = one.members[np.argsort(-fitness[one.members], kind="stable")]
            elites = ranked[: min(config.elitism, count)]
            pairs = choose_pairs(
                self.settings.Selection, ranked, count - len(elites), cases,
                config.survival_threshold, random,
            )  # fmt: skip
            first_is_fitter = fitness[pairs[:, 0]] > fitness[pairs[:, 1]]
            fitter += [elites, np.where(first_is_fitter, pairs[:, 0], pairs[:, 1])]
            other += [elites, np.where(first_is_fitter, pairs[:, 1], pairs[:, 0])]
            mutate += [np.zeros(len(elites), np.bool_), np.ones(len(pairs), np.bool_)]
        return np.concatenate(fitter), np.concatenate(other), np.concatenate(mutate)

    def statistics(self) -> dict[str, Any]:
        """Species with their sizes, and mean nodes and enabled connections a network."""
        nodes, connections = self.ask().sizes().mean(axis=0)
        sizes = {"mean_nodes": float(nodes), "mean_connections": float(connections)}
        if self._modules is not None:
            return sizes
        return sizes | {
            "species": len(self._species),
            "species_sizes": {str(one.key): len(one.members) for one in self._species},
            **self._regulation.statistics(self.settings.Selection),
        }

    def _state(self) -> State:
        population = State(self.ask().to_arrays())
        numbers = {
            "next_node": self._innovations.next_node,
            "next_innovation": self._innovations.next_innovation,
        }
        if self._modules is not None:
            arrays = {
                "module_node_offsets": self._module_genes.node_offsets,
                "module_connection_offsets": self._module_genes.connection_offsets,
                "gathered": self._modules.gathered.copy(),
            }
            return population.inside("population") | State(arrays, numbers)
        assert self._representatives is not None
        representatives = State(self._representatives.to_arrays())
        belongs = np.zeros(len(self.ask()), np.int64)
        for place, one in enumerate(self._species):
            belongs[one.members] = place
        values = numbers | {
            "species": [one.to_values() for one in self._species],
            "next_species": self._next_species,
        }
        return (
            population.inside("population")
            | representatives.inside("representatives")
            | self._regulation.state().inside("regulation")
            | State({"species": belongs}, values)
        )

    def _kept(self, state: State, name: str) -> Networks:
        """A batch of networks in a state; ValueError if it is not of the settings' shape."""
        networks = Networks.from_arrays(state.part(name).arrays)
        wanted = (self._rates.inputs, self._rates.outputs)
        if (networks.inputs, networks.outputs) != wanted:
            raise ValueError(f"{name} must be of {wanted[0]} inputs and {wanted[1]} outputs")
        return networks

    def _restore(self, state: State) -> None:
        rates = self._rates
        self._population = population = self._kept(state, "population")
        self._innovations = Innovations(
            state.value("next_node", Count), state.value("next_innovation", Count)
        )
        used = (
            int(population.node_id.max(initial=-1)), int(population.innovation.max(initial=-1))
        )  # fmt: skip
        if self._innovations.next_node <= used[0] or self._innovations.next_innovation <= used[1]:
            raise ValueError("next_node and next_innovation must be above all that are used")
        if self._modules is not None:
            self._modules.gathered = state.array("gathered", np.float64, (rates.outputs,)).copy()
            modules = len(population) * rates.outputs
            self._module_genes = genes_of(population)._replace(
                node_offsets=_offsets(state, "module_node_offsets", modules, population.node_id),
                connection_offsets=_offsets(
                    state, "module_connection_offsets", modules, population.innovation
                ),
            )
            return
        self._representatives = self._kept(state, "representatives")
        self._next_species = state.value("next_species", Count)
        self._regulation = Regulation.restore(state.part("regulation"))
        belongs = state.array("species", np.int64, (len(population),))
        history = state.value("species", list[SpeciesHistory])
        count = len(history)
        if len(self._representatives) != count or not np.all((belongs >= 0) & (belongs < count)):
            raise ValueError("species must be one for each representative, and have all members")
        self._species = [
            Species(one.key, one.created, one.last_improved, one.best, belongs_to)
            for one, belongs_to in zip(
                history, (np.flatnonzero(belongs == i) for i in range(count)), strict=True
            )
        ]


def _offsets(state: State, name: str, modules: int, genes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where modules begin among genes: int64 (modules + 1,); ValueError for what cannot be."""
    offsets: NDArray[np.int64] = state.array(name, np.int64, (modules + 1,))
    if offsets[0] != 0 or offsets[-1] != len(genes) or np.any(np.diff(offsets) < 0):
        raise ValueError(f"{name} must start at 0, never fall and end at {len(genes)}")
    return offsets
