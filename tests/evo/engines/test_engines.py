"""The contract of every engine: a new one is tested by being registered."""

import copy
import json
import random
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays, settings_of

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores, Status
from evo.core.settings import tables
from evo.core.state import State
from evo.engines import Engine, engine_class, engine_names
from evo.runs import checkpoint
from genomes.base import performs
from genomes.player import Player
from genomes.program.themes import Themes

PLAYER = Player(keys=3, lags=(1, 2))
POPULATION = 24
STAMP = checkpoint.Stamp("", 0, "", "", None)

# Small species, so that they come and go while a test looks on.
SPECIES = {
    "DefaultSpeciesSet": {"compatibility_threshold": "1.2"},
    "DefaultStagnation": {"max_stagnation": "2", "species_elitism": "1"},
    "DefaultReproduction": {"min_species_size": "1", "elitism": "1"},
}
# What a grid needs to show what it can: 24 steps, more mutation than crossover.
GRID = {"grid": {"steps": 24, "bar": 4}, "mutation": {"edits": 3.0}}
# A small HistoryUser, of as many inputs as keys.
READER = {"network": {"inputs": 0, "layers": [4], "history": 6}}
# The same for DEAP's engines, which share no other settings with ours.
CELLS = {"grid": GRID["grid"]}
SIMPLE = {"algorithm": {"kind": "eaSimple"}}
TREES = {"formula": {"rules": 12}}
COMMA = {"algorithm": {"kind": "eaMuCommaLambda", "mu": 8}}
# Every engine, with what makes it show most, and those that can breed otherwise in that way too.
WAYS: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in engine_names()} | {
    "neat": SPECIES,
    "neat-python": SPECIES,
    "neat, by output": {"Modules": {"by_output": "True"}},
    "ga": GRID,
    "ga, plus": GRID | {"population": {"survival": "plus", "parents": 9}},
    "ga, lexicase": GRID | {"selection": {"kind": "lexicase"}},
    "ga, nsga2": GRID | {"selection": {"kind": "nsga2"}, "population": {"survival": "plus"}},
    "ga, elites": GRID | {"selection": {"kind": "random"}, "population": {"survival": "elites"}},
    "ga, islands": GRID | {"population": {"survival": "islands"}},
    "ga, credit": GRID | {"crossover": {"credit": 5.0, "credit_parents": 3}},
    "random-grid": GRID,
    "random-history-user": READER,
    "random-network, by output": {"Modules": {"by_output": "True"}},
    "one-plus-one-grid": GRID,
    "one-plus-one-history-user": READER,
    "one-plus-one-network, by output": {"Modules": {"by_output": "True"}},
    "deap-grid": CELLS,
    "deap-grid, simple": CELLS | SIMPLE,
    "deap-grid, comma": CELLS | COMMA | {"population": {"elitism": 3}},
    "deap-grid, nsga2": CELLS | {"select": {"kind": "selNSGA2"}},
    "deap-grid, lexicase": CELLS | SIMPLE | {"select": {"kind": "selLexicase"}},
    "deap-grid, few voices": {"grid": GRID["grid"] | {"most_voices": 1}},
    "deap-grid, arrays": CELLS | {"population": {"individual": "array"}},
    "deap-history-user": READER,
    "deap-history-user, simple": READER | SIMPLE,
    "deap-history-user, comma": READER | COMMA,
    "deap-history-user, nsga2": READER | {"select": {"kind": "selNSGA2"}},
    "deap-history-user, arrays": READER | {"population": {"individual": "array"}},
    "es": READER,
    "es, snes": READER | {"strategy": {"kind": "snes"}},
    "es, sep-cma": READER | {"strategy": {"kind": "sep-cma"}},
    "deap-formula": TREES,
    "deap-formula, simple": TREES | SIMPLE,
    "deap-formula, edits": TREES | {"mutate": {"kind": "edits"}},
    "anneal, whole formulas": {"variation": {"by_output": False}},
    "es, weighted-mean": READER | {"strategy": {"kind": "weighted-mean"}},
    # So small a grid that cells have rivals, and that some behaviours are beyond it.
    "map-elites": {"archive": {"low": (-0.9, -0.6), "high": (0.9, 0.6), "cells": (5, 3)}},
    "map-elites, one cell": {"archive": {"low": (-2.0, -2.0), "high": (2.0, 2.0), "cells": (1, 1)}},
}

pytestmark = pytest.mark.parametrize("name", WAYS)


def kind_of(name: str) -> type[Engine]:
    return engine_class(name.split(",")[0])


