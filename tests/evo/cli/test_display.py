"""A run on a terminal: two lines that fit any width; plain lines elsewhere."""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from evo.cli import display
from evo.cli.display import BarDisplay, LiveLines, PlainDisplay, RunLines
from evo.cli.output import show_line
from evo.core.registry import experiment
from evo.runs.display import Status
from evo.runs.stop import Stop

FIGURES: dict[str, dict[str, Any]] = {
    "memorize": {"follow_correct": 118, "steps_correct": 101, "steps_total": 120},
    "memorize likelihood": {"cross_entropy": 0.5321, "held_out_cross_entropy": 0.6789},
    "critic": {"held_out_percentile": 43.2},
    "guess": {"guesser_accuracy": 0.814, "period": 18, "keys": 5},
    "copy": {"loss": 0.684, "read_lags": [64, 63, 2], "read_entropy": 1.25},
    "xor": {"solved": False},
    "pole": {"steps_balanced": 100_000, "generalised": 512},
}
GOOD = {
    "memorize": "118 of 120 steps follow", "memorize likelihood": "0.532 bits a step",
    "critic": "above 43 % of songs", "guess": "period 18, 5 keys, 81% guessed",
    "copy": "loss 0.68", "xor": "▁", "pole": "100,000 steps",
}  # fmt: skip


def console_of(width: int, encoding: str = "utf-8", **options: Any) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict", newline="")
    options = {"force_terminal": True, "_environ": {}} | options
    return Console(file=file, width=width, height=24, **options)


def written(console: Console) -> str:
    console.file.flush()
    return bytes(console.file.buffer.getvalue()).decode(console.encoding)  # type: ignore[attr-defined]


def record(generation: int, **more: Any) -> dict[str, Any]:
    return {
        "generation": generation, "evaluations": 1_500 * generation + 1_500,
        "best": 90.0 + generation, "mean": -12_345.678, "champion": 90.0 + generation,
        "figures": {}, "engine": {"species": 12}, "failures": {},
        "wall_seconds": 10.5 * generation, **more,
    }  # fmt: skip


def rows_of(console: Console, name: str, records: int = 9, **more: Any) -> list[str]:
    """Return the lines of a run on a terminal."""
    describe = experiment(name.split()[0]).describe
    status = Status(Stop(generations=1_000), 0, describe)
    for generation in range(records):
        status.add(record(generation, figures=FIGURES[name], **more))
    lines = RunLines(status)
    with console.capture() as captured:
        console.print(LiveLines(console, lines))
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", captured.get()).splitlines()


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_generation_bar_time_left_and_figures_fit_the_width(name: str, width: int) -> None:
    bar, figures = rows_of(console_of(width), name)
    assert max(map(cell_len, (bar, figures))) < width
    assert re.search(r"generation 9 of 1,000 ─{8,} .*2:5\d:\d\d left$", bar)
    assert figures.strip().startswith(GOOD[name])
    has_curve = (name, width) != ("copy", 60) and width < 120
    assert ("▁▂▃▄▅▅▆█" in figures) == has_curve
    assert "..." not in figures
    if width == 120:
        assert "champion 98.00, best 98.00, mean -12345.68" in figures


@pytest.mark.parametrize("width", [1, 5, 20, 39])
def test_a_narrow_terminal_gets_what_fits(width: int) -> None:
    rows = rows_of(console_of(width), "copy", failures={"nan": 3}, failure="x" * 500)
    assert max(map(cell_len, rows)) <= width
    assert len(rows) == 3


@pytest.mark.parametrize("width", [60, 80])
def test_failures_have_a_line_of_their_own_that_stays(width: int) -> None:
    console = console_of(width)
    failed = {"failures": {"error": 3}, "failure": "individual 1: ValueError: [/verse] [red]"}
    assert rows_of(console, "memorize", **failed)[2].startswith("  failed: 3 error (individual 1: ")
    status = Status(Stop(), 0)
    live = LiveLines(console, RunLines(status))
    for more, expected in ((failed, 3), ({}, 3)):
        status.add(record(0, **more))
        with console.capture() as captured:
            console.print(live)
        assert captured.get().count("\n") == expected


def test_an_ascii_terminal_gets_ascii() -> None:
    console = console_of(60, "ascii")
    bar, figures = rows_of(console, "memorize")
    assert (bar + figures).isascii()
    assert "---" in bar
    assert "_.,-::=#" in figures


