"""NEAT on arrays: a generation is a few kernels.

The algorithm is that of Stanley & Miikkulainen, "Evolving neural networks through augmenting
topologies" (2002), with the parameters of neat-python. One call of `tell` breeds a generation:

1. Fitness. A failed network gets a fitness just below the worst finite one (`_breed_species`).
2. Stagnation (`reproduction.survivors`). The fitness of a species is the maximum, or another
   summary, of its members' fitness. A species without improvement for `max_stagnation` generations
   dies out. The `species_elitism` best species are exempt. If none is left, the run ends, or it
   starts again from minimal networks (`reset_on_extinction`).
3. Fitness sharing (`reproduction.offspring_counts`). Each surviving species gets offspring in
   proportion to its mean fitness above the worst of the population. Its size moves halfway there.
4. Selection (`parents.choose_pairs`). The `elitism` best members of each species are copied
   unchanged. The parents of every other child are drawn within the species: by default from the
   best `survival_threshold` of it.
5. Rates (`regulation.Regulation`). The mutation power adapts to the share of improved children.
   When networks have grown too much, structural mutations only delete for some generations.
6. Crossover (`genomes.network.variation`). Genes are aligned by innovation number. A matching gene
   takes its attributes from either parent at random. Disjoint and excess genes come from the fitter
   parent. A gene disabled in either parent is disabled in three of four children.
7. Mutation (same module; structure in `genomes.network.structure`). Structural mutations split a
   connection by a new node, delete a node, add a connection, or delete one. Then weights, biases
   and the other attributes are perturbed or replaced.
8. Innovation numbers (`innovations.Innovations`). New genes of the whole generation are numbered
   together: the same structural mutation gets the same number in every network.
9. Speciation (`genomes.network.speciation`). Each surviving species is represented by the new
   network closest to its old representative. Every other network joins the species with the
   closest representative within the compatibility threshold, or founds a new species.

Generation 0 has the minimal networks of `initial`, and goes straight to step 9.

With `Modules.by_output` every output is bred separately instead, without species (`by_output`).

Differences from neat-python, towards the paper: networks that split the same connection in one
generation get the same new node, and initial hidden nodes are the same nodes in every network.
Either of two equally fit parents may give the disjoint genes. The section `Selection` is our own.

Random numbers come from streams addressed by (seed, generation, child).
"""

from typing import Any

import numpy as np

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes
from evo.core.state import Count, State
from evo.engines.base import Engine
from evo.engines.climb import Patience
from evo.engines.neat.by_output import Modules
from evo.engines.neat.config_file import check_shape, with_shape
from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.initial import first_genes
from evo.engines.neat.innovations import Innovations
from evo.engines.neat.operators import NetworkOperators
from evo.engines.neat.parents import choose_pairs, needs_cases
from evo.engines.neat.regulation import Regulation
from evo.engines.neat.reproduction import Species, SpeciesHistory, offspring_counts, survivors
from evo.engines.neat.settings import NeatSettings
from evo.engines.own_functions import Functions
from genomes.arrays import BoolArray, FloatArray, Indices, Singles
from genomes.base import Performers, unchecked
from genomes.lessons import Taught
from genomes.network.activation import activate_rows
from genomes.network.assembly.edited import EditedNetworks
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of, with_time_constants
from genomes.network.speciation import speciate
from genomes.network.validation import check_sorted
from genomes.network.variation import breed
from genomes.player import Player


