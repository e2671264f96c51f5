"""The reference engine: neat-python with `ask` and `tell`.

Reproduction, speciation and stagnation are neat-python's own classes, configured by its files. This
module adds:

- The population is returned as arrays, so that whole populations are activated at once.
- Counters (`Counter`) that can be saved. neat-python's are `itertools.count` objects; pickling
  advances these, so saving a run would change it.
- A state of arrays and JSON values, without pickle. It keeps the order of neat-python's
  dictionaries, on which its choices depend.
- Addressed randomness. neat-python draws from the global `random`, which is seeded for each
  generation.
- A champion that a restore keeps, by `Engine`.
"""

from typing import Any

import msgspec
import numpy as np

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, global_random
from evo.core.settings import Changes
from evo.core.state import Count, Finite, State
from evo.engines.base import Engine
from evo.engines.neat.config_file import check_shape, with_shape
from evo.engines.neat.settings import NeatPythonSettings
from evo.engines.neat_python.config import build_config
from evo.engines.own_functions import Functions
from genomes.network.activation import activate_rows
from genomes.network.neat_python import from_neat_python, time_constants, to_neat_python
from genomes.network.networks import Networks
from genomes.player import Player

# Its square is still a number.
_LARGEST = 1e150


class SpeciesValues(msgspec.Struct, forbid_unknown_fields=True):
    """Values of one of neat-python's species in a checkpoint."""

    key: Count
    created: Count
    last_improved: Count
    representative: Count
    members: list[Count]
    fitness: Finite | None
    adjusted_fitness: Finite | None
    fitness_history: list[Finite]


