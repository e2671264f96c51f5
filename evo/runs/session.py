"""Carry out a run: from a configuration or a checkpoint to a result.

`start` creates the directory, `resume` opens it. Both build the engine, new or from the newest
valid checkpoint. Generations are bred and logged, and checkpoints are saved at intervals. The end
writes champion and result. A run that is killed at any point and resumed equals an uninterrupted
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from evo.core.config import Config, execution_of
from evo.core.errors import (
    DAMAGE,
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
from evo.core.settings import Changes
from evo.core.state import State
from evo.engines import Champion, Engine, engine_class, genome_of
from evo.experiment import Experiment, FindSongs, ShowMessage, Task
from evo.fitness.base import LearningFitness, teach
from evo.runs import checkpoint, precompile
from evo.runs.description import read_description, resume_command
from evo.runs.directory import Run
from evo.runs.disk_failures import disk_failures
from evo.runs.display import Display
from evo.runs.loading import config_of, stored, trusted
from evo.runs.loggers.base import Guarded, Logger
from evo.runs.loggers.choice import continued
from evo.runs.loop import EvaluationInterruptedError, Progress, Record, generations
from evo.runs.stop import stop_criteria
from evo.runs.user_experiments import changed_source, origin_of_run
from evo.workers.base import Evaluator
from evo.workers.cluster.address import is_external, parse_address, require_dask
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial


def start(
    experiment: Experiment,
    config: Config,
    path: Path,
    command: Sequence[str],
    display: Display,
    find: FindSongs,
    made_folder: bool = False,
    loggers: Sequence[Logger] = (),
) -> dict[str, Any]:
    """Carry out a new run.

    Args:
        experiment: The experiment.
        config: The complete configuration.
        path: The run's directory, which must be missing or empty.
        command: The command line, stored with the run.
        display: Shows the run.
        find: Finds the songs named by the configuration.
        made_folder: Whether the caller created the directory for the run.
        loggers: Further displays of the run (`evo.runs.loggers`).

    Returns:
        The result, as in result.json. The additional entry `signal` is the number of a signal that
        ended the run. The entry `lost` means that all workers were lost; the run can be resumed.

    Raises:
        InputError: If the configuration or its inputs are wrong.
        RunError: If the directory cannot be used.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    check(config)

    def prepare(folder: Path) -> None:
        experiment.prepare(config, folder, display.message, find)

    about = {} if experiment.origin is None else {"defined_in": experiment.origin._asdict()}
    with (
        disk_failures(path),
        Run.create(path, stored(config), command, prepare, made_folder, about) as run,
    ):
        try:
            return _Session(run, experiment, config, display, loggers).carry_out()
        except InputError:
            run.discard_unused()
            raise


def resume(
    experiment: Experiment,
    path: Path,
    changes: Changes,
    display: Display,
    anew: bool = False,
    loggers: Sequence[Logger] = (),
) -> dict[str, Any]:
    """Resume a run. If no worker becomes available, the run is not changed.

    Args:
        experiment: The experiment.
        path: The run's directory.
        changes: New values of the tables stop, workers and checkpoints.
        display: Shows the run.
        anew: Restart at generation 0 if no checkpoint is usable.
        loggers: Further displays. Those that the run has files of continue without being given.

    Returns:
        The result; see `start`.

    Raises:
        InputError: If a change is wrong.
        RunError: If the run cannot be resumed.
        RunInterruptedError: If the disk fails, or no worker becomes available.
    """
    with disk_failures(path), Run.open(path) as run:
        config = trusted(config_of(run.config, experiment, path / "config.toml"))
        config = config.resumed(changes)
        check(config)
        if run.was_on_cluster and not config.workers.cluster:
            display.message(
                "a cluster evaluated this run until now; it resumes without (give --cluster to "
                "use one)"
            )
        if experiment.origin is not None:
            changed = changed_source(origin_of_run(path), experiment.origin)
            if changed:
                display.message(changed)
        more = continued(path, loggers, display.message)
        session = _Session(run, experiment, config, display, [*loggers, *more], anew)
        run.config = run.config | execution_of(stored(config))
        return session.carry_out()


def check(config: Config) -> None:
    """Check that the engine and the cluster of a configuration can be used.

    Raises:
        InputError: If they cannot.
    """
    engine_class(config.run.engine)(config.engine, seed=config.run.seed)
    if config.workers.cluster:
        parse_address(config.workers.cluster, config.workers.insecure)
        require_dask()


