"""Workers, checkpoints, kills and resumes do not change a run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disturbing import undrawn
from running import (
    PLAYING,
    Copier,
    Killed,
    Watcher,
    begin_process,
    configured,
    outcome,
    resume,
    start,
    wait_for_generations,
)

from evo.core.errors import RunError
from evo.core.registry import experiment
from evo.core.scores import Scores
from evo.engines import engine_class
from evo.experiments import xor as xor_experiment
from evo.fitness.xor import Xor
from evo.runs import checkpoint, session
from evo.runs.description import load_config, read_log
from evo.runs.directory import Run
from evo.runs.loading import load_run

# Of the baselines those of one genome kind: `test_engines.py` restores all of them.
KINDS = [*PLAYING, "random-network", "one-plus-one-network"]
NEATS = ("neat", "neat-python")
BY_ENGINE = pytest.mark.parametrize("engine", KINDS)


class Undisturbed(dict[str, Any]):
    """The outcome of an undisturbed run, by engine; runs are made when they are asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, engine: str) -> Any:
        path = self._folder / engine
        with pytest.MonkeyPatch.context() as patch:
            undrawn(patch.setattr)
            self[engine] = outcome(path, start(path, configured(engine=engine)))
        return self[engine]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the outcome of an undisturbed run, by engine."""
    return Undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(autouse=True)
def _no_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no figures: they have their own tests and are slow."""
    undrawn(monkeypatch.setattr)


def checkpoints(path: Path) -> list[int]:
    return sorted(int(one.name.removeprefix("gen-")) for one in (path / "checkpoints").iterdir())


def log_of(path: Path) -> list[dict[str, Any]]:
    """Return the records without their wall-clock field."""
    records = list(read_log(path / "log.jsonl"))
    return [{k: v for k, v in record.items() if k != "wall_seconds"} for record in records]


# What a run leaves


def test_a_run_leaves_a_result_a_log_and_a_champion_that_agree(tmp_path: Path) -> None:
    path = tmp_path / "run"
    config = configured()
    watcher = Watcher()
    result = start(path, config, watcher)
    assert json.loads((path / "result.json").read_text()) == result
    assert result["status"] == "finished"
    assert result["reason"] == "12 generations done"
    assert (result["seed"], result["generations"], result["evaluations"]) == (5, 12, 240)
    records = list(read_log(path / "log.jsonl"))
    assert records == watcher.records
    assert [record["generation"] for record in records] == list(range(12))
    assert [record["evaluations"] for record in records] == list(range(20, 241, 20))
    for record in records:
        quartiles = record["quartiles"]
        assert record["worst"] <= quartiles[0] <= quartiles[1] <= quartiles[2] <= record["best"]
        assert record["worst"] <= record["mean"] <= record["best"]
        assert record["failures"] == {}
    champions = [record["champion"] for record in records]
    assert champions == list(np.maximum.accumulate([record["best"] for record in records]))
    assert result["best_fitness"] == champions[-1]
    arrays = checkpoint.unpack_arrays((path / "champion" / "arrays.npz").read_bytes())
    champion = engine_class("neat").genome.from_arrays(arrays)
    assert Xor().evaluate(champion, ()).total[0] == result["best_fitness"]
    assert Xor().figures(champion)["outputs"] == result["outputs"]
    metadata = json.loads((path / "champion" / "network.json").read_text())["metadata"]
    assert metadata["fitness"] == result["best_fitness"]
    assert load_config(path / "config.toml") == json.loads(json.dumps(config.tables()))
    assert load_run(path) == (config, experiment("xor"))
    about = json.loads((path / "run.json").read_text())
    assert about["status"] == "finished"
    assert about["seed"] == 5
    assert {"schema", "command", "version", "platform", "git_commit"} <= about.keys()


def test_another_seed_is_another_run(tmp_path: Path, wanted: dict[str, Any]) -> None:
    result = start(tmp_path / "run", configured(run={"seed": 6}))
    assert result["digest"] != wanted["neat"][0]["digest"]


