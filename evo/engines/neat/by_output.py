"""Credit by output: every output of the networks is bred separately.

A song on 13 keys is 13 problems. A higher sum of scores can hide a worse score at one key, and
selection on the sum has to accept both. Here a network is an assembly of parts, one per output
(`genomes.network.assembly`). A part is bred by the score of its own output only. This is
cooperative co-evolution (Potter & De Jong, "Cooperative coevolution", 2000) with outputs as
species. One evaluation of a network scores a variation of every output at once.

Of neat-python's sections only population size, inputs and outputs apply. Parts start unconnected,
with identity outputs, and vary by edits alone.

Breeding by scores (any fitness with scores by output). One generation, for each output:

1. Row 0 is the best part so far (elite), row 1 the parent. All other rows are the parent with one
   edit each.
2. The next parent merges the edits of the best improved children. The number of merged edits grows
   while merging pays, and halves when it does not. Then the elite is the next parent.
3. Elite and parent are copied, and the parent is edited once for each other row.

Breeding by lessons (a fitness that knows what should be played, `genomes.lessons`). A child
differs from its parent by one edit per output, and an edit changes an output at 3 % of the steps,
because few keys sound. So it is compared at these steps alone, by the squared hinge loss of its
output, and thousands of edits take the time of one evaluation. Between two evaluations there are
`rounds` of children (`genomes.network.assembly.rounds`); the population is the result, a single
network, which the fitness scores as any other.

If no edit has improved a part for some generations, it is annealed for one: in some songs only
several edits together correct a step. The champion is kept meanwhile.

With `Selection.weights`, such as -1 1, every weight is one of these. Few single edits improve such
a network, so edits are accepted one after the other by simulated annealing (Kirkpatrick, Gelatt &
Vecchi, "Optimization by simulated annealing", 1983), from `temperature` to a twentieth of it in
every generation. With strict thresholds no node has a bias: an output sounds, and a unit fires, if
the sum of its inputs is above 0.

`benchmarks/notes.md` has measurements.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evo.core.errors import BreedingError
from evo.core.scores import Scores
from evo.core.seeds import Role, stream
from evo.core.state import State
from evo.engines.neat.settings import NeatSettings
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.lessons import Lessons, Taught
from genomes.network.assembly.edited import EditedNetworks
from genomes.network.assembly.edits import Rates
from genomes.network.assembly.offspring import (
    Children,
    draw_children,
    merge_children,
    same_rows,
    sizes_of_parts,
    unedited,
)
from genomes.network.assembly.parts import Parts, silent
from genomes.network.assembly.reading import Reading
from genomes.network.assembly.rounds import Search, improve
from genomes.player import Player

ELITE, PARENT = 0, 1
# Growth factor and initial value of the number of merged edits.
_GROWTH, _FIRST_GATHERED = 1.3, 4.0
_PATIENCE = 3  # generations without an improvement before a part is shaken


@dataclass
class Modules:
    """Breeding of parts, and its state.

    Attributes:
        outputs: Outputs of a network.
        inputs: Inputs of a network.
        search: Edits, their number and their cost.
        freeze_below: Stop breeding an output by scores when its loss (negated score) is below this;
            0 for never.
        player: How networks are played.
        seed: Random seed of the run.
        gathered: Maximum number of siblings' edits to merge per output: float64 (outputs,).
        lessons: What should be played, if the fitness knows it.
        stalled: Generations since an edit improved each part, by lessons: int64 (outputs,).
        right: Which outputs of the population are right in all lessons; None if not known.
        exhausted: Whether all outputs of the last population were.
    """

    outputs: int
    inputs: int
    search: Search
    freeze_below: float
    player: Player | None
    seed: int
    gathered: FloatArray
    stalled: Indices
    lessons: Lessons | None = None
    right: BoolArray | None = None
    exhausted: bool = False
    _reading: Reading | None = field(default=None, repr=False)
    _population: EditedNetworks | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: NeatSettings, seed: int, player: Player | None) -> "Modules | None":
        """Return the initial breeding state, or None if `Modules.by_output` is off.

        Args:
            settings: The engine's settings.
            seed: Random seed of the run.
            player: How networks are played.
        """
        genome, own = settings.DefaultGenome, settings.Modules
        if not own.by_output:
            return None
        letters = np.array(settings.Selection.weights, np.float64)
        # Sums of whole weights are on from 1 and off from 0: half a unit on either side of 1/2.
        middle = 0.5 if len(letters) else 0.0
        return cls(
            genome.num_outputs,
            genome.num_inputs,
            Search(
                own.rates(letters),
                settings.NEAT.pop_size,
                own.rounds,
                own.parsimony,
                1.0 - middle,
                middle,
                own.temperature if len(letters) else 0.0,
            ),
            own.freeze_below,
            player,
            seed,
            np.full(genome.num_outputs, _FIRST_GATHERED),
            np.zeros(genome.num_outputs, np.int64),
        )

    @property
    def _rates(self) -> Rates:
        return self.search.rates

    def teach(self, taught: Taught) -> None:
        """Take what should be played, if networks read 0, 1, and 0 or -1 before the first step.

        Args:
            taught: What should be played.
        """
        player = self.player
        if player is None or not self.search.rounds or player.voices or player.threshold:
            return
        if (player.off, player.on) != (0.0, 1.0) or player.before_start not in (0.0, -1.0):
            return
        if not set(player.extra_inputs) <= {0.0, 1.0}:
            return
        rows = [
            player.input_rows(roll)[:, taught.prompt_steps :].astype(np.int8)
            for roll in taught.rolls
        ]
        wanted = [roll[taught.prompt_steps :].T for roll in taught.rolls]
        self.lessons = Lessons.of(np.concatenate(rows, axis=1), np.concatenate(wanted, axis=1))
        self._reading = Reading.of(self.lessons.inputs)

    def ask(self) -> EditedNetworks:
        """Return the population: silent networks at first, only one if there are lessons."""
        if self._population is None:
            parts = silent(self.inputs, self.outputs, 0.0 if len(self._rates.letters) else -1.0)
            count = 1 if self.lessons else self.search.children
            self._population = self.networks(parts, unedited(count, self.outputs))
        return self._population

    def networks(self, parts: Parts, children: Children) -> EditedNetworks:
        """Return the children of parts.

        Args:
            parts: The parents.
            children: Their children.
        """
        return EditedNetworks(parts, children, self._rates.strict, self.player)

    def tell(self, scores: Scores, generation: int) -> None:
        """Replace the population by the next one.

        Args:
            scores: Of the population.
            generation: The current generation.

        Raises:
            BreedingError: If there are neither lessons nor a score of every output.
        """
        key = stream(self.seed, Role.BREED, generation).integers(1 << 63, dtype=np.uint64)
        population = self.ask()
        if self.lessons is not None:
            if self.right is None:
                self.right = self._improved(population.parts, 0, key)[1]
            self.exhausted = bool(self.right.all())
            if not self.exhausted:
                parts, self.right = self._improved(population.parts, self.search.rounds, key)
                same = same_rows(population.parts, parts) & (self.stalled < _PATIENCE)
                self.stalled = np.where(same, self.stalled + 1, 0)
                self._population = self.networks(parts, unedited(1, self.outputs))
            return
        credit = scores.by_output
        if credit is None and not scores.ok.any():  # all individuals failed
            credit = np.full((len(scores), self.outputs), -np.inf)
        if credit is None or credit.shape[1] != self.outputs:
            raise BreedingError(
                "neat: Modules.by_output needs a fitness that scores every output by itself"
            )
        self._population = self._breed_by_scores(population, credit, key)

    def _improved(self, parts: Parts, rounds: int, key: np.uint64) -> tuple[Parts, BoolArray]:
        """Return parts after some rounds, and which outputs are right in all lessons."""
        assert self.lessons is not None
        assert self._reading is not None
        search = self.search._replace(rounds=rounds)
        shaken = self.stalled >= _PATIENCE
        parts, right, _ = improve(search, self._reading, self.lessons.wanted, parts, shaken, key)
        return parts, right

    def _breed_by_scores(
        self, population: EditedNetworks, credit: FloatArray, key: np.uint64
    ) -> EditedNetworks:
        n = len(credit)
        frozen = (credit.max(axis=0) > -self.freeze_below) & (self.freeze_below > 0)
        # For a frozen output only parts below the limit count.
        credit = np.where(frozen & (credit <= -self.freeze_below), -np.inf, credit)
        sizes = sizes_of_parts(population.written).reshape(-1, self.outputs)
        credit = credit - self.search.parsimony * sizes
        elites, parents, siblings = [], [], []
        for output in range(self.outputs):
            elite, parent, gains = self._select(output, credit[:, output])
            if frozen[output]:
                parent, gains = elite, gains[:0]
            elites.append(elite)
            parents.append(parent)
            siblings.append(gains)
        parts = merge_children(
            population.parts,
            population.children,
            np.array(elites, np.int64),
            np.array(parents, np.int64),
            np.concatenate(siblings),
            np.cumsum([0] + [len(gains) for gains in siblings], dtype=np.int64),
            self._rates,
        )
        rows = np.tile(np.arange(self.outputs, 2 * self.outputs), (n, 1))
        rows[ELITE] -= self.outputs
        edited = np.tile(~frozen, (n, 1))
        edited[: PARENT + 1] = False  # the elite and the parent stay as they are
        return self.networks(parts, draw_children(self._rates, parts, rows, edited, key))

    def _select(self, output: int, credit: FloatArray) -> tuple[int, int, Indices]:
        """Return elite, next parent, and the children to merge, best first."""
        elite = int(np.argmax(credit))
        if len(credit) == 1:
            return elite, elite, np.empty(0, np.int64)
        if credit[PARENT] < credit[ELITE] and elite == ELITE:
            # The merged edits conflict, and no child repaired that: return to the elite.
            self.gathered[output] = max(1.0, self.gathered[output] / 2)
            return ELITE, ELITE, np.empty(0, np.int64)
        if credit[PARENT] >= credit[ELITE]:
            self.gathered[output] = min(len(credit), self.gathered[output] * _GROWTH + 0.2)
        order = np.argsort(-credit, kind="stable")
        gains = order[credit[order] > credit[PARENT]]
        gains = gains[gains != ELITE]  # not a child of this parent
        return elite, PARENT, gains[: int(self.gathered[output])]

    def statistics(self) -> dict[str, Any]:
        """Return what can be right, and whether all of it is; see `Engine.statistics`."""
        lessons = self.lessons
        if lessons is None:
            return {}
        figures: dict[str, Any] = {"achievable": lessons.achievable, "lessons": lessons.steps}
        if self.right is not None:
            figures["outputs_right"] = int(self.right.sum())
        if self.exhausted:
            figures["exhausted"] = (
                f"{lessons.achievable:,} of {lessons.steps:,} steps can be right without memory, "
                "and are"
            )
        return figures

    def state(self) -> State:
        """Return everything but the population that the next one depends on."""
        return State({"gathered": self.gathered.copy(), "stalled": self.stalled.copy()})

    def restore(self, state: State) -> None:
        """Take population and state.

        Args:
            state: Population inside "population", and `state`.

        Raises:
            ValueError: If they do not fit.
        """
        population = EditedNetworks.from_arrays(state.part("population").arrays)
        expected = (self.inputs, self.outputs, self._rates.strict, self.player)
        if (
            population.inputs,
            population.outputs,
            population.strict,
            population.player,
        ) != expected:
            raise ValueError(
                f"population must be of {self.inputs} inputs and {self.outputs} outputs"
            )
        self.gathered = state.array("gathered", np.float64, (self.outputs,)).copy()
        self.stalled = state.array("stalled", np.int64, (self.outputs,)).copy()
        if not ((self.gathered >= 1) & (self.gathered <= 1e9)).all():
            raise ValueError("gathered must be numbers from 1")
        if not ((self.stalled >= 0) & (self.stalled <= _PATIENCE)).all():
            raise ValueError(f"stalled must be from 0 to {_PATIENCE}")
        self._population = population