class Counter:
    """A counter like `itertools.count`; `value` is the next number, readable without advancing."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __iter__(self) -> "Counter":
        return self

    def __next__(self) -> int:
        self.value += 1
        return self.value - 1


class NeatPython(Engine[NeatPythonSettings]):
    """neat-python's NEAT; its settings are the sections of neat-python's configuration."""

    genome = Networks
    kernels = (activate_rows,)
    settings_type = NeatPythonSettings
    population = "NEAT.pop_size"

    def __init__(
        self,
        settings: NeatPythonSettings | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        check_shape(self.settings, player)
        self._config = build_config(self.settings)
        genome = self._config.genome_config
        self._reporters = self._new_reporters()
        stagnation = self._config.stagnation_type(self._config.stagnation_config, self._reporters)
        self._reproduction = self._new_reproduction(stagnation)
        self._reproduction.genome_indexer = Counter(1)
        genome.node_indexer = Counter(genome.num_outputs)
        genome.innovation_tracker = self._reproduction.innovation_tracker
        self._species = self._config.species_set_type(
            self._config.species_set_config, self._reporters
        )
        self._species.indexer = Counter(1)
        self._population: dict[int, Any] = {}
        self._performers: Networks | None = None

    @classmethod
    def of_shape(
        cls, settings: NeatPythonSettings, inputs: int, outputs: int
    ) -> NeatPythonSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs of each network.
            outputs: Outputs of each network.
        """
        return with_shape(settings, inputs, outputs)

    @staticmethod
    def _new_reporters() -> Any:
        from neat.reporting import ReporterSet

        return ReporterSet()

    def _new_reproduction(self, stagnation: Any) -> Any:
        from evo.engines.neat_python.reproduction import GrowingReproduction

        return GrowingReproduction(self._config.reproduction_config, self._reporters, stagnation)

    def _create(self) -> None:
        """Create a new population."""
        self._population = self._reproduction.create_new(
            self._config.genome_type, self._config.genome_config, self._config.pop_size
        )
        self._reproduction.ancestors.clear()

    def ask(self) -> Networks:
        """See `Engine.ask`."""
        if not self._population:
            with global_random(self.seed, Role.INITIALISE):
                self._create()
                self._species.speciate(self._config, self._population, self.generation)
        if self._performers is None:
            self._performers = from_neat_python(
                list(self._population.values()), self._config.genome_config, self.player
            )
        return self._performers

    def _forget(self) -> None:
        for group in self._species.species.values():  # the next score starts its record anew
            group.fitness_history = []

    def _breed(self, scores: Scores) -> None:
        # neat-python needs finite fitness: a failed individual gets a number just below the rest.
        finite = scores.total[scores.ok]
        floor = np.nextafter(finite.min(), -np.inf) if len(finite) else 0.0
        fitness = np.where(scores.ok, scores.total, floor).tolist()
        for genome, value in zip(self._population.values(), fitness, strict=True):
            genome.fitness = value
        with global_random(self.seed, Role.BREED, self.generation):
            try:
                self._population = self._reproduction.reproduce(
                    self._config, self._species, self._config.pop_size, self.generation
                )
            except RuntimeError as error:  # more species than the population has room for
                raise BreedingError(
                    f"{' '.join(str(error).split())} Raise "
                    "DefaultSpeciesSet.compatibility_threshold or NEAT.pop_size"
                ) from None
            except AssertionError:  # neat-python's own, of a species without offspring
                raise BreedingError(
                    "a species has no offspring; set DefaultReproduction.min_species_size to 1"
                ) from None
            # The table of ancestors is never read, and would grow during the whole run.
            self._reproduction.ancestors.clear()
            if not self._species.species:
                if not self._config.reset_on_extinction:
                    raise BreedingError(
                        f"all species died out in generation {self.generation}; set "
                        "NEAT.reset_on_extinction, or raise DefaultStagnation.max_stagnation or "
                        "species_elitism"
                    )
                self._create()
            self._species.speciate(self._config, self._population, self.generation)
        self._performers = None

    def statistics(self) -> dict[str, Any]:
        """Return species, their sizes, and mean nodes and enabled connections per network."""
        nodes, connections = self.ask().sizes().mean(axis=0)
        return {
            "species": len(self._species.species),
            "mean_nodes": float(nodes),
            "mean_connections": float(connections),
            "species_sizes": {
                str(key): len(species.members) for key, species in self._species.species.items()
            },
        }

    def _state(self) -> State:
        networks = self.ask()
        genomes = list(self._population.values())
        species = [
            {
                "key": group.key,
                "created": group.created,
                "last_improved": group.last_improved,
                "representative": group.representative.key,
                "members": list(group.members),
                "fitness": group.fitness,
                "adjusted_fitness": group.adjusted_fitness,
                "fitness_history": list(group.fitness_history),
            }
            for group in self._species.species.values()
        ]
        arrays = networks.to_arrays() | {
            "keys": np.array(list(self._population), np.int64),
            "time_constant": time_constants(genomes),
        }
        return State(
            arrays,
            {
                "species": species,
                "next_genome": self._reproduction.genome_indexer.value,
                "next_node": self._config.genome_config.node_indexer.value,
                "next_species": self._species.indexer.value,
                "innovations": self._reproduction.innovation_tracker.global_counter,
            },
        )

    def _restore(self, state: State) -> None:
        from neat.species import Species

        arrays = state.arrays
        networks = Networks.from_arrays(arrays)
        for name in ("weight", "bias", "response", "time_constant"):
            # neat-python's own numbers raise OverflowError.
            if np.any(np.abs(arrays[name]) > _LARGEST):
                raise ValueError(f"{name} must be at most {_LARGEST:g}")
        keys = arrays["keys"].tolist()
        genomes = to_neat_python(networks, self._config, keys)
        self._population = dict(zip(keys, genomes, strict=True))
        self._performers = networks
        history = state.value("species", list[SpeciesValues])
        members = [key for kept in history for key in kept.members]
        if not all(kept.members for kept in history) or sorted(members) != sorted(keys):
            raise ValueError("every genome must be a member of one species, and none be empty")
        self._reproduction.genome_indexer.value = state.counter("next_genome", keys)
        self._config.genome_config.node_indexer.value = state.counter("next_node", networks.node_id)
        self._species.indexer.value = state.counter("next_species", [kept.key for kept in history])
        # neat-python counts the last number that it has given out.
        last = state.counter("innovations", networks.innovation - 1)
        self._reproduction.innovation_tracker.global_counter = last
        for kept in history:
            species = Species(kept.key, kept.created)
            species.last_improved = kept.last_improved
            species.update(
                self._population[kept.representative],
                {key: self._population[key] for key in kept.members},
            )
            species.fitness, species.adjusted_fitness = kept.fitness, kept.adjusted_fitness
            species.fitness_history = kept.fitness_history
            self._species.species[species.key] = species
            self._species.genome_to_species |= dict.fromkeys(kept.members, species.key)
