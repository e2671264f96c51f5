"""The guessing game against guessers that are bred too, so that the goal keeps moving.

Two populations: the performers of the run, and guessers, any performers that follow what was
played and say the next key. Half of a performer's score is gap-resolve by the ears of
`evo.fitness.guessing.game`, which do not change; the other half is the same by further ears,

- the rivals: the guessers that guessed the best pieces best of late;
- some guessers of the hall of fame.

Once a generation the guessers are judged by how much they guess of the best pieces just played, and
of some pieces from a hall of fame of their own, and bred by an engine that the fitness is handed.
Each hall takes the best of its side now and then and forgets nobody: without it two populations go
round in circles, each losing what it has no use for at the time (Rosin & Belew, "New methods for
competitive coevolution", 1997; the idea of parasites that keep a search from resting is Hillis's,
"Co-evolving parasites improve simulated evolution as an optimization procedure", 1990).

A bred guesser says what is worth knowing of the past, and what that means is learned while it
listens (`evo.fitness.guessing.read_out`). One that did not learn while it listened knew some
pieces by heart, and heard all others as noise: what it missed was its own blind spot, and by ears
that they had not met, late champions beat early ones in five of eight runs. With what is learned,
and six guessers of the hall instead of three, they did in ten of ten; with three, in ten of
fourteen.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import Count, Finite, State
from evo.fitness.guessing.game import MOST_GAP, Guessing, gap, guided, resolve
from evo.fitness.guessing.predictors import listen
from evo.fitness.guessing.read_out import hits_of
from evo.fitness.guessing.symbols import Symbols, rolls_of, symbols_of
from genomes.arrays import FloatArray
from genomes.base import Performers

OPPONENTS_SHARE = 0.5  # of the score


class Breeder(Protocol):
    """What breeds the guessers; an engine is one."""

    def ask(self) -> Performers:
        """This generation's guessers."""

    def tell(self, scores: Scores) -> None:
        """Their scores, in their order."""

    def forget(self) -> None:
        """What was told before is no measure of what will be."""

    def state(self) -> State:
        """Everything the next `ask` depends on."""


