"""The contract of every fitness: judge a batch of performers. One fitness a module.

How it is used:

- an evaluator calls `evaluate` with a chunk of the population and one random stream an individual;
  the scores of an individual depend on its genome, its stream and the fitness's state alone;
- it travels to worker processes once and again whenever it changed, so keep it small;
- a fitness never breeds and never knows an engine.

    memorization    play a song, note for note
    next_step       foresee songs: the cross-entropy of every next step
    critic          please critics: play what is like songs, each piece to a brief
    guessing        be guessed, but not perfectly
    coevolved_guessing  the same by guessers that are bred
    copying         say what was heard some steps ago
    xor             the smallest task that needs a hidden node
"""

from typing import Any, Protocol, runtime_checkable

from evo.core.scores import Scores
from evo.core.seeds import Individuals
from evo.core.state import State


class Fitness(Protocol):
    """Judges a batch of performers; see the module's docstring."""

    # Same genome, same score? False for co-evolution and for noisy tasks.
    reusable: bool
    # A fitness that compiles kernels of its own may name some as `kernels`, a tuple: none of them
    # compiled before says that the rest was not, either (`evo.runs.precompile`).

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Scores of all individuals of the batch.

        What all individuals of a generation are to have in common is drawn from `streams.common`.

        What it needs of `performers` is in its types: `Performers` for music, more for tasks that
        are no music. An exception here fails individuals, it does not end the run.
        """

    def figures(self, performers: Any) -> dict[str, Any]:
        """The task's own figures for one individual, a batch of one, as JSON values.

        They go into the log for the best individual and into the result, so that a person can see
        how far it is: steps correct, cases solved. `solved` (bool) is always among them; a run
        ends when its best individual is solved.
        """


@runtime_checkable
class LearningFitness(Fitness, Protocol):
    """A fitness that changes from generation to generation.

    The loop lets it learn once a generation, in its own process; from then on workers score by what
    it has become. Where it is not `reusable`, scores of different generations are no measure of
    each other, and engines are told to forget what they hold by score (`Engine.forget`).
    """

    def learn(self, performers: Any, scores: Scores, generation: int) -> None:
        """Learn from a whole generation and its scores."""

    def state(self) -> State:
        """Everything that it learned and that its next lessons depend on; kept in checkpoints."""

    def restore(self, state: State) -> None:
        """Become what it was when `state` was called; it was made by the same configuration."""