# How a run is carried out changes nothing


# Every generation, every fifth and none: in the test of killed runs.
@BY_ENGINE
@pytest.mark.parametrize("changes", [{"every": 7}, {"every": 1, "keep_every": 2}], ids=str)
def test_checkpoints_change_nothing(
    tmp_path: Path, wanted: dict[str, Any], engine: str, changes: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    result = start(path, configured(engine=engine, checkpoints=changes))
    assert outcome(path, result) == wanted[engine]


# DEAP's engines with two workers: `tests/evo/engines/deap/test_runs.py`.
@pytest.mark.parametrize("engine", ["neat", "ga"])
def test_two_workers_change_nothing(tmp_path: Path, wanted: dict[str, Any], engine: str) -> None:
    path = tmp_path / "run"
    config = configured(engine=engine, workers={"count": 2})
    assert outcome(path, start(path, config)) == wanted[engine]


def test_two_workers_and_small_chunks_learn_a_tune_as_one_does(tmp_path: Path) -> None:
    tune = {"memorize": {"song": "twinkle-twinkle-little-star"}, "stop": {"generations": 4}}
    outcomes = []
    for workers in (1, 2):
        path = tmp_path / f"{workers}"
        config = configured("memorize", **tune, run={"chunk_size": 7}, workers={"count": workers})
        outcomes.append(outcome(path, start(path, config)))
        played = (path / "champion" / "song.mid").read_bytes()
        outcomes[-1] += (played, (path / "champion" / "player.json").read_bytes())
    assert outcomes[0] == outcomes[1]


# Each engine is killed after all of 12 generations, a third of them with each kind of checkpoints;
# each kind is met by a death after every generation.
EVERY = (1, 5, 0)


@BY_ENGINE
@pytest.mark.parametrize("every", EVERY)
def test_a_run_killed_after_any_generation_and_resumed_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str, every: int
) -> None:
    whole = tmp_path / "whole"
    copier = Copier(whole, tmp_path)
    result = start(whole, configured(engine=engine, checkpoints={"every": every}), copier)
    assert outcome(whole, result) == wanted[engine]
    first = (EVERY.index(every) + KINDS.index(engine)) % 3
    for generations in range(1 + first, 13, 3):
        path = tmp_path / f"{generations}"
        assert not (path / "result.json").exists()
        watcher = Watcher()
        result = resume(path, watcher)
        assert outcome(path, result) == wanted[engine]
        # It went on from the newest checkpoint, not from the beginning.
        newest = (generations - 1) // every * every if every else 0
        assert watcher.first == newest
        assert [record["generation"] for record in watcher.records] == list(range(newest, 12))


@BY_ENGINE
def test_a_run_killed_again_and_again_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str
) -> None:
    path = tmp_path / "run"
    with pytest.raises(Killed):
        start(path, configured(engine=engine, checkpoints={"every": 1}), Watcher(kill_after=2))
    for _ in range(10):
        with pytest.raises(Killed):
            resume(path, Watcher(kill_after=2))
    assert outcome(path, resume(path)) == wanted[engine]


