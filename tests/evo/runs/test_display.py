"""Records in words, and the curve of the best fitness."""

import math
from typing import Any

import pytest

from evo.runs import display
from evo.runs.display import BLOCKS, MAX_HISTORY, History, Status, describe, sparkline
from evo.runs.stop import Stop


def record(generation: int, **more: Any) -> dict[str, Any]:
    return {
        "generation": generation, "evaluations": 100 * generation + 100, "best": 2.0, "mean": 0.5,
        "champion": 3.0, "figures": {"right": 95}, "engine": {"species": 4}, "failures": {},
        "wall_seconds": 0.5 * generation + 0.5, **more,
    }  # fmt: skip


def in_words(figures: Any) -> list[str]:
    return [f"{figures['right']} of 120 steps"]


def test_what_the_champion_can_do_comes_first_and_failures_last() -> None:
    failed = record(0, failures={"nan": 2, "error": 1}, failure="individual 3: [red] \x00")
    assert describe(failed, in_words) == (
        "95 of 120 steps, champion 3.00, best 2.00, mean 0.50, 4 species, "
        "failed: 2 nan, 1 error (individual 3: [red] \\x00)"
    )
    none = record(0, champion=None, best=None, engine={}, failures={"nan": 3}, failure="why")
    assert describe(none) == "failed: 3 nan (why)"


def test_the_remaining_time_is_of_the_nearest_limit_and_counts_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [10.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    status = Status(Stop(generations=101, evaluations=10**6), 0, in_words)
    assert (status.generations, status.pace, status.share) == ("generation 0 of 101", "", 0.0)
    for generation in range(3):
        status.add(record(generation))
    assert status.pace == "200 evaluations/s, 0:49 left"
    assert status.share == 3 / 101
    now[0] += 9.0
    assert status.left == "0:40 left"
    now[0] += 100.0
    assert status.left == "0:00 left"
    status = Status(Stop(generations=101, time_limit=6.0), 0)
    status.add(record(0))
    status.add(record(1))
    assert status.left == "0:05 left"
    assert status.share == pytest.approx(1 / 6)
    assert Status(Stop(), 0).share is None


def test_a_description_that_fails_is_left_out() -> None:
    status = Status(Stop(), 0, lambda figures: [figures["missing"]])
    status.add(record(0))
    assert str(status) == "champion 3.00, best 2.00, mean 0.50, 4 species"


@pytest.mark.parametrize(("values", "width", "curve"), [
    ([], 8, ""),
    ([1.0, 1.0], 8, "▄▄"),
    ([0.0, 7.0, math.nan, 3.0], 8, "▁█ ▄"),
    ([0.0, 1.0, 0.0, 2.0, 3.0, 4.0], 3, "▁▃█"),
    ([math.nan, math.nan], 8, "  "),
    ([-1.7e308, 1.7e308], 8, "▁█"),
])  # fmt: skip
def test_a_sparkline_shows_the_highest_of_each_part(
    values: list[float], width: int, curve: str
) -> None:
    assert sparkline(values, width) == curve
    assert len(sparkline(values, width, display.ASCII_BLOCKS)) == len(curve)


def test_a_history_of_any_length_is_short_and_keeps_the_highest() -> None:
    history = History()
    for generation in range(5_000):
        history.add(None if generation % 3 else float(generation))
    assert MAX_HISTORY / 2 <= len(history.values) < MAX_HISTORY
    assert history.values == sorted(history.values)
    assert sparkline(history.values, 8) == BLOCKS
