"""Dask clusters with accessible parts and waiting times that can be shortened."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from distributed import Client

from evo.workers.cluster import connection
from evo.workers.cluster.cluster import Cluster
from evo.workers.cluster.local import LocalCluster

Put = Callable[[Any, str, Any], None]


@dataclass
class Parts:
    """The parts of a local cluster."""

    local: Any = None  # LocalCluster: the scheduler and the nannies
    client: Any = None  # Dask's client


@contextmanager
def started(cluster: Cluster) -> Iterator[Parts]:
    """Start a local cluster, and end it; yield its parts."""
    parts = Parts()

    def local(*arguments: Any, **options: Any) -> LocalCluster:
        parts.local = LocalCluster(*arguments, **options)
        return parts.local

    def client(*arguments: Any, **options: Any) -> Any:
        parts.client = Client(*arguments, **options)
        return parts.client

    with ExitStack() as stack:
        with (
            patch.object(connection, "LocalCluster", local),
            patch.object(connection, "Client", client),
        ):
            stack.enter_context(cluster)
        yield parts


def answer_within(put: Put, seconds: float) -> None:
    """Shorten the time to wait for a scheduler's answer."""

    def client(*arguments: Any, timeout: float, **options: Any) -> Any:
        return Client(*arguments, timeout=min(timeout, seconds), **options)

    put(connection, "Client", client)


class Clock:
    """The `time` of a cluster, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0  # seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


def clock_of(put: Put, module: Any) -> Clock:
    """Give a module a clock that can be put forward."""
    clock = Clock()
    put(module, "time", clock)
    return clock
