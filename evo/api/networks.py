"""Networks from files and from neat-python, and activation functions of your own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from evo.api.options import path_of
from evo.core.errors import InputError, printable
from genomes.errors import GenomeError
from genomes.network.neat_python import from_neat_python as networks_of
from genomes.network.networks import Networks
from genomes.network.own_functions import register
from genomes.network.reading import load_network as network_in
from genomes.network.single import Network


def load_network(path: str | Path) -> Network:
    """Load a network from JSON: champion/network.json of a run, or an export of neat-python.

    Args:
        path: The file.

    Raises:
        InputError: If it cannot be read, or describes no network.
    """
    try:
        return network_in(path_of(path, "path"))
    except GenomeError as error:
        raise InputError(printable(str(error))) from None


def activation(name: str, function: Callable[[float], float]) -> None:
    """Make an activation function of your own known by a name, for settings and genomes.

    Call it in every script that starts, resumes or uses a run with this function. numba compiles
    the function if it can; otherwise a warning says that it is slow.

    Args:
        name: Letters, digits and underscores: the name in `activation_options`.
        function: A number -> a number.

    Raises:
        InputError: If the name is taken, or the function does not return a number.
    """
    try:
        register(name, function)
    except GenomeError as error:
        raise InputError(printable(str(error))) from None


def from_neat_python(genomes: Any, config: Any) -> Networks:
    """Return neat-python's genomes as a batch of networks.

    Args:
        genomes: A list of genomes, or a dictionary of them as in `Population.population`.
        config: neat-python's `Config`, or its `genome_config`.

    Raises:
        InputError: If a genome uses a function that there is not.
    """
    try:
        return networks_of(genomes, config)
    except GenomeError as error:
        raise InputError(str(error)) from None
