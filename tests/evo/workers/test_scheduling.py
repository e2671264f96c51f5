"""The scheduling policy without processes, with a clock set by the tests."""

import random
from collections.abc import Callable
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
import pytest

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores, Status
from evo.workers import scheduling
from evo.workers.backlog import Backlog
from evo.workers.failures import MAX_FAULTS, crashed, too_late
from evo.workers.hanging import START_LIMIT, WARM_UP, WarmUps
from evo.workers.pace import Link, Pace
from evo.workers.scheduling import Scheduler
from evo.workers.starts import Starts

TIMEOUT = 1.0
LINK = Link()


def score(batch: range) -> Scores:
    """Return scores: individual i scores i."""
    return Scores.of(np.array(batch, float))


# Batches


@pytest.mark.parametrize("each", [None, 0.0, 1e-6, 1e-3, 0.01, 5.0])
def test_batches_cover_everybody_once_whatever_the_pace(each: float | None) -> None:
    backlog, pace = Backlog(150), Pace()
    if each is not None:
        pace.learn(32, 32 * each)
    found: list[int] = []
    while backlog.waiting:
        batch = backlog.take(pace.size(backlog.waiting, 3, 150))
        assert len(batch) > 0
        found += batch
    assert found == list(range(150))


def test_batches_are_cut_by_time_and_never_much_larger_than_one_that_went_well() -> None:
    def first(each: float | None, largest: int = 10**6) -> int:
        pace = Pace(Link(batch_seconds=1.0))
        if each is not None:
            pace.learn(largest, largest * each)
        return pace.size(10_000, 2)

    assert first(None) == 1
    assert first(5.0) == 1
    assert first(0.01) == 100  # a second
    assert first(1e-6) == 5_000  # all, for two workers
    assert first(1e-6, largest=4) == 8


def test_no_batch_is_to_take_as_long_as_an_individual_may() -> None:
    pace = Pace(Link(batch_seconds=1.0), timeout=0.5)
    pace.learn(1000, 10.0)
    assert pace.size(10_000, 2) == 25


# Blame


def blamed(culprit: int, count: int, fail: Callable[[Backlog, range], None]) -> tuple[Scores, int]:
    """Return the scores and failure count if the culprit's batches fail."""
    backlog = Backlog(count)
    failures = 0
    while backlog.unscored:
        batch = backlog.suspects.popleft() if backlog.suspects else backlog.take(100)
        if culprit in batch:
            failures += 1
            fail(backlog, batch)
        else:
            backlog.scored(batch, score(batch))
    return backlog.scores(), failures


def test_who_is_alone_with_dying_workers_is_blamed_and_nobody_else() -> None:
    scores, deaths = blamed(77, 200, lambda backlog, batch: backlog.died(batch, was_warm=True))
    assert np.flatnonzero(~scores.ok).tolist() == [77]
    assert scores.reasons == {77: "its worker process died, again and again"}
    assert scores.total[78:].tolist() == list(range(78, 200))
    assert deaths <= 6


def test_who_is_alone_with_a_late_worker_is_blamed_and_nobody_else() -> None:
    scores, times = blamed(77, 200, lambda backlog, batch: backlog.overran(batch, 1.0, True))
    assert np.flatnonzero(~scores.ok).tolist() == [77]
    assert scores.reasons == {77: too_late(1.0).reasons[0]}
    assert times <= 3


def test_who_cannot_be_read_is_blamed_and_nobody_else() -> None:
    scores, _ = blamed(77, 200, lambda backlog, batch: backlog.failed(batch, "no genome"))
    assert scores.failures() == {"error": 1}
    assert scores.reasons == {77: "no genome"}


def test_a_death_or_two_by_chance_cost_no_score() -> None:
    backlog = Backlog(1)
    for _ in range(2):
        batch = backlog.suspects.popleft() if backlog.suspects else backlog.take(1)
        backlog.died(batch, was_warm=True)
        assert backlog.unscored
    assert list(backlog.suspects) == [range(1)]


