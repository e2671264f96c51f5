"""A run directory is untrusted data, and nothing in it is lost silently."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import evo, finished_run
from disturbing import undrawn
from forked import begin_forked, command, run_forked
from running import pictureless

from evo.core.errors import RunError
from evo.runs.description import load_config, read_log

RUN = ["run", "xor", "--population", "30", "--generations", "9", "--set", "checkpoints.every=3"]
LOCAL = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures: no test here uses them."""
    undrawn(monkeypatch.setattr)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of 9 generations, to copy."""
    return finished_run(tmp_path_factory.mktemp("finished"), *RUN)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Return a finished run of 9 generations, for one test."""
    return Path(shutil.copytree(finished, tmp_path / "a"))


def digest(path: Path) -> Any:
    return json.loads((path / "result.json").read_text())["digest"]


def extended(path: Path, *more: str) -> Result:
    return evo("resume", path, "--generations", "12", *more)


# A: what a stranger's directory can do


def test_a_scheduler_named_by_a_run_is_never_connected_to(run: Path, tmp_path: Path) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        text = (run / "config.toml").read_text()
        hostile = text.replace('cluster = ""', f'cluster = "{address}"')
        hostile = hostile.replace("insecure = false", "insecure = true")
        assert hostile != text
        (run / "config.toml").write_text(hostile)
        done = extended(run)
        assert done.exit_code == 0, done.output
        with pytest.raises(TimeoutError):
            listener.accept()
    workers = tomllib.loads((run / "config.toml").read_text())["workers"]
    assert (workers["cluster"], workers["insecure"]) == ("", False)


def test_that_a_cluster_evaluated_before_is_said_and_the_run_goes_on_here(run: Path) -> None:
    about = json.loads((run / "run.json").read_text())
    about["history"][-1]["cluster"] = True
    (run / "run.json").write_text(json.dumps(about))
    done = extended(run)
    assert done.exit_code == 0
    assert "give --cluster to use one" in done.output