def test_a_narrowed_terminal_is_left_without_old_lines() -> None:
    console = console_of(120)
    status = Status(Stop(generations=1_000), 0)
    status.add(record(0))
    live = LiveLines(console, RunLines(status))
    with console.capture() as captured:
        console.print(live)
    lengths = [cell_len(row) for row in re.sub(r"\x1b\[[0-9;]*m", "", captured.get()).split("\n")]
    wrapped = sum(max(1, -(-length // 60)) for length in lengths[:2])
    console.width = 60
    with console.capture() as captured:
        console.print(live)
    # rich itself moves up by the number of lines.
    assert captured.get().count("\x1b[1A\x1b[2K") == wrapped - 2 > 0
    with console.capture() as captured:
        console.print(live)
    assert "\x1b[1A" not in captured.get()


@pytest.mark.parametrize("options", [{}, {"no_color": True}])
def test_the_last_lines_stay_on_the_screen(options: dict[str, Any]) -> None:
    console = console_of(80, **options)
    shown = BarDisplay(console, experiment("memorize").describe)
    shown.begin(None, Stop(generations=3), 0)  # type: ignore[arg-type]
    for generation in range(3):
        shown.record(record(generation, figures=FIGURES["memorize"]))
    shown.end()
    shown.end()
    shown.message("done: [bold] evo")
    text = written(console)
    assert re.search(r"generation 3 of 3 .*━{20}", text)
    assert "118 of 120 steps follow, 101 alone ▁▅█" in text
    assert text.endswith("done: [bold] evo\n")
    assert ("\x1b[36m" in text) == (not options)


def test_a_pipe_gets_whole_plain_lines_every_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    console = console_of(80, force_terminal=False)
    shown = PlainDisplay(console, experiment("memorize").describe)
    shown.begin(None, Stop(generations=1_000), 0)  # type: ignore[arg-type]
    for generation in range(100):
        shown.record(record(generation, figures=FIGURES["memorize"]))
        now[0] += 0.125
    shown.end()
    lines = written(console).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"generation {done} of 1,000" for done in (1, 41, 81, 100)
    ]
    assert len(lines[1]) > 80
    assert lines[1].endswith("12 species, 143 evaluations/s, 2:47:50 left")
    assert "\x1b" not in written(console)


def test_messages_are_wrapped_between_words_and_commands_are_not() -> None:
    console = console_of(40)
    show_line(console, "finished: " + "some words " * 6)
    show_line(console, "resume it with: evo resume " + "some/folder/" * 6)
    *text, command = written(console).splitlines()
    assert len(text) == 2
    assert command == "resume it with: evo resume " + "some/folder/" * 6


TMUX = shutil.which("tmux")


@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_nothing_is_cut_or_left_behind_in_a_real_terminal(tmp_path: Path) -> None:
    """The run resizes its own terminal; the test reads the screen, at any instant."""
    path = tmp_path / "script.py"
    path.write_text(IN_TMUX, encoding="utf-8")
    tmux = [str(TMUX), "-S", str(tmp_path / "socket"), "-f", os.devnull]
    # Processes of pytest-xdist have a width of their own in COLUMNS, which rich would take.
    others = ("NO_COLOR", "TMUX", "COLUMNS", "LINES")
    env = {name: value for name, value in os.environ.items() if name not in others}
    command = shlex.join([sys.executable, str(path), str(tmp_path), *tmux])
    subprocess.run(
        [*tmux, "new-session", "-d", "-x", "120", "-y", "12", command],
        env=env | {"LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)}, check=True,
    )  # fmt: skip
    try:
        deadline, screens = time.monotonic() + 60, list[str]()
        while not (tmp_path / "done").exists() and time.monotonic() < deadline:
            screens.append(_screen(tmux))
            time.sleep(0.02)
        # tmux scrolls up what it wraps.
        last, everything = _screen(tmux), _screen(tmux, "-S", "-50")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
    # Between a resize and the next drawing, the terminal shows lines that it has wrapped itself.
    bar = re.compile(r"^. generation \d+ of 100 .*(left|so far|in 0:\d\d)$", re.MULTILINE)
    drawn = [screen for screen in screens if bar.search(screen)]
    assert len(drawn) > 2
    for screen in drawn:
        assert len(bar.findall(screen)) == 1
        assert "the first generation" in screen or "of 120 steps follow, 101 alone" in screen
    assert everything.count("before") == 1
    assert last.count("generation") == 1
    assert last.count("118 of 120") == 1
    assert last.rstrip().endswith("after")


def _screen(tmux: list[str], *options: str) -> str:
    return subprocess.run(
        [*tmux, "capture-pane", "-p", *options], capture_output=True, encoding="utf-8", check=False
    ).stdout


IN_TMUX = """
import subprocess, sys, time
from pathlib import Path
from evo.cli.display import BarDisplay, Terminal
from evo.runs.stop import Stop

terminal = Terminal()
assert terminal.moves
shown = BarDisplay(terminal, lambda figures: ["118 of 120 steps follow", "101 alone"])
shown.message("before")
shown.begin(None, Stop(generations=100), 0)
for generation, width in enumerate((120, 60, 80, 61, 120)):
    subprocess.run([*sys.argv[2:], "resize-window", "-x", str(width), "-y", "12"], check=True)
    for _ in range(3):
        shown.record({
            "generation": 3 * generation + _, "evaluations": 10 * generation + 10,
            "best": generation, "mean": 0.5, "champion": 1.0, "figures": {},
            "engine": {"species": 3}, "failures": {}, "wall_seconds": 0.5 * generation,
        })
        time.sleep(0.15)
shown.end()
shown.message("after")
Path(sys.argv[1], "done").touch()
time.sleep(60)
"""