def test_an_individual_that_was_alone_from_the_start_is_late_twice_before_it_is_blamed() -> None:
    backlog = Backlog(1)
    backlog.overran(backlog.take(1), 1.0, was_warm=True)
    assert backlog.unscored == 1
    backlog.overran(backlog.suspects.popleft(), 1.0, was_warm=True)
    assert backlog.scores().failures() == {"timeout": 1}


def test_nobody_is_blamed_for_what_happens_to_cold_workers_alone() -> None:
    backlog = Backlog(1)
    batch = backlog.take(1)
    for _ in range(9):
        backlog.overran(batch, 1.0, was_warm=False)
        backlog.died(batch, was_warm=False)
    assert backlog.unscored == 1


# Warm-up


def started(workers: int, count: int, timeout: float = TIMEOUT) -> Scheduler[str]:
    """Return a scheduler with workers ready at time 0, and a population."""
    scheduler: Scheduler[str] = Scheduler(LINK, timeout, workers)
    for number in range(workers):
        scheduler.add(f"{number}", 0.0)
        scheduler.ready(f"{number}")
    scheduler.begin(count, "kind")
    return scheduler


def test_a_new_worker_is_given_one_individual_and_time_to_load_kernels() -> None:
    scheduler = started(2, 10)
    assert [one.batch for one in scheduler.assign(0.0)] == [range(0, 1), range(1, 2)]
    assert scheduler.overdue(TIMEOUT + WARM_UP - 0.1) == []
    scheduler.scored("0", score(range(1)), 0.5, 0.5)
    (following,) = scheduler.assign(0.5)
    assert (following.worker, following.batch) == ("0", range(2, 3))
    assert scheduler.limit("0") == 0.5 + TIMEOUT


def test_a_first_evaluation_that_takes_longer_than_the_limit_is_repeated_by_a_warm_worker() -> None:
    scheduler = started(1, 1)
    scheduler.assign(0.0)
    scheduler.scored("0", score(range(1)), 7.0, 7.0)  # of which most was loading kernels
    assert not scheduler.is_done
    (repeated,) = scheduler.assign(7.0)
    assert (repeated.batch, repeated.is_rehearsal) == (range(1), False)
    scheduler.scored("0", score(range(1)), 0.1, 7.1)
    assert scheduler.scores().ok.all()


def test_who_is_slow_is_late_whether_a_warm_worker_has_it_or_a_cold_one() -> None:
    """Each takes 2 s with a limit of 1 s: scores do not depend on the order."""
    scheduler = started(1, 2)
    now, name = 0.0, 0
    while not scheduler.is_done:
        for _ in scheduler.assign(now):
            now += 2.0
            if scheduler.overdue(now):
                name += 1
                scheduler.add(f"{name}", now)
                scheduler.ready(f"{name}")
            else:
                scheduler.scored(f"{name}", score(range(1)), 2.0, now)
    assert scheduler.scores().failures() == {"timeout": 2}


def test_a_worker_warms_up_on_somebody_who_was_scored_if_only_suspects_are_left() -> None:
    scheduler = started(1, 2)
    scheduler.assign(0.0)
    scheduler.scored("0", score(range(1)), 0.1, 0.1)
    scheduler.assign(0.1)
    assert scheduler.overdue(2.0) == ["0"]  # individual 1 hangs
    scheduler.add("1", 2.0, is_ready=True)
    (rehearsal,) = scheduler.assign(2.0)
    assert (rehearsal.batch, rehearsal.is_rehearsal) == (range(1), True)
    scheduler.scored("1", score(range(1)), 3.0, 5.0)
    (repeated,) = scheduler.assign(5.0)
    assert repeated.batch == range(1, 2)
    assert scheduler.limit("1") == 5.0 + TIMEOUT
    assert scheduler.overdue(6.0) == ["1"]
    scores = scheduler.scores()
    assert scores.reasons == {1: too_late(TIMEOUT).reasons[0]}
    assert scores.ok.tolist() == [True, False]


