"""Measure the overhead of worker processes and their faults, compared with other pools.

    python benchmarks/workers.py [cost] [speed] [travel] [kill] [poison] [--rounds 3] [--sleep]

cost     seconds per empty evaluation in the pool, minus those in this process
speed    200 evaluations of 10 ms by two workers: the share of processor time that is used, compared
         with `multiprocess.Pool` and `concurrent.futures.ProcessPoolExecutor`
travel   seconds to send populations of three kinds to the workers, compared with shared memory
kill     1,500 evaluations of 10 ms while a worker is killed every second, and undisturbed
poison   200 evaluations: one kills its worker, one hangs, one raises, one is NaN

An evaluation of 10 ms takes that much processor time. With --sleep it only waits, so that other
work on the machine disturbs less.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import multiprocessing
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import multiprocess
import numpy as np

from evo.core.scores import Scores
from evo.workers.pool.channel import pack
from evo.workers.pool.pool import Pool
from evo.workers.serial import Serial


def busy(milliseconds: float, sleep: bool) -> None:
    """Use processor time, or only wait."""
    if sleep:
        time.sleep(milliseconds / 1e3)
        return
    until = time.thread_time() + milliseconds / 1e3
    while time.thread_time() < until:
        pass


class Numbered:
    """Individuals that are nothing but a number."""

    def __init__(self, numbers: Any) -> None:
        self.numbers = np.asarray(numbers, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, indices: Any) -> "Numbered":
        return Numbered(self.numbers[indices])

    def to_arrays(self) -> dict[str, Any]:
        return {"numbers": self.numbers}

    @classmethod
    def from_arrays(cls, arrays: Any, *, trusted: bool = False) -> "Numbered":
        return cls(arrays["numbers"])


class Work:
    """Scores a number by its sine, after some work, with some faults."""

    reusable = True

    def __init__(self, milliseconds: float, sleep: bool, **fates: int) -> None:
        self.milliseconds, self.sleep, self.fates = milliseconds, sleep, fates

    def evaluate(self, performers: Any, streams: Any) -> Scores:
        total = np.sin(performers.numbers.astype(float))
        if not self.milliseconds:
            return Scores.of(total)
        for i, number in enumerate(performers.numbers):
            busy(self.milliseconds, self.sleep)
            if number == self.fates.get("kills"):
                os.kill(os.getpid(), signal.SIGKILL)
            while number == self.fates.get("hangs"):
                pass
            if number == self.fates.get("raises"):
                raise RuntimeError("a fault")
            if number == self.fates.get("nan"):
                total[i] = np.nan
        return Scores.of(total)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds, and the result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def cost(options: argparse.Namespace) -> None:
    """Print the cost of an evaluation beyond its own time."""
    population, fitness = Numbered(range(1500)), Work(0.0, False)
    for chunk in (1, 7, 25, 64):
        with Pool(2, 0, chunk) as pool:
            for _ in range(3):
                pool.evaluate(fitness, population, 0)
            ours, alone = [], []
            for _ in range(5 * options.rounds):
                ours.append(timed(partial(pool.evaluate, fitness, population, 0))[0])
                alone.append(timed(partial(Serial(0, chunk).evaluate, fitness, population, 0))[0])
        each = (statistics.median(ours) - statistics.median(alone)) / len(population)
        print(
            f"cost    1,500 evaluations of nothing, chunks of {chunk:2}: {1e3 * each:.4f} ms each "
            f"(serial {1e3 * statistics.median(alone) / len(population):.4f})"
        )


def _one(arguments: tuple[int, float, bool]) -> float:
    number, milliseconds, sleep = arguments
    busy(milliseconds, sleep)
    return float(np.sin(float(number)))


def speed(options: argparse.Namespace) -> None:
    """Print which share of two workers is used."""
    count = 200
    population, fitness = Numbered(range(count)), Work(10.0, options.sleep)
    tasks = [(number, 10.0, options.sleep) for number in range(count)]
    serial = Serial(0, common.CHUNK_SIZE)
    with (
        Pool(2, 0, common.CHUNK_SIZE) as pool,
        multiprocess.get_context("spawn").Pool(2) as rival,
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor,
    ):
        ways: dict[str, Callable[[], Any]] = {
            "this process": lambda: serial.evaluate(fitness, population, 0).total,
            "our pool": lambda: pool.evaluate(fitness, population, 0).total,
            "multiprocess.Pool": lambda: rival.map(_one, tasks),
            "ProcessPoolExecutor": lambda: list(executor.map(_one, tasks)),
            "the same, chunks of 25": lambda: list(executor.map(_one, tasks, chunksize=25)),
        }
        for work in list(ways.values())[1:]:
            work()  # all have started
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, work in ways.items():
                took, result = timed(work)
                assert np.array_equal(result, np.sin(np.arange(float(count))))
                seconds[name].append(took)
    alone = statistics.median(seconds["this process"])
    for name, every in seconds.items():
        took = statistics.median(every)
        used = "" if name == "this process" else f", {100 * alone / (2 * took):.1f} % of two"
        print(f"speed   200 evaluations of 10 ms, {name:22}: {took:.3f} s{used}")


class _Killer(threading.Thread):
    """Kills one of a pool's processes every second, until it is done."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self._pool, self._chance = pool, random.Random(1)
        self.done = threading.Event()
        self.kills = 0

    def run(self) -> None:
        while not self.done.wait(1.0):
            try:
                os.kill(self._chance.choice(self._pool.processes), signal.SIGKILL)
                self.kills += 1
            except (ProcessLookupError, IndexError, ValueError):
                continue  # it has just ended otherwise


