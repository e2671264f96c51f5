"""`evo settings` lists every setting, and its file gives the same run."""

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import tomli_w
from click.testing import CliRunner
from disturbing import undrawn
from running import COMMAND

import evo
from evo.cli.main import main
from evo.core.config import Config
from evo.core.registry import EXPERIMENTS, experiment
from evo.core.settings import Row
from evo.engines import base_of, engine_names, genome_of
from evo.music.song_finder import SongFinder
from evo.runs.configure import configuration

# Every experiment with every engine that breeds for it.
PAIRS = [
    (name, engine)
    for name in EXPERIMENTS
    for engine in engine_names()
    if experiment(name).supports(genome_of(engine))
]
OPTIONS = dict.fromkeys(
    ("config", "neat_config", "engine", "genome", "seed", "population", "song", "generations",
     "time_limit", "target", "workers", "cluster", "insecure")
) | {"settings": ()}  # fmt: skip
SMALL = ("--population", "12", "--generations", "3", "--set", "stop.solved=false")
BY_PAIR = pytest.mark.parametrize(("name", "engine"), PAIRS)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def told(*arguments: str, width: int = 1000) -> str:
    result = CliRunner().invoke(main, ["settings", *arguments], env={"COLUMNS": str(width)})
    assert result.exit_code == 0, result.output
    return result.output


def by_option(engine: str) -> tuple[str, ...]:
    """Return the options that choose an engine."""
    genome = genome_of(engine)
    return "--engine", engine.removesuffix(f"-{genome}"), "--genome", genome


def default(name: str, engine: str) -> Config:
    """Return the initial configuration of a run with only the engine chosen."""
    config = configuration(experiment(name), OPTIONS | {"engine": engine}, SongFinder())
    return config


def cells(row: Row) -> list[str]:
    """Return the displayed name, default, limits and meaning of a setting."""
    return [one for one in (row.name, row.text, row.kind.removeprefix("a "), row.help) if one]


@BY_PAIR
def test_every_setting_is_listed_with_its_default_its_limits_and_its_meaning(
    name: str, engine: str
) -> None:
    tables = default(name, engine).rows()
    assert {"run", "stop", "workers", "checkpoints"} < set(tables)
    assert any(where.partition(".")[0] == engine for where in tables)
    sections = told(name, *by_option(engine)).split("\n\n")
    shown = {}
    for section in filter(str.strip, sections):
        title, heading, *lines = section.strip("\n").splitlines()
        assert heading.split() == ["setting", "default", "values", "meaning"]
        shown[title.strip()] = [re.split(r" {2,}| +$", line.rstrip()) for line in lines]
    assert list(shown) == [f"[{where}]" for where in tables]
    for where, rows in tables.items():
        lines = shown[f"[{where}]"]
        assert len(lines) == len(rows)
        for line, row in zip(lines, rows, strict=True):
            assert " ".join(line).split() == " ".join(cells(row)).split()
            assert row.kind
            assert row.help.endswith((".", ")"))


def test_limits_are_those_that_a_value_is_refused_by() -> None:
    text = told("memorize", "--genome", "grid")
    (line,) = [one for one in text.splitlines() if one.startswith("keys ")][1:]
    kind = re.split(r" {2,}", line)[2]
    refused = CliRunner().invoke(main, ["run", "memorize", "--set", "memorize.keys=1e9"])
    assert refused.exit_code == 2
    assert refused.stderr == f"evo: memorize.keys must be a {kind}, got '1e9'\n"


@pytest.mark.parametrize("width", [30, 48, 80])
def test_nothing_is_lost_on_a_narrow_terminal(width: int) -> None:
    wide, narrow = told("memorize"), told("memorize", width=width)
    assert max(map(len, narrow.splitlines())) <= width
    assert Counter("".join(narrow.split())) == Counter("".join(wide.split()))


@BY_PAIR
def test_its_file_is_the_configuration_of_the_same_run(name: str, engine: str) -> None:
    path = Path("settings.toml")
    path.write_text(told(name, *by_option(engine), "--toml"))
    wanted = default(name, engine)
    given = OPTIONS | {"config": str(path)}
    assert configuration(experiment(name), given, SongFinder()) == wanted
    assert evo.settings(name, engine=engine) == wanted


@pytest.mark.parametrize(("name", "engine"), [
    ("xor", "neat-python"), ("xor", "one-plus-one-network"), ("memorize", "ga"),
    ("memorize", "es"), ("guess", "neat"), ("copy", "es"),
])  # fmt: skip
def test_its_file_makes_the_same_run(name: str, engine: str) -> None:
    Path("settings.toml").write_text(told(name, *by_option(engine), "--toml"))
    for out, options in (("a", by_option(engine)), ("b", ("--config", "settings.toml"))):
        result = CliRunner().invoke(main, ["run", name, *options, *SMALL, "--out", out])
        assert result.exit_code == 0, result.output
    first, second = (json.loads(Path(out, "result.json").read_text()) for out in "ab")
    assert first["digest"] == second["digest"]
    made = [tomllib.loads(Path(out, "config.toml").read_text()) for out in "ab"]
    # By default a baseline has limits by its population, and the file says those of another.
    assert {table for table in made[0] if made[0][table] != made[1][table]} <= {"checkpoints"}


def test_its_file_says_of_every_setting_what_it_may_be() -> None:
    text = told("xor", "--toml", width=40)
    for row in (row for table in default("xor", "neat").rows().values() for row in table):
        comment = f"# {row.help} {row.kind[0].upper()}{row.kind[1:]}.\n"
        assert comment + tomli_w.dumps({row.name: row.value}) in text


def test_what_is_not_there_is_refused_in_one_line() -> None:
    for arguments, named in (
        (("chess",), "chess"),
        (("xor", "--genome", "grid"), "xor is a task for the genome network"),
        (("xor", "--engine", "ga"), "ga breeds the genome grid"),
        (
            ("memorize", "--genome", "grid", "--engine", "neat"),
            "is bred by ga or deap, not by neat",
        ),
    ):
        result = CliRunner().invoke(main, ["settings", *arguments])
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert named in line


def test_it_is_read_through_a_pipe_that_closes_and_written_to_a_disk_that_is_full() -> None:
    command = [*COMMAND, "settings", "memorize", "--toml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 2
    assert ended.stderr == b"evo: the standard output: No space left on device\n"


def test_base_engines_have_settings_of_their_own() -> None:
    for engine in {base_of(name) for name in engine_names()}:
        name = next(name for name in EXPERIMENTS if experiment(name).supports(genome_of(engine)))
        assert f"[{engine}." in told(name, *by_option(engine))


def test_what_the_module_prints_is_what_the_command_prints() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "evo", "settings", "xor", "--toml"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == told("xor", "--toml")