class Neat(Engine[NeatSettings]):
    """NEAT; its settings are neat-python's sections, `Modules` and `Selection`."""

    genome = Networks
    kernels = (activate_rows,)
    settings_type = NeatSettings
    population = "NEAT.pop_size"
    operators = NetworkOperators

    def __init__(
        self,
        settings: NeatSettings | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        check_shape(self.settings, player)
        self._rates = rates_of(self.settings.DefaultGenome, self.settings.Selection.weights)
        self._modules = Modules.of(self.settings, seed, player)
        self._population: Networks | None = None
        self._innovations = Innovations(0)
        self._species: list[Species] = []
        self._representatives: Networks | None = None
        self._next_species = 1
        self._regulation = Regulation(self.settings.DefaultSpeciesSet.compatibility_threshold)

    @classmethod
    def of_shape(cls, settings: NeatSettings, inputs: int, outputs: int) -> NeatSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs of each network.
            outputs: Outputs of each network.
        """
        return with_shape(settings, inputs, outputs)

    def _networks(self, genes: Genes) -> Networks:
        rates = self._rates
        return unchecked(
            Networks, inputs=rates.inputs, outputs=rates.outputs,
            feed_forward=rates.feed_forward, player=self.player, **genes._asdict(),
        )  # fmt: skip

    def ask(self) -> Networks | EditedNetworks:
        """See `Engine.ask`."""
        if self._climb is not None:
            return self._climb.ask(self.generation)  # type: ignore[return-value]
        return self._networks_now() if self._modules is None else self._modules.ask()

    def _networks_now(self) -> Networks:
        """Return the population, without `Modules.by_output`."""
        if self._population is None:
            self._begin()
        assert self._population is not None
        return self._population

    def teach(self, taught: Taught) -> None:
        """See `Engine.teach`; with `Modules.by_output` edits are compared by lessons.

        Args:
            taught: What should be played.
        """
        if self._modules is not None:
            self._modules.teach(taught)

    def written_out(self, performers: Performers) -> Performers:
        """See `Engine.written_out`.

        Args:
            performers: Some of the population.
        """
        return performers.networks if isinstance(performers, EditedNetworks) else performers

    def _beginning(self) -> int:
        """Return the generation number in the stream address of an initial population.

        An extinction draws from the next generation's stream, so it starts differently.
        """
        return self.generation + (self._population is not None)

    def _begin(self) -> None:
        """Create a first population and its species."""
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
        """Make these genes the population, and divide it into species."""
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
        for index in range(len(representative)):
            if representative[index] < 0:
                continue
            if index < known:
                group = self._species[index]
            else:
                group = Species(
                    self._next_species, self.generation, self.generation, None, order[:0]
                )
                self._next_species += 1
            group.members = order[ends[index] : ends[index + 1]]
            species.append(group)
        self._species = species
        self._regulation.watch_species(len(species), self.settings.Selection)
        self._representatives = self._population.take(representative[representative >= 0])

    def _divide(self, genes: Genes, representatives: Genes) -> tuple[Indices, Indices]:
        """Return each network's species and each species' representative; see `speciate`."""
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
        """Merge species whose representatives are within the threshold; keep the older.

        A species otherwise exists until it stagnates, even if the threshold grows.
        """
        assert self._representatives is not None
        empty = genes_of(self._representatives.take([]))
        _, founders = self._divide(genes_of(self._representatives), empty)
        self._species = [self._species[index] for index in founders]
        self._representatives = self._representatives.take(founders)

    def _patience(self) -> Patience:
        climb, climbs = self.settings.Selection.climb, self.settings.Selection.climbs
        return Patience(0 if self.settings.Modules.by_output else climb, climbs)

    def _widen(self, parent: Performers, strength: float) -> None:
        assert isinstance(parent, Networks)
        random = stream(self.seed, Role.INITIALISE, self.generation)
        operators = NetworkOperators(self.settings, self.player)
        networks = operators.mutants(parent, operators.size, random, strength, copies=1)
        self._innovations = Innovations.after(networks)
        self._species = []
        self._regulation.begin()
        self._replace(genes_of(networks))

    def _breed(self, scores: Scores) -> None:
        if self._modules is None:
            self._breed_species(scores)
        else:
            self._modules.tell(scores, self.generation)

    def _forget(self) -> None:
        for group in self._species:  # the next score starts its record anew
            group.best = None

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
        parents = genes_of(self._networks_now())
        regulation = self._regulation
        regulation.watch_success(fitness, self.settings.Selection)
        regulation.watch_complexity(
            (len(parents.node_id) + len(parents.innovation)) / len(fitness), self.settings.Selection
        )
        regulation.parent_fitness, regulation.mutated = fitness[fitter], mutate
        key = stream(self.seed, Role.BREED, self.generation, 1).integers(1 << 63, dtype=np.uint64)
        genes, split = breed(regulation.rates(self._rates), parents, fitter, other, mutate, key)
        self._innovations.number(genes, split)
        # Drop the representatives of species that died out.
        assert self._representatives is not None
        alive = {group.key for group in kept}
        indices = [i for i, group in enumerate(self._species) if group.key in alive]
        self._representatives = self._representatives.take(indices)
        self._species = [self._species[i] for i in indices]
        self._replace(genes)

    def _cases(self, scores: Scores) -> Singles | None:
        """Return the cases that selection needs, None if it needs none."""
        if not needs_cases(self.settings.Selection):
            return None
        if not scores.ok.any():  # all individuals failed: equal cases
            return np.zeros((len(scores), 1), np.float32)
        if scores.cases is None or not scores.cases.shape[1]:
            parents = self.settings.Selection.parents
            raise BreedingError(f"neat: Selection.parents = {parents} needs a fitness with cases")
        return scores.cases

    def _choose_parents(
        self, species: list[Species], fitness: FloatArray, cases: Singles | None
    ) -> tuple[Indices, Indices, BoolArray]:
        """Return fitter parent, other parent and mutation flag of every child.

        Elites are their own parents and are not mutated.
        """
        config = self.settings.DefaultReproduction
        smallest = max(config.min_species_size, config.elitism, 1)
        try:
            counts = offspring_counts(species, fitness, self.settings.NEAT.pop_size, smallest)
        except ValueError as error:
            raise BreedingError(str(error)) from None
        random = stream(self.seed, Role.BREED, self.generation)
        fitter, other, mutate = [], [], []
        for group, count in zip(species, counts, strict=True):
            ranked = group.members[np.argsort(-fitness[group.members], kind="stable")]
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
        """Return species, their sizes, and mean nodes and enabled connections per network."""
        nodes, connections = self.ask().sizes().mean(axis=0)
        sizes = {"mean_nodes": float(nodes), "mean_connections": float(connections)}
        if self._modules is not None:
            return sizes | self._modules.statistics()
        if self._climb is not None:
            return sizes | self._climb.statistics()
        return sizes | {
            "species": len(self._species),
            "species_sizes": {str(group.key): len(group.members) for group in self._species},
            **self._regulation.statistics(self.settings.Selection),
        }

    def _state(self) -> State:
        if self._modules is not None:
            return State(self.ask().to_arrays()).inside("population") | self._modules.state()
        population = State(self._networks_now().to_arrays())
        numbers = {
            "next_node": self._innovations.next_node,
            "next_innovation": self._innovations.next_innovation,
        }
        assert self._representatives is not None
        representatives = State(self._representatives.to_arrays())
        belongs = np.zeros(len(self._networks_now()), np.int64)
        for index, group in enumerate(self._species):
            belongs[group.members] = index
        values = numbers | {
            "species": [group.to_values() for group in self._species],
            "next_species": self._next_species,
        }
        return (
            population.inside("population")
            | representatives.inside("representatives")
            | self._regulation.state().inside("regulation")
            | State({"species": belongs}, values)
        )

    def _kept(self, state: State, name: str) -> Networks:
        """Return a batch of networks from a state.

        Raises:
            ValueError: If their numbers of inputs and outputs differ from the settings'.
        """
        networks = Networks.from_arrays(state.part(name).arrays)
        expected = (self._rates.inputs, self._rates.outputs)
        if (networks.inputs, networks.outputs) != expected:
            raise ValueError(f"{name} must be of {expected[0]} inputs and {expected[1]} outputs")
        check_sorted(genes_of(networks))
        return with_time_constants(networks) if self._rates.timed else networks

    def _restore(self, state: State) -> None:
        if self._modules is not None:
            self._modules.restore(state)
            return
        self._population = population = self._kept(state, "population")
        self._innovations = Innovations(
            state.counter("next_node", population.node_id),
            state.counter("next_innovation", population.innovation),
        )
        self._representatives = self._kept(state, "representatives")
        self._next_species = state.value("next_species", Count)
        self._regulation = Regulation.restore(state.part("regulation"))
        belongs = state.array("species", np.int64, (len(population),))
        history = state.value("species", list[SpeciesHistory])
        count = len(history)
        if len(self._representatives) != count or not np.all((belongs >= 0) & (belongs < count)):
            raise ValueError("species must be one for each representative, and have all members")
        self._species = [
            Species(group.key, group.created, group.last_improved, group.best, belongs_to)
            for group, belongs_to in zip(
                history, (np.flatnonzero(belongs == i) for i in range(count)), strict=True
            )
        ]
