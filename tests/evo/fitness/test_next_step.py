"""Predicting songs: cross-entropy, held-out songs, and runs on many songs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from evo.experiments.memorize import held_out_count
from running import Killed, Watcher, configured, outcome, resume, start

from evo.cli.main import main
from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import experiment
from evo.core.seeds import Individuals, Role
from evo.fitness.next_step import NextStep, cross_entropies, step_bits
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.music.tunes import tune
from evo.runs.configure import configuration
from evo.runs.description import read_log
from evo.runs.display import describe
from genomes.grid.grids import Grids
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape, delayed

TUNES = ("ode-to-joy", "bingo", "london-bridge")
LIMITS = ("workers", "generations", "time_limit", "target")
SMALL = {"layers": [4], "last": 4, "history": 40}


def song(steps: int = 24, keys: int = 4, seed: int = 1) -> Song:
    """Return a melody with a note, or a rest, at every step."""
    random = np.random.default_rng(seed)
    drawn = random.integers(0, keys + 1, steps)
    return Song(np.eye(keys + 1, dtype=np.bool_)[drawn, :keys], name=f"song {seed}")


def users(architecture: Any = "melody", n: int = 5, scale: float = 3.0) -> HistoryUsers:
    shape = Shape(4, layers=(3,), lags=(1, 2, 7), architecture=architecture, last=3)
    return HistoryUsers.initial(shape, np.random.default_rng(4), n, scale=scale)


def scored(fitness: NextStep, performers: Any, generation: int = 0) -> Any:
    streams = Individuals(1, Role.EVALUATE, generation, range(len(performers)))
    return fitness.evaluate(performers, streams)


class Sure:
    """A performer whose activations are all the same."""

    def __init__(self, activation: float) -> None:
        self.activation = activation

    def __len__(self) -> int:
        return 1

    def follow(self, grid: np.ndarray) -> np.ndarray:
        return np.full((1, *grid.shape), self.activation, np.float32)


# Bits


def test_even_chances_cost_the_logarithm_of_how_many_there_are() -> None:
    grid = song().onsets
    melody = np.full((1, 24, 5), 0.2, np.float32)
    np.testing.assert_allclose(step_bits(melody, grid), np.log2(5), rtol=1e-6)
    keys = np.full((1, 24, 4), 0.5, np.float32)
    np.testing.assert_allclose(step_bits(keys, grid), 4.0, rtol=1e-6)


def test_what_is_certain_costs_nothing_and_what_was_thought_impossible_20_bits() -> None:
    grid = song().onsets
    sure = np.column_stack([grid, ~grid.any(axis=1)])[None].astype(np.float32)
    assert not step_bits(sure, grid).any()
    assert not step_bits(grid[None].astype(np.float32), grid).any()
    wrong = np.roll(sure, 1, axis=2)
    np.testing.assert_allclose(step_bits(wrong, grid), np.log2(1e6), rtol=1e-6)


def test_a_melody_pays_the_mean_of_keys_that_sound_together_other_performers_the_sum() -> None:
    grid = np.array([[True, True, False]])
    melody = np.array([[[0.5, 0.125, 0.125, 0.25]]], np.float32)
    np.testing.assert_allclose(step_bits(melody, grid), [[(1 + 3) / 2]])
    keys = np.array([[[0.5, 0.125, 0.25]]], np.float32)
    np.testing.assert_allclose(step_bits(keys, grid), [[1 + 3 - np.log2(0.75)]])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_cross_entropy_is_that_of_what_a_history_user_says_step_by_step(
    architecture: str,
) -> None:
    one = song()
    performers = users(architecture)
    said = performers.forward(delayed(one.onsets))[:, 0]
    wanted = step_bits(said, one.onsets)[:, 6:].mean(axis=1)
    np.testing.assert_array_equal(cross_entropies(performers, [one], 6)[:, 0], wanted)


def test_songs_of_several_lengths_are_judged_as_if_each_were_alone() -> None:
    songs = [song(40, seed=1), song(16, seed=2), *(song(24, seed=seed) for seed in range(3, 20))]
    performers = users()
    together = cross_entropies(performers, songs, 8)
    for place, one in enumerate(songs):
        alone = cross_entropies(performers, [one], 8)[:, 0]
        np.testing.assert_allclose(together[:, place], alone, rtol=1e-5)


def test_activations_of_other_performers_are_chances_by_the_sigmoid() -> None:
    one = song()
    for activation in (-2.0, 0.0, 3.0, 1e9):
        chance = 1 / (1 + np.exp(-activation))
        sounding = one.onsets.sum()
        silent = one.onsets.size - sounding
        wanted = -sounding * np.log2(chance) - silent * np.log2(max(1 - chance, 1e-6))
        bits = cross_entropies(Sure(activation), [one])[0, 0]
        assert bits * one.steps == pytest.approx(wanted, rel=1e-5)


# The fitness


def test_the_score_is_the_negated_mean_over_songs_and_the_prompt_is_not_judged() -> None:
    songs = [song(seed=seed) for seed in (1, 2, 3)]
    performers = users()
    scores = scored(NextStep(songs, prompt_steps=8), performers)
    bits = cross_entropies(performers, songs, 8)
    np.testing.assert_allclose(scores.total, -bits.mean(axis=1))
    np.testing.assert_allclose(scores.cases, -bits / 3, rtol=1e-6)


def test_a_batch_is_drawn_anew_every_generation_and_is_the_same_for_all_individuals() -> None:
    songs = [song(seed=seed) for seed in range(8)]
    fitness = NextStep(songs, batch=3)
    assert not fitness.reusable
    performers = users()
    bits = cross_entropies(performers, songs, 8)
    seen = set()
    for generation in range(6):
        cases = -scored(fitness, performers, generation).cases * 3
        drawn = [int(np.abs(bits[0] - case).argmin()) for case in cases[0]]
        assert len(set(drawn)) == 3
        np.testing.assert_allclose(cases, bits[:, drawn], rtol=1e-5)
        seen.add(tuple(drawn))
    assert len(seen) > 1
    for batch in (0, 8, 99):
        assert NextStep(songs, batch=batch).reusable


def test_songs_held_out_change_no_score_and_are_among_the_figures() -> None:
    songs, held_out = [song(seed=1), song(seed=2)], [song(seed=3), song(16, seed=4)]
    performers = users(n=1)
    alone, both = NextStep(songs), NextStep(songs, held_out)
    assert scored(alone, performers).total == scored(both, performers).total
    assert both.figures(performers) == {
        "solved": False,
        "cross_entropy": cross_entropies(performers, songs, 8).mean(),
        "held_out_cross_entropy": cross_entropies(performers, held_out, 8).mean(),
    }
    assert "held_out_cross_entropy" not in alone.figures(performers)


def test_a_note_grid_foresees_its_own_song_and_no_other() -> None:
    one, other = song(seed=1), song(seed=2)
    bits = cross_entropies(Grids(one.onsets[None]), [one, other])[0]
    assert bits[0] < bits[1]


@pytest.mark.parametrize(("arguments", "words"), [
    (([],), "at least one song"),
    (([song()], [song(keys=5)]), "the same number of keys"),
    (([song()], [song(8)]), "song 'song 1' has 8 steps, and the first 8 are not judged"),
    (([song()], [], 8, -1), "batch must be at least 0 songs, got -1"),
])  # fmt: skip
def test_what_cannot_be_judged_is_refused_in_one_line(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        NextStep(*arguments)
    assert "\n" not in str(caught.value)


# Runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tunes")
    for name in TUNES:
        tune(name).save(path / f"{name}.mid")
    return path


def likelihood(folder: Path, **tables: Any) -> dict[str, Any]:
    table = {"song": str(folder), "mode": "likelihood", "held_out": 0.34, "batch": 1}
    settings = {
        "population": {"size": 8, "evaluate_mean": True, "champion": "mean"},
        "network": SMALL | {"lags": [], "architecture": "melody"},
    }
    tables["run"] = {"chunk_size": 4} | tables.get("run", {})
    return configured("memorize", "es", memorize=table, es=settings, **tables)


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("foresee") / "run"
    return path, start(path, likelihood(folder))


def test_some_songs_are_held_out_by_the_seed_and_all_are_kept(run: Any, folder: Path) -> None:
    path, _ = run
    learned, held = (
        {one.stem for one in (path / name).iterdir()} for name in ("songs", "held-out")
    )
    assert len(held) == 1
    assert learned | held == set(TUNES)
    assert not learned & held
    dealt = set()
    for seed in range(6):
        config = likelihood(folder, run={"seed": seed})
        kept = path.parent / f"kept-{seed}"
        kept.mkdir()
        experiment("memorize").prepare(config, kept, print, SongFinder())
        dealt.add(frozenset(one.stem for one in (kept / "held-out").iterdir()))
    assert len(dealt) > 1


def test_the_log_and_the_result_have_both_cross_entropies_of_the_newest_mean(run: Any) -> None:
    path, result = run
    records = list(read_log(path / "log.jsonl"))
    assert [record["champion_generation"] for record in records] == list(range(12))
    last = records[-1]["figures"]
    names = {"cross_entropy", "held_out_cross_entropy"}
    assert {name: result[name] for name in names} == {name: last[name] for name in names}
    words = describe(records[-1], experiment("memorize").describe)
    assert f"{last['held_out_cross_entropy']:.3f} of songs held out" in words
    assert records[-1]["figures"]["cross_entropy"] < records[0]["figures"]["cross_entropy"]


def test_the_champion_leaves_melodies_and_pictures_of_where_it_reads(run: Any) -> None:
    path, _ = run
    names = {one.name for one in (path / "champion").iterdir()}
    assert names == {
        "arrays.npz", "song.mid", "song.abc", "song.musicxml", "song-002.mid", "song-002.abc",
        "song-002.musicxml", "roll.png", "reading.png", "lags.png",
    }  # fmt: skip
    for name in ("roll.png", "reading.png", "lags.png"):
        assert (path / "champion" / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("undrawn")
def test_a_killed_run_is_resumed_to_the_same_end_and_workers_change_nothing(
    run: Any, folder: Path, tmp_path: Path
) -> None:
    config = likelihood(folder, checkpoints={"every": 3}, workers={"count": 2})
    with pytest.raises(Killed):
        start(tmp_path / "killed", config, Watcher(kill_after=7))
    resumed = resume(tmp_path / "killed", workers={"count": 1})
    assert outcome(tmp_path / "killed", resumed) == outcome(*run)


def test_a_temperature_samples_new_melodies_the_same_of_the_same_seed(run: Any) -> None:
    path, _ = run
    first = played(path, "--temperature", "1", "--seed", "3")
    assert (path / "improvisations" / f"{first.stem}.wav").read_bytes()[:4] == b"RIFF"
    before = first.read_bytes()
    assert played(path, "--temperature", "1", "--seed", "3").read_bytes() == before
    other = played(path, "--temperature", "1", "--seed", "4")
    assert other != first
    assert not np.array_equal(Song.load(other, keys=13).onsets, Song.load(first, keys=13).onsets)
    beginning = sorted((path / "songs").iterdir())[0]
    assert first.stem == f"{beginning.stem}-t1-seed3"
    wanted = Song.load(beginning, keys=13).onsets[:8]
    np.testing.assert_array_equal(Song.load(first, keys=13).onsets[:8], wanted)


@pytest.mark.usefixtures("undrawn")
def test_a_history_user_that_reads_by_content_is_resumed_to_the_same_end_and_plays(
    folder: Path, tmp_path: Path
) -> None:
    network = {"architecture": "content-melody"}
    config = likelihood(folder, stop={"generations": 4}, checkpoints={"every": 2})
    config = config.changed({"es": {"network": network}})
    whole = start(tmp_path / "whole", config)
    with pytest.raises(Killed):
        start(tmp_path / "killed", config, Watcher(kill_after=3))
    again = outcome(tmp_path / "killed", resume(tmp_path / "killed"))
    assert again == outcome(tmp_path / "whole", whole)
    assert whole["cross_entropy"] < 3  # it reads from the start; 3.8 if all is alike
    piece = Song.load(played(tmp_path / "whole", "--temperature", "1"), keys=13)
    assert piece.onsets[8:].any()
    assert piece.onsets.sum(axis=1).max() == 1


def test_a_history_user_cannot_leave_its_songs_by_an_input_and_says_what_else_to_do(
    run: Any,
) -> None:
    ended = CliRunner().invoke(main, ["play", str(run[0]), "--improvise"])
    assert ended.exit_code == 2
    assert "use --temperature or --prompt" in ended.output


def played(path: Path, *options: str) -> Path:
    """Return the MIDI file of a run's new performance."""
    ended = CliRunner().invoke(main, ["play", str(path), *options])
    assert ended.exit_code == 0, ended.output
    return Path(ended.output.splitlines()[0])


