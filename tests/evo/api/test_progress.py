"""The progress of a run in a notebook: few updates, escaped text, and no harm by the frontend."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest

import evo
from evo.api import progress
from evo.api.progress import NotebookDisplay, in_notebook
from evo.core.errors import InputError
from evo.runs.stop import Stop


class Frontend:
    """Stands in for `IPython.display`, and can fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.shown: list[str] = []
        self.error = error
        self.first: dict[str, Any] = {}

    def HTML(self, text: str) -> str:  # noqa: N802
        return text

    def display(self, html: str, **options: Any) -> Any:
        self.first = options
        self.update(html)
        return types.SimpleNamespace(update=self.update)

    def update(self, html: str) -> None:
        if self.error is not None:
            raise self.error
        self.shown.append(html)


@pytest.fixture
def frontend(monkeypatch: pytest.MonkeyPatch) -> Frontend:
    made = Frontend()
    monkeypatch.setitem(sys.modules, "IPython.display", made)  # type: ignore[arg-type]
    return made


def record(generation: int, **more: Any) -> dict[str, Any]:
    return {
        "generation": generation, "evaluations": 10 * generation + 10, "best": 1.0, "mean": 0.5,
        "champion": 1.0, "figures": {}, "engine": {}, "failures": {},
        "wall_seconds": 0.5 * generation, **more,
    }  # fmt: skip


def test_there_are_a_few_updates_a_second(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    display: Any = NotebookDisplay()
    display.begin(None, Stop(generations=1000), 0)
    for generation in range(1000):
        now[0] += 0.001
        display.record(record(generation))
    display.end()
    assert frontend.first == {"display_id": True}
    assert len(frontend.shown) == 1 + 3 + 1
    assert "generation 0 of 1,000" in frontend.shown[0]
    assert "width:60.0%" in frontend.shown[2]
    assert "evaluations/s" in frontend.shown[2]
    line = "<div>generation 1,000 of 1,000: champion 1.00, best 1.00, mean 0.50, 499.5 s</div>"
    assert frontend.shown[-1] == line


def test_texts_are_escaped_and_runs_without_an_end_have_no_bar(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    display: Any = NotebookDisplay(lambda figures: ["<b>\x00\ud800"])
    display.begin(None, Stop(), 5)
    display.message("a\nb")
    display.record(record(5, failures={"error": 3}, failure="<script>"))
    display.end()
    assert capsys.readouterr().out == "a\\nb\n"
    assert "generation 5<" in frontend.shown[0]
    assert "width" not in "".join(frontend.shown)
    for html in frontend.shown[1:]:
        assert "&lt;b&gt;\\x00\\ud800, champion 1.00, " in html
        assert ", failed: 3 error (&lt;script&gt;)" in html
        html.encode()


def test_a_run_without_a_further_generation_says_so(frontend: Frontend) -> None:
    display: Any = NotebookDisplay()
    display.begin(None, Stop(generations=3), 3)
    display.end()
    assert frontend.shown[-1] == "<div>no further generation</div>"


@pytest.mark.usefixtures("undrawn")
def test_errors_of_the_frontend_neither_end_nor_change_a_run(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    errors: list[Exception] = [BrokenPipeError(), RuntimeError("loop is closed"), ValueError()]
    zmq = pytest.importorskip("zmq", reason="ipykernel is not installed")
    errors.append(zmq.ZMQError())
    monkeypatch.setattr("evo.api.progress.in_notebook", lambda: True)
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    digests = set()
    for number, error in enumerate([None, *errors]):
        frontend.error = error
        run = evo.evolve(
            lambda network: float(network.activate([1.0])[0]),
            inputs=1, outputs=1, population=10, generations=3, out=tmp_path / str(number),
        )  # fmt: skip
        digests.add(run.result["digest"])
    assert len(digests) == 1
    assert len(frontend.shown) == 1 + 3 + 1


def test_a_kernel_is_told_from_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not in_notebook()
    shell = types.SimpleNamespace()
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)  # type: ignore[arg-type]
    assert not in_notebook()  # the shell of a terminal
    shell.kernel = object()
    assert in_notebook()


def test_run_and_resume_take_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small: dict[str, Any] = {"population": 10, "out": tmp_path / "run"}
    evo.run("xor", generations=2, **small)
    assert capsys.readouterr().out == ""
    evo.resume(tmp_path / "run", generations=3, progress=True)
    assert capsys.readouterr().out.startswith("generation 3 of 3: champion ")
    with pytest.raises(InputError, match="progress must be True or False, got 'x'"):
        evo.resume(tmp_path / "run", progress="x")  # type: ignore[arg-type]
