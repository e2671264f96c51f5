"""Reports: what they tell, and that nothing in a run's files can do more than be shown."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import evo, finished_run

import evo as api
from evo.analysis.report import report_bytes, write_at_end, write_report, writing
from evo.analysis.report.charts import charts_of, thinned
from evo.analysis.report.collect import run_report
from evo.analysis.report.drawing import cleaned
from evo.analysis.report.gallery import gallery_of
from evo.analysis.report.page import compact, rendered
from evo.analysis.report.rolls import compared_rolls, roll_of, shortened, wrong_steps
from evo.analysis.report.several import page_of
from evo.analysis.report.sound import RATE, sound_of
from evo.core.registry import experiment
from evo.music.song import Song
from evo.music.sound import TAIL
from evo.music.tunes import tune

HOSTILE = "<img src=x onerror=alert(1)></script>\"'&\u202e"


class Seen(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(
        tmp_path_factory.mktemp("grid"), "run", "memorize", "--song", "ode-to-joy", "--genome",
        "grid", "--generations", "6",
    )  # fmt: skip


@pytest.fixture(scope="module")
def xor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xor")
    return finished_run(folder, "run", "xor", "--population", "20", "--generations", "5")


def test_a_report_begins_with_what_is_good_and_shows_song_sound_and_settings(grid: Path) -> None:
    report = run_report(grid)
    result = json.loads((grid / "result.json").read_text())
    assert report.headline == f"{result['steps_correct']} of 120 steps right by itself"
    (track,) = report.tracks
    assert track.note.startswith(f"{result['steps_correct']} of 120 steps right")
    assert [pane.label for pane in track.roll.panes] == ["song", "played"]
    assert track.sound is not None
    assert track.original is not None
    assert track.sound.seconds == pytest.approx(32 + TAIL)
    assert [chart.title for chart in report.charts][:2] == ["fitness", "steps right"]
    assert 'song = "ode-to-joy"' in report.settings
    commands = dict(report.commands)
    assert commands["repeated by"] == f"evo run memorize --config {grid}/config.toml"
    assert report.problems == ()
    seen = Seen(report_bytes([grid]).decode())
    assert report.headline in seen.text


def test_the_same_run_is_the_same_report(grid: Path) -> None:
    assert report_bytes([grid]) == report_bytes([grid])


def test_a_command_writes_a_report_into_the_run_or_a_file(grid: Path, tmp_path: Path) -> None:
    result = evo("report", grid)
    assert result.output == f"{grid}/report.html\n"
    other = tmp_path / "new" / "a.html"
    other.parent.mkdir()
    assert evo("report", grid, "-o", other).exit_code == 0
    assert other.read_bytes() == (grid / "report.html").read_bytes()
    assert api.load_run(grid).report() == grid / "report.html"
    assert api.report(grid, out=other) == other


def test_wrong_arguments_are_one_line(grid: Path, tmp_path: Path) -> None:
    for arguments in ((tmp_path,), (tmp_path / "none",), (grid, "-o", tmp_path)):
        result = evo("report", *arguments)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1


def test_several_runs_are_compared(grid: Path, xor: Path, tmp_path: Path) -> None:
    page = page_of([grid, xor])
    assert [run.number for run in page.runs] == [1, 2]
    assert page.comparison is not None
    assert len(page.comparison.rows) == 2
    text = rendered(page)
    seen = Seen(text)
    assert seen.tags.count("article") == 2
    assert seen.tags.count("audio") == 1
    assert "95 %" in seen.text


def test_a_folder_with_a_damaged_run_tells_of_it(grid: Path, xor: Path, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(grid)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "config.toml").write_text("[run]\nexperiment = 3\n")
    page = page_of([tmp_path / "a", tmp_path / "b"])
    assert [run.status for run in page.runs] == ["finished", "damaged"]
    assert "names no known experiment" in rendered(page)


def test_a_run_writes_its_report_at_its_end(tmp_path: Path, reported: None) -> None:
    small = ("xor", "--population", "10", "--generations", "2")
    assert "report.html" in evo("run", *small, "--out", tmp_path / "a").output
    assert (tmp_path / "a" / "report.html").exists()
    assert evo("run", *small, "--no-report", "--out", tmp_path / "b").exit_code == 0
    assert not (tmp_path / "b" / "report.html").exists()
    evo("resume", tmp_path / "b", "--generations", "3", "--no-report")
    assert not (tmp_path / "b" / "report.html").exists()
    run = api.run("xor", population=10, generations=2, out=tmp_path / "c", report=False)
    assert not (run.path / "report.html").exists()
    api.resume(run.path, generations=3)
    assert (run.path / "report.html").exists()


def test_a_report_that_fails_is_one_message(
    grid: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("twice\nwrong")

    monkeypatch.setattr(writing, "write_report", fail)
    messages: list[str] = []
    assert write_at_end(grid, messages.append) is None
    assert messages == ["no report was written: twice wrong"]
    result = evo("run", "xor", "--population", "10", "--generations", "2", "--out", tmp_path / "a")
    assert result.exit_code == 0
    assert "no report was written: twice wrong" in result.output


@pytest.mark.parametrize("result", [{"generations": 0}, {"generations": 3, "signal": 2}], ids=str)
def test_a_run_that_has_not_begun_or_was_ended_by_a_signal_has_no_report(
    grid: Path, result: dict[str, int]
) -> None:
    messages: list[str] = []
    assert write_at_end(grid, messages.append, result) is None
    assert not messages


def test_names_from_files_are_only_text(xor: Path, tmp_path: Path) -> None:
    (tmp_path / "pieces").mkdir()
    record = {
        "name": "p",
        "measures": {HOSTILE: 1.0},
        "outside": [HOSTILE],
        "nearest_song": HOSTILE,
    }
    (tmp_path / "pieces" / "p.mid").write_bytes(tune("ode-to-joy").to_midi())
    document = {"records": [record], HOSTILE: HOSTILE}
    (tmp_path / "pieces" / "pieces.json").write_text(json.dumps(document))
    for file in ("config.toml", "log.jsonl", "result.json"):
        (tmp_path / file).write_bytes((xor / file).read_bytes())
    (tmp_path / "champion").mkdir()
    about = {"status": "finished", "command": ["evo", "run", HOSTILE], "version": HOSTILE}
    (tmp_path / "run.json").write_text(json.dumps(about))
    text = rendered(page_of([tmp_path]))
    seen = Seen(text)
    assert "img" not in seen.tags
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
    assert text.count("</script>") == seen.tags.count("script")
    assert HOSTILE[:20] in seen.text


def test_data_in_scripts_cannot_end_them() -> None:
    text = str(compact({"a": HOSTILE}))
    assert not set("<>&'") & set(text)
    assert json.loads(text) == {"a": HOSTILE}


def test_a_drawing_keeps_only_what_draws() -> None:
    drawing = cleaned(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 8" width="9" height="8" '
        'style="x" onload="y"><title>two nodes</title><script>z</script>'
        '<g><a href="w"><path d="M0 0"/></a><path d="M1 1" stroke="red"/></g></svg>'
    )
    assert drawing.title == "two nodes"
    assert (drawing.width, drawing.height) == (9, 8)
    seen = Seen(str(drawing.svg))
    assert seen.tags == ["svg", "g", "path"]
    assert {"style", "onload", "href"}.isdisjoint(name for name, _ in seen.attributes)


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "", 3, None, "missing", "link"])
def test_a_piece_is_a_file_of_its_folder(name: Any, tmp_path: Path) -> None:
    outside = tmp_path / "x.mid"
    outside.write_bytes(tune("ode-to-joy").to_midi())
    folder = tmp_path / "run" / "pieces"
    folder.mkdir(parents=True)
    (folder / "link.mid").symlink_to(outside)
    (folder / "pieces.json").write_text(json.dumps({"records": [{"name": name}]}))
    gallery, problems = gallery_of(tmp_path / "run")
    assert gallery is not None
    assert gallery.pieces == ()
    assert len(problems) == 1


def test_measures_stand_beside_the_usual_range(tmp_path: Path) -> None:
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "a.mid").write_bytes(tune("ode-to-joy").to_midi())
    document = {
        "ranges": {"leaps": {"low": 0.0, "median": 0.2, "high": 0.4}, "odd": {"low": "x"}},
        "records": [{
            "name": "a", "likeness": 0.5,
            "measures": {"leaps": 0.9, "odd": 1, "none": None}, "outside": ["leaps"],
        }],
    }  # fmt: skip
    (tmp_path / "pieces" / "pieces.json").write_text(json.dumps(document))
    gallery, problems = gallery_of(tmp_path)
    assert problems == []
    assert gallery is not None
    (piece,) = gallery.pieces
    assert [(fact.label, fact.value) for fact in piece.facts] == [("likeness", "0.5")]
    (leaps,) = piece.unusual
    assert (leaps.place, leaps.usual) == ("above", "0 to 0.4")
    assert leaps.at == (25.0, 50.0, 75.0, 100)
    assert [measure.value for measure in piece.measures] == ["0.9", "1", "none"]


def test_a_performance_is_below_its_song_with_its_mistakes() -> None:
    song = tune("ode-to-joy")
    onsets = song.onsets.copy()
    onsets[20] = ~onsets[20]
    onsets[3] = False
    played = song.played(onsets)
    wrong = wrong_steps(song, played, 8, durations=False)
    assert np.flatnonzero(wrong).tolist() == [20]
    roll = compared_rolls(song, played, 8, wrong)
    kinds = [shape.kind for shape in roll.panes[1].notes]
    assert kinds == ["missing", "note", "extra"]
    assert roll.wrong.count("M") == 1
    assert "wrong are steps 20" in roll.summary


def test_the_playhead_follows_changes_of_tempo() -> None:
    song = Song(np.eye(8, dtype=np.bool_), steps_per_beat=1, tempo=60, tempo_changes=((4, 120),))
    times = roll_of(song).times
    width = roll_of(song).width
    assert times == ((0.0, 0.0), (4.0, width / 2), (6.0, width))


def test_a_long_song_is_shortened() -> None:
    onsets = np.zeros((5000, 1), np.bool_)
    onsets[::2] = True
    song = Song(onsets, steps_per_beat=4)
    assert shortened(song).steps == 1920
    assert shortened(song).duration == 240
    assert shortened(tune("ode-to-joy")) is not None


def test_sounds_are_small_and_the_same_bytes() -> None:
    pytest.importorskip("soundfile", reason="soundfile is not installed")
    song = tune("ode-to-joy")
    sound = sound_of(song)
    assert sound == sound_of(song)
    assert sound is not None
    assert sound.media == "audio/ogg"
    assert len(sound.content) < 4000 * sound.seconds
    assert sound_of(Song(np.zeros((4, 2), np.bool_))) is None


def test_a_sound_is_read_whole() -> None:
    soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")
    import base64
    import io

    sound = sound_of(tune("ode-to-joy"))
    assert sound is not None
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sound.content)))
    assert rate == RATE
    assert len(samples) > 31 * rate  # a page with a wrong checksum is skipped


def test_charts_of_any_log_have_finite_coordinates() -> None:
    def record(generation: int, best: float | None, **engine: Any) -> dict[str, Any]:
        return {
            "generation": generation, "evaluations": 10 * generation, "best": best, "mean": best,
            "worst": best, "quartiles": None if best is None else [best] * 3, "champion": best,
            "champion_generation": 0, "figures": {}, "engine": engine, "failures": {},
            "wall_seconds": 1.0,
        }  # fmt: skip

    logs: list[list[dict[str, Any]]] = [
        [],
        [record(0, None)],
        [record(0, 1.0)],
        [record(0, 5e299), record(1, None), record(2, -5e299)],
        [record(n, 3.0, species=2, species_sizes={"1": n, "2": 5}) for n in range(1000)],
    ]
    for log in logs:
        for chart in charts_of(experiment("xor"), log):
            text = "".join(shape.path for shape in chart.shapes)
            assert "nan" not in text
            assert "inf" not in text
            assert len(chart.at) == len(chart.generations) <= 240
            assert all(len(column.values) == len(chart.at) for column in chart.columns)
    assert thinned(logs[-1])[-1]["generation"] == 999
    assert [chart.title for chart in charts_of(experiment("xor"), logs[-1])][-1] == (
        "sizes of the species"
    )


def test_a_run_that_has_not_ended_has_a_report(grid: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes((grid / "config.toml").read_bytes())
    (tmp_path / "run.json").write_text('{"status": "stopped"}')
    lines = (grid / "log.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines[:3]))
    (tmp_path / "songs").symlink_to(grid / "songs")
    report = run_report(tmp_path)
    assert "3 generations are done" in report.sentence
    assert report.tracks == ()
    assert dict(report.commands)["resumed by"] == f"evo resume {tmp_path}"
    assert write_report([tmp_path]).exists()
    shutil.copytree(grid / "checkpoints", tmp_path / "checkpoints")
    (track,) = run_report(tmp_path).tracks
    (whole,) = run_report(grid).tracks
    assert track.note == f"after generation 6: {whole.note}"
    assert track.roll == whole.roll


def test_keys_of_a_drawing_have_the_names_of_their_notes(tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = ("--song", "ode-to-joy", "--generations", "1", "--genome", "formula")
    assert evo("run", "memorize", *given, "--out", run).exit_code == 0

    def names() -> set[str]:
        return set(re.findall(r"<text[^>]*>([^<]*)", write_report([run]).read_text()))

    assert {"C4", "C5"} <= names()
    assert "key 0" not in names()
    (run / "champion" / "player.json").write_text('{"lowest_note": 1e9, "keys": [')
    assert "key 0" in names()
