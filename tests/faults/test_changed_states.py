"""A checkpoint with one value changed and right hashes is refused, or loaded as it is."""

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from changed_states import mutant
from disturbing import undrawn
from running import Watcher, configured, resume, start

from evo.core.errors import EvoError
from evo.core.state import State
from evo.runs import checkpoint

RUNS = {
    "neat": configured(engine="neat"),
    "by-output": configured("memorize", engine="neat"),
    "neat-python": configured(engine="neat-python"),
    "ga": configured(engine="ga"),
    "es": configured(engine="es"),
    "deap-grid": configured(
        engine="deap-grid", **{"deap-grid": {"select": {"kind": "selNSGA2"}}}
    ),
    "deap-history-user": configured(
        engine="deap-history-user", **{"deap-history-user": {"algorithm": {"kind": "eaSimple"}}}
    ),
    "one-plus-one": configured("memorize", engine="one-plus-one-network"),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(RUNS))
def run(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / request.param
    start(path, RUNS[request.param].changed({"stop": {"generations": 2}}))
    return path


def resumed(path: Path, state: State, stamp: checkpoint.Stamp) -> str:
    """Replace the newest checkpoint's state, and breed a generation from it."""
    (newest,) = checkpoint.folders(path / "checkpoints")
    for file in newest.iterdir():
        file.unlink()
    newest.rmdir()
    checkpoint.save(newest, state, stamp)
    watcher = Watcher()
    try:
        resume(path, watcher, stop={"generations": 3})
    except EvoError as error:
        assert "\n" not in str(error)
        return "refused"
    assert watcher.first == 2
    return "loaded"


def test_any_changed_state_is_refused_or_harmless(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undrawn(monkeypatch.setattr)
    state, stamp = checkpoint.load(checkpoint.folders(run / "checkpoints")[-1])
    chance = random.Random(run.name)
    outcomes = []
    for number in range(8):
        path = tmp_path / f"{number}"
        shutil.copytree(run, path)
        changed, _ = mutant(state, chance)
        outcomes.append(resumed(path, changed, stamp))
    assert "refused" in outcomes
    path = tmp_path / "whole"
    shutil.copytree(run, path)
    assert resumed(path, state, stamp) == "loaded"


@pytest.mark.parametrize("change", ["a value more", "a value less", "an array more", "a type"])
def test_a_state_that_would_not_be_saved_like_this_is_refused(
    run: Path, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "run"
    shutil.copytree(run, path)
    state, stamp = checkpoint.load(checkpoint.folders(run / "checkpoints")[-1])
    engine = dict(state.values["engine"])
    arrays = dict(state.arrays)
    if change == "a value more":
        engine["breeder"] = dict(engine["breeder"], more=1)
    elif change == "a value less":
        del engine["champion"]
    elif change == "an array more":
        arrays["engine.more"] = np.zeros(2)
    else:
        engine["generation"] = 2.0
    changed = State(arrays, state.values | {"engine": engine})
    assert resumed(path, changed, stamp) == "refused"
