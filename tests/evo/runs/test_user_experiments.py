"""Experiments of scripts: run, resume, list, plot and compare; their runs without the script."""

import json
import shutil
from pathlib import Path

import pytest
from commands import evo
from user_scripts import EVOLVING, OWN, run_script, script

from evo.api import load_run
from evo.core.errors import InputError, RunError
from evo.runs.description import read_result, resume_command
from evo.runs.user_experiments import experiment_in

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a script, and a finished run of its experiment."""
    folder = tmp_path_factory.mktemp("own")
    path = script(folder, OWN)
    done = run_script(path, "run", "--genome", "grid", "--seed", 3, "--out", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the folder."""
    return Path(shutil.copytree(made, tmp_path / "own"))


def test_the_command_and_the_script_carry_out_the_same_run(folder: Path) -> None:
    options = ("--genome", "grid", "--seed", "3", "--workers", "2", "--out", folder / "again")
    result = evo("run", folder / "mine.py", *options)
    assert result.exit_code == 0, result.output
    wanted, found = read_result(folder / "run"), read_result(folder / "again")
    assert wanted is not None
    assert found is not None
    assert wanted["digest"] == found["digest"]


def test_settings_of_a_script_are_settings(folder: Path) -> None:
    shown = evo("settings", folder / "mine.py", "--toml").output
    assert "# Notes wanted. Whole number from 1 to 64." in shown or "Notes wanted." in shown
    many = ("--set", "wanted.notes=3", "--genome", "grid", "--generations", "1")
    assert evo("run", folder / "mine.py", *many, "--out", folder / "b").exit_code == 0
    assert load_run(folder / "b").config.task.notes == 3
    wrong = evo("run", folder / "mine.py", "--set", "wanted.notes=100")
    assert (
        wrong.exit_code,
        "wanted.notes must be a whole number from 1 to 64" in wrong.output,
    ) == (
        2,
        True,
    )


def test_its_runs_are_listed_plotted_and_compared_without_the_script(folder: Path) -> None:
    (folder / "mine.py").unlink()
    assert "wanted" in evo("runs", folder).output
    assert evo("plot", folder / "run").exit_code == 0
    compared = evo("compare", folder / "run").output
    assert "wanted/grid/ga" in compared
    assert "damaged" not in compared
    assert evo("play", folder / "run").exit_code == 0
    run = load_run(folder / "run")
    assert run.champion.song().steps == 16


def test_a_resume_names_the_script_and_takes_it(folder: Path) -> None:
    refused = evo("resume", folder / "run", "--generations", "8")
    assert refused.exit_code == 2
    assert "its experiment wanted is defined in mine.py (SHA-256" in refused.output
    assert "--script PATH/mine.py" in refused.output
    taken = evo("resume", folder / "run", "--script", folder / "mine.py", "--generations", "8")
    assert taken.exit_code == 0, taken.output
    done = read_result(folder / "run")
    assert done is not None
    assert done["generations"] == 8


def test_a_changed_script_is_named(folder: Path) -> None:
    changed = OWN.replace("* Part().weight", "* 1.0")
    path = script(folder, changed, "new.py")
    result = evo("resume", folder / "run", "--script", path, "--generations", "7")
    assert result.exit_code == 0, result.output
    assert "the source of wanted has changed since the run began" in result.output


def test_seeds_of_a_script_are_resumed_with_it(folder: Path) -> None:
    options = ("--genome", "grid", "--generations", "2", "--seeds", "0..1", "--out", folder / "s")
    assert evo("run", folder / "mine.py", *options).exit_code == 0
    refused = evo("resume", folder / "s", "--generations", "3")
    assert (refused.exit_code, "--script PATH/mine.py" in refused.output) == (2, True)
    again = evo("resume", folder / "s", "--generations", "3", "--script", folder / "mine.py")
    assert again.exit_code == 0, again.output
    done = read_result(folder / "s" / "seed1")
    assert done is not None
    assert done["generations"] == 3


