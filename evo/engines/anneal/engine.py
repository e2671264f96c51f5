"""Boolean formulas by annealed edits, or by selection on scores.

If the fitness says what should be played (`Engine.teach`), every generation continues a search by
lessons (`genomes.formula.search`). Each individual is a chain of its own, and each of its rule
lists a search of its own. The population has the best lists so far: individual 0 the best of every
key, the next the second best, and so on. Temperatures fall for `annealing.cooling` generations.
Then the search is heated again, from the best lists, and errors cost more. Once all lessons are
right it goes on to shrink them. So a run ends by the usual settings of [stop]: at the first exact
formula, or (the preset of memorize) when no shorter one has been found for some generations. The
champion is replaced by a shorter formula of the same score.

Otherwise scores select. The best formulas so far, or with scores by output the best rule list of
every key so far, are the parents (`pool`). The first child copies the best of them; the others are
drawn by tournament, combined and edited at random. Of equal scores the shorter formula is better.

Random numbers come from streams addressed by (seed, generation, list).
"""

from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, changed
from evo.core.state import State
from evo.engines.anneal.operators import FormulaOperators
from evo.engines.anneal.pool import Pool
from evo.engines.anneal.settings import AnnealSettings
from evo.engines.base import Champion, Engine
from evo.engines.operators import drawn_key
from evo.engines.own_functions import Functions
from genomes.arrays import FloatArray, Indices
from genomes.formula.edits import edit_lists
from genomes.formula.formulas import Formulas
from genomes.formula.lists import formulas_in
from genomes.formula.packing import PackedLessons, pack_lessons
from genomes.formula.search import search_lists
from genomes.lessons import Taught
from genomes.player import Player

MAX_CELLS = 4_000_000_000  # inputs times steps of the lessons


