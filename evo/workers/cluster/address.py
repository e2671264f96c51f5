"""Where a cluster is: the values of `--cluster`, and what is refused before anything is touched.

    local:4                  four worker processes on this machine, started and ended by the run
    tls://HOST:8786          a Dask scheduler that runs already
    tcp://127.0.0.1:8786     the same without encryption, on this machine alone

Whoever reaches a Dask scheduler can have any code carried out by it and by its workers, and by
whoever evaluates there: what travels are pickles. So an address on another machine is taken with
TLS only, whose certificates tell who may connect; `insecure` says that the network itself is
private. And a scheduler that runs already, even on this machine, is only connected to if its
address was given by the user, not by a file that may come from somebody else: see `is_external`.
Nothing of Dask is imported here.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

from evo.core.errors import InputError

_FORMS = "write local:4, tls://HOST:8786 or tcp://127.0.0.1:8786"


@dataclass(frozen=True)
class Address:
    """Where a cluster is.

    Attributes:
        workers: How many processes to start on this machine; 0 for a scheduler that runs already.
        url: The scheduler to connect to, empty for a cluster to start.
    """

    workers: int = 0
    url: str = ""

    def __str__(self) -> str:
        return self.url or f"local:{self.workers}"


def is_external(text: str) -> bool:
    """Decide whether evaluating at a cluster would connect to a scheduler that runs already.

    That holds for other machines and for this one, also for text that is no address at all. Such an
    address must not be taken from stored data, such as the directory of a run.

    Args:
        text: A value of `--cluster`; empty for no cluster.
    """
    return bool(text) and text.partition(":")[0] != "local"


def parse_address(text: str, insecure: bool = False) -> Address:
    """Return the address that a value of `--cluster` stands for.

    Args:
        text: The value.
        insecure: Accept another machine without TLS. It must come from the user, never from stored
            data.

    Raises:
        InputError: If it is no address, or of another machine and without TLS.
    """
    scheme, separator, place = text.partition("://")
    if not separator:
        kind, _, count = text.partition(":")
        if kind == "local":
            if not count.isdecimal() or not 1 <= int(count) <= 1000:
                raise InputError(f"cluster {text!r}: say how many worker processes; {_FORMS}")
            return Address(workers=int(count))
        scheme, place = "tcp", text
    if scheme not in ("tcp", "tls"):
        raise InputError(f"cluster {text!r}: {scheme}:// is not spoken here; {_FORMS}")
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or f"//{place}" != f"//{parts.netloc}" or "@" in place:
        raise InputError(f"cluster {text!r}: this is no host and port; {_FORMS}")
    if scheme == "tcp" and not insecure and not _is_loopback(host):
        raise InputError(
            f"cluster {text!r}: whoever reaches a scheduler without TLS can run anything on it; "
            f"start it with TLS and write tls://{place}, or give --insecure if the network is "
            f"private; {_FORMS}"
        )
    return Address(url=f"{scheme}://{place}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def require_dask() -> None:
    """Raise InputError, with what to do, if Dask is not installed."""
    for module in ("dask", "distributed", "cryptography"):
        if find_spec(module) is None:
            raise InputError(
                f"a cluster needs Dask, and {module} is not installed: "
                "pip install 'kuznechik[cluster]'"
            )
