"""Take a user's activation functions to worker processes, with the fitness.

Genes have only the codes of functions. A worker process knows the functions after it has unpickled
`carried(fitness)`, which gives the fitness itself.
"""

from collections.abc import Callable, Mapping
from typing import Any

from genomes.network import own_functions


class _Carrier:
    """Pickles as a fitness that brings functions."""

    def __init__(self, fitness: Any, functions: Mapping[str, Callable[[float], float]]) -> None:
        self._fitness, self._functions = fitness, dict(functions)

    def __reduce__(self) -> tuple[Any, ...]:
        # A script that defines both is loaded with the fitness, so that comes first.
        return _arrived, (self._fitness, self._functions)


def carried(fitness: Any) -> Any:
    """Return the fitness, or a stand-in that unpickles as the fitness and brings functions."""
    functions = own_functions.functions()
    return _Carrier(fitness, functions) if functions else fitness


def _arrived(fitness: Any, functions: Mapping[str, Callable[[float], float]]) -> Any:
    """Return the fitness in a worker process, where the functions are registered."""
    for name, function in functions.items():
        own_functions.register(name, function)
    return fitness
