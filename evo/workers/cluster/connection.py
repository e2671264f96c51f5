"""The connection to a Dask cluster: its scheduler, and its usable workers.

All coroutines run in an `evo.workers.cluster.loop.EventLoop`. Dask's log is silenced, and problems
are raised as exceptions with one line instead.
"""

import asyncio
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import dask
from distributed import Client
from distributed.security import Security
from distributed.versions import VersionMismatchWarning, get_versions

from evo.core.errors import InputError, WorkersLostError
from evo.workers.cluster.address import Address
from evo.workers.cluster.local import LocalCluster

# Seconds.
_CONNECT = 5.0  # until a scheduler must have accepted the connection
_ANSWER = 30.0  # until a connected scheduler must have answered a request
_CLOSE = 0.5
_OURS = "kuznechik"  # the distribution that workers need
# Libraries whose versions can change the last bits of a result.
_NUMERICAL = ("numpy", "numba")
_SILENT = logging.CRITICAL + 1
_SETTINGS = {
    # Replacing a dead worker takes a tenth of the time if it is forked from a process that has
    # imported its modules.
    "distributed.worker.multiprocessing-method": "forkserver",
    # The scheduler of `evo.workers` counts the deaths of workers, not Dask.
    "distributed.scheduler.allowed-failures": 1000,
    "distributed.worker.profile.enabled": False,
    # By default Dask ends the nanny of a worker that does not return within 15 s.
    "distributed.deploy.lost-worker-timeout": "1000 days",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1TB",
}


@contextmanager
def _silence() -> Iterator[None]:
    """Silence Dask's log inside the context."""
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
    """Return Dask's TLS configuration; raise InputError if it is incomplete or invalid."""
    security = Security()
    if not address.url.startswith("tls://"):
        return security
    # Names of Dask's settings, by the attributes of `Security`.
    required = {"tls_ca_file": "CA_FILE", "tls_client_cert": "CLIENT__CERT"}
    for attribute, name in required.items():
        if getattr(security, attribute) is None:
            raise InputError(
                f"cluster {address}: TLS needs certificates; set "
                f"DASK_DISTRIBUTED__COMM__TLS__{name} (a file), or the same in Dask's configuration"
            )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        files = ", ".join(str(getattr(security, attribute)) for attribute in required)
        raise InputError(f"cluster {address}: the certificates {files}: {error}") from None
    return security


