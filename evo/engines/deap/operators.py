"""Operators of DEAP: mate, mutate, select and individual, the user's own or from `deap.tools`.

A user's functions have the names and the form that they have on a `deap.base.Toolbox`:

    mate(one, other)              changes both, or makes two new ones; returns a tuple of two
    mutate(one)                   changes it, or makes a new one; returns a tuple of one
    select(individuals, k)        returns k of the individuals, also repeatedly
    individual()                  returns the genes of a random individual; optional

A toolbox may be given instead of a dictionary. Its other functions are not used: the engine clones,
collects and evaluates individuals.

Operators may draw from `random` and from the functions of `numpy.random`: both are seeded for each
generation. A generator of their own would repeat or change its numbers when a run resumes.

A result is checked at once. So a message names the function and its result.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evo.core.errors import BreedingError, InputError
from evo.engines.deap.individuals import Coding
from evo.engines.own_functions import (
    Functions,
    call,
    in_words,
    inner_function,
    label,
    name_of,
)

NAMES = ("mate", "mutate", "select", "individual")
# They exchange slices, which are views of an array: both children would get the same genes.
BY_SLICES = (
    "cxOnePoint",
    "cxTwoPoint",
    "cxTwoPoints",
    "cxMessyOnePoint",
    "cxESTwoPoint",
    "cxESTwoPoints",
)


def check_form(functions: Functions, coding: Coding) -> None:
    """Check that DEAP's own operators are not used on arrays that they would spoil.

    Args:
        functions: The user's operators by name.
        coding: Form of the individuals.

    Raises:
        InputError: If they are.
    """
    if not coding.as_array:
        return
    for role in sorted({"mate", "mutate"} & functions.keys()):
        name = name_of(functions[role])
        module = getattr(inner_function(functions[role]), "__module__", None) or ""
        if not module.startswith("deap."):
            continue
        hint = "set population.individual=list, or give a function that copies"
        if name in BY_SLICES:
            raise InputError(
                f"{role}: {name} exchanges slices, which are views of an array, so that both "
                f"children get the same genes; {hint}"
            )
        if len(coding.shape) > 1:
            raise InputError(
                f"{role}: {name} is for flat individuals, and a {coding.noun} is an array of "
                f"{coding.shape[0]} x {coding.shape[1]}; {hint}"
            )


def on_lists(function: Callable[..., Any], *arrays: Any) -> tuple[Any, ...]:
    """Return the results of an operator of lists, as arrays.

    Args:
        function: The operator; it takes and returns as many lists.
        arrays: The individuals.
    """
    made = function(*(one.ravel().tolist() for one in arrays))
    return tuple(np.reshape(flat, arrays[0].shape) for flat in made)


class Operators:
    """The operators of one generation, as a toolbox for `deap.algorithms`.

    Attributes:
        kind: Class of the individuals, from `Coding.individual_type`.
    """

    def __init__(self, functions: Functions, coding: Coding, kind: type[Any]) -> None:
        self._functions, self._coding, self.kind = functions, coding, kind

    def clone(self, individual: Any) -> Any:
        """Return a copy of an individual, with its fitness."""
        return copy.deepcopy(individual)

    def mate(self, one: Any, other: Any) -> tuple[Any, ...]:
        """Return two children.

        Args:
            one: First parent, which may be changed.
            other: Second parent, which may be changed.
        """
        return self._children("mate", one, other)

    def mutate(self, individual: Any) -> tuple[Any, ...]:
        """Return a mutated individual, in a tuple; the given one may be changed."""
        return self._children("mutate", individual)

    def select(self, individuals: Sequence[Any], count: int) -> list[Any]:
        """Return selected individuals.

        Args:
            individuals: The individuals to select from.
            count: How many to return.

        Raises:
            BreedingError: If the function raises, or returns something else.
        """
        chosen = call("select", self._functions["select"], list(individuals), count)
        said = label("select", self._functions["select"])
        if not isinstance(chosen, list | tuple) or len(chosen) != count:
            raise BreedingError(
                f"{said} returned {in_words(chosen)} instead of {count} individuals"
            )
        for one in chosen:
            if not isinstance(one, self.kind) or not hasattr(one, "place"):
                raise BreedingError(f"{said} returned {in_words(one)}, which it was not given")
        return list(chosen)

    def _children(self, role: str, *parents: Any) -> tuple[Any, ...]:
        """Return the children of an operator, checked, each an individual."""
        function = self._functions[role]
        made, count = call(role, function, *parents), len(parents)
        if isinstance(made, self.kind) or not isinstance(made, tuple | list) or len(made) != count:
            wanted = "(individual,)" if count == 1 else "(individual, individual)"
            raise BreedingError(
                f"{label(role, function)} returned {in_words(made)} instead of a tuple {wanted}"
            )
        children = []
        for child in made:
            try:
                row = self._coding.row(child)
            except ValueError as error:
                raise BreedingError(f"{label(role, function)} returned {error}") from None
            known = isinstance(child, self.kind) and hasattr(child, "fitness")
            children.append(child if known else self._coding.individual(self.kind, row))
        return tuple(children)