class Anneal(Engine[AnnealSettings]):
    """The engine for formulas; it needs a player to breed."""

    genome = Formulas
    kernels = (edit_lists, search_lists)
    settings_type = AnnealSettings
    population = "population.size"
    operators = FormulaOperators

    def __init__(
        self,
        settings: AnnealSettings | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        self._operators = FormulaOperators(self.settings, player)
        self._population: Formulas | None = None
        self._pool: Pool | None = None  # of surviving parents, where scores select
        self._lessons: PackedLessons | None = None
        self._chains: Formulas | None = None  # current formulas of the search by lessons
        self._wrong: Indices | None = None  # wrong steps of each list of the population

    @classmethod
    def of_shape(cls, settings: AnnealSettings, inputs: int, outputs: int) -> AnnealSettings:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: Inputs of the player.
            outputs: Keys.
        """
        return changed(settings, {"formula": {"inputs": inputs, "keys": outputs}}, "anneal")

    def teach(self, taught: Taught) -> None:
        """See `Engine.teach`.

        Args:
            taught: What should be played.

        Raises:
            InputError: If it does not fit into memory.
        """
        player = self._operators.player
        steps = sum(len(roll) for roll in taught.rolls) * (player.span if player.relative else 1)
        if player.inputs * steps > MAX_CELLS:
            raise InputError(
                f"{player.inputs:,} inputs at {steps:,} steps do not fit into memory; give fewer "
                "lags by --set formula.lags=..., or fewer songs"
            )
        self._lessons = pack_lessons(player.lessons(taught), self.settings.annealing.sounding)

    def ask(self) -> Formulas:
        """See `Engine.ask`."""
        if self._population is None:
            random = stream(self.seed, Role.INITIALISE)
            self._population = self._operators.first(self.settings.population.size, random)
        return self._population

    def _breed(self, scores: Scores) -> None:
        if self._lessons is not None:
            self._prefer_shorter(scores)
            self._anneal(self._lessons)
        else:
            self._select(scores)

    def _prefer_shorter(self, scores: Scores) -> None:
        """Replace the champion by a shorter formula of the same score."""
        champion, population = self.champion, self.ask()
        if champion is None:
            return
        sizes = population.sizes()[:, :, 1].sum(axis=1)
        equal = scores.ok & (scores.total == champion.score)
        sizes = np.where(equal, sizes, np.iinfo(np.int64).max)
        best, current = int(sizes.argmin()), champion.performers
        assert isinstance(current, Formulas)
        if sizes[best] < len(current.literal):
            self.champion = Champion(population.take([best]), champion.score, self.generation)

    def _anneal(self, lessons: PackedLessons) -> None:
        """Continue the search by lessons; the population becomes the best lists so far."""
        settings, operators = self.settings, self._operators
        best = operators.lists(self.ask())
        goes_on = self.generation % settings.annealing.cooling > 0
        kept = self._chains if goes_on else None
        chains = best.copy() if kept is None else operators.lists(kept)
        key = drawn_key(stream(self.seed, Role.BREED, self.generation))
        rates = settings.annealing_rates(self.generation)
        if self._wrong is None:  # nothing was searched yet
            none = np.zeros(len(best.counts), np.int64)
            self._wrong = search_lists(lessons, rates, none, chains, best, key)
        edits = settings.shared_edits(
            self._costs(self._wrong, rates.error), len(lessons.offsets) - 1
        )
        self._wrong = search_lists(lessons, rates, edits, chains, best, key)
        self._population = formulas_in(best, operators.player)
        lists = operators.player.lists
        order = np.argsort(self._costs(self._wrong, rates.error), axis=0, kind="stable")
        ranked = (order * lists + np.arange(lists)).ravel()
        self._population = self._population.take_lists(ranked)
        self._chains = formulas_in(chains, operators.player).take_lists(ranked)
        self._wrong = self._wrong[ranked]

    def _costs(self, wrong: Indices, error: float) -> FloatArray:
        """Return the costs of the population's lists: float64 (n, lists)."""
        sizes = self.ask().sizes()[:, :, 1]
        return np.asarray(error * wrong.reshape(sizes.shape) + sizes, np.float64)

    def _select(self, scores: Scores) -> None:
        """Breed children of the best formulas so far."""
        settings, size = self.settings, self.settings.population.size
        random = stream(self.seed, Role.BREED, self.generation)
        pool = Pool.of(self.ask(), scores, settings.variation.by_output)
        if not scores.ok.any():
            pool = self._pool or pool
        else:
            known = self._pool
            if known is not None and known.scores.shape[1] == pool.scores.shape[1]:
                pool = pool.joined(known)
            pool = self._pool = pool.survivors(settings.population.parents)
        children = self._crossed(pool, size, random)
        edits = self._operators.edits(size, random)
        if scores.ok.any():
            children[0], edits[: children.shape[1]] = np.arange(children.shape[1]), 0
        parents = self._operators.lists(pool.formulas.take_lists(children.ravel()))
        self._population = self._operators.edited(parents, edits, random)

    def _crossed(self, pool: Pool, count: int, random: np.random.Generator) -> Indices:
        """Return the lists of children: int64 (count, lists), indices of lists in the pool."""
        table, lists = self.settings.variation, pool.formulas.lists
        rivals = (count, 2, table.tournament_size)
        parents = random.integers(0, len(pool.scores), rivals).min(axis=2)
        crossed = (random.random(count) < table.crossover)[:, None]
        second = crossed & (random.random((count, lists)) < 0.5)
        chosen = np.where(second, parents[:, 1:], parents[:, :1])
        return np.asarray(chosen * lists + np.arange(lists), np.int64)

    def _forget(self) -> None:
        self._pool = None

    def statistics(self) -> dict[str, Any]:
        """Return literals and rules per formula, of the first and on average, and wrong steps."""
        sizes = self.ask().sizes().sum(axis=1)
        figures: dict[str, Any] = {
            "literals": int(sizes[0, 1]),
            "mean_literals": float(sizes[:, 1].mean()),
            "mean_rules": float(sizes[:, 0].mean()),
        }
        if self._pool is not None:
            figures["survivors"] = len(self._pool.scores)
        if self._wrong is not None:
            figures["wrong"] = int(self._wrong[: self._operators.player.lists].sum())
        return figures

    def _state(self) -> State:
        state = State(self.ask().to_arrays()).inside("population")
        if self._pool is not None:
            kept = State(self._pool.formulas.to_arrays()).inside("formulas")
            state |= (kept | State({"scores": self._pool.scores})).inside("pool")
        if self._chains is not None and self._wrong is not None:
            kept = State(self._chains.to_arrays()).inside("formulas")
            state |= (kept | State({"wrong": self._wrong})).inside("chains")
        return state

    def _restore(self, state: State) -> None:
        size = self.settings.population.size
        self._population = self._checked(state.part("population"), size)
        lists = self._operators.player.lists
        if "pool" in state.values:
            part = state.part("pool")
            scores = part.array("scores", np.float64, (None, None))
            if scores.shape[1] not in (1, lists) or np.isnan(scores).any() or not len(scores):
                raise ValueError("pool must have scores that are numbers, 1 or one per list")
            formulas = self._checked(part.part("formulas"), len(scores))
            self._pool = Pool(formulas, scores)
        if "chains" in state.values:
            part = state.part("chains")
            self._chains = self._checked(part.part("formulas"), size)
            self._wrong = part.array("wrong", np.int64, (size * lists,))
            if ((self._wrong < 0) | (self._wrong > 1 << 40)).any():
                raise ValueError("wrong must be numbers of steps")

    def _checked(self, state: State, count: int) -> Formulas:
        """Return saved formulas, if they fit the settings."""
        formulas = Formulas.from_arrays(state.arrays)
        if formulas.player != self._operators.player or len(formulas) != count:
            raise ValueError(f"formulas must be {count} of the player of the settings")
        self._operators.lists(formulas)  # they have room
        return formulas
