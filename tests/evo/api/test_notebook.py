"""Notebooks: every object that ends a cell is shown, in a real kernel and beyond it."""

import base64
import importlib.util
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import evo
from evo.api.champion import Champion
from evo.api.run_object import Front, Run, RunLog
from genomes.grid.grids import Grids

ROOT = Path(__file__).parents[3]
# The name of a folder that would be an element of HTML.
HOSTILE = "<img src=x onerror=alert(1)>"

CELLS = {
    "begin": """
import numpy as np, evo
ROWS = [(0, 0), (0, 1), (1, 0), (1, 1)]
def xor(network):
    return float(4 - ((network.activate(ROWS)[:, 0] - [0, 1, 1, 0]) ** 2).sum())
""",
    "evolve": f"""
run = evo.evolve(xor, inputs=2, outputs=1, generations=12, seed=1, out={HOSTILE!r},
                 figures=lambda network: {{"a<b": 0.5}})
""",
    "run": "run",
    "log": "run.log",
    "champion": "run.champion",
    "network": "run.champion.network",
    "plot": "run.plot()",
    "again": "evo.load_run(run.path).plot()",
    "resumed": f"""
_ = evo.evolve(xor, inputs=2, outputs=1, generations=12, seed=1, out={HOSTILE!r}, resume=True,
               figures=lambda network: {{"a<b": 0.5}})
""",
    "workers": """
several = evo.evolve(xor, inputs=2, outputs=1, generations=12, seed=1, workers=2, out="workers",
                     figures=lambda network: {"a<b": 0.5})
several.result["digest"] == run.result["digest"]
""",
    "figure": """
from evo.analysis.plot import network_figure
network_figure(run.champion.performers)
""",
    "inline": "%matplotlib inline\nrun.plot()",
    "player": "song = evo.song(evo.tunes()[0])\nsong.play()",
    "song": "song",
    "music": """
run = evo.evolve(evo.fitness(batch=True)(lambda players: players.notes.sum((1, 2))), keys=13,
                 genome="grid", steps=64, generations=3, name="all")
run.champion
""",
    "engine": """
engine = evo.engine("neat", inputs=3, outputs=2, population=20)
engine.tell(np.arange(float(len(engine.ask()))))
engine
""",
    "batch": "engine.ask()",
    "single": "engine.ask().individuals()[0]",
    "stopped": """
import os, signal
signals = [signal.SIGINT]
def interrupting(network):
    if signals:
        os.kill(os.getpid(), signals.pop())
    return 1.0
evo.evolve(interrupting, inputs=2, outputs=1, generations=5, out="stopped")
""",
    "afterwards": 'evo.load_run("stopped").result["status"]',
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Return the outputs of every cell, executed in one kernel."""
    nbformat = pytest.importorskip("nbformat", reason="the extra `test` is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra `test` is not installed")
    if importlib.util.find_spec("ipykernel") is None:
        pytest.skip("ipykernel is not installed, so there is no kernel")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip("\n")) for source in CELLS.values()]
    )
    folder = tmp_path_factory.mktemp("notebook")
    places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = {
        "PYTHONPATH": os.pathsep.join(places),
        "IPYTHONDIR": str(folder / "ipython"),  # no user's settings
        "MPLBACKEND": "",
    }
    environment = {k: v for k, v in (os.environ | variables).items() if v}
    client = nbclient.NotebookClient(
        notebook, timeout=300, allow_errors=True, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute(env=environment)
    if keep := os.environ.get("KEEP_NOTEBOOK"):
        nbformat.write(notebook, keep)
    assert nbformat.validate(notebook) is None
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


class Elements(HTMLParser):
    """The elements and the text of HTML; every element that is opened must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[dict[str, Any]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.names.append(tag)
        self.attributes.append(dict(attrs))
        if tag not in ("img", "rect"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("img", "rect"):
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def data(outputs: dict[str, list[Any]], cell: str, kind: str = "execute_result") -> Any:
    """Return the data of a cell's only output."""
    (output,) = outputs[cell]
    assert output["output_type"] == kind
    return output["data"]


def size_of(png: str | bytes) -> tuple[int, int]:
    """Return the width and height of a PNG."""
    content = base64.b64decode(png) if isinstance(png, str) else png
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def test_no_cell_but_the_interrupted_one_fails_or_warns(outputs: dict[str, list[Any]]) -> None:
    for name, found in outputs.items():
        wrong = [o for o in found if o["output_type"] == "error" or o.get("name") == "stderr"]
        if name == "stopped":
            assert [one["ename"] for one in wrong] == ["KeyboardInterrupt"]
        else:
            assert wrong == [], name


@pytest.mark.parametrize("cell", ["plot", "again", "figure", "inline"])
def test_a_figure_is_shown_as_a_picture(outputs: dict[str, list[Any]], cell: str) -> None:
    found = data(outputs, cell)
    assert len(found["image/png"]) < 400_000
    width, height = size_of(found["image/png"])
    assert 800 < width < 2500
    assert 300 < height < 2500


def test_32_seconds_of_sound_are_below_400_kilobytes(outputs: dict[str, list[Any]]) -> None:
    html = data(outputs, "player")["text/html"]
    seconds = 38.4  # of the tune
    assert len(html) * 32 / seconds < 345_000
    sound = re.search(r'src="data:audio/(ogg|wav);base64,([^"]*)"', html)
    assert sound is not None
    assert base64.b64decode(sound[2])[:4] == {"ogg": b"OggS", "wav": b"RIFF"}[sound[1]]


def test_a_song_is_its_roll_and_a_player(outputs: dict[str, list[Any]]) -> None:
    found = data(outputs, "song")
    html = Elements(found["text/html"])
    assert html.names == ["img", "audio"]
    assert re.match("data:audio/(ogg|wav);base64,", html.attributes[1]["src"])
    assert size_of(html.attributes[0]["src"].partition("base64,")[2])[0] == 1500
    assert size_of(found["image/png"])[0] == 1500
    assert sum(map(len, found.values())) < 500_000


def test_a_network_is_its_picture(outputs: dict[str, list[Any]]) -> None:
    for cell in ("network", "single"):
        drawn = data(outputs, cell)["image/svg+xml"]
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert len(drawn) < 20_000


def test_a_run_is_its_outcome_and_its_fitness(outputs: dict[str, list[Any]]) -> None:
    html = Elements(data(outputs, "run")["text/html"])
    assert "Run\nstatus\nfinished\nreason\n12 generations done\nbest fitness\n" in html.text
    assert "generations\n12\n" in html.text
    assert f"path\n{HOSTILE}\n" in html.text
    assert html.names.count("img") == 1
    assert not any("onerror" in attributes for attributes in html.attributes)
    assert len(data(outputs, "run")["text/html"]) < 400_000


def test_a_log_is_its_first_and_last_records(outputs: dict[str, list[Any]]) -> None:
    html = Elements(data(outputs, "log")["text/html"])
    assert html.text.startswith("Log of 12 generations\ngeneration\nevaluations\nchampion\nbest\n")
    assert html.names.count("tr") == 1 + 3 + 1 + 3
    assert "a<b\n" in html.text


def test_a_champion_is_its_network_or_its_music(outputs: dict[str, list[Any]]) -> None:
    html = Elements(data(outputs, "champion")["text/html"])
    assert "Networks(1 network, 2 inputs, 1 output)" in html.text
    assert html.names.count("svg") == 1
    assert "audio" not in html.names
    progress, found = outputs["music"]
    music = Elements(found["data"]["text/html"])
    assert progress["output_type"] == "display_data"
    assert "Grids(1 grid, 64 steps, 13 keys)" in music.text
    assert music.names[-2:] == ["img", "audio"]


def test_an_engine_and_a_batch_are_tables(outputs: dict[str, list[Any]]) -> None:
    engine = Elements(data(outputs, "engine")["text/html"])
    assert "generation\n1\nevaluations\n20\n" in engine.text
    assert "Networks(20 networks, 3 inputs, 2 outputs)" in engine.text
    assert engine.names.count("svg") == 1
    batch = Elements(data(outputs, "batch")["text/html"])
    assert batch.text.startswith("Networks(20 networks, 3 inputs, 2 outputs)\n")
    assert "image/svg+xml" not in data(outputs, "batch")


def test_the_progress_of_a_run_ends_as_one_line(outputs: dict[str, list[Any]]) -> None:
    html = Elements(data(outputs, "evolve", "display_data")["text/html"])
    assert html.names == ["div"]
    assert re.fullmatch(
        r"generation 12 of 12: champion [\d.]+, best .* species.*, [\d.]+ s\n", html.text
    )


def test_functions_of_a_notebook_run_in_worker_processes(outputs: dict[str, list[Any]]) -> None:
    progress, found = outputs["workers"]
    assert progress["output_type"] == "display_data"
    assert found["data"]["text/plain"] == "True"


def test_an_interrupted_run_is_saved_and_the_kernel_goes_on(outputs: dict[str, list[Any]]) -> None:
    assert outputs["stopped"][-1]["ename"] == "KeyboardInterrupt"
    assert data(outputs, "afterwards")["text/plain"] == "'stopped'"


def test_a_run_that_has_not_ended_says_how_to_resume_it(tmp_path: Path) -> None:
    html = Elements(Run(tmp_path)._repr_html_())
    assert f"status\nnot ended\nreason\n{tmp_path}/log.jsonl: No such file" in html.text
    (tmp_path / "log.jsonl").write_bytes(b"")
    html = Elements(Run(tmp_path)._repr_html_())
    assert f"resume it by `evo resume {tmp_path}`" in html.text
    assert "img" not in html.names
    (tmp_path / "log.jsonl").write_text("{<script>}\n")
    html = Elements(Run(tmp_path)._repr_html_())
    assert "script" not in html.names
    assert "line 1" in html.text


def test_logs_of_every_length_are_tables() -> None:
    def record(generation: int) -> dict[str, Any]:
        scores = dict.fromkeys(("best", "mean", "worst", "quartiles", "champion"))
        return {
            "generation": generation, "evaluations": 10, **scores, "champion_generation": 0,
            "figures": {"<script>": "<b>", "x": [1]}, "engine": {}, "failures": {"nan": 10},
            "failure": "<i>", "wall_seconds": 1.0,
        }  # fmt: skip

    for count, rows in ((0, 0), (1, 1), (7, 7), (8, 7), (1000, 7)):
        html = Elements(RunLog([record(g) for g in range(count)])._repr_html_())
        assert html.names.count("tr") == 1 + rows
        assert not {"script", "b", "i"} & set(html.names[2:])
        assert ("999\n" in html.text) == (count == 1000)


def test_a_long_song_has_no_player_of_its_own() -> None:
    song = evo.Song(np.ones((1000, 3), np.bool_), steps_per_beat=1)
    html = song._repr_html_()
    assert Elements(html).names == ["img", "p"]
    assert "500 seconds: play() returns a player" in html
    assert len(song._repr_png_()) < 200_000


def test_names_of_songs_are_escaped() -> None:
    html = Elements(evo.Song(np.ones((4, 3), np.bool_), name='"><script>')._repr_html_())
    assert html.names == ["img", "audio"]
    assert "<script>" in html.attributes[0]["alt"]


def test_a_champion_of_another_genome_is_shown_by_its_size() -> None:
    grid = Grids(np.zeros((1, 2, 3), np.bool_))
    html = Elements(Champion(grid, None, 3)._repr_html_())
    assert html.text == "Champion\nfitness\ngeneration\n3\ngenome\nGrids(1 grid, 2 steps, 3 keys)\n"
    front = Front(np.zeros((4, 2)), grid)
    assert repr(front) == "Front(4 individuals, 2 goals)"


def test_nothing_of_a_notebook_is_imported_without_one() -> None:
    import subprocess

    code = "import sys, evo; evo.evolve; print({'IPython', 'matplotlib'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
