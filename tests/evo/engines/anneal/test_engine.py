"""Annealing by lessons, beyond the contract in `test_engines.py`."""

from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import InputError
from evo.core.scores import Scores, Status
from evo.engines.anneal import engine as module
from evo.engines.anneal.engine import Anneal
from evo.engines.anneal.pool import Pool
from genomes.formula.formulas import Formulas
from genomes.formula.player import FormulaPlayer
from genomes.lessons import Taught
from genomes.player import Player

PLAYER = FormulaPlayer(3, tuple(range(1, 21)), bar=4)
ROLL = np.random.default_rng(1).random((90, 3)) < 0.2
TAUGHT = Taught((ROLL,), 8, 4)
SETTINGS = {
    "formula": {"inputs": PLAYER.inputs, "keys": 3},
    "population": {"size": 3},
    "annealing": {"edits": 6000, "cooling": 4},
}


def taught(seed: int = 1, **annealing: Any) -> Anneal:
    tables = SETTINGS | {"annealing": SETTINGS["annealing"] | annealing}
    engine = Anneal(tables, seed=seed, player=PLAYER)
    engine.teach(TAUGHT)
    return engine


def scored(engine: Anneal) -> Any:
    """Return the right steps of every formula."""
    said = engine.ask().follow(ROLL)[:, 8:] > 0
    return (said == ROLL[8:]).all(axis=2).sum(axis=1).astype(np.float64)


def bred(engine: Anneal, generations: int) -> Anneal:
    for _ in range(generations):
        engine.tell(Scores.of(scored(engine)))
    return engine


def test_songs_are_learned_exactly_and_then_shrink() -> None:
    engine = bred(taught(), 6)
    assert engine.statistics()["wrong"] == 0
    assert scored(engine)[0] == len(ROLL) - 8
    first = engine.statistics()["literals"]
    bred(engine, 8)
    assert engine.statistics()["wrong"] == 0
    assert engine.statistics()["literals"] < first
    assert len(engine.champion.performers.literal) <= first


def test_the_champion_is_the_shortest_of_equal_scores() -> None:
    engine = taught()
    for generation in range(8):
        engine.tell(Scores.of(np.zeros(3)))
        sizes = engine.ask().sizes()[:, :, 1].sum(axis=1)
        before = len(engine.champion.performers.literal)
        engine.tell(Scores.of(np.zeros(3)))
        assert len(engine.champion.performers.literal) == min(before, sizes.min())
        if sizes.min() < before:
            assert engine.champion.generation == 2 * generation + 1


def test_the_first_individual_has_the_best_rules_of_every_key() -> None:
    engine = bred(taught(), 3)
    said = engine.ask().follow(ROLL)[:, 8:] > 0
    wrong = (said != ROLL[8:]).sum(axis=1)
    costs = 6.0 * wrong + engine.ask().sizes()[:, :, 1]
    assert (np.diff(costs, axis=0) >= 0).all()


def test_scores_do_not_matter_to_what_is_taught() -> None:
    one, other = bred(taught(), 3), taught()
    for _ in range(3):
        other.tell(Scores.failed(3, Status.ERROR, "no"))
    assert same_arrays(one.ask().to_arrays(), other.ask().to_arrays())


@pytest.mark.parametrize("generations", [0, 1, 4, 5])
def test_a_restored_engine_goes_on_identically_when_taught_again(generations: int) -> None:
    whole = bred(taught(), generations)
    state = whole.state()
    settings = whole.settings
    again = Anneal.restore(settings, state, seed=1, player=PLAYER)
    again.teach(TAUGHT)
    assert again.statistics() == whole.statistics()
    bred(whole, 3)
    bred(again, 3)
    assert same_arrays(again.state().arrays, whole.state().arrays)


def test_states_of_another_shape_are_refused() -> None:
    engine = bred(taught(), 1)
    state = engine.state()
    other = FormulaPlayer(3, tuple(range(2, 22)), bar=4)
    with pytest.raises(ValueError, match="of the player"):
        Anneal.restore(engine.settings, state, seed=1, player=other)
    state.arrays["breeder.chains.wrong"] = np.zeros(4, np.int64)
    with pytest.raises(ValueError, match="wrong"):
        Anneal.restore(engine.settings, state, seed=1, player=PLAYER)


def test_intervals_are_learned_by_one_list() -> None:
    player = FormulaPlayer(3, PLAYER.lags, bar=4, relative=True)
    settings = SETTINGS | {"formula": {"inputs": player.inputs, "keys": 3}}
    engine = Anneal(settings, seed=2, player=player)
    engine.teach(TAUGHT)
    before = engine.ask().follow(ROLL)
    for _ in range(4):
        engine.tell(Scores.of(np.zeros(3), by_output=np.zeros((3, 3))))
    after = engine.ask().follow(ROLL)

    def right(said: Any) -> int:
        return int(((said[0, 8:] > 0) == ROLL[8:]).sum())

    assert right(after) > right(before) + 20


def test_scores_by_output_select_the_rules_of_every_key() -> None:
    player = Player(2, (1,))
    formulas = Formulas.silent(player, 3)
    by_output = np.array([[1.0, 5.0], [3.0, 4.0], [2.0, 6.0]])
    pool = Pool.of(formulas, Scores.of(by_output.sum(axis=1), by_output=by_output), True)
    np.testing.assert_array_equal(pool.survivors(2).scores, [[3.0, 6.0], [2.0, 5.0]])
    whole = Pool.of(formulas, Scores.of(by_output.sum(axis=1), by_output=by_output), False)
    np.testing.assert_array_equal(whole.survivors(2).scores, [[8.0], [7.0]])


def test_songs_that_do_not_fit_into_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CELLS", 100)
    engine = Anneal(SETTINGS, seed=1, player=PLAYER)
    with pytest.raises(InputError, match="do not fit into memory"):
        engine.teach(TAUGHT)


def test_formulas_need_a_player() -> None:
    engine = Anneal(SETTINGS, seed=1)
    with pytest.raises(InputError, match="need a player"):
        engine.ask()


@pytest.mark.parametrize(("tables", "message"), [
    ({"annealing": {"cold": 2.0}}, "cold"),
    ({"variation": {"insert": 0.8, "remove": 0.5}}, "insert and remove"),
    ({"population": {"size": 100_000}, "formula": {"rules": 8192}}, "fit in memory"),
])  # fmt: skip
def test_settings_that_do_not_fit_are_refused(tables: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Anneal(tables, seed=1)


def test_temperatures_fall_and_errors_cost_more_with_each_annealing() -> None:
    settings = Anneal(SETTINGS, seed=1).settings
    rates = [settings.annealing_rates(generation) for generation in range(9)]
    assert [one.error for one in rates] == [6.0] * 4 + [12.0] * 4 + [24.0]
    assert (rates[0].hot, rates[4].hot) == (0.8, 0.6)
    assert rates[3].cold == pytest.approx(0.1)
    assert all(one.cold < one.hot for one in rates)
    edits = settings.shared_edits(np.array([[1.0, 0.0, 3.0]]), 4 * 128)
    assert edits.tolist() == [3000, 0, 9000]
