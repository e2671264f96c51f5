"""Several seeds in one folder: each run equals the run of its seed alone."""

import json
import re
import shutil
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from batches import batch_that_lives, scripted_runs
from click.testing import CliRunner
from disturbing import undrawn
from filelock import FileLock, Timeout
from running import (
    Killed,
    Watcher,
    begin_interpreter,
    begin_process,
    configured,
    outcome,
    pictureless,
    start,
    wait_for_generations,
)

from evo.cli.main import main
from evo.core.config import Config
from evo.core.errors import InputError, RunError, RunInterruptedError
from evo.runs import batch, batch_worker
from evo.runs.batch import Batch, with_seed
from evo.runs.description import Tables, load_config
from evo.runs.loading import parse_config
from evo.runs.seed_list import MAX_SEED, seeds_of

SEEDS = [0, 3, 5]
# Goes on until it is stopped, and saves nothing before.
ENDLESS = (
    "run", "xor", "--seeds", "0..2", "--workers", "2", "--population", "20",
    "--generations", "1000000", "--set", "stop.solved=false", "--set", "checkpoints.every=0",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures: no test here uses them."""
    undrawn(monkeypatch.setattr)
    monkeypatch.setenv("PYTHONPATH", pictureless()["PYTHONPATH"])


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """Return the outcome of each seed's run alone."""
    outcomes = {}
    for seed in SEEDS:
        path = tmp_path_factory.mktemp("alone") / "run"
        outcomes[seed] = outcome(path, start(path, of_seed(configured().tables(), seed)))
    return outcomes


def of_seed(tables: Tables, seed: int) -> Config:
    """Return the configuration of one run of a batch, typed."""
    return parse_config(with_seed(tables, seed), Path("batch.toml"))[0]


def carried_out(one: Batch, at_once: int = 2) -> tuple[Any, list[str]]:
    lines: list[str] = []
    with one:
        summary = one.carry_out(at_once, lambda seed, words: lines.append(f"{seed}: {words}"))
    return summary, lines


def result_of(folder: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return result


@pytest.mark.parametrize(("text", "seeds"), [
    ("0..3", [0, 1, 2, 3]), ("7", [7]), ("4,2", [4, 2]), ("0..2, 8", [0, 1, 2, 8]), ("5..5", [5]),
])  # fmt: skip
def test_seeds_are_ranges_and_numbers(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "3..1", "-1", "-3..2", "a", "1..", "1...3", "1,,2", "1,0..2", "0..10000", "1.5"]
)
def test_what_are_no_seeds_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="seed") as caught:
        seeds_of(text)
    assert "\n" not in str(caught.value)


def test_a_batch_in_any_state_is_gone_on_with_to_the_runs_that_each_would_be_alone(
    tmp_path: Path, wanted: dict[int, Any]
) -> None:
    one = Batch.create(tmp_path / "all", configured().tables(), SEEDS)
    one.save()
    # A run that is done, one that was killed, and one that has not begun.
    done = one.folder(0)
    start(done, of_seed(one.config, 0))
    with pytest.raises(Killed):
        start(one.folder(3), of_seed(one.config, 3), Watcher(kill_after=5))
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*")}
    summary, lines = carried_out(Batch.open(tmp_path / "all"))
    assert sorted(line.split(":")[0] for line in lines) == ["3", "5"]
    assert not summary.failed
    assert {path: path.stat().st_mtime_ns for path in done.rglob("*")} == before
    for seed in SEEDS:
        assert outcome(one.folder(seed), result_of(one.folder(seed))) == wanted[seed]
        assert summary.results[seed] == result_of(one.folder(seed))

    # All are done: nothing happens again. Damage is named, and ends no other run.
    assert carried_out(Batch.open(tmp_path / "all"))[1] == []
    (one.folder(3) / "config.toml").write_text("x = 3")
    summary, lines = carried_out(Batch.open(tmp_path / "all"))
    assert sorted(summary.results) == [0, 5]
    assert list(summary.failed) == [3]
    assert re.search(r"seed3/config.toml", lines[0])


def test_a_run_that_lost_its_song_is_named_and_ends_no_other(tmp_path: Path) -> None:
    config = configured("memorize", "ga", stop={"generations": 2}).tables()
    one = Batch.create(tmp_path / "all", config, [1, 2])
    one.save()
    with pytest.raises(Killed):
        start(one.folder(1), of_seed(config, 1), Watcher(kill_after=1))
    for song in (one.folder(1) / "songs").iterdir():
        song.write_bytes(b"no song")
    summary, lines = carried_out(Batch.open(tmp_path / "all"))
    assert list(summary.failed) == [1]
    assert list(summary.results) == [2]
    assert len(lines) == 2


