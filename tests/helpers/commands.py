"""The command `evo` in this process, and small runs made by it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from disturbing import undrawn

from evo.cli.main import main


def evo(*arguments: object) -> Result:
    """Return the result of the command with these arguments."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def finished_run(folder: Path, *arguments: object) -> Path:
    """Return a finished run in a folder, made without pictures by `evo` with these arguments."""
    path = folder / "a"
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        assert evo(*arguments, "--out", path).exit_code == 0
    return path
