"""Networks that each differ from a parent by one edit per output.

A batch holds a few parents once, and an edit per child and output. This is what is sent to
workers and saved. To be played, children are written out as `Networks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, Indices, Singles, checked_array, checked_field
from genomes.base import Streams, selected, short_repr, unchecked
from genomes.errors import GenomeError
from genomes.individual import Individuals
from genomes.network.assembly.edits import (
    ADD_CONDITION,
    INPUT,
    NEW_UNIT,
    NOTHING,
    REMOVE_CONDITION,
    UNIT,
)
from genomes.network.assembly.offspring import (
    Children,
    genes_of_parts,
    parts_of_children,
    sizes_of_parts,
)
from genomes.network.assembly.parts import (
    CONDITIONS,
    LARGEST,
    QUANTUM,
    Parts,
    checked_conditions,
    checked_parts,
)
from genomes.network.networks import Networks
from genomes.player import Player, PlayerSettings
from genomes.sampling import PLAIN, Sampling

_DTYPES = {
    "bias": np.float64, "weight": np.float64, "unit_offsets": np.int64, "unit_weight": np.float64,
    "threshold": np.int64, "conditions": np.int64,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class EditedNetworks(Individuals):
    """A batch of n networks with equal inputs, outputs and player.

    Attributes:
        parts: The parents' parts: row `parent * outputs + output`.
        children: Which part each output of each child begins with, and its edit.
        strict: Whether all thresholds are 0.
        player: How the networks are played.

    Raises:
        GenomeError: If the arrays are inconsistent.
    """

    settings_type: ClassVar[Any] = PlayerSettings
    fixed_length: ClassVar[bool] = False

    parts: Parts
    children: Children
    strict: bool = False
    player: Player | None = None

    def __post_init__(self) -> None:
        children, parts = self.children, self.parts
        shape = checked_array("parent", children.parent, np.int64, ("n", "outputs")).shape
        weight = checked_array("weight", parts.weight, np.float64, ("rows", "inputs"))
        rows, inputs = weight.shape
        # Kernels need contiguous arrays.
        parts = Parts._make(
            (
                checked_array(name, array, _DTYPES[name], ("any",) * getattr(array, "ndim", 1))
                for name, array in parts._asdict().items()
            )
        )
        checked_parts(parts, inputs, rows)
        shapes = dict.fromkeys(("parent", "kind", "where", "size"), shape)
        shapes["conditions"] = (*shape, CONDITIONS)
        children = Children._make(
            checked_array(name, array, np.float64 if name == "size" else np.int64, shapes[name])
            for name, array in children._asdict().items()
        )
        if rows % max(shape[1], 1) or not shape[1]:
            raise GenomeError(f"parts must be of whole networks with {shape[1]} outputs")
        if self.player is not None and (self.player.inputs, self.player.keys) != (inputs, shape[1]):
            raise GenomeError("the player has other inputs or keys than the networks")
        if ((children.parent < 0) | (children.parent >= rows)).any():
            raise GenomeError("parent must be rows of the parts")
        _check_edits(parts, children, inputs)
        vars(self).update(parts=parts, children=children)

    @classmethod
    def player_of(cls, settings: PlayerSettings, keys: int) -> Player:
        """See `Performers.player_of`.

        Args:
            settings: The player's settings.
            keys: Keys of the instrument.
        """
        return Networks.player_of(settings, keys)

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: inputs and outputs.

        Args:
            keys: Ignored.
            steps: Ignored.
            player: How the networks are played.
        """
        return Networks.shape_of(keys, steps, player)

    @property
    def inputs(self) -> int:
        """Number of inputs of each network."""
        return int(self.parts.weight.shape[1])

    @property
    def outputs(self) -> int:
        """Number of outputs of each network."""
        return int(self.children.parent.shape[1])

    @cached_property
    def written(self) -> Parts:
        """The children's parts: row `child * outputs + output`."""
        return parts_of_children(self.parts, self.children, self.strict)

    @cached_property
    def networks(self) -> Networks:
        """The children as networks."""
        genes = genes_of_parts(self.written, self.outputs)
        return unchecked(
            Networks, inputs=self.inputs, outputs=self.outputs, feed_forward=True,
            player=self.player, **genes._asdict(),
        )  # fmt: skip

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`; as of `Networks`."""
        return self.networks.export(about)

    def improvising(self) -> Self:
        """See `Performers.improvising`; as of `Networks`."""
        return replace(self, player=self.networks.improvising().player)

    def __len__(self) -> int:
        return len(self.children.parent)

    def __repr__(self) -> str:
        return short_repr(self, network=len(self), input=self.inputs, output=self.outputs)

    def individuals(self) -> Sequence[Any]:
        """Return every network alone; as of `Networks`."""
        return self.networks.individuals()

    def sizes(self) -> Indices:
        """Return nodes and enabled connections of every network, int64 (n, 2)."""
        hidden = np.diff(self.written.unit_offsets[:: self.outputs])
        genes = sizes_of_parts(self.written).reshape(-1, self.outputs).sum(axis=1)
        nodes = self.outputs + hidden
        return np.stack([nodes, genes - nodes], axis=1)

    def activate(self, inputs: Any) -> Any:
        """Return the outputs for rows of inputs; as of `Networks`."""
        return self.networks.activate(inputs)

    def stepper(self, *arguments: Any) -> Any:
        """Return a stepper; as of `Networks`."""
        return self.networks.stepper(*arguments)

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`."""
        return self.networks.follow(grid)

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`.
        """
        return self.networks.perform(prompt, steps, streams, temperature, sampling)

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`; the parents are shared."""
        chosen = selected(len(self), indices)
        children = Children._make(array[chosen] for array in self.children)
        return unchecked(
            type(self), parts=self.parts, children=children, strict=self.strict, player=self.player
        )

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`."""
        arrays: Arrays = {f"part_{name}": array for name, array in self.parts._asdict().items()}
        arrays |= {f"child_{name}": array for name, array in self.children._asdict().items()}
        arrays["strict"] = np.asarray(self.strict)
        if self.player is not None:
            arrays |= self.player.to_arrays()
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Skip checks.
        """
        groups: list[Any] = []
        for kind, start in ((Parts, "part_"), (Children, "child_")):
            missing = [name for name in kind._fields if start + name not in arrays]
            if missing:
                raise GenomeError(f"the arrays of edited networks lack {start}{missing[0]}")
            groups.append(kind(*(arrays[start + name] for name in kind._fields)))
        parent = groups[1].parent
        keys = parent.shape[1] if isinstance(parent, np.ndarray) and parent.ndim == 2 else 0
        make = partial(unchecked, cls) if trusted else cls
        return make(
            parts=groups[0],
            children=groups[1],
            strict=bool(checked_field(arrays, "strict", np.bool_, ())),
            player=Player.from_arrays(arrays, keys) if "player_lags" in arrays else None,
        )


