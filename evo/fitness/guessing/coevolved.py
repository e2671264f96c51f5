"""The guessing game against predictors that are bred too.

So the goal keeps moving. There are two populations: the performers of the run, and predictors. A
predictor is any performer that follows a piece and outputs the next key. Half of a performer's
score is gap-resolve by the fixed panel of `evo.fitness.guessing.game`. The other half is the same
by opponents:

- the rivals: the bred predictors that recently guessed the best pieces best;
- some predictors of the hall of fame.

Once per generation the predictors are scored by how much they guess of the best pieces just played,
and of some pieces from a second hall of fame. An engine, given to the fitness, breeds them. Each
hall regularly adds the best of its side, and never drops one. Without halls, two populations cycle:
each loses the skills that are useless at the time (Rosin & Belew, "New methods for competitive
coevolution", 1997). Parasites that keep a search moving are Hillis's idea ("Co-evolving parasites
improve simulated evolution as an optimization procedure", 1990).

The outputs of a bred predictor are features; their meaning is learned online
(`evo.fitness.guessing.read_out`). Predictors without online learning memorised some pieces and
missed all others: by predictors new to both sides, late champions beat early ones in five of eight
runs. With online learning and six predictors of the hall instead of three, they did in ten of ten;
with three, in ten of fourteen.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import Count, Finite, State
from evo.fitness.guessing.game import Guessing, guided, order, resolve
from evo.fitness.guessing.online_predictors import predict
from evo.fitness.guessing.read_out import hits_of
from evo.fitness.guessing.symbols import Symbols, alphabet_of, rolls_of, symbols_of
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.base import Performers

OPPONENTS_SHARE = 0.5  # of the score


class Breeder(Protocol):
    """Breeds the predictors; every engine is one."""

    def ask(self) -> Performers:
        """Return this generation's predictors."""

    def tell(self, scores: Scores) -> None:
        """Take their scores, in their order."""

    def forget(self) -> None:
        """Discard earlier scores, which are not comparable with later ones."""

    def state(self) -> State:
        """Return everything that the next `ask` depends on."""


