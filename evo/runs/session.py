"""Carrying out a run: from a configuration to a result, and on from a checkpoint.

`start` makes the directory, `resume` opens it again; both then do the same: build the engine (new,
or as the newest good checkpoint has it), let the loop breed generation after generation, log each,
save now and then, and leave champion and result. A run that is killed at any point and resumed
does not differ from one that was not.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evo.core.errors import (
    BreedingError,
    CheckpointError,
    InputError,
    RunInterruptedError,
    StateTooLargeError,
    TooManyFailuresError,
    WorkersLostError,
)
from evo.core.files import replace_folder
from evo.core.interrupt import Interrupted, Interrupts
from evo.core.state import State
from evo.engines import Champion, Engine, engine_class
from evo.experiment import Config, Experiment, Say, Task, merge
from evo.fitness.base import LearningFitness
from evo.runs import checkpoint, precompile
from evo.runs.directory import Run, read_description, resume_command
from evo.runs.loop import EvaluationInterruptedError, Progress, Record, generations
from evo.runs.stop import Stop
from evo.workers.base import Evaluator
from evo.workers.cluster.address import parse_address, require_dask
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial
from genomes.network.export import export_network
from genomes.network.networks import Networks


class Display(Protocol):
    """Shows a run to whoever waits for it."""

    def begin(self, run: Run, stop: Stop, first: int) -> None:
        """The run in this directory goes on with generation `first`."""

    def message(self, text: str) -> None:
        """One line that matters."""

    def record(self, record: Record) -> None:
        """One generation is done."""

    def end(self) -> None:
        """No more generations come."""


def start(
    experiment: Experiment, config: Config, path: Path, command: Sequence[str], display: Display
) -> dict[str, Any]:
    """Carry out a new run in `path`; returns its result, as in result.json.

    Beside that it says `signal`, the number, after a signal, and `lost` after the loss of all
    workers: this call has failed, and the run can be gone on with.

    Raises InputError or ValueError (one line) for what the configuration or its inputs have wrong,
    RunError for the directory, RunInterruptedError when the disk fails or there are no workers to
    begin with.
    """
    check(config)
    table = config["run"]
    # What is wrong with its settings is said before anything takes long.
    engine_class(table["engine"])(config[table["engine"]], seed=table["seed"])

    def prepare(config: Config, folder: Path) -> None:
        experiment.prepare(config, folder, display.message)

    with _disk_failures(path), Run.create(path, config, command, prepare) as run:
        try:
            return _carry_out(run, experiment, display)
        except (InputError, ValueError):
            run.discard_unused()
            raise


def resume(
    experiment: Experiment, path: Path, changes: Mapping[str, Any], display: Display
) -> dict[str, Any]:
    """Go on with the run in `path`; `changes` are of its [stop], [workers] and [checkpoints].

    Returns and raises what `start` does. What it raises before it has workers, such as for a
    cluster that is not there, leaves the run as it was.
    """
    with _disk_failures(path), Run.open(path) as run:
        run.config = merge(experiment.completed(run.config), changes)
        check(run.config)
        return _carry_out(run, experiment, display)


@contextmanager
def _disk_failures(path: Path) -> Iterator[None]:
    """Turn what the disk refuses a run into one line; what is on it can be gone on with."""
    try:
        yield
    except BrokenPipeError:  # no file's: whoever read the output has seen enough
        raise
    except OSError as error:
        again = f"go on by `{resume_command(path)}`"
        if not (path / "config.toml").exists():
            again = "start it again by the same command"
        raise RunInterruptedError(
            f"{error.filename or path}: {error.strerror or error}; the run is broken off; when "
            f"this is mended {again}"
        ) from error


def stop_criteria(config: Config) -> Stop:
    """The [stop] table; 0 and an empty target switch a criterion off."""
    table = dict(config["stop"])
    for name in ("generations", "evaluations", "stagnation", "time_limit"):
        table[name] = table[name] or None
    if table["target"] == "":
        table["target"] = None
    if table["criterion"] not in ("best", "mean", "worst"):
        raise ValueError(f"stop.criterion must be best, mean or worst, got {table['criterion']!r}")
    return Stop(**table)


def check(config: Config) -> None:
    """ValueError with one line for numbers that no run can have, before anything is touched."""
    limits = (
        ("run", "seed", 0),
        ("run", "chunk_size", 1),
        ("workers", "count", 1),
        ("workers", "timeout", 0),
        ("checkpoints", "every", 0),
        ("checkpoints", "keep_every", 0),
        ("stop", "generations", 0),
        ("stop", "evaluations", 0),
        ("stop", "stagnation", 0),
        ("stop", "time_limit", 0),
        ("stop", "max_failures", 0),
    )
    for table, name, least in limits:
        if config[table][name] < least:
            raise ValueError(f"{table}.{name} must be at least {least}, got {config[table][name]}")
    if config["workers"]["cluster"]:
        parse_address(config["workers"]["cluster"], config["workers"]["insecure"])
        require_dask()
    stop_criteria(config)


def _evaluator(config: Config, say: Say) -> Evaluator:
    seed, chunk_size = config["run"]["seed"], config["run"]["chunk_size"]
    table = config["workers"]
    if table["cluster"]:
        from evo.workers.cluster.cluster import Cluster  # Dask is an extra, and slow to import

        return Cluster(
            parse_address(table["cluster"], table["insecure"]), seed, chunk_size,
            timeout=table["timeout"], say=say,
        )  # fmt: skip
    workers = table["count"]
    if workers == 1:
        return Serial(seed, chunk_size)
    return Pool(workers, seed, chunk_size, table["timeout"])


def _new(run: Run, task: Task) -> Engine:
    """The engine of a run in generation 0."""
    table = run.config["run"]
    kind = engine_class(table["engine"])
    return kind(run.config[table["engine"]], seed=table["seed"], player=task.player)


def _restored(run: Run, task: Task, state: State) -> tuple[Engine, Progress]:
    """Engine and progress as they were saved; so is a fitness that learns.

    CheckpointError for a state that they cannot be made of; ValueError if the settings are wrong.
    """
    table = run.config["run"]
    kind, settings = engine_class(table["engine"]), run.config[table["engine"]]
    try:
        engine = kind.restore(
            settings, state.part("engine"), seed=table["seed"], player=task.player
        )
        if isinstance(task.fitness, LearningFitness):
            task.fitness.restore(state.part("fitness"))
        return engine, Progress(**state.values["progress"])
    except Exception as error:  # of a state that anybody may have written
        _new(run, task)
        text = " ".join(str(error).split())[:200]
        raise CheckpointError(
            f"it holds no such engine ({type(error).__name__}: {text})"
        ) from error


def _save(run: Run, task: Task, engine: Engine, progress: Progress) -> None:
    state = engine.state().inside("engine") | State(values={"progress": vars(progress)})
    if isinstance(task.fitness, LearningFitness):
        state |= task.fitness.state().inside("fitness")
    score = engine.champion.score if engine.champion else None
    run.save_checkpoint(state, run.config["run"]["engine"], score)


def _carry_out(run: Run, experiment: Experiment, display: Display) -> dict[str, Any]:
    stop = stop_criteria(run.config)
    task = experiment.task(run.config, run.path)
    restored, messages = run.load_checkpoint(lambda state: _restored(run, task, state))
    for message in messages:
        display.message(message)
    engine, progress = restored or (_new(run, task), Progress())
    records = run.records(engine.generation)  # what comes after is bred again
    # A run that was killed after its last generation only lacks its result.
    reason = stop.reason(records[-1]) if records else None
    ending = None if reason is None else _Ending("finished", reason)
    interrupts = Interrupts()
    try:
        with interrupts:
            if ending is None:
                ending = _bred(run, task, engine, progress, stop, interrupts, display)
            else:
                run.take_up()
            status, reason = ending.status, ending.reason
            figures = _keep_pieces(run.path / "pieces", task, engine)
            result = _result(run, engine.champion, progress, status, reason, engine.generation)
            result |= figures
            # The figures come last: after a signal there may be no time for them.
            run.write_result(result)
            if engine.champion is not None:
                _keep_champion(run.path / "champion", task, engine.champion)
            run.set_status(status)
    except Interrupted:
        result = _cut_short(run, interrupts)
    if interrupts.received is not None:
        result = result | {"signal": int(interrupts.received)}
    return result | {"lost": True} if ending is not None and ending.lost else result


@dataclass(frozen=True)
class _Ending:
    """How it came that no more generations are bred."""

    status: str
    reason: str
    lost: bool = False  # for want of workers: it can be gone on with when there are some


def _bred(
    run: Run,
    task: Task,
    engine: Engine,
    progress: Progress,
    stop: Stop,
    interrupts: Interrupts,
    display: Display,
) -> _Ending:
    """Breed with the workers of the configuration; the run is not touched before there are some."""
    ending = None
    try:
        with _evaluator(run.config, display.message) as evaluator:
            run.take_up()
            ending = _breed(run, task, engine, progress, stop, evaluator, interrupts, display)
    except WorkersLostError as error:
        if ending is None:  # there were none from the beginning
            raise RunInterruptedError(f"{error}; go on by `{resume_command(run.path)}`") from error
    except StateTooLargeError as error:
        ending = _Ending("failed", f"no checkpoint can be written: {error}")
    assert ending is not None
    return ending


def _breed(
    run: Run,
    task: Task,
    engine: Engine,
    progress: Progress,
    stop: Stop,
    evaluator: Evaluator,
    interrupts: Interrupts,
    display: Display,
) -> _Ending:
    """Generation after generation until there is a reason to end."""
    name = run.config["run"]["engine"]
    every = run.config["checkpoints"]["every"]
    if precompile.is_needed(name, task.fitness):
        display.message("compiling the kernels, which takes some seconds and is kept ...")
        precompile.compile_kernels(name, run.config[name], task.player, task.fitness)
    display.begin(run, stop, engine.generation)
    try:
        for record in generations(engine, task.fitness, evaluator, progress, stop.max_failures):
            run.append(record)
            display.record(record)
            reason = stop.reason(record)
            ending = reason is not None or interrupts.received is not None
            if ending or (every and engine.generation % every == 0):
                _save(run, task, engine, progress)
            if reason is not None:
                return _Ending("finished", reason)
            if interrupts.received is not None:
                return _Ending("stopped", f"stopped by {interrupts.received.name}")
    except EvaluationInterruptedError:  # a resume evaluates it
        _save(run, task, engine, progress)
        raise Interrupted from None
    except WorkersLostError as error:  # the same
        _save(run, task, engine, progress)
        return _Ending("stopped", str(error), lost=True)
    except (TooManyFailuresError, BreedingError) as error:
        return _Ending("failed", str(error))
    except ValueError as error:  # a mistake in the code: what was given is checked before
        run.set_status("failed")
        raise RuntimeError(f"generation {engine.generation} broke off") from error
    finally:
        display.end()
    raise AssertionError("the loop has no end of its own")


def _cut_short(run: Run, interrupts: Interrupts) -> dict[str, Any]:
    """How a run ends that had no time to end well: with the checkpoints that it has."""
    assert interrupts.received is not None
    run.set_status("stopped")
    records = run.records()
    result = read_description(run.path / "result.json") or {
        "generations": len(records),
        "evaluations": records[-1]["evaluations"] if records else 0,
        "wall_seconds": records[-1]["wall_seconds"] if records else 0.0,
    }
    reason = f"stopped by {interrupts.received.name}, in the middle of something long"
    return result | {"status": "stopped", "reason": reason}


def _result(
    run: Run,
    champion: Champion | None,
    progress: Progress,
    status: str,
    reason: str,
    done: int,
) -> dict[str, Any]:
    return {
        "status": status,
        "reason": reason,
        "solved": bool(progress.figures.get("solved", False)),
        "seed": run.config["run"]["seed"],
        "generations": done,
        "evaluations": progress.evaluations,
        "wall_seconds": round(progress.wall_seconds, 3),
        "best_fitness": champion.score if champion else None,
        **{name: value for name, value in progress.figures.items() if name != "solved"},
        "digest": run.digest(),
    }


def _keep_pieces(folder: Path, task: Task, engine: Engine) -> dict[str, Any]:
    """Leave what the engine's gallery holds, where a task wants it; returns its figures."""
    gallery = engine.gallery()
    if task.pieces is None or gallery is None:
        return {}
    files, figures = task.pieces(gallery)
    replace_folder(folder, files)
    return figures


def _keep_champion(folder: Path, task: Task, champion: Champion) -> None:
    """Leave the champion for people and other programs: arrays, network, the task's own files."""
    performers = champion.performers
    files = {"arrays.npz": checkpoint.pack_arrays(performers.to_arrays())}
    if isinstance(performers, Networks):
        from evo.analysis.plot import network_figure, png_bytes

        metadata = {"fitness": champion.score, "generation": champion.generation}
        document = export_network(performers, metadata)
        files["network.json"] = json.dumps(document, indent=2).encode() + b"\n"
        files["network.png"] = png_bytes(network_figure(performers, task.lowest_note))
    replace_folder(folder, files | task.champion_files(performers))
