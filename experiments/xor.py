"""Exclusive or, the smallest task that needs a hidden node: does an engine grow topology at all?

    evo run xor --engine neat-python --seed 1        or        python experiments/xor.py --seed 1

Solved means a sum of squared errors of at most 0.1, as in neat-python's own example.
"""

from pathlib import Path
from typing import Any

from evo.engines import engine_class
from evo.experiment import Config, Experiment, Task, base_config
from evo.fitness.xor import Xor


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    return base_config("xor", engine) | {engine: engine_class(engine).default_settings(2, 1)}


def prepare(config: Config, folder: Path) -> None:
    """The truth table needs no files."""


def task(config: Config, folder: Path) -> Task:
    """Two inputs, one output."""

    def champion_files(performers: Any) -> dict[str, bytes]:
        return {}

    return Task(Xor(), 2, 1, None, champion_files)


EXPERIMENT = Experiment(
    "xor", "Exclusive or, the smallest task that needs a hidden node.",
    default_config, prepare, task,
)  # fmt: skip

if __name__ == "__main__":
    from evo.cli import run_script

    run_script("xor")
