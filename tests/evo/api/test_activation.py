"""Activation functions of a script reach workers, and a run names those that it needs."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from disturbing import undrawn
from running import pictureless
from user_functions import near_half, wave

import evo
from evo.core.errors import InputError
from evo.workers.carried import carried
from genomes.network import own_functions

CHANGES = {
    "neat": {
        "NEAT": {"pop_size": 20},
        "DefaultGenome": {
            "activation_default": "random", "activation_options": "wave tanh",
            "activation_mutate_rate": 0.3,
        },
    }
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def evolved(out: str, generations: int = 4, **options: Any) -> Any:
    return evo.evolve(
        near_half, inputs=2, outputs=1, engine="neat", generations=generations, out=out, seed=2,
        changes=CHANGES, **options,
    )  # fmt: skip


def test_worker_processes_and_a_resume_give_the_same_run() -> None:
    evo.activation("wave", wave)
    whole = evolved("a")
    evolved("b", 2, workers=2)
    parts = evolved("b", 4, workers=2, resume=True)
    assert parts.result["digest"] == whole.result["digest"]
    assert "wave" in Path("a/config.toml").read_text()


def test_nothing_is_carried_without_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_functions, "functions", dict)
    assert carried(near_half) is near_half


def test_a_run_without_its_function_can_be_read_and_names_it_at_a_resume() -> None:
    evo.activation("wave", wave)
    evolved("a", 2)
    script = """
import evo
run = evo.load_run("a")
print(len(run.log), run.result["generations"])
try:
    evo.resume("a", generations=3)
except evo.EvoError as error:
    print(error)
try:
    run.champion
except evo.EvoError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=pictureless(),
    )
    length, resumed, champion = done.stdout.splitlines()
    assert length == "2 2"
    assert resumed.startswith("activation 'wave' is not one of sigmoid")
    assert resumed.endswith('evo.activation("wave", function)')
    assert "missing" in champion or "champion" in champion


def test_what_is_no_function_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="'tanh' exists"):
        evo.activation("tanh", math.tanh)
    with pytest.raises(InputError, match="must return a number"):
        evo.activation("text", str)  # type: ignore[arg-type]
