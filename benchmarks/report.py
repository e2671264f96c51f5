"""Measure reports of runs in Chromium, and how a watched run goes on.

    python benchmarks/report.py pages      one run of every experiment and genome kind
    python benchmarks/report.py many       a report of 20 runs, and one of 200 pieces
    python benchmarks/report.py watch      delay of `evo watch`, and its cost for the run

`pages` prints for each report: size, processor time to write it, milliseconds until the first
paint, console messages, requests, violations found by axe-core, and the largest distance between
playhead and sound in two seconds of playing, in milliseconds.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import common

RUNS: dict[str, tuple[str, ...]] = {
    "memorize, networks": ("memorize", "--song", "korobeiniki"),
    "memorize, grid": ("memorize", "--song", "ode-to-joy", "--genome", "grid"),
    "memorize, HistoryUsers": (
        "memorize", "--song", "ode-to-joy", "--genome", "history-user", "--generations", "20",
    ),
    "memorize, formula": ("memorize", "--song", "ode-to-joy", "--genome", "formula"),
    "memorize, reader": (
        "memorize", "--song", "ode-to-joy", "--genome", "reader", "--generations", "5",
    ),
    "critic, 6 pieces": ("critic", "--generations", "20", "--set", "critic.pieces=6"),
    "vary": (
        "vary", "--song", "ode-to-joy", "--generations", "5", "--set", "vary.critics=CRITICS",
    ),
    "guess": ("guess", "--generations", "20"),
    "copy": ("copy", "--generations", "20"),
    "xor": ("xor",),
    "a user's script": ("SCRIPT", "--generations", "20"),
}  # fmt: skip
SCRIPT = '''"""A melody with a wanted number of notes."""

import numpy as np

import evo


@evo.fitness(batch=True)
def wanted(players):
    rolls = players.perform(np.zeros((0, 13), bool), 32)
    return -np.abs(rolls.sum(axis=(1, 2)) - 20.0)


EXPERIMENT = evo.experiment(wanted, keys=13, steps=32)
'''
# Distance of playhead and sound, sampled at every frame: in seconds.
SAMPLE = """async () => {
  const audio = document.getElementById("audio");
  const track = document.querySelector(".track.current");
  const times = JSON.parse(track.dataset.times);
  const [end, width] = times[times.length - 1];
  const found = [];
  const begin = performance.now();
  while (performance.now() - begin < 2000) {
    await new Promise(requestAnimationFrame);
    const head = Number(track.querySelector(".playhead").getAttribute("x1"));
    found.push(Math.abs(head * end / width - audio.currentTime));
  }
  return Math.max(...found);
}"""


def evo(*arguments: object) -> None:
    """Carry out a command in a process of its own."""
    command = [*common.EVO, *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def written(paths: list[Path], output: Path) -> float:
    """Write a report; return the seconds of processor time, without those of imports."""
    from evo.analysis.report import write_report

    write_report(paths, output)
    begin = time.process_time()
    write_report(paths, output)
    return time.process_time() - begin


def looked_at(browser: Any, path: Path) -> dict[str, Any]:
    """Return what a browser finds in a report."""
    from browsing import Visit, address_of

    visit = Visit(browser, address_of(path))
    page = visit.page
    visit.until("performance.getEntriesByName('first-contentful-paint').length > 0")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    distance = None
    if page.locator(".track .play").count():
        page.locator(".track .play").first.click()
        visit.until("document.getElementById('audio').currentTime > 0.2")
        distance = round(1000 * page.evaluate(SAMPLE), 1)
        page.locator("#bar-play").click()
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    found = {
        "paint_ms": round(paint),
        "messages": len(visit.said),
        "requests": len(visit.foreign()),
        "violations": len(visit.violations()),
        "playhead_ms": distance,
    }
    visit.close()
    return found


def pages(folder: Path) -> dict[str, Any]:
    """Return the figures of one report of every kind."""
    from browsing import chromium

    rows: dict[str, Any] = {}
    script = folder / "wanted.py"
    script.write_text(SCRIPT)
    for number, (name, options) in enumerate(RUNS.items()):
        critics = str(folder / str(list(RUNS).index("critic, 6 pieces")))
        given = [
            {"SCRIPT": str(script), "vary.critics=CRITICS": f"vary.critics={critics}"}.get(one, one)
            for one in options
        ]
        evo("run", *given, "--out", folder / str(number), "--no-report")
        output = folder / f"{number}.html"
        seconds = written([folder / str(number)], output)
        rows[name] = {"kB": output.stat().st_size // 1000, "write_s": round(seconds, 2)}
    with chromium() as browser:
        for number, row in enumerate(rows.values()):
            row |= looked_at(browser, folder / f"{number}.html")
    for name, row in rows.items():
        print(f"{name:24}", "  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return rows


def many(folder: Path) -> dict[str, Any]:
    """Return the figures of a report of 20 runs, and of 200 pieces."""
    from browsing import chromium

    evo(
        "run", "memorize", "--song", "ode-to-joy", "--genome", "grid", "--generations", "20",
        "--seeds", "0..19", "--out", folder / "seeds", "--no-report",
    )  # fmt: skip
    evo(
        "run", "critic", "--generations", "20", "--set", "critic.pieces=20", "--out",
        folder / "critic", "--no-report",
    )  # fmt: skip
    pieces = folder / "critic" / "pieces"
    document = json.loads((pieces / "pieces.json").read_text())
    records = document["records"]
    document["records"] = [
        record | {"name": f"piece-{copy:02d}-{record['name']}"}
        for copy in range(10)
        for record in records
    ]
    for record in document["records"]:
        source = pieces / f"{record['name'][9:]}.mid"
        shutil.copy(source, pieces / f"{record['name']}.mid")
    (pieces / "pieces.json").write_text(json.dumps(document))
    found = {}
    with chromium() as browser:
        for name in ("seeds", "critic"):
            output = folder / f"{name}.html"
            seconds = written([folder / name], output)
            found[name] = {
                "MB": round(output.stat().st_size / 1e6, 2), "write_s": round(seconds, 1),
                **looked_at(browser, output),
            }  # fmt: skip
            print(name, found[name], flush=True)
    return found


def watch(folder: Path) -> dict[str, Any]:
    """Return the delay from a line of the log to the page, and the run's time with and without."""
    from browsing import Visit, chromium

    from evo.analysis.report.server import Server
    from evo.analysis.report.watching import Runs

    options = ("--song", "ode-to-joy", "--genome", "grid", "--generations", "60", "--no-report")
    evo("run", "memorize", *options, "--set", "stop.solved=false", "--out", folder / "done")
    lines = (folder / "done" / "log.jsonl").read_bytes().splitlines(keepends=True)
    run = folder / "runs" / "a"
    shutil.copytree(folder / "done", run)
    (run / "result.json").unlink()
    log = run / "log.jsonl"
    log.write_bytes(lines[0])
    server = Server(Runs([run]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    delays = []
    with chromium() as browser:
        visit = Visit(browser, server.address)
        visit.page.wait_for_timeout(1500)
        for number, line in enumerate(lines[1:21], start=1):
            begin = time.monotonic()
            with log.open("ab") as file:
                file.write(line)
            told = "document.querySelector('.told').textContent"
            visit.until(f"{told}.startsWith('generation {number} ')")
            delays.append(time.monotonic() - begin)
            visit.page.wait_for_timeout(700)
        visit.close()
    server.shutdown()
    return {
        "delay, median (s)": statistics.median(delays),
        "delay, longest (s)": max(delays),
        "processor time of a watched run, by that of one alone": cost(folder),
    }


def cost(folder: Path, rounds: int = 5) -> float:
    """Return the processor time of watched runs, divided by that of runs that nobody watches."""
    import os

    from browsing import Visit, chromium

    from evo.analysis.report.server import Server
    from evo.analysis.report.watching import Runs

    (folder / "cost").mkdir()
    server = Server(Runs([folder / "cost"]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    spent: dict[bool, float] = {False: 0.0, True: 0.0}
    with chromium() as browser:
        for number in range(2 * rounds):
            watched = number % 2 == 1
            visit = Visit(browser, server.address) if watched else None
            command = [
                *common.EVO, "run", "memorize", "--song", "ode-to-joy", "--genome", "history-user",
                "--generations", "40", "--set", "stop.solved=false", "--no-report", "--out",
                str(folder / "cost" / str(number)),
            ]  # fmt: skip
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
            spent[watched] += usage.ru_utime + usage.ru_stime
            if visit is not None:
                visit.close()
    server.shutdown()
    return spent[True] / spent[False]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("what", nargs="+", choices=("pages", "many", "watch"))
    options = parser.parse_args()
    found: dict[str, Any] = {}
    for what in options.what:
        with tempfile.TemporaryDirectory() as folder:
            found[what] = {"pages": pages, "many": many, "watch": watch}[what](Path(folder))
    if "watch" in found:
        common.report(found["watch"])
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