def _check_edits(parts: Parts, children: Children, inputs: int) -> None:
    """Check that every edit is one of its parent's part.

    Raises:
        GenomeError: If one is not.
    """
    kind, where, size = children.kind, children.where, children.size
    units = np.diff(parts.unit_offsets)[children.parent]
    of_unit = (kind == UNIT) | (kind == ADD_CONDITION) | (kind == REMOVE_CONDITION)
    most = np.where(of_unit, units, np.where(kind == INPUT, inputs, 1))
    if ((kind < 0) | (kind > NOTHING)).any() or ((where < 0) | (where >= most)).any():
        raise GenomeError("kind and where must be edits of the parents' parts")
    with np.errstate(invalid="ignore"):
        if not (np.abs(size) <= LARGEST).all() or (size % QUANTUM).any():
            raise GenomeError(f"size must be multiples of 1/256 up to {LARGEST:g}")
    first = children.conditions[..., 0]
    adds, removes = kind == ADD_CONDITION, kind == REMOVE_CONDITION
    checked_conditions(children.conditions[kind == NEW_UNIT], inputs)
    if ((first[adds] == 0) | (first[adds] > inputs) | (first[adds] < -inputs)).any():
        raise GenomeError(f"a condition to add must be of the {inputs} inputs")
    if ((first[removes] < 0) | (first[removes] >= CONDITIONS)).any():
        raise GenomeError(f"a condition to remove must be from 0 to {CONDITIONS - 1}")
