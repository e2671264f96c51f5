"""A Dask cluster of worker processes on this machine.

It listens on 127.0.0.1 only, and asks whoever connects for a certificate made for this one cluster:
other users of the machine reach these ports, too. It opens no HTTP ports.
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
_START = 120.0  # seconds until the workers have started, on a machine that is busy
_CLOSE = 1.5  # seconds until they have ended
# Imported once, by the process that workers are forked from: one that died is replaced in a tenth
# of the time. The first ties that process to this one.
_PRELOADED = [
    "evo.workers.cluster.forkserver",
    "distributed",
    "evo.workers.cluster.local",
    "evo.workers.cluster.task",
    "genomes.network.networks",
    "genomes.grid.grids",
]


class _NoHttp:
    """A part of a cluster that serves no pages."""

    def start_http_server(self, *arguments: Any, **options: Any) -> None:
        """Open no port."""


class LocalScheduler(_NoHttp, Scheduler):  # type: ignore[misc]
    """A scheduler without an HTTP port."""


class LocalWorker(_NoHttp, Worker):  # type: ignore[misc]
    """A worker without an HTTP port."""


def prepare_forks() -> None:
    """Start the process that workers are forked from; it ends with the calling thread."""
    get_mp_context()  # its first call has modules of Dask's choice imported
    multiprocessing.forkserver.set_forkserver_preload(_PRELOADED)
    with child_environment() as environment:
        resource_tracker.ensure_running()  # started on the way otherwise, it would unblock signals
        os.environ[VARIABLE] = json.dumps([os.getpid(), environment])
        try:
            with signals_blocked():
                multiprocessing.forkserver.ensure_running()
        finally:
            del os.environ[VARIABLE]


class LocalCluster:
    """Worker processes on this machine with a scheduler in this process.

    Args:
        workers: How many.
        log_level: Of Dask's own log.

    Attributes:
        security: What a client needs to connect.
    """

    def __init__(self, workers: int, log_level: int) -> None:
        self.security = Security.temporary()
        self._others = set(multiprocessing.active_children())
        self._folder = tempfile.TemporaryDirectory(
            prefix="evo-cluster-", ignore_cleanup_errors=True
        )
        common = {"host": _HOST, "protocol": "tls://", "security": self.security}
        # Should a later Dask not ask `_NoHttp`, its pages are for this machine alone.
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
        """The scheduler."""
        return self._cluster.scheduler

    @property
    def nannies(self) -> list[Any]:
        """What starts worker processes, and starts them again; one for each."""
        return list(self._cluster.workers.values())

    async def open(self) -> str:
        """Start everything; return the address of the scheduler."""
        await asyncio.wait_for(self._cluster, _START)
        return str(self._cluster.scheduler_address)

    async def close(self) -> None:
        """End everything, within `_CLOSE` seconds also on a busy machine."""
        try:
            async with asyncio.timeout(_CLOSE):
                # Workers have nothing to finish; a nanny that closes does not start one again.
                ends = [nanny.close(timeout=0.1) for nanny in self.nannies]
                await asyncio.gather(*ends, return_exceptions=True)
                await self._cluster.close()
        except TimeoutError:
            for process in set(multiprocessing.active_children()) - self._others:
                if process.name.startswith("Dask Worker process"):
                    process.kill()
        finally:
            self._folder.cleanup()
