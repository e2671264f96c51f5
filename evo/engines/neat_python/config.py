"""Convert our typed settings to neat-python's configuration object."""

from types import SimpleNamespace
from typing import Any

from evo.core.errors import InputError
from evo.core.settings import tables
from evo.engines.neat.settings import NeatPythonSettings


def build_config(settings: NeatPythonSettings) -> Any:
    """Return the configuration that neat-python's classes read.

    neat-python itself can only build one from a file. Here its parts are built from dictionaries of
    text, without its `Config` class.

    Raises:
        InputError: If neat-python rejects a value.
    """
    import neat

    own = tables(settings)
    types = {
        "genome": neat.DefaultGenome,
        "reproduction": neat.DefaultReproduction,
        "species_set": neat.DefaultSpeciesSet,
        "stagnation": neat.DefaultStagnation,
    }
    config: dict[str, Any] = dict(own["NEAT"])
    if config["seed"] < 0:
        config["seed"] = None
    try:
        for name, kind in types.items():
            config[f"{name}_type"] = kind
            section = {item: _text(value) for item, value in own[kind.__name__].items()}
            config[f"{name}_config"] = kind.parse_config(section)
    except RuntimeError as error:
        raise InputError("neat: " + " ".join(str(error).split())) from None
    return SimpleNamespace(**config)


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple | list) else str(value)
