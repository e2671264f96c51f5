"""Each stop criterion ends a run in the right generation."""

from dataclasses import replace
from typing import Any

import pytest

from evo.runs.stop import Stop

RECORD: dict[str, Any] = {
    "generation": 9,
    "evaluations": 1000,
    "best": 3.0,
    "mean": 2.0,
    "worst": 1.0,
    "champion": 3.5,
    "champion_generation": 4,
    "figures": {"solved": False},
    "wall_seconds": 20.0,
}


def test_without_criteria_a_run_never_ends() -> None:
    assert Stop().reason(RECORD) is None


@pytest.mark.parametrize(("criterion", "text"), [
    (Stop(generations=10), "10 generations done"),
    (Stop(evaluations=1000), "1000 evaluations done"),
    (Stop(stagnation=5), "no better champion for 5 generations"),
    (Stop(time_limit=20.0), "the time limit of 20 s is over"),
    (Stop(target=3.0), "best fitness reached the target 3"),
    (Stop(target=2.0, criterion="mean"), "mean fitness reached the target 2"),
    (Stop(target=1.0, criterion="worst"), "worst fitness reached the target 1"),
])  # fmt: skip
def test_a_criterion_ends_a_run_when_reached_and_not_before(criterion: Stop, text: str) -> None:
    assert criterion.reason(RECORD) == text
    name = next(
        name
        for name in ("target", "generations", "evaluations", "stagnation", "time_limit")
        if getattr(criterion, name) is not None
    )
    assert replace(criterion, **{name: getattr(criterion, name) + 1}).reason(RECORD) is None


def test_solved_ends_a_run_unless_it_shall_not() -> None:
    solved = RECORD | {"figures": {"solved": True}}
    assert Stop().reason(solved) == "solved"
    assert Stop(solved=False).reason(solved) is None
    assert Stop().reason(RECORD | {"figures": {}}) is None


def test_a_target_of_0_is_a_target() -> None:
    assert Stop(target=0.0).reason(RECORD | {"best": 0.0}) is not None
    assert Stop(target=0.0).reason(RECORD | {"best": -0.1}) is None


def test_a_generation_that_failed_as_a_whole_reaches_no_target() -> None:
    assert Stop(target=-1e9).reason(RECORD | {"best": None}) is None


def test_the_first_of_several_criteria_gives_the_reason() -> None:
    every = Stop(target=3.0, generations=10, evaluations=1000, stagnation=5, time_limit=20.0)
    assert every.reason(RECORD | {"figures": {"solved": True}}) == "solved"
    assert every.reason(RECORD) == "best fitness reached the target 3"
    assert every.reason(RECORD | {"best": 0.0}) == "10 generations done"


def test_a_lucky_score_of_a_noisy_fitness_reaches_no_target() -> None:
    assert Stop(target=2.5).reason(RECORD | {"best": 9.0, "champion": 2.0}) is None
    assert Stop(target=2.5).reason(RECORD | {"best": 9.0, "champion": 2.6}) is not None
