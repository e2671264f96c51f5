"""A user's error is one line; a bug shows its traceback and asks for a report."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import click
import forked
import pytest
from click.testing import CliRunner, Result
from commands import evo
from disturbing import undrawn
from forked import run_forked
from running import COMMAND, configured, start

from evo import __version__
from evo.cli.errors import OneLineGroup, one_line_errors
from evo.core import errors
from evo.engines.neat.engine import Neat
from evo.fitness.xor import Xor
from evo.runs import session

SMALL = ("--population", "12", "--generations", "3", "--set", "stop.solved=false")
REPORT = f"evo: this is a bug in evo {__version__}; please report it with the lines above"
BROADCAST = "operands could not be broadcast together with shapes (2,) (3,)"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def refused(*arguments: object) -> str:
    """Return the one-line error of a wrong command."""
    result = evo(*arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def check_bug(result: Result, *words: str) -> None:
    """Check that an internal error shows its full traceback."""
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == REPORT
    assert all(word in result.stderr for word in words)


def broken(*_: Any, **__: Any) -> Any:
    raise ValueError(BROADCAST)


# Bugs


@pytest.mark.parametrize(("owner", "name"), [
    (Neat, "tell"), (Neat, "ask"), (Xor, "figures"), (session, "replace_folder"),
])  # fmt: skip
def test_a_value_error_of_our_code_is_shown_whole_and_is_no_users_mistake(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    monkeypatch.setattr(owner, name, broken)
    check_bug(evo("run", "xor", *SMALL, "--out", "a"), BROADCAST, "in broken")


def test_a_run_that_a_bug_broke_off_says_so_and_goes_on_when_it_is_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell, seen = Neat.tell, []

    def sometimes(self: Neat, scores: Any) -> None:
        seen.append(self.generation)
        if self.generation == 1:
            broken()
        tell(self, scores)

    with monkeypatch.context() as patch:
        patch.setattr(Neat, "tell", sometimes)
        check_bug(evo("run", "xor", *SMALL, "--out", "a"), "generation 1 failed", BROADCAST)
    assert seen == [0, 1]
    assert json.loads(Path("a/run.json").read_text())["status"] == "failed"
    assert evo("resume", "a").exit_code == 0
    assert evo("run", "xor", *SMALL, "--out", "b").exit_code == 0
    digests = [json.loads(Path(run, "result.json").read_text())["digest"] for run in "ab"]
    assert digests[0] == digests[1]


def test_individuals_that_a_fitness_raises_for_fail_and_the_run_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Xor, "evaluate", broken)
    result = evo("run", "xor", *SMALL, "--out", "a")
    assert result.exit_code == 1
    words = f"12 of 12 individuals failed in generation 0; individual 0: ValueError: {BROADCAST}"
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_setting_is_a_users_mistake_beside_it() -> None:
    line = refused("run", "xor", "--set", "neat.NEAT.pop_size=-3", "--out", "a")
    assert line == ("evo: neat.NEAT.pop_size must be a whole number from 2 to 1,000,000, got '-3'")
    assert not Path("a").exists()


def test_a_bug_ends_the_process_with_1_and_keeps_to_standard_error() -> None:
    script = (
        "from evo.fitness.xor import Xor\n"
        "from evo.cli.main import main\n"
        "def figures(self, performers):\n"
        "    raise ValueError('no such shape')\n"
        "Xor.figures = figures\n"
        "main()\n"
    )
    command = [COMMAND[0], "-c", script, "run", "xor", *SMALL, "--out", "a"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout
    assert "ValueError: no such shape" in ended.stderr
    assert ended.stderr.splitlines()[-1] == REPORT


def raising(error: BaseException) -> Result:
    """Return the output for a command that raises."""

    @click.group(cls=OneLineGroup)
    def group() -> None:
        pass

    @group.command()
    @one_line_errors
    def command() -> None:
        raise error

    return CliRunner().invoke(group, ["command"])


def every_error(kind: type[errors.EvoError] = errors.EvoError) -> list[type[errors.EvoError]]:
    return [kind, *(below for one in kind.__subclasses__() for below in every_error(one))]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_family_is_one_line(kind: type[errors.EvoError]) -> None:
    arguments: dict[type[errors.EvoError], tuple[Any, ...]] = {
        errors.FileError: ("a\nb", "two\nlines"),
        errors.MidiError: ("a\nb.mid", "two\nlines"), errors.AbcError: (3, "two\nlines"),
    }  # fmt: skip
    result = raising(kind(*arguments.get(kind, ("two\nlines",))))
    assert result.exit_code == (1 if issubclass(kind, errors.FailedRunError) else 2)
    (line,) = result.stderr.splitlines()
    assert line.startswith("evo: ")
    assert result.stdout == ""


@pytest.mark.parametrize("error", [
    ValueError("x"), TypeError("x"), KeyError("x"), OSError(28, "No space left on device"),
    FileNotFoundError(2, "No such file or directory", "x"), ZeroDivisionError(),
    RecursionError(), MemoryError(), AssertionError(),
], ids=repr)  # fmt: skip
def test_any_other_error_is_shown_as_a_bug_with_its_traceback(error: Exception) -> None:
    check_bug(raising(error), type(error).__name__)


# What is absurd


@pytest.mark.parametrize(("engine", "setting", "kind"), [
    ("neat", "neat.DefaultGenome.num_hidden=1e9", "a whole number from 0 to 100,000"),
    ("neat", "neat.NEAT.pop_size=1e10", "a whole number from 2 to 1,000,000"),
    ("neat", "neat.NEAT.pop_size=nan", "a whole number from 2 to 1,000,000"),
    ("neat", "neat.DefaultReproduction.elitism=-3", "a whole number from 0 to 1,000,000"),
    ("neat", "neat.DefaultReproduction.survival_threshold=nan", "a number from 0 to 1"),
    ("neat", "workers.count=100000", "a whole number from 1 to 1,024"),
    ("neat", "stop.generations=1e999", "a whole number from 0 to 1,000,000,000,000"),
    ("neat", "stop.time_limit=-inf", "a number from 0 to 1,000,000,000"),
    ("neat", "run.chunk_size=1e12", "a whole number from 1 to 1,000,000"),
    ("neat", "network.lags=1e9", "a list, each a whole number from 1 to 65,536"),
    ("neat", "network.extra_inputs=1e400", "a list, each a number from -1e+06 to 1,000,000"),
    ("neat-python", "neat-python.NEAT.pop_size=1e10", "a whole number from 2 to 1,000,000"),
    ("ga", "ga.grid.voices=1e9", "a whole number from 0 to 128"),
    ("ga", "ga.mutation.edits=1e300", "a number from 1 to 65,536"),
    ("ga", "ga.population.size=1e8", "a whole number from 1 to 1,000,000"),
    ("ga", "memorize.keys=1e9", "a whole number from 1 to 128 or auto"),
    ("ga", "memorize.prompt_steps=1e9", "a whole number from 0 to 65,536"),
    ("es", "es.network.layers=1e9", "a list, each a whole number from 1 to 65,536"),
    ("es", "es.network.history=1e9", "a whole number from 1 to 65,536"),
    ("es", "es.population.size=1e7", "a whole number from 2 to 1,000,000"),
])  # fmt: skip
def test_what_is_absurd_is_refused_at_once_before_anything_is_built(
    engine: str, setting: str, kind: str
) -> None:
    name, _, value = setting.partition("=")
    began = time.monotonic()
    line = refused("run", "memorize", "--engine", engine, "--set", setting, "--out", "a")
    assert time.monotonic() - began < 10.0
    assert line == f"evo: {name} must be {kind}, got {value!r}"
    assert list(Path().iterdir()) == []


def test_a_setting_that_is_almost_right_is_told_the_nearest() -> None:
    for setting, nearest in (
        ("neat.NEAT.pop_sise=3", "neat.NEAT.pop_size"),
        ("stop.generation=3", "stop.generations"),
        ("netwrok.lags=3", "network"),
        ("network.lag=3", "network.lags"),
        ("memorize.key=3", "memorize.keys"),
    ):
        line = refused("run", "memorize", "--set", setting)
        name = setting.partition("=")[0]
        assert f"there is no setting {name.partition('.')[0]!r}" in line or repr(name) in line
        assert f"did you mean {nearest}?" in line


# What the machine refuses


@pytest.fixture
def run() -> Path:
    """Return a finished run, with a file and a folder beside it."""
    path = Path("run")
    start(path, configured("memorize", "ga", stop={"generations": 2}))
    Path("file").write_text("mine")
    Path("folder").mkdir()
    return path


@pytest.mark.parametrize(("command", "named"), [
    ("songs export file", "file: "),
    ("songs export file/below", "file/below: "),
    ("songs measure ode-to-joy --json none/x.json", "none/x.json: "),
    ("songs measure ode-to-joy --json folder", "folder: "),
    ("songs check . --json none/x.json", "none/x.json: "),
    ("songs check . --csv folder", "folder: "),
    ("songs check . --keep file", "file: "),
    ("songs check none", "none: "),
    ("compare run -o none/x.png", "none/x.png: "),
    ("compare run -o folder", "folder: "),
    ("plot run -o folder", "folder: "),
    ("plot run -o file/x.png", "file: "),
    ("play run --out folder", "folder: "),
    ("play run --out file/x.wav", "file/x.wav: "),
    ("play run --out /dev/full", "/dev/full: "),
    ("play file", "file: "),
    ("play ode-to-joy --out folder", "folder: "),
    ("run xor --out file/below", "file/below: "),
    ("run xor --seeds 0..1 --out file", "file: "),
    ("run xor --seeds 0..1 --out file/below", "file/below: "),
    ("run xor --config folder", "folder: "),
    ("run xor --neat-config folder", "folder: "),
    ("runs file", "file: "),
    ("resume file", "file: "),
])  # fmt: skip
def test_a_file_that_the_machine_refuses_is_named_in_one_line(
    run: Path, command: str, named: str
) -> None:
    line = refused(*command.split())
    assert line.startswith(f"evo: {named}")
    assert Path("file").read_text() == "mine"
    assert list(Path("folder").iterdir()) == []


@pytest.mark.parametrize(("place", "command"), [
    ("champion/song.wav", "play run"),
    ("improvisations", "play run --temperature 1"),
    ("plots", "plot run"),
])  # fmt: skip
def test_a_place_in_a_run_that_is_taken_is_named_in_one_line(
    run: Path, place: str, command: str
) -> None:
    if place == "champion/song.wav":
        (run / place).mkdir()
    else:
        (run / place).write_text("mine")
    assert refused(*command.split()).startswith(f"evo: run/{place}: ")


@pytest.mark.parametrize("command", [
    "songs list", "runs", "runs --json", "compare runs", "plot runs/run", "play ode-to-joy",
    "settings xor", "songs measure ode-to-joy", "--help", "run --help", "--version",
])  # fmt: skip
def test_an_output_that_is_full_is_one_line_and_one_that_closes_is_none(command: str) -> None:
    start(Path("runs/run"), configured(stop={"generations": 1}))
    work = forked.command(*command.split())
    with open("/dev/full", "wb") as full:
        ended = run_forked(work, stdout=full)
    assert ended.returncode == 2
    assert ended.stderr == "evo: the standard output: No space left on device\n"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        ended = run_forked(work, stdout=closed)
    assert ended.stderr == ""
