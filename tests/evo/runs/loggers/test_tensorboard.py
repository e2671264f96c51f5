"""TensorBoard's own reader finds curves, pictures, sound and the graph, each generation once."""

import io
import os
import struct
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disturbing import undrawn
from running import Killed, Watcher, configured, resume, start

from evo.engines import Champion
from evo.runs.description import read_log
from evo.runs.loggers import LoggedChampion, LoggedRun, tensorboard

pytestmark = pytest.mark.skipif(
    find_spec("tensorboardX") is None,
    reason="tensorboardX, of the extra `tensorboard`, is not installed",
)


@pytest.fixture
def undrawn_run(monkeypatch: pytest.MonkeyPatch) -> None:
    undrawn(monkeypatch.setattr)


def read(path: Path) -> Any:
    """Return TensorBoard's reader of a run."""
    pytest.importorskip("tensorboard", reason="TensorBoard itself is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    sizes = dict.fromkeys(("scalars", "images", "audio", "graph", "tensors"), 0)  # all
    reader = EventAccumulator(str(path / "tensorboard"), size_guidance=sizes)
    return reader.Reload()


def logged() -> list[tensorboard.TensorBoardLogger]:
    return [tensorboard.TensorBoardLogger()]


def check_curves(path: Path) -> None:
    """Check that every generation of the log is a point of the curves, once."""
    reader, records = read(path), list(read_log(path / "log.jsonl"))
    for tag, entry in (("fitness/best", "best"), ("run/evaluations", "evaluations")):
        points = reader.Scalars(tag)
        assert [point.step for point in points] == list(range(len(records)))
        values = [record[entry] for record in records]
        assert [point.value for point in points] == pytest.approx(values, rel=1e-6)


def test_the_reader_finds_curves_pictures_and_sound(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(engine="ga", stop={"generations": 3}), loggers=logged())
    check_curves(tmp_path / "run")
    reader = read(tmp_path / "run")
    tags = reader.Tags()
    assert {"fitness/champion", "fitness/median", "run/wall_seconds"} <= set(tags["scalars"])
    assert {"figures/steps_correct", "engine/mean_notes"} <= set(tags["scalars"])
    assert tags["images"] == ["champion/roll"]
    (picture,) = reader.Images("champion/roll")
    content = (tmp_path / "run/champion/roll.png").read_bytes()
    assert picture.encoded_image_string == content
    assert (picture.step, picture.width, picture.height) == (
        2,
        *struct.unpack(">II", content[16:24]),
    )
    (sound,) = reader.Audio("champion/song")
    assert (sound.content_type, sound.sample_rate) == ("audio/wav", 22_050)
    with wave.open(io.BytesIO(sound.encoded_audio_string)) as file:
        assert file.getnframes() == sound.length_frames
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(samples).max() > 3000


@pytest.mark.usefixtures("undrawn_run")
def test_the_network_is_a_graph(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(stop={"generations": 3}), loggers=logged())
    graph = read(tmp_path / "run").Graph()
    names = {node.name for node in graph.node}
    assert names >= {"output/0"}
    assert any(name.startswith("input/") for name in names)
    assert {source for node in graph.node for source in node.input} <= names
    (output,) = [node for node in graph.node if node.name == "output/0"]
    assert len(output.attr["weights"].list.f) == len(output.input)


def test_a_formula_is_a_text(tmp_path: Path) -> None:
    (logger,) = logged()
    logger.begin(LoggedRun(tmp_path, {}))
    files = {"formula.txt": b"C4 = C4 of 4 steps ago"}
    logger.champion(LoggedChampion(Champion(None, 1.0, 0), lambda champion: files))
    logger.end({})
    (event,) = read(tmp_path).Tensors("champion/formula")
    assert event.tensor_proto.string_val == [b"    C4 = C4 of 4 steps ago"]


@pytest.mark.usefixtures("undrawn_run")
def test_a_killed_run_continues_without_repeating_a_generation(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(Killed):
        start(path, configured(checkpoints={"every": 3}), Watcher(kill_after=8), logged())
    resume(path)  # it has files of this logger
    check_curves(path)
    resume(path, stop={"generations": 14})
    check_curves(path)


@pytest.mark.usefixtures("undrawn_run")
def test_a_run_that_was_not_logged_gets_its_earlier_generations(tmp_path: Path) -> None:
    start(tmp_path / "run", configured(stop={"generations": 3}))
    resume(tmp_path / "run", loggers=logged(), stop={"generations": 5})
    check_curves(tmp_path / "run")


@pytest.mark.usefixtures("undrawn_run")
def test_of_a_long_run_not_every_generation_is_a_point_but_the_last_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard, "DENSE", 4)
    monkeypatch.setattr(tensorboard, "EVERY", 1e9)
    start(tmp_path / "run", configured(), loggers=logged())
    steps = [point.step for point in read(tmp_path / "run").Scalars("fitness/best")]
    assert steps == [0, 1, 2, 3, 11]


def test_every_champion_has_pictures_if_there_is_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undrawn(monkeypatch.setattr)
    monkeypatch.setattr(tensorboard, "PAUSE", 0.0)
    monkeypatch.setattr(tensorboard, "_LONGEST", 1.0)
    config = configured(engine="ga", stop={"generations": 4})
    start(tmp_path / "run", config, loggers=logged())
    found = {record["champion_generation"] for record in read_log(tmp_path / "run/log.jsonl")}
    assert [event.step for event in read(tmp_path / "run").Audio("champion/song")] == sorted(found)


@pytest.mark.usefixtures("undrawn_run")
def test_without_tensorboardx_a_resumed_run_says_that_it_does_not_continue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, watcher = tmp_path / "run", Watcher()
    start(path, configured(stop={"generations": 2}), loggers=logged())
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    assert resume(path, watcher, stop={"generations": 4})["generations"] == 4
    (message,) = [message for message in watcher.messages if "tensorboard" in message]
    assert message.startswith(f"{path}/tensorboard is not continued: ")


@pytest.mark.usefixtures("undrawn_run")
def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    path, elsewhere, watcher = tmp_path / "run", tmp_path / "elsewhere", Watcher()
    elsewhere.mkdir()
    start(path, configured(stop={"generations": 2}))
    os.symlink(elsewhere, path / "tensorboard")
    assert resume(path, watcher, stop={"generations": 4})["generations"] == 4
    assert list(elsewhere.iterdir()) == []
    (message,) = [message for message in watcher.messages if "tensorboard" in message]
    assert "it is a link; remove it" in message
