"""The state in a checkpoint: arrays and JSON values, nothing else."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from evo.core.files import to_json
from genomes.arrays import Arrays

# Whole numbers that floats represent exactly.
Count = Annotated[int, Meta(ge=0, le=1 << 53)]
Finite = Annotated[float, Meta(ge=-1.7e308, le=1.7e308)]
Positive = Annotated[float, Meta(ge=0, le=1.7e308)]


@dataclass(frozen=True)
class State:
    """Everything that the next generation depends on.

    Attributes:
        arrays: Arrays by name.
        values: JSON values by name.
    """

    arrays: Arrays = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def inside(self, prefix: str) -> "State":
        """Return the state with every name below `prefix`, to combine several."""
        return State(
            {f"{prefix}.{name}": array for name, array in self.arrays.items()},
            {prefix: self.values},
        )

    def part(self, prefix: str) -> "State":
        """Return the state that was put `inside` a prefix."""
        start = prefix + "."
        return State(
            {
                name.removeprefix(start): array
                for name, array in self.arrays.items()
                if name.startswith(start)
            },
            self.values[prefix],
        )

    def array(self, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]) -> Any:
        """Return the array of a name.

        Args:
            name: Name of the array.
            dtype: Required dtype.
            shape: Required shape; None for any length.

        Raises:
            ValueError: If it is missing, or has another dtype or shape.
        """
        found: NDArray[Any] | None = self.arrays.get(name)
        if found is None:
            raise ValueError(f"{name} is missing")
        fits = found.ndim == len(shape) and all(
            expected in (None, length) for expected, length in zip(shape, found.shape, strict=True)
        )
        if found.dtype != dtype or not fits:
            expected = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
            raise ValueError(
                f"{name} must be {dtype.__name__} {expected}, got {found.dtype} {found.shape}"
            )
        return found

    def value(self, name: str, kind: Any) -> Any:
        """Return a JSON value as a type with limits.

        Args:
            name: Name of the value.
            kind: `Count`, `Finite` or another type that msgspec converts to.

        Raises:
            ValueError: If it is missing, of another type, or outside the limits.
        """
        if name not in self.values:
            raise ValueError(f"{name} is missing")
        try:
            return msgspec.convert(self.values[name], kind)
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}: {error}") from None

    def counter(self, name: str, used: Any) -> int:
        """Return the next number of a counter.

        Args:
            name: Name of the value.
            used: The numbers in use, int64 (any,) or a sequence.

        Raises:
            ValueError: If it is missing, no count, or not above all numbers in use.
        """
        value: int = self.value(name, Count)
        if value <= np.max(np.asarray(used, np.int64), initial=-1):
            raise ValueError(f"{name} must be above all that are used, got {value}")
        return value

    def check_same(self, other: "State") -> None:
        """Check that another state has the same arrays and values, to the bit.

        A restored engine saves the same state again. If it does not, the state was forged, or
        written by another version.

        Args:
            other: State that is saved by an engine restored from this one.

        Raises:
            ValueError: If they differ; names an entry.
        """
        for name in sorted(set(self.arrays) ^ set(other.arrays)):
            raise ValueError(f"{name} is missing or not expected")
        for name, array in self.arrays.items():
            saved = other.arrays[name]
            alike = array.dtype == saved.dtype and array.shape == saved.shape
            if not alike or array.tobytes() != saved.tobytes():
                raise ValueError(f"{name} is not as it would be saved")
        for name in sorted(set(self.values) | set(other.values)):
            if name not in self.values or name not in other.values:
                raise ValueError(f"{name} is missing or not expected")
            if to_json(self.values[name]) != to_json(other.values[name]):
                raise ValueError(f"{name} is not as it would be saved")

    def __or__(self, other: "State") -> "State":
        """Return both states in one; their names must differ."""
        return State(self.arrays | other.arrays, self.values | other.values)
