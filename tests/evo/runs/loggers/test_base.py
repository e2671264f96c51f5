"""Loggers get everything once, in order, and can neither end nor change a run."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disturbing import undrawn
from running import Killed, Watcher, configured, outcome, resume, start

import evo
from evo.core.errors import InputError
from evo.runs.description import read_log
from evo.runs.loggers import LoggedChampion, LoggedRun, Logger
from evo.runs.loggers.choice import loggers_of

pytestmark = pytest.mark.usefixtures("_no_drawings")


@pytest.fixture
def _no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    undrawn(monkeypatch.setattr)


class Kept(Logger):
    """A logger that keeps what it gets."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def begin(self, run: LoggedRun) -> None:
        self.calls.append(("begin", run))

    def record(self, record: dict[str, Any]) -> None:
        self.calls.append(("record", record))

    def champion(self, champion: LoggedChampion) -> None:
        self.calls.append(("champion", champion))

    def end(self, result: dict[str, Any]) -> None:
        self.calls.append(("end", result))

    def of(self, kind: str) -> list[Any]:
        return [value for name, value in self.calls if name == kind]


def test_a_logger_gets_the_run_every_record_every_champion_and_the_result(tmp_path: Path) -> None:
    logger = Kept()
    result = start(tmp_path / "run", configured(), loggers=[logger])
    assert (logger.calls[0][0], logger.calls[-1][0]) == ("begin", "end")
    (run,) = logger.of("begin")
    assert (run.name, run.path, run.first, list(run.records)) == ("run", tmp_path / "run", 0, [])
    assert run.settings["run"]["seed"] == 5
    records = logger.of("record")
    assert records == list(read_log(tmp_path / "run/log.jsonl"))
    found = [champion.generation for champion in logger.of("champion")]
    assert found == sorted({record["champion_generation"] for record in records})
    assert logger.of("end") == [result]
    best = logger.of("champion")[-1]
    assert best.score == result["best_fitness"]
    assert len(best.performers) == 1
    assert "network.json" in best.files
    assert best.song is None


def test_a_champion_of_music_has_a_song(tmp_path: Path) -> None:
    logger = Kept()
    start(tmp_path / "run", configured(engine="ga", stop={"generations": 2}), loggers=[logger])
    song = logger.of("champion")[-1].song
    assert (song.steps, song.name) == (128, "champion")
    assert {"song.mid", "roll.png"} <= set(logger.of("champion")[-1].files)


def failures_in(watcher: Watcher) -> list[str]:
    """Return the messages about loggers; others say that kernels are compiled."""
    return [message for message in watcher.messages if "logger" in message]


class OwnError(Exception):
    pass


@pytest.mark.parametrize("method", ["begin", "record", "champion", "end"])
@pytest.mark.parametrize("error", [OwnError("no\nnetwork"), SystemExit(3), MemoryError()])
def test_a_failing_logger_is_one_message_and_the_run_and_other_loggers_continue(
    tmp_path: Path, method: str, error: BaseException
) -> None:
    class Failing(Kept):
        pass

    def fail(self: Failing, given: Any) -> None:
        self.calls.append(("failed", given))
        raise error

    setattr(Failing, method, fail)
    failing, other, watcher = Failing(), Kept(), Watcher()
    config = configured(stop={"generations": 3})
    path = tmp_path / "logged"
    result = start(path, config, watcher, [failing, other])
    wanted = start(tmp_path / "plain", config)
    assert outcome(path, result) == outcome(tmp_path / "plain", wanted)
    (message,) = failures_in(watcher)
    assert message.startswith(f"the logger Failing failed and is left out: {type(error).__name__}")
    assert "\n" not in message
    assert len(failing.of("failed")) == 1
    assert len(other.of("record")) == 3
    assert other.of("end") == [result]


