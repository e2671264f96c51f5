"""Paths of arguments, and standard output that is closed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import pictureless

import evo
from evo.core.errors import EvoError, FileError, InputError

SMALL: dict[str, Any] = {"inputs": 1, "outputs": 1, "population": 4, "generations": 1}

pytestmark = pytest.mark.usefixtures("undrawn")


def zero(network: Any) -> float:
    """Return 0."""
    return 0.0


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    run = evo.evolve(zero, out="~/run", **SMALL)
    assert run.path == tmp_path / "run"
    assert evo.load_run("~/run").path == run.path


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("", InputError, "out must be a path, got ''"),
        (3, InputError, "out must be a path, got 3"),
        ("~nobody-of-this-name/x", InputError, "out: there is no home directory for"),
        ("x" * 300, FileError, "cannot be used: File name too long"),
    ],
    ids=range(4),
)
def test_a_wrong_path_is_refused(path: Any, kind: type[EvoError], message: str) -> None:
    with pytest.raises(kind) as caught:
        evo.evolve(zero, out=path, **SMALL)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


CLOSED = """
import sys
import evo

def zero(network):
    return 0.0

if __name__ == "__main__":
    HOW
    evo.evolve(zero, inputs=1, outputs=1, population=4, generations=2, out=sys.argv[1],
               PROGRESSworkers=2)
"""


@pytest.mark.parametrize(
    ("how", "progress"),
    [
        (">&-", ""),
        ("sys.stdout = sys.stderr = None", "progress=True, "),
        ("sys.stdout.close()", "progress=True, "),
    ],
    ids=range(3),
)
def test_a_run_needs_no_standard_output(tmp_path: Path, how: str, progress: str) -> None:
    script, shell = tmp_path / "own.py", how if how == ">&-" else ""
    script.write_text(CLOSED.replace("HOW", how.replace(">&-", "")).replace("PROGRESS", progress))
    command = f'"{sys.executable}" "{script}" "{tmp_path / "run"}" {shell}'
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, env=pictureless()
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert evo.load_run(tmp_path / "run").result["generations"] == 2
