"""The contract of every evaluator: equal scores, and failures reported per individual."""

import errno
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from breeding import evolved, joined, network, varied_config
from judges import (
    Bare,
    Failing,
    Greedy,
    Judge,
    Learning,
    Noisy,
    NoScores,
    OutOfOrder,
    Quitting,
    Refused,
    Short,
    Wrong,
    defined_inside,
)

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, Role
from evo.fitness.memorization import Memorization
from evo.fitness.xor import Xor
from evo.music.song import Song
from evo.workers.clock import Clock
from evo.workers.evaluation import batches, score_batch
from evo.workers.pace import Pace
from evo.workers.pool.channel import PoolChannel, WorkerChannel
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial
from genomes.base import unchecked
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.player import Player

SEED = 21
CHUNK = 7
PLAYER = Player(keys=3, lags=(1, 2))

# Whatever scores populations: a new evaluator is tested by being listed here.
EVALUATORS: dict[str, Callable[[], Any]] = {
    "serial": lambda: Serial(SEED, CHUNK),
    "pool of 1": lambda: Pool(1, SEED, CHUNK),
    "pool of 2": lambda: Pool(2, SEED, CHUNK),
}


@pytest.fixture(scope="module", params=[*EVALUATORS, "cluster"])
def evaluator(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "cluster":  # of the same seed and chunks
        yield request.getfixturevalue("local_cluster")
        return
    with EVALUATORS[request.param]() as made:
        yield made


def numbered(count: int = 24) -> Networks:
    """Return networks: individual i has the weight i."""
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


def test_an_individual_with_an_infinite_score_fails_alone(evaluator: Any) -> None:
    scores = evaluator.evaluate(Failing(infinite=(8.0,)), numbered(), 0)
    assert np.flatnonzero(~scores.ok).tolist() == [8]
    assert scores.failures() == {"nan": 1}
    assert scores.reasons == {8: "the score is inf or a part of it is not finite"}
    assert np.isneginf(scores.total[8])
    assert scores.cases.tolist() == [[i if i != 8 else -np.inf] for i in range(24)]


@pytest.mark.parametrize(("fitness", "reason"), [
    (Short(), "ValueError: the fitness gave 0 scores for 1 individuals"),
    (Wrong(), "TypeError: total must be numbers"),
    (NoScores(), "TypeError: the fitness gave NoneType, not Scores"),
    (Bare(), "TypeError: the fitness gave list, not Scores"),
    (Quitting(), "SystemExit: enough"),
], ids=["too few", "strings", "nothing", "bare numbers", "leaving"])  # fmt: skip
def test_a_fitness_that_gives_no_proper_scores_fails_all_with_the_reason(
    evaluator: Any, fitness: Any, reason: str
) -> None:
    scores = evaluator.evaluate(fitness, numbered(), 0)
    assert scores.failures() == {"error": 24}
    assert set(scores.reasons) == set(range(24))
    assert all(text.startswith(reason) for text in scores.reasons.values())


def test_networks_that_cannot_be_activated_fail_alone(evaluator: Any) -> None:
    recurrent = joined(
        [
            network(
                2, 1, [(-1, 0, 1.0), (0, 0, 1.0)] if i == 9 else [(-1, 0, 1.0)], feed_forward=False
            )
            for i in range(12)
        ]
    )
    # Such networks are refused where they come in, so these are made past the checks.
    performers = unchecked(Networks, **(vars(recurrent) | {"feed_forward": True}))
    scores = evaluator.evaluate(Xor(), performers, 0)
    assert np.flatnonzero(~scores.ok).tolist() == [9]
    assert "has a cycle" in scores.reasons[9]


def test_an_individual_that_asks_for_too_much_memory_fails_alone(evaluator: Any) -> None:
    scores = evaluator.evaluate(Greedy(), numbered(), 0)
    assert scores.failures() == {"error": 1}
    assert scores.reasons[5].startswith("MemoryError: Unable to allocate")


def test_a_fault_of_the_machine_that_passes_is_scored_for_nobody(
    evaluator: Any, tmp_path: Path
) -> None:
    fitness = OutOfOrder(OSError(errno.EIO, "Input/output error"), tmp_path / "first")
    scores = evaluator.evaluate(fitness, numbered(), 0)
    assert scores.total.tolist() == list(range(24))
    assert (tmp_path / "first").exists()


def test_a_fault_of_the_machine_that_stays_stops_the_evaluation_with_the_reason(
    evaluator: Any,
) -> None:
    fitness = OutOfOrder(OSError(errno.ENOSPC, "No space left on device", "/tmp/notes"))
    with pytest.raises(WorkersLostError, match=r"the machine failed .* 3 times") as told:
        evaluator.evaluate(fitness, numbered(), 0)
    assert "OSError: [Errno 28] No space left on device: '/tmp/notes'" in str(told.value)
    assert "\n" not in str(told.value)
    assert evaluator.evaluate(Judge(), numbered(), 0).ok.all()


def test_an_individual_that_its_genome_kind_refuses_on_the_way_fails_alone(evaluator: Any) -> None:
    if isinstance(evaluator, Serial):
        pytest.skip("nothing travels")
    scores = evaluator.evaluate(Judge(), Refused(**vars(numbered())), 0)
    assert scores.failures() == {"error": 1}
    assert scores.reasons == {5: "ValueError: 5.0 is no weight"}


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
        chunks = batches(count, CHUNK)
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

    together = score_batch(Noisy(), performers, streams)
    alone = score_batch(NoisyFailing(), performers, streams)
    others = [i for i in range(10) if i != 4]
    assert alone.total[others].tobytes() == together.total[others].tobytes()
    assert alone.reasons == {4: "ValueError: four"}


# The pool's own


def test_a_pool_without_workers_or_with_less_than_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        Pool(0, SEED, CHUNK)
    for timeout in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="timeout must be at least 0, got"):
            Pool(1, SEED, CHUNK, timeout)


