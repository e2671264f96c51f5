"""Compiling before the first generation changes nothing and leaves nothing running."""

import random
from pathlib import Path
from typing import Any

import multiprocess
import numpy as np
import pytest
from breeding import same_arrays
from multiprocess.reduction import ForkingPickler
from running import configured

from evo.core.processes import start_child
from evo.core.registry import experiment
from evo.core.scores import Scores
from evo.engines import engine_class
from evo.fitness.xor import Xor
from evo.runs import precompile
from genomes.kernels import kernel


class Breaking(Xor):
    """A fitness of the user's own that raises."""

    def figures(self, performers: Any) -> dict[str, Any]:
        raise RuntimeError("no figures today")


def history(settings: Any) -> list[dict[str, Any]]:
    engine: Any = engine_class("neat")(settings, seed=6)
    populations = []
    for _ in range(4):
        populations.append(engine.ask().to_arrays())
        engine.tell(Xor().evaluate(engine.ask(), []))
    return populations


def random_states() -> tuple[Any, ...]:
    numbers = np.random.get_state(legacy=False)["state"]
    return random.getstate(), numbers["pos"], numbers["key"].tobytes()


def test_compiling_changes_nothing_and_leaves_nothing_running() -> None:
    settings = configured("xor").engine
    wanted, before = history(settings), random_states()
    precompile.compile_kernels("neat", settings, None, Xor())
    assert not multiprocess.active_children()
    assert random_states() == before
    assert all(map(same_arrays, history(settings), wanted))
    assert not precompile.is_needed("neat")


def test_a_fitness_that_raises_is_heard_and_leaves_nothing_running() -> None:
    settings = configured("xor").engine
    with pytest.raises(RuntimeError, match="no figures today"):
        precompile.compile_kernels("neat", settings, None, Breaking())
    assert not multiprocess.active_children()


def test_the_second_process_prints_nothing_whatever_happens_to_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    started = []

    def start_wrongly(target: str, arguments: bytes, **options: Any) -> Any:
        started.append(start_child(target, b"no pickle", **options))
        return started[-1]

    monkeypatch.setattr(precompile, "start_child", start_wrongly)
    settings = experiment("xor").config("neat").engine
    precompile.compile_kernels("neat", settings, None, Xor())
    assert started[0].exitcode == 1
    assert capfd.readouterr() == ("", "")


def test_a_generation_can_be_bred_that_nobody_evaluated() -> None:
    """As in the second process: all scores are equal, also per output."""
    settings = configured("memorize", neat={"NEAT": {"pop_size": 10}}).engine
    engine: Any = engine_class("neat")(settings, seed=0)
    outputs = engine.ask().outputs
    engine.tell(Scores.of(np.zeros(10), by_output=np.zeros((10, outputs))))
    precompile.breed_pickled(bytes(ForkingPickler.dumps(("neat", settings, None, None))))
    assert not precompile.is_needed("neat")


def test_kernels_of_a_fitness_are_waited_for_too() -> None:
    @kernel
    def never_called(x: int) -> int:
        return x

    fitness = Xor()
    settings = configured("xor").engine
    precompile.compile_kernels("neat", settings, None, fitness)
    assert not precompile.is_needed("neat", fitness)
    fitness.kernels = (never_called,)  # type: ignore[attr-defined]
    assert precompile.is_needed("neat", fitness)


def test_an_engine_that_breeds_by_cases_is_compiled_too() -> None:
    settings = configured("memorize", "ga", ga={"population": {"size": 10}}).engine
    precompile.breed_pickled(bytes(ForkingPickler.dumps(("ga", settings, None, None))))
    assert not precompile.is_needed("ga")


@pytest.mark.parametrize("engine", [
    "neat", "ga", "es", "neat-python", "random-grid", "deap-grid", "deap-history-user",
])  # fmt: skip
def test_the_folder_of_compiled_kernels_is_named(engine: str) -> None:
    folder = precompile.announcement(engine).partition("kept in ")[2]
    assert Path(folder).is_dir()


def test_an_engine_without_kernels_needs_nothing_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class WithKernels(Xor):
        kernels = engine_class("neat").kernels

    monkeypatch.setattr(engine_class("neat"), "kernels", ())
    assert not precompile.is_needed("neat", Xor())
    assert "compiling the kernels" in precompile.announcement("neat", WithKernels())
