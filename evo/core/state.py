"""What a checkpoint keeps of an engine: arrays and JSON values, nothing else."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays


@dataclass(frozen=True)
class State:
    """Everything the next generation depends on."""

    arrays: Arrays = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def inside(self, prefix: str) -> "State":
        """The same state with every name below `prefix`, for keeping several in one."""
        return State(
            {f"{prefix}.{name}": array for name, array in self.arrays.items()},
            {prefix: self.values},
        )

    def part(self, prefix: str) -> "State":
        """The state that was put `inside` a prefix."""
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
        """The array of a name; ValueError if it has another dtype or shape (None is any length)."""
        found: NDArray[Any] | None = self.arrays.get(name)
        if found is None:
            raise ValueError(f"{name} is missing")
        fits = found.ndim == len(shape) and all(
            wanted in (None, length) for wanted, length in zip(shape, found.shape, strict=True)
        )
        if found.dtype != dtype or not fits:
            wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
            raise ValueError(
                f"{name} must be {dtype.__name__} {wanted}, got {found.dtype} {found.shape}"
            )
        return found

    def __or__(self, other: "State") -> "State":
        """Both states in one; their names must differ."""
        return State(self.arrays | other.arrays, self.values | other.values)
