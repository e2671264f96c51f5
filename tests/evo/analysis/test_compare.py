"""Comparing runs: which runs are comparable, counted, or left out."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import CliRunner
from filelock import FileLock
from running import configured

from evo.analysis.compare import compare, find_runs, row_of, significance
from evo.analysis.plot import comparison_figure, png_bytes
from evo.cli.main import main
from evo.core.errors import InputError
from evo.music.tunes import tune
from evo.runs.batch import Batch
from evo.runs.configure import deep_update


def run_of(
    path: Path,
    seed: int,
    champions: list[float | None],
    solved_at: int | None = None,
    status: str = "finished",
    engine: str = "neat",
    name: str | None = None,
    **tables: Any,
) -> Path:
    """Write a run's directory: 20 evaluations and 1 s per generation."""
    config = configured(name, engine, **deep_update(tables, {"run": {"seed": seed}}))
    path.mkdir(parents=True)
    (path / "config.toml").write_text(tomli_w.dumps(config.tables()))
    lines = [
        json.dumps({
            "generation": generation, "evaluations": 20 * (generation + 1), "best": champion,
            "mean": champion, "worst": champion, "champion": champion,
            "figures": {"solved": solved_at is not None and generation >= solved_at},
            "wall_seconds": generation + 1.0, "quartiles": None, "champion_generation": 0,
            "engine": {}, "failures": {},
        }) + "\n"
        for generation, champion in enumerate(champions)
    ]  # fmt: skip
    (path / "log.jsonl").write_text("".join(lines))
    if status in ("finished", "failed", "stopped"):
        result = {
            "status": status, "reason": "", "solved": solved_at is not None, "seed": seed,
            "generations": len(champions), "evaluations": 20 * len(champions),
            "wall_seconds": float(len(champions)), "best_fitness": champions[-1],
        }  # fmt: skip
        (path / "result.json").write_text(json.dumps(result))
    return path


def test_runs_that_differ_in_seed_and_limits_alone_are_a_group(tmp_path: Path) -> None:
    run_of(tmp_path / "a", 1, [1.0])
    run_of(tmp_path / "b", 2, [1.0], stop={"generations": 3}, workers={"count": 2})
    run_of(tmp_path / "c", 3, [1.0], checkpoints={"every": 1})
    run_of(tmp_path / "d", 1, [1.0], neat={"NEAT": {"pop_size": "30"}})
    run_of(tmp_path / "e", 1, [1.0], engine="random-network")
    groups = compare([tmp_path]).groups
    assert [(group.label, len(group.outcomes)) for group in groups] == [
        ("xor/network/neat (neat.NEAT.pop_size=20)", 3),
        ("xor/network/neat (neat.NEAT.pop_size=30)", 1),
        ("xor/network/random", 1),
    ]


def test_the_song_is_part_of_what_a_run_is(tmp_path: Path) -> None:
    other = tmp_path / "folder" / "other.mid"
    other.parent.mkdir()
    tune("ode-to-joy").save(other)
    for song in ("vo-pole-bereza-stoyala", str(other)):
        path = tmp_path / Path(song).stem
        run_of(path, 1, [1.0], name="memorize", engine="ga", memorize={"song": song})
    assert {group.label for group in compare([tmp_path]).groups} == {
        'memorize/grid/ga/vo-pole-bereza-stoyala',
        'memorize/grid/ga/other',
    }  # fmt: skip


def test_costs_are_those_up_to_success_and_the_unsolved_count_whole(tmp_path: Path) -> None:
    run_of(tmp_path / "0", 0, [1.0, 2.0, 3.0, 3.0], solved_at=1)
    run_of(tmp_path / "1", 1, [1.0, 2.0, 3.0], solved_at=2)
    run_of(tmp_path / "2", 2, [1.0, 1.0, 1.5, 1.5, 1.5])
    (group,) = compare([tmp_path]).groups
    assert group.solved == 2
    assert group.to_success() == [40, 60, math.inf]
    assert [one.seconds for one in group.outcomes] == [2.0, 3.0, 5.0]
    # 40 + 60 + 100 evaluations for two successes.
    assert row_of(group) == ("3", "2", "21 to 94%", "50", "100", "2.5", "5.0", "3")