def configured(name: str) -> Any:
    return settings_of(kind_of(name), PLAYER, POPULATION, WAYS[name])


def new(name: str, seed: int = 3) -> Engine:
    return kind_of(name)(configured(name), seed=seed, player=PLAYER)


def judge(engine: Engine, failing: int = 0) -> Scores:
    """Return scores that depend only on the activations along a tune."""
    grid = np.random.default_rng(9).random((12, PLAYER.keys)) < 0.5
    said = said_of(engine.ask(), grid)
    right = np.tanh(said) * np.where(grid, 1.0, -1.0)
    right[len(right) - failing :] = np.nan
    by_output = right.sum(axis=1)
    behaviour = np.tanh(said.mean(axis=1)[:, :2])
    return Scores.of(by_output.sum(axis=1), right.sum(axis=2), by_output, behaviour)


def said_of(performers: Any, grid: Any) -> Any:
    """Return the activations along a tune, or +1 for the notes of variations of another."""
    if performs(type(performers)):
        return performers.follow(grid).astype(np.float64)
    theme = np.random.default_rng(2).random(grid.shape) < 0.5
    themes = Themes.of(theme[None], [0], [0], bar=4, beat=2)
    return np.where(performers.vary(themes)[:, 0], 1.0, -1.0)


def told(total: Any) -> Scores:
    """Return scores of these totals, shared equally by outputs and 12 cases."""
    totals = np.asarray(total, np.float64)
    by_output = np.repeat(totals[:, None] / PLAYER.keys, PLAYER.keys, 1)
    with np.errstate(over="ignore"):
        cases = np.clip(np.repeat(totals[:, None] / 12, 12, 1), -1e38, 1e38)
    return Scores.of(totals, cases, by_output)


def population(engine: Engine) -> dict[str, Any]:
    return engine.ask().to_arrays()


def history(engine: Engine, generations: int) -> list[dict[str, Any]]:
    populations = []
    for _ in range(generations):
        populations.append(population(engine))
        engine.tell(judge(engine))
    return [*populations, population(engine)]


@cache
def undisturbed(name: str, seed: int = 3) -> list[dict[str, Any]]:
    """Return an engine's first seven populations, for all tests."""
    return history(new(name, seed), 6)