def test_a_script_that_evolves_is_resumed_by_the_command(tmp_path: Path) -> None:
    path = script(tmp_path, EVOLVING)
    done = run_script(path, OUT=tmp_path / "a")
    assert done.returncode == 0, done.stderr
    found = experiment_in(path)
    assert found.name == "outputs"
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for checkpoint in sorted((tmp_path / "b" / "checkpoints").iterdir())[1:]:
        shutil.rmtree(checkpoint)
    taken = evo("resume", tmp_path / "b", "--script", path, "--workers", "2")
    assert taken.exit_code == 0, taken.output
    first, second = read_result(tmp_path / "a"), read_result(tmp_path / "b")
    assert first is not None
    assert second is not None
    assert first["digest"] == second["digest"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "line 1: ZeroDivisionError: division by zero"),
        ("x = (", "line 1: SyntaxError: '(' was never closed"),
        (
            "import sys\nsys.exit(3)",
            "line 2: SystemExit: 3; parse the command line under `if __name__ ==",
        ),
        ("x = 1", "it defines no experiment; write EXPERIMENT = evo.experiment"),
        (
            "import evo\nA = evo.experiment(lambda n: 1, name='a', inputs=1, outputs=1)\n"
            "B = evo.experiment(lambda n: 1, name='b', inputs=1, outputs=1)",
            "it defines a, b; name one EXPERIMENT",
        ),
    ],
    ids=range(5),
)
def test_a_script_without_an_experiment_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = script(tmp_path, text)
    with pytest.raises(InputError) as caught:
        experiment_in(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    result = evo("run", path)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)


def test_a_missing_script_is_named() -> None:
    result = evo("run", "nowhere.py")
    assert result.exit_code == 2
    assert "nowhere.py: cannot be read: No such file" in result.output


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("[wanted]", "[other]"),
        lambda text: text.replace("notes = 10", "notes = 2020-01-01"),
        lambda text: text.replace("notes = 10", '"class" = 10'),
        lambda text: text.replace('experiment = "wanted"', 'experiment = "a.b"'),
        lambda text: text.replace('experiment = "wanted"', 'experiment = "stop"'),
        lambda text: text.replace("notes = 10", 'notes = [1, "a"]'),
    ],
    ids=range(6),
)
def test_a_damaged_description_is_refused_in_one_line(folder: Path, change: object) -> None:
    path = folder / "run" / "config.toml"
    old = path.read_text(encoding="utf-8")
    path.write_text(change(old), encoding="utf-8")  # type: ignore[operator]
    assert path.read_text(encoding="utf-8") != old
    with pytest.raises(RunError) as caught:
        load_run(folder / "run")
    assert "\n" not in str(caught.value)


def test_a_stranger_cannot_name_code(folder: Path) -> None:
    path = folder / "run" / "run.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["defined_in"]["script"] = "/etc/\x1b[31m"
    path.write_text(json.dumps(about), encoding="utf-8")
    result = evo("resume", folder / "run")
    assert result.exit_code == 2
    assert "\x1b" not in result.output


def test_a_run_of_numbers_has_no_music_to_play(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert evo("run", "xor", "--generations", "1", "--out", out).exit_code == 0
    result = evo("play", out)
    assert result.exit_code == 2
    assert (
        f"{out}: its experiment xor makes no music; look at the run by `evo plot" in result.output
    )


def test_the_command_that_resumes_names_a_folder_for_the_script(folder: Path) -> None:
    told = folder / "run" / "run.json"
    about = json.loads(told.read_text(encoding="utf-8"))
    told.write_text(json.dumps(about | {"status": "running"}), encoding="utf-8")
    (folder / "run" / "result.json").unlink()
    assert f"evo resume {folder / 'run'} --script PATH/mine.py" in evo("runs", folder).output


def test_every_message_names_the_script_to_resume_with(folder: Path) -> None:
    (folder / "run" / "result.json").unlink()
    with pytest.raises(RunError) as caught:
        load_run(folder / "run").result  # noqa: B018
    command = f"evo resume {folder / 'run'} --script PATH/mine.py"
    assert command in str(caught.value)
    assert resume_command(folder / "run") == command
    assert resume_command(folder / "run", "my.py").endswith("--script my.py")
