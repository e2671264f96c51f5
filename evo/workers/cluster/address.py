"""Where a cluster is: what `--cluster` may say, and what is refused before anything is touched.

    local:4                  four worker processes on this machine, started and ended by the run
    tls://HOST:8786          a Dask scheduler that runs already
    tcp://127.0.0.1:8786     the same without encryption, on this machine alone

Whoever reaches a Dask scheduler can have any code carried out by it and by its workers, and by
whoever evaluates there: what travels are pickles. An address that is not of this machine is
therefore taken with TLS only, whose certificates tell who may; `insecure` says that the network
itself is private. Nothing of Dask is imported here.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from urllib.parse import urlsplit

_FORMS = "write local:4, tls://HOST:8786 or tcp://127.0.0.1:8786"


@dataclass(frozen=True)
class Address:
    """A cluster to start here (`workers`), or a scheduler to connect to (`url`)."""

    workers: int = 0
    url: str = ""

    def __str__(self) -> str:
        return self.url or f"local:{self.workers}"


def parse_address(text: str, insecure: bool = False) -> Address:
    """What `text` says; ValueError in one line for what it may not say.

    An address that is not of this machine and without TLS is refused unless `insecure`.
    """
    scheme, separator, place = text.partition("://")
    if not separator:
        kind, _, count = text.partition(":")
        if kind == "local":
            if not count.isdecimal() or not 1 <= int(count) <= 1000:
                raise ValueError(f"cluster {text!r}: say how many worker processes; {_FORMS}")
            return Address(workers=int(count))
        scheme, place = "tcp", text
    if scheme not in ("tcp", "tls"):
        raise ValueError(f"cluster {text!r}: {scheme}:// is not spoken here; {_FORMS}")
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or f"//{place}" != f"//{parts.netloc}" or "@" in place:
        raise ValueError(f"cluster {text!r}: this is no host and port; {_FORMS}")
    if scheme == "tcp" and not insecure and not _is_loopback(host):
        raise ValueError(
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
    """ValueError with what to do if Dask is not installed."""
    for module in ("dask", "distributed", "cryptography"):
        if find_spec(module) is None:
            raise ValueError(
                f"a cluster needs Dask, and {module} is not installed: "
                "pip install 'kuznechik[cluster]'"
            )
