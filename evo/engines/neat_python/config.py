"""Convert our typed settings to neat-python's configuration object, and back."""

from typing import Any

from evo.core.errors import InputError
from evo.core.settings import tables
from evo.engines.neat.config_file import settings_from
from evo.engines.neat.releases import KNOWN, Sections
from evo.engines.neat.settings import NeatPythonSettings
from genomes.network import own_functions

_PARTS = ("genome", "reproduction", "species_set", "stagnation")


def build_config(settings: NeatPythonSettings) -> Any:
    """Return the configuration that neat-python's classes read.

    neat-python itself can only build one from a file. Here its parts are built from dictionaries of
    text, and become attributes of its `Config` class, without its constructor.

    Raises:
        InputError: If neat-python rejects a value.
    """
    import neat

    settings.DefaultGenome.check_activations()
    own = tables(settings)
    kinds = (
        neat.DefaultGenome,
        neat.DefaultReproduction,
        neat.DefaultSpeciesSet,
        neat.DefaultStagnation,
    )
    config = neat.Config.__new__(neat.Config)
    entries: dict[str, Any] = dict(own["NEAT"]) | {"config_information": None}
    if entries["seed"] < 0:
        entries["seed"] = None
    for part, kind in zip(_PARTS, kinds, strict=True):
        section = {item: _text(value) for item, value in own[kind.__name__].items()}
        entries |= {f"{part}_type": kind, f"{part}_config": _parsed(kind, section)}
    for name, value in entries.items():
        setattr(config, name, value)
    own_functions.add_to(config.genome_config)
    return config


def _parsed(kind: Any, section: dict[str, str]) -> Any:
    """Return a part of the configuration from its entries as text.

    Releases before 1.0 allow a default that is none of the options, so no mutation returns to it.

    Raises:
        InputError: If neat-python rejects a value.
    """
    options = {name: section[name] for name in section if name.endswith("_options")}
    wider = {
        name: f"{text} {section[name.replace('options', 'default')]}"
        for name, text in options.items()
    }
    try:
        part = kind.parse_config(section | wider)
    except RuntimeError as error:
        raise InputError("neat: " + " ".join(str(error).split())) from None
    for name, text in options.items():
        setattr(part, name, text.split(" "))
    return part


def settings_of(config: Any) -> NeatPythonSettings:
    """Return the settings of a neat-python configuration object.

    Args:
        config: A `neat.Config` with neat-python's own classes.

    Raises:
        InputError: If the object is none, has classes of its own, or an invalid value.
    """
    import neat

    if not isinstance(config, neat.Config):
        raise InputError(f"config must be a file or a neat.Config, got {type(config).__name__}")
    sections: Sections = {"NEAT": _entries(config, KNOWN["NEAT"])}
    for part in _PARTS:
        kind = getattr(config, f"{part}_type")
        name = kind.__name__
        if getattr(neat, name, None) is not kind or name not in KNOWN:
            raise InputError(
                f"config has the {part}_type {name}; only neat-python's own can be used"
            )
        sections[name] = _entries(getattr(config, f"{part}_config"), KNOWN[name])
    genome = config.genome_config
    if genome.connection_fraction is not None:
        sections["DefaultGenome"]["initial_connection"] += f" {genome.connection_fraction}"
    return settings_from(NeatPythonSettings(), sections)


def _entries(part: Any, names: list[str]) -> dict[str, str]:
    """Return the entries of a part of the configuration as text; None is left out."""
    values = {name: getattr(part, name, None) for name in names}
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple | list) else str(value)
