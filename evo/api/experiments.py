"""Make a fitness of a user's function, and an experiment of a fitness."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np

from evo.api.options import flag
from evo.api.user_music import MusicSettings, empty_song, song_files
from evo.api.user_settings import check_defaults, check_settings
from evo.core.config import COMMON_TABLES, Config
from evo.core.errors import InputError
from evo.core.registry import GENOMES, find, load
from evo.core.settings import Changes, Settings, changed
from evo.core.user_scripts import script_of
from evo.experiment import Experiment, Files, FindSongs, Music, Origin, Task, Vectors, player_of
from evo.fitness.function import FunctionFitness, name_of_function
from evo.music.metre import metre_of
from evo.music.midi.reading import usual_lowest_note
from evo.music.settings import channels_of
from evo.music.song import Song
from evo.runs.user_experiments import free_name
from genomes.arrays import BoolArray
from genomes.base import performs

# Genome kinds that map rows of numbers to rows of numbers.
_OF_VECTORS = ("network", "history-user")
# Presets of engines that select by several goals (NSGA-II).
_GOALS: Mapping[str, Changes] = {
    "ga": {"engine": {"population": {"survival": "plus"}, "selection": {"kind": "nsga2"}}},
    "deap-grid": {"engine": {"select": {"kind": "selNSGA2"}}},
    "deap-history-user": {"engine": {"select": {"kind": "selNSGA2"}}},
}


# Networks with outputs of both signs, which begin silent: few connections, few deletions and few
# changes of weights per child. HistoryUsers that play one note or none at every step: others begin
# with silence, and the fitness of silence has no slope.
_MUSIC: Mapping[str, Changes] = {
    "network": {
        "engine": {
            "DefaultGenome": {
                "initial_connection": "unconnected",
                "conn_add_prob": 0.9,
                "conn_delete_prob": 0.1,
                "node_add_prob": 0.05,
                "node_delete_prob": 0.05,
                "weight_mutate_rate": 0.2,
                "weight_replace_rate": 0.05,
                "bias_mutate_rate": 0.2,
                "activation_default": "identity",
                "activation_options": ("identity",),
            },
        },
    },
    "history-user": {
        "engine": {
            "network": {"architecture": "melody", "layers": (8,), "last": 8, "history": 16},
        },
    },
}


def fitness(
    function: Callable[..., Any] | None = None,
    *,
    batch: bool = False,
    goals: bool = False,
    by_output: bool = False,
    noisy: bool | None = None,
    figures: Callable[..., Any] | None = None,
) -> Any:
    """Make a fitness of a function; also a decorator.

    Args:
        function: The function: one individual -> a number.
        batch: Whether it takes a whole batch: n individuals -> n numbers.
        goals: Whether it returns several numbers per individual: NSGA-II.
        by_output: Whether it returns a number for every output or key. The fitness is their sum.
            Engines breed the parts of a network by them, which is much faster where it fits.
        noisy: Whether equal genomes can get different scores; None: if it takes random numbers.
        figures: Returns further figures of the champion by name, for log and result.

    Raises:
        InputError: If it is no function of an individual or a batch.
    """
    flags = {"batch": batch, "goals": goals, "by_output": by_output}
    if noisy is not None:
        flags["noisy"] = noisy
    arguments: dict[str, Any] = {name: flag(value, name) for name, value in flags.items()}
    arguments["figures"] = figures
    if function is None:
        return lambda given: FunctionFitness(given, **arguments)
    return FunctionFitness(function, **arguments)


def experiment(
    fitness: Any = None,
    *,
    name: str | None = None,
    inputs: int | None = None,
    outputs: int | None = None,
    keys: int | None = None,
    steps: int = 64,
    settings: type[Settings] | None = None,
    genome: str | None = None,
    goals: bool = False,
    figures: Callable[..., Any] | None = None,
    prompt: Any = None,
    defaults: Mapping[str, Changes] | None = None,
    toolbox: Any = None,
    mate: Callable[..., Any] | None = None,
    mutate: Callable[..., Any] | None = None,
) -> Any:
    """Make an experiment of your own fitness; also a decorator of a function.

    Give `inputs` and `outputs` for a task of numbers, or `keys` and `steps` for music.

    Args:
        fitness: A function (`evo.fitness`), or an object with `evaluate`.
        name: Name of the experiment; None for the function's.
        inputs: Numbers that an individual gets.
        outputs: Numbers that it returns.
        keys: Keys of the instrument, for music.
        steps: Steps of a piece, for music.
        settings: A class of settings of your own. A function gets them as its argument `settings`.
        genome: Genome kind; None for any, "network" by default.
        goals: Whether the fitness returns several numbers per individual: NSGA-II.
        figures: Returns further figures of the champion by name, for log and result.
        prompt: Bool (prompt_steps, keys): notes with which the champion's song begins.
        defaults: Tables of settings that replace defaults: {"stop": {"generations": 50}}.
        toolbox: A DEAP toolbox with your operators, for the engine deap.
        mate: Your own crossover, for the engines ga and deap.
        mutate: Your own mutation, for the engines ga and deap.

    Returns:
        An `Experiment`, for a variable EXPERIMENT in a script.

    Raises:
        InputError: If the arguments do not fit each other.
    """
    if fitness is None:
        arguments = {key: value for key, value in locals().items() if key != "fitness"}
        return lambda function: experiment(function, **arguments)
    scored = _as_fitness(fitness, flag(goals, "goals"), figures)
    inputs = getattr(scored, "inputs", None) if inputs is None else inputs
    outputs = getattr(scored, "outputs", None) if outputs is None else outputs
    _check_shape(inputs, outputs, keys, steps)
    _check_genome(genome, keys)
    base = Settings if settings is None else settings
    check_settings(base)
    check_defaults({} if defaults is None else defaults)
    origin = _origin_of(fitness)
    of = _OfUser(
        scored,
        None if keys is not None else Vectors(cast(int, inputs), cast(int, outputs)),
        np.zeros((0, keys or 1), np.bool_) if prompt is None else _prompt(prompt, keys),
        origin.function,
    )
    return Experiment(
        free_name(origin.function if name is None else name),
        _summary(fitness, origin.function),
        _with_music(base, keys, steps) if keys is not None else base,
        task=of.task,
        shape=of.shape,
        genomes=(genome,) if genome is not None else () if keys is not None else _OF_VECTORS,
        presets=_merged(_presets(scored, keys is not None), defaults or {}),
        resolution=_resolution if keys is not None else None,
        origin=origin,
        functions=operators(toolbox, mate, mutate),
        goals=_has_goals(scored),
        default_genome="grid" if of.vectors is None and _has_goals(scored) else "",
    )


@dataclass(frozen=True)
class _OfUser:
    """The parts of a user's experiment.

    Attributes:
        fitness: Its fitness.
        vectors: The shape of a task of numbers; None for music.
        prompt: Bool (prompt_steps, keys), the beginning of a champion's song.
        name: Name of a champion's song.
    """

    fitness: Any
    vectors: Vectors | None
    prompt: BoolArray
    name: str

    def shape(self, config: Config, find: FindSongs) -> Music | Vectors:
        """Return the shape of the task; see `Experiment.shape`."""
        if self.vectors is not None:
            return self.vectors
        metre_of(config.task.metre)
        return Music(channels_of(config.task, config.task.keys), config.task.steps)

    def task(self, config: Config, folder: Path) -> Task:
        """Return the task; see `Experiment.task`."""
        fitness, own = self.fitness, config.task
        if isinstance(fitness, FunctionFitness):
            fitness = fitness.changed(settings=_plain(own))
        if self.vectors is not None:
            return Task(fitness)

        def files(performers: Any) -> Files:
            prompt = self.prompt
            if own.durations and prompt.shape[1] == own.keys:  # every note lasts a step
                prompt = np.hstack([prompt, prompt])
            played = performers.perform(prompt, max(own.steps, len(prompt)))[0]
            return song_files(empty_song(own, self.name).played(played))

        player = player_of(config, channels_of(own, own.keys))
        return Task(fitness, player, files, usual_lowest_note(own.keys))


def _resolution(config: Config) -> tuple[int, int]:
    return config.task.keys, config.task.steps_per_beat


def operators(toolbox: Any, mate: Any, mutate: Any) -> Any:
    """Return a user's operators, as engines take them.

    Args:
        toolbox: A DEAP toolbox, or None.
        mate: A function, or None.
        mutate: A function, or None.

    Raises:
        InputError: If there are a toolbox and functions, or something that is no function.
    """
    functions = {"mate": mate, "mutate": mutate}
    given = {name: function for name, function in functions.items() if function is not None}
    for name, function in given.items():
        if not callable(function):
            raise InputError(f"{name} must be a function, got {function!r}")
    if toolbox is not None and given:
        raise InputError("give a toolbox, or mate and mutate; a toolbox has both")
    return given if toolbox is None else toolbox


def _as_fitness(fitness: Any, goals: bool, figures: Callable[..., Any] | None) -> Any:
    """Return the fitness of a function, or an object that is one."""
    if isinstance(fitness, FunctionFitness):
        return fitness.changed(
            goals=goals or fitness.goals,
            **({} if figures is None else {"figures": figures}),
        )
    if hasattr(fitness, "evaluate"):
        if figures is not None or goals:
            raise InputError("figures and goals are for functions; give the object figures()")
        return fitness
    return FunctionFitness(fitness, goals=goals, figures=figures)


def _presets(fitness: Any, is_music: bool) -> dict[str, Any]:
    """Return the presets of a user's experiment."""
    found: dict[str, Any] = dict(_MUSIC) if is_music else {}
    if _has_goals(fitness):
        found |= _GOALS
    if getattr(fitness, "by_output", False):
        found["neat"] = {"engine": {"Modules": {"by_output": True}}}
        found["es"] = {"engine": {"strategy": {"by_output": True}}}
    return found


