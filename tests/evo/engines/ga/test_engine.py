"""The genetic engine for note grids: survival, parent selection and settings."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from evo.core.errors import BreedingError, InputError
from evo.core.registry import experiment
from evo.core.scores import Scores, Status
from evo.core.settings import changed, rows
from evo.engines.ga.engine import GridGA
from evo.engines.ga.settings import GridSettings
from evo.engines.selection.pareto import pareto_order
from evo.fitness.memorization import Memorization
from evo.music.song import Song
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import CROSSOVERS

STEPS, KEYS = 16, 5
TARGET = np.random.default_rng(4).random((STEPS, KEYS)) < 0.2

# Children are copies of their first parents with one note deleted: who was a parent can be seen.
TRACED = {
    "crossover": {"rate": 0.0},
    "mutation": dict.fromkeys(MUTATIONS, 0.0) | {"delete": 1.0, "edits": 1.0},
}


def settings(**tables: dict[str, Any]) -> GridSettings:
    small = {"grid": {"steps": STEPS, "keys": KEYS, "bar": 4}, "population": {"size": 30}}
    return changed(changed(GridSettings(), small), tables, "ga")


def engine(seed: int = 1, **tables: dict[str, Any]) -> GridGA:
    return GridGA(settings(**tables), seed=seed)


def survivors(one: GridGA) -> dict[str, Any]:
    """Return the surviving parents that a checkpoint keeps: notes, total and cases."""
    return one.state().part("breeder").part("pool").arrays


def bytes_of(notes: np.ndarray) -> list[bytes]:
    return [one.tobytes() for one in notes]


def parents_of(children: np.ndarray, pool: np.ndarray) -> list[int]:
    """Return each child's parent index.

    The parent is the only one that the child copies, or lacks one note of.
    """
    found = []
    for child in children:
        missing = [(parent & ~child).sum() + 99 * (child & ~parent).sum() for parent in pool]
        assert min(missing) <= 1
        found.append(int(np.argmin(missing)))
    return found


def by_step(one: GridGA) -> Scores:
    """Return one case per step: the negated number of wrong keys."""
    cases = -(one.ask().notes != TARGET).sum(axis=2)
    return Scores.of(cases.sum(axis=1), cases)


# Parents


def test_comma_carries_the_best_on_unchanged() -> None:
    one = engine(population={"elitism": 3})
    notes = one.ask().notes
    total = np.random.default_rng(0).random(30)
    one.tell(Scores.of(total))
    best = np.argsort(-total)[:3]
    np.testing.assert_array_equal(one.ask().notes[:3], notes[best])


def test_a_tournament_prefers_the_better_and_a_larger_one_more_so() -> None:
    means = []
    for size in (1, 2, 6):
        one = engine(
            **TRACED,
            population={"elitism": 0, "size": 200},
            selection={"tournament_size": size},
        )
        pool = one.ask().notes
        one.tell(Scores.of(np.arange(200.0)))
        means.append(np.mean(parents_of(one.ask().notes, pool)))
    for size, mean in zip((1, 2, 6), means, strict=True):
        assert abs(mean - 200 * size / (size + 1)) < 15


def test_lexicase_chooses_specialists_that_a_tournament_passes_over() -> None:
    cases = np.zeros((30, 3))
    cases[4], cases[11] = (9, -99, -99), (-99, 9, 2)
    cases[20] = (1, 1, 1)  # the best total
    chosen = {}
    for kind in ("lexicase", "tournament"):
        one = engine(**TRACED, population={"elitism": 0}, selection={"kind": kind})
        pool = one.ask().notes
        one.tell(Scores.of(cases.sum(axis=1), cases))
        chosen[kind] = set(parents_of(one.ask().notes, pool))
    assert chosen["lexicase"] == {4, 11}
    assert not {4, 11} & chosen["tournament"]


def test_epsilon_lexicase_takes_nearly_the_best_for_the_best() -> None:
    cases = np.random.default_rng(0).random((30, 1))
    chosen = {}
    for kind in ("lexicase", "epsilon-lexicase"):
        one = engine(**TRACED, population={"elitism": 0}, selection={"kind": kind})
        pool = one.ask().notes
        one.tell(Scores.of(cases.sum(axis=1), cases))
        chosen[kind] = set(parents_of(one.ask().notes, pool))
    assert chosen["lexicase"] <= set(cases.argmax(axis=0))
    assert len(chosen["epsilon-lexicase"]) > 3


@pytest.mark.parametrize("kind", ["tournament", "lexicase", "epsilon-lexicase", "nsga2"])
@pytest.mark.parametrize("survival", ["comma", "plus", "elites"])
def test_the_failed_become_no_parents_where_others_are_enough(kind: str, survival: str) -> None:
    one = engine(
        **TRACED,
        population={"survival": survival, "parents": 8, "elitism": 0},
        selection={"kind": kind, "tournament_size": 20},
    )
    pool = one.ask().notes
    cases = np.random.default_rng(0).random((30, 4))
    cases[::2] = [np.nan, 99, 99, 99]
    one.tell(Scores.of(cases.sum(axis=1), cases))
    assert all(parent % 2 for parent in parents_of(one.ask().notes, pool))


# Survival


def test_plus_keeps_the_best_different_grids_of_parents_and_children() -> None:
    one = engine(population={"survival": "plus", "parents": 7})
    ever: dict[bytes, float] = {}
    for _ in range(8):
        scores = by_step(one)
        ever |= dict(zip(bytes_of(one.ask().notes), scores.total, strict=True))
        one.tell(scores)
        gallery = one.gallery()
        assert gallery is not None
        kept = bytes_of(gallery.performers.notes)  # type: ignore[attr-defined]
        assert len(set(kept)) == len(kept) == 7
        assert [ever[row] for row in kept] == gallery.scores.tolist()
        assert gallery.scores.tolist() == sorted(ever.values(), reverse=True)[:7]


def test_plus_by_goals_keeps_what_no_other_beats() -> None:
    one = engine(population={"survival": "plus"}, selection={"kind": "nsga2"})
    seen = np.empty((0, 2))
    for _ in range(8):
        notes = one.ask().notes
        goals = np.stack([notes[:, :8].sum(axis=(1, 2)), -notes[:, 8:].sum(axis=(1, 2))], axis=1)
        seen = np.concatenate([seen, goals])
        one.tell(Scores.of(np.zeros(30), goals))
        unbeaten = {
            tuple(goal)
            for goal in seen
            if not ((seen >= goal).all(axis=1) & (seen > goal).any(axis=1)).any()
        }
        assert unbeaten <= {tuple(goal) for goal in survivors(one)["cases"].astype(float)}


def test_elites_hold_the_best_ever_seen_at_each_case() -> None:
    one = engine(population={"survival": "elites"}, selection={"kind": "random"})
    best = np.full(STEPS, -np.inf)
    for generation in range(8):
        scores = by_step(one)
        assert scores.cases is not None
        cases = scores.cases.copy()
        cases[3] = np.nan  # one fails, whatever it is worth
        one.tell(Scores.of(scores.total, cases))
        cases[3] = -np.inf
        best = np.maximum(best, cases.max(axis=0))
        gallery = one.gallery()
        assert gallery is not None
        np.testing.assert_array_equal(gallery.scores, best)
        held = gallery.performers.notes  # type: ignore[attr-defined]
        assert len(held) == STEPS
        for case in range(STEPS):
            assert -(held[case, case] != TARGET[case]).sum() == best[case]
        if generation == 0:
            assert set(bytes_of(held)) <= set(bytes_of(engine().ask().notes))


def test_of_elites_alike_the_one_with_the_higher_total_then_the_older_is_held() -> None:
    one = engine(population={"survival": "elites"}, selection={"kind": "random"})
    first = one.ask().notes
    cases = np.zeros((30, 2))
    cases[:, 0] = 5.0
    total = np.zeros(30)
    total[17] = 1.0
    one.tell(Scores.of(total, cases))
    for _ in range(2):
        gallery = one.gallery()
        assert gallery is not None
        assert bytes_of(gallery.performers.notes) == bytes_of(first[[17, 17]])  # type: ignore[attr-defined]
        one.tell(Scores.of(total, cases))


def test_elites_with_random_selection_draw_every_case_alike() -> None:
    one = engine(
        **TRACED,
        population={"survival": "elites", "size": 400},
        selection={"kind": "random"},
    )
    pool = one.ask().notes
    cases = np.zeros((400, 4))
    cases[7, :3], cases[9, 3] = 1.0, 1.0
    one.tell(Scores.of(cases.sum(axis=1), cases))
    parents = parents_of(one.ask().notes, pool)
    assert set(parents) == {7, 9}
    assert abs(parents.count(7) - 300) < 40


def test_on_islands_children_compete_with_parents_at_the_islands_own_case_and_never_leave() -> None:
    one = engine(population={"survival": "islands", "size": 36, "parents": 4})
    pools: list[dict[bytes, float]] = [{}, {}, {}]
    for _ in range(8):
        notes = one.ask().notes
        cases = np.stack([notes[:, part::3].sum(axis=(1, 2)) for part in range(3)], axis=1)
        for island in range(3):
            # The first third of the children are the first island's, and so on.
            own = slice(12 * island, 12 * island + 12)
            pools[island] |= dict(
                zip(bytes_of(notes[own]), cases[own, island].tolist(), strict=True)
            )
        one.tell(Scores.of(cases.sum(axis=1), cases))
        kept, gallery = survivors(one), one.gallery()
        assert gallery is not None
        for island, known in enumerate(pools):
            part = slice(4 * island, 4 * island + 4)
            best = sorted(known.values(), reverse=True)[:4]
            assert kept["cases"][part, island].tolist() == best
            assert set(bytes_of(kept["notes"][part])) <= set(known)
            assert gallery.scores[island] == best[0]


def test_on_islands_bars_of_the_best_of_earlier_islands_cost_but_do_not_change_scores() -> None:
    one = engine(
        grid={"steps": STEPS, "keys": 2, "bar": 4, "voices": 1, "density": (1.0, 1.0)},
        population={"survival": "islands", "size": 20, "parents": 20, "shared": 0.25},
    )
    best = None
    for generation in range(3):
        notes = one.ask().notes
        cases = np.repeat(notes[:, :, 1].sum(axis=1)[:, None], 2, axis=1).astype(np.float32)
        one.tell(Scores.of(cases.sum(axis=1), cases))
        kept, gallery = survivors(one), one.gallery()
        assert gallery is not None
        first, second = (
            (kept["notes"][part], kept["cases"][part, 0].astype(np.float64))
            for part in (slice(kept["holders"][1]), slice(kept["holders"][1], None))
        )
        shares = np.zeros(len(second[0]))
        if best is not None:  # every bar has four notes, so every pattern counts
            old = _patterns(best)
            shares = np.array([sum(p in old for p in _patterns(grid)) for grid in second[0]])
        assert (np.diff(first[1]) <= 0).all()
        assert (np.diff(second[1] - 0.25 * np.sqrt(shares)) <= 1e-9).all()
        assert gallery.scores[1] == second[1][0]
        best = kept["notes"][0]
        assert shares.any() == (generation > 0)


def _patterns(grid: np.ndarray) -> list[tuple[int, bytes]]:
    """Return the bars, and two bars relative to their first note, of a grid of full bars."""
    bars = [np.argwhere(grid[at : at + 4]) for at in range(0, STEPS, 4)]
    both = [np.concatenate([a, b + np.array([4, 0])]) for a, b in pairwise(bars)]
    pairs = [(2, (one - np.array([0, one[0, 1]])).tobytes()) for one in both]
    return [(1, bar.tobytes()) for bar in bars if len(bar) >= 3] + pairs


def test_on_islands_parents_are_of_the_childs_own_island() -> None:
    one = engine(**TRACED, population={"survival": "islands"})
    pool = one.ask().notes
    cases = np.random.default_rng(0).random((30, 3))
    one.tell(Scores.of(cases.sum(axis=1), cases))
    parents = np.array(parents_of(one.ask().notes, pool))
    np.testing.assert_array_equal(parents // 10, np.arange(30) // 10)
    with pytest.raises(
        BreedingError, match=r"population\.size must be at least 31, one island per case"
    ):
        engine(population={"survival": "islands"}).tell(Scores.of(np.zeros(30), np.zeros((30, 31))))


def test_a_generation_that_failed_leaves_the_surviving_parents_as_they_were() -> None:
    for survival in ("plus", "elites", "islands"):
        one = engine(population={"survival": survival})
        one.tell(by_step(one))
        before = one.gallery()
        one.tell(Scores.failed(30, Status.CRASH, "all died"))
        after = one.gallery()
        assert before is not None
        assert after is not None
        np.testing.assert_array_equal(after.scores, before.scores)
        one.tell(by_step(one))


def test_the_gallery_is_the_champion_where_nothing_else_is_kept() -> None:
    one = engine()
    assert one.gallery() is None
    one.tell(by_step(one))
    gallery, champion = one.gallery(), one.champion
    assert gallery is not None
    assert champion is not None
    assert gallery.performers is champion.performers
    assert gallery.scores.tolist() == [champion.score]


# Goals


def test_the_pareto_order_is_by_front_then_by_crowding() -> None:
    random = np.random.default_rng(0)
    for goals in (random.integers(0, 5, (60, 3)), random.random((40, 2)), random.random((9, 1))):
        order, front = pareto_order(goals)
        assert sorted(order) == list(range(len(goals)))
        assert (np.diff(front[order]) >= 0).all()
        left = np.arange(len(goals))
        for number in range(front.max() + 1):
            table = goals[left]
            beaten = np.array(
                [((table >= goal).all(1) & (table > goal).any(1)).any() for goal in table]
            )
            assert set(left[~beaten]) == set(np.flatnonzero(front == number))
            left = left[beaten]
    corners = np.array([[0, 10], [1, 9], [2, 8], [10, 0], [6, 3]])
    assert set(pareto_order(corners)[0][:2]) == {0, 3}
    assert pareto_order(corners)[0][2] == 4  # the loneliest between them


def test_failed_individuals_are_the_last_front() -> None:
    goals = np.array([[1.0, 2.0], [-np.inf, -np.inf], [0.0, 0.0], [-np.inf, -np.inf], [2.0, 1.0]])
    order, front = pareto_order(goals)
    assert order.tolist()[3:] == [1, 3]
    assert front.tolist() == [0, 2, 1, 2, 0]
    assert pareto_order(np.full((3, 2), -np.inf))[1].tolist() == [0, 0, 0]
    assert len(pareto_order(np.empty((0, 2)))[0]) == 0


# Credit


def copied(seed: int, settings: GridSettings) -> int:
    """Return the evaluations until a song is copied, at most 6,000."""
    melody = np.zeros((64, 13), np.bool_)
    random = np.random.default_rng(3)
    for step in range(0, 64, 2):
        melody[step, random.integers(13)] = True
    fitness = Memorization([Song(melody)])
    one = GridGA(GridGA.of_shape(settings, 64, 13), seed=seed)
    for evaluations in range(50, 6001, 50):
        one.tell(fitness.evaluate(one.ask(), ()))
        assert one.champion is not None
        if fitness.figures(one.champion.performers)["solved"]:
            return evaluations
    return 6001


def test_credit_by_step_copies_a_song_in_far_fewer_evaluations() -> None:
    credited = experiment("memorize").config("ga").engine
    assert max(copied(seed, credited) for seed in range(3)) < 4000
    kinds = dict.fromkeys(CROSSOVERS, 1.0) | {"credit": 0.0}
    crossed = changed(credited, {"crossover": kinds})
    assert min(copied(seed, crossed) for seed in range(2)) > 4000


def test_credit_refuses_more_cases_than_steps_and_none_at_all() -> None:
    one = engine(crossover={"credit": 1.0})
    with pytest.raises(BreedingError, match=f"one case per step, of {STEPS} steps.* 17 cases"):
        one.tell(Scores.of(np.zeros(30), np.zeros((30, STEPS + 1))))
    with pytest.raises(BreedingError, match="need a fitness with cases"):
        engine(crossover={"credit": 1.0}).tell(Scores.of(np.zeros(30)))


@pytest.mark.parametrize("tables", [
    {"selection": {"kind": "lexicase"}}, {"selection": {"kind": "nsga2"}},
    {"population": {"survival": "elites"}},
], ids=str)  # fmt: skip
def test_settings_that_need_cases_are_refused_with_a_fitness_without_cases(
    tables: dict[str, Any],
) -> None:
    with pytest.raises(BreedingError, match="need a fitness with cases"):
        engine(**tables).tell(Scores.of(np.zeros(30)))


def test_cases_that_become_more_are_refused_where_parents_survive() -> None:
    one = engine(population={"survival": "elites"})
    one.tell(Scores.of(np.zeros(30), np.zeros((30, 2))))
    with pytest.raises(BreedingError, match="had 2 cases and now has 3"):
        one.tell(Scores.of(np.zeros(30), np.zeros((30, 3))))


# Settings


MILLION, BILLION = "1,000,000", "1,000,000,000"


@pytest.mark.parametrize(("table", "item", "value", "said"), [
    ("grid", "steps", 0, "must be a whole number from 1 to 65,536, got 0"),
    ("grid", "keys", 2.5, "must be a whole number from 1 to 256, got 2.5"),
    ("grid", "bar", "long", "must be a whole number from 1 to 65,536, got 'long'"),
    ("grid", "density", 0.5, "must be 2 values, each a number from 0 to 1, got 0.5"),
    ("grid", "density", [0.6, 1.2], "must be 2 values, each a number from 0 to 1, got [0.6, 1.2]"),
    ("grid", "voices", -1, "must be a whole number from 0 to 128, got -1"),
    ("grid", "most_voices", True, "must be a whole number from 0 to 128, got True"),
    ("population", "size", 0, f"must be a whole number from 1 to {MILLION}, got 0"),
    ("population", "survival", "all", "must be one of comma, elites, islands, plus, got 'all'"),
    ("selection", "kind", "best",
     "must be one of epsilon-lexicase, lexicase, nsga2, random, tournament, got 'best'"),
    ("selection", "tournament_size", 0, f"must be a whole number from 1 to {MILLION}, got 0"),
    ("crossover", "rate", 1.5, "must be a number from 0 to 1, got 1.5"),
    ("crossover", "credit", -1.0, f"must be a number from 0 to {BILLION}, got -1.0"),
    ("crossover", "credit_parents", 1, "must be a whole number from 2 to 65,536, got 1"),
    ("mutation", "edits", 0.5, "must be a number from 1 to 65,536, got 0.5"),
    ("mutation", "pitch", float("nan"), f"must be a number from 0 to {BILLION}, got nan"),
], ids=str)  # fmt: skip
def test_settings_that_cannot_be_are_refused_in_one_line(
    table: str, item: str, value: Any, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        settings(**{table: {item: value}})
    assert str(caught.value) == f"ga.{table}.{item} {said}"
    with pytest.raises(InputError) as caught:
        GridGA({table: {item: value}}, seed=1)
    assert str(caught.value) == f"{table}.{item} {said}"


@pytest.mark.parametrize(("changes", "said"), [
    ({"grid": {"density": [0.6, 0.2]}},
     "ga.grid: density must have the lower number first, got (0.6, 0.2)"),
    ({"grid": {"voices": 3, "most_voices": 2}},
     "ga.grid: voices must not be more than most_voices"),
    ({"population": {"elitism": 30}}, "ga.population: elitism (30) must be less than size (30)"),
    ({"mutation": dict.fromkeys(MUTATIONS, 0.0)},
     "ga.mutation: one of pitch to restate must be above 0"),
    ({"crossover": dict.fromkeys(CROSSOVERS, 0.0)},
     "ga.crossover: one of one_point to credit must be above 0"),
    ({"population": {"survival": "islands"}, "selection": {"kind": "lexicase"}},
     "ga: on islands, selection.kind must be tournament or random"),
    ({"population": {"size": 1_000_000}, "grid": {"steps": 65_536, "keys": 128}},
     "ga: population.size x grid.steps x grid.keys is 8,388,608,000,000, more than the "
     "4,000,000,000 that fit in memory"),
    ({"population": 30}, "ga.population is a table of settings, not a value"),
    ({"mutations": {}}, "there is no setting 'ga.mutations'; did you mean ga.mutation? "
     "[ga] has grid, population, selection, crossover, mutation"),
    ({"mutation": {"jump": 1.0}}, "there is no setting 'ga.mutation.jump'; [ga.mutation] has "
     f"rate, edits, variation, {', '.join(MUTATIONS)}"),
], ids=str)  # fmt: skip
def test_settings_that_contradict_each_other_or_do_not_exist_are_refused_in_one_line(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        settings(**changes)
    assert str(caught.value) == said


def test_every_setting_is_explained() -> None:
    found = list(rows(GridSettings(), "ga"))
    names = {(table, row.name) for table, row in found}
    assert {("ga.mutation", kind) for kind in MUTATIONS} <= names
    assert {("ga.crossover", kind) for kind in CROSSOVERS} <= names
    assert all(row.help for _, row in found)
