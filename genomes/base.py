"""The contract of every genome kind: a batch of n performers.

How it is used:

- a fitness asks what they would play next, hearing the true past (`follow`, teacher forcing), or
  what they play when they hear only themselves after a short prompt (`perform`, closed loop);
- an evaluator cuts the batch into chunks for its workers (`len`, `take`) and sends them as arrays
  (`to_arrays`, `from_arrays`);
- a checkpoint and the champion's folder keep the same arrays.

An individual's results never depend, not by a bit, on who shares its batch.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from genomes.arrays import Arrays, BoolArray, FloatArray, Indices, Singles
from genomes.errors import GenomeError

Kind = TypeVar("Kind")

if TYPE_CHECKING:
    from genomes.player import Player

# One random generator an individual, in the order of the batch.
Streams = Sequence[np.random.Generator]


def unchecked(kind: type[Kind], **fields: Any) -> Kind:
    """Return a frozen dataclass with these fields, without its checks.

    For batches that kernels or other processes of the same run made.
    """
    made = object.__new__(kind)
    vars(made).update(fields)
    return made


def fitting(name: str, array: Any, dtype: DTypeLike, shape: Sequence[int | str]) -> NDArray[Any]:
    """Return an array in one piece, if it is of a type and shape.

    Args:
        name: What it is called in a message.
        array: What should be an array.
        dtype: Its type.
        shape: The length of every axis, or a word for one of any length.

    Raises:
        GenomeError: It is not.
    """
    wanted = f"{np.dtype(dtype)} ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
    if not isinstance(array, np.ndarray):
        raise GenomeError(f"{name} must be {wanted}, got {type(array).__name__}")
    alike = array.ndim == len(shape) and all(
        isinstance(length, str) or length == own
        for own, length in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not alike:
        raise GenomeError(f"{name} must be {wanted}, got {array.dtype} {array.shape}")
    whole: NDArray[Any] = np.ascontiguousarray(array).reshape(array.shape)
    if whole.dtype == np.bool_ and whole.size and whole.view(np.uint8).max() > 1:
        raise GenomeError(f"{name} must be 0 or 1 in every byte")  # kernels read the lowest bit
    return whole


def field(
    arrays: Mapping[str, NDArray[Any]], name: str, dtype: DTypeLike, shape: Sequence[int | str]
) -> NDArray[Any]:
    """Return one of a batch's arrays, if it is there and of a type and shape; see `fitting`."""
    if name not in arrays:
        raise GenomeError(f"the arrays lack {name}")
    return fitting(name, arrays[name], dtype, shape)


def selected(count: int, indices: Sequence[int] | Indices) -> slice | Indices:
    """Return what selects individuals of `count`: a slice, so no copy, where they are in a row.

    Raises IndexError if one of them is not there.
    """
    chosen = np.arange(count)[np.asarray(indices, np.int64)]
    if len(chosen) > 1 and bool(np.all(np.diff(chosen) == 1)):  # a worker's chunk
        return slice(int(chosen[0]), int(chosen[-1]) + 1)
    return chosen


def check_roll(grid: BoolArray, keys: int) -> None:
    """Raise ValueError unless a piano roll is of (steps, keys)."""
    if grid.ndim != 2 or grid.shape[1] != keys:
        raise ValueError(f"grid must be (steps, {keys}), got {grid.shape}")


def prompted(prompt: BoolArray, steps: int, individuals: int, keys: int) -> tuple[int, BoolArray]:
    """Return the steps of a prompt, and what is played when nothing follows it.

    The latter is bool (individuals, steps, keys). Raises ValueError for a prompt that does not fit.
    """
    if prompt.shape[-1] != keys or prompt.ndim not in (2, 3):
        raise ValueError(f"prompt must be (.., steps, {keys}), got {prompt.shape}")
    if prompt.ndim == 3 and len(prompt) != individuals:
        wanted = (individuals, *prompt.shape[1:])
        raise ValueError(f"prompt must be one for all or {wanted}, got {prompt.shape}")
    given: int = prompt.shape[-2]
    if steps < given:
        raise ValueError(f"steps ({steps}) must be at least the prompt's {given}")
    played = np.zeros((individuals, steps, keys), np.bool_)
    played[:, :given] = prompt
    return given, played


def draw_chances(
    streams: Streams | None, temperature: float, individuals: int, steps: int, drawn: int
) -> FloatArray:
    """Return what a temperature decides by, each individual's drawn from its own stream.

    float64 (individuals, steps, drawn) below 1; empty at temperature 0. Raises ValueError if there
    is not one stream an individual.
    """
    if not temperature > 0.0:
        return np.empty((0, 0, 0))
    if streams is None or len(streams) != individuals:
        raise ValueError("a temperature above 0 needs one random stream an individual")
    chances = np.empty((individuals, steps, drawn))
    for i, stream in enumerate(streams):
        stream.random(out=chances[i])
    return chances


class Performers(Protocol):
    """A batch of n individuals of one genome kind.

    Attributes:
        settings_type: The type of the settings by which individuals are played, None if there are
            none to choose.
        fixed_length: Whether an individual is a piece of a length of its own, and silent after it.
    """

    settings_type: ClassVar[Any]  # type[msgspec.Struct] | None
    fixed_length: ClassVar[bool]

    @classmethod
    def player_of(cls, settings: Any, keys: int) -> "Player | None":
        """Return how individuals are played; None for a kind that needs no player.

        Args:
            settings: Of `settings_type`.
            keys: Keys of the instrument.

        Raises:
            ValueError: If the settings do not describe a player.
        """

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: "Player | None") -> tuple[int, int]:
        """Return the two numbers that say how large individuals are, for an engine's settings.

        Args:
            keys: Keys of the instrument.
            steps: Steps of a piece.
            player: As `player_of` has it.
        """

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """Return files for other programs, by name, of a batch of one.

        `about` is kept in them.
        """

    def improvising(self) -> Self:
        """Return the individuals freed from the song that they learned.

        Raises:
            ValueError: If they have nothing that frees them.
        """

    def __len__(self) -> int:
        """How many individuals the batch holds."""

    def follow(self, grid: BoolArray) -> Singles:
        """Say every next step of a song while hearing its true past.

        `grid` is a bool (steps, keys) piano roll. Returns float32 (n, steps, keys): the activation
        for step t given the steps before t; a key sounds where it is > 0.
        """

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
    ) -> BoolArray:
        """Play on from a prompt, hearing only what was played.

        `prompt` is bool (prompt_steps, keys), the same for all, or (n, prompt_steps, keys).
        Returns bool (n, steps, keys), of which the first rows are the prompt. At temperature 0 a
        key sounds where its activation is > 0; above, it sounds with probability
        sigmoid(activation / temperature), drawn from the individual's own stream.
        """

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """The individuals at `indices`, in that order, as a batch of their own."""

    def to_arrays(self) -> Arrays:
        """Everything the batch is made of, as plain arrays (no object dtype)."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """The batch that `to_arrays` described.

        Raises GenomeError for arrays that describe none. They are checked completely, as a file may
        hold anything, unless they are `trusted`: sent by a process of the same run.
        """