class CoevolvedGuessing(Guessing):
    """Score performers by how a fixed panel and bred opponents guess them.

    Args:
        keys: Keys of the instrument.
        steps: Steps that are played and scored.
        breeder: Makes the breeder of the predictors, new for None or restored from its state.
        seed: Random seed of the run.
        rivals: Number of best pieces that score predictors, and of best predictors that score
            performers.
        remembered: Maximum number of additional ones from each hall of fame.
        every: Generations between new opponents; each hall then adds one.

    Raises:
        ValueError: For numbers below their minimum.
    """

    reusable = False

    def __init__(
        self,
        *,
        keys: int,
        steps: int,
        breeder: Callable[[State | None], Breeder],
        seed: int,
        rivals: int = 3,
        remembered: int = 6,
        every: int = 5,
    ) -> None:
        super().__init__(keys=keys, steps=steps)
        if rivals < 1 or remembered < 0 or every < 1:
            raise ValueError(
                f"rivals and every must be at least 1 and remembered 0, got {rivals}, {every} "
                f"and {remembered}"
            )
        self.seed, self.rivals, self.remembered, self.every = seed, rivals, remembered, every
        self._make_breeder = breeder
        self._breeder = breeder(None)
        # Batches of one each.
        self.hall: list[Performers] = []
        self.opponents = _each(self._breeder.ask(), range(rivals))
        self.pieces = np.empty((0, steps), np.int64)  # the performers' hall of fame, (n, steps)
        self.guessed: float | None = None  # of the best pieces' steps, by the best predictor

    def __getstate__(self) -> dict[str, Any]:
        """Return the values for workers: the opponents, without the breeding."""
        packed = [(type(opponent), opponent.to_arrays()) for opponent in self.opponents]
        excluded: dict[str, Any] = {
            "_make_breeder": None,
            "_breeder": None,
            "hall": [],
            "pieces": None,
        }
        return vars(self) | excluded | {"opponents": packed}

    def __setstate__(self, values: dict[str, Any]) -> None:
        opponents = [kind.from_arrays(arrays) for kind, arrays in values["opponents"]]
        self.__dict__.update(values | {"opponents": opponents})

    def cases(self, symbols: Symbols) -> FloatArray:
        """Return a score per predictor, the panel's first, then the opponents'.

        Args:
            symbols: Pieces, int64 (n, steps).

        Returns:
            float64 (n, panel and opponents).
        """
        losses, _ = predict(symbols, alphabet_of(self.keys))
        shares = order(losses, symbols, self.keys).mean(axis=1)
        of_opponents = [
            guided(shares, resolve(hits)) for hits in self._hits_of(self.opponents, symbols)
        ]
        by_panel, by_opponents = super().cases(symbols), np.stack(of_opponents, axis=1)
        # The parts' weights in the mean do not depend on how many opponents there are.
        count = by_panel.shape[1] + by_opponents.shape[1]
        by_panel *= (1 - OPPONENTS_SHARE) * count / by_panel.shape[1]
        by_opponents *= OPPONENTS_SHARE * count / by_opponents.shape[1]
        return np.concatenate([by_panel, by_opponents], axis=1)

    def _hits_of(self, predictors: list[Performers], symbols: Symbols) -> BoolArray:
        """Return which steps each predictor guesses: bool (predictors, n, steps)."""
        hits = np.empty((len(predictors), *symbols.shape), np.bool_)
        for i, piece in enumerate(symbols):
            grid = rolls_of(piece, self.keys)
            for index, predictor in enumerate(predictors):
                hits[index, i] = hits_of(predictor.follow(grid), piece, alphabet_of(self.keys))[0]
        return hits

    def figures(self, performers: Performers) -> dict[str, Any]:
        """Return the figures of `Guessing`, and of both sides.

        Args:
            performers: A batch of one.

        Returns:
            opponents_accuracy  share of the steps that the opponents guess, mean over them
            guessers_best       share of the generation's best pieces that the best predictor
            guesses guessers_remembered size of the hall of fame
        """
        piece = symbols_of(self.play(performers))
        return super().figures(performers) | {
            "opponents_accuracy": round(float(self._hits_of(self.opponents, piece).mean()), 3),
            "guessers_best": self.guessed,
            "guessers_remembered": len(self.hall),
        }

    def learn(self, performers: Performers, scores: Scores, generation: int) -> None:
        """Breed the predictors on the best pieces; see `LearningFitness.learn`.

        Args:
            performers: The population.
            scores: Its scores, in its order.
            generation: The current generation.
        """
        best = np.argsort(-scores.total, kind="stable")[: self.rivals]
        best = best[scores.ok[best]]
        if not len(best):
            return
        random = stream(self.seed, Role.TRAIN, generation)
        played = symbols_of(self.play(performers.take(best)))
        pieces = np.concatenate([played, self.pieces[self._sample(len(self.pieces), random)]])
        predictors = self._breeder.ask()
        judged = self._judge(predictors, pieces)
        order = np.argsort(-judged.total, kind="stable")
        self.guessed = round(float(judged.cases[order[0], : len(best)].mean()), 3)  # type: ignore[index]
        # The pieces differ from those of the generation before.
        self._breeder.forget()
        self._breeder.tell(judged)
        if generation % self.every == 0:
            # Seldom enough that performers can answer.
            past = [self.hall[index] for index in self._sample(len(self.hall), random)]
            self.opponents = _each(predictors, order[: self.rivals]) + past
            self.hall += _each(predictors, order[:1])
            self.pieces = np.concatenate([self.pieces, played[:1]])

    def _sample(self, count: int, random: np.random.Generator) -> Indices:
        """Return random indices into a hall of fame of this size."""
        return random.permutation(count)[: self.remembered]

    def _judge(self, predictors: Performers, pieces: Symbols) -> Scores:
        """Return the predictors' scores.

        The total is the share of hits, with a case per piece. The scores per output are negated
        squared hinge losses of each key, a finer measure than hits for breeding key by key.
        """
        shares = np.empty((len(predictors), len(pieces)))
        losses = np.zeros((len(predictors), 2 * self.keys))
        for index, piece in enumerate(pieces):
            grid = rolls_of(piece, self.keys)
            outputs = predictors.follow(grid)
            shares[:, index] = hits_of(outputs, piece, alphabet_of(self.keys)).mean(axis=1)
            short = np.maximum(1.0 - np.where(grid, outputs, -outputs), 0.0)
            losses += (short**2).sum(axis=1)
        return Scores.of(shares.mean(axis=1), shares, -losses)

    def state(self) -> State:
        """See `evo.fitness.base.LearningFitness`."""
        values = {
            "hall": len(self.hall),
            "opponents": len(self.opponents),
            "guessed": self.guessed,
        }
        state = State({"pieces": self.pieces.copy()}, values)
        state |= self._breeder.state().inside("breeder")
        for name, batches in (("hall", self.hall), ("opponents", self.opponents)):
            for index, batch in enumerate(batches):
                state |= State(batch.to_arrays()).inside(f"{name}-{index}")
        return state

    def restore(self, state: State) -> None:
        """Restore a state of this game; see `evo.fitness.base.LearningFitness`.

        Raises:
            ValueError: For the state of another game.
        """
        pieces = state.array("pieces", np.int64, (None, self.steps))
        if pieces.size and not 0 <= pieces.min() <= pieces.max() < alphabet_of(self.keys):
            raise ValueError(f"pieces must hold symbols from 0 to {alphabet_of(self.keys) - 1}")
        hall, opponents = state.value("hall", Count), state.value("opponents", Count)
        if hall != len(pieces):
            raise ValueError(f"hall must be {len(pieces)}, one predictor per piece, got {hall}")
        expected = self.rivals + min(self.remembered, max(0, hall - 1))
        if opponents != expected:
            raise ValueError(f"opponents must be {expected}, got {opponents}")
        breeder = self._make_breeder(state.part("breeder"))
        kind = type(breeder.ask())
        batches = {
            name: [kind.from_arrays(state.part(f"{name}-{n}").arrays) for n in range(count)]
            for name, count in (("hall", hall), ("opponents", opponents))
        }
        for name, found in batches.items():
            if any(len(batch) != 1 for batch in found):
                raise ValueError(f"{name} must be batches of one predictor each")
        self._breeder, self.pieces = breeder, pieces.copy()
        self.hall, self.opponents = batches["hall"], batches["opponents"]
        self.guessed = state.value("guessed", Finite | None)


def _each(performers: Performers, indices: Any) -> list[Performers]:
    """Return the chosen performers as batches of one."""
    return [performers.take([int(index)]) for index in indices]