# What a folder stands for


def resolved(song: Any, *settings: str) -> Config:
    """Return the initial configuration of `evo run memorize --genome history-user`."""
    names = ("config", "neat_config", "engine", "seed", "population", *LIMITS)
    options = dict.fromkeys(names) | {"genome": "history-user", "song": str(song)}
    return configuration(experiment("memorize"), options | {"settings": settings}, SongFinder())


def test_history_users_foresee_the_songs_of_a_folder(folder: Path) -> None:
    config = resolved(folder)
    assert config.task.mode == "likelihood"
    assert config.task.held_out == 0.2
    assert config.engine.network.architecture == "melody"
    assert config.engine.population.champion == "mean"
    config = resolved(folder, "memorize.batch=3", "es.network.lags=7,15", "stop.generations=9")
    assert config.task.batch == 3
    assert config.engine.network.lags == (7, 15)
    assert config.stop.generations == 9


def test_history_users_memorise_a_single_song_unless_told_otherwise(tmp_path: Path) -> None:
    tune(TUNES[0]).save(tmp_path / "one.mid")
    for song in (TUNES[0], tmp_path / "one.mid", tmp_path):
        config = resolved(song)
        assert config.task.mode == "follow"
        assert config.engine.population.champion == "best"
        assert config.engine == resolved(TUNES[1]).engine
    config = resolved(TUNES[0], "memorize.mode=likelihood")
    assert config.engine.network.architecture == "melody"


def test_a_folder_can_be_memorised_too(folder: Path) -> None:
    assert resolved(folder, "memorize.mode=follow").task.mode == "follow"


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.2, 6), (0.99, 30)])
def test_a_share_of_the_songs_is_held_out_and_never_all(share: float, count: int) -> None:
    assert held_out_count(31, share) == count
    assert held_out_count(1, share) == 0


@pytest.mark.parametrize(("table", "words"), [
    ({"held_out": 1.0}, "memorize.held_out must be a number from 0 below 1, got 1.0"),
    ({"held_out": -0.1}, "memorize.held_out must be a number from 0 below 1, got -0.1"),
    ({"batch": -1}, "memorize.batch must be a whole number from 0 to 1,000,000, got -1"),
    ({"mode": "listen"},
     "memorize.mode must be one of follow, likelihood, perform, empty, got 'listen'"),
])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_in_one_line(
    table: dict[str, Any], words: str, folder: Path, tmp_path: Path
) -> None:
    config = likelihood(folder)
    with pytest.raises(InputError, match=words) as caught:
        start(tmp_path / "run", config.changed({"memorize": table}))
    assert "\n" not in str(caught.value)