def test_workers_that_are_warm_for_one_fitness_are_cold_for_another() -> None:
    scheduler = started(1, 2)
    for i in (0, 1):
        (one,) = scheduler.assign(float(i))
        scheduler.scored("0", score(one.batch), 0.1, i + 0.1)
    scheduler.begin(2, "another kind")
    scheduler.assign(2.0)
    assert scheduler.limit("0") == 2.0 + TIMEOUT + WARM_UP


def test_warm_ups_are_waited_for_by_what_they_took_elsewhere_and_longer_after_each_failure() -> (
    None
):
    warm_ups = WarmUps()
    assert warm_ups.patience == 60
    warm_ups.note_failure(60, 1.0)
    warm_ups.note_failure(60, 1.0)  # another worker, at the same time
    assert warm_ups.patience == 120
    warm_ups.note_success(2.5)
    assert warm_ups.patience == 5 + 4 * 2.5
    with pytest.raises(WorkersLostError, match=r"first evaluation within 121 seconds; .*timeout"):
        warm_ups.note_failure(120, 1.0)


def test_workers_that_never_come_to_the_end_of_a_first_evaluation_are_given_up() -> None:
    scheduler = started(1, 100)
    now = 0.0

    def hang() -> None:
        nonlocal now
        for number in range(100):
            scheduler.assign(now)
            now = scheduler.next_limit()
            assert scheduler.overdue(now) == [f"{number}"]
            scheduler.add(f"{number + 1}", now, is_ready=True)

    with pytest.raises(WorkersLostError, match="first evaluation"):
        hang()
    assert now < 200


def test_workers_that_all_die_at_their_first_individual_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduling, "HOPELESS", 3)
    scheduler = started(1, 100)
    scheduler.assign(0.0)
    scheduler.died("0", "exit code 7", 0.0)
    scheduler.add("1", 0.0, is_ready=True)
    scheduler.assign(0.0)
    scheduler.died("1", "exit code 7", 0.0)
    scheduler.add("2", 0.0, is_ready=True)
    scheduler.assign(0.0)
    with pytest.raises(WorkersLostError, match=r"3 worker processes in a row .* exit code 7"):
        scheduler.died("2", "exit code 7", 0.0)


# Time limits


def test_a_worker_that_is_not_ready_in_time_counts_as_a_start_that_failed() -> None:
    scheduler: Scheduler[str] = Scheduler(LINK, TIMEOUT, 1)
    scheduler.add("0", 0.0)
    assert scheduler.assign(0.0) == []
    assert scheduler.next_limit() == START_LIMIT
    assert scheduler.overdue(START_LIMIT) == ["0"]
    assert scheduler.starts.next_start > START_LIMIT


def test_without_a_limit_nobody_is_late() -> None:
    scheduler = started(1, 2, timeout=0.0)
    scheduler.assign(0.0)
    assert scheduler.next_limit() == inf
    scheduler.scored("0", score(range(1)), 1e6, 1e6)
    scheduler.assign(1e6)
    assert scheduler.overdue(1e9) == []
    scheduler.scored("0", score(range(1)), 1e6, 1e9)
    assert scheduler.scores().ok.all()


def test_time_in_which_a_worker_had_no_processor_is_not_its_individuals_fault() -> None:
    scheduler = started(1, 2)
    scheduler.assign(0.0)
    scheduler.scored("0", score(range(1)), 0.1, 0.1)
    scheduler.assign(0.1)
    assert scheduler.overdue(2.0, lambda name: 4.5) == []
    assert scheduler.overdue(5.5, lambda name: 0.0) == []
    assert scheduler.overdue(5.7, lambda name: 0.0) == ["0"]


def test_a_batch_that_waits_begins_when_the_one_before_it_is_scored() -> None:
    scheduler = started(1, 40)
    now = 0.0
    for _ in range(4):
        for one in scheduler.assign(now):
            scheduler.scored("0", score(one.batch), 0.001, now := now + 0.001)
    first, second = scheduler.assign(now)
    assert first.batch.stop == second.batch.start
    scheduler.scored("0", score(first.batch), 0.4, now + 0.4)
    assert scheduler.limit("0") > now + 0.4 + LINK.grace


