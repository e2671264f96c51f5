"""Serve the pages of runs on this machine: `evo watch`.

The server listens on the loopback interface only, and answers only requests with its random token
in their address. It reads, and never writes. An address is one of a few exact patterns and never a
path of the file system. The `Host` of a request must be this server's, because a foreign page could
otherwise reach it by a name that it makes resolve to this machine (DNS rebinding).
"""

import hmac
import json
import re
import secrets
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evo.analysis.report.page import policy
from evo.analysis.report.watching import (
    Part,
    Runs,
    overview_events,
    overview_page,
    run_events,
    run_page,
)

HOST = "127.0.0.1"
_PATH = re.compile(r"(?:runs/([0-9]{1,6})/)?(?:events\?([0-9-]{1,200}))?", re.ASCII)
_IDLE = 60.0  # seconds until an idle connection is closed
_ALIVE = 10.0  # seconds between two signs of life of a stream
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# A page as text, or the stream of its changes.
Answer = str | Iterator[list[Part]]


class Server(ThreadingHTTPServer):
    """The server of some runs; `address` has the token, and is for the user only."""

    daemon_threads = True

    def __init__(self, runs: Runs, port: int = 0) -> None:
        """Listen on the loopback interface.

        Args:
            runs: The runs.
            port: The port; 0 for any that is free.

        Raises:
            OSError: If the port is taken.
        """
        super().__init__((HOST, port), Handler)
        self.runs, self.token = runs, secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a connection that broke; show a bug, after which the others go on.

        Args:
            request: Ignored.
            client_address: Ignored.
        """
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "kuznechik", ""
    timeout = _IDLE

    def do_GET(self) -> None:
        """Send a page or a stream of changes."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """Send the headers of a page."""
        self._answer(with_content=False)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: addresses have the token.

        Args:
            format: Ignored.
            arguments: Ignored.
        """

    def _answer(self, with_content: bool) -> None:
        if not self._is_allowed():
            self._refuse(403)
            return
        _, token, path = self.path.split("/", 2) if self.path.count("/") >= 2 else ("", "", "")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(404)
            return
        answer = self._found(path)
        if answer is None:
            self._refuse(404)
        elif isinstance(answer, str):
            self._send(answer.encode(), with_content)
        elif with_content:
            self._stream(answer)
        else:
            self._refuse(405)

    def _is_allowed(self) -> bool:
        """Return whether a request is for this server and comes from no foreign page."""
        port = self.server.server_port
        hosts = self.headers.get_all("Host") or []
        own = len(hosts) == 1 and hosts[0] in (f"{HOST}:{port}", f"localhost:{port}")
        return own and self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _found(self, path: str) -> Answer | None:
        """Return the page of an address, or None."""
        runs = self.server.runs
        match, found = _PATH.fullmatch(path), runs.found()
        if match is None:
            return None
        number, seen = match[1], match[2]
        if number is None and not runs.is_single:
            return overview_page(runs) if seen is None else overview_events(runs)
        index = 0 if number is None else int(number) - 1
        if not 0 <= index < len(found) or runs.is_single == (number is not None):
            return None
        if seen is None:
            return run_page(found[index], index + 1)
        return run_events(found[index], index + 1, seen)

    def _head(self, code: int, kind: str) -> None:
        self.send_response(code)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)

    def _refuse(self, code: int) -> None:
        content = b"There is nothing here.\n"
        self._head(code, "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.close_connection = True

    def _send(self, content: bytes, with_content: bool) -> None:
        self._head(200, "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", f"{policy(live=True)}; frame-ancestors 'none'")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_content:
            self.wfile.write(content)

    def _stream(self, changes: Iterator[list[Part]]) -> None:
        """Send changed parts as server-sent events until the connection breaks."""
        self._head(200, "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b"retry: 1000\n\n")
        silent = 0
        for parts in changes:
            silent = 0 if parts else silent + 1
            lines = [f"event: part\ndata: {json.dumps(part._asdict())}\n\n" for part in parts]
            if silent * 0.2 >= _ALIVE:
                lines, silent = [": still here\n\n"], 0
            if lines:
                self.wfile.write("".join(lines).encode())
                self.wfile.flush()
