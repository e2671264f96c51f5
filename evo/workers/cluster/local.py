"""A Dask cluster of worker processes on this machine.

It listens on 127.0.0.1 only. Other users of the machine can reach that, too, so every client needs
a certificate that is generated for this cluster. It opens no HTTP ports.
"""

import asyncio
import json
import multiprocessing
import multiprocessing.forkserver
import os
import tempfile
from multiprocessing import resource_tracker
from typing import Any

from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.security import Security
from distributed.utils import get_mp_context

from evo.core.platform import signals_blocked
from evo.core.processes import child_environment
from evo.workers.cluster.forkserver import VARIABLE

_HOST = "127.0.0.1"
_START = 120.0  # time limit for the start of the workers in seconds, for a busy machine
_CLOSE = 1.5  # time limit for their end, in seconds
# Imported once by the process that workers are forked from, which makes replacing a dead worker ten
# times as fast. The first has that process end with this one.
_PRELOADED = [
    "evo.workers.cluster.forkserver",
    "distributed",
    "evo.workers.cluster.local",
    "evo.workers.cluster.task",
    "genomes.network.networks",
    "genomes.grid.grids",
]


class _NoHttp:
    """A mixin for servers of a cluster: no HTTP pages."""

    def start_http_server(self, *arguments: Any, **options: Any) -> None:
        """Open no port."""


class LocalScheduler(_NoHttp, Scheduler):  # type: ignore[misc]
    """A scheduler without an HTTP port."""


class LocalWorker(_NoHttp, Worker):  # type: ignore[misc]
    """A worker without an HTTP port."""


def prepare_forks() -> None:
    """Start the process that workers are forked from; it ends with the calling thread."""
    get_mp_context()  # its first call would replace the list of preloaded modules by Dask's
    multiprocessing.forkserver.set_forkserver_preload(_PRELOADED)
    with child_environment() as environment:
        resource_tracker.ensure_running()  # its start unblocks signals, so not inside the context
        os.environ[VARIABLE] = json.dumps([os.getpid(), environment])
        try:
            with signals_blocked():
                multiprocessing.forkserver.ensure_running()
        finally:
            del os.environ[VARIABLE]


class LocalCluster:
    """Worker processes on this machine with a scheduler in this process.

    Args:
        workers: Number of processes.
        log_level: Level of Dask's log.

    Attributes:
        security: The TLS configuration for clients.
    """

    def __init__(self, workers: int, log_level: int) -> None:
        self.security = Security.temporary()
        self._others = set(multiprocessing.active_children())
        self._folder = tempfile.TemporaryDirectory(
            prefix="evo-cluster-", ignore_cleanup_errors=True
        )
        common = {"host": _HOST, "protocol": "tls://", "security": self.security}
        # If a later version of Dask does not use `_NoHttp`, its pages are at least local.
        scheduler = common | {"port": 0, "dashboard": False, "dashboard_address": f"{_HOST}:0"}
        worker = common | {
            "nthreads": 1,
            "memory_limit": 0,
            "worker_class": LocalWorker,
            "local_directory": self._folder.name,
            "silence_logs": log_level,
        }
        self._cluster = SpecCluster(
            scheduler={"cls": LocalScheduler, "options": scheduler},
            workers={number: {"cls": Nanny, "options": worker} for number in range(workers)},
            security=self.security,
            silence_logs=log_level,
            asynchronous=True,
            shutdown_on_close=False,
        )

    @property
    def scheduler(self) -> Any:
        """Dask's scheduler object."""
        return self._cluster.scheduler

    @property
    def nannies(self) -> list[Any]:
        """The nannies: Dask's objects that start and restart one worker process each."""
        return list(self._cluster.workers.values())

    async def open(self) -> str:
        """Start everything; return the address of the scheduler."""
        await asyncio.wait_for(self._cluster, _START)
        return str(self._cluster.scheduler_address)

    async def close(self) -> None:
        """End all processes; kill those that have not ended within `_CLOSE` seconds."""
        try:
            async with asyncio.timeout(_CLOSE):
                # Workers have nothing to finish. A closing nanny does not restart its worker.
                ends = [nanny.close(timeout=0.1) for nanny in self.nannies]
                await asyncio.gather(*ends, return_exceptions=True)
                await self._cluster.close()
        except TimeoutError:
            for process in set(multiprocessing.active_children()) - self._others:
                if process.name.startswith("Dask Worker process"):
                    process.kill()
        finally:
            self._folder.cleanup()
