"""Runs with a user's toolbox: killed, resumed and with any number of workers they are the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import evo
from evo.core.errors import FailedRunError

SCRIPT = '''
import random
import sys

import numpy as np
from deap import base, tools

import evo

KINDS = {
    "grid": ({"algorithm": {"kind": "eaSimple"}}, tools.mutFlipBit, {"indpb": 0.02}),
    "history-user": (
        {"algorithm": {"mu": 10},
         "network": {"architecture": "melody", "layers": [2], "last": 2, "history": 4}},
        tools.mutGaussian, {"mu": 0, "sigma": 0.5, "indpb": 0.3},
    ),
}


def mate(one, other):
    """Draw from both global generators."""
    for place in np.random.randint(len(one), size=random.randrange(3)):
        one[place], other[place] = other[place], one[place]
    return one, other


def notes(player):
    return player.perform(np.zeros((0, 5), bool), 16).sum(axis=0) @ np.array([1, 2, 3, -4, -1])


def begin(genome, out, workers):
    settings, mutate, options = KINDS[genome]
    toolbox = base.Toolbox()
    toolbox.register("mate", mate)
    toolbox.register("mutate", mutate, **options)
    toolbox.register("select", tools.selTournament, tournsize=3)
    changes = {f"deap-{genome}": settings, "checkpoints": {"every": 1}}
    return evo.evolve(
        notes, genome=genome, keys=5, steps=16, engine="deap", toolbox=toolbox, population=12,
        generations=16, seed=3, out=out, workers=workers, changes=changes, resume=True,
    )


if __name__ == "__main__":
    begin(sys.argv[1], sys.argv[2], int(sys.argv[3]))
'''


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("genome", "workers"), [("grid", 3), ("history-user", 1)])
def test_a_run_killed_and_resumed_with_other_workers_is_the_same(
    genome: str, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "own_toolbox.py"
    script.write_text(SCRIPT)
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_toolbox

    wanted = own_toolbox.begin(genome, tmp_path / "one", 1).result
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, str(script), genome, str(out), "2"], start_new_session=True
    )
    log = out / "log.jsonl"
    while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < 5):
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "result.json").exists()
    resumed = own_toolbox.begin(genome, out, workers).result
    same = ("digest", "best_fitness", "generations", "evaluations")
    assert [resumed[name] for name in same] == [wanted[name] for name in same]


def test_a_wrong_operator_ends_the_run_with_one_line(tmp_path: Path, undrawn: Any) -> None:
    def mutate(individual: Any) -> Any:
        individual.append(0)

    with pytest.raises(FailedRunError) as caught:
        evo.evolve(
            lambda player: 0.0, genome="grid", keys=3, steps=4, engine="deap",
            mutate=mutate, out=tmp_path / "run",
        )  # fmt: skip
    assert str(caught.value).endswith("mutate returned None instead of a tuple (individual,)")
