"""`evo run guess`: reproducible runs with every genome kind, and with bred guessers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dill
import numpy as np
import pytest
from evo.experiments.guess import COEVOLVED, EXPERIMENT, fitness_of, shape
from running import PLAYING, Copier, Watcher, configured, outcome, resume, start

from evo.analysis.plot import fitness_figure, guessing_figure, png_bytes
from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.registry import experiment
from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, Role
from evo.core.state import State
from evo.engines import engine_class, genome_of
from evo.experiment import player_of
from evo.fitness.base import LearningFitness
from evo.fitness.guessing.coevolved import CoevolvedGuessing
from evo.fitness.guessing.symbols import rolls_of
from evo.music.metre import Metre
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.runs.configure import deep_update

# Few steps and keys: a run takes a moment.
SMALL = {
    "guess": {"keys": 3, "steps": 96},
    "run": {"seed": 5, "chunk_size": 7},
    "stop": {"generations": 6, "stagnation": 0},
    "checkpoints": {"every": 2},
}


def small(engine: str = "neat", **tables: Any) -> Config:
    changes: dict[str, Any] = SMALL
    if engine == "es":
        changes = changes | {"es": {"network": {"layers": [4], "last": 4, "history": 6}}}
    return configured("guess", engine, **deep_update(changes, tables))


def coevolved(**tables: Any) -> Config:
    table = {"score": COEVOLVED, "guessers": 6, "rivals": 2, "remembered": 2}
    return small(**deep_update({"guess": table}, tables))


def game(seed: int = 5) -> CoevolvedGuessing:
    fitness = fitness_of(coevolved(run={"seed": seed}))
    assert isinstance(fitness, CoevolvedGuessing)
    return fitness


def players(seed: int = 1) -> Any:
    config = small(run={"seed": seed})
    player = player_of(config, 6)
    return engine_class("neat")(config.engine, seed=seed, player=player).ask()


def scored(fitness: Any, performers: Any) -> Scores:
    streams = Individuals(1, Role.EVALUATE, 0, range(len(performers)))
    scores: Scores = fitness.evaluate(performers, streams)
    return scores


def taught(fitness: Any, lessons: int, first: int = 0) -> Any:
    for generation in range(first, first + lessons):
        performers = players(generation)
        fitness.learn(performers, scored(fitness, performers), generation)
    return fitness


# Runs


def left_by(folder: Path, config: Config) -> tuple[Path, dict[str, Any], list[dict[str, Any]]]:
    """Return a finished run with its pictures: its directory, result and records."""
    watcher = Watcher()
    result = start(folder / "run", config, watcher)
    return folder / "run", result, watcher.records


@pytest.fixture(scope="module")
def by_panel(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a read-only run whose melodies are guessed by the panel."""
    return left_by(tmp_path_factory.mktemp("panel"), small())


