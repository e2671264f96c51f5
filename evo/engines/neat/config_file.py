"""Read neat-python's configuration files, unchanged.

`read_sections` reads the text of a file, and `settings_from` makes typed settings of it. Nearly all
entries are required. The few optional ones have neat-python's defaults, not ours.
"""

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import TypeVar

from msgspec.structs import fields

from evo.core.errors import InputError
from evo.core.settings import changed
from evo.engines.neat.settings import NeatPythonSettings
from genomes.player import Player

Sections = dict[str, dict[str, str]]

SECTIONS = tuple(NeatPythonSettings.__struct_fields__)
# neat-python's defaults of optional entries. All other entries are required.
_OMITTED: Sections = {
    "NEAT": {"seed": "-1"},
    "DefaultGenome": {
        "initial_connection": "unconnected",
        "single_structural_mutation": "false",
        "structural_mutation_surer": "default",
        "activation_default": "random",
        "aggregation_default": "random",
        "enabled_rate_to_true_add": "0.0",
        "enabled_rate_to_false_add": "0.0",
    }
    | {f"{gene}_init_type": "gaussian" for gene in ("bias", "response", "weight", "time_constant")},
    "DefaultSpeciesSet": {},
    "DefaultStagnation": {
        "species_fitness_func": "mean",
        "max_stagnation": "15",
        "species_elitism": "0",
    },
    "DefaultReproduction": {
        "elitism": "0",
        "survival_threshold": "0.2",
        "min_species_size": "1",
    },
}
# Synonyms that neat-python accepts.
_TRUE, _FALSE = ("1", "yes", "true", "on"), ("0", "no", "false", "off")
_ENABLED = dict.fromkeys(_TRUE, "True") | dict.fromkeys(_FALSE, "False") | {"none": "random"}
_SURER = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")


def read_sections(path: str | Path) -> Sections:
    """Read the sections of a neat-python configuration file.

    Returns:
        Text by section and name.

    Raises:
        InputError: If the file cannot be read, or is not such a configuration.
    """
    parser = ConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        # As in neat-python, entries of [DEFAULT] apply to every section.
        sections = {name: dict(parser.items(name)) for name in parser.sections()}
    except (OSError, UnicodeDecodeError, IniError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(f"{path}: {reason}") from None
    missing = [name for name in SECTIONS if name not in sections]
    if missing:
        raise InputError(f"{path}: no section [{missing[0]}]; is it a neat-python configuration?")
    return {name: sections[name] for name in SECTIONS}


Settings = TypeVar("Settings", bound=NeatPythonSettings)


def settings_from(settings: Settings, sections: Mapping[str, Mapping[str, str]]) -> Settings:
    """Return settings with the sections of a neat-python configuration.

    Args:
        settings: The settings to change; tables that neat-python does not have are kept.
        sections: Text by section and name, as from `read_sections`.

    Raises:
        InputError: For a missing or unknown entry, or an invalid value.
    """
    given = {}
    for name in SECTIONS:
        entries = _OMITTED[name] | dict(sections[name])
        known = [field.encode_name for field in fields(getattr(settings, name))]
        # Files of earlier releases have no time constants.
        required = [key for key in known if not key.startswith("time_constant")]
        missing = [key for key in required if key not in entries]
        if missing:
            raise InputError(f"neat: there is no {missing[0]} in the section [{name}]")
        given[name] = entries
    genome = given["DefaultGenome"]
    for entry, words in (("enabled_default", _ENABLED), ("structural_mutation_surer", _SURER)):
        genome[entry] = words.get(genome[entry].lower(), genome[entry])
    return changed(settings, given, "neat")


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


def with_shape(settings: Settings, inputs: int, outputs: int) -> Settings:
    """Return settings for networks of a shape.

    Args:
        settings: The settings to change.
        inputs: Number of inputs.
        outputs: Number of outputs.
    """
    shape = {"num_inputs": inputs, "num_outputs": outputs}
    return changed(settings, {"DefaultGenome": shape}, "neat")