class Meddling(Logger):
    """A logger that changes all that it can reach."""

    def begin(self, run: LoggedRun) -> None:
        run.settings["run"]["seed"] = 6
        run.settings["stop"].clear()
        self._spoil()

    def record(self, record: dict[str, Any]) -> None:
        record["engine"]["species"] = -1
        record["figures"].clear()
        record.clear()
        self._spoil()

    def champion(self, champion: LoggedChampion) -> None:
        for performers in (champion.performers, champion.individual.batch):
            for values in performers.to_arrays().values():
                if values.flags.writeable:
                    values[...] = 0
        assert champion.files
        self._spoil()

    def end(self, result: dict[str, Any]) -> None:
        result.clear()

    @staticmethod
    def _spoil() -> None:
        random.seed(1)
        np.random.seed(1)
        np.seterr(all="raise")


@pytest.mark.parametrize("engine", ["neat", "neat-python", "ga", "deap-grid", "es"])
def test_no_logger_changes_a_run(tmp_path: Path, engine: str) -> None:
    config, watcher = configured(engine=engine, stop={"generations": 4}), Watcher()
    result = start(tmp_path / "logged", config, watcher, [Meddling()])
    assert failures_in(watcher) == []
    wanted = start(tmp_path / "plain", config)
    assert outcome(tmp_path / "logged", result) == outcome(tmp_path / "plain", wanted)


def test_a_resumed_run_continues_after_its_checkpoint_and_repeats_no_champion(
    tmp_path: Path,
) -> None:
    path, first = tmp_path / "run", Kept()
    config = configured(checkpoints={"every": 3})
    with pytest.raises(Killed):
        start(path, config, Watcher(kill_after=8), [first])
    assert first.calls[-1][0] in ("record", "champion")  # no end
    second = Kept()
    resume(path, loggers=[second])
    (run,) = second.of("begin")
    assert run.first == 6
    whole = list(read_log(path / "log.jsonl"))
    assert list(run.records) == whole[:6]
    assert second.of("record") == whole[6:]
    known = {record["champion_generation"] for record in whole[:6]}
    assert not known & {champion.generation for champion in second.of("champion")}
    third = Kept()  # of a run that has ended
    resume(path, loggers=[third])
    assert [name for name, _ in third.calls] == ["begin", "end"]


def test_loggers_are_given_by_name_or_as_objects() -> None:
    own = Kept()
    assert loggers_of(None) == []
    assert loggers_of(own) == [own]
    assert [type(one).__name__ for one in loggers_of(["csv", own, "csv"])] == ["CsvLogger", "Kept"]
    for wrong in ("excel", 5, [Kept], ["csv", None], [["csv"]]):
        with pytest.raises(InputError, match=r"^(there is no logger|log must be)"):
            loggers_of(wrong)


def test_a_missing_package_is_told_before_the_run_begins(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"tensorboardX, which is not installed\. Run: pip install"
    ):
        loggers_of("tensorboard")


def test_python_takes_loggers_in_evolve_run_and_resume(tmp_path: Path) -> None:
    def own(network: Any) -> float:
        return float(network.activate([0.5])[0])

    logger, path = Kept(), tmp_path / "own"
    small: dict[str, Any] = {"inputs": 1, "outputs": 1, "population": 5, "seed": 1, "out": path}
    evo.evolve(own, generations=2, log=["csv", logger], **small)
    evo.evolve(own, generations=3, log=logger, resume=True, **small)
    assert [record["generation"] for record in logger.of("record")] == [0, 1, 2]
    assert len((path / "log.csv").read_text(encoding="utf-8").splitlines()) == 4
    found, path = Kept(), tmp_path / "xor"
    evo.run("xor", population=5, generations=2, out=path, log=found)
    evo.resume(path, generations=3, log=[found])
    assert [run.first for run in found.of("begin")] == [0, 2]
    with pytest.raises(InputError, match="there is no logger 'table'"):
        evo.run("xor", out=tmp_path / "other", log="table")
    assert not (tmp_path / "other").exists()
