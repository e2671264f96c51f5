"""neat-python's configuration files: read unchanged, typed by `evo.engines.neat.settings`.

`read_sections` reads the text of a file, `settings_from` makes typed settings of it. A file of
neat-python names every entry but a few; what those few are without an entry is neat-python's
default, not ours.
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
# What neat-python takes where a file has no entry. All others must be there.
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
# Words that neat-python reads as one another.
_TRUE, _FALSE = ("1", "yes", "true", "on"), ("0", "no", "false", "off")
_ENABLED = dict.fromkeys(_TRUE, "True") | dict.fromkeys(_FALSE, "False") | {"none": "random"}
_SURER = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")


def read_sections(path: str | Path) -> Sections:
    """Read the sections of a neat-python configuration file.

    Raises:
        InputError: If the file cannot be read or is no such configuration.
    """
    parser = ConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        # Entries of [DEFAULT] are seen in every section, as neat-python lets them.
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
        settings: What the sections replace; our own tables stay.
        sections: Text by section and name, as from `read_sections`.

    Raises:
        InputError: For a missing or unknown entry, or a value that cannot be meant.
    """
    given = {}
    for name in SECTIONS:
        entries = _OMITTED[name] | dict(sections[name])
        known = [field.encode_name for field in fields(getattr(settings, name))]
        # Networks without time constants are what files of earlier releases describe.
        required = [one for one in known if not one.startswith("time_constant")]
        missing = [one for one in required if one not in entries]
        if missing:
            raise InputError(f"neat: there is no {missing[0]} in the section [{name}]")
        given[name] = entries
    genome = given["DefaultGenome"]
    for entry, words in (("enabled_default", _ENABLED), ("structural_mutation_surer", _SURER)):
        genome[entry] = words.get(genome[entry].lower(), genome[entry])
    return changed(settings, given, "neat")


def threshold(settings: NeatPythonSettings) -> tuple[float, str] | None:
    """Return the fitness that ends a run, and whether best, mean or worst must reach it.

    None if `no_fitness_termination` is set.
    """
    entries = settings.NEAT
    if entries.no_fitness_termination:
        return None
    criterion = {"max": "best", "min": "worst", "mean": "mean"}[entries.fitness_criterion]
    return entries.fitness_threshold, criterion


def check_shape(settings: NeatPythonSettings, player: Player | None) -> None:
    """Raise InputError if networks of these settings do not fit how they play."""
    shape = (settings.DefaultGenome.num_inputs, settings.DefaultGenome.num_outputs)
    if player is not None and shape != (player.inputs, player.keys):
        more = f" + {len(player.extra_inputs)} more" if player.extra_inputs else ""
        raise InputError(
            f"neat: num_inputs and num_outputs are {shape[0]} and {shape[1]}, the task needs "
            f"{player.inputs} ({player.keys} keys x {len(player.lags)} lags{more}) "
            f"and {player.keys}"
        )


def with_shape(settings: Settings, inputs: int, outputs: int) -> Settings:
    """Return settings for networks of this many inputs and outputs."""
    shape = {"num_inputs": inputs, "num_outputs": outputs}
    return changed(settings, {"DefaultGenome": shape}, "neat")
