"""DEAP's algorithms with ask and tell, over a population that is one array.

One call of `tell` breeds a generation by `deap.algorithms`:

1. The scored rows become individuals (`individuals`), with the total or the cases as fitness
   values. A failed individual gets values just below all others. With eaMuPlusLambda the surviving
   parents precede them.
2. `select` chooses the next parents (`operators`).
3. `varAnd` (eaSimple) or `varOr` calls `mate` and `mutate`.
4. The children become rows again. Copies of the hall of fame replace the last of them.

Individuals exist during this call only. So a state has nothing but arrays, and attributes that
operators give to individuals last for one generation.

The global random states are seeded for every generation, and restored afterwards.
"""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, global_random, stream
from evo.core.settings import Changes
from evo.core.state import State
from evo.engines.base import Engine, Gallery
from evo.engines.deap import operators
from evo.engines.deap.individuals import Coding
from evo.engines.deap.settings import DeapSettings
from evo.engines.deap.told import Told
from evo.engines.own_functions import Functions, call
from evo.engines.selection.pareto import pareto_order
from genomes.arrays import FloatArray
from genomes.base import Performers
from genomes.player import Player

D = TypeVar("D", bound=DeapSettings)


class Deap(Engine[D]):
    """The engine, without what depends on the genome kind: subclasses fill it in."""

    population = "population.size"
    takes = operators.NAMES

    def __init__(
        self,
        settings: D | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        keys = self._keys()
        if player is not None and player.keys != keys:
            raise InputError(f"deap: the player has {player.keys} keys, the genomes have {keys}")
        self._coding = self._coded()
        operators.check_form(self.functions, self._coding)
        self._operators = self._standard() | dict(self.functions)
        self._rows: NDArray[Any] | None = None
        self._parents: Told | None = None  # that survive, with eaMuPlusLambda
        self._fame: Told | None = None

    @abstractmethod
    def _keys(self) -> int:
        """Return the keys of the genomes."""

    @abstractmethod
    def _coded(self) -> Coding:
        """Return how rows are individuals."""

    @abstractmethod
    def _mate(self) -> Callable[..., Any]:
        """Return the crossover of the settings, for lists."""

    @abstractmethod
    def _mutate(self) -> Callable[..., Any]:
        """Return the mutation of the settings, for lists."""

    @abstractmethod
    def _first(self, random: np.random.Generator) -> NDArray[Any]:
        """Return the rows of random individuals."""

    @abstractmethod
    def _performers(self, rows: NDArray[Any]) -> Performers:
        """Return rows as performers."""

    @abstractmethod
    def _rows_in(self, state: State) -> NDArray[Any]:
        """Return the rows of saved performers; the shape is checked by the caller."""

    def _repaired(self, rows: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
        """Return children within the limits of the settings.

        Args:
            rows: The children.
            random: Draws what to change.
        """
        return rows

    def _standard(self) -> dict[str, Any]:
        """Return DEAP's operators of the settings, by name."""
        from deap import tools

        table = self.settings.select
        select = getattr(tools, table.kind)
        if table.kind == "selTournament":
            select = partial(select, tournsize=table.tournsize)
        found = {"mate": self._mate(), "mutate": self._mutate()}
        if self._coding.as_array:
            found = {name: partial(operators.on_lists, one) for name, one in found.items()}
        return found | {"select": select}

    def ask(self) -> Performers:
        """See `Engine.ask`."""
        return self._performers(self._asked())

    def _asked(self) -> NDArray[Any]:
        if self._rows is None:
            if "individual" in self.functions:
                self._rows = self._drawn()
            else:
                self._rows = self._first(stream(self.seed, Role.INITIALISE))
        return self._rows

    def _drawn(self) -> NDArray[Any]:
        """Return the initial rows by the user's function."""
        function = self.functions["individual"]
        rows = []
        with global_random(self.seed, Role.INITIALISE):
            for _ in range(self.settings.population.size):
                made = call("individual", function)
                try:
                    rows.append(self._coding.row(made))
                except ValueError as error:
                    raise InputError(f"individual returned {error}") from None
        return np.stack(rows)

    def _breed(self, scores: Scores) -> None:
        from deap import algorithms

        settings, algorithm = self.settings, self.settings.algorithm
        told = self._told(scores)
        fame = self._fame = self._best(told)
        pool = told.joined_after(self._parents)
        plain = algorithm.kind == "eaSimple"
        count = settings.population.size - len(fame or ())
        kind = self._coding.individual_type(pool.goals.shape[1])
        toolbox = operators.Operators(self._operators, self._coding, kind)
        with global_random(self.seed, Role.BREED, self.generation):
            chosen = toolbox.select(self._individuals(pool, kind), count if plain else settings.mu)
            places = [one.place for one in chosen]
            if plain:
                children = algorithms.varAnd(chosen, toolbox, algorithm.cxpb, algorithm.mutpb)
            else:
                children = algorithms.varOr(chosen, toolbox, count, algorithm.cxpb, algorithm.mutpb)
        rows = self._collected(children)
        rows = self._repaired(rows, stream(self.seed, Role.BREED, self.generation, 1))
        self._rows = rows if fame is None else np.concatenate([rows, fame.rows])
        self._parents = pool.take(places) if algorithm.kind == "eaMuPlusLambda" else None

    def _best(self, told: Told) -> Told | None:
        """Return the hall of fame with a scored generation, None if it is empty."""
        best = told.joined_after(self._fame).best(self.settings.elites)
        return best if len(best) else None

    def _told(self, scores: Scores) -> Told:
        """Return the scored generation, with the goals that the settings need."""
        rows = self._asked()
        if not self.settings.select.needs_cases:
            return Told(rows, scores.total, scores.total[:, None])
        if scores.cases is not None and scores.cases.shape[1]:
            return Told(rows, scores.total, scores.cases.astype(np.float64))
        if scores.ok.any():
            raise BreedingError(
                "deap: select.goals, and selection by selNSGA2 or lexicase, need a fitness with "
                "cases"
            )
        return Told(rows, scores.total, np.full((len(rows), 1), -np.inf))

    def _individuals(self, pool: Told, kind: type[Any]) -> list[Any]:
        """Return the individuals of a pool; `place` is an individual's index."""
        individuals = []
        for place, (row, values) in enumerate(zip(pool.rows, pool.values().tolist(), strict=True)):
            individual = self._coding.individual(kind, row)
            individual.fitness.values = values
            individual.place = place
            individuals.append(individual)
        return individuals

    def _collected(self, children: list[Any]) -> NDArray[Any]:
        """Return the rows of the children."""
        try:
            return np.stack([self._coding.row(child) for child in children])
        except ValueError as error:  # changed by an operator after it was returned
            raise BreedingError(f"mate, mutate or select left {error}") from None

    def _forget(self) -> None:
        self._parents = self._fame = None

    def front(self) -> tuple[FloatArray, Performers] | None:
        """See `Engine.front`: the parents that no other one dominates, without repeated ones."""
        if self._parents is None or not self.settings.select.needs_cases:
            return None
        kept = self._parents.best(len(self._parents))
        order, fronts = pareto_order(kept.goals)
        best = kept.take(order[fronts[order] == 0])
        return best.goals, self._performers(best.rows)

    def gallery(self) -> Gallery | None:
        """See `Engine.gallery`; with several goals, the front."""
        front = self.front()
        if front is None or not len(front[0]):
            return super().gallery()
        return Gallery(front[1], front[0].sum(axis=1))

    def statistics(self) -> dict[str, Any]:
        """Return the number of surviving parents, and the share of different individuals."""
        rows = self._asked()
        different = {row.tobytes() for row in rows}
        figures: dict[str, Any] = {"different": len(different) / len(rows)}
        if self._parents is not None:
            figures["survivors"] = len(self._parents)
        return figures

    def _state(self) -> State:
        state = State(self.ask().to_arrays()).inside("population")
        for name, told in (("parents", self._parents), ("fame", self._fame)):
            if told is not None:
                own = State(self._performers(told.rows).to_arrays()).inside("genomes")
                own |= State({"total": told.total, "goals": told.goals})
                state |= own.inside(name)
        return state

    def _restore(self, state: State) -> None:
        size, settings = self.settings.population.size, self.settings
        self._rows = self._checked(state.part("population"), size)
        plus = settings.algorithm.kind == "eaMuPlusLambda"
        for name, most in (("parents", settings.mu * plus), ("fame", settings.elites)):
            if name not in state.values:
                continue
            if not most:
                raise ValueError(f"{name} is not expected")
            part = state.part(name)
            total = part.array("total", np.float64, (None,))
            if len(total) > most or (name == "parents" and len(total) < most):
                raise ValueError(f"{name} must be {most}, got {len(total)}")
            goals = part.array("goals", np.float64, (len(total), None))
            width = goals.shape[1] if settings.select.needs_cases else 1
            if goals.shape[1] != max(1, width) or np.isnan(goals).any() or np.isnan(total).any():
                raise ValueError(f"{name} must have goals that are numbers")
            told = Told(self._checked(part.part("genomes"), len(total)), total, goals)
            setattr(self, f"_{name}", told)

    def _checked(self, state: State, count: int) -> NDArray[Any]:
        """Return saved rows, if they have the shape of the settings."""
        rows = self._rows_in(state)
        if rows.shape != (count, *self._coding.shape):
            raise ValueError(f"genomes must be {(count, *self._coding.shape)}, got {rows.shape}")
        return rows