def test_a_target_is_reached_by_the_champion(tmp_path: Path) -> None:
    run_of(tmp_path / "0", 0, [None, 2.0, 3.0], solved_at=1)
    run_of(tmp_path / "1", 1, [1.0, 1.0])
    (group,) = compare([tmp_path], target=3.0).groups
    assert group.to_success() == [60, math.inf]
    (group,) = compare([tmp_path], target=1.0).groups
    assert group.to_success() == [40, 20]


def test_a_runs_own_target_is_success(tmp_path: Path) -> None:
    run_of(tmp_path / "0", 0, [None, 2.0], stop={"target": 2.0})
    (group,) = compare([tmp_path]).groups
    assert group.to_success() == [40]


def test_what_has_not_ended_is_named_and_not_counted(tmp_path: Path) -> None:
    run_of(tmp_path / "done", 0, [1.0])
    run_of(tmp_path / "failed", 1, [1.0], status="failed")
    run_of(tmp_path / "stopped", 2, [1.0, 1.0], status="stopped")
    run_of(tmp_path / "killed", 3, [1.0], status="")
    (tmp_path / "killed" / ".lock").touch()
    run_of(tmp_path / "working", 4, [1.0], status="")
    run_of(tmp_path / "fresh", 5, [], status="")
    run_of(tmp_path / "bad-log", 6, [1.0])
    (tmp_path / "bad-log" / "log.jsonl").write_text("no\n")
    run_of(tmp_path / "odd-log", 6, [1.0])
    (tmp_path / "odd-log" / "log.jsonl").write_text('{"generation": 0}\n')
    run_of(tmp_path / "bad-result", 7, [1.0])
    (tmp_path / "bad-result" / "result.json").write_text("{}")
    run_of(tmp_path / "bad-config", 8, [1.0])
    (tmp_path / "bad-config" / "config.toml").write_text("x = [")
    run_of(tmp_path / "no-log", 9, [1.0])
    (tmp_path / "no-log" / "log.jsonl").unlink()
    with FileLock(tmp_path / "working" / ".lock"):
        comparison = compare([tmp_path])
    (group,) = comparison.groups
    assert [one.path.name for one in group.outcomes] == ["done", "failed"]
    left_out = "\n".join(comparison.left_out)
    for words in ("stopped: stopped after 40 evaluations", "killed: interrupted after 20",
                  "working: running after 20", "fresh: interrupted after 0"):  # fmt: skip
        assert words in left_out
    for name in ("bad-log", "odd-log", "bad-result", "bad-config", "no-log"):
        (line,) = [line for line in comparison.left_out if name in line]
        assert line.endswith("(damaged)")
        assert "\n" not in line
    assert len(comparison.left_out) == 9


def test_seeds_that_have_not_begun_are_named(tmp_path: Path) -> None:
    Batch.create(tmp_path / "all", configured().tables(), [4, 10, 9]).save()
    run_of(tmp_path / "all" / "seed4", 4, [1.0])
    run_of(tmp_path / "all" / "seed10", 10, [1.0])
    for place in (tmp_path, tmp_path / "all"):
        comparison = compare([place])
        assert [one.path.name for one in comparison.groups[0].outcomes] == ["seed4", "seed10"]
        assert comparison.left_out == [f"{tmp_path / 'all' / 'seed9'}: has not begun"]


def test_no_run_is_counted_twice_and_none_at_all_is_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "some" / "where" / "run", 1, [1.0])
    assert find_runs([run, tmp_path, tmp_path / "some"]) == ([run], [])
    (tmp_path / "empty").mkdir()
    for place in ("empty", "nowhere"):
        with pytest.raises(InputError, match=place):
            find_runs([tmp_path / place])


def test_a_difference_between_two_groups_is_tested(tmp_path: Path) -> None:
    for seed in range(5):
        run_of(tmp_path / "a" / f"seed{seed}", seed, [2.0 + seed], solved_at=0)
        run_of(tmp_path / "b" / f"seed{seed}", seed, [1.0], engine="random-network")
    first, second = compare([tmp_path / "a", tmp_path / "b"]).groups
    # 2 of the 252 ways to divide ten runs.
    p = f"p = {2 / 252:.2g}"
    success, cost, best = significance(first, second)
    assert success == f"success: {p} (Fisher's exact test)"
    assert cost == f"evaluations to success, failures last: {p} (Mann-Whitney U)"
    assert best == f"best fitness: {p} (Mann-Whitney U)"
    assert significance(second, second) == ["best fitness: p = 1 (Mann-Whitney U)"]