def test_pieces_grow_by_doubling_up_to_what_their_time_allows_and_shrink_at_the_end() -> None:
    pace = Pace()
    assert pace.size(1000, 2) == 1
    sizes = []
    for _ in range(8):
        sizes.append(pace.size(1000, 2))
        pace.learn(sizes[-1], 0.01 * sizes[-1])
    assert sizes == [1, 2, 4, 8, 16, 20, 20, 20]
    assert [pace.size(waiting, 2) for waiting in (60, 40, 9, 4, 1)] == [15, 10, 3, 1, 1]
    assert pace.is_quick


def test_individuals_that_take_long_are_alone_and_nothing_waits_behind_them() -> None:
    pace = Pace()
    for _ in range(20):
        pace.learn(1, 3.0)
    assert pace.size(1000, 2) == 1
    assert not pace.is_quick


def test_a_piece_is_suspected_after_half_a_second_and_twice_what_was_to_be_expected() -> None:
    pace = Pace()
    for _ in range(30):
        pace.learn(10, 0.1)
    assert pace.allowance(10) == pytest.approx(0.7)
    # An individual that took long and ended well: another may take as long.
    pace.learn(1, 2.0)
    assert pace.allowance(1) > 4.5


def test_messages_of_any_size_pass_a_pipe_in_order_whenever_it_takes_them() -> None:
    here, there = multiprocessing.Pipe()
    pool, worker = PoolChannel(here), WorkerChannel(there)
    assert pool.receive() == ([], True)
    sent = [("piece", {"weight": np.arange(float(n)), "none": np.zeros((0, 3))}, n)
            for n in (0, 3, 300_000, 7)]  # fmt: skip
    for message in sent:
        pool.send(message)
    assert pool.has_unsent  # more than a pipe holds, and it did not wait
    # As the pool does, when it is told that the pipe has room.
    flushing = threading.Thread(target=_flush, args=(pool,))
    flushing.start()
    for message in sent:
        name, arrays, number = worker.receive()
        assert (name, number) == ("piece", message[2])
        assert np.array_equal(arrays["weight"], message[1]["weight"])
        assert arrays["none"].shape == (0, 3)
        arrays["weight"] += 1  # they belong to whoever received them
    flushing.join()
    worker.send(("ready",))
    there.close()
    assert pool.receive() == ([("ready",)], False)
    pool.send(("nobody", "reads this"))
    assert not pool.has_unsent


def _flush(channel: PoolChannel) -> None:
    while channel.has_unsent:
        channel.flush()


def test_time_in_which_a_process_was_stopped_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([100.0, 100.5, 3700.0, 3701.0])
    clock_of_test = SimpleNamespace(monotonic=lambda: next(times))
    monkeypatch.setattr("evo.workers.clock.time", clock_of_test)
    clock = Clock()
    seen = []
    for _ in range(3):
        clock.tick()
        seen.append(clock.now)
    assert seen == [0.5, 0.5, 1.5]
