"""The contract of every evaluator: the same scores wherever they come from, and failures kept."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import multiprocess
import numpy as np
import pytest
from breeding import evolved, joined, network, varied_config
from judges import Failing, Judge, Learning, Noisy, NoScores, Short, Wrong, defined_inside

from evo.fitness.memorization import Memorization
from evo.fitness.xor import Xor
from evo.scores import Scores, Status
from evo.seeds import Individuals, Role
from evo.song import Song
from evo.workers.chunk import borders, score_chunk
from evo.workers.pool import Pool
from evo.workers.serial import Serial
from genomes.neat_python import from_neat_python
from genomes.network import Networks
from genomes.player import Player

SEED = 21
CHUNK = 7
PLAYER = Player(keys=3, lags=(1, 2))

EVALUATORS: dict[str, Callable[[], Any]] = {
    "serial": lambda: Serial(SEED, CHUNK),
    "pool of 1": lambda: Pool(1, SEED, CHUNK),
    "pool of 2": lambda: Pool(2, SEED, CHUNK),
}


@pytest.fixture(scope="module", params=EVALUATORS)
def evaluator(request: pytest.FixtureRequest) -> Iterator[Any]:
    with EVALUATORS[request.param]() as made:
        yield made


def numbered(count: int = 24) -> Networks:
    """Individual i has the weight i."""
    return joined([network(1, 1, [(-1, 0, float(i))]) for i in range(count)])


def musicians() -> Networks:
    config = varied_config(PLAYER.inputs, PLAYER.keys, True)
    return from_neat_python(evolved(config, generations=4), config.genome_config, PLAYER)


def song() -> Song:
    return Song(np.random.default_rng(1).random((24, PLAYER.keys)) < 0.2)


def same(one: Scores, other: Scores) -> bool:
    for mine, theirs in ((one.cases, other.cases), (one.by_output, other.by_output)):
        if (mine is None) != (theirs is None):
            return False
        if mine is not None and mine.tobytes() != theirs.tobytes():
            return False
    return (
        one.total.tobytes() == other.total.tobytes()
        and one.status.tolist() == other.status.tolist()
        and one.reasons == other.reasons
    )


@pytest.mark.parametrize("fitness", [
    Memorization([song()]), Memorization([song()], mode="perform"), Noisy(),
], ids=["follow", "perform", "noisy"])  # fmt: skip
def test_scores_are_those_of_the_whole_population_at_once_bit_for_bit(
    evaluator: Any, fitness: Any
) -> None:
    performers = musicians()
    streams = Individuals(SEED, Role.EVALUATE, 5, range(len(performers)))
    wanted = fitness.evaluate(performers, streams)
    assert same(evaluator.evaluate(fitness, performers, 5), wanted)
    assert same(evaluator.evaluate(fitness, performers, 5), wanted)  # and again


def test_another_generation_is_another_noise_and_another_seed_too(evaluator: Any) -> None:
    first = evaluator.evaluate(Noisy(), numbered(), 5)
    assert not same(evaluator.evaluate(Noisy(), numbered(), 6), first)
    assert not same(Serial(SEED + 1, CHUNK).evaluate(Noisy(), numbered(), 5), first)


def test_a_task_that_is_no_music_is_scored_alike(evaluator: Any) -> None:
    performers = joined([network(2, 1, [(-1, 0, w), (-2, 0, -w)]) for w in np.linspace(-2, 2, 20)])
    wanted = Xor().evaluate(performers, ())
    assert same(evaluator.evaluate(Xor(), performers, 0), wanted)


def test_a_fitness_that_changed_is_used_as_it_is_now(evaluator: Any) -> None:
    fitness = Learning(0.0)
    for bonus in (0.0, 100.0, 7.0):
        fitness.bonus = bonus
        total = evaluator.evaluate(fitness, numbered(), 0).total
        assert total.tolist() == [i + bonus for i in range(24)]


def test_a_fitness_defined_inside_a_function_is_scored(evaluator: Any) -> None:
    assert evaluator.evaluate(defined_inside(), numbered(), 0).total.tolist() == [3.0] * 24


def test_an_individual_at_which_the_fitness_raises_fails_alone_with_the_reason(
    evaluator: Any,
) -> None:
    scores = evaluator.evaluate(Failing(raises=(3.0, 15.0)), numbered(), 0)
    assert np.flatnonzero(~scores.ok).tolist() == [3, 15]
    assert scores.status[[3, 15]].tolist() == [Status.ERROR, Status.ERROR]
    assert scores.reasons == {
        3: "RuntimeError: cannot judge 3.0",
        15: "RuntimeError: cannot judge 15.0",
    }
    assert scores.total[scores.ok].tolist() == [i for i in range(24) if i not in (3, 15)]
    assert np.isneginf(scores.total[[3, 15]]).all()
    assert scores.cases.shape == (24, 1)


def test_an_individual_that_scores_nan_fails_alone(evaluator: Any) -> None:
    scores = evaluator.evaluate(Failing(nan=(0.0, 23.0)), numbered(), 0)
    assert np.flatnonzero(~scores.ok).tolist() == [0, 23]
    assert scores.failures() == {"nan": 2}
    assert sorted(scores.reasons) == [0, 23]
    assert scores.total[1:23].tolist() == list(range(1, 23))


@pytest.mark.parametrize(("fitness", "reason"), [
    (Short(), "ValueError: the fitness gave 0 scores for 1 individuals"),
    (Wrong(), "TypeError: total must be numbers"),
    (NoScores(), "TypeError"),
], ids=["too few", "strings", "nothing"])  # fmt: skip
def test_a_fitness_that_gives_no_proper_scores_fails_all_with_the_reason(
    evaluator: Any, fitness: Any, reason: str
) -> None:
    scores = evaluator.evaluate(fitness, numbered(), 0)
    assert scores.failures() == {"error": 24}
    assert set(scores.reasons) == set(range(24))
    assert all(text.startswith(reason) for text in scores.reasons.values())


def test_networks_that_cannot_be_activated_fail_alone(evaluator: Any) -> None:
    performers = joined(
        [
            network(2, 1, [(-1, 0, 1.0), (0, 0, 1.0)] if i == 9 else [(-1, 0, 1.0)])
            for i in range(12)
        ]
    )
    scores = evaluator.evaluate(Xor(), performers, 0)
    assert np.flatnonzero(~scores.ok).tolist() == [9]
    assert "has a cycle" in scores.reasons[9]


def test_fewer_individuals_than_a_chunk_and_than_workers_are_scored(evaluator: Any) -> None:
    for count in (1, 2, CHUNK, CHUNK + 1):
        scores = evaluator.evaluate(Judge(), numbered(count), 0)
        assert scores.total.tolist() == list(range(count))


# Chunks


@pytest.mark.parametrize("mode", ["follow", "perform"])
def test_the_size_of_chunks_changes_no_score(mode: Any) -> None:
    performers, fitness = musicians(), Memorization([song()], mode=mode)
    wanted = Serial(SEED, 1).evaluate(fitness, performers, 2)
    for size in (7, 59, 64):
        assert same(Serial(SEED, size).evaluate(fitness, performers, 2), wanted)
        assert same(Serial(SEED, size).evaluate(Noisy(), performers, 2),
                    Serial(SEED, 1).evaluate(Noisy(), performers, 2))  # fmt: skip


def test_chunks_cover_everybody_once_in_order() -> None:
    for count in (1, 6, 7, 8, 20, 21):
        chunks = borders(count, CHUNK)
        assert [i for chunk in chunks for i in chunk] == list(range(count))
        assert all(len(chunk) == CHUNK for chunk in chunks[:-1])


def test_a_chunk_scored_one_by_one_after_a_failure_has_the_same_scores_for_the_others() -> None:
    performers = numbered(10)
    streams = Individuals(SEED, Role.EVALUATE, 0, range(10))

    class NoisyFailing(Noisy):
        def evaluate(self, performers: Any, streams: Any) -> Scores:
            if 4.0 in performers.weight:
                raise ValueError("four")
            return super().evaluate(performers, streams)

    together = score_chunk(Noisy(), performers, streams)
    alone = score_chunk(NoisyFailing(), performers, streams)
    others = [i for i in range(10) if i != 4]
    assert alone.total[others].tobytes() == together.total[others].tobytes()
    assert alone.reasons == {4: "ValueError: four"}


# Processes


def test_a_worker_that_dies_is_scored_as_a_crash_and_the_others_as_ever() -> None:
    with Pool(2, SEED, 4) as pool:
        scores = pool.evaluate(Failing(dies=(1.0,), killed=(22.0,)), numbered(), 0)
        crashed = [i for i in range(24) if i < 4 or i >= 20]
        assert np.flatnonzero(~scores.ok).tolist() == crashed
        assert scores.failures() == {"crash": 8}
        assert "exit code 7" in scores.reasons[1]
        assert "exit code -9" in scores.reasons[22]
        assert scores.total[4:20].tolist() == list(range(4, 20))
        # The pool is whole again.
        again = pool.evaluate(Noisy(), numbered(), 3)
    assert same(again, Serial(SEED, 4).evaluate(Noisy(), numbered(), 3))


def test_a_worker_that_was_killed_while_idle_is_replaced_without_a_loss() -> None:
    with Pool(1, SEED, CHUNK) as pool:
        pool.evaluate(Judge(), numbered(2), 0)
        (process,) = [worker.process for worker in pool._workers]
        process.kill()
        process.join()
        assert pool.evaluate(Judge(), numbered(), 0).total.tolist() == list(range(24))


def test_the_processes_of_a_pool_are_gone_after_it_also_after_an_exception() -> None:
    before = set(multiprocess.active_children())
    started = []

    def fail_inside() -> None:
        with Pool(2, SEED, CHUNK) as pool:
            started.extend(worker.process for worker in pool._workers)
            assert all(process.is_alive() for process in started)
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert len(started) == 2
    assert not any(process.is_alive() for process in started)
    assert set(multiprocess.active_children()) == before


def test_a_pool_without_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        Pool(0, SEED, CHUNK)


def test_a_signal_to_the_whole_group_does_not_reach_the_workers() -> None:
    script = (
        "import os, signal\n"
        "from evo.interrupt import Interrupts\n"
        "from evo.workers.pool import Pool\n"
        "if __name__ == '__main__':\n"
        "    with Interrupts() as interrupts, Pool(2, 0, 8) as pool:\n"
        "        os.killpg(0, signal.SIGINT)\n"
        "        workers = [worker.process for worker in pool._workers]\n"
        "        for process in workers:\n"
        "            process.join(1.0)\n"
        "        print([process.exitcode for process in workers], interrupts.received.name)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, start_new_session=True
    )
    assert ended.stdout == "[None, None] SIGINT\n"
    assert ended.stderr == ""
