"""`evo.evolve`: own fitness functions, resuming, and what it says when they are wrong."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from user_scripts import EVOLVING, run_script, script

import evo
from evo.core.errors import EvoError, FailedRunError, InputError, RunError

SMALL: dict[str, Any] = {"inputs": 2, "outputs": 1, "population": 20, "generations": 2}
ROWS = [(0, 0), (0, 1), (1, 0), (1, 1)]

pytestmark = pytest.mark.usefixtures("undrawn")


def second(network: Any) -> float:
    """Return the output for the second row."""
    return float(network.activate([0.0, 1.0])[0])


def xor(network: Any) -> float:
    """Return how well a network computes exclusive or."""
    errors = network.activate(ROWS)[:, 0] - [0, 1, 1, 0]
    return float(4 - (errors**2).sum())


@evo.fitness(batch=True)
def all_notes(players: Any) -> Any:
    """Return the number of notes of every piece."""
    return players.perform(np.zeros((0, 5), np.bool_), 12).sum((1, 2))


@evo.fitness(batch=True, goals=True)
def high_and_low(players: Any) -> Any:
    """Return notes of the upper and the lower keys, which compete for steps."""
    rolls = players.perform(np.zeros((0, 5), np.bool_), 12)
    return np.stack([rolls[:, :, 3:].sum((1, 2)), rolls[:, :, :2].sum((1, 2))], 1)


def test_a_function_of_one_network_is_solved(tmp_path: Path) -> None:
    run = evo.evolve(xor, inputs=2, outputs=1, target=3.9, seed=1, out=tmp_path / "run")
    assert run.solved
    assert run.champion.score == run.result["best_fitness"] >= 3.9
    assert xor(run.champion) == run.champion.score
    assert len(run.log) == run.result["generations"]
    assert repr(run).startswith(f"<run {tmp_path / 'run'}, finished: best fitness reached")


@pytest.mark.parametrize("genome", ["grid", "network", "history-user"])
def test_a_batch_function_of_music_takes_every_genome_kind(tmp_path: Path, genome: str) -> None:
    run = evo.evolve(
        all_notes, keys=5, steps=12, genome=genome, generations=2, out=tmp_path / "run"
    )
    song = run.champion.song()
    assert (song.steps, song.keys) == (12, 5)
    assert song.onsets.sum() == run.champion.score
    if song.onsets.any():
        played = run.song.onsets
        assert np.array_equal(played, song.onsets[: len(played)])
    else:
        with pytest.raises(RunError, match="no notes"):
            run.song  # noqa: B018


def test_the_front_of_two_goals_is_not_dominated(tmp_path: Path) -> None:
    run = evo.evolve(
        high_and_low, keys=5, steps=12, goals=True, generations=15, seed=1, out=tmp_path / "run"
    )
    scores, genomes = run.front()
    assert scores.shape == (len(genomes), 2)
    assert np.array_equal(scores, high_and_low(genomes))
    for one in scores:
        assert not any((other >= one).all() and (other > one).any() for other in scores)
    assert len({grid.tobytes() for grid in genomes.notes}) == len(genomes)


def test_goals_need_an_engine_that_selects_by_goals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"several goals, and neat selects by one score"):
        evo.evolve(high_and_low, keys=5, engine="neat", out=tmp_path / "run")


def test_figures_may_be_numpy_and_nan(tmp_path: Path) -> None:
    def figures(network: Any) -> dict[str, Any]:
        return {"a": np.float32(1.5), "b": np.arange(3), "c": np.nan, "d": {"e": [1, (2, 3)]}}

    run = evo.evolve(second, figures=figures, out=tmp_path / "run", **SMALL)
    expected = {"a": 1.5, "b": [0, 1, 2], "c": None, "d": {"e": [1, [2, 3]]}}
    assert run.log[-1]["figures"] == expected
    assert {name: run.result[name] for name in expected} == expected


def nothing(network: Any) -> None:
    """Return nothing."""


@evo.fitness(batch=True)
def too_few(networks: Any) -> Any:
    """Return a wrong number of scores."""
    return np.zeros(3)


@evo.fitness(batch=True)
def table(networks: Any) -> Any:
    """Return a table instead of scores."""
    return np.zeros((len(networks), 2))


WRONG: list[tuple[Any, str]] = [
    (nothing, "nothing returned None; it must return a number (is `return` missing?)"),
    (lambda network: "x", "lambda must return a number, got str 'x'"),
    (lambda network: [1, 2], "must return one number, got 2; several scores per individual need"),
    (lambda network: 1 / 0, "lambda raised ZeroDivisionError: division by zero (test_evolution"),
    (lambda network: np.nan, "the score is nan"),
    (too_few, "too_few must return one number per individual; for 1 it returned an array of shape"),
    (table, "of shape (1, 2); several need goals=True"),
]


@pytest.mark.parametrize(("fitness", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_function_ends_the_first_generation_in_one_line(
    tmp_path: Path, fitness: Callable[..., Any], message: str
) -> None:
    with pytest.raises(FailedRunError) as caught:
        evo.evolve(fitness, out=tmp_path / "run", **SMALL)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"inputs": None}, "needs inputs and outputs (a task of numbers), or keys (music)"),
    ({"inputs": 0}, "inputs must be a whole number from 1"),
    ({"keys": 3}, "needs inputs and outputs"),
    ({"engine": "nete"}, "did you mean neat?"),
    ({"enginee": "neat"}, "there is no option 'enginee'; did you mean engine?"),
    ({"genome": "grid"}, "inputs and outputs are for the genome network or history-user, not grid"),
    ({"name": "a b"}, "an experiment's name has letters"),
    ({"settings": 5}, "settings must be an evo.Settings"),
    ({"figures": lambda network: 5}, "lambda must return figures by name, got int"),
    ({"figures": lambda network: {"a": object()}}, "lambda: a must be numbers, text, lists"),
    ({"resume": "yes"}, "resume must be True or False"),
    ({"mate": 3}, "mate must be a function, got 3"),
    ({"progress": "x"}, "progress must be True or False, got 'x'"),
    ({"goals": "a"}, "goals must be True or False, got 'a'"),
    ({"name": 3}, "an experiment's name has letters, digits, - and _ (60 at most), got 3"),
    ({"genome": "networ"}, "there is no genome 'networ'; did you mean network? there is network"),
    ({"genome": 3}, "there is no genome 3; there is network"),
    ({"changes": {"neat": {"NEAT": {"pop_size": 1}}}, "population": None}, "neat.NEAT.pop_size"),
]


@pytest.mark.parametrize(("more", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_wrong_argument_is_refused_in_one_line(
    tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvoError) as caught:
        evo.evolve(second, out=tmp_path / "run", **(SMALL | more))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("fitness", [5, "x", None, lambda: 1, lambda a, b, c: 1], ids=range(5))
def test_something_that_is_no_fitness_is_refused(tmp_path: Path, fitness: Any) -> None:
    with pytest.raises(InputError):
        evo.evolve(fitness, out=tmp_path / "run", **SMALL)


def test_resume_continues_only_a_run_of_the_same_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    first = evo.evolve(second, out=out, resume=True, **SMALL)
    longer = evo.evolve(second, out=out, resume=True, **(SMALL | {"generations": 4}))
    assert [record["generation"] for record in longer.log] == [0, 1, 2, 3]
    at_once = evo.evolve(second, out=tmp_path / "other", **(SMALL | {"generations": 4}))
    assert longer.result["digest"] == at_once.result["digest"] != first.result["digest"]
    with pytest.raises(InputError, match=r"was begun with neat.NEAT.pop_size = 20, not 21;"):
        evo.evolve(second, out=out, resume=True, **(SMALL | {"population": 21}))
    assert capsys.readouterr().err == ""


def test_a_changed_function_is_named_and_the_run_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def other(network: Any) -> float:
        return float(network.activate([1.0, 1.0])[0])

    out = tmp_path / "run"
    evo.evolve(second, name="mine", out=out, **SMALL)
    more = SMALL | {"generations": 3}
    run = evo.evolve(other, name="mine", out=out, resume=True, **more)
    assert run.result["generations"] == 3
    assert "the source of other has changed since the run began" in capsys.readouterr().err


def test_a_function_with_random_numbers_is_noisy(tmp_path: Path) -> None:
    def drawn(network: Any, random: np.random.Generator) -> float:
        return float(random.random())

    one = evo.evolve(drawn, out=tmp_path / "a", seed=5, **SMALL)
    two = evo.evolve(drawn, out=tmp_path / "b", seed=5, workers=2, **SMALL)
    assert one.result["digest"] == two.result["digest"]
    assert one.result["evaluations"] > 40  # the champion is evaluated again


def test_a_killed_script_continues_to_the_same_result(tmp_path: Path) -> None:
    path = script(tmp_path, EVOLVING)
    undisturbed = run_script(path, OUT=tmp_path / "a")
    assert undisturbed.returncode == 0, undisturbed.stderr
    killed = run_script(path, wait=False, OUT=tmp_path / "b", WORKERS=2)
    checkpoints = tmp_path / "b" / "checkpoints"
    while not checkpoints.exists() and killed.poll() is None:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    resumed = run_script(path, OUT=tmp_path / "b", WORKERS=2)
    assert resumed.stdout == undisturbed.stdout != ""


def test_a_keyboard_interrupt_saves_the_run_and_ends_the_script(tmp_path: Path) -> None:
    calls: list[Any] = []

    def interrupted(network: Any) -> float:
        calls.append(network)
        if len(calls) == 1:  # a second signal would end the process at once
            os.kill(os.getpid(), signal.SIGINT)
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        evo.evolve(interrupted, out=tmp_path / "run", **SMALL)
    assert evo.load_run(tmp_path / "run").result["status"] == "stopped"


def test_names_of_this_package_get_a_prefix(tmp_path: Path) -> None:
    run = evo.evolve(xor, out=tmp_path / "run", **SMALL)
    assert run.config.run.experiment == "my-xor"
    assert evo.load_run(tmp_path / "run").experiment.name == "my-xor"


UNSTORABLE: list[tuple[Any, str]] = [
    (2**60, "the figure 'a' cannot be stored; give numbers up to 2**53"),
    ([[[[[1]]]]], "the figure 'a' cannot be stored"),
    ("\ud800", "the figure 'a' cannot be stored"),
    (np.zeros(10**6), "the figures are 5,000,008 bytes long, and at most 262,144 are stored"),
]


@pytest.mark.parametrize(("value", "message"), UNSTORABLE, ids=range(len(UNSTORABLE)))
def test_figures_that_no_reader_takes_are_refused_before_they_are_written(
    tmp_path: Path, value: Any, message: str
) -> None:
    """A first champion has good figures, a later one does not: the run so far is kept."""
    calls: list[Any] = []

    def figures(network: Any) -> dict[str, Any]:
        calls.append(network)
        return {"a": value if len(calls) > 1 else 1}

    def improving(network: Any, random: np.random.Generator) -> float:
        return 1.0 if not calls else 2.0

    out = tmp_path / "run"
    with pytest.raises(InputError) as caught:
        evo.evolve(
            evo.fitness(noisy=False)(improving), figures=figures, out=out,
            changes={"checkpoints": {"every": 1}}, **SMALL,
        )  # fmt: skip
    assert message in str(caught.value)
    more = SMALL | {"generations": 3}
    run = evo.evolve(improving, name="improving", out=out, resume=True, **more)
    assert run.result["generations"] == 3


def test_solved_must_be_a_truth_value(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the figure `solved` must be True or False, got 'no'"):
        evo.evolve(second, figures=lambda network: {"solved": "no"}, out=tmp_path / "a", **SMALL)


@pytest.mark.parametrize("engine", ["neat", "neat-python"])
def test_a_score_that_is_too_large_fails_its_individual(tmp_path: Path, engine: str) -> None:
    def huge(network: Any) -> float:
        return 1e308 if network.activate([0.0, 1.0])[0] > 0.5 else -1e150

    run = evo.evolve(huge, engine=engine, out=tmp_path / "run", **SMALL)
    assert run.log[0]["failures"]["nan"] > 0
    assert run.champion.score == -1e150


def test_an_error_is_located_in_the_users_source(tmp_path: Path) -> None:
    with pytest.raises(FailedRunError, match=r"\(test_evolution\.py, line \d+\)"):
        evo.evolve(lambda network: network.step([1.0]), out=tmp_path / "run", **SMALL)


def test_scores_by_output_are_one_per_output(tmp_path: Path) -> None:
    @evo.fitness(batch=True, by_output=True)
    def two(networks: Any) -> Any:
        return np.zeros((len(networks), 2))

    with pytest.raises(FailedRunError, match="a number for each of the 1 outputs, got 2"):
        evo.evolve(two, out=tmp_path / "run", **SMALL)


@pytest.mark.parametrize("draw", [random.random, np.random.random])
def test_a_function_that_draws_from_a_global_generator_is_named(
    tmp_path: Path, draw: Callable[[], float]
) -> None:
    with pytest.warns(RuntimeWarning, match="lambda draws from the global generators"):
        evo.evolve(lambda network: draw(), name="drawn", out=tmp_path / "run", **SMALL)


def test_own_music_has_durations_and_a_metre(tmp_path: Path) -> None:
    wanted = np.zeros((12, 6), bool)
    wanted[[0, 6], [0, 1]] = True  # two onsets
    wanted[0:5, 3] = wanted[6:9, 4] = True  # and how long they sound

    @evo.fitness(batch=True)
    def likeness(players):
        return -(players.perform(np.zeros((0, 6), bool), 12) != wanted).sum(axis=(1, 2))

    run = evo.evolve(
        likeness, genome="grid", keys=3, steps=12, durations=True, metre="3/4", target=0, seed=1,
        generations=200, out=tmp_path / "run",
    )  # fmt: skip
    assert run.solved
    assert run.song.notes() == [(0, 5, 60), (6, 9, 61)]
    assert str(run.song.metre) == "3/4"
