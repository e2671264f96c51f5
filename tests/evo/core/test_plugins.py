"""Experiments, engines and genome kinds of other packages, by entry points."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULE = '''
import numpy as np
import evo
from evo.core.settings import changed
from evo.core.state import State
from evo.engines.ga.engine import GridGA
from genomes.grid.grids import Grids

def ones(network):
    """Output ones."""
    return float(network.activate([1.0])[0])

EXPERIMENT = evo.experiment(ones, inputs=1, outputs=1, name="other-task")

class OwnGrids(Grids):
    pass

class OwnGA(GridGA):
    genome = OwnGrids

class PlainSettings(evo.Settings, frozen=True):
    size: int = 4
    steps: int = 1
    keys: int = 1

class Plain(evo.Engine):
    """An engine without kernels."""
    genome = Grids
    settings_type = PlainSettings
    population = "size"

    @classmethod
    def of_shape(cls, settings, inputs, outputs):
        return changed(settings, {"steps": inputs, "keys": outputs})

    def ask(self):
        return Grids(np.zeros((self.settings.size, self.settings.steps, self.settings.keys), bool))

    def _breed(self, scores):
        pass

    def _state(self):
        return State()

    def _restore(self, state):
        pass
'''
ENTRIES = """
[kuznechik.experiments]
other-task = other_package:EXPERIMENT
xor = other_package:EXPERIMENT

[kuznechik.genomes]
own-grid = other_package:OwnGrids

[kuznechik.engines]
own-grid.own-ga = other_package:OwnGA
grid.plain = other_package:Plain
"""


SCRIPT = """
import evo
assert evo.run("other-task", generations=1, out="a").experiment.name == "other-task"
assert evo.settings("xor").engine.DefaultGenome.num_inputs == 2
run = evo.run("memorize", genome="own-grid", generations=1, song="ode-to-joy", out="b")
print(evo.runs("b")[0].engine, type(run.champion.performers).__name__)
"""


def test_another_package_adds_experiments_engines_and_genomes(tmp_path: Path) -> None:
    (tmp_path / "other_package.py").write_text(MODULE, encoding="utf-8")
    about = tmp_path / "other_package-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["own-ga", "OwnGrids"], done.stderr
