"""The loggers of the documentation call MLflow and W&B as these expect."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from disturbing import undrawn

import evo

PAGE = Path(__file__).parents[4] / "docs/how-to/loggers.md"


class Calls:
    """A module that keeps the calls of its functions."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def called(*arguments: Any, **options: Any) -> "Calls":
            self.calls.append((name, arguments, options))
            return self

        return called

    def of(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def execute(name: str, capsys: pytest.CaptureFixture[str]) -> SimpleNamespace:
    """Execute the page's block that defines a class."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    (block,) = [block for block in blocks if f"class {name}(" in block]
    found: dict[str, Any] = {"evo": evo}
    exec(compile(block, str(PAGE), "exec"), found)
    assert "failed and is left out" not in "".join(capsys.readouterr())
    return SimpleNamespace(**found)


def test_mlflow_gets_settings_numbers_and_the_champion(monkeypatch, capsys) -> None:
    module = Calls()
    monkeypatch.setitem(sys.modules, "mlflow", module)
    page = execute("MLflow", capsys)
    assert module.of("start_run") == [((), {"run_name": "mlflow"})]
    assert module.of("log_params")[0][0][0]["seed"] == 1
    assert [options["step"] for _, options in module.of("log_metrics")] == [0, 1, 2]
    assert module.of("log_artifacts") == [((str(page.run.path / "champion"),), {})]
    assert module.calls[-1][0] == "end_run"


def test_wandb_gets_settings_and_numbers(monkeypatch, capsys) -> None:
    module = Calls()
    monkeypatch.setitem(sys.modules, "wandb", module)
    execute("Wandb", capsys)
    assert module.of("init")[0][1]["config"]["run"]["seed"] == 1
    assert [options["step"] for _, options in module.of("log")] == [0, 1, 2]
    assert "solved" in module.of("log")[0][0][0]
    assert module.calls[-1][0] == "finish"
