"""The connection to a Dask cluster, on an event loop in a thread of its own.

Everything here is a coroutine of that loop but `EventLoop` itself, which starts the thread and
calls coroutines from others. Dask's own log is not shown: what a user has to know of it is raised
as one line.
"""

import asyncio
import concurrent.futures
import logging
import os
import signal
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, TypeVar

import dask
from distributed import Client, LocalCluster
from distributed.security import Security
from distributed.utils import get_mp_context
from distributed.versions import VersionMismatchWarning, get_versions

from evo.core.errors import WorkersLostError
from evo.workers.cluster.address import Address

T = TypeVar("T")

# Seconds.
_CONNECT = 5.0  # until a scheduler has answered, or a lost one is given up
_ANSWER = 30.0  # until a scheduler that is there has answered a question
_CLOSE = 2.0
_STARTED = 120.0  # until local workers have started, on a machine that is busy
_OURS = "kuznechik"  # the distribution that workers need
# Libraries whose versions decide the last bits of a result.
_NUMERICAL = ("numpy", "numba")
_PRELOADED = [
    "distributed",
    "evo.workers.cluster.task",
    "genomes.network.networks",
    "genomes.grid.grids",
]
_SILENT = logging.CRITICAL + 1
_SETTINGS = {
    # A worker that died is replaced by a fork of a process that has its modules imported already:
    # in a tenth of the time.
    "distributed.worker.multiprocessing-method": "forkserver",
    # Who is to blame for a worker's death is found here, not by Dask.
    "distributed.scheduler.allowed-failures": 1000,
    "distributed.worker.profile.enabled": False,
    # Or else it ends the nanny of a worker that was not there again after 15 s.
    "distributed.deploy.lost-worker-timeout": "1000 days",
    # No pages for browsers: nobody is told where they are.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1TB",
}


class EventLoop:
    """An event loop in a thread; no signal reaches it nor any process that is started from it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)
        # Started on the way by the first process otherwise, it would let signals through again.
        resource_tracker.ensure_running()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        except BaseException as error:  # noqa: BLE001 - told by whoever waits for the loop
            self._broken = error

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Its result, waited for in this thread, which signals can call away."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            while not future.done():
                if not self._thread.is_alive():
                    raise WorkersLostError(f"the connection to the cluster broke down{self._why()}")
                concurrent.futures.wait([future], timeout=0.2)
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def _why(self) -> str:
        error = self._broken
        return f": {type(error).__name__} {error}" if error is not None else ""

    def end(self) -> None:
        """Stop the loop and its thread."""
        with suppress(TimeoutError):
            self.call(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE)
        if not self._thread.is_alive():
            self._loop.close()


async def _end_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), _CLOSE)


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing of Dask's log on the terminal."""
    names = [
        name
        for name in logging.root.manager.loggerDict
        if name.split(".")[0] in ("distributed", "tornado")
    ]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(_SILENT)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _certificates(address: Address) -> Security:
    """What Dask's configuration says of TLS; ValueError in one line if that is not enough."""
    security = Security()
    if not address.url.startswith("tls://"):
        return security
    # The setting's name in Dask's configuration, by that of the attribute.
    wanted = {"tls_ca_file": "CA_FILE", "tls_client_cert": "CLIENT__CERT"}
    for attribute, name in wanted.items():
        if getattr(security, attribute) is None:
            raise ValueError(
                f"cluster {address}: TLS wants certificates; set "
                f"DASK_DISTRIBUTED__COMM__TLS__{name} (a file), or the same in Dask's configuration"
            )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        files = ", ".join(str(getattr(security, attribute)) for attribute in wanted)
        raise ValueError(f"cluster {address}: the certificates {files}: {error}") from None
    return security