def test_starts_wait_longer_after_each_failure_and_end_after_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evo.workers.starts.FAILED_STARTS", 8)
    starts = Starts(2)
    delays = []
    for _ in range(7):
        starts.note_failure("exit code 1", 10.0)
        delays.append(starts.next_start - 10.0)
    assert delays == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])
    with pytest.raises(WorkersLostError, match=r"at least 8 .* the last with no room"):
        starts.note_failure("no room", 10.0)
    starts = Starts(2)
    for _ in range(79):
        starts.note_failure("exit code -9", 10.0, was_killed=True)
    starts.note_success()
    starts.note_failure("exit code 1", 10.0)


def test_after_a_loss_one_worker_more_is_kept_in_reserve_and_does_not_work_beside_the_others() -> (
    None
):
    scheduler = started(2, 100)
    assert scheduler.starts.target == 2
    scheduler.assign(0.0)
    scheduler.died("0", "exit code -9", 0.0, was_killed=True)
    assert scheduler.starts.target == 3
    for name in "23":
        scheduler.add(name, 0.0, is_ready=True)
    scheduler.assign(0.0)
    assert scheduler.limit("3") == inf  # it has nothing to do


# Faults of the machine


def test_a_batch_at_which_the_machine_failed_is_evaluated_again_and_nobody_blamed() -> None:
    scheduler = started(1, 2)
    scheduler.assign(0.0)
    scheduler.faulted("0", "OSError: no space", 0.0)
    scheduler.add("1", 0.0, is_ready=True)
    for _ in range(2):
        for one in scheduler.assign(0.0):
            scheduler.scored("1", score(one.batch), 0.1, 0.1)
    assert scheduler.scores().total.tolist() == [0.0, 1.0]


def test_a_machine_that_keeps_failing_ends_the_evaluation_with_the_reason() -> None:
    scheduler = started(1, 100)
    for number in range(MAX_FAULTS - 1):
        scheduler.assign(0.0)
        scheduler.faulted(f"{number}", "OSError: no space", 0.0)
        scheduler.add(f"{number + 1}", 0.0, is_ready=True)
    scheduler.assign(0.0)
    with pytest.raises(WorkersLostError, match=r"machine failed .* 3 times, .* OSError: no space"):
        scheduler.faulted(f"{MAX_FAULTS - 1}", "OSError: no space", 0.0)


def test_a_machine_that_fails_one_individual_only_ends_the_evaluation_too() -> None:
    backlog = Backlog(10)
    backlog.take(10)
    for _ in range(MAX_FAULTS - 1):
        backlog.faulted(range(3, 4), "disk full")
    with pytest.raises(WorkersLostError, match="disk full"):
        backlog.faulted(range(2, 5), "disk full")


def test_batches_that_a_transport_lost_are_nobodys_fault() -> None:
    scheduler = started(1, 3)
    for _ in range(20):
        scheduler.assign(0.0)
        scheduler.dropped("0")
        scheduler.add("0", 0.0, is_ready=True)
    for i in range(3):
        (one,) = scheduler.assign(float(i))
        scheduler.scored("0", score(one.batch), 0.1, i + 0.1)
    assert scheduler.scores().total.tolist() == [0.0, 1.0, 2.0]


# Everything at once


