"""The experiment contract: typed settings, inputs stored with the run, and a task.

Each script in `experiments/` defines one `Experiment`. Everything else is shared: engines, workers,
log, checkpoints, resume, champion. Experiments query genome kinds and engines through their
contracts. No other module refers to an experiment by name.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import msgspec

from evo.core.callable_module import make_callable
from evo.core.config import (
    CheckpointSettings,
    Config,
    RunSettings,
    StopSettings,
    WorkerSettings,
)
from evo.core.errors import InputError
from evo.core.registry import GENOMES, PICTURES, load
from evo.core.settings import Changes, Settings, tables
from evo.engines import Gallery, base_of, engine_class, genome_of
from evo.engines.baselines.base import Baseline
from evo.fitness.base import Fitness
from evo.music.midi.reading import Reading
from evo.music.song import Song
from genomes.base import Performers, performs
from genomes.player import Player

make_callable(__name__)  # `evo.experiment` is a decorator, too

# Shows one line to the user.
ShowMessage = Callable[[str], None]
# Finds songs by name and reading; it reads every file once.
FindSongs = Callable[[str, Reading], list[Song]]
Files = dict[str, bytes]  # content by file name


@dataclass(frozen=True)
class Task:
    """The task of a run.

    Attributes:
        fitness: Scores the performers.
        player: How performers are played; None for non-musical tasks and performers without inputs.
        champion_files: Returns the champion's own files, from a batch of one.
        lowest_note: MIDI note of key 0, for the names of keys in pictures.
        pieces: Returns the files of `pieces/` and figures for the result, from an engine's gallery.
            None if only the champion matters.
        start: Returns a batch of one at which a new search starts; None for a random start.
    """

    fitness: Fitness
    player: Player | None = None
    champion_files: Callable[[Any], Files] = lambda performers: {}
    lowest_note: int | None = None
    pieces: Callable[[Gallery], tuple[Files, dict[str, Any]]] | None = None
    start: Callable[[], Performers] | None = None


class Music(NamedTuple):
    """The shape of a musical task; steps matter only to genomes of fixed length."""

    keys: int
    steps: int = 0


class Vectors(NamedTuple):
    """The shape of a non-musical task."""

    inputs: int
    outputs: int


class Line(NamedTuple):
    """A line of a panel: its label, and the champion's figure it shows."""

    label: str
    figure: str


class Panel(NamedTuple):
    """A panel of the fitness figure: figures of the champion over generations.

    Attributes:
        axis: Label of the axis.
        lines: The lines; with several runs in one figure, only the first is drawn.
        top: Upper limit of the axis: a number or a figure's name; None to fit the data.
        height: Height in inches.
        not_score: Omit the panel if its first line is the score itself.
    """

    axis: str
    lines: tuple[Line, ...]
    top: float | str | None = None
    height: float = 1.1
    not_score: bool = False


@dataclass(frozen=True)
class Improvising:
    """How a champion plays new music.

    Attributes:
        play: Returns the music. Its arguments are the configuration, the run's directory, a batch
            of one, the song to begin with or None, the random streams and the temperature.
        has_song: Whether the champion has an extra input for its learned song, which `--improvise`
            sets to 0.
    """

    play: Callable[..., Song]
    has_song: bool = True


def _nothing(config: Config, folder: Path, show_message: ShowMessage, find: FindSongs) -> None:
    """Prepare nothing: the task needs no files."""


class FitnessSettings(Settings, frozen=True):
    """Settings that are the arguments of a fitness.

    Attributes:
        makes: The fitness; it raises a ValueError for inconsistent arguments.
    """

    makes: ClassVar[Callable[..., Any]]

    def __post_init__(self) -> None:
        try:
            self.fitness()
        except ValueError as error:
            raise InputError(str(error)) from None

    def fitness(self) -> Any:
        """Return the fitness of these settings.

        Raises:
            ValueError: If the settings are inconsistent.
        """
        return type(self).makes(**tables(self))


class Origin(NamedTuple):
    """Where a user's experiment is defined; stored with its runs as text, and never opened.

    Attributes:
        function: Name of the fitness function.
        function_sha256: SHA-256 of its source.
        script: Name of the script; "" in an interactive session.
        script_sha256: SHA-256 of the script; "" in an interactive session.
    """

    function: str = ""
    function_sha256: str = ""
    script: str = ""
    script_sha256: str = ""


