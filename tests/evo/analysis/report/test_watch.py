"""`evo watch`: pages that follow runs, and a server that answers nobody else."""

import http.client
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, chromium
from commands import evo, finished_run

from evo.analysis.report import watching
from evo.analysis.report.server import HOST, Server
from evo.analysis.report.watching import LogTail, Runs, RunWatch, overview_events, run_events


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run."""
    return finished_run(
        tmp_path_factory.mktemp("done"), "run", "memorize", "--song", "ode-to-joy", "--genome",
        "grid", "--generations", "4",
    )  # fmt: skip


@pytest.fixture
def begun(done: Path, tmp_path: Path) -> Path:
    """Return a copy of the run as it was after two generations."""
    run = tmp_path / "runs" / "seed0"
    shutil.copytree(done, run)
    for name in ("champion", "result.json", "checkpoints"):
        path = run / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    lines = (done / "log.jsonl").read_bytes().splitlines(keepends=True)
    (run / "log.jsonl").write_bytes(b"".join(lines[:2]))
    return run


@pytest.fixture
def served(begun: Path) -> Iterator[Any]:
    """Return a function that serves paths; the servers end with the test."""
    servers: list[Server] = []

    def serve(*paths: Path) -> Server:
        server = Server(Runs(paths))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL", 0.02)
    monkeypatch.setattr(watching, "PAUSE", 0.05)
    monkeypatch.setattr(watching, "_DISCOVERY", 0.05)


def answer(server: Server, path: str, method: str = "GET", **headers: str) -> int:
    """Return the status of the answer to a request."""
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    content = response.read() if method != "HEAD" else b""
    assert response.getheader("X-Content-Type-Options") == "nosniff" or response.status == 501
    if response.status != 200:
        assert str(server.token).encode() not in content
    connection.close()
    return response.status


def test_only_the_address_with_the_token_is_answered(begun: Path, served: Any) -> None:
    server = served(begun.parent)
    there = f"/{server.token}"
    assert answer(server, f"{there}/") == 200
    assert answer(server, f"{there}/", "HEAD") == 200
    assert answer(server, f"{there}/runs/1/") == 200
    for path in (
        "/", "", "/events", "/runs/1/", f"/{server.token[:-1]}/", f"/{server.token}x/", f"{there}",
        f"{there}/../", f"{there}/../../etc/passwd", f"{there}/runs/../../../etc/passwd",
        f"{there}/runs/1/../../", f"{there}/%2e%2e/", f"{there}/..%2f", f"{there}/runs/0/",
        f"{there}/runs/2/", f"{there}/runs/-1/", f"{there}/runs/1", f"{there}/runs/1/config.toml",
        f"{there}/runs/999999999999/", f"{there}/seed0/log.jsonl", f"{there}//etc/passwd",
        f"http://{HOST}:{server.server_port}{there}/", f"{there}/?x", f"{there}/é",
    ):  # fmt: skip
        if path and path.isascii():
            assert answer(server, path) == 404, path


def test_other_hosts_pages_and_methods_are_refused(begun: Path, served: Any) -> None:
    server = served(begun)
    page = f"/{server.token}/"
    for host in ("evil.example", f"evil.example:{server.server_port}", "127.0.0.1", "", "0.0.0.0"):
        assert answer(server, page, Host=host) == 403
    assert answer(server, page, Host=f"localhost:{server.server_port}") == 200
    for site in ("cross-site", "same-site"):
        assert answer(server, page, Sec_Fetch_Site=site) == 403
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert answer(server, page, method) == 501


def test_only_this_machine_is_listened_to(begun: Path, served: Any) -> None:
    server = served(begun)
    assert server.server_address[0] == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for other in others - {"127.0.0.1", "::1", "127.0.1.1"}:
        with pytest.raises(OSError), socket.create_connection((other, server.server_port), 2):  # noqa: PT011
            pass


def test_nothing_is_written(begun: Path, served: Any) -> None:
    server = served(begun.parent)
    before = {path: path.stat().st_mtime_ns for path in begun.rglob("*")}
    for path in ("", "runs/1/"):
        assert answer(server, f"/{server.token}/{path}") == 200
    assert {path: path.stat().st_mtime_ns for path in begun.rglob("*")} == before


def test_a_log_is_read_as_it_grows(done: Path, tmp_path: Path) -> None:
    content = (done / "log.jsonl").read_bytes()
    log = tmp_path / "log.jsonl"
    tail = LogTail(log)
    assert not tail.grown()
    cut = content.index(b"\n") + 20
    log.write_bytes(content[:cut])
    assert tail.grown()
    assert not tail.grown()
    assert len(tail.records) == 1
    log.write_bytes(content)
    assert tail.grown()
    assert [record["generation"] for record in tail.records] == [0, 1, 2, 3]
    log.write_bytes(content[:cut])  # a resumed run repeats generations
    assert tail.grown()
    assert len(tail.records) == 1
    log.write_bytes(content[: content.index(b"\n") + 1] + b"[]\n{}\n")
    tail.grown()
    assert len(tail.records) == 1


def changed(events: Any) -> dict[str, str]:
    """Return the next parts that are sent, by their place."""
    return {part.place: part.html for part in next(parts for parts in events if parts)}


def test_changes_of_a_run_are_sent(done: Path, begun: Path) -> None:
    watch = RunWatch(begun, 1)
    watch.changes()
    events = run_events(begun, 1, watch.stamp)
    assert next(events) == []
    (begun / "log.jsonl").write_bytes((done / "log.jsonl").read_bytes())
    parts = changed(events)
    assert set(parts) == {"#headline", '[data-part="lead"]', '[data-part="charts"]'}
    assert "4 generations are done" in parts['[data-part="lead"]']
    shutil.copytree(done / "champion", begun / "champion")
    (begun / "result.json").write_bytes((done / "result.json").read_bytes())
    parts = changed(events)
    assert 'class="track"' in parts['[data-part="music"]']
    assert "steps right by itself" in parts["#headline"]
    # The page may be older than its stream.
    late = changed(run_events(begun, 1, watch.stamp))
    assert late['[data-part="music"]'] == parts['[data-part="music"]']


def test_the_grid_of_seeds_has_new_runs_and_their_comparison(done: Path, begun: Path) -> None:
    runs = Runs([begun.parent])
    events = overview_events(runs)
    parts = changed(events)
    assert parts["#cards"].count('class="card"') == 1
    assert "running" not in parts["#cards"]
    shutil.copytree(done, begun.with_name("seed1"))
    parts = changed(events)
    assert parts["#cards"].count('class="card"') == 2
    assert "95 %" in parts["#comparison"]
    assert runs.found() == [begun, begun.with_name("seed1")]


def test_wrong_arguments_are_one_line(tmp_path: Path) -> None:
    result = evo("watch", tmp_path / "none")
    assert result.exit_code == 2
    assert result.stderr == f"evo: {tmp_path}/none: there is no such folder\n"
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        result = evo("watch", tmp_path, "--port", taken.getsockname()[1])
    assert result.exit_code == 2
    assert "in use" in result.stderr


def test_a_browser_sees_a_run_go_on_and_end(done: Path, begun: Path, served: Any) -> None:
    server = served(begun.parent)
    with chromium() as browser:
        visit = Visit(browser, server.address)
        page = visit.page
        assert page.locator(".card").count() == 1
        page.locator(".card").click()
        assert page.url == f"{server.address}runs/1/"
        visit.until("document.getElementById('connection').textContent.startsWith('updated')")
        chart = page.locator("[data-chart]").first
        assert chart.locator(".told").inner_text().startswith("generation 1")
        (begun / "log.jsonl").write_bytes((done / "log.jsonl").read_bytes())
        visit.until("document.querySelector('.told').textContent.startsWith('generation 3')")
        assert page.locator(".track").count() == 0
        shutil.copytree(done / "champion", begun / "champion")
        (begun / "result.json").write_bytes((done / "result.json").read_bytes())
        visit.until("document.querySelectorAll('.track').length === 1")
        result = json.loads((done / "result.json").read_text())
        right = f"{result['steps_correct']} of 120 steps right by itself"
        assert page.locator("h1").inner_text() == right
        page.locator(".track .play").click()
        visit.until("document.getElementById('audio').currentTime > 0.02")
        assert visit.said == []
        inside = (server.address, "data:", "blob:")
        assert all(url.startswith(inside) for url in visit.requested)
        assert visit.violations() == []
        visit.close()
