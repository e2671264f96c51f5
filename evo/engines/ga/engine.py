"""A genetic algorithm for note grids: the population is one array.

One call of `tell` breeds a generation:

Where one parent is enough, `population.climb` begins with mutants of it (`evo.engines.climb`): not
where several cases select. Afterwards:

1. Survival (`pool.Pool`). The scored grids join the pool of parents, which is then reduced to:
   this generation (comma), the best so far (plus), the best so far at each case (elites), or the
   best at its own case on each island (islands). With islands, the best grid of a case is copied
   to its island every `MIGRATION` generations. What islands share can cost (`_costs`).
2. Selection (`_choose_parents`). The parents of all children are drawn from the pool: by
   tournament, by lexicase over cases (`evo.engines.selection.lexicase`), by tournament over fronts
   and crowding (`evo.engines.selection.pareto`), or at random.
3. Elitism. With comma, the best grids are copied unchanged.
4. Crossover (`genomes.grid.operators`). Part of the other children combine their parents at bar
   lines, bar by bar, or step by step: each step from the parent with the better case there.
5. Mutation (`genomes.grid.mutation`). Part of the crossed children and all others are mutated by a
   random number of musical edits.

Steps 3 to 5 are one kernel. The settings (`settings.GridSettings`) choose the variant of each step.
Step-by-step crossover needs one case per step. It turns one search for a song into one search per
step, with the same evaluations.

A user's own `mate` and `mutate` replace crossover and mutation (`own_operators`).

Random numbers come from streams addressed by (seed, generation, child).
"""

from typing import Any

import numpy as np

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, changed
from evo.core.state import State
from evo.engines.base import Engine, Gallery
from evo.engines.climb import Patience
from evo.engines.ga.operators import GridOperators
from evo.engines.ga.own_operators import NAMES, OwnOperators
from evo.engines.ga.pool import Pool
from evo.engines.ga.settings import GridSettings
from evo.engines.own_functions import Functions
from evo.engines.selection.lexicase import lexicase, within_epsilon
from evo.engines.selection.pareto import pareto_order
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.base import Performers, unchecked
from genomes.grid.grids import Grids
from genomes.grid.operators import breed_grids, first_grids
from genomes.grid.patterns import shared_patterns
from genomes.player import Player

# Generations between migrations: enough for islands to diverge, few enough that no island is stuck
# for long while another has a better grid.
MIGRATION = 50


