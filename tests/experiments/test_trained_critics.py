"""Critics are trained once for the same songs and settings."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from critics import few_panel
from evo.experiments.critic import EXPERIMENT
from evo.experiments.trained_critics import FILE
from running import configured

from evo.core.user_cache import cache_folder
from evo.experiments import trained_critics as trained
from evo.fitness.critic.panel import Panel
from evo.fitness.critic.style import Style
from evo.music.song_finder import SongFinder

TABLE: dict[str, Any] = {"seed": 0, "rounds": 0}


class Training:
    """Trained critics, in place of their training, with its count and messages."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.times, self.said = panel, 0, list[str]()

    def train(self, *arguments: Any) -> Panel:
        self.times += 1
        return self.panel

    def ask(self, **changes: Any) -> Panel:
        of = {"rolls": self.panel.songs, "names": self.panel.names, "style": self.panel.style}
        with patch.object(trained, "train", self.train):
            return trained.trained_critics(
                **(of | TABLE | {"show_message": self.said.append} | changes)
            )


@pytest.fixture
def training() -> Training:
    return Training(few_panel())


def test_critics_of_the_same_songs_and_settings_are_trained_once(training: Training) -> None:
    first, again = training.ask(), training.ask()
    assert training.times == 1
    assert training.said == ["these 12 songs have critics from an earlier run"]
    assert again.names == first.names
    for name, array in first.to_arrays().items():
        assert np.array_equal(again.to_arrays()[name], array)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"rounds": 1},
        {"style": Style(tempo=90.0)},
        {"names": [f"song {number}" for number in range(12)]},
        {"rolls": few_panel().songs[:, ::-1]},
    ],
)
def test_everything_that_critics_depend_on_trains_others(
    training: Training, changes: dict[str, Any]
) -> None:
    training.ask()
    training.ask(**changes)
    assert training.times == 2


def test_another_source_platform_or_number_of_threads_trains_others(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.ask()
    for name in ("sources_of", "platform_fingerprint"):
        with patch.object(trained, name, lambda *arguments: "another"):
            training.ask()
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    training.ask()
    assert training.times == 4


def test_nothing_is_kept_if_sources_changed_after_the_start_or_without_the_cache(
    training: Training,
) -> None:
    with patch.object(trained, "sources_of", side_effect=OSError("changed")):
        training.ask()
    training.ask(cache=False)
    assert training.times == 2
    assert not cache_folder().exists()


def test_an_entry_of_other_songs_is_trained_again(training: Training) -> None:
    training.ask()
    (entry,) = (cache_folder() / "critics").iterdir()
    content = entry.read_bytes()
    training.ask(seed=1)
    for path in (cache_folder() / "critics").iterdir():
        path.write_bytes(content)
    training.said.clear()
    names = [f"song {number}" for number in range(12)]
    with patch.object(trained, "_key", lambda *arguments: entry.name):
        training.ask(names=names)
    assert training.times == 3
    assert "it holds other songs" in training.said[0]


def test_a_second_run_copies_the_critics_of_the_first(training: Training, tmp_path: Path) -> None:
    songs = few_panel().songs, list(few_panel().names), Style()
    assert EXPERIMENT.prepare is not None
    with (
        patch.object(trained, "train", training.train),
        patch("evo.experiments.critic.corpus_of", lambda *arguments: songs),
    ):
        for name, cache in (("one", True), ("two", True), ("three", False)):
            (tmp_path / name).mkdir()
            config = configured("critic", "ga", critic={"pieces": 3, "cache": cache})
            EXPERIMENT.prepare(config, tmp_path / name, training.said.append, SongFinder())
    assert training.times == 2
    copies = [(tmp_path / name / FILE).read_bytes() for name in ("one", "two", "three")]
    assert copies[0] == copies[1] == copies[2]