def _evaluator(config: Config, show_message: ShowMessage) -> Evaluator:
    seed, chunk_size, table = config.run.seed, config.run.chunk_size, config.workers
    if table.cluster:
        from evo.workers.cluster.cluster import Cluster  # Dask is an extra, and slow to import

        address = parse_address(table.cluster, table.insecure)
        return Cluster(address, seed, chunk_size, timeout=table.timeout, show_message=show_message)
    if table.count == 1:
        return Serial(seed, chunk_size)
    return Pool(table.count, seed, chunk_size, table.timeout)


@dataclass(frozen=True)
class _Ending:
    """Why the run ended."""

    status: str
    reason: str
    lost: bool = False  # all workers were lost: the run can be resumed when there are new ones


class _Session:
    """One process's work on a run."""

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        config: Config,
        display: Display,
        loggers: Sequence[Logger],
        anew: bool = False,
    ) -> None:
        self.run, self.experiment, self.config, self.display = run, experiment, config, display
        self.stop = stop_criteria(config.stop)
        self.task: Task = experiment.task(config, run.path)
        restored, messages = run.load_checkpoint(self._restored, anew)
        for message in messages:
            display.message(message)
        self.engine, self.progress = restored or (self._new(), Progress())
        self.loggers = Guarded(loggers, display.message, self._champion_files)

    def _new(self) -> Engine[Any]:
        """Return a new engine at generation 0."""
        run = self.config.run
        engine = engine_class(run.engine)(
            self.config.engine, seed=run.seed, player=self.task.player,
            functions=self.experiment.functions,
        )  # fmt: skip
        teach(engine, self.task.fitness)
        if self.task.start is not None:
            engine.start_from(self.task.start())
        return engine

    def _restored(self, state: State) -> tuple[Engine[Any], Progress]:
        """Return engine and progress from a state, and restore a learning fitness.

        Raises:
            CheckpointError: If the state does not fit.
            InputError: If the settings are wrong.
        """
        run, fitness = self.config.run, self.task.fitness
        try:
            engine = engine_class(run.engine).restore(
                self.config.engine,
                state.part("engine"),
                seed=run.seed,
                player=self.task.player,
                functions=self.experiment.functions,
            )
            teach(engine, fitness)
            if isinstance(fitness, LearningFitness):
                part = state.part("fitness")
                fitness.restore(part)
                part.check_same(fitness.state())
            progress = msgspec.convert(state.values["progress"], Progress)
            State(values=state.values["progress"]).check_same(_state_of(progress))
            return engine, progress
        except DAMAGE as error:
            self._new()
            text = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"it holds no such engine ({type(error).__name__}: {text})"
            ) from error

    def _save(self) -> None:
        state = self.engine.state().inside("engine") | _state_of(self.progress).inside("progress")
        if isinstance(self.task.fitness, LearningFitness):
            state |= self.task.fitness.state().inside("fitness")
        champion = self.engine.champion
        score = champion.score if champion else None
        self.run.save_checkpoint(state, self.config.run.engine, score)

    def carry_out(self) -> dict[str, Any]:
        """Evolve until a reason to stop; write champion and result. See `start`."""
        run, engine = self.run, self.engine
        records = run.records(engine.generation)  # later generations are repeated
        # A run that was killed after its last generation lacks only its result.
        reason = self.stop.reason(records[-1]) if records else None
        ending = None if reason is None else _Ending("finished", reason)
        interrupts = Interrupts()
        try:
            with interrupts:
                if ending is None:
                    ending = self._bred(interrupts)
                else:
                    self._begin_writing()
                figures = _keep_pieces(run.path / "pieces", self.task, engine)
                result = self._result(ending) | figures
                # The pictures come last: after a signal there may be no time for them.
                run.write_result(result)
                if engine.champion is not None:
                    self._keep_champion(engine.champion)
                run.set_status(ending.status)
        except Interrupted:
            result = _cut_short(run, interrupts)
        self.loggers.end(result)
        if interrupts.received is not None:
            result = result | {"signal": int(interrupts.received)}
        return result | {"lost": True} if ending is not None and ending.lost else result

    def _bred(self, interrupts: Interrupts) -> _Ending:
        """Evolve with the configured workers; without any, the run is not changed."""
        ending = None
        try:
            with _evaluator(self.config, self.display.message) as evaluator:
                self._begin_writing()
                ending = self._breed(evaluator, interrupts)
        except WorkersLostError as error:
            if ending is None:  # no worker ever became available
                again = resume_command(self.run.path)
                raise RunInterruptedError(f"{error}. Run: {again}") from error
        except StateTooLargeError as error:
            ending = _Ending("failed", f"no checkpoint can be written: {error}")
        assert ending is not None
        return ending

    def _begin_writing(self) -> None:
        """Start changing the run's directory; see `Run.rewind_to_checkpoint`."""
        external = is_external(self.config.workers.cluster)
        self.run.rewind_to_checkpoint()
        self.run.note_start(self.engine.generation, external)
        self.loggers.begin(self.run, self.engine.generation)

    def _breed(self, evaluator: Evaluator, interrupts: Interrupts) -> _Ending:
        """Evolve generation after generation until there is a reason to stop."""
        engine, fitness, name = self.engine, self.task.fitness, self.config.run.engine
        if precompile.is_needed(name, fitness):
            self.display.message(precompile.announcement(name, fitness))
            precompile.compile_kernels(name, self.config.engine, self.task.player, fitness)
        self.display.begin(self.run, self.stop, engine.generation)
        try:
            for record in generations(
                engine, fitness, evaluator, self.progress, self.stop.max_failures
            ):
                ending = self._ending_after(record, interrupts)
                if ending is not None:
                    return ending
        except EvaluationInterruptedError:  # a resume evaluates this generation again
            self._save()
            raise Interrupted from None
        except WorkersLostError as error:  # the same
            self._save()
            return _Ending("stopped", str(error), lost=True)
        except (TooManyFailuresError, BreedingError) as error:
            return _Ending("failed", str(error))
        except InputError:  # of a user's figures
            raise
        except ValueError as error:  # a bug in the code: input is checked before
            self.run.set_status("failed")
            raise RuntimeError(f"generation {engine.generation} failed") from error
        finally:
            self.display.end()
        raise AssertionError("the loop has no end of its own")

    def _ending_after(self, record: Record, interrupts: Interrupts) -> _Ending | None:
        """Log, show and save a generation; return the reason to stop, if any."""
        self.run.append(record)
        self.display.record(record)
        self.loggers.record(record, self.engine.champion)
        reason = self.stop.reason(record)
        ends = reason is not None or interrupts.received is not None
        every = self.config.checkpoints.every
        if ends or (every and self.engine.generation % every == 0):
            self._save()
        if reason is not None:
            return _Ending("finished", reason)
        if interrupts.received is not None:
            return _Ending("stopped", f"stopped by {interrupts.received.name}")
        return None

    def _result(self, ending: _Ending) -> dict[str, Any]:
        champion, figures, target = self.engine.champion, self.progress.figures, self.stop.target
        # For tasks without figures of their own.
        is_solved = target is not None and champion is not None and champion.score >= target
        return {
            "status": ending.status,
            "reason": ending.reason,
            "solved": bool(figures.get("solved", is_solved)),
            "seed": self.config.run.seed,
            "generations": self.engine.generation,
            "evaluations": self.progress.evaluations,
            "wall_seconds": round(self.progress.wall_seconds, 3),
            "best_fitness": champion.score if champion else None,
            **{name: value for name, value in figures.items() if name != "solved"},
            "digest": self.run.digest(),
        }

    def _keep_champion(self, champion: Champion) -> None:
        """Write the champion: arrays, genome, and the task's own files."""
        files = {"arrays.npz": checkpoint.pack_arrays(champion.performers.to_arrays())}
        replace_folder(self.run.path / "champion", files | self._champion_files(champion))

    def _champion_files(self, champion: Champion) -> dict[str, bytes]:
        about = {"fitness": champion.score, "generation": champion.generation}
        genome = genome_of(self.config.run.engine)
        return self.experiment.champion_files(self.task, genome, champion.performers, about)


def _state_of(progress: Progress) -> State:
    return State(values=msgspec.to_builtins(progress))


def _cut_short(run: Run, interrupts: Interrupts) -> dict[str, Any]:
    """Return the result of a run whose ending was interrupted, from its log."""
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


def _keep_pieces(folder: Path, task: Task, engine: Engine[Any]) -> dict[str, Any]:
    """Write the pieces of the engine's gallery, if the task has any; return figures."""
    gallery = engine.gallery()
    if task.pieces is None or gallery is None:
        return {}
    files, figures = task.pieces(gallery)
    replace_folder(folder, files)
    return figures