class GridGA(Engine[GridSettings]):
    """The genetic algorithm.

    A grid has no inputs, so a `player` is not used, but must have the same number of keys.
    """

    genome = Grids
    kernels = (first_grids, breed_grids)
    settings_type = GridSettings
    population = "population.size"
    operators = GridOperators
    takes = NAMES

    def __init__(
        self,
        settings: GridSettings | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        self._rates = self.settings.rates()
        keys = self._rates.keys
        if player is not None and player.keys != keys:
            raise InputError(f"ga: the player has {player.keys} keys, the grids have {keys}")
        self._population: Grids | None = None
        self._pool: Pool | None = None  # of surviving parents; None with comma

    @classmethod
    def of_shape(cls, settings: GridSettings, inputs: int, outputs: int) -> GridSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Steps of each grid.
            outputs: Keys of each grid.
        """
        return changed(settings, {"grid": {"steps": inputs, "keys": outputs}}, "ga")

    @classmethod
    def check_cases(cls, settings: GridSettings, cases: int, by_step: bool) -> None:
        """See `Engine.check_cases`.

        Args:
            settings: The engine's settings.
            cases: Number of cases.
            by_step: Whether there is one case per step.

        Raises:
            InputError: If there are too few individuals for islands, or no cases per step.
        """
        size = settings.population.size
        if settings.population.survival == "islands" and size < cases:
            raise InputError(
                f"{cases} pieces need a population of at least that size, got {size}; set a larger "
                "--population or fewer pieces"
            )
        if settings.by_credit and not by_step:
            raise InputError("ga.crossover.credit needs a task with one case per step")

    def _grids(self, rows: BoolArray) -> Grids:
        rates = self._rates
        return unchecked(Grids, notes=rows.reshape(len(rows), rates.steps, rates.keys))

    def ask(self) -> Grids:
        """See `Engine.ask`."""
        if self._climb is not None:
            return self._climb.ask(self.generation)  # type: ignore[return-value]
        return self._grids_now()

    def _grids_now(self) -> Grids:
        """Return the population, without a climb."""
        if self._population is None:
            key = stream(self.seed, Role.INITIALISE).integers(1 << 63, dtype=np.uint64)
            self._population = self._grids(
                first_grids(self._rates, self.settings.population.size, key)
            )
        return self._population

    def _patience(self) -> Patience:
        population = self.settings.population
        return Patience(population.climb, population.climbs)

    def _climbs(self, scores: Scores) -> bool:
        several = self.settings.needs_cases and scores.cases is not None
        return super()._climbs(scores) and not (several and scores.cases.shape[1] > 1)  # type: ignore[union-attr]

    def _widen(self, parent: Performers, strength: float) -> None:
        random = stream(self.seed, Role.INITIALISE, self.generation)
        operators = GridOperators(self.settings, self.player)
        self._population = operators.mutants(parent, operators.size, random, strength, copies=1)

    def _breed(self, scores: Scores) -> None:
        pool = self._survivors(scores)
        settings = self.settings
        copies = settings.population.copies
        random = stream(self.seed, Role.BREED, self.generation)
        parents = self._choose_parents(pool, random)
        if copies:
            best = pool.order(settings.selection.kind == "nsga2")[:copies]
            parents[: len(best), 0] = best
        cases = pool.cases if settings.by_credit else pool.cases[:, :0]
        if cases.shape[1] > self._rates.steps:
            raise BreedingError(
                f"ga: crossover.credit needs one case per step, of {self._rates.steps} steps at "
                f"most, and the fitness has {cases.shape[1]} cases"
            )
        key = stream(self.seed, Role.BREED, self.generation, 1).integers(1 << 63, dtype=np.uint64)
        rows = pool.notes.reshape(len(pool), -1)
        if self.functions:
            own = OwnOperators(self.functions, self._rates, self.seed, self.generation)
            self._population = Grids(own.bred(rows, cases, parents, copies))
            return
        children = breed_grids(self._rates, rows, cases, parents, copies, key)
        self._population = self._grids(children)

    def _forget(self) -> None:
        self._pool = None

    def _survivors(self, scores: Scores) -> Pool:
        """Return the pool to choose parents from; keep it if parents survive."""
        survival = self.settings.population.survival
        if self._pool is not None and not scores.ok.any():  # all individuals failed
            return self._pool
        new_pool = self._scored(scores)
        if survival == "comma" or not scores.ok.any():
            return new_pool
        if self._pool is not None and self._pool.cases.shape[1] != new_pool.cases.shape[1]:
            raise BreedingError(
                f"ga: the fitness had {self._pool.cases.shape[1]} cases and now has "
                f"{new_pool.cases.shape[1]}"
            )
        if survival == "elites":
            self._pool = (self._pool.joined(new_pool) if self._pool else new_pool).elites()
        elif survival == "islands":
            self._pool = self._on_islands(new_pool)
        else:
            population = self.settings.population
            # Children precede equally good parents, to allow neutral drift.
            self._pool = (new_pool.joined(self._pool) if self._pool else new_pool).survivors(
                population.parents or population.size, self.settings.selection.kind == "nsga2"
            )
        return self._pool

    def _on_islands(self, new_pool: Pool) -> Pool:
        """Return the next pool, with an equal part for each island."""
        count = new_pool.cases.shape[1]
        if len(new_pool) < count:
            raise BreedingError(
                f"ga: population.size must be at least {count}, one island per case"
            )
        belongs = np.arange(len(new_pool)) * count // len(new_pool)
        if self._pool is not None:
            belongs = np.concatenate([belongs, self._pool.islands_of()])
            new_pool = new_pool.joined(self._pool)
        if self.generation % MIGRATION == MIGRATION - 1:
            best, own = new_pool.cases.argmax(axis=0), np.arange(count)
            offered = new_pool.cases[best, own] - self._costs(new_pool.take(best), own, later=True)
            priced = new_pool.cases[np.arange(len(belongs)), belongs]
            priced = priced - self._costs(new_pool, belongs)
            needed = offered >= [priced[belongs == island].max() for island in own]
            migrants = np.flatnonzero(needed & (belongs[best] != own))
            belongs = np.concatenate([belongs, migrants])
            new_pool = new_pool.joined(new_pool.take(best[migrants]))
        population = self.settings.population
        parents = population.parents or population.size // count
        return new_pool.islands(belongs, parents, self._costs(new_pool, belongs))

    def _costs(self, pool: Pool, belongs: Indices, later: bool = False) -> FloatArray:
        """Return what the grids of some islands pay for patterns of the best of other islands.

        Args:
            pool: The grids.
            belongs: int64 (p,), island of each grid.
            later: Whether patterns of later islands cost, too.

        Returns:
            float64 (p,).
        """
        cost = self.settings.population.shared
        if not cost or self._pool is None:
            return np.zeros(len(pool))
        best = self._pool.take(self._pool.holders)
        rows, best_rows = (one.notes.reshape(len(one), -1) for one in (pool, best))
        costs: FloatArray = cost * np.sqrt(
            shared_patterns(self._rates, rows, belongs, best_rows, later)
        )
        return costs

    def _scored(self, scores: Scores) -> Pool:
        """Return the scored generation, with the cases that the settings need."""
        cases = np.empty((len(scores), 0), np.float32)
        if self.settings.needs_cases and scores.ok.any():
            if scores.cases is None or not scores.cases.shape[1]:
                raise BreedingError(
                    "ga: selection by cases, population.survival = elites or islands and "
                    "crossover.credit need a fitness with cases"
                )
            cases = scores.cases
        notes = self.ask().notes
        return Pool(notes, scores.total, cases, np.empty(0, np.int64))

    def _choose_parents(self, pool: Pool, random: np.random.Generator) -> Indices:
        """Return the parents of every child.

        Returns:
            int64 (size, parents per child), indices in the pool.
        """
        size, crossover = self.settings.population.size, self.settings.crossover
        selection, survival = self.settings.selection, self.settings.population.survival
        shape = (size, crossover.credit_parents if crossover.credit else 2)
        if survival == "islands" and len(pool.holders):
            rivals = 1 if selection.kind == "random" else selection.tournament_size
            sizes = np.bincount(pool.islands_of())
            island = np.arange(size) * len(sizes) // size
            ranks = random.integers(sizes[island][:, None, None], size=(*shape, rivals))
            indices: Indices = pool.holders[island][:, None] + ranks.min(axis=2)
            return indices
        if selection.kind == "random":
            if len(pool.holders):
                return pool.holders[random.integers(len(pool.holders), size=shape)]
            return random.integers(len(pool), size=shape)
        if selection.kind in ("lexicase", "epsilon-lexicase") and pool.cases.shape[1]:
            judged = within_epsilon(pool.cases) if "epsilon" in selection.kind else pool.cases
            return lexicase(judged, shape[0] * shape[1], random).reshape(shape)
        order = pool.order(selection.kind == "nsga2")
        drawn = random.integers(len(pool), size=(selection.tournament_size, *shape))
        chosen: Indices = order[drawn.min(axis=0)]
        return chosen

    def gallery(self) -> Gallery | None:
        """See `Engine.gallery`.

        With `elites` and `islands`: the best grid at each case, in the order of the cases, with its
        score there. With `elites`, a grid that is the best at several cases is repeated.
        With `plus`: all survivors and their totals, best first.
        """
        pool = self._pool
        if pool is None or not len(pool):
            return super().gallery()
        if not len(pool.holders):
            kept = np.flatnonzero(np.isfinite(pool.total))
            return Gallery(Grids(pool.notes[kept]), pool.total[kept])
        scores = pool.cases[pool.holders, np.arange(len(pool.holders))]
        return Gallery(Grids(pool.notes[pool.holders]), scores.astype(np.float64), by_case=True)

    def front(self) -> tuple[FloatArray, Grids] | None:
        """See `Engine.front`: the survivors that no other one dominates, without repeated grids."""
        pool = self._pool
        if pool is None or self.settings.selection.kind != "nsga2" or not len(pool):
            return None
        order, fronts = pareto_order(pool.cases)
        best = [i for i in order if fronts[i] == 0 and np.isfinite(pool.total[i])]
        _, first = np.unique(pool.notes[best].reshape(len(best), -1), axis=0, return_index=True)
        kept = np.array(best, np.int64)[np.sort(first)]
        return pool.cases[kept].astype(np.float64), Grids(pool.notes[kept])

    def statistics(self) -> dict[str, Any]:
        """Return mean notes per grid, and the number of surviving parents."""
        notes = self.ask().notes
        figures: dict[str, Any] = {"mean_notes": int(np.count_nonzero(notes)) / len(notes)}
        if self._pool is not None:
            figures["survivors"] = len(self._pool)
        if self._climb is not None:
            figures |= self._climb.statistics()
        return figures

    def _state(self) -> State:
        state = State(self._grids_now().to_arrays()).inside("population")
        pool = self._pool
        if pool is None:
            return state
        kept = {
            "notes": pool.notes,
            "total": pool.total,
            "cases": pool.cases,
            "holders": pool.holders,
        }
        return state | State(kept).inside("pool")

    def _restore(self, state: State) -> None:
        new = self._grids_now()
        self._population = Grids.from_arrays(state.part("population").arrays)
        if self._population.notes.shape[1:] != (new.steps, new.keys):
            raise ValueError(f"grids must be of {new.steps} steps and {new.keys} keys")
        if "pool" in state.values:
            kept = state.part("pool")
            total = kept.array("total", np.float64, (None,))
            notes = kept.array("notes", np.bool_, (len(total), new.steps, new.keys))
            cases = kept.array("cases", np.float32, (len(total), None))
            survival = self.settings.population.survival
            held = cases.shape[1] if len(total) and survival in ("elites", "islands") else 0
            holders = kept.array("holders", np.int64, (held,))
            if held and not 0 <= holders.min() <= holders.max() < len(total):
                raise ValueError("holders must be indices of the pool")
            if held and survival == "islands" and (holders[0] or np.any(np.diff(holders) < 1)):
                raise ValueError("holders must be where each island begins")
            self._pool = Pool(notes, total, cases, holders)
