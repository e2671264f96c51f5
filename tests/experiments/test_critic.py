"""`evo run critic`: reproducible runs that leave pieces."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from critics import few_panel, short_training
from evo.experiments.critic import EXPERIMENT, of_length
from evo.experiments.trained_critics import FILE
from running import Killed, Watcher, configured, resume, start

from evo.core.config import Config
from evo.core.errors import InputError
from evo.fitness.critic import model, training
from evo.fitness.critic.counterexamples import corrupted
from evo.fitness.critic.panel import Panel
from evo.fitness.critic.style import Style
from evo.music.metre import Metre
from evo.music.planes import until_next
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.music.tunes import tune, tune_names
from evo.runs import checkpoint
from evo.runs.loading import load_run
from genomes.grid.grids import Grids

FEW = {"stop": {"generations": 6}, "checkpoints": {"every": 2}}


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same critics with lengths of notes: all last until the next onset."""
    path = tmp_path_factory.mktemp("lasting") / FILE
    sounding = np.array([until_next(onsets, 8) for onsets in few_panel().songs])
    panel = replace(few_panel(), sounding=sounding)
    path.write_bytes(checkpoint.pack_arrays(panel.to_arrays()))
    return path


def config_of(critics: Path, engine: str = "ga", **tables: Any) -> Config:
    table = {"critics": str(critics)} | tables.pop("critic", {})
    if engine == "ga":
        table = {"pieces": 3} | table
    return configured("critic", engine, critic=table, **FEW, **tables)


@pytest.fixture(scope="module")
def composed(
    critics: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Return a read-only run with pictures, and its result."""
    path = tmp_path_factory.mktemp("composed") / "run"
    return path, start(path, config_of(critics))


def left(path: Path) -> dict[str, bytes]:
    """Return a run's output files, by name."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for folder in ("champion", "pieces")
        for file in sorted((path / folder).iterdir())
    }