def same_history(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return len(one) == len(other) and all(map(same_arrays, one, other))


def through_disk(state: State, folder: Path) -> State:
    checkpoint.save(folder, state, STAMP)
    return checkpoint.load(folder)[0]


def test_the_population_is_as_large_as_asked_for(name: str) -> None:
    engine = new(name)
    for _ in range(4):
        assert len(engine.ask()) == POPULATION
        engine.tell(judge(engine))


def test_asking_twice_gives_the_same_population(name: str) -> None:
    engine = new(name)
    for generation in range(3):
        assert engine.generation == generation
        assert same_arrays(population(engine), population(engine))
        engine.tell(judge(engine))


def test_scores_of_another_number_are_refused_and_change_nothing(name: str) -> None:
    engine = new(name)
    engine.tell(judge(engine))
    before, champion = population(engine), engine.champion
    for count in (0, POPULATION - 1, POPULATION + 1):
        with pytest.raises(ValueError, match=f"{count} scores came for {POPULATION} individuals"):
            engine.tell(told(np.full(count, 1e9)))
    assert engine.generation == 1
    assert engine.champion is champion
    assert same_arrays(population(engine), before)


def test_the_same_seed_breeds_the_same_and_another_seed_another(name: str) -> None:
    first = undisturbed(name)
    assert same_history(history(new(name), 4), first[:5])
    other = undisturbed(name, seed=8)
    # The first population may be the same for all, where it holds nothing drawn at random.
    assert not any(map(same_arrays, first[1:5], other[1:5]))


def test_every_generation_differs_from_the_one_before(name: str) -> None:
    populations = undisturbed(name)[:5]
    assert not any(map(same_arrays, populations, populations[1:]))


def test_an_engine_restored_in_any_generation_goes_on_identically(
    name: str, tmp_path: Path
) -> None:
    whole, wanted = new(name), undisturbed(name)
    kept = []
    for generation in range(7):
        assert same_arrays(population(whole), wanted[generation])
        kept.append(through_disk(whole.state(), tmp_path / f"{generation}"))
        if generation < 6:
            whole.tell(judge(whole))
    for generation, state in enumerate(kept):
        restored = kind_of(name).restore(configured(name), state, seed=3, player=PLAYER)
        assert restored.generation == generation
        assert same_history(history(restored, 6 - generation), wanted[generation:])
        assert same_arrays(restored.state().arrays, whole.state().arrays)
        assert restored.state().values == whole.state().values
        assert restored.statistics() == whole.statistics()


def test_an_engine_restored_in_every_generation_goes_on_identically(
    name: str, tmp_path: Path
) -> None:
    wanted = undisturbed(name)
    engine = new(name)
    for generation in range(6):
        assert same_arrays(population(engine), wanted[generation])
        engine.tell(judge(engine))
        kept = through_disk(engine.state(), tmp_path / "state")
        engine = kind_of(name).restore(configured(name), kept, seed=3, player=PLAYER)
    assert same_arrays(population(engine), wanted[6])


def test_saving_the_state_does_not_change_the_evolution(name: str, tmp_path: Path) -> None:
    wanted = undisturbed(name)
    engine = new(name)
    populations = []
    for _ in range(6):
        engine.state()
        through_disk(engine.state(), tmp_path / "state")
        populations.append(population(engine))
        engine.tell(judge(engine))
        engine.state()
    assert same_history([*populations, population(engine)], wanted)


def test_a_state_does_not_change_when_the_engine_goes_on(name: str) -> None:
    engine = new(name)
    history(engine, 3)
    state = engine.state()
    kept = copy.deepcopy(state)
    history(engine, 3)
    assert same_arrays(state.arrays, kept.arrays)
    assert state.values == kept.values


def test_the_champion_is_the_best_ever_told_of(name: str, tmp_path: Path) -> None:
    engine = new(name)
    assert engine.champion is None
    generator = np.random.default_rng(5)
    best = (-np.inf, -1, None)
    for generation in range(6):
        # The best comes in generation 2; afterwards all are worse.
        total = generator.random(POPULATION) + (10 if generation == 2 else 0)
        place = int(total.argmax())
        if total[place] > best[0]:
            best = (
                total[place],
                generation,
                engine.written_out(engine.ask().take([place])).to_arrays(),
            )
        engine.tell(told(total))
        kept = through_disk(engine.state(), tmp_path / "state")
        restored = kind_of(name).restore(configured(name), kept, seed=3, player=PLAYER)
        alone = kind_of(name).champion_of(kept)
        for champion in (engine.champion, restored.champion, alone):
            assert (champion.score, champion.generation) == best[:2]
            assert len(champion.performers) == 1
            assert same_arrays(champion.performers.to_arrays(), best[2])
    assert best[1] == 2


def test_a_champion_of_the_same_score_is_the_one_found_first(name: str) -> None:
    engine = new(name)
    for _ in range(3):
        engine.tell(told(np.ones(POPULATION)))
    assert engine.champion.generation == 0


def test_what_was_told_before_forgetting_is_no_measure_of_what_comes(
    name: str, tmp_path: Path
) -> None:
    """A fitness that learned may score all lower; older scores no longer count."""
    bred = []
    for bonus in (1e6, 0.0):
        engine = new(name)
        engine.tell(told(bonus + np.arange(POPULATION)))
        if name.startswith("one-plus-one"):
            with pytest.raises(BreedingError, match="keeps its parent by a score") as refusal:
                engine.forget()
            assert "\n" not in str(refusal.value)
            continue
        engine.forget()
        assert engine.champion is None
        engine = kind_of(name).restore(
            configured(name), through_disk(engine.state(), tmp_path / "state"), seed=3,
            player=PLAYER,
        )  # fmt: skip
        scores = np.random.default_rng(1).random(POPULATION)
        engine.tell(told(scores))
        assert (engine.champion.score, engine.champion.generation) == (scores.max(), 1)
        gallery = engine.gallery()
        assert gallery is not None
        assert gallery.scores.max() <= 1
        bred.append(population(engine))
    if bred:
        assert same_arrays(*bred)


def test_failed_individuals_never_become_champion(name: str) -> None:
    engine = new(name)
    total = np.linspace(-5.0, -4.0, POPULATION)
    total[7] = np.nan
    total[8] = np.inf
    engine.tell(told(total))
    assert engine.champion.score == -4.0
    engine.tell(Scores.failed(POPULATION, Status.CRASH, "all died"))
    assert (engine.champion.score, engine.champion.generation) == (-4.0, 0)


def test_a_generation_that_failed_as_a_whole_has_no_champion_and_breeds_on(name: str) -> None:
    engine = new(name)
    engine.tell(Scores.failed(POPULATION, Status.ERROR, "no"))
    assert engine.champion is None
    assert len(engine.ask()) == POPULATION
    state = engine.state()
    assert kind_of(name).champion_of(state) is None
    engine.tell(judge(engine))
    assert engine.champion is not None


def test_failed_individuals_breed_as_those_that_scored_worst(name: str) -> None:
    """A failure is as good as any score below all others, not a neutral 0."""
    failing, worst = new(name), new(name)
    for _ in range(3):
        scores = judge(failing, failing=5)
        failing.tell(scores)
        finite = scores.total[scores.ok]
        total = np.where(scores.ok, scores.total, np.nextafter(finite.min(), -np.inf))
        by_output = np.where(scores.ok[:, None], scores.by_output, -1e6)
        cases = np.where(scores.ok[:, None], scores.cases, -1e6)
        # Failed individuals are not in an archive, and these are beyond its grid.
        behaviour = np.where(scores.ok[:, None], scores.behaviour, -1e6)
        worst.tell(Scores.of(total, cases, by_output, behaviour))
    assert same_arrays(population(failing), population(worst))


def test_scores_of_any_finite_size_can_be_bred_and_saved(name: str, tmp_path: Path) -> None:
    for scale in (1e-300, 1e150, -1e150):
        engine = new(name)
        for _ in range(2):
            engine.tell(told(np.linspace(1, 2, POPULATION) * scale))
        saved = through_disk(engine.state(), tmp_path / "state")
        assert saved.values == engine.state().values
        assert same_arrays(saved.arrays, engine.state().arrays)
        assert len(engine.ask()) == POPULATION


def test_the_global_random_states_are_left_alone(name: str) -> None:
    def states() -> Any:
        numbers = np.random.get_state(legacy=False)["state"]
        return random.getstate(), numbers["pos"], numbers["key"].tobytes()

    random.seed(11)
    before = states()
    engine = new(name)
    engine.ask()
    for _ in range(2):
        engine.tell(judge(engine))
    state = engine.state()
    kind_of(name).restore(configured(name), state, seed=3, player=PLAYER).ask()
    assert states() == before


def test_what_others_draw_from_the_global_random_state_changes_nothing(name: str) -> None:
    wanted = undisturbed(name)[:4]
    engine = new(name)
    populations = []
    for _ in range(3):
        random.seed(random.random())
        np.random.random()
        populations.append(population(engine))
        random.random()
        engine.tell(judge(engine))
    assert same_history([*populations, population(engine)], wanted)


def test_two_engines_side_by_side_do_not_disturb_each_other(name: str) -> None:
    wanted, other = undisturbed(name, 3), undisturbed(name, 8)
    one, two = new(name, 3), new(name, 8)
    for generation in range(4):
        assert same_arrays(population(one), wanted[generation])
        assert same_arrays(population(two), other[generation])
        one.tell(judge(one))
        two.tell(judge(two))


def test_species_come_and_go_in_these_tests(name: str) -> None:
    """Otherwise they would hardly test engines that have species."""
    engine = new(name)
    seen = []
    for _ in range(7):
        seen.append(set(engine.statistics().get("species_sizes", ())))
        engine.tell(judge(engine))
    if any(seen):
        assert len(set.union(*seen)) >= 3
        assert any(before - after for before, after in pairwise(seen))


def test_statistics_are_json_values(name: str) -> None:
    engine = new(name)
    for _ in range(3):
        statistics = engine.statistics()
        assert json.loads(json.dumps(statistics, allow_nan=False)) == statistics
        engine.tell(judge(engine))


def test_unknown_settings_are_refused_in_one_line(name: str) -> None:
    whole = tables(configured(name))
    for section, items in whole.items():
        changes = whole | {section: items | {"no_such_setting": "1"}}
        with pytest.raises(InputError) as caught:
            kind_of(name)(changes, seed=1, player=PLAYER)
        known = f"[{section}] has {', '.join(items)}"
        assert str(caught.value) == f"there is no setting '{section}.no_such_setting'; {known}"


def test_a_player_of_another_shape_is_refused_in_one_line(name: str) -> None:
    if not performs(kind_of(name).genome):
        return  # it is not played, and fits every number of keys
    with pytest.raises(InputError, match="9") as caught:
        kind_of(name)(configured(name), seed=1, player=Player(keys=9, lags=(1,)))
    assert "\n" not in str(caught.value)


def test_evolution_climbs(name: str) -> None:
    engine = new(name)
    first = judge(engine).total.max()
    for _ in range(15):
        engine.tell(judge(engine))
    assert engine.champion.score > first
