"""Every run of a batch has its own process, and nothing of a run reaches another."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from batches import files_but_times
from running import configured, pictureless
from user_scripts import script

from evo.core.errors import FileError
from evo.core.platform import can_fork
from evo.runs import batch_processes
from evo.runs.batch import Batch, Given
from evo.runs.user_experiments import experiment_named

# It ends its process in several ways, by its seed, or else changes all that a process shares.
HARMFUL = """
import os, random, signal, sys, threading, warnings
import numpy as np
import evo
from genomes import kernels

ENDS = {
    "0": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "1": lambda: os._exit(7),
    "2": lambda: os.kill(os.getppid(), signal.SIGKILL),  # the launcher
}
COUNTED = vars(kernels).setdefault("counted", [])

def outputs(network):
    ENDS.get(sys.argv[2], lambda: None)()
    COUNTED.append(None)
    left = len(COUNTED) + len(os.environ.get("LEFT", "")) + (os.getcwd() == "/")
    os.environ["LEFT"] = "much"
    os.chdir("/")
    sys.path.insert(0, "/")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("error")
    random.seed(1)
    np.random.seed(1)
    open(os.devnull)
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return network.activate((0.5, 1.0))[0] + left * 1e-3

EXPERIMENT = evo.experiment(
    outputs, inputs=2, outputs=1,
    defaults={"stop": {"generations": 3, "solved": False}, "neat": {"NEAT": {"pop_size": 10}}},
)
"""


@pytest.mark.skipif(not can_fork(), reason="this system has no forks that end with their parent")
def test_a_run_that_breaks_its_process_or_changes_all_of_it_reaches_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", pictureless()["PYTHONPATH"])
    path = str(script(tmp_path, HARMFUL))
    config = experiment_named(path).config("neat").tables()
    lines: list[str] = []
    with Batch.create(tmp_path / "all", config, [4, 0, 1, 2, 5]) as one:
        summary = one.carry_out(
            1, lambda seed, text: lines.append(f"{seed}: {text}"), Given(script=path)
        )
        assert lines[1:4] == [
            "0: its process was ended by SIGKILL; resume it to continue",
            "1: its process ended with exit code 7 and without a result",
            "2: its process was ended by SIGKILL; resume it to continue",
        ]
        assert sorted(summary.results) == [4, 5]
        together = files_but_times(one.folder(5))

    monkeypatch.setattr(batch_processes, "can_fork", lambda: False)
    with Batch.create(tmp_path / "alone", config, [5]) as one:
        one.carry_out(1, lambda seed, text: None, Given(script=path))
        assert files_but_times(one.folder(5)) == together


def test_a_process_that_the_system_cannot_start_ends_the_batch_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, command: list[str], **options: Any) -> None:
            refusal = "import sys; print('[0, 11]', flush=True); sys.stdin.read()"
            super().__init__([sys.executable, "-S", "-c", refusal], **options)

    monkeypatch.setattr(batch_processes, "can_fork", lambda: True)
    monkeypatch.setattr(subprocess, "Popen", Refusing)
    one = Batch.create(tmp_path / "all", configured().tables(), [0])
    with one, pytest.raises(FileError, match="a run cannot be started"):
        one.carry_out(1, lambda seed, text: None)