@pytest.mark.parametrize(("name", "tables", "differing"), [
    (
        "guess",
        ({"guess": {"score": "gap"}}, {"guess": {"keys": 5, "score": "band"}}),
        "guess.keys, guess.score",
    ),
    (
        "memorize",
        ({"memorize": {"mode": "perform"}}, {"network": {"lags": [1, 2]}}),
        "memorize.mode",
    ),
    ("memorize", ({}, {"network": {"lags": [1, 2]}}), ""),
])  # fmt: skip
def test_best_fitness_is_not_tested_where_something_else_is_scored(
    tmp_path: Path, name: str, tables: tuple[Any, Any], differing: str
) -> None:
    for place, table in enumerate(tables):
        for seed in range(3):
            run_of(tmp_path / f"{place}-{seed}", seed, [float(place)], name=name, **table)
    (line,) = significance(*compare([tmp_path]).groups)
    if differing:
        assert line == f"best fitness: not comparable, they differ in {differing}"
    else:
        assert line.startswith("best fitness: p = ")


def test_runs_of_two_experiments_have_no_fitness_in_common(tmp_path: Path) -> None:
    run_of(tmp_path / "a", 0, [1.0], name="xor")
    run_of(tmp_path / "b", 0, [1.0], name="guess")
    (line,) = significance(*compare([tmp_path]).groups)
    assert line == "best fitness: not comparable, they differ in run.experiment"


def test_where_groups_differ_is_said_whole_in_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = "a-song-with-a-name-that-takes-more-than-half-of-a-line-by-itself"
    monkeypatch.chdir(tmp_path)
    tune("bingo").save(song)
    for engine in ("one-plus-one-network", "random-network"):
        for table in ({"activation_mutate_rate": "0.5", "node_add_prob": "0.7"}, {}):
            changes = {engine: {"DefaultGenome": table}, "memorize": {"song": song}}
            path = tmp_path / engine / str(len(table))
            run_of(path, 0, [1.0], engine=engine, name="memorize", **changes)
    groups = compare([tmp_path]).groups
    (legend,) = comparison_figure(groups).legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert [" ".join(text.split()) for text in shown] == [f"{one.label}: 0 of 1" for one in groups]
    assert max(len(line) for text in shown for line in text.splitlines()) <= 112


def test_the_command_shows_a_table_and_draws_it(tmp_path: Path) -> None:
    run_of(tmp_path / "a" / "seed0", 0, [2.0, 3.0], solved_at=1)
    run_of(tmp_path / "a" / "seed1", 1, [None, None], status="failed")
    run_of(tmp_path / "b" / "seed0", 0, [1.0], engine="one-plus-one-network")
    run_of(tmp_path / "b" / "seed1", 1, [1.0], engine="one-plus-one-network", status="stopped")
    picture = tmp_path / "picture.png"
    ended = CliRunner().invoke(main, ["compare", str(tmp_path), "-o", str(picture)])
    assert ended.exit_code == 0, ended.output
    lines = ended.output.splitlines()
    assert lines[0].split()[:3] == ["runs", "solved", "95"]
    assert lines[1] == "xor/network/neat"
    assert lines[2].split() == ["2", "1", "9", "to", "91%", "40", "80", "2.0", "4.0", "-"]
    assert lines[3] == "xor/network/one-plus-one"
    assert lines[4].split() == ["1", "0", "0", "to", "79%", "-", "-", "-", "-", "1"]
    assert "Fisher" in lines[5]
    assert lines[-2].startswith("not counted: ")
    assert max(map(len, lines[:5])) <= 80
    assert picture.read_bytes() == png_bytes(comparison_figure(compare([tmp_path]).groups))


def test_runs_of_which_none_has_ended_are_no_comparison(tmp_path: Path) -> None:
    run_of(tmp_path / "a", 0, [1.0], status="stopped")
    ended = CliRunner().invoke(main, ["compare", str(tmp_path)])
    assert ended.exit_code == 2
    assert "none of the runs has ended" in ended.output
    with pytest.raises(ValueError, match="none"):
        comparison_figure([])