@pytest.fixture(scope="module")
def by_guessers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a read-only run whose melodies are guessed by bred guessers."""
    return left_by(tmp_path_factory.mktemp("guessers"), coevolved())


# Of the baselines those of one genome kind: `test_engines.py` restores all of them.
ENGINES = [*PLAYING, "random-network", "one-plus-one-network"]
# One of each genome kind: workers are sent individuals, whoever bred them.
OF_KINDS = list({genome_of(engine): engine for engine in reversed(ENGINES)}.values())


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", ENGINES)
def test_same_run_after_a_kill(tmp_path: Path, engine: str) -> None:
    the_same_however_carried_out(tmp_path, small(engine), workers=())


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", OF_KINDS)
def test_same_run_with_one_worker_or_two(tmp_path: Path, engine: str) -> None:
    config = small(engine, stop={"generations": 2})
    wanted = outcome(tmp_path / "one", start(tmp_path / "one", config))
    two = start(tmp_path / "two", config.changed({"workers": {"count": 2}}))
    assert outcome(tmp_path / "two", two) == wanted


@pytest.mark.usefixtures("undrawn")
def test_same_run_with_guessers_that_are_bred(tmp_path: Path) -> None:
    the_same_however_carried_out(tmp_path, coevolved())


def test_what_keeps_its_parent_by_a_score_is_refused_where_guessers_are_bred() -> None:
    config = small("one-plus-one-network")
    with pytest.raises(InputError, match="score=coevolved needs an engine"):
        shape(config.changed({"guess": {"score": COEVOLVED}}), SongFinder())


def test_where_guessers_are_bred_no_run_ends_for_stagnation() -> None:
    for score, stagnation in ((COEVOLVED, 0), ("gap-resolve", 100)):
        chosen = experiment("guess")
        changes = chosen.follow_up(small(guess={"score": score}), SongFinder())
        config = chosen.config("neat", changes)
        assert config.stop.stagnation == stagnation
        assert config.stop.generations == 300


@pytest.mark.usefixtures("undrawn")
def test_only_what_can_go_on_has_a_lasting_period(tmp_path: Path) -> None:
    for engine, lasts in (("ga", False), ("es", True)):
        result = start(tmp_path / engine, small(engine, stop={"generations": 1}))
        assert ("lasting_period" in result) == lasts


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("engine", ["ga", "es"])
def test_every_genome_kind_plays_against_guessers_that_are_bred(
    tmp_path: Path, engine: str
) -> None:
    table = {"score": COEVOLVED, "guessers": 6, "rivals": 2}
    result = start(tmp_path / "run", small(engine, guess=table))
    assert result["status"] == "finished"
    assert result["guessers_remembered"] == 1


def the_same_however_carried_out(
    folder: Path, config: Config, workers: Sequence[int] = (2,)
) -> None:
    copier = Copier(folder / "one", folder / "killed")
    wanted = outcome(folder / "one", start(folder / "one", config, copier))
    for count in workers:
        other = start(folder / f"{count}", config.changed({"workers": {"count": count}}))
        assert outcome(folder / f"{count}", other) == wanted
    watcher = Watcher()
    killed = folder / "killed" / "5"
    assert not (killed / "result.json").exists()
    assert outcome(killed, resume(killed, watcher)) == wanted
    assert watcher.first == 4


def test_a_run_leaves_its_melody_longer_than_it_was_judged_by(by_panel: Any) -> None:
    path, result, _ = by_panel
    champion = path / "champion"
    assert {"song.mid", "roll.png", "guessing.png"} <= {path.name for path in champion.iterdir()}
    song = Song.load(champion / "song.mid", keys=3, steps_per_beat=2)
    assert song.onsets.sum(axis=1).max() <= 1
    assert song.sounding.sum(axis=1).max() <= 1
    assert song.onsets[:96].any(axis=0).sum() == result["keys"]
    names = {
        "period", "keys", "durations", "rests", "longest_run", "complexity", "complexity_ratio",
        "panel_score", "guesser_accuracy", "held_out_accuracy", "lasting_period",
    }  # fmt: skip
    assert names <= set(result)
    assert result["solved"] is False


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"score": "surprise"},
            "guess.score must be one of .*, coevolved, gap, gap-resolve, streak, got",
        ),
        ({"keys": 0}, "guess.keys must be a whole number from 1 to 128, got 0"),
        ({"keys": 129}, "guess.keys must be a whole number from 1 to 128, got 129"),
        ({"steps": 10}, "guess.steps must be a whole number from 96 to 65,536, got 10"),
        ({"rivals": 7}, "guess: guessers must be at least 7, as there are 7 rivals, got 6"),
        ({"rivals": 0}, "guess.rivals must be a whole number from 1 to 1,000, got 0"),
        ({"remembered": -1}, "guess.remembered must be a whole number from 0 to 1,000, got -1"),
        ({"guessers": 1}, "guess.guessers must be a whole number from 2 to 100,000, got 1"),
    ],
)
def test_a_game_that_cannot_be_is_refused_in_one_line(table: dict[str, Any], message: str) -> None:
    config = coevolved()
    with pytest.raises(InputError, match=message) as error:
        shape(config.changed({"guess": table}), SongFinder())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("lags", "message"),
    [
        ([0], "network.lags must be a list, each a whole number from 1 to "),
        ([2, 2], "network: lags must be distinct whole numbers from 1"),
    ],
)
def test_lags_that_cannot_be_are_refused_in_one_line(lags: list[int], message: str) -> None:
    config = coevolved()
    with pytest.raises(InputError, match=message) as error:
        EXPERIMENT.with_shape(config.changed({"network": {"lags": lags}}), SongFinder())
    assert "\n" not in str(error.value)


# What learns


def test_only_the_game_against_bred_guessers_learns() -> None:
    assert isinstance(game(), LearningFitness)
    assert not game().reusable
    assert not isinstance(fitness_of(small()), LearningFitness)
    assert fitness_of(small()).reusable


def test_scores_change_by_a_lesson_and_by_nothing_else() -> None:
    fitness, performers = game(), players()
    first = scored(fitness, performers)
    assert scored(fitness, performers).total.tobytes() == first.total.tobytes()
    assert first.cases is not None
    np.testing.assert_allclose(first.total, first.cases.sum(axis=1), rtol=1e-4, atol=1e-5)
    # The first guessers of all are silent.
    taught(fitness, 6)
    assert scored(fitness, performers).total.tobytes() != first.total.tobytes()


def test_half_of_a_score_is_that_of_the_panel() -> None:
    fitness, performers = taught(game(), 3), players()
    scores = scored(fitness, performers)
    assert scores.cases is not None
    by_panel = scored(fitness_of(small()), performers)
    np.testing.assert_allclose(scores.cases[:, :2].sum(axis=1), by_panel.total * 0.5, atol=1e-6)
    assert scores.cases.shape[1] == 2 + len(fitness.opponents)


def test_a_game_restored_after_any_lesson_goes_on_the_same() -> None:
    wanted = scored(taught(game(), 8), players()).total.tobytes()
    for lessons in (0, 1, 6):
        kept = taught(game(), lessons).state()
        assert json.loads(json.dumps(kept.values)) == kept.values
        restored = game()
        restored.restore(kept)
        taught(restored, 8 - lessons, lessons)
        assert scored(restored, players()).total.tobytes() == wanted


@pytest.mark.parametrize(("changes", "message"), [
    ({"pieces": np.zeros((2, 95), np.int64)}, "pieces must be int64"),
    ({"pieces": np.zeros((2, 96), np.int32)}, "pieces must be int64"),
    ({"pieces": np.full((2, 96), 5)}, "symbols from 0 to 4"),
    ({"hall": 1}, "hall must be 2"),
    ({"opponents": 2}, "opponents must be 3"),
])  # fmt: skip
def test_a_state_of_another_game_is_refused(changes: dict[str, Any], message: str) -> None:
    kept = taught(game(), 6).state()
    arrays = kept.arrays | {k: v for k, v in changes.items() if isinstance(v, np.ndarray)}
    values = kept.values | {k: v for k, v in changes.items() if not isinstance(v, np.ndarray)}
    with pytest.raises(ValueError, match=message) as error:
        game().restore(State(arrays, values))
    assert "\n" not in str(error.value)


def test_a_state_does_not_change_when_the_game_goes_on() -> None:
    fitness = taught(game(), 3)
    kept = fitness.state()
    before = {name: array.copy() for name, array in kept.arrays.items()}
    taught(fitness, 3, 3)
    assert all(kept.arrays[name].tobytes() == before[name].tobytes() for name in before)


def test_a_worker_gets_the_opponents_and_not_the_breeding() -> None:
    fitness = taught(game(), 7)
    packed = dill.dumps(fitness)
    assert len(packed) < 40_000
    there = dill.loads(packed)  # noqa: S301 - packed here
    wanted = scored(fitness, players()).total.tobytes()
    assert scored(there, players()).total.tobytes() == wanted


def test_halls_of_fame_take_the_best_now_and_then_and_forget_nobody() -> None:
    fitness = taught(game(), 6)
    first = fitness.hall[0].to_arrays()
    assert (len(fitness.hall), len(fitness.pieces)) == (2, 2)
    taught(fitness, 10, 6)
    assert (len(fitness.hall), len(fitness.pieces)) == (4, 4)
    again = fitness.hall[0].to_arrays()
    assert {name: a.tobytes() for name, a in again.items()} == {
        name: a.tobytes() for name, a in first.items()
    }
    assert len(fitness.opponents) == 2 + 2


def test_guessers_learn_by_heart_what_is_played_again_and_again() -> None:
    """A guesser's score climbs on a pattern that does not change."""
    fitness, performers = game(), players(3)
    scores = scored(fitness, performers)
    shares = []
    for generation in range(30):
        fitness.learn(performers, scores, generation)
        shares.append(fitness.guessed)
    assert shares[-1] > shares[0] + 0.1