@dataclass(frozen=True)
class Experiment:
    """One kind of experiment.

    Attributes:
        name: Name on the command line, and of its table of settings.
        summary: One line for the help.
        settings_type: Type of its own settings.
        task: Returns a run's task from its configuration and directory.
        shape: Returns the shape that the task requires of performers.
        prepare: Writes the task's inputs into a new run's directory.
        genomes: Supported genome kinds; empty for all that play music.
        default_genome: Default genome kind; "" for the first supported one.
        presets: Changes of the defaults, by genome kind or engine; "" is for all. Tables are named
            as the fields of `Config`: engine, genome, task, run, stop, ... A genome kind's preset
            may have settings that an engine lacks; they are ignored.
        follow_up: Returns further presets that depend on the chosen settings. The user's settings
            override them.
        describe: Returns a champion's figures in words, for the terminal.
        outcome: Returns a result's figures in words, "" without any.
        panels: Panels of the fitness figure.
        resolution: Returns the number of keys and the steps per beat; None for non-musical tasks.
        improvising: How a champion plays new music; None if it cannot.
        learned: Returns the songs that the champion repeats, in the order of its files, and the
            number of their first steps that are given; None if it repeats none.
        origin: Where a user's experiment is defined; None for those of this package.
        functions: A user's operators for the engine, by name, or a DEAP toolbox.
        goals: Whether the engine must select by several goals.
    """

    name: str
    summary: str
    settings_type: type[msgspec.Struct]
    task: Callable[[Config, Path], Task]
    shape: Callable[[Config, FindSongs], Music | Vectors]
    prepare: Callable[[Config, Path, ShowMessage, FindSongs], None] = _nothing
    genomes: tuple[str, ...] = ()
    default_genome: str = ""
    presets: Mapping[str, Changes] = field(default_factory=dict)
    follow_up: Callable[[Config, FindSongs], Mapping[str, Changes]] | None = None
    describe: Callable[[Mapping[str, Any]], list[str]] = lambda figures: []
    outcome: Callable[[Mapping[str, Any]], str] = lambda result: ""
    panels: tuple[Panel, ...] = ()
    resolution: Callable[[Config], tuple[int, int]] | None = None
    improvising: Improvising | None = None
    learned: Callable[[Config, Path], tuple[list[Song], int]] | None = None
    origin: Origin | None = None
    functions: Any = None
    goals: bool = False

    def supports(self, genome: str) -> bool:
        """Return whether individuals of a genome kind can do the task."""
        if self.genomes:
            return genome in self.genomes
        return performs(load(GENOMES[genome]))

    def config(
        self, engine: str, more: Mapping[str, Changes] | None = None, chosen: Any = None
    ) -> Config:
        """Return the default configuration for an engine.

        A baseline has the settings of its base engine, and the same number of evaluations.

        Args:
            engine: The engine's name.
            more: Further presets, as in `presets`.
            chosen: The engine's settings, if already known; they determine a baseline's number of
                generations.
        """
        kind, base, genome = engine_class(engine), base_of(engine), genome_of(engine)
        player_settings = kind.genome.settings_type if self.resolution is not None else None
        config = Config(
            RunSettings(experiment=self.name, engine=base),
            StopSettings(),
            WorkerSettings(),
            CheckpointSettings(),
            engine=engine_class(base).settings_type(),
            task=self.settings_type(),
            genome=player_settings() if player_settings is not None else None,
            genome_name=genome,
        )
        for presets in (self.presets, more or {}):
            for name in ("", genome, base):
                config = config.adjusted(presets.get(name, {}), known_only=name != base)
        if engine == base or not issubclass(kind, Baseline):
            return config
        config = config.as_engine(engine, kind.settings_type())
        return config.adjusted(kind.limits(config.as_engine(engine, chosen or config.engine)))

    def with_shape(self, config: Config, find: FindSongs) -> Config:
        """Return the configuration with the engine's settings for the task's shape.

        Args:
            config: The configuration.
            find: Finds songs by name.

        Raises:
            InputError: If the settings do not fit the task.
        """
        kind = engine_class(config.run.engine)
        inputs, outputs = shape = self.shape(config, find)
        if isinstance(shape, Music):
            player = player_of(config, shape.keys)
            inputs, outputs = kind.genome.shape_of(shape.keys, shape.steps, player)
        return config.as_engine(config.run.engine, kind.of_shape(config.engine, inputs, outputs))

    @staticmethod
    def champion_files(
        task: Task, genome: str, performers: Performers, about: dict[str, Any]
    ) -> Files:
        """Return a champion's files: exported genome, pictures, and the task's own.

        Args:
            task: The task of the run.
            genome: Name of the genome kind.
            performers: A batch of one.
            about: Fitness and generation, stored with the genome.
        """
        files: Files = performers.export(about)
        if genome in PICTURES:
            files |= load(PICTURES[genome])(performers, task.lowest_note)
        return files | task.champion_files(performers)


def number(value: float) -> str:
    """Return a number with two decimals, or two significant digits if small."""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def player_of(config: Config, keys: int) -> Player | None:
    """Return how a configuration's performers are played, or None without inputs.

    Args:
        config: The configuration.
        keys: Keys of the instrument.

    Raises:
        InputError: If the settings of the genome kind are wrong.
    """
    try:
        player: Player | None = engine_class(config.run.engine).genome.player_of(
            config.genome, keys
        )
    except ValueError as error:
        raise InputError(f"{config.genome_name}: {error}") from None
    return player


def player_file(
    player: Player | None,
    lowest_note: int,
    steps_per_beat: int,
    prompt_steps: int = 0,
    **more: Any,
) -> Files:
    """Return player.json, which describes how to play an exported network.

    Args:
        player: How the champion is played; None for no file.
        lowest_note: MIDI note of key 0.
        steps_per_beat: Steps per beat.
        prompt_steps: Steps of the song that serve as the prompt.
        more: Further entries; empty ones are left out.
    """
    if player is None:
        return {}
    instrument = {
        "lowest_note": lowest_note,
        "steps_per_beat": steps_per_beat,
        "prompt_steps": prompt_steps,
    } | {name: value for name, value in more.items() if value}
    document = player.to_values() | instrument
    return {"player.json": json.dumps(document, indent=2).encode() + b"\n"}
