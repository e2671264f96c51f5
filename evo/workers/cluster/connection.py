"""The connection to a Dask cluster: its scheduler, and which of its workers can be used.

Everything here is a coroutine of `evo.workers.cluster.loop`. Dask's own log is not shown: what a
user has to know of it is raised as one line.
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
_CONNECT = 5.0  # until a scheduler has answered, or a lost one is given up
_ANSWER = 30.0  # until a scheduler that is there has answered a question
_CLOSE = 0.5
_OURS = "kuznechik"  # the distribution that workers need
# Libraries whose versions decide the last bits of a result.
_NUMERICAL = ("numpy", "numba")
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
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1TB",
}


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
    """Return Dask's TLS configuration. Raises InputError if it is not enough."""
    security = Security()
    if not address.url.startswith("tls://"):
        return security
    # The setting's name in Dask's configuration, by that of the attribute.
    wanted = {"tls_ca_file": "CA_FILE", "tls_client_cert": "CLIENT__CERT"}
    for attribute, name in wanted.items():
        if getattr(security, attribute) is None:
            raise InputError(
                f"cluster {address}: TLS wants certificates; set "
                f"DASK_DISTRIBUTED__COMM__TLS__{name} (a file), or the same in Dask's configuration"
            )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        files = ", ".join(str(getattr(security, attribute)) for attribute in wanted)
        raise InputError(f"cluster {address}: the certificates {files}: {error}") from None
    return security


class Connection:
    """An open connection, to a scheduler that runs or to a cluster that was started for it.

    Args:
        address: Where.
        say: Shows a line to the user.

    Attributes:
        address: Where.
        client: Dask's client.
        local: The cluster that was started for this connection, None if it ran already.
    """

    def __init__(self, address: Address, say: Callable[[str], None]) -> None:
        self.address, self._say = address, say
        self._settings = ExitStack()
        self.local: LocalCluster | None = None
        self.client: Any = None
        # Workers by address: whether they may be used, found out once each.
        self._known: dict[str, bool] = {}
        self._meeting: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        """Connect. Raises InputError if that is not possible."""
        self._settings.enter_context(dask.config.set(_SETTINGS))
        self._settings.enter_context(_silence())
        if self.address.workers:
            self.local = LocalCluster(self.address.workers, _SILENT)
            security = self.local.security
            try:
                place = await self.local.open()
            except Exception as error:
                raise InputError(f"cluster {self.address} did not start: {error}") from error
        else:
            security, place = _certificates(self.address), self.address.url
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)
                self.client = await Client(
                    place, security=security, asynchronous=True, timeout=_CONNECT,
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
        """Return the addresses of the workers that may be used now.

        A new worker is used from the next call on, if it has the versions for it.

        Raises:
            WorkersLostError: If there is no scheduler.
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
        problem = version_problem(versions)
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

    def process(self, worker: str) -> int | None:
        """Return the process number of a worker, None if it is not of this connection's own."""
        nannies = self.local.nannies if self.local is not None else []
        found = [nanny.pid for nanny in nannies if nanny.worker_address == worker]
        return found[0] if found else None

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
        """Disconnect, and end what was started for the connection."""
        if self.client is not None:
            with suppress(OSError):
                await asyncio.wait_for(self.client.close(timeout=_CLOSE), _CLOSE)
        if self.local is not None:
            await self.local.close()
        self._settings.close()


def version_problem(versions: dict[str, Any] | None) -> str | None:
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
