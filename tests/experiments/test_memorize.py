"""`evo run memorize`: a tune is learned, and the result describes the champion correctly."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import PLAYING, Watcher, configured, start

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import experiment
from evo.engines import engine_class
from evo.music.metre import Metre
from evo.music.planes import connected
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.music.tunes import tune
from evo.runs import checkpoint
from evo.runs.configure import configuration
from evo.runs.loading import load_run
from genomes.formula.formulas import Formulas
from genomes.history_user.networks import HistoryUsers
from genomes.network.networks import Networks
from genomes.reader.readers import Readers

TUNE = "twinkle-twinkle-little-star"
REPLAY = Path(__file__).parents[2] / ".." / "shared" / "replay_network.py"


@pytest.fixture(scope="module", params=PLAYING)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a finished run, long enough for a champion that plays something."""
    path = tmp_path_factory.mktemp("memorize") / "run"
    generations = {"es": 150, "deap-grid": 200, "deap-history-user": 150}.get(
        request.param, 15
    )  # of 20 individuals
    tables: dict[str, Any] = {"memorize": {"song": TUNE}, "stop": {"generations": generations}}
    if request.param == "anneal":
        tables["anneal"] = {"annealing": {"edits": 200}}
    config = configured("memorize", request.param, **tables)
    return path, start(path, config), engine_class(request.param)


def champion_of(run: Any) -> Any:
    path, _, kind = run
    arrays = checkpoint.unpack_arrays((path / "champion" / "arrays.npz").read_bytes())
    return kind.genome.from_arrays(arrays)