@pytest.mark.parametrize("name", ["log.jsonl", "checkpoints", "config.toml", "run.json", ".lock"])
def test_a_link_in_a_run_is_never_written_through(run: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "theirs"
    (run / name).rename(target)
    (run / name).symlink_to(target)

    def content() -> dict[str, bytes]:
        files = [target] if target.is_file() else sorted(target.rglob("*"))
        return {str(one): one.read_bytes() for one in files if one.is_file()}

    before = content()
    done = extended(run)
    assert done.exit_code == 2
    assert "is a link" in done.output
    assert done.output.count("\n") == 1
    assert content() == before


def test_a_run_of_links_to_files_can_be_compared_and_plotted(run: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    for name in ("config.toml", "log.jsonl", "result.json", "run.json"):
        (run / name).rename(store / name)
        (run / name).symlink_to(store / name)
        (store / name).chmod(0o444)
    assert evo("compare", run).exit_code == 0
    assert "xor" in evo("compare", run).output
    assert evo("plot", run, "-o", tmp_path / "figure.png").exit_code == 0
    assert evo("runs", run.parent).exit_code == 0


def test_a_folder_that_looks_like_a_beginning_keeps_what_is_in_it(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "songs").mkdir(parents=True)
    (theirs / "songs" / "mine.mid").write_bytes(b"mine")
    (theirs / ".lock").touch()
    (theirs / "log.jsonl").write_text("mine\n")
    done = evo(*RUN, "--out", theirs)
    assert done.exit_code == 2
    assert "exists and is not empty" in done.output
    assert (theirs / "songs" / "mine.mid").read_bytes() == b"mine"
    assert (theirs / "log.jsonl").read_text() == "mine\n"


@pytest.mark.parametrize("schema", [2, 0, "1", None, 10**30])
def test_a_run_of_another_schema_is_refused_and_stays_as_it_is(run: Path, schema: Any) -> None:
    about = json.loads((run / "run.json").read_text()) | {"schema": schema}
    (run / "run.json").write_text(json.dumps(about))
    before = (run / "run.json").read_bytes()
    done = extended(run)
    assert done.exit_code == 2
    assert "schema" in done.output
    assert (run / "run.json").read_bytes() == before


def test_every_resume_is_noted_with_its_versions(run: Path) -> None:
    extended(run)
    evo("resume", run, "--generations", "15")
    history = json.loads((run / "run.json").read_text())["history"]
    assert [entry["generation"] for entry in history] == [0, 9, 12]
    assert all({"version", "platform", "git_commit"} <= entry.keys() for entry in history)


# B: nothing is lost silently


@pytest.fixture
def undisturbed(tmp_path: Path) -> Any:
    """Return the digest of an undisturbed run."""
    path = tmp_path / "undisturbed"
    evo(*RUN, "--out", path)
    extended(path)
    return digest(path)


def test_a_log_whose_records_are_whole_is_restored(run: Path, undisturbed: Any) -> None:
    log = run / "log.jsonl"
    for old, new in ((b'":', b'": '), (b"\n", b"\r\n")):
        log.write_bytes(log.read_bytes().replace(old, new))
        done = extended(run)
        assert done.exit_code == 0
        assert "were restored" in done.output
        assert digest(run) == undisturbed


def test_without_a_log_the_engine_goes_on_where_it_was(run: Path) -> None:
    (run / "log.jsonl").unlink()
    done = extended(run)
    assert done.exit_code == 0
    assert "log.jsonl is missing" in done.output
    lines = (run / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["generation"] for line in lines] == [9, 10, 11]


def test_a_log_of_something_else_is_kept_beside(run: Path) -> None:
    old = b'{"generation": 7}\nnot mine\n'
    (run / "log.jsonl").write_bytes(old)
    done = extended(run)
    assert done.exit_code == 0
    assert "log-damaged.jsonl" in done.output
    assert (run / "log-damaged.jsonl").read_bytes() == old
    assert len((run / "log.jsonl").read_text().splitlines()) == 3


def test_a_resume_without_a_usable_checkpoint_is_refused_until_it_is_asked_for(
    run: Path, undisturbed: Any
) -> None:
    for path in run.glob("checkpoints/*/state.json"):
        path.write_text("{}")
    before = (run / "log.jsonl").read_bytes()
    done = extended(run)
    assert done.exit_code == 2
    assert "--anew" in done.output
    assert "damaged" in done.output
    assert (run / "log.jsonl").read_bytes() == before
    done = extended(run, "--anew")
    assert done.exit_code == 0
    assert "starts over" in done.output
    assert digest(run) == undisturbed


def test_a_run_that_lost_its_checkpoints_is_refused_until_it_is_asked_for(run: Path) -> None:
    log = (run / "log.jsonl").read_bytes()
    shutil.rmtree(run / "checkpoints")
    result = extended(run)
    assert result.exit_code != 0
    assert "there is no checkpoint" in result.output
    assert "--anew" in result.output
    assert (run / "log.jsonl").read_bytes() == log
    assert extended(run, "--anew").exit_code == 0


def test_a_run_killed_while_its_only_checkpoint_is_replaced_keeps_it(run: Path) -> None:
    """A folder is moved away before its replacement takes its name."""
    folder = run / "checkpoints"
    for checkpoint in sorted(folder.iterdir())[:-1]:
        shutil.rmtree(checkpoint)
    (newest,) = folder.iterdir()
    shutil.copytree(newest, folder / f".tmp-{newest.name}")
    newest.rename(folder / f".tmp-old-{newest.name}")
    result = extended(run)
    assert result.exit_code == 0, result.output
    assert "starts over" not in result.output
    assert not list(folder.glob(".tmp-*"))


@pytest.mark.parametrize(("error", "words"), [
    (AttributeError("a bug"), "this is a bug"),
    (MemoryError(), "not enough memory"),
    (ValueError("no such state"), "no checkpoint can be used"),
])  # fmt: skip
def test_only_a_state_that_does_not_fit_is_called_damaged(
    run: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    from evo.engines.neat.engine import Neat

    def restore(*arguments: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(Neat, "restore", restore)
    result = extended(run)
    assert result.exit_code != 0
    assert words in result.output
    assert ("--anew" in result.output) == isinstance(error, ValueError)


def test_runs_that_start_at_the_same_moment_have_a_folder_each(tmp_path: Path) -> None:
    begun = [begin_forked(command(*RUN), cwd=tmp_path) for _ in range(3)]
    assert [process.communicate()[0] and process.returncode for process in begun] == [0, 0, 0]
    found = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert found == ["xor-neat-seed0", "xor-neat-seed0-2", "xor-neat-seed0-3"]


def test_a_finished_run_is_refused_without_a_change(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert evo(*RUN, "--out", run, "--seed", "5").exit_code == 2
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("change", [
    {"TERM": "dumb"}, {"COLUMNS": "40"}, {"FORCE_COLOR": "1"}, {"HOME": ""},
], ids=str)  # fmt: skip
def test_the_environment_never_changes_a_run(
    run: Path, tmp_path: Path, change: dict[str, str]
) -> None:
    path = tmp_path / "b"
    done = run_forked(command(*RUN, "--out", path), env=os.environ | change)
    assert done.returncode == 0, done.stderr
    assert digest(path) == digest(run)
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("change", [
    {"PYTHONIOENCODING": "ascii", "LANG": "C", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "latin-1"},
], ids=str)  # fmt: skip
def test_the_output_never_changes_a_run(run: Path, tmp_path: Path, change: dict[str, str]) -> None:
    path = tmp_path / "b"
    done = subprocess.run(
        [sys.executable, "-m", "evo", *RUN, "--out", path],
        env=pictureless() | LOCAL | change, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert digest(path) == digest(run)
    assert b"\x1b" not in done.stdout


ENCODINGS = {"latin-1": "#", "ascii": "#", "ascii:strict": "#", "utf-8": "\u25cf"}


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_a_roll_is_shown_by_characters_that_the_output_has(run: Path, encoding: str) -> None:
    tune = [sys.executable, "-m", "evo", "play", "ode-to-joy", "--out", os.devnull]
    done = subprocess.run(
        tune, env=os.environ | LOCAL | {"PYTHONIOENCODING": encoding}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert ENCODINGS[encoding] in done.stdout.decode(encoding.partition(":")[0])


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_never_change_a_run(run: Path, tmp_path: Path, closed: str) -> None:
    path = tmp_path / "b"
    words = shlex.join([sys.executable, "-m", "evo", *map(str, RUN), "--out", str(path)])
    done = subprocess.run(f"{words} {closed}", shell=True, env=pictureless() | LOCAL)
    assert done.returncode == 0
    assert digest(path) == digest(run)


def test_an_output_on_a_full_disk_does_not_end_a_run(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    with open("/dev/full", "w") as full:
        done = run_forked(command(*RUN, "--out", path), stdout=full)
    assert done.returncode == 0, done.stderr
    assert digest(path) == digest(run)


def test_brackets_in_the_reason_of_a_failure_are_shown_as_they_are() -> None:
    from rich.console import Console

    from evo.cli.display import BarDisplay
    from evo.runs.stop import Stop

    record: dict[str, Any] = {
        "generation": 0, "evaluations": 3, "best": 1.0, "mean": 1.0, "champion": 1.0,
        "figures": {}, "engine": {}, "failures": {"error": 1},
        "failure": "individual 1: ValueError: [/verse] [i] [red]", "wall_seconds": 1.0,
    }  # fmt: skip
    with open(os.devnull, "w") as nowhere:
        console = Console(file=nowhere, force_terminal=True, width=200, record=True)
        display = BarDisplay(console)
        display.begin(None, Stop(), 0)  # type: ignore[arg-type]
        display.record(record)
        display.end()
    assert "[/verse] [i] [red]" in console.export_text()


def test_a_run_in_another_thread_goes_on_without_signals(tmp_path: Path) -> None:
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(evo(*RUN, "--out", tmp_path / "thread").exit_code)
    )
    thread.start()
    thread.join()
    assert codes == [0]


def print_what_commands_say_of_pipes(run: Path) -> None:
    found = {}
    for file in ("log.jsonl", "config.toml", "run.json", "result.json"):
        for words in ("plot", "compare", "play", "runs", "resume", "resume --anew"):
            path = Path(shutil.copytree(run, run.parent / f"{file}-{words.split()[-1]}"))
            (path / file).unlink()
            os.mkfifo(path / file)
            print(file, words, file=sys.stderr, flush=True)
            result = evo(*words.split(), path)
            found[f"{file} {words}"] = (result.exit_code, result.output, repr(result.exception))
    print(json.dumps(found))


# The commands that read each file. Resuming writes run.json and result.json again.
READERS = {
    "log.jsonl": {"plot", "compare", "runs", "resume", "resume --anew"},
    "config.toml": {"compare", "play", "runs", "resume", "resume --anew"},
    "run.json": {"runs"},
    "result.json": {"compare"},
}
REFUSED = {
    f"{file} {command}" for file, commands in READERS.items() for command in commands - {"runs"}
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_no_command_waits_for_a_pipe_in_place_of_a_file(run: Path) -> None:
    child = run_forked(lambda: print_what_commands_say_of_pipes(run))
    assert child.returncode == 0, child.stderr
    found = json.loads(child.stdout)
    for name, (_, output, exception) in found.items():
        file, command = name.split(maxsplit=1)
        assert exception == "None" or exception.startswith("SystemExit"), name
        said = [line for line in output.splitlines() if f"{file}: is no regular file" in line]
        assert bool(said) == (command in READERS[file]), (name, output)
        assert len(said) <= 1 or command == "resume --anew"  # which names every checkpoint
    assert {name for name, (code, _, _) in found.items() if code} >= REFUSED


def test_a_record_without_an_end_is_not_read_into_memory(run: Path) -> None:
    with (run / "log.jsonl").open("r+b") as log:
        log.truncate(1 << 36)  # sparse
    records = read_log(run / "log.jsonl")
    assert [record["generation"] for record in islice(records, 9)] == list(range(9))
    with pytest.raises(RunError, match=r"log\.jsonl: a record is longer than 16,777,216 bytes"):
        next(records)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_configuration_named_by_the_user_may_be_a_pipe(run: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    content = (run / "config.toml").read_bytes()
    writer = threading.Thread(target=pipe.write_bytes, args=[content], daemon=True)
    writer.start()
    assert load_config(pipe, pipes=True) == tomllib.loads(content.decode())
    writer.join(10)