def test_same_pieces_with_one_worker_or_two_and_after_a_kill(
    critics: Path, composed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    one, result = composed
    others = {"two": {"workers": {"count": 2}}, "killed": {}}
    for name, tables in others.items():
        path = tmp_path / name
        if name == "killed":
            with pytest.raises(Killed):
                start(path, config_of(critics), Watcher(kill_after=3))
            again = resume(path)
        else:
            again = start(path, config_of(critics, **tables))
        assert again["digest"] == result["digest"]
        assert left(path) == left(one)


def test_every_brief_leaves_a_piece_that_can_be_heard_and_is_judged(
    composed: tuple[Path, dict[str, Any]],
) -> None:
    path, result = composed
    document = json.loads((path / "pieces" / "pieces.json").read_text())
    assert [one["name"] for one in document["records"]] == ["piece-01", "piece-02", "piece-03"]
    assert result["pieces"] == 3
    assert {"critic", "held_out_critic", "nearest_song", "fresh_classifier_auc"} <= set(result)
    shares = {"pairs_sharing_a_bar", "pairs_sharing_two_bars", "songs_sharing_a_bar"}
    assert shares <= set(result)
    assert len(document["against_songs"]["self_repetition"]) == 3
    panel = few_panel()
    for one in document["records"]:
        song = Song.load(path / "pieces" / f"{one['name']}.mid", steps=128)
        assert panel.critics[-1].judge(song.onsets[None])[0] == pytest.approx(
            one["held_out_critic"]
        )
        assert one["brief"] in panel.names
    table = (path / "pieces" / "pieces.txt").read_text()
    assert all(one["name"] in table for one in document["records"])
    assert "of the pairs of pieces share a bar" in table
    assert "self_repetition" in table


@pytest.mark.usefixtures("undrawn")
def test_pieces_have_lengths_of_their_own_with_any_workers_and_after_a_kill(
    lasting: Path, tmp_path: Path
) -> None:
    table = {"durations": True}
    result = start(tmp_path / "one", config_of(lasting, critic=table))
    with pytest.raises(Killed):
        start(tmp_path / "two", config_of(lasting, critic=table), Watcher(kill_after=3))
    again = resume(tmp_path / "two", workers={"count": 2})
    assert again["digest"] == result["digest"]
    assert left(tmp_path / "one") == left(tmp_path / "two")
    config, _ = load_run(tmp_path / "one")
    assert config.engine.grid.keys == 26
    assert config.engine.mutation.length > 0
    folder = tmp_path / "one" / "pieces"
    pieces = [Song.load(path) for path in sorted(folder.glob("*.mid"))]
    lengths = {release - first for piece in pieces for first, release, _ in piece.notes()}
    assert len(lengths) > 2
    document = json.loads((folder / "pieces.json").read_text())
    assert {"length_surprise", "sounding"} < set(document["records"][0])


@pytest.mark.parametrize(("durations", "voices"), [(True, 2), (False, 1)])
def test_with_durations_a_grid_has_as_many_voices_as_most_songs(
    durations: bool, voices: int
) -> None:
    chords = few_panel().songs | np.roll(few_panel().songs, 4, axis=2)
    critics = replace(few_panel(), songs=chords, sounding=chords)
    config = EXPERIMENT.config("ga").changed({"critic": {"critics": "x", "durations": durations}})
    with patch("evo.experiments.critic.critics_in", lambda path: critics):
        assert EXPERIMENT.follow_up is not None
        config = EXPERIMENT.config("ga", EXPERIMENT.follow_up(config, SongFinder()))
    assert config.engine.grid.most_voices == config.engine.grid.voices == voices


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", ["neat", "es", "deap-grid", "random-grid"])
def test_performers_of_every_kind_play_lengths(lasting: Path, tmp_path: Path, engine: str) -> None:
    result = start(tmp_path / "run", config_of(lasting, engine, critic={"durations": True}))
    assert "length_surprise" in result
    song = Song.load(tmp_path / "run" / "champion" / "song.mid")
    assert song.notes()
    if engine == "neat":
        document = json.loads((tmp_path / "run" / "champion" / "player.json").read_text())
        assert (document["keys"], document["durations"]) == (26, True)


@pytest.mark.usefixtures("undrawn")
def test_without_briefs_a_search_climbs_what_the_critics_think(
    critics: Path, tmp_path: Path
) -> None:
    table = {"pieces": 0}
    result = start(tmp_path / "run", config_of(critics, critic=table))
    assert result["best_fitness"] == pytest.approx(result["critic"])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("survival", ["comma", "plus", "elites"])
def test_pieces_of_every_survival_say_which_brief_they_were_bred_to(
    critics: Path, tmp_path: Path, survival: str
) -> None:
    # A climb has one parent.
    ga = {"population": {"survival": survival, "parents": 3, "climb": 0}}
    result = start(tmp_path / "run", config_of(critics, ga=ga))
    document = json.loads((tmp_path / "run" / "pieces" / "pieces.json").read_text())
    songs = list(few_panel().briefs(3, 5).songs)
    wanted = {"comma": songs[:1], "plus": songs[:1] * 3, "elites": songs}[survival]
    assert [one["brief"] for one in document["records"]] == wanted
    assert result["pieces"] == len(wanted)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", ["neat", "es"])
def test_networks_and_history_users_compose_one_piece(
    critics: Path, tmp_path: Path, engine: str
) -> None:
    result = start(tmp_path / "run", config_of(critics, engine))
    assert result["pieces"] == 1
    assert (tmp_path / "run" / "champion" / "song.mid").exists()


def test_critics_are_trained_where_none_are_given(tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    for name in tune_names()[:12]:
        tune(name).save(songs / f"{name}.mid")
    table = {"song": str(songs), "critics": "", "rounds": 1}
    watcher = Watcher()
    with (
        patch.multiple(model, NETWORKS=1),
        patch.multiple(training, EPOCHS=1),
        patch.multiple("evo.fitness.critic.examples", CORRUPTED=120, SHUFFLED=12, MADE=4),
        patch("evo.fitness.critic.hard_negatives.SEARCHES", 1),
        patch("evo.experiments.trained_critics.SEARCH_GENERATIONS", 2),
    ):
        start(tmp_path / "run", config_of(tmp_path, critic=table), watcher)
    assert (tmp_path / "run" / FILE).exists()
    assert watcher.messages[0] == "12 songs in 4/4, 2 steps per beat, 16 bars each"
    assert watcher.messages[1] == "training 3 critics on 12 songs ..."
    assert "of 1 searches found" in watcher.messages[2]


@pytest.mark.usefixtures("undrawn")
def test_a_folder_of_waltzes_makes_waltzes(tmp_path: Path) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    for seed in range(9):
        random = np.random.default_rng(seed)
        onsets = np.zeros((2 + 48, 16), np.bool_)
        onsets[np.arange(0, 50, 2), random.integers(16, size=25)] = True
        onsets[3 + 6 * random.integers(8), 4] = True  # an eighth
        metre = Metre(3, 4, 2)
        Song(onsets, 55, tempo=90.0, metre=metre).save(songs / f"waltz-{seed}.mid")
    Song(np.eye(16, dtype=np.bool_), metre=Metre(4, 4)).save(songs / "march.mid")
    table = {"song": str(songs), "critics": "", "rounds": 0}
    watcher = Watcher()
    with (
        patch.multiple(model, NETWORKS=1),
        patch.multiple(training, EPOCHS=1),
        patch.multiple("evo.fitness.critic.examples", CORRUPTED=9, SHUFFLED=9, MADE=1),
    ):
        config = config_of(tmp_path, critic=table)
        start(tmp_path / "run", config, watcher)
    assert config.engine.grid.bar == 6
    assert config.engine.mutation.echo > 0
    assert config.task.steps == 6 + 48  # a bar for the pickup, and 8 bars
    assert "left out: 1 song in another metre than 3/4 (march)" in watcher.messages
    pieces = [Song.load(path) for path in sorted((tmp_path / "run" / "pieces").glob("*.mid"))]
    assert len(pieces) == 3
    assert {str(piece.metre) for piece in pieces} == {"3/4"}
    assert {(round(piece.tempo), piece.metre.first_bar < 6) for piece in pieces} == {(90, True)}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"critics": "nowhere.npz"}, "nowhere.npz: there is no such file of critics"),
        ({"pieces": 40}, "there can be 8 pieces for these songs, not 40"),
        ({"critics": "", "song": "ode-to-joy"}, "at least 9 different tunes"),
        ({"critics": "", "keys": 20}, "give a --song FOLDER"),
        ({"song": "ode-to-joy"}, "leave --song or it out"),
        ({"durations": True}, "its critics know no lengths of notes; train others with --dur"),
        ({"steps": 64}, "know songs of 128 steps and 13 keys, not of 64 and 13"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_leaves_nothing(
    critics: Path, tmp_path: Path, table: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as got:
        start(tmp_path / "run", config_of(critics, critic=table, ga={"population": {"size": 64}}))
    assert words in str(got.value)
    assert "\n" not in str(got.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"critic": {"keys": 129}},
            "critic.keys must be a whole number from 1 to 128 or auto, got 129",
        ),
        ({"ga": {"population": {"size": 7}}}, "8 pieces need a population of at least that size"),
    ],
)
def test_what_cannot_be_bred_is_said_before_critics_are_trained(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        EXPERIMENT.shape(EXPERIMENT.config("ga").changed(changes), SongFinder())


def test_pieces_for_the_whole_piano_begin_where_its_songs_do(tmp_path: Path) -> None:
    songs = np.pad(few_panel().songs, ((0, 0), (0, 0), (0, 75)))
    with short_training():
        critics = Panel.train(songs, few_panel().names, seed=0, style=Style(lowest_note=21))
    (tmp_path / FILE).write_bytes(checkpoint.pack_arrays(critics.to_arrays()))
    config = config_of(tmp_path, critic={"keys": 88})
    task = EXPERIMENT.task(EXPERIMENT.with_shape(config, SongFinder()), tmp_path)
    rolls = np.zeros((1, 128, 88), np.bool_)
    rolls[0, ::4, 40] = True
    files = task.champion_files(Grids(rolls))
    assert set(files) == {"song.mid", "song.abc", "song.musicxml", "roll.png"}
    (tmp_path / "song.mid").write_bytes(files["song.mid"])
    played = Song.load(tmp_path / "song.mid", keys=88)
    assert played.lowest_note == 21
    assert (played.onsets[:125:4, 40]).all()
    assert corrupted(rolls[0], 5, np.random.default_rng(0)).shape == (128, 88)


def test_short_songs_are_played_again_and_long_ones_cut() -> None:
    bars = np.random.default_rng(1).random((20, 4)) < 0.3
    bars[19, 0] = True
    twice = of_length(bars, 64)
    for start_of in (0, 24):  # in whole bars
        assert (twice[start_of : start_of + 20] == bars).all()
    assert not twice[20:24].any()
    assert (twice[48:] == bars[:16]).all()
    assert (of_length(bars, 16) == bars[:16]).all()
    assert not of_length(bars, 32)[20:].any()
