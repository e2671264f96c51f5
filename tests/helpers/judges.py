"""Fitnesses that misbehave. In a module of their own, so that worker processes can import them."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.scores import Scores
from genomes.base import Streams
from genomes.network.networks import Networks


def weight_of(performers: Any) -> list[float]:
    """Return every network's first weight, which identifies it in a test."""
    return [float(performers.weight[start]) for start in performers.connection_offsets[:-1]]


class Judge:
    """Scores every network by its first weight, and does not describe the task."""

    reusable = True

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        total = weight_of(performers)
        return Scores.of(total, [[value, 2 * value] for value in total])

    def figures(self, performers: Any) -> dict[str, Any]:
        return {"solved": False}


class Noisy(Judge):
    """Adds noise from each individual's own stream."""

    reusable = False

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        noise = [stream.normal(size=3) for stream in streams]
        cases = np.array(weight_of(performers))[:, None] + np.array(noise)
        return Scores.of(cases.sum(axis=1), cases)


class Learning(Judge):
    """A fitness that changes between generations."""

    def __init__(self, bonus: float) -> None:
        self.bonus = bonus

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        return Scores.of(np.array(weight_of(performers)) + self.bonus)


class Failing(Judge):
    """Raises, returns no number, hangs, or ends its process on some individuals.

    It hangs asleep, or computing: `spins`.
    """

    def __init__(
        self,
        *,
        raises: tuple[float, ...] = (),
        nan: tuple[float, ...] = (),
        infinite: tuple[float, ...] = (),
        hangs: tuple[float, ...] = (),
        spins: tuple[float, ...] = (),
        dies: tuple[float, ...] = (),
        killed: tuple[float, ...] = (),
    ) -> None:
        self.raises, self.nan, self.infinite = raises, nan, infinite
        self.hangs, self.spins, self.dies, self.killed = hangs, spins, dies, killed

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        total = weight_of(performers)
        for value in total:
            if value in self.dies:
                os._exit(7)
            if value in self.killed:
                os.kill(os.getpid(), signal.SIGKILL)
            while value in self.hangs:
                time.sleep(0.05)
            while value in self.spins:
                pass
            if value in self.raises:
                raise RuntimeError(f"cannot judge {value}")
        total = [float("nan") if value in self.nan else value for value in total]
        total = [float("inf") if value in self.infinite else value for value in total]
        return Scores.of(total, [[value] for value in total])


class Hanging(Judge):
    """Never returns from some individuals."""

    def __init__(self, *hangs: float) -> None:
        self.hangs = hangs

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        total = weight_of(performers)
        while set(total) & set(self.hangs):
            time.sleep(1)
        return Scores.of(total)


class Short(Judge):
    """Omits one individual."""

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        return Scores.of(weight_of(performers)[1:])


class Wrong(Judge):
    """Returns something that is no score."""

    def evaluate(self, performers: Any, streams: Streams) -> Any:
        return Scores.of(["good"] * len(performers))


class Bare(Judge):
    """Returns plain numbers, of the right count."""

    def evaluate(self, performers: Any, streams: Streams) -> Any:
        return weight_of(performers)


class Quitting(Judge):
    """Tries to end the whole program."""

    def evaluate(self, performers: Any, streams: Streams) -> Any:
        raise SystemExit("enough")


class Slow(Judge):
    """Is slow on the first individual, and scores as `Judge` does."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        scores = super().evaluate(performers, streams)
        if 0.0 in scores.total:
            time.sleep(self.seconds)
        return scores


class Tired(Noisy):
    """Scores as `Noisy` does, 20 ms each."""

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        time.sleep(0.02 * len(performers))
        return super().evaluate(performers, streams)


def _refuse() -> None:
    raise ImportError("no such thing here")


class Refusing(Judge):
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> Any:
        return _refuse, ()


class NoScores(Judge):
    """Returns None."""

    def evaluate(self, performers: Any, streams: Streams) -> Any:
        return None


def defined_inside() -> Any:
    """Return a fitness of a local class, as in scripts and notebooks."""

    class Local(Judge):
        def evaluate(self, performers: Any, streams: Streams) -> Scores:
            return Scores.of(np.full(len(performers), 3.0))

    return Local()


_loaded: list[float] = []


class Loading(Judge):
    """Is slow once per process, as loading or compiling kernels is."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        if not _loaded:
            time.sleep(self.seconds)
            _loaded.append(self.seconds)
        return super().evaluate(performers, streams)


class OutOfOrder(Judge):
    """Raises a machine error at one individual, always or the first time only."""

    def __init__(self, error: BaseException, first: Path | None = None) -> None:
        self.error, self.first = error, first

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        scores = super().evaluate(performers, streams)
        if 5.0 in scores.total and (self.first is None or not self.first.exists()):
            if self.first is not None:
                self.first.touch()
            raise self.error
        return scores


class Greedy(Judge):
    """Asks for more memory than available, at one individual."""

    def evaluate(self, performers: Any, streams: Streams) -> Scores:
        scores = super().evaluate(performers, streams)
        if 5.0 in scores.total:
            np.zeros(10**15)
        return scores


class Refused(Networks):
    """Networks that include one that cannot be sent to a worker."""

    @classmethod
    def from_arrays(cls, arrays: Any, **options: Any) -> Any:
        networks = super().from_arrays(arrays, **options)
        if 5.0 in networks.weight:
            raise ValueError("5.0 is no weight")
        return networks
