"""Runs that are disturbed and must end as undisturbed ones; shared with `benchmarks`."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from failing_disk import CAUSES, DEATH, DIED, FailingDisk, exit_code, in_child
from running import Watcher, configured, outcome, resume, start

from evo.core.config import Config
from evo.core.errors import RunError, RunInterruptedError
from evo.runs import checkpoint

ENGINES = ("neat", "ga", "es")  # networks, grids, HistoryUsers


def undrawn(put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Draw no figures and write no sheets: they take most of a small run's time."""
    from evo.analysis import performances, plot
    from evo.analysis.plot import formula, network
    from evo.music.export import files

    kinds = ("network", "formula", "rolls", "reading", "lags", "pieces", "guessing")
    for module in (plot, formula, network, performances):
        for name in (f"{kind}_figure" for kind in kinds):
            if hasattr(module, name):
                put(module, name, lambda *arguments, **options: None)
        put(module, "png_bytes", lambda figure: b"a picture")
    put(files, "sheets_of", lambda song, stem: dict.fromkeys(_sheets(stem), b"a sheet"))


def _sheets(stem: str) -> list[str]:
    """Return the names of a song's sheets."""
    return [f"{stem}.abc", f"{stem}.musicxml"]


def small(engine: str, **tables: Any) -> Config:
    """Return a run of few generations."""
    return configured(engine=engine, **{"stop": {"generations": 4}, **tables})


def go_on(path: Path, config: Config) -> dict[str, Any]:
    """Resume a disturbed run, or start it again if none exists."""
    if (path / "config.toml").exists():
        return resume(path)
    return start(path, config)


def check_checkpoints(path: Path) -> int:
    """Load every named checkpoint; return their number."""
    found = list((path / "checkpoints").glob("gen-*"))
    for one in found:
        checkpoint.load(one)
    return len(found)


def disturbed(
    path: Path, config: Config, n: int, fault: str, begun: bool = False
) -> tuple[bool, Any]:
    """Start a run, let its n-th file operation fail, and resume it.

    With `begun`, a resume is disturbed instead.

    Returns:
        Whether the run reached the n-th operation, and the final outcome.

    Raises:
        AssertionError: if data is lost or an error message is wrong.
    """
    begin = resume if begun else lambda path: start(path, config)
    if fault == DEATH:

        def work() -> int:
            with FailingDisk(path, n, fault):
                begin(path)
            return 0

        code = exit_code(in_child(work))
        assert code in (0, DIED), f"operation {n}: exit code {code}"
        failed = code == DIED
    else:
        with FailingDisk(path, n, fault) as disk:
            try:
                begin(path)
            except (RunInterruptedError, RunError) as error:
                # RunError: no checkpoint could be read, and starting over has to be asked for.
                text = str(error)
                where = text.partition(f": {CAUSES[fault]}; ")[0]
                assert where.startswith(str(path)), f"operation {n}: {text}"
                assert "\n" not in text
                assert disk.failed
        failed = disk.failed
    check_checkpoints(path)
    result = go_on(path, config)
    leftovers = list(path.rglob(".tmp-*"))
    assert not leftovers, f"operation {n}: {leftovers}"
    return failed, outcome(path, result)


def killed_in_save(path: Path, config: Config, chance: random.Random) -> bool:
    """Kill a run by SIGKILL at a random operation of a save."""
    saves = config.stop.generations // config.checkpoints.every
    fatal_save, fatal = chance.randrange(saves), chance.randint(1, 16)

    def work() -> int:
        save, number = checkpoint.save, 0

        def fatal_saving(folder: Path, state: Any, stamp: Any) -> None:
            nonlocal number
            number += 1
            if number <= fatal_save:
                return save(folder, state, stamp)
            with FailingDisk(path, fatal, DEATH) as disk:
                disk.fail = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
                return save(folder, state, stamp)

        checkpoint.save = fatal_saving
        if (path / "config.toml").exists():
            resume(path)
        else:
            start(path, config)
        return 0

    return exit_code(in_child(work)) == -signal.SIGKILL


def killed_any_time(path: Path, config: Config, seconds: float) -> bool:
    """Kill a run by SIGKILL after this many seconds."""

    def work() -> int:
        go_on(path, config)
        return 0

    child = in_child(work)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return exit_code(child) == -signal.SIGKILL


def session_of(child: int) -> list[int]:
    """Return the living processes of a child's session, without the child."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != child:
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if int(fields[3]) == child and fields[0] != "Z":
                found.append(int(entry.name))
    return found


__all__ = [
    "ENGINES", "FailingDisk", "Watcher", "check_checkpoints", "disturbed", "go_on",
    "killed_any_time", "killed_in_save", "outcome", "session_of", "small", "start", "undrawn",
]  # fmt: skip
