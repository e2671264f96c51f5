"""Keep one or two poles on a cart upright: the fitness, its starts and its tests.

The tasks and all numbers are those of Stanley & Miikkulainen, "Evolving neural networks through
augmenting topologies" (2002), section 4:

- With velocities. The score is the number of steps until failure. The task is solved by
  100,000 steps.
- Without velocities. A network could balance by swinging the cart, so the score rewards a calm
  cart (Gruau, Whitley & Pyeatt, "A comparison between cellular encoding and direct encoding for
  genetic neural networks", 1996). Over 1,000 steps it is 0.1 f1 + 0.9 f2. f1 is the share of steps
  balanced. f2 is 0.75 / the sum of |position|, |velocity|, |angle 1| and |its velocity| over the
  last 100 steps, and 0 if no more than 100 steps were balanced. The task is solved by a champion
  that balances for 100,000 steps, and then for 1,000 steps from at least 200 of 625 starts.

Every episode begins with the first pole 0.07 radians (4 degrees) from upright, everything else 0.
An episode fails when the cart leaves its track, or a pole is more than 36 degrees from upright (12
degrees with one pole, as in Barto, Sutton & Anderson, 1983).
"""

import itertools
import math
from typing import Any, Literal, Protocol, get_args

import numpy as np

from evo.core.scores import Scores
from evo.fitness.base import check_shape
from evo.fitness.pole.episodes import WINDOW, Cart, run_episodes
from evo.fitness.pole.physics import STATE
from genomes.arrays import FloatArray, Indices
from genomes.base import Streams
from genomes.network.activation import Program
from genomes.network.stepper import blocks_of, check_time

Output = Literal["sigmoid", "tanh"]

STARTS_NEEDED = 200  # of the generalisation test, 625 in all

_ANGLE = 0.07
_BOUNDS = {1: math.radians(12), 2: math.radians(36)}
_CALM = 0.75
_SHARE_OF_CALM = 0.9
# The generalisation test has all combinations of these shares of the ranges.
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_RANGES = (2.16, 1.35, math.radians(3.6), math.radians(8.6))


class Controllers(Protocol):
    """The methods that this task needs of a genome kind."""

    inputs: int
    outputs: int

    def __len__(self) -> int:
        """Return the number of individuals."""

    @property
    def program(self) -> Program:
        """The batch compiled for activation."""


class PoleBalancing:
    """Scores networks that control a cart; see the module's docstring.

    Attributes:
        inputs: Inputs of a network: position and angle, or position, velocity, angle and its
            velocity, with a second angle of two poles.
        outputs: 1, the force: full to the left at 0 (-1 for tanh), full to the right at 1.
    """

    reusable = True
    kernels = (run_episodes,)
    outputs = 1

    def __init__(
        self,
        poles: int = 2,
        velocities: bool = True,
        output: Output = "sigmoid",
        steps: int = 100_000,
        short_steps: int = 1000,
    ) -> None:
        """Choose a task.

        Args:
            poles: 1 or 2.
            velocities: Whether velocities are inputs.
            output: Activation of the output. It is from 0 to 1 for "sigmoid", from -1 to 1 for
                "tanh"; at the middle there is no force.
            steps: Steps that solve the task.
            short_steps: Steps of a scored episode without velocities, and of each start of the
                generalisation test.

        Raises:
            ValueError: For other numbers of poles or activations, or too few steps.
        """
        if poles not in _BOUNDS:
            raise ValueError(f"poles must be 1 or 2, got {poles}")
        if output not in get_args(Output):
            raise ValueError(f"output must be sigmoid or tanh, got {output!r}")
        if min(steps, short_steps) <= WINDOW:
            raise ValueError(
                f"steps and short_steps must be above {WINDOW}, got {steps} and {short_steps}"
            )
        self.steps, self.short_steps = steps, short_steps
        self._cart = Cart(poles, velocities, _BOUNDS[poles], output == "tanh")
        self.inputs = (1 + poles) * (2 if velocities else 1)

    @property
    def start(self) -> FloatArray:
        """The state at the beginning of an episode: float64 (1, 6)."""
        state = np.zeros((1, STATE))
        state[0, 2] = _ANGLE
        return state

    def evaluate(self, performers: Controllers, streams: Streams) -> Scores:
        """Return the scores of one episode each.

        The cases are the parts of the score: the steps, or 0.1 f1 and 0.9 f2.

        Args:
            performers: n networks.
            streams: Not used: all episodes have the same start.

        Raises:
            TypeError: For other genome kinds.
            ValueError: For networks of another shape.
            GenomeError: For recurrent networks with time constants, which have no time step here.
        """
        if self._cart.velocities:
            balanced, _ = self._run(performers, self.start, self.steps)
            cases = balanced.astype(np.float64)
        else:
            balanced, unrest = self._run(performers, self.start, self.short_steps)
            calm = np.where(balanced > WINDOW, _CALM / unrest, 0.0)
            steady = balanced / self.short_steps
            cases = np.hstack([(1.0 - _SHARE_OF_CALM) * steady, _SHARE_OF_CALM * calm])
        cases[balanced[:, 0] < 0] = np.nan  # an output was NaN
        return Scores.of(cases.sum(axis=1), cases)

    def figures(self, performers: Controllers) -> dict[str, Any]:
        """Return how long one network balances, and from how many starts.

        Args:
            performers: A batch of one.

        Returns:
            steps_balanced  steps until failure, at most those that solve the task
            generalised     without velocities: starts from which `short_steps` are balanced; 0 if
                            the network does not pass the long test
            solved          whether the task is solved
        """
        balanced = max(0, int(self._run(performers, self.start, self.steps)[0][0, 0]))
        solved = balanced >= self.steps
        if self._cart.velocities:
            return {"steps_balanced": balanced, "solved": solved}
        generalised = self.generalised(performers) if solved else 0
        return {
            "steps_balanced": balanced,
            "generalised": generalised,
            "solved": solved and generalised >= STARTS_NEEDED,
        }

    def generalised(self, performers: Controllers) -> int:
        """Return the number of the 625 starts from which one network balances `short_steps`.

        Args:
            performers: A batch of one.
        """
        balanced, _ = self._run(performers, generalisation_starts(), self.short_steps)
        return int((balanced[0] >= self.short_steps).sum())

    def _run(
        self, performers: Controllers, starts: FloatArray, steps: int
    ) -> tuple[Indices, FloatArray]:
        """Return steps balanced and unrest of every episode, both (n, starts)."""
        if not hasattr(performers, "program"):
            raise TypeError(
                f"pole balancing needs a genome that maps numbers to numbers (network), "
                f"not {type(performers).__name__}"
            )
        check_shape("pole balancing", performers, self.inputs, self.outputs)
        program = performers.program
        check_time(not program.feed_forward and bool(np.any(program.time_constant != 1.0)), None)
        balanced = np.empty((len(performers), len(starts)), np.int64)
        unrest = np.empty(balanced.shape)
        memory, offsets = blocks_of(program, 0.0, 0.0)
        run_episodes(self._cart, self.inputs, memory, offsets, starts, steps, balanced, unrest)
        return balanced, unrest


def generalisation_starts() -> FloatArray:
    """Return the starts of the generalisation test: float64 (625, 6).

    All combinations of five values each of position, velocity, first angle and its velocity.
    """
    starts = np.zeros((len(_SHARES) ** len(_RANGES), STATE))
    for row, shares in enumerate(itertools.product(_SHARES, repeat=len(_RANGES))):
        for column, (share, limit) in enumerate(zip(shares, _RANGES, strict=True)):
            starts[row, column] = (2.0 * share - 1.0) * limit
    return starts
