"""Reports in a real browser: they play, request nothing, say nothing, and are accessible."""

import base64
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, address_of, chromium
from commands import evo
from disturbing import undrawn

import evo as api
from evo.analysis.report import write_report

SCRIPT = '''
import numpy as np
import evo

@evo.fitness(batch=True)
def wanted(players, settings):
    """Play ten notes."""
    rolls = players.perform(np.zeros((0, 13), bool), 16)
    return -np.abs(rolls.sum(axis=(1, 2)) - 10.0)

EXPERIMENT = evo.experiment(wanted, keys=13, steps=16, genome="grid")
'''
TUNE = ("--song", "ode-to-joy", "--generations", "2")
RUNS: dict[str, tuple[str, ...]] = {
    "neat": ("memorize", *TUNE, "--population", "10", "--set", "stop.solved=false"),
    "grid": ("memorize", "--genome", "grid", *TUNE),
    "history-user": ("memorize", "--genome", "history-user", *TUNE),
    "formula": ("memorize", "--genome", "formula", *TUNE, "--set", "anneal.annealing.edits=1000"),
    "reader": ("memorize", "--genome", "reader", *TUNE),
    "critic": (
        "critic", "--generations", "2", "--population", "8", "--set", "critic.critics=CRITICS",
        "--set", "critic.pieces=3",
    ),
    "guess": ("guess", "--generations", "2", "--population", "8", "--set", "guess.steps=96"),
    "copy": ("copy", "--generations", "2", "--population", "10"),
    "xor": ("xor", "--generations", "3", "--population", "10"),
    "script": ("SCRIPT", "--generations", "2", "--population", "8"),
}  # fmt: skip
SILENT = ("copy", "xor")
HOSTILE = "<img src=x onerror=document.title='x'> </script> \"quoted' \u202eltr\u202c " + "a" * 180


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def runs(browser: Any, critics: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a run of every experiment, and one of every genome kind."""
    folder = tmp_path_factory.mktemp("runs")
    script = folder / "wanted.py"
    script.write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        for name, (experiment, *options) in RUNS.items():
            what = script if experiment == "SCRIPT" else experiment
            given = [option.replace("CRITICS", str(critics)) for option in options]
            result = evo("run", what, *given, "--out", folder / name)
            assert result.exit_code == 0, result.output
    return {name: folder / name for name in RUNS}


@pytest.fixture(scope="module")
def reports(runs: dict[str, Path]) -> dict[str, Path]:
    return {name: write_report([path]) for name, path in runs.items()}


def loud(page: Any) -> bool:
    return bool(page.evaluate("!document.getElementById('audio').paused"))


def seconds(page: Any) -> float:
    return float(page.evaluate("document.getElementById('audio').currentTime"))


@pytest.mark.parametrize("name", RUNS)
def test_a_report_says_and_requests_nothing_and_plays(
    name: str, browser: Any, reports: dict[str, Path]
) -> None:
    visit = Visit(browser, address_of(reports[name]), 320)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h1").inner_text()
    if name not in SILENT:
        play = page.locator(".track .play").first
        play.focus()
        page.keyboard.press("Enter")
        visit.until("document.getElementById('audio').currentTime > 0.05")
        assert "Pause" in play.inner_text()
        visit.until("document.querySelector('.playhead').getAttribute('x1') > 0")
        page.keyboard.press("Enter")
        visit.until("document.getElementById('audio').paused")
        # The event that the button follows comes a moment later.
        visit.until("!document.querySelector('.track .play').classList.contains('on')")
        assert "Play" in play.inner_text()
    assert visit.said == []
    assert visit.foreign() == []
    visit.close()


def test_the_keyboard_seeks_and_the_playhead_is_where_the_sound_is(
    browser: Any, reports: dict[str, Path]
) -> None:
    visit = Visit(browser, address_of(reports["grid"]))
    page, track = visit.page, visit.page.locator(".track").first
    slider = track.locator(".position")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) == pytest.approx(3.0)
    assert slider.get_attribute("aria-valuetext") == "0:03 of 0:32"
    track.locator(".play").press("Enter")
    visit.until("document.getElementById('audio').currentTime > 3.05")
    assert loud(page)
    page.locator("#bar-play").press("Enter")
    visit.until("document.getElementById('audio').paused")
    page.locator("#bar-position").focus()
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    visit.until("!document.getElementById('audio').seeking")
    there = page.evaluate(
        """() => {
          const head = Number(document.querySelector(".playhead").getAttribute("x1"));
          const times = JSON.parse(document.querySelector(".track").dataset.times);
          const [end, width] = times[times.length - 1];
          return [head * end / width, document.getElementById("audio").currentTime];
        }"""
    )
    assert there[1] > 20
    assert there[0] == pytest.approx(there[1], abs=0.06)
    original = track.locator("input[value=original]")
    if original.count():
        original.check()
        visit.until("document.getElementById('audio').readyState > 1")
        assert seconds(page) == pytest.approx(there[1], abs=0.2)
    page.locator("#bar-close").press("Enter")
    assert page.locator("#bar").is_hidden()
    assert visit.said == []
    visit.close()


def test_one_player_plays_one_track_of_all(browser: Any, reports: dict[str, Path]) -> None:
    visit = Visit(browser, address_of(reports["critic"]))
    page = visit.page
    buttons = page.locator(".track .play")
    assert buttons.count() == 4  # the champion and three pieces
    for index in (1, 2):
        buttons.nth(index).click()
        visit.until("document.getElementById('audio').currentTime > 0.02")
    assert page.locator(".play.on").count() == 2  # of the track and of the bar
    assert page.locator(".track.current").count() == 1
    assert page.locator("audio").count() == 1
    assert page.locator("#bar-name").inner_text() == "piece-02"
    visit.close()


def test_charts_tell_their_values_and_drawings_move_by_keyboard(
    browser: Any, reports: dict[str, Path]
) -> None:
    visit = Visit(browser, address_of(reports["xor"]))
    page = visit.page
    chart = page.locator("[data-chart]").first
    chart.locator(".scrub").focus()
    page.keyboard.press("Home")
    assert chart.locator(".told").inner_text().startswith("generation 0 · champion")
    assert chart.locator(".scrub").get_attribute("aria-valuetext").startswith("generation 0")
    chart.locator(".canvas").hover()
    assert chart.locator(".told").inner_text().startswith("generation 1")
    pan = page.locator(".pan").first
    before = pan.locator("svg").get_attribute("viewBox")
    pan.focus()
    for key in ("ArrowRight", "+"):
        page.keyboard.press(key)
        assert pan.locator("svg").get_attribute("viewBox") != before
    page.keyboard.press("0")
    wide = [float(part) for part in pan.locator("svg").get_attribute("viewBox").split()]
    assert wide == [float(part) for part in before.split()]
    assert visit.said == []
    visit.close()


@pytest.mark.parametrize("dark", [False, True])
def test_reports_are_accessible(
    dark: bool, browser: Any, runs: dict[str, Path], tmp_path: Path
) -> None:
    chosen = ("neat", "critic", "xor", "formula")
    together = write_report([runs[name] for name in chosen], tmp_path / "a.html")
    visit = Visit(browser, address_of(together), dark=dark)
    visit.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    visit.page.locator(".track .play").first.click()
    # Dark pages differ in their colours only.
    assert visit.violations(*(["color-contrast"] if dark else [])) == []
    visit.close()


def test_hostile_names_are_shown_as_they_are(
    browser: Any, runs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / HOSTILE.replace("/", "∕")
    shutil.copytree(runs["grid"], run)
    name = HOSTILE.replace("/", "∕")[:200]
    (tune,) = (run / "songs").iterdir()
    tune.rename(run / "songs" / f"{name}.mid")
    config = (run / "config.toml").read_text()
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    (run / "config.toml").write_text(config.replace('"ode-to-joy"', f'"{quoted}"'))
    result = (run / "result.json").read_text()
    (run / "result.json").write_text(result.replace("generations done", "</title><script>"))
    visit = Visit(browser, address_of(write_report([run], tmp_path / "a.html")), 320)
    page = visit.page
    assert visit.said == []
    assert visit.foreign() == []
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert "<img src=x onerror=" in page.locator(".track h3").inner_text()
    assert "</title><script>" in page.locator(".lead").inner_text()
    page.locator(".track .play").first.click()
    visit.until("document.getElementById('audio').currentTime > 0.02")
    assert "<img src=x" in page.locator("#bar-name").inner_text()
    visit.close()


def test_a_sheet_is_unpacked_when_it_is_looked_at(
    browser: Any, runs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>'
    packed = base64.b64encode(zlib.compress(picture)).decode()
    monkeypatch.setattr("evo.analysis.report.music.sheet_of", lambda song: packed)
    visit = Visit(browser, address_of(write_report([runs["grid"]], tmp_path / "a.html")))
    visit.page.locator(".sheet-details summary").press("Enter")
    visit.until("document.querySelector('.sheet-details img').naturalWidth === 30")
    assert visit.said == []
    assert visit.foreign() == []
    visit.close()


def test_a_report_of_an_interactive_run_works(browser: Any, tmp_path: Path) -> None:
    def wave(network: Any) -> float:
        return float(network.activate([[0.5]])[0, 0])

    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch.setattr)
        run = api.evolve(
            wave, inputs=1, outputs=1, population=10, generations=3, out=tmp_path / "run",
            figures=lambda network: {"wave": wave(network)},
        )  # fmt: skip
    visit = Visit(browser, address_of(run.report()))
    assert [one.inner_text() for one in visit.page.locator("figcaption strong").all()][:2] == [
        "fitness",
        "wave",
    ]
    assert visit.said == []
    visit.close()
