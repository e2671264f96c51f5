"""The contract of every fitness: judge a batch of performers. One fitness a module.

How it is used:

- an evaluator calls `evaluate` with a chunk of the population and one random stream an individual;
  the scores of an individual depend on its genome, its stream and the fitness's state alone;
- it travels to worker processes once and again whenever it changed, so keep it small;
- a fitness never breeds and never knows an engine.

    memorization    play a song, note for note
    next_step       foresee songs: the cross-entropy of every next step
    critic          please critics: play what is like songs, each piece to a brief
    copying         say what was heard some steps ago
    xor             the smallest task that needs a hidden node
"""

from typing import Any, Protocol

from evo.scores import Scores
from evo.seeds import Individuals


class Fitness(Protocol):
    """Judges a batch of performers; see the module's docstring."""

    # Same genome, same score? False for co-evolution and for noisy tasks.
    reusable: bool

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
