"""The configuration of a run, as typed tables.

    [run]           experiment, engine and seed
    [stop]          when the run ends
    [workers]       where populations are evaluated
    [checkpoints]   how often the run is saved
    [ENGINE]        the settings of the engine, by its name
    [GENOME]        how performers of the genome kind play, if that has settings
    [EXPERIMENT]    the settings of the task, by the experiment's name

A configuration is typed and immutable; `tables` converts it to nested dictionaries for TOML.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import tomli_w

from evo.core.errors import InputError
from evo.core.files import to_json
from evo.core.seeds import MAX_SEED
from evo.core.settings import (
    Changes,
    Meta,
    Row,
    Settings,
    changed,
    known,
    rows,
    tables,
    unknown_setting,
)

# Tables that do not affect the results of a run, and may change when it is resumed.
EXECUTION_TABLES = ("stop", "workers", "checkpoints")

Count = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]


class RunSettings(Settings, frozen=True):
    """Experiment, engine and seed of a run."""

    experiment: Annotated[str, Meta(description="Name of the experiment.")] = ""
    engine: Annotated[str, Meta(description="Name of the engine.")] = ""
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED, description="Random seed.")] = 0
    chunk_size: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Individuals that are evaluated in one call.")
    ] = 64


class StopSettings(Settings, frozen=True):
    """When a run ends; 0 or an empty target disables a limit."""

    target: Annotated[
        Annotated[float, Meta(ge=-1e300, le=1e300)] | Literal[""],
        Meta(description="Fitness at which the run ends."),
    ] = ""
    criterion: Annotated[
        Literal["best", "mean", "worst"],
        Meta(description="Fitness of a generation that is compared with the target."),
    ] = "best"
    solved: Annotated[bool, Meta(description="End when the task is solved.")] = True
    generations: Annotated[Count, Meta(description="Maximum number of generations.")] = 300
    evaluations: Annotated[Count, Meta(description="Maximum number of evaluations.")] = 0
    stagnation: Annotated[
        Count, Meta(description="Maximum number of generations without a new champion.")
    ] = 0
    time_limit: Annotated[Seconds, Meta(description="Maximum time, in seconds.")] = 0.0
    max_failures: Annotated[
        float, Meta(ge=0, le=1, description="Share of a generation that may fail.")
    ] = 0.5


class WorkerSettings(Settings, frozen=True):
    """Where populations are evaluated."""

    count: Annotated[int, Meta(ge=1, le=1024, description="Worker processes.")] = 1
    timeout: Annotated[
        Seconds, Meta(description="Seconds for the evaluation of one individual; 0 for no limit.")
    ] = 60.0
    cluster: Annotated[
        str, Meta(description="Address of a Dask scheduler, or local:N for N workers here.")
    ] = ""
    insecure: Annotated[
        bool, Meta(description="Allow an unencrypted connection to a remote cluster.")
    ] = False


class CheckpointSettings(Settings, frozen=True):
    """How often a run is saved."""

    every: Annotated[Count, Meta(description="Generations between checkpoints; 0 for none.")] = 10
    keep_every: Annotated[
        Count, Meta(description="Keep the checkpoint of every this many generations; 0 for none.")
    ] = 100


# The tables of every configuration, by name.
COMMON_TABLES: Mapping[str, type[Settings]] = {
    "run": RunSettings,
    "stop": StopSettings,
    "workers": WorkerSettings,
    "checkpoints": CheckpointSettings,
}


@dataclass(frozen=True)
class Config:
    """The configuration of one run; see the module's docstring.

    Attributes:
        run: Experiment, engine and seed.
        stop: When the run ends.
        workers: Where populations are evaluated.
        checkpoints: When checkpoints are written, and which are kept.
        engine: Settings of the engine, of its `settings_type`.
        task: Settings of the experiment, of its `settings_type`.
        genome: Settings for playing, of the genome kind's `settings_type`; None if it has none.
        genome_name: Name of the genome kind's table of settings; "" if it has none.
    """

    run: RunSettings
    stop: StopSettings
    workers: WorkerSettings
    checkpoints: CheckpointSettings
    engine: Any
    task: Any
    genome: Any = None
    genome_name: str = ""

    def _fields(self) -> dict[str, str]:
        """Return the field of every table, by the table's name."""
        names = {name: name for name in COMMON_TABLES} | {self.run.engine: "engine"}
        if self.genome is not None:
            names[self.genome_name] = "genome"
        return names | {self.run.experiment: "task"}

    def tables(self) -> dict[str, dict[str, Any]]:
        """Return the configuration as nested dictionaries, by the names of the tables."""
        return {name: tables(getattr(self, field)) for name, field in self._fields().items()}

    def to_toml(self) -> str:
        """Return the configuration as TOML, with help as comments."""
        lines = []
        for name, found in self.rows().items():
            lines.append(f"[{name}]")
            for row in found:
                lines.append(f"# {row.help} {row.kind[:1].upper()}{row.kind[1:]}.")
                lines.append(tomli_w.dumps({row.name: row.value}).strip())
            lines.append("")
        return "\n".join(lines)

    def rows(self) -> dict[str, list[Row]]:
        """Return every setting by the full name of its table: "ga.population"."""
        found: dict[str, list[Row]] = {}
        for name, field in self._fields().items():
            for where, row in rows(getattr(self, field), name):
                found.setdefault(where, []).append(row)
        return found

    def adjusted(self, changes: Changes, known_only: bool = False) -> Self:
        """Return the configuration with new values in some tables.

        Args:
            changes: Tables of new values, by the fields of this class. Those of fields that are
                None are ignored.
            known_only: Ignore settings that the tables do not have.

        Raises:
            InputError: For an unknown setting, or an invalid value.
        """
        new = {}
        for name, table in changes.items():
            old = getattr(self, name)
            if old is not None:
                values = known(old, table) if known_only else table
                new[name] = changed(old, values, name)
        return replace(self, **new)

    def as_engine(self, name: str, settings: Any) -> Self:
        """Return the configuration for an engine with its settings.

        Settings of the present engine stay if `settings` has the same names.

        Args:
            name: Name of the engine.
            settings: Its settings.
        """
        if name != self.run.engine:
            settings = changed(settings, known(settings, tables(self.engine)), name)
        return replace(self, run=changed(self.run, {"engine": name}), engine=settings)

    def changed(self, changes: Changes) -> Self:
        """Return the configuration with some settings changed.

        Args:
            changes: Nested tables of new values, by the names of the tables.

        Raises:
            InputError: For an unknown setting, or an invalid value.
        """
        new: dict[str, Any] = {}
        names = self._fields()
        for name, table in changes.items():
            if name not in names:
                raise unknown_setting(str(name), names)
            new[names[name]] = changed(getattr(self, names[name]), table, name)
        return replace(self, **new)

    def resumed(self, changes: Changes) -> Self:
        """Return the configuration of a run that has begun, with some settings changed.

        Args:
            changes: Nested tables of new values, as for `changed`.

        Raises:
            InputError: If a setting would change the run's results, or see `changed`.
        """
        fixed = set(changes) - set(EXECUTION_TABLES)
        if fixed:
            raise InputError(
                f"{min(fixed)} cannot be changed in a run that has begun; start another by "
                "`evo run`"
            )
        return self.changed(changes)

    def hash(self) -> str:
        """Return the SHA-256 of the tables that affect a run's results; see `config_hash`."""
        return config_hash(self.tables())


def execution_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables that do not affect a run's results."""
    return {name: config[name] for name in EXECUTION_TABLES}


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a run's configuration, without EXECUTION_TABLES.

    Those tables (when to stop, where to evaluate, when to save) may change when a run resumes.
    """
    content = {name: table for name, table in config.items() if name not in EXECUTION_TABLES}
    return hashlib.sha256(to_json(content)).hexdigest()