class Connection:
    """A connection to a running scheduler, or to a local cluster that it starts.

    Args:
        address: The address of the cluster.
        show_message: Shows one line to the user.

    Attributes:
        address: The address of the cluster.
        client: Dask's client, None before `open`.
        local: The cluster started by this connection, None for a running scheduler.
    """

    def __init__(self, address: Address, show_message: Callable[[str], None]) -> None:
        self.address, self._show_message = address, show_message
        self._settings = ExitStack()
        self.local: LocalCluster | None = None
        self.client: Any = None
        # Whether each worker is usable, by address; checked once.
        self._known: dict[str, bool] = {}
        self._meeting: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Connect, and start the local cluster if the address is one.

        Raises:
            InputError: If that fails, or the scheduler has other versions.
        """
        self._settings.enter_context(dask.config.set(_SETTINGS))
        self._settings.enter_context(_silence())
        if self.address.workers:
            self.local = LocalCluster(self.address.workers, _SILENT)
            security = self.local.security
            try:
                url = await self.local.open()
            except Exception as error:
                raise InputError(f"cluster {self.address} did not start: {error}") from error
        else:
            security, url = _certificates(self.address), self.address.url
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)
                self.client = await Client(
                    url, security=security, asynchronous=True, timeout=_CONNECT,
                    set_as_default=False, name="evo",
                )  # fmt: skip
        except (OSError, ValueError) as error:
            raise InputError(
                f"cluster {self.address}: no scheduler answers there{_cause(error)}"
            ) from None
        problem = version_problem(await self._versions())
        if problem:
            raise InputError(f"cluster {self.address}: the scheduler {problem}")

    async def _versions(self, worker: str | None = None) -> dict[str, Any] | None:
        """Return the versions of the scheduler or of a worker, None if it does not answer."""
        packages = [_OURS, *_NUMERICAL]
        scheduler = self.client.scheduler
        if worker is None:
            request = scheduler.versions(packages=packages)
        else:
            message = {"op": "versions", "packages": packages}
            request = scheduler.broadcast(msg=message, workers=[worker], on_error="ignore")
        try:
            answer = await asyncio.wait_for(request, _ANSWER)
        except OSError as error:  # a TimeoutError is one, too
            raise self.lost(error) from None
        found: dict[str, Any] | None = answer if worker is None else answer.get(worker)
        return found

    async def workers(self) -> list[str]:
        """Return the addresses of the usable workers.

        A new worker is returned from the next call on, if its versions are compatible.

        Raises:
            WorkersLostError: If the scheduler is lost.
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
        """Check the versions of a new worker, and show differences to the user."""
        try:
            versions = await self._versions(address)
        except WorkersLostError:  # the next call of `workers` raises it
            return
        if versions is None:  # lost, or too new to answer; checked again at the next call
            return
        problem = version_problem(versions)
        if problem:
            self._show_message(
                f"cluster {self.address}: worker {address} is not used, it {problem}"
            )
        elif threads > 1:
            self._show_message(
                f"cluster {self.address}: worker {address} has {threads} threads, one is used; "
                "start workers by: dask worker --nthreads 1 --nworkers COUNT"
            )
        different = _numerical_differences(versions)
        if different and not problem:
            self._show_message(
                f"cluster {self.address}: worker {address} has {different}: results may differ in "
                "their last bits from those of other machines"
            )
        self._known[address] = problem is None

    def process(self, worker: str) -> int | None:
        """Return the process id of a worker of the local cluster, else None."""
        nannies = self.local.nannies if self.local is not None else []
        ids = [nanny.pid for nanny in nannies if nanny.worker_address == worker]
        return ids[0] if ids else None

    async def restart(self, address: str) -> None:
        """End a worker's process, even a hanging one; its nanny starts another."""
        try:
            ending = self.client.run(os._exit, 1, workers=[address], on_error="ignore")
            await asyncio.wait_for(ending, 1.0)
        except TimeoutError:  # its event loop does not answer
            with suppress(OSError):
                await self.client.scheduler.restart_workers(
                    workers=[address], timeout=_ANSWER, wait_for_workers=False, on_error="return"
                )
        except Exception:  # noqa: BLE001 - the end of the process may raise anything here
            pass

    def lost(self, error: BaseException | None = None) -> WorkersLostError:
        """Return the error for a lost scheduler."""
        cause = _cause(error) if error is not None else ""
        return WorkersLostError(f"the scheduler of cluster {self.address} is gone{cause}")

    def without_workers(self, seconds: float) -> WorkersLostError:
        """Return the error for a cluster that has lost its workers."""
        return WorkersLostError(f"cluster {self.address} has had no worker for {seconds:g} s")

    async def close(self) -> None:
        """Disconnect, and end the local cluster if there is one."""
        if self.client is not None:
            with suppress(OSError):
                await asyncio.wait_for(self.client.close(timeout=_CLOSE), _CLOSE)
        if self.local is not None:
            await self.local.close()
        self._settings.close()


def version_problem(versions: dict[str, Any] | None) -> str | None:
    """Return why a process with these versions is unusable, as the end of a sentence.

    Returns:
        The problem, None if there is none.
    """
    if versions is None:
        return "does not answer"
    local = get_versions(packages=[_OURS])
    ours, theirs = local["packages"][_OURS], versions["packages"].get(_OURS)
    if theirs is None:
        return f"has no kuznechik; run there: pip install 'kuznechik[cluster]=={ours}'"
    if theirs != ours:
        return f"has kuznechik {theirs}, this machine has {ours}"
    ours, theirs = (each["host"]["python"].split(".")[:2] for each in (local, versions))
    if theirs != ours:
        return f"has Python {'.'.join(theirs)}, this machine has {'.'.join(ours)}"
    return None


def _numerical_differences(versions: dict[str, Any]) -> str:
    """List the numerical libraries with other versions than on this machine."""
    local, remote = get_versions(packages=_NUMERICAL)["packages"], versions["packages"]
    return ", ".join(
        f"{name} {remote.get(name)}, this machine {local[name]}"
        for name in _NUMERICAL
        if remote.get(name) != local[name]
    )


def _cause(error: BaseException) -> str:
    """Return the message of the innermost exception of a chain, as the end of a line."""
    text = ""
    link: BaseException | None = error
    while link is not None:
        text = " ".join(str(link).split()) or text
        link = link.__cause__
    return f": {text}" if text else ""