def _has_goals(fitness: Any) -> bool:
    return isinstance(fitness, FunctionFitness) and fitness.goals


def _check_shape(inputs: Any, outputs: Any, keys: Any, steps: Any) -> None:
    """Raise InputError unless the shape is that of music or of vectors."""
    vectors = inputs is not None or outputs is not None
    if vectors == (keys is not None) or (inputs is None) != (outputs is None):
        raise InputError(
            "an experiment needs inputs and outputs (a task of numbers), or keys (music); got "
            f"inputs={inputs}, outputs={outputs}, keys={keys}"
        )
    limits = {"inputs": (inputs, 1 << 20), "outputs": (outputs, 1 << 20)}
    limits |= {"keys": (keys, 128), "steps": (steps, 65_536)}
    for name, (value, highest) in limits.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (whole and 1 <= value <= highest):
            raise InputError(f"{name} must be a whole number from 1 to {highest:,}, got {value!r}")


def _check_genome(genome: str | None, keys: int | None) -> None:
    """Raise InputError unless there is such a genome kind, and it fits the shape."""
    if genome is not None and not performs(load(find("genome", GENOMES, genome))):
        raise InputError(f"the genome {genome} plays nothing, and maps no numbers to numbers")
    if keys is None and genome not in (None, *_OF_VECTORS):
        raise InputError(
            f"inputs and outputs are for the genome {' or '.join(_OF_VECTORS)}, not {genome}"
        )


