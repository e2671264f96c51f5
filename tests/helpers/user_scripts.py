"""Scripts as users write them, and their processes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

OWN = '''
"""A script with an experiment of its own."""
import dataclasses
from typing import Annotated
import numpy as np
import evo

class Mine(evo.Settings, frozen=True):
    notes: Annotated[int, evo.Meta(ge=1, le=64, description="Notes wanted.")] = 10

@dataclasses.dataclass
class Part:
    weight: float = 1.0

def wanted(players, settings: Mine):
    """Play a number of notes."""
    rolls = players.perform(np.zeros((0, 13), bool), 16)
    return -np.abs(rolls.sum((1, 2)) - settings.notes) * Part().weight

EXPERIMENT = evo.experiment(
    evo.fitness(batch=True)(wanted), keys=13, steps=16, settings=Mine,
    defaults={"stop": {"generations": 6, "solved": False}, "checkpoints": {"every": 1}},
)
evo.main()
'''

EVOLVING = """
import os
import evo

def outputs(network: "evo.Run") -> float:
    return 4 - sum((network.activate(row)[0] - want) ** 2 for row, want in zip(ROWS, (0, 1, 1, 0)))

ROWS = [(0, 0), (0, 1), (1, 0), (1, 1)]
run = evo.evolve(
    outputs, inputs=2, outputs=1, population=30, generations=12, seed=3, resume=True,
    workers=int(os.environ.get("WORKERS", "1")), out=os.environ.get("OUT", "run"),
    changes={"checkpoints": {"every": 1}},
)
print(run.result["digest"])
"""


def script(folder: Path, text: str, name: str = "mine.py") -> Path:
    """Write a script into a folder."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run_script(path: Path, *arguments: Any, wait: bool = True, **variables: Any) -> Any:
    """Run a script, and return its finished process; or its running one without `wait`.

    Args:
        path: The script.
        arguments: Its arguments.
        wait: Whether to wait for its end.
        variables: Environment variables.
    """
    command = [sys.executable, str(path), *map(str, arguments)]
    places = [str(Path(__file__).parent / "pictureless"), str(Path(__file__).parents[2])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    environment |= {name: str(value) for name, value in variables.items()}
    if not wait:
        return subprocess.Popen(
            command, cwd=path.parent, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    return subprocess.run(
        command, cwd=path.parent, env=environment, capture_output=True, text=True, check=False
    )
