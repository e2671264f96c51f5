"""Paths of arguments, and standard output that is closed."""

from pathlib import Path
from typing import Any

import pytest

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
