"""Small runs to test with, in this process or another."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from forked import Forked, begin_forked, command

from evo.core import interrupt
from evo.core.config import Config
from evo.core.registry import ENGINES, experiment
from evo.engines import genome_of
from evo.experiment import Experiment
from evo.music.song_finder import SongFinder
from evo.runs import session
from evo.runs.configure import deep_update, setting
from evo.runs.loading import load_run

COMMAND = (sys.executable, "-c", "from evo.cli.main import main; main()")
# The engines whose genome kinds play music.
PLAYING = [name for name in ENGINES if experiment("memorize").supports(genome_of(name))]


def pictureless() -> dict[str, str]:
    """Return the environment of processes whose runs of networks leave no picture."""
    folder = str(Path(__file__).parent / "pictureless")
    places = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(places)}


class Killed(BaseException):
    """The process is killed: nothing between here and the outermost caller may handle it."""


class Watcher:
    """A display that keeps what it is shown, and kills the run after some generations."""

    def __init__(self, kill_after: int | None = None) -> None:
        self.messages: list[str] = []
        self.records: list[dict[str, Any]] = []
        self.first: int | None = None
        self._kill_after = kill_after

    def begin(self, run: Any, stop: Any, first: int) -> None:
        self.first = first

    def message(self, text: str) -> None:
        self.messages.append(text)

    def record(self, record: dict[str, Any]) -> None:
        self.records.append(record)
        if len(self.records) == self._kill_after:
            raise Killed

    def end(self) -> None:
        pass


class Copier(Watcher):
    """Display that copies the run's directory after every generation.

    A copy equals the files of a process killed at this instant.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        super().__init__()
        self._run, self._folder = run, folder

    def record(self, record: dict[str, Any]) -> None:
        super().record(record)
        shutil.copytree(self._run, self._folder / str(len(self.records)))


def configured(name: str | None = None, engine: str = "neat", **tables: Any) -> Config:
    """Return an experiment's configuration: small population, never solved, other changes.

    Without a name, the fastest experiment for the engine's genome is used.
    """
    from evo.engines import engine_class, genome_of

    name = name or ("xor" if genome_of(engine) == "network" else "memorize")
    chosen: Experiment = experiment(name)
    find = SongFinder()
    individuals = setting(f"{engine}.{engine_class(engine).population}=20")
    changes = {"run": {"seed": 5}, "stop": {"solved": False, "generations": 12}, **individuals}
    if genome_of(engine) == "history-user":
        changes = deep_update(changes, {engine: {"network": {"layers": [12, 8], "history": 16}}})
    if engine == "anneal":  # its usual number of edits takes a second per generation of 20
        changes = deep_update(changes, {engine: {"annealing": {"edits": 60}}})
    changes = deep_update(changes, tables)
    config = chosen.config(engine).changed(changes)
    if chosen.follow_up is not None:
        config = chosen.config(engine, chosen.follow_up(config, find)).changed(changes)
    return chosen.with_shape(config, find)


def start(
    path: Path, config: Config, watcher: Watcher | None = None, loggers: Any = ()
) -> dict[str, Any]:
    chosen = experiment(config.run.experiment)
    shown = watcher or Watcher()
    return session.start(chosen, config, path, ["evo"], shown, SongFinder(), loggers=loggers)


def resume(
    path: Path, watcher: Watcher | None = None, loggers: Any = (), **changes: Any
) -> dict[str, Any]:
    _, chosen = load_run(path)
    return session.resume(chosen, path, changes, watcher or Watcher(), loggers=loggers)


def outcome(path: Path, result: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parts of a finished run that must be reproducible."""
    figures = {name: value for name, value in result.items() if name != "wall_seconds"}
    left = [path / "champion" / name for name in ("arrays.npz", "network.json", "song.mid")]
    return figures, [one.read_bytes() for one in left if one.exists()]


def begin_process(*arguments: str, patient: bool = False) -> Forked:
    """Start the command `evo` in a forked process.

    Its runs of networks leave no picture.

    Args:
        arguments: Arguments of the command.
        patient: After a signal, give the run a minute to end well instead of `interrupt.GRACE`.
            A busy machine may need it; tests of interrupted work do without.
    """

    def work() -> None:
        from disturbing import undrawn

        undrawn()
        if patient:
            interrupt.GRACE = 60.0
        command(*arguments)()

    return begin_forked(work, stderr=subprocess.STDOUT, env=pictureless())


def begin_interpreter(*arguments: str, patient: bool = False) -> "subprocess.Popen[str]":
    """Start the command `evo` in a new interpreter and a new session; see `begin_process`.

    Commands that start workers need it.
    """
    script = "from evo.cli.main import main; main()"
    if patient:
        script = f"from evo.core import interrupt; interrupt.GRACE = 60.0; {script}"
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=pictureless(),
    )


def wait_for_generations(process: Any, path: Path, count: int) -> None:
    """Wait until the run's log has `count` records, or its process ends."""
    log = path / "log.jsonl"
    while process.poll() is None:
        if log.exists() and log.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.002)
