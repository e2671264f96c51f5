"""DEAP's genetic programming over formulas.

An individual is a list of `gp.PrimitiveTree`, one per key (`evo.engines.deap.trees`). Crossover and
mutation are those of `deap.gp`, at some of the trees. A child's tree that would have too many rules
is replaced by its parent's, as DEAP's `staticLimit` does. With `mutate.kind` edits, the mutation is
a random edit of the engine anneal.
"""

import copy
import random as global_draws
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import InputError
from evo.core.settings import Changes, changed
from evo.core.state import State
from evo.engines.anneal.operators import FormulaOperators
from evo.engines.anneal.settings import AnnealSettings
from evo.engines.anneal.settings import Population as AnnealPopulation
from evo.engines.deap.engine import Deap
from evo.engines.deap.individuals import Coding
from evo.engines.deap.settings import DeapFormulaSettings
from evo.engines.deap.trees import TooLargeError, TreeCoding, Trees
from evo.engines.own_functions import Functions
from genomes.base import Performers
from genomes.formula.edits import edit_lists
from genomes.formula.formulas import Formulas
from genomes.formula.lists import Lists, formulas_in, lists_of
from genomes.player import Player


class FormulaDeap(Deap[DeapFormulaSettings]):
    """The engine deap for formulas."""

    genome = Formulas
    settings_type = DeapFormulaSettings
    kernels = (edit_lists,)

    def __init__(
        self,
        settings: DeapFormulaSettings | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        given = settings if isinstance(settings, DeapFormulaSettings) else None
        table = given or changed(DeapFormulaSettings(), settings)  # type: ignore[arg-type]
        population = AnnealPopulation(size=table.population.size)
        own = AnnealSettings(formula=table.formula, population=population)
        self._own = FormulaOperators(own, player)
        super().__init__(settings, seed=seed, player=player, functions=functions)

    @classmethod
    def of_shape(
        cls, settings: DeapFormulaSettings, inputs: int, outputs: int
    ) -> DeapFormulaSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs of the player.
            outputs: Keys.
        """
        return changed(settings, {"formula": {"inputs": inputs, "keys": outputs}}, "deap-formula")

    def _keys(self) -> int:
        return self.settings.formula.keys

    def _coded(self) -> Coding:
        if self.settings.population.individual == "array":
            raise InputError("deap: population.individual must be list: formulas are trees")
        shape = self.settings.formula
        lists = shape.keys if self.player is None else self._own.player.lists
        self._trees = Trees(shape.inputs, shape.rules, shape.literals)
        return TreeCoding.of(lists, shape.rules, self._trees, shape.literals)

    def _limited(self, operator: Callable[..., Any], share: float) -> Callable[..., Any]:
        """Return an operator of some trees of each individual, within the limit of rules."""

        def operate(*parents: Any) -> tuple[Any, ...]:
            count = len(parents[0])
            chosen = [place for place in range(count) if global_draws.random() < share]
            for place in chosen or [global_draws.randrange(count)]:
                made = operator(*(copy.deepcopy(one[place]) for one in parents))
                for one, tree in zip(parents, made, strict=True):
                    if self._fits(tree):
                        one[place] = tree
            return parents

        return operate

    def _fits(self, tree: Any) -> bool:
        try:
            self._trees.rules(tree)
        except (TooLargeError, RecursionError):
            return False
        return True

    def _mate(self) -> Callable[..., Any]:
        from deap import gp

        mate = self.settings.mate
        cross: Callable[..., Any] = getattr(gp, mate.kind)
        if mate.kind == "cxOnePointLeafBiased":
            cross = partial(cross, termpb=mate.termpb)
        return self._limited(cross, mate.indpb)

    def _mutate(self) -> Callable[..., Any]:
        from deap import gp

        table, pset = self.settings.mutate, self._trees.pset
        if table.kind == "edits":
            return self._edited
        change: Callable[..., Any] = getattr(gp, table.kind)
        if table.kind == "mutUniform":
            grow = partial(gp.genFull, min_=0, max_=table.height)
            change = partial(change, expr=grow, pset=pset)
        elif table.kind != "mutShrink":
            change = partial(change, pset=pset)
        return self._limited(change, table.indpb)

    def _edited(self, individual: Any) -> tuple[Any]:
        """Apply random edits of the engine anneal to an individual."""
        random = np.random.default_rng(global_draws.getrandbits(64))
        rows = self._coding.row(individual)[None]
        formulas = self._performers(rows)
        assert isinstance(formulas, Formulas)
        edited = self._own.mutants(formulas, 1, random, 1.0)
        individual[:] = self._coding.individual(type(individual), self._coded_rows(edited)[0])
        return (individual,)

    def _first(self, random: np.random.Generator) -> NDArray[Any]:
        return self._coded_rows(self._own.first(self.settings.population.size, random))

    def _coded_rows(self, formulas: Formulas) -> NDArray[Any]:
        """Return formulas as rows of the population."""
        shape = self.settings.formula
        lists = lists_of(formulas, shape.rules, shape.literals)
        used = np.arange(shape.rules) < lists.counts[:, None]
        within = np.arange(shape.literals) < (lists.sizes * used)[:, :, None]
        rows = np.zeros((len(used), shape.rules, 1 + shape.literals), np.int32)
        rows[:, :, 0] = np.where(used, np.where(lists.adds, 1, 2), 0)
        rows[:, :, 1:] = np.where(within, lists.literals + 1, 0)
        return rows.reshape(-1, *self._coding.shape)

    def _performers(self, rows: NDArray[Any]) -> Performers:
        tables = rows.reshape(-1, *self._coding.shape[1:])
        lists = Lists(
            np.maximum(tables[:, :, 1:] - 1, 0),
            (tables[:, :, 1:] > 0).sum(axis=2),
            tables[:, :, 0] == 1,
            (tables[:, :, 0] > 0).sum(axis=1),
        )
        return formulas_in(lists, self._own.player)

    def _rows_in(self, state: State) -> NDArray[Any]:
        saved = Formulas.from_arrays(state.arrays)
        if saved.player != self._own.player:
            raise ValueError("formulas must be of the player of the settings")
        return self._coded_rows(saved)

    def statistics(self) -> dict[str, Any]:
        """Return the engine's figures, and mean literals per formula."""
        rows = self._asked()
        literals = int((rows[:, :, :, 1:] > 0).sum()) / len(rows)
        return super().statistics() | {"mean_literals": literals}