def kill(options: argparse.Namespace) -> None:
    """Print scores and time while workers are killed."""
    population, fitness = Numbered(range(1500)), Work(10.0, options.sleep)
    with Pool(2, 0, common.CHUNK_SIZE) as pool:
        pool.evaluate(fitness, Numbered(range(10)), 0)
        for number in range(options.rounds):
            alone, wanted = timed(lambda: pool.evaluate(fitness, population, 0))
            killer = _Killer(pool)
            killer.start()
            took, scores = timed(lambda: pool.evaluate(fitness, population, 0))
            killer.done.set()
            killer.join()
            right = int((scores.total == wanted.total).sum())
            champion = scores.total.argmax() == wanted.total.argmax()
            print(
                f"kill    round {number + 1}: {killer.kills} killed, {right} of 1500 right, same "
                f"champion: {champion}, {took:.2f} s, undisturbed {alone:.2f} s, ratio "
                f"{took / alone:.2f}"
            )


def _children() -> list[int]:
    return [
        int(number)
        for task in Path("/proc/self/task").iterdir()
        for number in (task / "children").read_text().split()
    ]


def poison(options: argparse.Namespace) -> None:
    """Print scores and time where individuals are faulty, one by one and together."""
    population, limit = Numbered(range(200)), 3.0
    before = set(_children())
    fates = {"kills": 33, "hangs": 101, "raises": 122, "nan": 177}
    with Pool(2, 0, common.CHUNK_SIZE, limit) as pool:
        fine = Work(10.0, options.sleep)
        alone, wanted = timed(lambda: pool.evaluate(fine, population, 0))
        alone, wanted = timed(lambda: pool.evaluate(fine, population, 0))
        for fate in (*({name: i} for name, i in fates.items()), fates):
            fitness = Work(10.0, options.sleep, **fate)
            took, scores = timed(partial(pool.evaluate, fitness, population, 0))
            right = int((scores.total == wanted.total).sum())
            print(
                f"poison  {', '.join(fate):25}: {right} of 200 right, {scores.failures()}, "
                f"{took:.2f} s, without {alone:.2f} s"
                + (f", its limit {limit:g} s" if "hangs" in fate else "")
            )
    left = [
        number
        for number in set(_children()) - before
        if b"resource_tracker" not in Path(f"/proc/{number}/cmdline").read_bytes()
    ]
    print(f"poison  processes left behind: {len(left)}")


def _drain(pipe: Any, amount: int) -> None:
    buffer, done = bytearray(amount), 0
    while done < amount:
        done += os.readv(pipe.fileno(), [memoryview(buffer)[done:]])


def travel(options: argparse.Namespace) -> None:
    """Print the seconds to send populations by pipe, and by shared memory."""
    from multiprocessing.shared_memory import SharedMemory

    rng = np.random.default_rng(0)
    for name, arrays in (
        ("1,500 networks of 40 connections", {"rows": rng.random((1500 * 40, 6))}),
        ("1,000 grids of 128 x 13", {"cells": rng.random((1000, 128, 13)) < 0.1}),
        ("64 HistoryUsers of 9,000 weights", {"weights": rng.random((64, 9000))}),
        ("64 HistoryUsers of 26,000 weights", {"weights": rng.random((64, 26000))}),
    ):
        size = sum(array.nbytes for array in arrays.values())
        through, shared = [], []
        here, there = multiprocess.Pipe()
        for _ in range(5 * options.rounds):
            parts = pack(("piece", arrays))

            reader = threading.Thread(target=_drain, args=(there, sum(map(len, parts))))
            started = time.perf_counter()
            reader.start()
            for part in parts:
                while part:
                    part = part[os.write(here.fileno(), part) :]
            reader.join()
            through.append(time.perf_counter() - started)
            started = time.perf_counter()
            memory = SharedMemory(create=True, size=size)
            for array in arrays.values():
                target: Any = np.ndarray(array.shape, array.dtype, memory.buf)
                target[:] = array
                del target
            memory.close()
            memory.unlink()
            shared.append(time.perf_counter() - started)
        print(
            f"travel  {name}, {size / 1e6:.1f} MB: pipe {1e3 * statistics.median(through):.2f} ms, "
            f"shared memory {1e3 * statistics.median(shared):.2f} ms"
        )


PARTS = {"cost": cost, "speed": speed, "travel": travel, "kill": kill, "poison": poison}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sleep", action="store_true")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
