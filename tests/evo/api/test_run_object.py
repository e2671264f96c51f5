"""A run as an object: champion, log, song, figure, engine."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import evo
from evo.core.errors import InputError, RunError
from evo.runs import checkpoint


def wave(network: Any) -> float:
    """Return how much the output changes."""
    return float(np.ptp(network.activate([[0.0, 1.0], [1.0, 0.0]])))


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> evo.Run:
    """Return a run of networks."""
    out = tmp_path_factory.mktemp("networks") / "run"
    return evo.evolve(
        wave, inputs=2, outputs=1, population=20, generations=3, out=out,
        figures=lambda network: {"change": wave(network)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> evo.Run:
    """Return a run that learned a song given as an object."""
    scale = evo.Song(np.tile(np.eye(7, dtype=np.bool_), (3, 1)), name="scale", steps_per_beat=4)
    out = tmp_path_factory.mktemp("music") / "run"
    return evo.run("memorize", song=scale, genome="grid", generations=40, out=out)


def test_a_champion_is_the_exported_network(networks: evo.Run) -> None:
    loaded = evo.load_network(networks.path / "champion" / "network.json")
    for row in ([0.0, 1.0], [0.3, -2.0]):
        assert loaded.step(row) == networks.champion.step(row)
        assert loaded.activate(row) == networks.champion.activate(row)
    assert wave(networks.champion) == networks.champion.score


def test_a_champion_is_saved_and_loaded(networks: evo.Run, tmp_path: Path) -> None:
    networks.champion.save(tmp_path / "a.json")
    assert evo.load_network(tmp_path / "a.json").step([0.5, 0.5]) == networks.champion.step(
        [0.5] * 2
    )
    with pytest.raises(InputError, match=r"none\.json"):
        evo.load_network(tmp_path / "none.json")
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(InputError, match=r"b\.json"):
        evo.load_network(tmp_path / "b.json")


def test_a_log_is_a_table(networks: evo.Run) -> None:
    frame = networks.log.to_pandas()
    assert frame["generation"].tolist() == [0, 1, 2]
    assert frame["figures.change"].iloc[-1] == networks.champion.score
    assert [record["gen"] for record in networks.log.to_logbook()] == [0, 1, 2]
    assert len(networks.log[1:]) == 2
    assert networks.log[-1]["champion"] == networks.champion.score


def test_a_run_is_drawn_with_the_users_figures(networks: evo.Run) -> None:
    for figure in (networks.plot(), evo.plot(networks.path)):
        assert isinstance(figure, Figure)
        assert any(axes.get_ylabel() == "change" for axes in figure.axes)


def test_a_run_is_listed_and_compared(networks: evo.Run) -> None:
    (summary,) = evo.runs(networks.path)
    assert (summary.experiment, summary.engine, summary.generation) == ("wave", "neat", 3)
    text = str(evo.compare(networks.path, target=0.0))
    assert "wave/network/neat" in text
    with pytest.raises(InputError):
        evo.plot()


def test_an_engine_is_restored_with_its_population(networks: evo.Run) -> None:
    engine = networks.engine()
    assert engine.generation == 3
    assert len(engine.ask()) == 20
    with pytest.raises(RunError, match="no front, because its fitness has one goal"):
        networks.front()


def test_a_champion_of_numbers_plays_no_music(networks: evo.Run) -> None:
    with pytest.raises(InputError, match="plays no music"):
        networks.champion.song()
    with pytest.raises(RunError, match="has no song"):
        networks.song  # noqa: B018


def test_a_song_object_is_learned_with_its_keys(music: evo.Run) -> None:
    assert music.config.task.keys == 7
    assert music.config.task.steps_per_beat == 4
    assert music.champion.song(21).onsets.shape == (21, 7)
    with pytest.raises(InputError, match="no network: it is one of Grids"):
        music.champion.step([1.0])


def test_a_run_without_its_end_says_how_to_resume(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run here"):
        evo.load_run(tmp_path)
    run = evo.evolve(wave, inputs=2, outputs=1, population=20, generations=1, out=tmp_path / "a")
    (run.path / "result.json").unlink()
    again = evo.load_run(run.path)
    assert repr(again) == f"<run {run.path}, not ended>"
    with pytest.raises(RunError, match="has not ended; resume it by `evo resume"):
        again.result  # noqa: B018


@pytest.mark.usefixtures("undrawn")
def test_a_champion_that_is_not_one_individual_is_refused(tmp_path: Path) -> None:
    run = evo.evolve(wave, inputs=2, outputs=1, population=20, generations=1, out=tmp_path / "a")
    two = run.champion.performers.take([0, 0]).to_arrays()
    (run.path / "champion" / "arrays.npz").write_bytes(checkpoint.pack_arrays(two))
    with pytest.raises(RunError, match="its champion is damaged: 2 individuals, not one"):
        evo.load_run(run.path).champion  # noqa: B018