class Connection:
    """An open connection, to a scheduler that runs or to a cluster that was started for it."""

    def __init__(self, address: Address, say: Callable[[str], None]) -> None:
        self.address, self._say = address, say
        self._settings = ExitStack()
        self._local: Any = None
        self.client: Any = None
        # Workers by address: whether they may be used, found out once each.
        self._known: dict[str, bool] = {}
        self._meeting: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Connect; ValueError in one line if that is not possible."""
        self._settings.enter_context(dask.config.set(_SETTINGS))
        self._settings.enter_context(_silence())
        security = _certificates(self.address)
        if self.address.workers:
            # Other users of this machine reach its ports: they are asked for certificates too.
            security = Security.temporary()
            # In this order: Dask has modules of its own choice imported at its first call.
            get_mp_context().set_forkserver_preload(_PRELOADED)
            self._local = LocalCluster(
                n_workers=self.address.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                security=security,
                memory_limit=0,
                dashboard_address=":0",
                silence_logs=_SILENT,
                asynchronous=True,
            )
            try:
                await asyncio.wait_for(self._local, _STARTED)
            except Exception as error:
                raise ValueError(f"cluster {self.address} did not start: {error}") from error
        place = self._local.scheduler_address if self._local else self.address.url
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)
                self.client = await Client(
                    place, security=security, asynchronous=True, timeout=_CONNECT,
                    set_as_default=False, name="evo",
                )  # fmt: skip
        except (OSError, ValueError) as error:
            raise ValueError(
                f"cluster {self.address}: no scheduler answers there{_cause(error)}"
            ) from None
        scheduler = await self._versions()
        problem = _problem(scheduler)
        if problem:
            raise ValueError(f"cluster {self.address}: the scheduler {problem}")

    async def _versions(self, worker: str | None = None) -> dict[str, Any] | None:
        """The versions of the scheduler or of a worker, None if it does not answer."""
        packages = [_OURS, *_NUMERICAL]
        scheduler = self.client.scheduler
        if worker is None:
            asked = scheduler.versions(packages=packages)
        else:
            message = {"op": "versions", "packages": packages}
            asked = scheduler.broadcast(msg=message, workers=[worker], on_error="ignore")
        try:
            answer = await asyncio.wait_for(asked, _ANSWER)
        except OSError as error:  # a TimeoutError is one, too
            raise self.lost(error) from None
        found: dict[str, Any] | None = answer if worker is None else answer.get(worker)
        return found

    async def workers(self) -> list[str]:
        """The addresses of the workers that may be used now; WorkersLostError if there is no
        scheduler.

        A worker that is new is used from the next time on, if it has the versions for it.
        """
        try:
            threads = await asyncio.wait_for(self.client.scheduler.ncores(), _ANSWER)
        except OSError as error:  # a TimeoutError is one, too
            raise self.lost(error) from None
        self._known = {name: usable for name, usable in self._known.items() if name in threads}
        for address in set(threads) - set(self._known) - set(self._meeting):
            meeting = asyncio.create_task(self._meet(address, threads[address]))
            self._meeting[address] = meeting
            meeting.add_done_callback(partial(self._met, address))
        return [address for address in threads if self._known.get(address)]

    def _met(self, address: str, meeting: asyncio.Task[None]) -> None:
        self._meeting.pop(address)

    async def _meet(self, address: str, threads: int) -> None:
        """Find out whether a worker may be used."""
        try:
            versions = await self._versions(address)
        except WorkersLostError:  # which is found by whoever asks for the workers
            return
        if versions is None:  # it is gone, or so new that it does not answer yet: asked again
            return
        problem = _problem(versions)
        if problem:
            self._say(f"cluster {self.address}: worker {address} is not used, it {problem}")
        elif threads > 1:
            self._say(
                f"cluster {self.address}: worker {address} has {threads} threads, one is used; "
                "start workers by: dask worker --nthreads 1 --nworkers COUNT"
            )
        different = _numerical_differences(versions)
        if different and not problem:
            self._say(
                f"cluster {self.address}: worker {address} has {different}: results may differ in "
                "their last bits from those of another place"
            )
        self._known[address] = problem is None

    async def restart(self, address: str) -> None:
        """End a worker's process, whatever it is doing; its nanny starts another."""
        try:
            ending = self.client.run(os._exit, 1, workers=[address], on_error="ignore")
            await asyncio.wait_for(ending, 1.0)
        except TimeoutError:  # not even its event loop answers
            with suppress(OSError):
                await self.client.scheduler.restart_workers(
                    workers=[address], timeout=_ANSWER, wait_for_workers=False, on_error="return"
                )
        except Exception:  # noqa: BLE001 - how a process that ends is missed does not matter
            pass

    def lost(self, error: BaseException | None = None) -> WorkersLostError:
        """The exception for a scheduler that is gone."""
        cause = _cause(error) if error is not None else ""
        return WorkersLostError(f"the scheduler of cluster {self.address} is gone{cause}")

    def without_workers(self, seconds: float) -> WorkersLostError:
        """The exception for a cluster that has lost its workers."""
        return WorkersLostError(f"cluster {self.address} has had no worker for {seconds:g} s")

    async def close(self) -> None:
        """Disconnect, and end what was started for it."""
        if self.client is not None:
            with suppress(OSError):
                await asyncio.wait_for(self.client.close(timeout=_CLOSE), _CLOSE)
        if self._local is not None:
            nannies = list(self._local.workers.values())
            ends = [nanny.close(timeout=0.5) for nanny in nannies]
            with suppress(TimeoutError):
                ended = asyncio.gather(*ends, return_exceptions=True)
                await asyncio.wait_for(ended, _CLOSE)
                await asyncio.wait_for(self._local.close(), _CLOSE)
        self._settings.close()


def _problem(versions: dict[str, Any] | None) -> str | None:
    """Why a process with these versions is of no use, as the end of a sentence."""
    if versions is None:
        return "does not answer"
    here = get_versions(packages=[_OURS])
    ours, theirs = here["packages"][_OURS], versions["packages"].get(_OURS)
    if theirs is None:
        return f"has no kuznechik; there: pip install 'kuznechik[cluster]=={ours}'"
    if theirs != ours:
        return f"has kuznechik {theirs}, and here is {ours}"
    ours, theirs = (of["host"]["python"].split(".")[:2] for of in (here, versions))
    if theirs != ours:
        return f"has Python {'.'.join(theirs)}, and here is {'.'.join(ours)}"
    return None


def _numerical_differences(versions: dict[str, Any]) -> str:
    """Which numerical libraries are of another version than here, empty for none."""
    here, there = get_versions(packages=_NUMERICAL)["packages"], versions["packages"]
    return ", ".join(
        f"{name} {there.get(name)}, here {here[name]}"
        for name in _NUMERICAL
        if there.get(name) != here[name]
    )


def _cause(error: BaseException) -> str:
    """The innermost of chained exceptions with a text, as the end of a line."""
    text = ""
    found: BaseException | None = error
    while found is not None:
        text = " ".join(str(found).split()) or text
        found = found.__cause__
    return f": {text}" if text else ""
