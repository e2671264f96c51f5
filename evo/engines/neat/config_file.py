"""Read neat-python's configuration files of every release since 0.9, unchanged.

`load` reads a file. `read_sections` reads its text only, and `settings_from` makes typed settings
of it. Entries that a file lacks are filled as its release did (`evo.engines.neat.releases`).
"""

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from evo.core.errors import FileError, InputError
from evo.core.settings import changed
from evo.engines.neat.releases import SECTIONS, Sections, completed
from evo.engines.neat.settings import AS_NEAT_PYTHON, NeatPythonSettings, NeatSettings
from genomes.player import Player

Settings = TypeVar("Settings", bound=NeatPythonSettings)

# Sections of releases before 0.9.
_OLDEST = ("phenotype", "genetic", "genotype compatibility")


class NeatFile(NamedTuple, Generic[Settings]):
    """A neat-python configuration file.

    Attributes:
        settings: Its settings.
        note: One line about entries that the file lacks, or that have no effect; "" for nothing.
    """

    settings: Settings
    note: str


def load(path: str | Path, settings: Settings) -> NeatFile[Settings]:
    """Return the settings of a neat-python configuration file.

    Args:
        path: The file.
        settings: The settings to change. Tables that neat-python does not have are kept, but for
            those that change what the file's rates mean (`AS_NEAT_PYTHON`).

    Raises:
        InputError: If the file cannot be read or used. The message names file and entry.
    """
    sections = read_sections(path)
    try:
        found = completed(sections)
        result = changed(settings, found.sections, "neat")
        if isinstance(result, NeatSettings) and not result.Modules.by_output:
            result = changed(result, AS_NEAT_PYTHON, "neat")
        result.DefaultGenome.check_activations()
    except InputError as error:
        raise FileError(path, str(error)) from None
    return NeatFile(result, f"{path}: {found.note}" if found.note else "")


def read_sections(path: str | Path) -> Sections:
    """Read the sections of a neat-python configuration file.

    Returns:
        Text by section and name.

    Raises:
        InputError: If the file cannot be read, or is not such a configuration.
    """
    # Under Python 2, neat-python 0.9 to 0.92 accepted comments after a semicolon.
    parser = ConfigParser(inline_comment_prefixes=("#", ";"))
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            parser.read_file(file)
        # As in neat-python, entries of [DEFAULT] apply to every section.
        sections = {name: dict(parser.items(name)) for name in parser.sections()}
    except (OSError, IniError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise FileError(path, reason) from None
    for name in SECTIONS:
        if name not in sections:
            raise FileError(path, _without(name, sections))
    return {name: sections[name] for name in SECTIONS}


def _without(name: str, sections: Mapping[str, object]) -> str:
    """Return the problem with a file that lacks a section."""
    if any(old in sections for old in _OLDEST):
        return "is a file of neat-python before 0.9, whose settings had other names and meanings"
    kind = name.removeprefix("Default")
    own = [other for other in sections if other.endswith(kind) and kind != "NEAT"]
    if "IZGenome" in own:
        return "the section [IZGenome] is for spiking networks (neat.iznn), which are not supported"
    if own:
        return (
            f"the section [{own[0]}] belongs to a class of the file's own program; "
            f"only [{name}] can be read"
        )
    return f"no section [{name}]; is it a neat-python configuration?"


def settings_from(settings: Settings, sections: Mapping[str, Mapping[str, str]]) -> Settings:
    """Return settings with the sections of a neat-python configuration.

    Args:
        settings: The settings to change; tables that neat-python does not have are kept.
        sections: Text by section and name, as from `read_sections`.

    Raises:
        InputError: For a missing or unknown entry, or an invalid value.
    """
    return changed(settings, completed(sections).sections, "neat")


def threshold(settings: NeatPythonSettings) -> tuple[float, str] | None:
    """Return the fitness that ends a run, and its criterion.

    The criterion is best, mean or worst. None if `no_fitness_termination` is set.
    """
    entries = settings.NEAT
    if entries.no_fitness_termination:
        return None
    criterion = {"max": "best", "min": "worst", "mean": "mean"}[entries.fitness_criterion]
    return entries.fitness_threshold, criterion


def check_shape(settings: NeatPythonSettings, player: Player | None) -> None:
    """Check that networks of these settings fit a player.

    Args:
        settings: Has the numbers of inputs and outputs.
        player: How the networks are played; None fits any.

    Raises:
        InputError: If the numbers differ from the player's.
    """
    shape = (settings.DefaultGenome.num_inputs, settings.DefaultGenome.num_outputs)
    if player is not None and shape != (player.inputs, player.keys):
        more = f" + {len(player.extra_inputs)} more" if player.extra_inputs else ""
        raise InputError(
            f"neat: num_inputs and num_outputs are {shape[0]} and {shape[1]}, the task needs "
            f"{player.inputs} ({player.keys} keys x {len(player.lags)} lags{more}) "
            f"and {player.keys}"
        )


def check_fits(path: str | Path, settings: Any, fitting: Any, task: str) -> None:
    """Check that the networks of a file fit a task.

    Args:
        path: The file.
        settings: The engine's settings by the file.
        fitting: The same with the shape of the task.
        task: Name of the task.

    Raises:
        InputError: If the numbers of inputs or outputs differ.
    """
    own, other = settings.DefaultGenome, fitting.DefaultGenome
    wrong = [
        f"{name} = {getattr(own, name)}, but {task} has {getattr(other, name)} {name[4:]}"
        for name in ("num_inputs", "num_outputs")
        if getattr(own, name) != getattr(other, name)
    ]
    if wrong:
        raise FileError(path, "; ".join(wrong))


def check_functions(settings: NeatPythonSettings, where: str) -> None:
    """Check that all activation functions are known in this process.

    Args:
        settings: The settings.
        where: The table's name in messages, such as "neat".

    Raises:
        InputError: If one is not.
    """
    try:
        settings.DefaultGenome.check_activations()
    except InputError as error:
        raise InputError(f"{where}.DefaultGenome: {error}") from None


def with_shape(settings: Settings, inputs: int, outputs: int) -> Settings:
    """Return settings for networks of a shape.

    Args:
        settings: The settings to change.
        inputs: Number of inputs.
        outputs: Number of outputs.
    """
    shape = {"num_inputs": inputs, "num_outputs": outputs}
    return changed(settings, {"DefaultGenome": shape}, "neat")
