"""Let a package's name be called, too: `evo.fitness` is a package and a decorator.

Python sets the attribute `evo.fitness` when the package is imported, so it cannot be a function.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A module that is called like the function of its name in `evo.api`."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function of the public API."""
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module("evo.api"), name)(*arguments, **named)


def make_callable(name: str) -> None:
    """Make a loaded module callable."""
    sys.modules[name].__class__ = CallableModule