def played_by(network: dict[str, Any], player: dict[str, Any], prompt: np.ndarray) -> np.ndarray:
    """Return an exported network's performance after a prompt.

    Only the README of player.json is followed.
    """
    functions = {"identity": lambda z: z, "sigmoid": lambda z: 1 / (1 + np.exp(-5 * z)),
                 "clamped": lambda z: max(-1.0, min(1.0, z)),
                 "step": lambda z: float(z > 0)}  # fmt: skip
    played = [row.tolist() for row in prompt]
    for step in range(len(prompt), 128):
        values = {}
        for i in range(player["keys"] * len(player["lags"])):
            past = step - player["lags"][i // player["keys"]]
            values[-1 - i] = player["before_start"]
            if past >= 0:
                on = played[past][i % player["keys"]]
                values[-1 - i] = player["on"] if on else player["off"]
        for j, constant in enumerate(player["extra_inputs"], player["keys"] * len(player["lags"])):
            values[-1 - j] = constant
        for node in network["nodes"]:
            if node["type"] == "input":
                continue
            assert node["aggregation"]["name"] == "sum"
            total = sum(
                values[link["from"]] * link["weight"]
                for link in network["connections"]
                if link["to"] == node["id"]
            )
            function = functions[node["activation"]["name"]]
            values[node["id"]] = function(node["bias"] + node["response"] * total)
        played.append([values[key] > player["threshold"] for key in range(player["keys"])])
    return np.array(played)


def test_the_run_keeps_the_song_it_learns(run: Any) -> None:
    (kept,) = (run[0] / "songs").iterdir()
    np.testing.assert_array_equal(Song.load(kept).onsets, tune(TUNE).onsets)


def test_the_champion_is_left_as_music_picture_and_network(run: Any) -> None:
    champion = run[0] / "champion"
    names = {path.name for path in champion.iterdir()}
    of_kinds = {
        Networks: {"network.json", "network.png", "player.json"},
        Formulas: {"formula.json", "formula.png", "formula.txt", "player.json"},
        Readers: {"reader.json", "reader.txt", "player.json"},
    }
    of_kind = of_kinds.get(type(champion_of(run)), set())
    reads = {"reading.png"} if isinstance(champion_of(run), HistoryUsers | Readers) else set()
    sheets = {"song.mid", "song.abc", "song.musicxml"}
    assert names == {"arrays.npz", "roll.png"} | sheets | reads | of_kind
    for name in {"network.png", "formula.png", "roll.png", "reading.png"} & names:
        assert (champion / name).read_bytes().startswith(b"\x89PNG")


def test_steps_correct_is_what_the_champion_plays_alone_after_eight_steps(run: Any) -> None:
    _, result, _ = run
    song = tune(TUNE)
    champion = champion_of(run)
    played = champion.perform(song.onsets[:8], 128)[0]
    said = champion.follow(song.onsets)[0] > 0
    assert result["steps_total"] == 120
    assert result["steps_correct"] == (played == song.onsets)[8:].all(axis=1).sum()
    assert result["follow_correct"] == (said == song.onsets)[8:].all(axis=1).sum()
    assert result["solved"] == (result["steps_correct"] == 120)


def test_the_champions_midi_file_is_what_it_plays(run: Any) -> None:
    song = tune(TUNE)
    played = champion_of(run).perform(song.onsets[:8], 128)[0]
    instrument = dict(keys=13, lowest_note=song.lowest_note, steps_per_beat=2)
    saved = Song.load(run[0] / "champion" / "song.mid", **instrument)
    length = max(len(saved.onsets), int(np.flatnonzero(played.any(axis=1)).max()) + 1)
    padded = np.zeros((length, 13), bool)
    padded[: len(saved.onsets)] = saved.onsets
    np.testing.assert_array_equal(padded[:length], played[:length])


def test_the_exported_network_and_player_play_the_same_by_their_description(run: Any) -> None:
    if not isinstance(champion_of(run), Networks):
        pytest.skip("only networks are exported")
    champion = run[0] / "champion"
    network = json.loads((champion / "network.json").read_text())
    player = json.loads((champion / "player.json").read_text())
    song = tune(TUNE)
    assert player["prompt_steps"] == 8
    assert (player["lowest_note"], player["steps_per_beat"]) == (song.lowest_note, 2)
    wanted = champion_of(run).perform(song.onsets[:8], 128)[0]
    np.testing.assert_array_equal(played_by(network, player, song.onsets[:8]), wanted)


@pytest.mark.skipif(not REPLAY.exists(), reason="needs ../shared/replay_network.py")
def test_the_replay_of_the_exported_champion_agrees_with_the_run(run: Any) -> None:
    path, result, _ = run
    if not isinstance(champion_of(run), Networks):
        pytest.skip("only networks are exported")
    (song,) = (path / "songs").iterdir()
    ended = subprocess.run(
        [sys.executable, str(REPLAY), str(path), str(song)], capture_output=True, text=True
    )
    assert ended.stdout == f"steps_correct {result['steps_correct']} of 120\n", ended.stderr


def test_every_engine_scores_above_silence(run: Any) -> None:
    """Utter silence scores 0, and follows as many steps as have no onset."""
    assert run[1]["best_fitness"] > 5.0


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("chords", [False, True])
def test_a_note_grid_copies_a_song_whole(tmp_path: Path, chords: bool) -> None:
    song = tune(TUNE)
    grid = np.concatenate([song.onsets, song.onsets[:20]])
    if chords:
        grid[:40:4] |= grid[8:48:4]
    Song(grid, song.lowest_note, name="mine").save(tmp_path / "mine.mid")
    table = {"song": str(tmp_path / "mine.mid")}
    config = configured("memorize", "ga", memorize=table, stop={"solved": True, "generations": 900})
    assert (config.engine.grid.steps, config.engine.grid.keys) == (152, 13)  # whole bars
    result = start(tmp_path / "run", config)
    assert result["solved"]
    played = Song.load(tmp_path / "run" / "champion" / "song.mid")
    np.testing.assert_array_equal(played.onsets[:148], grid)


@pytest.mark.usefixtures("undrawn")
def test_a_note_grid_learns_one_song(tmp_path: Path) -> None:
    for name in (TUNE, "ode-to-joy"):
        tune(name).save(tmp_path / f"{name}.mid")
    config = experiment("memorize").config("ga").changed({"memorize": {"song": str(tmp_path)}})
    with pytest.raises(InputError, match="holds 2 songs, and a note grid learns one"):
        experiment("memorize").shape(config, SongFinder())


def test_several_songs_are_learnt_by_one_network(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    for name in (TUNE, "ode-to-joy"):
        tune(name).save(folder / f"{name}.mid")
    path = tmp_path / "run"
    config = configured("memorize", memorize={"song": str(folder)}, stop={"generations": 3})
    assert start(path, config)["steps_total"] == 240
    names = {one.name for one in (path / "champion").iterdir()}
    assert {"song.mid", "song-002.mid", "roll.png", "roll-002.png"} <= names


def modes(*settings: str, song: str = TUNE, genome: str = "history-user") -> Config:
    """Return the command line's configuration for these settings."""
    given = dict.fromkeys(
        ("config", "engine", "seed", "population", "neat_config", "generations", "time_limit",
         "target", "workers", "cluster", "insecure")
    )  # fmt: skip
    given |= {"genome": genome, "song": song, "settings": settings}
    return configuration(experiment("memorize"), given, SongFinder())


def test_a_mode_that_is_said_counts_and_another_follows_from_the_songs(tmp_path: Path) -> None:
    for name in (TUNE, "ode-to-joy"):
        tune(name).save(tmp_path / f"{name}.mid")
    folder = str(tmp_path)
    assert modes().task.mode == "follow"
    assert modes(song=folder, genome="network").task.mode == "follow"
    foreseeing = modes(song=folder)
    assert (foreseeing.task.mode, foreseeing.stop.generations) == ("likelihood", 3000)
    assert modes("memorize.mode=likelihood").engine == foreseeing.engine
    for mode in ("follow", "perform"):
        config = modes(f"memorize.mode={mode}", song=folder)
        assert config.task.mode == mode
        assert config.task.held_out == 0.0
        assert (config.engine, config.stop) == (modes().engine, modes().stop)


@pytest.mark.usefixtures("undrawn")
def test_networks_learn_by_likelihood_without_a_score_by_output(tmp_path: Path) -> None:
    config = modes(
        "memorize.mode=likelihood", "neat.NEAT.pop_size=6", "stop.generations=2", genome="network"
    )
    assert config.engine.Modules.by_output is False
    assert start(tmp_path / "run", config)["status"] == "finished"
    assert modes(genome="network").engine.Modules.by_output is True


@pytest.mark.parametrize("table", [{"held_out": 0.2}, {"batch": 3}])
def test_settings_of_likelihood_are_refused_elsewhere(tmp_path: Path, table: Any) -> None:
    (name,) = table
    with pytest.raises(InputError, match=f"memorize.{name} is for memorize.mode=likelihood"):
        start(tmp_path / "run", configured("memorize", memorize=table))


def held_song(path: Path) -> Song:
    """Save a song of two voices with held notes, 6/8 and a pickup, and return it."""
    random = np.random.default_rng(3)
    onsets = random.random((60, 14)) < 0.06
    onsets[0, 3] = True
    sounding = connected(onsets, onsets | (random.random(onsets.shape) < 0.7))
    song = Song(onsets, 55, 4, name="mine", sounding=sounding, metre=Metre(6, 8, 3))
    song.save(path / "mine.mid")
    return Song.load(path / "mine.mid").whole_bars()


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", PLAYING)
def test_every_engine_learns_durations_and_plays_them(tmp_path: Path, engine: str) -> None:
    song = held_song(tmp_path)
    table = {"song": str(tmp_path / "mine.mid"), "durations": True}
    path = tmp_path / "run"
    result = start(path, configured("memorize", engine, memorize=table))
    champion = champion_of((path, result, engine_class(engine)))
    played = champion.perform(song.roll(True)[:8], song.steps)[0]
    assert played.shape == (song.steps, 2 * song.keys)
    assert result["steps_total"] == song.steps - 8
    assert result["steps_correct"] == (played == song.roll(True))[8:].all(axis=1).sum()
    assert Song.load(path / "champion" / "song.mid") == song.played(played)


@pytest.mark.usefixtures("undrawn")
def test_networks_learn_durations_completely(tmp_path: Path) -> None:
    song = held_song(tmp_path)
    table = {"song": str(tmp_path / "mine.mid"), "durations": True}
    stop = {"solved": True, "generations": 1000}
    path = tmp_path / "run"
    config = configured("memorize", memorize=table, stop=stop, neat={"NEAT": {"pop_size": 60}})
    assert start(path, config)["solved"]
    assert Song.load(path / "champion" / "song.mid") == song
    player = json.loads((path / "champion" / "player.json").read_text())
    assert (player["keys"], player["steps"]) == (2 * song.keys, song.steps)
    assert player["durations"] is True


@pytest.mark.usefixtures("undrawn")
@pytest.mark.skipif(not REPLAY.exists(), reason="needs ../shared/replay_network.py")
def test_a_song_in_another_metre_is_replayed_from_its_champion(tmp_path: Path) -> None:
    song = held_song(tmp_path)
    given = tmp_path / "mine.mid"
    path = tmp_path / "run"
    result = start(path, configured("memorize", memorize={"song": str(given)}))
    ended = subprocess.run(
        [sys.executable, str(REPLAY), str(path), str(given)], capture_output=True, text=True
    )
    right, total = result["steps_correct"], song.steps - 8
    assert ended.stdout == f"steps_correct {right} of {total}\n", ended.stderr


def repeated(tmp_path: Path) -> str:
    """Save a tune whose second part differs after a long repetition, and return its path."""
    random = np.random.default_rng(1)
    parts = np.zeros((2, 96, 13), np.bool_)
    parts[:, np.arange(96), :] = np.eye(13, dtype=np.bool_)[random.integers(0, 13, (2, 96))]
    Song(np.concatenate([parts[0], parts[0], parts[1]]), name="aab").save(tmp_path / "aab.mid")
    return str(tmp_path / "aab.mid")


@pytest.mark.usefixtures("undrawn")
def test_lags_that_decide_the_song_are_chosen_said_and_kept(tmp_path: Path) -> None:
    path, watcher = tmp_path / "run", Watcher()
    config = configured("memorize", memorize={"song": repeated(tmp_path)})
    usual = experiment("memorize").config("neat").genome.lags
    assert configured("memorize", memorize={"song": TUNE}).genome.lags == usual
    assert config.genome.lags != usual
    start(path, config, watcher)
    (line,) = [text for text in watcher.messages if text.startswith("Lags")]
    assert line.endswith("decide all 280 steps.")
    assert load_run(path)[0].genome.lags == config.genome.lags


@pytest.mark.usefixtures("undrawn")
def test_lags_of_the_user_are_kept_and_what_they_cannot_decide_is_said(tmp_path: Path) -> None:
    table = {"memorize": {"song": repeated(tmp_path)}, "network": {"lags": (1, 2, 3)}}
    watcher = Watcher()
    config = configured("memorize", **table)
    assert config.genome.lags == (1, 2, 3)
    start(tmp_path / "run", config, watcher)
    (line,) = [text for text in watcher.messages if text.startswith("At most")]
    assert "--set network.lags=1,2,3," in line


def test_the_level_before_the_first_step_is_its_own_only_if_more_can_then_be_right(
    tmp_path: Path,
) -> None:
    """Of steps without any note before them, one has a note: the end of the rest at the start."""
    roll = np.zeros((40, 13), np.bool_)
    roll[16:, 0] = True
    Song(roll, name="rest").save(tmp_path / "rest.mid")
    Song(np.eye(13, dtype=bool), name="scale").save(tmp_path / "scale.mid")
    levels = {}
    for name in ("rest", "scale"):
        config = modes(song=str(tmp_path / f"{name}.mid"), genome="network")
        levels[name] = config.genome.before_start
    assert levels == {"rest": -1.0, "scale": 0.0}
