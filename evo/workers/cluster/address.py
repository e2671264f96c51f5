"""Addresses of clusters: the values of `--cluster`, and the checks of their security.

    local:4                  four worker processes on this machine, started and ended by the run
    tls://HOST:8786          a running Dask scheduler
    tcp://127.0.0.1:8786     the same without encryption, on this machine only

Dask's messages are pickles. Anyone who can connect to a scheduler can run any code on it, on its
workers and on its clients. So:

- An address on another machine needs TLS, whose certificates decide who may connect, or `insecure`,
  by which the user declares the network private.
- The address of a running scheduler must come from the user, never from a file that may have
  another author: see `is_external`.

This module does not import Dask.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from evo.core.errors import InputError

_FORMS = "write local:4, tls://HOST:8786 or tcp://127.0.0.1:8786"


@dataclass(frozen=True)
class Address:
    """The address of a cluster.

    Attributes:
        workers: Number of processes to start on this machine; 0 for a running scheduler.
        url: URL of a running scheduler; empty for a cluster to start.
    """

    workers: int = 0
    url: str = ""

    def __str__(self) -> str:
        return self.url or f"local:{self.workers}"


def is_external(text: str) -> bool:
    """Decide whether a value of `--cluster` addresses a running scheduler.

    Such an address must not be taken from stored data, such as a run's directory. Any text but
    `local:...` counts, valid or not.

    Args:
        text: A value of `--cluster`; empty for no cluster.
    """
    return bool(text) and text.partition(":")[0] != "local"


def parse_address(text: str, insecure: bool = False) -> Address:
    """Parse a value of `--cluster`.

    Args:
        text: The value.
        insecure: Accept another machine without TLS. It must come from the user, never from stored
            data.

    Raises:
        InputError: If the text is not an address, or names another machine without TLS.
    """
    scheme, separator, host_port = text.partition("://")
    if not separator:
        kind, _, count = text.partition(":")
        if kind == "local":
            if not count.isdecimal() or not 1 <= int(count) <= 1000:
                raise InputError(
                    f"cluster {text!r}: the number of worker processes must be 1 to 1000; {_FORMS}"
                )
            return Address(workers=int(count))
        scheme, host_port = "tcp", text
    if scheme not in ("tcp", "tls"):
        raise InputError(f"cluster {text!r}: {scheme}:// is not supported; {_FORMS}")
    try:
        parts = urlsplit(f"//{host_port}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or f"//{host_port}" != f"//{parts.netloc}" or "@" in host_port:
        raise InputError(f"cluster {text!r}: this is not a host and a port; {_FORMS}")
    if scheme == "tcp" and not insecure and not _is_loopback(host):
        raise InputError(
            f"cluster {text!r}: without TLS, anyone who reaches the scheduler can run code on it; "
            f"start it with TLS and write tls://{host_port}, or give --insecure if the network is "
            f"private; {_FORMS}"
        )
    return Address(url=f"{scheme}://{host_port}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a host name
        return host == "localhost"


def require_dask() -> None:
    """Check that Dask is installed.

    Raises:
        InputError: If it is not; the message has the command that installs it.
    """
    for module in ("dask", "distributed", "cryptography"):
        if find_spec(module) is None:
            raise InputError(
                f"a cluster needs Dask, and {module} is not installed: "
                "pip install 'kuznechik[cluster]'"
            )
