"""Child processes: what they import, what they inherit, and what they print."""

import os
import sys
from pathlib import Path
from typing import Any

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
    monkeypatch.setattr(processes, "_HOME", "/usr/lib/python3/dist-packages")
    with child_environment():  # these are found without it, and must not hide Python's own
        assert os.environ["PYTHONPATH"] == "/mine"


def test_the_current_folder_comes_last_unless_these_packages_are_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "_HOME", "/elsewhere")
    monkeypatch.setattr(sys, "path", ["/first", "", "/last"])
    place = processes._current_folder()
    assert place == 1
    monkeypatch.setattr(processes, "end_with_parent", lambda parent: None)
    called: list[Any] = []
    monkeypatch.setattr(processes, "import_module", lambda name: {"x": called}.get(name, called))
    processes._begin(1, "x:append", ("done",), False, {}, place)
    assert (sys.path, called) == (["/first", "/last", ""], ["done"])
    monkeypatch.setattr(processes, "_HOME", processes.multiprocess.process.ORIGINAL_DIR)
    assert processes._current_folder() is None
    monkeypatch.setattr(sys, "path", ["/first"])
    monkeypatch.setattr(processes, "_HOME", "/elsewhere")
    assert processes._current_folder() is None
