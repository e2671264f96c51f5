"""What an experiment is: a configuration, inputs kept with the run, and a task.

A script in `experiments/` makes one `Experiment`, and everything else (engines, workers, log,
checkpoints, resume, champion) is the same for all of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from evo.core.errors import InputError
from evo.engines import Gallery, base_of, engine_class
from evo.fitness.base import Fitness
from evo.runs.directory import HOW_NOT_WHAT
from genomes.player import Player

Config = dict[str, Any]
# Shows one line to whoever waits.
Say = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """What a run breeds for."""

    fitness: Fitness
    # How performers hear and play; None for a task that is no music, or if they hear nothing.
    player: Player | None
    # The champion's own files (name -> content), from a batch of one.
    champion_files: Callable[[Any], dict[str, bytes]]
    # MIDI note of key 0, for naming keys in pictures.
    lowest_note: int | None = None
    # What an engine's gallery leaves: files of `pieces/`, and figures for the result. None for
    # tasks of which the champion is all that is wanted.
    pieces: Callable[[Gallery], tuple[dict[str, bytes], dict[str, Any]]] | None = None


@dataclass(frozen=True)
class Experiment:
    """One kind of experiment, by its name on the command line."""

    name: str
    summary: str  # one line for the help
    # The whole configuration for an engine's name: tables run, stop, checkpoints, workers, the
    # engine's own and the experiment's own. Baselines it need not know: see `config_for`.
    default_config: Callable[[str], Config]
    # The shape that the task needs of its performers, by the configuration: inputs and outputs of
    # a network, steps and keys of a note grid. May raise InputError.
    shape: Callable[[Config], tuple[int, int]]
    # Puts what the task needs into the new run's directory; may raise InputError. What takes long
    # says so.
    prepare: Callable[[Config, Path, Say], None]
    # The task of a run, from its configuration and directory; may raise InputError.
    task: Callable[[Config, Path], Task]
    # The genome kinds that it is for, the first by default; empty for every kind.
    genomes: tuple[str, ...] = ()
    # Other defaults that follow from what was chosen: of the whole configuration, nested tables of
    # changes, which all that was given still overrides. May raise InputError.
    defaults_for: Callable[[Config], Mapping[str, Any]] | None = None

    def completed(self, config: Config) -> Config:
        """A run's configuration, with what it lacks of how a run is carried out.

        A run from before there was such a setting goes on with its default.
        """
        default = self.config_for(config["run"]["engine"])
        tables = {name: config.get(name, {}) for name in HOW_NOT_WHAT}
        return config | {
            name: default[name] | table if isinstance(table, dict) else table
            for name, table in tables.items()
        }

    def config_for(
        self,
        engine: str,
        changes: Mapping[str, Any] | None = None,
        chosen: Mapping[str, Any] | None = None,
    ) -> Config:
        """The whole configuration for any engine, with some `changes` of its defaults.

        A baseline has the settings of its base, and as many evaluations, however many make one of
        its generations: that is said by the engine's settings that were `chosen`.
        """
        base = base_of(engine)
        config = merge(self.default_config(base), changes or {})
        if engine == base:
            return config
        kind: Any = engine_class(engine)
        tables = {name: table for name, table in config.items() if name != base}
        settings = kind.settings_from(config[base])
        limits: Config = kind.limits(config, config[base], chosen or settings)
        return tables | {"run": config["run"] | {"engine": engine}, engine: settings} | limits


def player_file(
    player: Player, lowest_note: int, steps_per_beat: int, prompt_steps: int = 0
) -> dict[str, bytes]:
    """A champion's player.json: how an exported network hears and plays."""
    instrument = {
        "lowest_note": lowest_note,
        "steps_per_beat": steps_per_beat,
        "prompt_steps": prompt_steps,
    }
    document = player.to_values() | instrument
    return {"player.json": json.dumps(document, indent=2).encode() + b"\n"}


def base_config(experiment: str, engine: str) -> Config:
    """The tables that every experiment's configuration has; 0 switches a limit off."""
    return {
        "run": {"experiment": experiment, "engine": engine, "seed": 0, "chunk_size": 64},
        "stop": {
            "target": "",
            "criterion": "best",
            "solved": True,
            "generations": 300,
            "evaluations": 0,
            "stagnation": 0,
            "time_limit": 0.0,
            "max_failures": 0.5,
        },
        # `timeout`: seconds that worker processes give the evaluation of one individual.
        "workers": {"count": 1, "timeout": 60.0, "cluster": "", "insecure": False},
        "checkpoints": {"every": 10, "keep_every": 100},
    }


def merge(config: Config, changes: Mapping[str, Any], where: str = "") -> Config:
    """The configuration with some settings changed, each to a value of the type it has.

    Raises InputError for a setting that does not exist or a value of another type.
    """
    merged = dict(config)
    for name, value in changes.items():
        label = f"{where}{name}"
        if name not in config:
            known = ", ".join(config)
            place = f"[{where.rstrip('.')}]" if where else "a configuration"
            raise InputError(f"there is no setting {label!r}; {place} has {known}")
        old = config[name]
        if isinstance(old, dict):
            if not isinstance(value, Mapping):
                raise InputError(f"{label} is a table of settings, not a value")
            merged[name] = merge(old, value, f"{label}.")
        else:
            merged[name] = _of_type(old, value, label)
    return merged


def _of_type(old: Any, value: Any, label: str) -> Any:
    """`value` as the type of `old`; numbers may be written as text, as on a command line."""
    if label == "stop.target":  # a number, or nothing
        old = 0.0 if value != "" else ""
    kind = type(old)
    try:
        if kind is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False}[str(value).lower()]
        if kind is list:
            items = value if isinstance(value, list | tuple) else str(value).split(",")
            return [_of_type(old[0], item, label) for item in items] if old else list(items)
        if isinstance(value, bool | dict | list) and kind is not str:
            raise ValueError
        if kind is int and float(value) != int(float(value)):
            raise ValueError
        number = int(float(value)) if kind is int else kind(value)
        if kind is float and not isfinite(number):
            raise ValueError
        return number
    except (ValueError, KeyError, TypeError, OverflowError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}
        raise InputError(
            f"{label} must be {wanted.get(kind, 'like ' + repr(old))}, got {value!r}"
        ) from None
