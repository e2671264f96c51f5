"""The climb: rounds of mutants of one parent, between the first population and the second."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays, settings_of

from evo.core.errors import BreedingError
from evo.core.scores import Scores, Status
from evo.engines import engine_class
from evo.engines.climb import adapted
from genomes.player import Player

PLAYER = Player(keys=3, lags=(1, 2))
SIZE, PATIENCE = 12, 2
WAYS: dict[str, dict[str, Any]] = {
    "neat": {"Selection": {"climb": PATIENCE}},
    "ga": {"grid": {"steps": 24, "bar": 4}, "population": {"climb": PATIENCE}},
}
BY_ENGINE = pytest.mark.parametrize("name", WAYS)


def new(name: str, climbs: int = 1) -> Any:
    kind = engine_class(name)
    tables = {
        table: values | {"climbs": climbs} if "climb" in values else values
        for table, values in WAYS[name].items()
    }
    settings = settings_of(kind, PLAYER, SIZE, tables)
    return kind(settings, seed=7, player=PLAYER)


def notes(performers: Any) -> Any:
    """Return a score per individual: the notes that it plays."""
    return performers.perform(np.zeros((0, 3), np.bool_), 24).sum(axis=(1, 2)).astype(np.float64)


def bred(engine: Any, totals: Any = notes) -> list[int]:
    """Breed one generation; return the number of individuals of each round."""
    generation, rounds = engine.generation, []
    while engine.generation == generation:
        assert engine.awaited == SIZE - sum(rounds)
        performers = engine.ask()
        assert engine.ask() is performers
        rounds.append(len(performers))
        engine.tell(Scores.of(totals(performers)))
    return rounds


def none_is_better(performers: Any) -> Any:
    return np.zeros(len(performers))


@BY_ENGINE
def test_the_rounds_of_a_generation_are_as_many_individuals_as_the_population(name: str) -> None:
    engine = new(name)
    assert bred(engine) == [SIZE]
    rounds = bred(engine)
    assert sum(rounds) == SIZE
    assert len(rounds) > 3
    assert rounds[0] == 1


@BY_ENGINE
def test_the_parent_is_the_best_so_far(name: str) -> None:
    engine = new(name)
    for _ in range(2):
        bred(engine)
        kept = engine.state().part("climb")
        assert kept.values["score"] == engine.champion.score
        assert notes(engine.genome.from_arrays(kept.arrays))[0] == engine.champion.score


@BY_ENGINE
def test_rounds_widen_without_success_and_the_population_follows(name: str) -> None:
    engine = new(name)
    bred(engine)
    first, second = (bred(engine, none_is_better) for _ in range(PATIENCE))
    assert second[0] > first[0]
    assert "climb" not in engine.state().values
    assert bred(engine) == [SIZE]


@BY_ENGINE
def test_the_population_that_follows_begins_with_the_parent(name: str) -> None:
    engine = new(name)
    for totals in (notes, none_is_better, none_is_better):
        bred(engine, totals)
    population = engine.ask()
    assert len(population) == SIZE
    parent = notes(engine.champion.performers)[0]
    assert notes(population)[0] == parent
    others = [population.take([i]).to_arrays() for i in range(1, SIZE)]
    assert any(not same_arrays(other, population.take([0]).to_arrays()) for other in others)


@BY_ENGINE
def test_an_engine_restored_within_any_generation_repeats_it_identically(name: str) -> None:
    def go_on(engine: Any, generations: int) -> Any:
        for generation in range(generations):
            bred(engine, none_is_better if generation in (2, 3, 4) else notes)
        return engine.state()

    wanted = go_on(new(name), 8)
    kind = engine_class(name)
    for rounds in (0, 2):
        engine = new(name)
        for _ in range(2):
            bred(engine)
        for _ in range(rounds):
            engine.tell(Scores.of(notes(engine.ask())))
        state = engine.state()
        engine = kind.restore(engine.settings, state, seed=7, player=PLAYER)
        for generation in range(2, 8):
            bred(engine, none_is_better if generation in (2, 3, 4) else notes)
        assert same_arrays(engine.state().arrays, wanted.arrays)
        assert engine.state().values == wanted.values


def over(engine: Any) -> None:
    """Breed until a climb is over."""
    for _ in range(PATIENCE):
        bred(engine, none_is_better)


@BY_ENGINE
def test_the_next_climb_starts_from_the_best_of_a_new_population(name: str) -> None:
    engine = new(name, 2)
    bred(engine)
    first = engine.state().part("climb").arrays
    over(engine)
    population = engine.ask()
    assert len(population) == SIZE
    scores = notes(population)
    assert bred(engine) == [SIZE]
    kept = engine.state().part("climb")
    assert kept.values["score"] == scores.max() == notes(engine.genome.from_arrays(kept.arrays))[0]
    assert same_arrays(kept.part("best").arrays, first)
    assert bred(engine)[0] == 1


@BY_ENGINE
@pytest.mark.parametrize("better", [1.0, -1.0], ids=["later", "first"])
def test_the_population_begins_with_the_best_parent_of_all_climbs(name: str, better: float) -> None:
    engine = new(name, 2)
    bred(engine, lambda performers: np.full(len(performers), 5.0))
    first = engine.state().part("climb").arrays
    over(engine)
    bred(engine, lambda performers: np.full(len(performers), 5.0 + better))
    later = engine.state().part("climb").arrays
    over(engine)
    begins = engine.ask().take([0]).to_arrays()
    wanted = later if better > 0 else first
    assert notes(engine.genome.from_arrays(begins)) == notes(engine.genome.from_arrays(wanted))


@BY_ENGINE
def test_an_engine_restored_in_a_later_climb_repeats_it_identically(name: str) -> None:
    def go_on(engine: Any, generations: range) -> Any:
        for generation in generations:
            bred(engine, none_is_better if generation % 4 else notes)
        return engine

    wanted = go_on(new(name, 3), range(12)).state()
    kind = engine_class(name)
    for begin in range(2, 12):
        engine = go_on(new(name, 3), range(begin))
        engine = kind.restore(engine.settings, engine.state(), seed=7, player=PLAYER)
        assert same_arrays(go_on(engine, range(begin, 12)).state().arrays, wanted.arrays)
        assert engine.state().values == wanted.values


@BY_ENGINE
def test_a_failed_new_population_is_drawn_again(name: str) -> None:
    engine = new(name, 2)
    bred(engine)
    over(engine)
    failed = engine.ask().to_arrays()
    engine.tell(Scores.failed(SIZE, Status.ERROR, "no"))
    assert not same_arrays(engine.ask().to_arrays(), failed)
    assert bred(engine) == [SIZE]
    assert bred(engine)[0] == 1


@BY_ENGINE
@pytest.mark.parametrize(
    ("part", "name_of_value", "value"),
    [
        ("climb", "since", PATIENCE),
        ("climb", "since", PATIENCE + 1),
        ("best", "climbs", 0),
        ("best", "climbs", 2),
        ("best", "score", float("nan")),
        ("best", "strength", -1.0),
    ],
)
def test_a_damaged_climb_is_refused(name: str, part: str, name_of_value: str, value: Any) -> None:
    engine = new(name, 2)
    bred(engine)
    if part == "best":
        over(engine)
    state = engine.state()
    climb = dict(state.values["climb"])
    if part == "best":
        climb["best"] = climb["best"] | {name_of_value: value}
    else:
        climb[name_of_value] = value
    state = replace(state, values=state.values | {"climb": climb})
    with pytest.raises(ValueError, match=r"climb|score|strength|since"):
        engine_class(name).restore(engine.settings, state, seed=7, player=PLAYER)


@BY_ENGINE
def test_failed_mutants_are_no_parents(name: str) -> None:
    engine = new(name)
    bred(engine)
    before = engine.state().part("climb").arrays
    generation = engine.generation
    while engine.generation == generation:
        engine.tell(Scores.failed(len(engine.ask()), Status.ERROR, "no"))
    assert same_arrays(engine.state().part("climb").arrays, before)


@BY_ENGINE
def test_scores_that_cannot_be_compared_are_not_climbed(name: str) -> None:
    engine = new(name)
    engine.forget()
    assert [bred(engine) for _ in range(3)] == [[SIZE]] * 3
    engine = new(name)
    bred(engine)
    with pytest.raises(BreedingError, match="set the engine's climb to 0"):
        engine.forget()


def test_the_strength_grows_if_more_than_a_fifth_succeed() -> None:
    assert adapted(1.0, 0.2) == pytest.approx(1.0)
    assert adapted(1.0, 1.0) == 1.5
    assert adapted(1.0, 0.0) < 1.0 < adapted(1.0, 0.3)
    assert (adapted(10.0, 1.0), adapted(1e-4, 0.0)) == (10.0, 1e-4)