def test_a_generation_that_failed_as_a_whole_teaches_nothing() -> None:
    fitness = taught(game(), 2)
    wanted = scored(fitness, players()).total.tobytes()
    performers = players(9)
    fitness.learn(performers, Scores.failed(len(performers), Status.ERROR, "no"), 2)
    assert scored(fitness, players()).total.tobytes() == wanted


def test_the_champion_of_a_run_that_learns_is_of_the_last_generation(by_guessers: Any) -> None:
    _, _, records = by_guessers
    assert len(records) == 6
    for record in records:
        assert record["champion_generation"] == record["generation"]
        assert record["champion"] == record["best"]


# Figures


def texts(figure: Any) -> list[str]:
    legends = [axes.get_legend() for axes in figure.axes]
    found = [text.get_text() for one in legends if one is not None for text in one.get_texts()]
    return found + [axes.get_ylabel() for axes in figure.axes]


def test_both_sides_are_drawn_over_the_generations(by_guessers: Any) -> None:
    _, _, records = by_guessers
    shown = texts(fitness_figure({"run": records}, EXPERIMENT.panels))
    assert {"guessed", "champion, by the panel", "by its opponents"} <= set(shown)
    assert "best pieces, by the best bred guesser" in shown
    assert "panel's score" in shown
    fallen = [dict(record, champion=-float(g)) for g, record in enumerate(records)]
    assert "champion of the generation" in texts(fitness_figure({"run": fallen}, EXPERIMENT.panels))


def test_a_score_that_is_the_panels_own_is_drawn_once(by_panel: Any) -> None:
    _, _, records = by_panel
    shown = texts(fitness_figure({"run": records}, EXPERIMENT.panels))
    assert {"guessed", "champion so far"} <= set(shown)
    assert "panel's score" not in shown


def test_how_a_piece_is_guessed_is_drawn_as_shares_of_moving_windows() -> None:
    song = Song(rolls_of(np.resize([1, 2], 80), 3)[:, :3], 59, 2, metre=Metre(3))
    figure = guessing_figure(song, 40)
    above = figure.axes[0]
    assert [tick.get_text() for tick in above.get_yticklabels()] == ["B3", "C4"]
    assert above.get_xticks(minor=True).tolist() == list(range(0, 80, 6))
    assert "3/4" in figure.axes[1].get_xlabel()
    assert {"frequencies", "context", "perceptron", "held out"} <= set(texts(figure))
    guessed = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}
    assert len(guessed["context"]) == 80
    assert guessed["context"][-1] == 1.0
    assert 0 <= guessed["frequencies"][-1] < 0.7
    assert png_bytes(figure) == png_bytes(guessing_figure(song, 40))
