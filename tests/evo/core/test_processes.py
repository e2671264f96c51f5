"""Child processes: imports, environment and output."""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from evo.core import processes
from evo.core.processes import child_environment, restore_environment, start_child


def test_a_child_calls_its_function_and_is_silent_if_it_is_to_be(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    child = start_child("os:mkdir", str(tmp_path / "made"))
    child.join()
    assert (child.exitcode, (tmp_path / "made").is_dir()) == (0, True)
    for is_quiet in (False, True):
        child = start_child("os:mkdir", str(tmp_path / "made"), is_quiet=is_quiet)
        child.join()
        assert child.exitcode == 1
        assert ("FileExistsError" in capfd.readouterr().err) is not is_quiet


def test_the_environment_of_children_is_that_of_their_parent_but_for_where_python_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(variable, raising=False)
    before = dict(os.environ)
    with child_environment() as originals:
        assert os.environ["PYTHONSAFEPATH"] == "1"
        assert os.environ["PYTHONPATH"] == str(Path(processes.__file__).parents[2])
        restore_environment(originals)
        assert dict(os.environ) == before
    monkeypatch.setenv("PYTHONPATH", "/mine")
    with child_environment() as originals:
        assert os.environ["PYTHONPATH"].endswith(f"{os.pathsep}/mine")
    assert os.environ["PYTHONPATH"] == originals["PYTHONPATH"] == "/mine"


def test_installed_packages_are_not_put_before_pythons_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are found without the variable."""
    monkeypatch.setenv("PYTHONPATH", "/mine")
    for folder, wanted in (("dist-packages", "/mine"), ("elsewhere", None)):
        home = tmp_path / folder
        home.mkdir()
        (home / "evo").symlink_to(Path(processes.__file__).parents[1])
        place = home / "evo" / "core" / "processes.py"
        spec = spec_from_file_location("processes_there", place)
        assert spec is not None
        assert spec.loader is not None
        there = module_from_spec(spec)
        spec.loader.exec_module(there)
        with there.child_environment():
            assert os.environ["PYTHONPATH"] == (wanted or f"{home}{os.pathsep}/mine")
        assert os.environ["PYTHONPATH"] == "/mine"


_PATHS = """
import json
import sys
from evo.core.processes import start_child
print(json.dumps(sys.path), flush=True)
shown = "import json, sys; print(json.dumps(sys.path), flush=True)"
first, *others = sys.path
for path in json.loads(sys.argv[1]):
    sys.path = [*([first] if path is None else path), *others]
    start_child("builtins:exec", shown).join()
"""


def paths_of_children(folder: Path, *paths: list[str] | None) -> list[list[str]]:
    """Return `sys.path` of a program in a folder and its children.

    There is one child per path. A path replaces the program's first entry; None leaves it.
    """
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(processes.__file__).parents[2])}
    environment.pop("PYTHONSAFEPATH", None)
    ended = subprocess.run(
        [sys.executable, "-c", _PATHS, json.dumps(paths)],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_current_folder_comes_last_unless_these_packages_are_in_it(tmp_path: Path) -> None:
    here = str(tmp_path.resolve())
    own, as_it_is, in_between, without = paths_of_children(
        tmp_path, None, ["/first", "", "/last"], ["/other"]
    )
    assert own[0] == ""
    assert as_it_is == [*own[1:], here]
    assert in_between == ["/first", "/last", *own[1:], here]
    # It is not looked at where the program does not look at it.
    assert without == ["/other", *own[1:]]
    home = Path(processes.__file__).parents[2].resolve()
    own, as_it_is = paths_of_children(home, None)
    assert own[0] == ""
    assert as_it_is == [str(home), *own[1:]]