class Simulation:
    """Workers, a fitness and a machine that misbehave by chance, in simulated time."""

    def __init__(self, seed: int, count: int, workers: int) -> None:
        self.chance = random.Random(seed)
        self.count, self.workers = count, workers
        self.each = self.chance.choice([1e-5, 1e-3, 0.02, 0.4])
        fates = ("hangs", "kills", "raises")
        self.fates = {
            i: self.chance.choice(fates) for i in range(count) if self.chance.random() < 0.03
        }
        self.started = 0
        self.times: dict[str, float] = {}

    def start(self, scheduler: Scheduler[str], now: float) -> None:
        while len(self.times) < scheduler.starts.target and now >= scheduler.starts.next_start:
            self.started += 1
            name = f"{self.started}"
            self.times[name] = inf
            scheduler.add(name, now)
            scheduler.ready(name)

    def duration(self, batch: range, is_cold: bool) -> float:
        if any(self.fates.get(i) == "hangs" for i in batch):
            return inf
        return (3.0 if is_cold else 0.0) + sum(
            self.each * self.chance.uniform(0.5, 1.5) for _ in batch
        )

    def run(self) -> tuple[Scores, float]:
        """Evaluate a population; return its scores and the time taken."""
        scheduler: Scheduler[str] = Scheduler(LINK, TIMEOUT, self.workers)
        scheduler.begin(self.count, "kind")
        now, cold, queues = 0.0, set[str](), dict[str, list[Any]]()
        while not scheduler.is_done:
            self.start(scheduler, now)
            for one in scheduler.assign(now):
                queue = queues.setdefault(one.worker, [])
                is_cold = one.worker not in cold
                cold.add(one.worker)
                queue.append((one.batch, self.duration(one.batch, is_cold)))
                assert len(queue) <= 2
                if len(queue) == 1:
                    self.times[one.worker] = now + queue[0][1]
            ending = [*self.times.values(), scheduler.next_limit()]
            if len(self.times) < scheduler.starts.target:
                ending.append(scheduler.starts.next_start)
            now = max(now, min(ending))
            assert now < 1e5, "nothing happens any more"
            for name in [name for name, time in self.times.items() if time <= now]:
                self.end(scheduler, name, queues[name], now)
            for name in scheduler.overdue(now):
                del self.times[name]
                queues.pop(name, None)
        return scheduler.scores(), now

    def end(self, scheduler: Scheduler[str], name: str, queue: list[Any], now: float) -> None:
        batch, seconds = queue.pop(0)
        if any(self.fates.get(i) == "kills" for i in batch) or self.chance.random() < 0.02:
            del self.times[name]
            scheduler.died(name, "exit code 1", now)
            return
        if self.chance.random() < 0.005:
            del self.times[name]
            scheduler.faulted(name, "disk full", now)
            return
        raising = [i for i in batch if self.fates.get(i) == "raises"]
        parts = [
            Scores.failed(1, Status.ERROR, "raised") if i in raising else score(range(i, i + 1))
            for i in batch
        ]
        scheduler.scored(name, Scores.join(parts), seconds, now)
        self.times[name] = now + queue[0][1] if queue else inf


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_whatever_happens_everybody_gets_their_own_score_or_their_own_failure(
    workers: int,
) -> None:
    for seed in range(60):
        simulation = Simulation(seed, count=40 + 10 * (seed % 7), workers=workers)
        scores, _ = simulation.run()
        for i in range(simulation.count):
            fate = simulation.fates.get(i)
            wanted = {
                None: (Status.OK, float(i)),
                "raises": (Status.ERROR, -inf),
                "hangs": (Status.TIMEOUT, -inf),
                "kills": (Status.CRASH, -inf),
            }[fate]
            assert (scores.status[i], scores.total[i]) == wanted, f"seed {seed}, individual {i}"
            if fate == "kills":
                assert scores.reasons[i] == crashed().reasons[0]


def test_an_undisturbed_population_is_scored_in_order_by_batches_that_touch() -> None:
    scheduler = started(1, 500)
    batches: list[range] = []
    now = 0.0
    while not scheduler.is_done:
        for one in scheduler.assign(now):
            batches.append(one.batch)
            now += 0.001 * len(one.batch)
            scheduler.scored("0", score(one.batch), 0.001 * len(one.batch), now)
    assert batches[0].start == 0
    assert all(one.stop == other.start for one, other in pairwise(batches))
    assert len(batches) < 30
