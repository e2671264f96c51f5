"""neat-python's configuration: read from its INI files unchanged, kept as tables of strings.

A run keeps the sections in its own configuration, so that one entry can be set from the command
line and the run needs no other file. neat-python itself reads files only, and checks only part of
what it reads; what it says is turned into one line.
"""

import tempfile
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import Any, ClassVar

from evo.engines.base import Engine
from genomes.network.activation import activate_rows
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.player import Player

Sections = dict[str, dict[str, str]]

SECTIONS = (
    "NEAT",
    "DefaultGenome",
    "DefaultSpeciesSet",
    "DefaultStagnation",
    "DefaultReproduction",
)

_FLOAT_GENES = {
    "bias": dict(
        init_mean=0.0, init_stdev=1.0, max_value=30.0, min_value=-30.0,
        mutate_power=0.5, mutate_rate=0.7, replace_rate=0.1,
    ),
    "response": dict(
        init_mean=1.0, init_stdev=0.0, max_value=30.0, min_value=-30.0,
        mutate_power=0.0, mutate_rate=0.0, replace_rate=0.0,
    ),
    "weight": dict(
        init_mean=0.0, init_stdev=1.0, max_value=30.0, min_value=-30.0,
        mutate_power=0.5, mutate_rate=0.8, replace_rate=0.1,
    ),
}  # fmt: skip

# neat-python's own XOR example, less the size of the network.
DEFAULTS: Sections = {
    "NEAT": {
        "fitness_criterion": "max",
        "fitness_threshold": "0.0",
        "pop_size": "150",
        "reset_on_extinction": "False",
        "no_fitness_termination": "True",
    },
    "DefaultGenome": {
        "num_hidden": "0",
        "feed_forward": "True",
        "initial_connection": "full_direct",
        "compatibility_disjoint_coefficient": "1.0",
        "compatibility_weight_coefficient": "0.5",
        "conn_add_prob": "0.5",
        "conn_delete_prob": "0.5",
        "node_add_prob": "0.2",
        "node_delete_prob": "0.2",
        "single_structural_mutation": "False",
        "structural_mutation_surer": "default",
        "activation_default": "sigmoid",
        "activation_options": "sigmoid",
        "activation_mutate_rate": "0.0",
        "aggregation_default": "sum",
        "aggregation_options": "sum",
        "aggregation_mutate_rate": "0.0",
        "enabled_default": "True",
        "enabled_mutate_rate": "0.01",
        "enabled_rate_to_true_add": "0.0",
        "enabled_rate_to_false_add": "0.0",
    }
    | {
        f"{gene}_{item}": str(value)
        for gene, items in _FLOAT_GENES.items()
        for item, value in ({"init_type": "gaussian"} | items).items()
    }
    | {
        f"time_constant_{item}": value
        for item, value in {
            "init_mean": "1.0", "init_stdev": "0.0", "init_type": "gaussian",
            "max_value": "10.0", "min_value": "0.01",
            "mutate_power": "0.0", "mutate_rate": "0.0", "replace_rate": "0.0",
        }.items()
    },
    "DefaultSpeciesSet": {"compatibility_threshold": "3.0"},
    "DefaultStagnation": {
        "species_fitness_func": "max",
        "max_stagnation": "20",
        "species_elitism": "2",
    },
    "DefaultReproduction": {
        "elitism": "2",
        "survival_threshold": "0.2",
        "min_species_size": "2",
    },
}  # fmt: skip


class ConfiguredByNeat(Engine):
    """An engine whose settings are the sections of neat-python's configuration, and its own."""

    kernels = (activate_rows,)
    own_sections: ClassVar[Sections] = {}

    @classmethod
    def default_settings(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """See `Engine.default_settings`: neat-python's XOR example for this many inputs."""
        sections = {name: dict(items) for name, items in (DEFAULTS | cls.own_sections).items()}
        sections["DefaultGenome"] |= cls.shape_setting(inputs, outputs)["DefaultGenome"]
        return sections

    @classmethod
    def shape_setting(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """See `Engine.shape_setting`."""
        return {"DefaultGenome": {"num_inputs": str(inputs), "num_outputs": str(outputs)}}

    @classmethod
    def population_setting(cls, individuals: int) -> dict[str, Any]:
        """See `Engine.population_setting`."""
        return {"NEAT": {"pop_size": str(individuals)}}


def read_sections(path: str | Path) -> Sections:
    """The sections of a neat-python configuration file; ValueError with one line if it is none."""
    parser = ConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        # neat-python lets entries of [DEFAULT] be seen in every section; so does this.
        sections = {name: dict(parser.items(name)) for name in parser.sections()}
    except (OSError, UnicodeDecodeError, IniError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ValueError(f"{path}: {reason}") from None
    missing = [name for name in SECTIONS if name not in sections]
    if missing:
        raise ValueError(f"{path}: no section [{missing[0]}]; is it a neat-python configuration?")
    return {name: sections[name] for name in SECTIONS}


def build_config(sections: Mapping[str, Mapping[str, Any]]) -> Any:
    """A `neat.Config` of these sections; ValueError with one line for what it refuses."""
    import neat
    from neat.math_util import stat_functions

    parser = ConfigParser(interpolation=None)
    parser.read_dict({name: {k: str(v) for k, v in sections[name].items()} for name in SECTIONS})
    for name, number in (("pop_size", int), ("fitness_threshold", float), ("seed", int)):
        try:
            number(parser.get("NEAT", name, fallback="0"))
        except ValueError as error:  # neat-python says the value and not the item
            raise ValueError(f"neat: {name}: {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "neat.ini"
        with path.open("w", encoding="utf-8") as file:
            parser.write(file)
        try:
            config = neat.Config(
                neat.DefaultGenome,
                neat.DefaultReproduction,
                neat.DefaultSpeciesSet,
                neat.DefaultStagnation,
                str(path),
            )
        except AssertionError:
            choice = sections["DefaultGenome"].get("initial_connection")
            raise ValueError(f"neat: initial_connection {choice!r} is not known") from None
        except Exception as error:  # noqa: BLE001 - neat-python raises bare Exceptions
            raise ValueError("neat: " + " ".join(str(error).split())) from None
    genome = config.genome_config
    for kind, known, options in (
        ("activation", ACTIVATIONS, [*genome.activation_options, genome.activation_default]),
        ("aggregation", AGGREGATIONS, [*genome.aggregation_options, genome.aggregation_default]),
    ):
        unknown = [name for name in options if name not in (*known, "random", "none")]
        if unknown:
            raise ValueError(f"neat: {kind} {unknown[0]!r} is not one of {', '.join(known)}")
    judged_by = config.stagnation_config.species_fitness_func
    if judged_by not in stat_functions:
        raise ValueError(
            f"neat: species_fitness_func {judged_by!r} is not one of {', '.join(stat_functions)}"
        )
    if config.pop_size < 2:
        raise ValueError(f"neat: pop_size must be at least 2, got {config.pop_size}")
    return config


def check_shape(genome: Any, player: Player | None) -> None:
    """ValueError with one line if a `genome_config` does not fit how the performers play."""
    shape = (genome.num_inputs, genome.num_outputs)
    if player is not None and shape != (player.inputs, player.keys):
        more = f" + {len(player.extra_inputs)} more" if player.extra_inputs else ""
        raise ValueError(
            f"neat: num_inputs and num_outputs are {shape[0]} and {shape[1]}, the task needs "
            f"{player.inputs} ({player.keys} keys x {len(player.lags)} lags{more}) "
            f"and {player.keys}"
        )