def _prompt(prompt: Any, keys: int | None) -> BoolArray:
    """Return the beginning of a champion's song as an array."""
    roll = np.asarray(prompt.onsets if isinstance(prompt, Song) else prompt)
    if roll.ndim != 2 or roll.shape[1] != keys or roll.dtype.kind not in "bui":
        raise InputError(
            f"prompt must be bool (steps, {keys}), the onsets, got {roll.dtype} {roll.shape}"
        )
    return roll.astype(np.bool_)


def _with_music(base: type[Settings], keys: int, steps: int) -> type[Settings]:
    """Return a user's settings, with those of the instrument that they lack.

    Raises:
        InputError: If a setting of the user's has the name of one of these, and another meaning.
    """
    own, table = set(base.__struct_fields__), base()
    same = own & set(MusicSettings.__struct_fields__)
    given = {name: getattr(table, name) for name in same}
    changed(MusicSettings(), given, f"settings {base.__name__}")
    fields = [
        (field.name, field.type, {"keys": keys, "steps": steps}.get(field.name, field.default))
        for field in msgspec.structs.fields(MusicSettings)
        if field.name not in own
    ]
    made: type[Settings] = msgspec.defstruct(  # type: ignore[assignment]
        base.__name__, fields, bases=(base,), frozen=True, kw_only=True
    )
    return made


def _plain(table: Any) -> SimpleNamespace:
    """Return settings as a plain record, which can be sent to worker processes."""
    values = {
        name: _plain(value) if isinstance(value := getattr(table, name), Settings) else value
        for name in table.__struct_fields__
    }
    return SimpleNamespace(**values)


def _merged(presets: Mapping[str, Changes], defaults: Mapping[str, Changes]) -> Any:
    """Return presets with a user's defaults, which are tables by their names."""
    found: dict[str, Any] = {name: dict(changes) for name, changes in presets.items()}
    for table, changes in defaults.items():
        if table in COMMON_TABLES:
            found.setdefault("", {})[table] = changes
        else:
            found.setdefault(table, {})["engine"] = changes
    return found


def _origin_of(fitness: Any) -> Origin:
    """Return where a user's fitness is defined."""
    function = fitness.function if isinstance(fitness, FunctionFitness) else fitness
    name = name_of_function(function)
    where = function if hasattr(function, "__code__") else type(function)
    try:
        source = inspect.getsource(where)
    except (OSError, TypeError):  # made by `exec`, or compiled
        source = repr(getattr(function, "__code__", name))
    script = script_of(function)
    if script is not None:
        return Origin(name, _sha256(source), script.name, script.sha256)
    module = sys.modules.get(getattr(function, "__module__", None) or type(function).__module__)
    path = Path(getattr(module, "__file__", None) or "")
    try:
        content = path.read_text(encoding="utf-8") if path.suffix == ".py" else ""
    except (OSError, ValueError):
        content = ""
    return Origin(name, _sha256(source), path.name, _sha256(content) if content else "")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _summary(fitness: Any, name: str) -> str:
    """Return the first line of a fitness's docstring."""
    lines: Sequence[str] = (inspect.getdoc(fitness) or "").splitlines()
    return lines[0] if lines else f"The experiment {name}."