def test_a_run_killed_while_a_checkpoint_is_written_is_the_same_run(
    tmp_path: Path, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from evo.core import files

    write = files.write_synced
    # Files 0 to 3 are run.json, three times, and config.toml; then come three per checkpoint.
    for fatal in (4, 5, 6, 11, 19, 24, 38, 39):
        path = tmp_path / f"{fatal}"
        written = []

        def dying(
            file: Path, content: bytes, fatal: int = fatal, written: list[Path] = written
        ) -> None:
            if len(written) == fatal:
                file.write_bytes(content[: len(content) // 2])
                raise Killed
            written.append(file)
            write(file, content)

        with monkeypatch.context() as patch:
            patch.setattr(files, "write_synced", dying)
            with pytest.raises(Killed):
                start(path, configured(checkpoints={"every": 1}))
        watcher = Watcher()
        assert outcome(path, resume(path, watcher)) == wanted["neat"]
        assert watcher.first == (fatal - 4) // 3


def test_a_run_killed_after_its_last_generation_only_lacks_its_result(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    start(path, configured())
    (path / "result.json").unlink()
    watcher = Watcher()
    assert outcome(path, resume(path, watcher)) == wanted["neat"]
    assert watcher.records == []


@BY_ENGINE
def test_a_finished_run_that_shall_go_further_equals_the_longer_run(
    tmp_path: Path, wanted: dict[str, Any], engine: str
) -> None:
    path = tmp_path / "run"
    first = start(path, configured(engine=engine, stop={"generations": 5}))
    assert first["generations"] == 5
    further = resume(path, stop={"generations": 12})
    assert outcome(path, further) == wanted[engine]
    assert load_config(path / "config.toml")["stop"]["generations"] == 12


def test_a_finished_run_resumed_without_a_change_stays_as_it_is(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    start(path, configured())
    assert outcome(path, resume(path)) == wanted["neat"]


def test_a_run_goes_on_with_other_workers_and_checkpoints(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    with pytest.raises(Killed):
        start(path, configured(checkpoints={"every": 2}), Watcher(kill_after=7))
    result = resume(path, workers={"count": 2}, checkpoints={"every": 3})
    assert outcome(path, result) == wanted["neat"]


# Damage


def killed_run(path: Path, every: int = 2) -> None:
    with pytest.raises(Killed):
        start(path, configured(checkpoints={"every": every}), Watcher(kill_after=9))


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_is_used(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    for name in ("arrays.npz", "state.json", "MANIFEST.json"):
        path = tmp_path / name
        killed_run(path)
        damaged = path / "checkpoints" / "gen-000008" / name
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        watcher = Watcher()
        result = resume(path, watcher)
        assert watcher.first == 6
        (message,) = watcher.messages
        assert "gen-000008 is damaged" in message
        assert name in message
        assert "the previous one" in message
        assert "\n" not in message
        assert outcome(path, result) == wanted["neat"]


def test_a_run_of_which_every_checkpoint_is_damaged_begins_anew_when_that_is_asked_for(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    killed_run(path)
    kept = checkpoints(path)
    for generation in kept:
        (path / "checkpoints" / checkpoint.name_of(generation) / "arrays.npz").unlink()
    with pytest.raises(RunError, match=r"no checkpoint can be used.*--anew"):
        resume(path)
    watcher = Watcher()
    result = session.resume(load_run(path)[1], path, {}, watcher, anew=True)
    assert watcher.first == 0
    *damaged, last = watcher.messages
    assert len(damaged) == len(kept) >= 3
    assert last == "the run starts over"
    assert outcome(path, result) == wanted["neat"]


@pytest.mark.parametrize("torn", [b'{"generation": 9, "eval', b"\x00" * 300])
def test_a_torn_last_line_of_the_log_is_bred_again(
    tmp_path: Path, wanted: dict[str, Any], torn: bytes
) -> None:
    path = tmp_path / "run"
    killed_run(path)
    with (path / "log.jsonl").open("ab") as file:
        file.write(torn)
    assert outcome(path, resume(path)) == wanted["neat"]
    assert len(log_of(path)) == 12


def test_a_log_shorter_than_its_checkpoint_falls_back_to_an_older_one(
    tmp_path: Path, wanted: dict[str, Any]
) -> None:
    path = tmp_path / "run"
    killed_run(path)
    lines = (path / "log.jsonl").read_bytes().splitlines(keepends=True)
    (path / "log.jsonl").write_bytes(b"".join(lines[:7]))
    watcher = Watcher()
    result = resume(path, watcher)
    assert watcher.first == 6
    assert "log.jsonl is shorter" in watcher.messages[0]
    assert outcome(path, result) == wanted["neat"]


def test_leftovers_of_a_killed_write_are_cleared(tmp_path: Path, wanted: dict[str, Any]) -> None:
    path = tmp_path / "run"
    killed_run(path)
    (path / "checkpoints" / ".tmp-gen-000010").mkdir()
    (path / ".tmp-config.toml").write_bytes(b"half")
    assert outcome(path, resume(path)) == wanted["neat"]
    assert not list(path.rglob(".tmp-*"))


def test_a_changed_configuration_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run"
    killed_run(path)
    config = path / "config.toml"
    config.write_text(config.read_text().replace("seed = 5", "seed = 6"))
    before = (path / "log.jsonl").read_bytes()
    with pytest.raises(RunError, match=r"config\.toml was changed since gen-000008") as caught:
        resume(path)
    assert "\n" not in str(caught.value)
    assert (path / "log.jsonl").read_bytes() == before


def test_a_run_made_on_another_platform_goes_on_and_says_so(
    tmp_path: Path, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("evo.runs.directory.platform_fingerprint", lambda: "Python 2.7, Amiga")
        killed_run(path)
    watcher = Watcher()
    assert outcome(path, resume(path, watcher)) == wanted["neat"]
    assert "another platform (Python 2.7, Amiga)" in watcher.messages[0]


# Which checkpoints stay


@pytest.mark.parametrize("keep_every", [0, 5])
def test_the_last_three_the_best_and_every_nth_checkpoint_stay(
    tmp_path: Path, keep_every: int
) -> None:
    for seed in (5, 6, 7):
        path = tmp_path / f"{seed}"
        start(path, configured(run={"seed": seed},
                               checkpoints={"every": 1, "keep_every": keep_every}))  # fmt: skip
        best = log_of(path)[-1]["champion_generation"] + 1
        nth = {5, 10} if keep_every else set()
        assert checkpoints(path) == sorted({10, 11, 12, best} | nth)


def test_without_checkpoints_there_is_one_at_the_end(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(checkpoints={"every": 0}))
    assert checkpoints(tmp_path / "run") == [12]


# One process a run


def test_a_second_process_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "run"
    killed_run(path)
    before = sorted((one, one.stat().st_mtime_ns) for one in path.rglob("*"))
    with Run.open(path):
        second = begin_process("resume", str(path))
        output, _ = second.communicate(timeout=60)
    assert second.returncode == 2
    assert "another process is at work on this run" in output
    assert len(output.splitlines()) == 1
    after = sorted((one, one.stat().st_mtime_ns) for one in path.rglob("*"))
    assert [one for one in after if one[0].name != ".lock"] == [
        one for one in before if one[0].name != ".lock"
    ]
    with Run.open(path):
        pass  # the lock is free again


def test_a_directory_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / "mine.txt").write_text("precious")
    with pytest.raises(RunError, match="exists and is not empty"):
        start(path, configured())
    assert [one.name for one in path.iterdir()] == ["mine.txt"]


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RunError, match=r"there is no run here \(no config\.toml\)"):
            Run.open(path)
    assert not (tmp_path / "missing").exists()


# Failures


class Sick(Xor):
    """Fails a share of every chunk."""

    def __init__(self, share: float) -> None:
        self.share = share

    def evaluate(self, performers: Any, streams: Any) -> Scores:
        total = super().evaluate(performers, streams).total.copy()
        total[: int(self.share * len(total))] = np.nan
        return Scores.of(total)


@pytest.mark.parametrize("engine", NEATS)
def test_failures_within_the_allowed_share_are_counted_and_named_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setattr(xor_experiment, "Xor", lambda: Sick(0.5))
    result = start(tmp_path / "run", configured(engine=engine))
    assert result["status"] == "finished"
    for record in log_of(tmp_path / "run"):
        assert record["failures"] == {"nan": 10}
        assert record["failure"].startswith("individual 0: ")
        assert np.isfinite([record["worst"], record["mean"], *record["quartiles"]]).all()


def test_more_failures_than_allowed_stop_the_run_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xor_experiment, "Xor", lambda: Sick(0.6))
    path = tmp_path / "run"
    result = start(path, configured())
    assert result["status"] == "failed"
    assert "12 of 20 individuals failed in generation 0; individual 0: " in result["reason"]
    assert result["best_fitness"] is None
    assert json.loads((path / "run.json").read_text())["status"] == "failed"
    assert log_of(path) == []
    again = start(tmp_path / "other", configured(stop={"max_failures": 0.6}))
    assert again["status"] == "finished"


def test_extinction_ends_the_run_as_failed_with_the_reason(tmp_path: Path) -> None:
    for engine in NEATS:  # those that have species
        dying = {
            "DefaultSpeciesSet": {"compatibility_threshold": "1000"},
            "DefaultStagnation": {"max_stagnation": "1", "species_elitism": "0"},
            "DefaultReproduction": {"elitism": "0"},
        }
        config = configured(engine=engine, **{engine: dying}, stop={"generations": 200})
        result = start(tmp_path / engine, config)
        assert result["status"] == "failed"
        assert "all species died out" in result["reason"]
        assert (tmp_path / engine / "champion" / "network.json").exists()


# Signals and kills, in processes of their own

LONG = ("--population", "20", "--seed", "5", "--set", "stop.solved=false",
        "--set", "checkpoints.every=7", "--engine", "neat")  # fmt: skip


def test_a_process_killed_at_any_instant_and_resumed_is_the_same_run(tmp_path: Path) -> None:
    path = tmp_path / "run"
    killed = 0
    process = begin_process("run", "xor", *LONG, "--generations", "2000", "--out", str(path))
    for generations in (3, 40, 100):
        if killed:
            process = begin_process("resume", str(path))
        wait_for_generations(process, path, generations)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    done = len(log_of(path))
    assert killed == 3
    result = resume(path, stop={"generations": done + 5})
    undisturbed = tmp_path / "undisturbed"
    wanted = start(undisturbed, configured(stop={"generations": done + 5}))
    assert outcome(path, result) == outcome(undisturbed, wanted)
    assert log_of(path) == log_of(undisturbed)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_with_a_checkpoint_that_goes_on_the_same(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    path = tmp_path / "run"
    process = begin_process(
        "run", "xor", *LONG, "--generations", "100000", "--out", str(path), patient=True
    )
    wait_for_generations(process, path, 10)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"stopped by {number.name}" in output
    assert f"evo resume {path}" in output
    assert "Traceback" not in output
    result = json.loads((path / "result.json").read_text())
    done = result["generations"]
    assert result["status"] == "stopped"
    assert done >= 10
    assert checkpoints(path)[-1] == done
    assert json.loads((path / "run.json").read_text())["status"] == "stopped"
    watcher = Watcher()
    further = resume(path, watcher, stop={"generations": done + 3})
    assert watcher.first == done
    undisturbed = tmp_path / "undisturbed"
    wanted = start(undisturbed, configured(stop={"generations": done + 3}))
    assert outcome(path, further) == outcome(undisturbed, wanted)


def test_a_second_signal_ends_the_process_at_once() -> None:
    script = (
        "import os, signal\n"
        "from evo.core.interrupt import Interrupts\n"
        "with Interrupts() as interrupts:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    assert interrupts.received is signal.SIGINT\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('still here')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (143, "")


def test_the_handlers_of_signals_are_put_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(Killed):
        start(tmp_path / "run", configured(), Watcher(kill_after=1))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_while_the_run_is_in_this_process_finishes_the_generation(tmp_path: Path) -> None:
    class Interrupting(Watcher):
        def record(self, record: dict[str, Any]) -> None:
            super().record(record)
            if record["generation"] == 3:
                os.kill(os.getpid(), signal.SIGTERM)

    path = tmp_path / "run"
    result = start(path, configured(), Interrupting())
    assert result["status"] == "stopped"
    assert result["signal"] == signal.SIGTERM
    assert result["generations"] == 4
    assert checkpoints(path) == [4]
