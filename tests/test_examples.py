"""The scripts in docs/examples run, and are short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Lines without blanks and comments, at most.
LENGTHS = {"xor": 12, "cart_pole": 25, "own_music": 20, "two_goals": 15, "rising_scale": 10}
FOLDER = ROOT / "docs" / "examples"


def test_every_example_is_tried() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(LENGTHS)


@pytest.mark.parametrize("name", LENGTHS)
def test_an_example_is_short_and_runs(name: str, tmp_path: Path) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    lines = [line.strip() for line in source.splitlines()]
    assert len([line for line in lines if line and not line.startswith("#")]) <= LENGTHS[name]
    script = tmp_path / f"{name}.py"
    short = source.replace("generations=100, ", "").replace("seed=1", "seed=1, generations=3")
    script.write_text(short.replace("run.song.to_wav", "run.champion.song().to_wav"))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs").is_dir()
