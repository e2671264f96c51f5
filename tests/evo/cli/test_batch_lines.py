"""A batch of seeds on a terminal: how many are done, and where the others are."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from evo.cli import batch
from evo.cli.batch import BatchLines
from evo.cli.display import LiveLines


class Seeds:
    """A batch of four seeds, of which the first is done and two are at work."""

    seeds = (0, 3, 4, 12)

    def __init__(self) -> None:
        self.config = {"stop": {"generations": 100}}
        self.results: dict[int, dict[str, Any]] = {0: {"solved": True}}

    def folder(self, seed: int) -> Path:
        return Path(f"seed{seed}")

    def result(self, seed: int) -> dict[str, Any] | None:
        return self.results.get(seed)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at, generations = [100.0], {"seed3": 50, "seed4": 1_000}
    monkeypatch.setattr(batch.time, "monotonic", lambda: at[0])
    monkeypatch.setattr(batch, "is_at_work", lambda path: path.name in generations)
    monkeypatch.setattr(
        batch, "summary_of", lambda path: SimpleNamespace(generation=generations[path.name])
    )
    return at


@pytest.mark.parametrize("width", [60, 80])
def test_seeds_done_time_left_and_generations_fit_the_width(now: list[float], width: int) -> None:
    seeds: Any = Seeds()
    lines = BatchLines(seeds)
    console = Console(width=width, force_terminal=True, color_system=None, _environ={})
    live, drawn = LiveLines(console, lines), []
    for seconds in (0.0, 5.0):
        now[0] += seconds
        with console.capture() as captured:
            console.print(live)
        drawn.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", captured.get()).splitlines())
    # One was done before; as much as was bred in 5 s is left.
    assert re.fullmatch(r"\S 1 of 4 seeds ━+─+ 0:05 left", drawn[1][0])
    assert drawn[1][1] == "  solved 1 of 1; generation 50 of seed 3, 1,000 of seed 4"
    assert max(map(len, drawn[1])) < width
    seeds.results[3] = {"solved": False}
    lines.take(3)
    assert lines.below(width, "") == ["solved 1 of 2; generation 1,000 of seed 4"]
    lines.ended = True
    assert lines.heads() == [("2 of 4 seeds", "in 0:05")]
