"""The contract of every genome kind: a batch of n individuals, most often performers.

- A fitness calls `follow` for predictions of each step from the true past (teacher forcing), or
  `perform` for playing in closed loop after a prompt.
- An evaluator splits the batch for its workers (`len`, `take`) and sends arrays (`to_arrays`,
  `from_arrays`).
- Checkpoints and the champion's folder store the same arrays.
- Kinds that output probabilities also have `probabilities(rolls)`: for each song, shortest first,
  float32 (n, steps, outputs) given its true past. Outputs are the keys with a probability each; or
  the keys and the rest, if one of these is played.
- Kinds that map melodies to melodies have `vary(themes)` instead of `follow` and `perform`.
- Kinds that can control an environment also have `stepper()`: an object with `reset()`, and
  `step(inputs)` from float64 (n, inputs) to float64 (n, outputs), with a row per individual. State
  is kept between steps.

An individual's results never depend on the rest of its batch, not even in the last bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, FloatArray, Indices, Singles
from genomes.sampling import PLAIN, Sampling
from genomes.words import counted

Kind = TypeVar("Kind")

if TYPE_CHECKING:
    from genomes.player import Player

# One random generator per individual, in the order of the batch.
Streams = Sequence[np.random.Generator]


def unchecked(kind: type[Kind], **fields: Any) -> Kind:
    """Return a frozen dataclass with these fields, without its checks.

    For batches made by kernels or by other processes of the same run.

    Args:
        kind: The dataclass.
        fields: Its fields by name.
    """
    made = object.__new__(kind)
    vars(made).update(fields)
    return made


def short_repr(batch: object, **sizes: int) -> str:
    """Return a batch's type and sizes, as arrays are too long to print.

    Args:
        batch: The batch.
        sizes: Numbers by their noun in the singular.
    """
    numbers = ", ".join(counted(number, noun) for noun, number in sizes.items())
    return f"{type(batch).__name__}({numbers})"


def selected(count: int, indices: Sequence[int] | Indices) -> slice | Indices:
    """Return an index for the given individuals; a slice, without copying, if possible.

    Args:
        count: Individuals of the batch.
        indices: Individuals to select, int64 (any,).

    Raises:
        IndexError: If an individual does not exist.
    """
    if (
        isinstance(indices, range)
        and indices.step == 1
        and 0 <= indices.start <= indices.stop <= count
    ):
        return slice(indices.start, indices.stop)  # a worker's batch
    every = np.arange(count)
    return every[
        np.asarray(indices, np.int64)
    ]  # raises IndexError, and counts negative indices from the end


def check_roll(grid: BoolArray, keys: int) -> None:
    """Check the shape of a piano roll.

    Args:
        grid: Bool (steps, keys).
        keys: Required number of keys.

    Raises:
        ValueError: If the shape differs.
    """
    if grid.ndim != 2 or grid.shape[1] != keys:
        raise ValueError(f"grid must be (steps, {keys}), got {grid.shape}")


def prompted(prompt: BoolArray, steps: int, individuals: int, keys: int) -> tuple[int, BoolArray]:
    """Return the prompt's length, and silent rolls that begin with the prompt.

    Args:
        prompt: Bool (prompt_steps, keys), or (individuals, prompt_steps, keys).
        steps: Steps of the result.
        individuals: Individuals of the batch.
        keys: Keys of the instrument.

    Returns:
        prompt_steps, and bool (individuals, steps, keys).

    Raises:
        ValueError: If the prompt does not fit.
    """
    if prompt.shape[-1] != keys or prompt.ndim not in (2, 3):
        raise ValueError(f"prompt must be (.., steps, {keys}), got {prompt.shape}")
    if prompt.ndim == 3 and len(prompt) != individuals:
        expected = (individuals, *prompt.shape[1:])
        raise ValueError(f"prompt must be one for all or {expected}, got {prompt.shape}")
    given: int = prompt.shape[-2]
    if steps < given:
        raise ValueError(f"steps ({steps}) must be at least the prompt's {given}")
    played = np.zeros((individuals, steps, keys), np.bool_)
    played[:, :given] = prompt
    return given, played


def draw_chances(
    streams: Streams | None, temperature: float, individuals: int, steps: int, drawn: int
) -> FloatArray:
    """Return uniform random numbers, each individual's drawn from its own stream.

    Args:
        streams: One stream per individual; may be None at temperature 0.
        temperature: Sampling temperature.
        individuals: Individuals of the batch.
        steps: Steps to play.
        drawn: Numbers per step.

    Returns:
        Float64 (individuals, steps, drawn) in [0, 1); empty at temperature 0.

    Raises:
        ValueError: If there is not one stream per individual.
    """
    if not temperature > 0.0:
        return np.empty((0, 0, 0))
    if streams is None or len(streams) != individuals:
        raise ValueError("a temperature above 0 needs one random stream an individual")
    chances = np.empty((individuals, steps, drawn))
    for i, stream in enumerate(streams):
        stream.random(out=chances[i])
    return chances


class Genomes(Protocol):
    """A batch of n individuals of one genome kind, which can be split, stored and bred.

    Most kinds are performers, too. Others say what they do by a method of their own, and a fitness
    that needs it refuses all other kinds: programs `vary` melodies (`genomes.program`).

    Attributes:
        settings_type: Type of the settings for playing; None if there are none.
        fixed_length: Whether an individual is a piece of fixed length, followed by silence.
    """

    settings_type: ClassVar[Any]  # type[msgspec.Struct] | None
    fixed_length: ClassVar[bool]

    @classmethod
    def player_of(cls, settings: Any, keys: int) -> "Player | None":
        """Return how individuals are played; None for a kind that needs no player.

        Args:
            settings: An instance of `settings_type`.
            keys: Keys of the instrument.

        Raises:
            ValueError: If the settings do not describe a player.
        """

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: "Player | None") -> tuple[int, int]:
        """Return the two sizes of individuals for an engine's settings.

        Args:
            keys: Keys of the instrument.
            steps: Steps of a piece.
            player: The result of `player_of`.
        """

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """Return files for other programs by name, for a batch of one.

        `about` is stored in them.
        """

    def __len__(self) -> int:
        """Return the number of individuals."""

    def __iter__(self) -> Iterator[Any]:
        """Yield every individual alone; `genomes.individual.Individuals` has this method."""

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """Return the individuals at `indices`, in that order, as a batch."""

    def to_arrays(self) -> Arrays:
        """Return the batch as plain arrays by name (no object dtype)."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """Return the batch described by `to_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Skip checks, for arrays of a process of the same run. Arrays from files are
                checked completely.

        Raises:
            GenomeError: If the arrays do not describe a batch.
        """


class Performers(Genomes, Protocol):
    """A batch of n individuals of one genome kind that play music."""

    def improvising(self) -> Self:
        """Return the individuals with the extra input of their learned song set to 0.

        Raises:
            ValueError: If they have no such input.
        """

    def follow(self, grid: BoolArray) -> Singles:
        """Predict each step from the true previous steps (teacher forcing).

        Args:
            grid: Bool (steps, keys) piano roll.

        Returns:
            Float32 (n, steps, keys): activations for step t given the steps before t. A key sounds
            if its activation is > 0.
        """

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """Play in closed loop: each step's output becomes part of the next inputs.

        Args:
            prompt: Bool (prompt_steps, keys) for all individuals, or (n, prompt_steps, keys).
            steps: Steps of the result, including the prompt.
            streams: One random stream per individual; needed above temperature 0.
            temperature: Sampling temperature. At 0 a key sounds if its activation is > 0, otherwise
                with a probability.
            sampling: How activations become probabilities; by default their sigmoid does, after
                division by the temperature.

        Returns:
            Bool (n, steps, keys), beginning with the prompt.
        """


def performs(kind: type[Genomes]) -> bool:
    """Return whether individuals of a genome kind play music."""
    return hasattr(kind, "perform")