class CoevolvedGuessing(Guessing):
    """See the module's docstring.

    `breeder` makes the breeder of the guessers, new for None or restored from its state. Of the
    present there are `rivals` pieces that guessers are judged by, and as many guessers that
    performers are, and of the past up to `remembered` of each. Every `every` generations the
    opponents are chosen anew and the halls of fame take one each.
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
        self.pieces = np.empty((0, steps), np.int64)  # the performers' hall of fame
        self.guessed: float | None = None  # share of the best pieces' steps, by the best guesser

    def __getstate__(self) -> dict[str, Any]:
        """What travels to workers: the opponents, not the breeding."""
        packed = [(type(one), one.to_arrays()) for one in self.opponents]
        left_behind: dict[str, Any] = {
            "_make_breeder": None,
            "_breeder": None,
            "hall": [],
            "pieces": None,
        }
        return vars(self) | left_behind | {"opponents": packed}

    def __setstate__(self, values: dict[str, Any]) -> None:
        opponents = [kind.from_arrays(arrays) for kind, arrays in values["opponents"]]
        self.__dict__.update(values | {"opponents": opponents})

    def cases(self, symbols: Symbols) -> FloatArray:
        """What the panel's ears, then the opponents, make of pieces: float64 (n, ears)."""
        losses, _ = listen(symbols, self.keys + 1)
        order = gap(losses, MOST_GAP).mean(axis=0)
        of_opponents = [
            guided(order, resolve(hits)) for hits in self._hits_of(self.opponents, symbols)
        ]
        by_panel, by_opponents = super().cases(symbols), np.stack(of_opponents, axis=1)
        # The parts' weights in the mean do not depend on how many opponents there are.
        ears = by_panel.shape[1] + by_opponents.shape[1]
        by_panel *= (1 - OPPONENTS_SHARE) * ears / by_panel.shape[1]
        by_opponents *= OPPONENTS_SHARE * ears / by_opponents.shape[1]
        return np.concatenate([by_panel, by_opponents], axis=1)

    def _hits_of(self, guessers: list[Performers], symbols: Symbols) -> NDArray[np.bool_]:
        """Which steps of pieces (n, steps) each guesses: bool (guessers, n, steps)."""
        hits = np.empty((len(guessers), *symbols.shape), np.bool_)
        for i, piece in enumerate(symbols):
            grid = rolls_of(piece, self.keys)
            for place, guesser in enumerate(guessers):
                hits[place, i] = hits_of(guesser.follow(grid), piece, self.keys + 1)[0]
        return hits

    def figures(self, performers: Performers) -> dict[str, Any]:
        """The figures of `Guessing`, and of both sides.

        opponents_accuracy  share of the steps that the opponents guess, mean over them
        guessers_best       share of its generation's best pieces that the best guesser guessed
        guessers_remembered how many the hall of fame holds
        """
        piece = symbols_of(self.play(performers))
        return super().figures(performers) | {
            "opponents_accuracy": round(float(self._hits_of(self.opponents, piece).mean()), 3),
            "guessers_best": self.guessed,
            "guessers_remembered": len(self.hall),
        }

    def learn(self, performers: Performers, scores: Scores, generation: int) -> None:
        """Breed the guessers on what was played best; see `evo.fitness.LearningFitness`."""
        best = np.argsort(-scores.total, kind="stable")[: self.rivals]
        best = best[scores.ok[best]]
        if not len(best):
            return
        random = stream(self.seed, Role.TRAIN, generation)
        played = symbols_of(self.play(performers.take(best)))
        pieces = np.concatenate([played, self.pieces[self._some(len(self.pieces), random)]])
        guessers = self._breeder.ask()
        judged = self._judge(guessers, pieces)
        order = np.argsort(-judged.total, kind="stable")
        self.guessed = round(float(judged.cases[order[0], : len(best)].mean()), 3)  # type: ignore[index]
        # The pieces differ from those of the generation before.
        self._breeder.forget()
        self._breeder.tell(judged)
        if generation % self.every == 0:
            # Seldom enough that performers can answer.
            past = [self.hall[place] for place in self._some(len(self.hall), random)]
            self.opponents = _each(guessers, order[: self.rivals]) + past
            self.hall += _each(guessers, order[:1])
            self.pieces = np.concatenate([self.pieces, played[:1]])

    def _some(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Places in a hall of fame of so many."""
        return random.permutation(count)[: self.remembered]

    def _judge(self, guessers: Performers, pieces: Symbols) -> Scores:
        """Scores of guessers: share of hits, a case a piece, and by output the loss of each key.

        The loss is a squared hinge, which says more than hits to whoever breeds key by key.
        """
        shares = np.empty((len(guessers), len(pieces)))
        losses = np.zeros((len(guessers), self.keys))
        for place, piece in enumerate(pieces):
            grid = rolls_of(piece, self.keys)
            said = guessers.follow(grid)
            shares[:, place] = hits_of(said, piece, self.keys + 1).mean(axis=1)
            short = np.maximum(1.0 - np.where(grid, said, -said), 0.0)
            losses += (short**2).sum(axis=1)
        return Scores.of(shares.mean(axis=1), shares, -losses)

    def state(self) -> State:
        """See `evo.fitness.LearningFitness`."""
        values = {
            "hall": len(self.hall),
            "opponents": len(self.opponents),
            "guessed": self.guessed,
        }
        state = State({"pieces": self.pieces.copy()}, values)
        state |= self._breeder.state().inside("breeder")
        for name, batches in (("hall", self.hall), ("opponents", self.opponents)):
            for place, one in enumerate(batches):
                state |= State(one.to_arrays()).inside(f"{name}-{place}")
        return state

    def restore(self, state: State) -> None:
        """See `evo.fitness.LearningFitness`; ValueError for a state that is of no such game."""
        pieces = state.array("pieces", np.int64, (None, self.steps))
        if pieces.size and not 0 <= pieces.min() <= pieces.max() <= self.keys:
            raise ValueError(f"pieces must hold symbols from 0 to {self.keys}")
        hall, opponents = state.value("hall", Count), state.value("opponents", Count)
        if hall != len(pieces):
            raise ValueError(f"hall must be {len(pieces)}, one guesser a piece, got {hall}")
        wanted = self.rivals + min(self.remembered, max(0, hall - 1))
        if opponents != wanted:
            raise ValueError(f"opponents must be {wanted}, got {opponents}")
        breeder = self._make_breeder(state.part("breeder"))
        kind = type(breeder.ask())
        batches = {
            name: [kind.from_arrays(state.part(f"{name}-{n}").arrays) for n in range(count)]
            for name, count in (("hall", hall), ("opponents", opponents))
        }
        for name, found in batches.items():
            if any(len(one) != 1 for one in found):
                raise ValueError(f"{name} must be batches of one guesser each")
        self._breeder, self.pieces = breeder, pieces.copy()
        self.hall, self.opponents = batches["hall"], batches["opponents"]
        self.guessed = state.value("guessed", Finite | None)


def _each(performers: Performers, places: Any) -> list[Performers]:
    """Batches of one."""
    return [performers.take([int(place)]) for place in places]