def test_runs_that_shall_go_further_do(tmp_path: Path, wanted: dict[int, Any]) -> None:
    one = Batch.create(tmp_path / "all", configured(stop={"generations": 4}).tables(), [3])
    one.save()
    start(one.folder(3), of_seed(one.config, 3))
    ended = CliRunner().invoke(main, ["resume", str(tmp_path / "all"), "--generations", "12"])
    assert ended.exit_code == 0, ended.output
    assert "solved 0 of 1 (95 % interval 0% to 79%)" in ended.output
    assert outcome(one.folder(3), result_of(one.folder(3))) == wanted[3]
    assert load_config(one.path / "batch.toml")["config"]["stop"]["generations"] == 12


def test_a_process_that_crashes_takes_no_other_run_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processes of this test do nothing but end."""
    endings = {0: "import os; os.kill(os.getpid(), 9)", 1: "import sys; sys.exit('no\\nmemory')"}

    def script(seed: int) -> str:
        if seed == 2:
            start(tmp_path / "all" / "seed2", of_seed(configured().tables(), 2))
        return endings.get(seed, "pass")

    scripted_runs(monkeypatch.setattr, script)
    summary, lines = carried_out(
        Batch.create(tmp_path / "all", configured().tables(), [0, 1, 2, 3]), 4
    )
    assert sorted(lines) == [
        "0: its process was ended by SIGKILL; resume it to continue",
        "1: memory",
        next(line for line in lines if line.startswith("2: finished: 12 generations done")),
        "3: it was stopped; resume it to continue",
    ]
    assert sorted(summary.failed) == [0, 1, 3]
    assert list(summary.results) == [2]


def test_one_seed_or_several_and_nothing_is_left_of_bad_input(tmp_path: Path) -> None:
    out = tmp_path / "all"
    for arguments, words in (
        (("xor", "--seed", "1", "--seeds", "0..2"), "--seed"),
        (("xor", "--seeds", "2..1"), "seeds"),
        (("memorize", "--seeds", "0..2", "--song", "no-such-song"), "no-such-song"),
    ):
        ended = CliRunner().invoke(main, ["run", *arguments, "--out", str(out)])
        assert ended.exit_code == 2
        assert words in ended.output.splitlines()[-1]
        assert not out.exists()


def test_a_folder_that_is_taken_or_damaged_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RunError, match="not empty"):
        Batch.create(tmp_path, configured().tables(), SEEDS)
    for content in ("", "seeds = 3\n[config]\n", "seeds = [-1]\n[config]\n", "[", "seeds = [1]"):
        (tmp_path / "batch.toml").write_text(content)
        ended = CliRunner().invoke(main, ["resume", str(tmp_path)])
        assert ended.exit_code == 2
        assert "batch.toml" in ended.output
        assert len(ended.output.splitlines()) == 1


def test_a_batch_that_is_at_work_is_left_to_its_process(tmp_path: Path) -> None:
    with Batch.create(tmp_path / "all", configured().tables(), SEEDS) as one:
        one.save()
        with pytest.raises(RunError, match="another process is at work"):
            Batch.open(tmp_path / "all").__enter__()


def test_a_run_without_its_last_status_or_whose_workers_were_lost_is_gone_on_with(
    tmp_path: Path, wanted: dict[int, Any]
) -> None:
    one = Batch.create(tmp_path / "all", configured().tables(), SEEDS)
    one.save()
    for seed in SEEDS:
        start(one.folder(seed), of_seed(one.config, seed))
    # Killed after its result and before its champion; and stopped for want of workers.
    shutil.rmtree(one.folder(0) / "champion")
    for seed, name, status in ((0, "run", "running"), (3, "result", "stopped")):
        file = one.folder(seed) / f"{name}.json"
        file.write_text(file.read_text().replace('"finished"', f'"{status}"'))
    summary, lines = carried_out(Batch.open(tmp_path / "all"))
    assert sorted(line.split(":")[0] for line in lines) == ["0", "3"]
    assert sorted(summary.results) == SEEDS
    for seed in SEEDS:
        assert outcome(one.folder(seed), result_of(one.folder(seed))) == wanted[seed]


def test_begun_runs_are_gone_on_with_on_the_workers_that_the_batch_has_now(tmp_path: Path) -> None:
    one = Batch.create(tmp_path / "all", configured(stop={"generations": 4}).tables(), [3])
    one.save()
    start(one.folder(3), of_seed(one.config, 3))
    arguments = ["--generations", "5", "--set", "workers.timeout=7", "--workers", "2"]
    ended = CliRunner().invoke(main, ["resume", str(one.path), *arguments])
    assert ended.exit_code == 0, ended.output
    workers = load_config(one.folder(3) / "config.toml")["workers"]
    assert (workers["timeout"], workers["count"]) == (7.0, 1)


@pytest.mark.parametrize(("given", "said"), [
    ({"lost": True, "reason": "the scheduler is gone"}, "the scheduler is gone"),
    (RunInterruptedError("the disk is full; go on"), "the disk is full; go on"),
])  # fmt: skip
def test_a_run_that_the_disk_or_its_workers_failed_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: Any, said: str
) -> None:
    def carry_out(folder: Path, seed: int, options: batch.Given) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr(batch_worker, "carry_out", carry_out)
    batch_that_lives(monkeypatch.setattr)
    assert batch_worker.main("anywhere", "3", "{}") == batch.BAD_RUN
    assert capsys.readouterr().err == f"{said}\n"


def test_a_run_that_nobody_reads_any_more_goes_on_to_its_end(tmp_path: Path) -> None:
    process = begin_interpreter(
        "run", "xor", "--population", "20", "--generations", "5", "--set", "stop.solved=false",
        "--out", str(tmp_path / "run"),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 0
    assert result_of(tmp_path / "run")["status"] == "finished"


def free(run: Path) -> bool:
    try:
        with FileLock(run / ".lock", timeout=0):
            return True
    except Timeout:
        return False


def test_signals_and_death_stop_all_runs_with_checkpoints(tmp_path: Path) -> None:
    out = tmp_path / "all"
    runs = [out / "seed0", out / "seed1"]
    # SIGTERM
    process = begin_process(*ENDLESS, "--out", str(out))
    for run in runs:
        wait_for_generations(process, run, 3)
    process.send_signal(signal.SIGTERM)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 143, text
    assert f"evo resume {out}" in text
    done = []
    for run in runs:
        assert result_of(run)["status"] == "stopped"
        done.append(result_of(run)["generations"])
        assert (run / "checkpoints" / f"gen-{done[-1]:06d}").is_dir()
    assert not (out / "seed2").exists()

    # Whoever dies without a word takes the runs along.
    process = begin_process("resume", str(out), "--workers", "2")
    for run, generations in zip(runs, done, strict=True):
        wait_for_generations(process, run, generations + 3)
    with pytest.raises(RunError, match="another process is at work"):
        Batch.open(out).__enter__()
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while not all(map(free, runs)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for run, generations in zip(runs, done, strict=True):
        assert result_of(run)["status"] == "stopped"
        assert result_of(run)["generations"] > generations


def test_runs_that_take_long_to_end_after_a_signal_are_waited_for_and_then_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only run's process ignores the signal, which it sends to this one."""
    script = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)\n"
    )
    begun = scripted_runs(monkeypatch.setattr, lambda seed: script, patience=0.6)
    monkeypatch.setattr("evo.core.interrupt.GRACE", 0.2)
    one = Batch.create(tmp_path / "all", configured().tables(), [0])
    summary, _ = carried_out(one)
    assert summary.stopped_by is signal.SIGTERM
    assert [popen.poll() for popen in begun] == [-signal.SIGKILL]


