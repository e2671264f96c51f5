"""The contract of every fitness: score a batch of performers.

- An evaluator calls `evaluate` with a batch of the population and one random stream per individual.
  The scores of an individual depend on its genome, its stream and the fitness's state alone.
- A fitness is sent to worker processes at the start and after every change: keep it small.
- A fitness never breeds, and never uses an engine.

    memorization    play a song, note for note
    next_step       predict songs: the cross-entropy of every next step
    critic          play like songs, by critics trained on them, each piece to a brief
    guessing        play so that predictors guess well, but not perfectly
    coevolved_guessing  the same with bred predictors
    variation       vary many songs, so that critics take the variations for songs
    copying         output the input of some steps ago
    xor             the smallest task that needs a hidden node
    pole            keep poles on a cart upright
    gymnasium       control an environment of gymnasium
"""

from typing import Any, Protocol, runtime_checkable

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Individuals
from evo.core.state import State
from genomes.arrays import BoolArray
from genomes.errors import GenomeError
from genomes.lessons import Taught, checked_taught


class Fitness(Protocol):
    """Scores a batch of performers; see the module's docstring."""

    # Same genome, same score? False for co-evolution and for noisy tasks. The champion of a noisy
    # task is evaluated several times (`evo.runs.noisy`).
    reusable: bool
    # Optional `kernels`, a tuple of sentinel kernels: if these are in numba's cache, assume that
    # all of the fitness's are (`evo.runs.precompile`).

    def evaluate(self, performers: Any, streams: Individuals) -> Scores:
        """Return the scores of all individuals of the batch.

        Use `streams.common` for random draws shared by the whole generation. An exception here
        fails individuals, and does not end the run.

        Args:
            performers: The batch: `Performers` for music; other tasks may need more methods.
            streams: A random stream per individual.
        """

    def figures(self, performers: Any) -> dict[str, Any]:
        """Return the task's own figures for one individual, as JSON values.

        They are logged for the best individual and stored in the result: steps correct, cases
        solved. `solved` (bool) is required. A run can end when its best individual is solved.

        Args:
            performers: A batch of one.
        """


def check_shape(task: str, performers: Any, inputs: int, outputs: int) -> None:
    """Check that networks have the shape that a task needs.

    Args:
        task: The task, for the message.
        performers: The networks.
        inputs: Required inputs.
        outputs: Required outputs.

    Raises:
        ValueError: If they have another shape.
    """
    shape = (performers.inputs, performers.outputs)
    if shape != (inputs, outputs):
        raise ValueError(
            f"{task} needs networks of {inputs} inputs and {outputs} "
            f"output{'' if outputs == 1 else 's'}, got {shape[0]} and {shape[1]}"
        )


@runtime_checkable
class LearningFitness(Fitness, Protocol):
    """A fitness that changes from generation to generation.

    The run loop lets it learn once per generation, in its own process. Workers score by the new
    state from then on. If it is not `reusable`, scores of different generations are not comparable,
    and engines discard what they selected by score (`Engine.forget`).
    """

    def learn(self, performers: Any, scores: Scores, generation: int) -> None:
        """Learn from a whole generation.

        Args:
            performers: The population.
            scores: Its scores, in its order.
            generation: The current generation.
        """

    def state(self) -> State:
        """Return everything learned that later generations depend on, for checkpoints."""

    def restore(self, state: State) -> None:
        """Take a state of a fitness with the same configuration.

        Raises:
            ValueError: If the state does not fit.
        """


@runtime_checkable
class TeachingFitness(Protocol):
    """A fitness that knows what should be played, and hands it out to engines.

    It still scores every population. An engine that is taught (`Engine.teach`) may compare changes
    by lessons between two evaluations (`genomes.lessons`).
    """

    def taught(self) -> Taught:
        """Return what should be played."""


@runtime_checkable
class CorpusFitness(Protocol):
    """A fitness that judges predictions of songs, and hands the songs to engines.

    Some genomes count in them (`genomes.reader`). Held-out songs are not among them.
    """

    def corpus(self) -> tuple[BoolArray, ...]:
        """Return the songs to learn, bool (steps, channels) each."""


def teach(engine: Any, fitness: Any) -> None:
    """Give an engine what a fitness wants to be played, or the songs to predict, if it has any.

    Args:
        engine: An engine; see `Engine.teach` and `Engine.read`.
        fitness: Any fitness.

    Raises:
        InputError: If the fitness hands out what cannot be played.
    """
    if isinstance(fitness, TeachingFitness):
        try:
            taught = checked_taught(fitness.taught())
        except GenomeError as error:
            raise InputError(f"{type(fitness).__name__}.taught: {error}") from None
        player = engine.player
        if player is not None and player.keys != taught.rolls[0].shape[1]:
            raise InputError(
                f"{type(fitness).__name__}.taught: rolls have {taught.rolls[0].shape[1]} keys, and "
                f"players {player.keys}"
            )
        engine.teach(taught)
    if isinstance(fitness, CorpusFitness):
        engine.read(fitness.corpus())


def figures_of(fitness: Any, performers: Any) -> dict[str, Any]:
    """Return a fitness's own figures of one individual; none if it has no `figures`.

    Args:
        fitness: Any fitness.
        performers: A batch of one.
    """
    figures = getattr(fitness, "figures", None)
    return {} if figures is None else figures(performers)
