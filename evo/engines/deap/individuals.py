"""DEAP individuals: lists or arrays with a fitness, made from rows of an array and read back.

The population of the engine is one array. For each generation its rows become individuals as DEAP
users know them. They have `fitness`, a subclass of `deap.base.Fitness` that is maximised. `copy`
and `deepcopy` copy genes, fitness and other attributes.

DEAP's `creator` is not used. It puts its classes into a module, where worker processes and other
runs do not find them.
"""

import copy
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class ListIndividual(list[Any]):
    """A list of genes with a fitness."""

    fitness_type: ClassVar[Any]

    def __init__(self, genes: Iterable[Any] = ()) -> None:
        super().__init__(genes)
        self.fitness = self.fitness_type()

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = type(self)(self)
        vars(made).update(copy.deepcopy(vars(self), memo))
        return made


class ArrayIndividual(np.ndarray):
    """An array of genes with a fitness; a slice of it is a view, as of every array."""

    fitness_type: ClassVar[Any]

    def __new__(cls, genes: Any) -> Self:
        """Return an array that owns a copy of the genes."""
        return np.array(genes).view(cls)

    def __init__(self, genes: Any) -> None:
        self.fitness = self.fitness_type()

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Self:
        made = type(self)(self)
        vars(made).update(copy.deepcopy(vars(self), memo))
        return made


Individual = ListIndividual | ArrayIndividual


class Coding(NamedTuple):
    """How a row of the population is an individual.

    Attributes:
        shape: Shape of a row: (steps, keys) or (weights,).
        dtype: Type of the row's genes: bool or float32.
        as_array: Whether individuals are arrays of this shape, not flat lists.
        noun: What an individual is, for messages: "grid".
    """

    shape: tuple[int, ...]
    dtype: type[np.generic]
    as_array: bool
    noun: str

    @property
    def genes(self) -> int:
        """Genes of an individual."""
        return int(np.prod(self.shape))

    def individual_type(self, goals: int) -> type[Any]:
        """Return the class of individuals whose fitness has this many values, to be maximised."""
        from deap import base

        fitness = type("Fitness", (base.Fitness,), {"weights": (1.0,) * goals})
        kind = ArrayIndividual if self.as_array else ListIndividual
        return type("Individual", (kind,), {"fitness_type": fitness})

    def individual(self, kind: type[Any], row: NDArray[Any]) -> Any:
        """Return a row as an individual.

        Bool genes are ints in a list and bools in an array. Weights are float64.

        Args:
            kind: From `individual_type`.
            row: One row of the population.
        """
        if self.as_array:
            return kind(row if self.dtype is np.bool_ else row.astype(np.float64))
        flat = row.ravel()
        return kind((flat.astype(np.int8) if self.dtype is np.bool_ else flat).tolist())

    def row(self, individual: Any) -> NDArray[Any]:
        """Return the row of an individual.

        Args:
            individual: A list or an array.

        Raises:
            ValueError: If it has another shape, or genes that a row cannot hold; says which.
        """
        shape = self.shape if self.as_array else (self.genes,)
        try:
            genes = np.asarray(individual)
        except ValueError:  # lists of several lengths
            raise ValueError(f"a nested list instead of {self._expected}") from None
        if genes.shape != shape:
            got = f"an array of shape {genes.shape}" if genes.ndim != 1 else f"{len(genes)} genes"
            raise ValueError(f"{got} instead of {self._expected}")
        if genes.dtype.kind not in "biuf":
            odd = next((one for one in genes.ravel().tolist() if not _is_number(one)), None)
            raise ValueError(f"the gene {odd!r}; a {self.noun} has {self._values}")
        if self.dtype is np.bool_ and genes.dtype.kind != "b":
            wrong = (genes != 0) & (genes != 1)
            if wrong.any():
                raise ValueError(
                    f"the gene {genes[wrong][0].item()!r}; a {self.noun} has {self._values}"
                )
        with np.errstate(over="ignore"):  # beyond float32 is infinite: such an individual fails
            return genes.astype(self.dtype).reshape(self.shape)

    @property
    def _expected(self) -> str:
        if not self.as_array:
            return f"{self.genes} genes"
        return f"an array of shape {self.shape}"

    @property
    def _values(self) -> str:
        return "0 and 1, or False and True" if self.dtype is np.bool_ else "numbers"


def _is_number(gene: Any) -> bool:
    return isinstance(gene, bool | int | float)
