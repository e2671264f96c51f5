"""One individual of a batch, as a user's own function gets it.

An `Individual` wraps a batch of one and leaves out the axis of the batch. `individuals` returns
every individual of a population, and so does a loop over a batch (`Individuals`). Genome kinds may
have a class of their own with more methods.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Singles
from genomes.sampling import PLAIN, Sampling


class Individual:
    """One performer.

    Attributes:
        batch: The performer as a batch of one.
    """

    def __init__(self, batch: Any) -> None:
        if len(batch) != 1:
            raise ValueError(f"an individual is a batch of one, got {len(batch)}")
        self.batch = batch

    def __repr__(self) -> str:
        return f"Individual({self.batch!r})"

    def _repr_svg_(self) -> str | None:
        draw = getattr(self.batch, "_repr_svg_", None)
        return None if draw is None else draw()

    def follow(self, roll: BoolArray) -> Singles:
        """Predict each step from the true previous steps; see `Performers.follow`.

        Returns:
            Float32 (steps, keys); a key sounds if its activation is > 0.
        """
        found: Singles = self.batch.follow(np.asarray(roll, np.bool_))[0]
        return found

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        random: np.random.Generator | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """Play in closed loop after a prompt; see `Performers.perform`.

        Args:
            prompt: Bool (prompt_steps, keys); no rows for no prompt.
            steps: Steps of the result, including the prompt.
            random: Draws the notes; needed above temperature 0.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`.

        Returns:
            Bool (steps, keys), beginning with the prompt.
        """
        streams = None if random is None else [random]
        played: BoolArray = self.batch.perform(
            np.asarray(prompt, np.bool_), steps, streams, temperature, sampling
        )[0]
        return played

    def activate(self, inputs: Any) -> FloatArray:
        """Return the outputs for one row of inputs, or for several.

        Args:
            inputs: Float64 (inputs,) or (rows, inputs).

        Returns:
            Float64 (outputs,) or (rows, outputs).

        Raises:
            TypeError: If the genome kind does not map numbers to numbers.
        """
        if not hasattr(self.batch, "activate"):
            raise TypeError(f"{type(self.batch).__name__} have no `activate`; only networks have")
        rows = np.asarray(inputs, np.float64)
        outputs: FloatArray = self.batch.activate(np.atleast_2d(rows))[0]
        return outputs[0] if rows.ndim == 1 else outputs


class Individuals:
    """Base of the genome kinds: a batch can be iterated."""

    def individuals(self) -> Sequence[Any]:
        """Return every individual alone."""
        batch: Any = self
        return [Individual(batch.take([index])) for index in range(len(batch))]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.individuals())


def individuals(performers: Any) -> Sequence[Any]:
    """Return every individual of a batch, as the genome kind's own class if it has one."""
    own = getattr(performers, "individuals", None)
    if own is not None:
        found: Sequence[Any] = own()
        return found
    return [Individual(performers.take([index])) for index in range(len(performers))]