def test_input_that_no_run_can_use_ends_them_all(tmp_path: Path) -> None:
    config = configured("memorize", "neat")
    config = config.changed({"memorize": {"song": str(tmp_path / "nothing.mid")}})
    with pytest.raises(InputError, match=r"nothing\.mid"):
        carried_out(Batch.create(tmp_path / "all", config.tables(), SEEDS))
    assert not (tmp_path / "all").exists()


TOO_MANY = f"[{', '.join(map(str, range(20_001)))}]"


@pytest.mark.parametrize(("seeds", "why"), [
    ("[]", "has 0 seeds"), ("[0, 1, 0]", "has the seed 0 twice"), (TOO_MANY, "has 20,001 seeds"),
    ("[-1]", "not from 0 to"), (f"[{1 << 63}]", "not from 0 to"),
], ids=("none", "twice", "many", "negative", "large"))  # fmt: skip
def test_the_seeds_in_a_file_follow_the_rule_of_the_option(
    tmp_path: Path, seeds: str, why: str
) -> None:
    (tmp_path / "batch.toml").write_text(f"seeds = {seeds}\n[config]\n")
    with pytest.raises(RunError, match=why):
        Batch.open(tmp_path)
    if seeds not in ("[]", TOO_MANY, "[-1]"):
        with pytest.raises(InputError, match=why):
            seeds_of(seeds.strip("[]"))


def test_the_largest_seed_of_a_batch_is_that_of_a_run() -> None:
    assert seeds_of(str(MAX_SEED)) == [MAX_SEED]
    for seed in (MAX_SEED, MAX_SEED + 1):
        with nullcontext() if seed <= MAX_SEED else pytest.raises(InputError):
            configured(run={"seed": seed})
