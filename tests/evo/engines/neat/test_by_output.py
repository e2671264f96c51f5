"""Modules are bred by their own output's score, and learn a song completely."""

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores, Status
from evo.core.settings import changed
from evo.engines.neat.engine import Neat
from evo.engines.neat.settings import ModuleSettings, NeatSettings
from evo.fitness.base import teach
from evo.fitness.memorization import Memorization
from evo.music.song import Song
from evo.music.tunes import tune
from genomes.network.assembly.edited import EditedNetworks
from genomes.network.assembly.offspring import parts_of_children, sizes_of_parts
from genomes.network.assembly.parts import Parts
from genomes.network.functions import STEP
from genomes.network.networks import Networks
from genomes.player import Player

PLAYER = Player(keys=4, lags=(1, 2, 3), off=0.0, before_start=0.0)
# Everything that is rare happens often: conjunctions come, change and go.
BUSY = {
    "move_weight": "0.3", "add_conjunction": "0.3", "split_connection": "0.2",
    "add_condition": "0.6", "remove_condition": "0.3", "remove_connection": "0.3",
    "negative": "0.7", "further": "0.5", "parsimony": "0.0",
}  # fmt: skip


def new(
    seed: int = 1,
    population: int = 30,
    player: Player = PLAYER,
    letters: tuple[float, ...] = (),
    **modules: str,
) -> Neat:
    shaped = Neat.of_shape(NeatSettings(), player.inputs, player.keys)
    changes = {"NEAT": {"pop_size": population}, "Modules": {"by_output": "True"} | modules}
    changes["Selection"] = {"weights": letters}
    return Neat(changed(shaped, changes), seed=seed, player=player)


@cache
def song() -> Any:
    """Return a tune of random chords that uses every output."""
    return np.random.default_rng(7).random((40, PLAYER.keys)) < 0.4


def judge(networks: Any) -> Scores:
    """Return the margin by which every output is right, as in `Memorization`."""
    said = networks.follow(song()).astype(np.float64)
    short = np.maximum(1.0 - np.where(song(), said, -said), 0.0)
    by_output = -(short**2).sum(axis=1)
    return Scores.of(by_output.sum(axis=1), by_output=by_output)


def module_sizes(engine: Neat) -> Any:
    """Return genes of every part: int64 (n, outputs)."""
    return sizes_of_parts(written_out(engine.ask())).reshape(-1, PLAYER.keys)


def written_out(population: Any) -> Parts:
    return parts_of_children(population.parts, population.children, False)


def modules(population: Any, place: int) -> dict[int, tuple[float, dict[int, float], list[Any]]]:
    """Return bias, weights by input, and units (weight, conditions) by output."""
    parts = written_out(population.take([place]))
    found = {}
    for output in range(PLAYER.keys):
        units = slice(*parts.unit_offsets[output : output + 2])
        pairs = zip(
            parts.unit_weight[units].tolist(), parts.conditions[units].tolist(), strict=True
        )
        weights = np.flatnonzero(parts.weight[output])
        found[output] = (
            float(parts.bias[output]),
            {int(source): float(parts.weight[output, source]) for source in weights},
            [(weight, tuple(conditions)) for weight, conditions in pairs],
        )
    return found


def test_the_first_networks_are_silent_and_unconnected() -> None:
    networks = new().ask()
    assert len(networks) == 30
    assert networks.sizes().tolist() == [[PLAYER.keys, 0]] * 30
    assert (networks.follow(song()) < 0).all()


@pytest.mark.parametrize("changes", [{}, BUSY])
@pytest.mark.parametrize("seed", [1, 2])
def test_networks_stay_valid_and_parts_share_no_hidden_node(
    seed: int, changes: dict[str, str]
) -> None:
    engine, units = new(seed, **changes), 0
    for _ in range(40):
        population = engine.ask()
        assert isinstance(population, EditedNetworks)
        # Checks everything: every connection's ends exist, and there is no cycle.
        again = EditedNetworks.from_arrays(population.to_arrays())
        networks = Networks.from_arrays(again.networks.to_arrays())
        hidden = networks.node_id >= networks.outputs
        assert (networks.activation[hidden] == STEP).all()
        # A hidden node has one connection, to an output.
        fed = networks.source >= 0
        assert (networks.target[fed] < networks.outputs).all()
        assert fed.sum() == hidden.sum()
        units += int(hidden.sum())
        engine.tell(judge(population))
    assert units > 20


def test_children_differ_from_the_parent_in_row_1_by_one_edit() -> None:
    engine = new(**BUSY)
    for _ in range(15):
        engine.tell(judge(engine.ask()))
    networks = engine.ask()
    parent = modules(networks, 1)
    same = 0
    for place in range(2, len(networks)):
        for output, (bias, weights, units) in modules(networks, place).items():
            parent_bias, parent_weights, parent_units = parent[output]
            sources = {*weights.items()} ^ {*parent_weights.items()}
            here, there = Counter(units), Counter(parent_units)
            differing = max((here - there).total(), (there - here).total())
            edits = (bias != parent_bias) + len({source for source, _ in sources}) + differing
            assert edits <= 1
            same += edits == 0
    assert same < 28 * PLAYER.keys / 2


@pytest.mark.parametrize("parsimony", ["0.0", "0.03"])
def test_the_elite_in_row_0_is_the_best_module_ever_of_each_output(parsimony: str) -> None:
    engine = new(**(BUSY | {"parsimony": parsimony}))
    best = np.full(PLAYER.keys, -np.inf)
    rises = 0
    for _ in range(40):
        networks = engine.ask()
        scores = judge(networks)
        assert scores.by_output is not None
        credit = scores.by_output - float(parsimony) * module_sizes(engine)
        if np.isfinite(best).all():
            assert credit[0].tolist() == best.tolist()
        rises += int((credit.max(axis=0) > best).sum())
        best = credit.max(axis=0)
        engine.tell(scores)
    assert rises > 40


def test_the_best_module_of_every_output_meets_in_one_network() -> None:
    """Of two networks that are each best at one output, the next elite has both."""
    engine = new()
    for _ in range(5):
        engine.tell(judge(engine.ask()))
    before = engine.ask()
    credit = np.full((30, PLAYER.keys), -100.0)
    chosen = [17, 4, 29, 9]
    for output, place in enumerate(chosen):
        credit[place, output] = -1.0
    engine.tell(Scores.of(np.arange(30.0), by_output=credit))
    elite = modules(engine.ask(), 0)
    for output, place in enumerate(chosen):
        assert elite[output] == modules(before, place)[output]


def test_an_output_is_not_touched_by_how_others_are_judged() -> None:
    """The credit of the other outputs does not change the selection of one."""
    alone = []
    for shift in (0.0, 50.0):
        engine = new(parsimony="0.0")
        for _ in range(6):
            credit = judge(engine.ask()).by_output
            assert credit is not None
            credit[:, 1:] = credit[:, 1:][:: -1 if shift else 1] - shift
            engine.tell(Scores.of(credit.sum(axis=1), by_output=credit))
        alone.append(engine.ask().take([0, 1]).follow(song())[:, :, 0])
    np.testing.assert_array_equal(*alone)


def credit_of(engine: Neat, elite: float, parent: float, child: float) -> Scores:
    """Return the same scores for every output.

    Rows 0 and 1 and one child get this credit; all others get 0.
    """
    total = np.zeros(len(engine.ask()))
    total[0], total[1], total[5] = elite, parent, child
    return Scores.of(total, by_output=np.repeat(total[:, None], PLAYER.keys, 1))


def test_what_is_gathered_grows_while_it_pays_and_is_halved_when_it_does_not() -> None:
    engine = new(parsimony="0.0")

    def gathered() -> float:
        (one,) = set(engine.state().part("breeder").arrays["gathered"].tolist())
        return float(one)

    first = gathered()
    engine.tell(credit_of(engine, elite=1, parent=1, child=2))
    grown = gathered()
    assert grown > first
    # The parent has become worse, and a child of it makes up for that.
    engine.tell(credit_of(engine, elite=2, parent=1, child=3))
    assert gathered() == grown
    elite = engine.ask().take([0]).follow(song())
    engine.tell(credit_of(engine, elite=3, parent=1, child=2))
    assert gathered() == grown / 2
    # The elite is the next parent.
    for place in (0, 1):
        np.testing.assert_array_equal(engine.ask().take([place]).follow(song()), elite)
    for _ in range(10):
        engine.tell(credit_of(engine, elite=3, parent=1, child=2))
    assert gathered() == 1.0
    for _ in range(30):
        engine.tell(credit_of(engine, elite=3, parent=4, child=2))
    assert gathered() == 30.0  # no more than there are


def test_of_modules_that_play_alike_the_smaller_one_is_kept() -> None:
    """If playing gains nothing, added genes disappear again."""
    engine = new(population=20, parsimony="1.0", remove_connection="1.0")
    for _ in range(6):
        engine.tell(judge(engine.ask()))
    assert engine.ask().take([0]).sizes().sum() > PLAYER.keys
    for _ in range(120):
        engine.tell(Scores.of(np.zeros(20), by_output=np.zeros((20, PLAYER.keys))))
    assert engine.ask().take([0]).sizes().tolist() == [[PLAYER.keys, 0]]


def test_the_next_parent_has_what_its_best_children_gained_and_nothing_of_the_elites() -> None:
    engine = new(parsimony="0.0")
    differing = 0
    for _ in range(10):
        for _ in range(4):
            engine.tell(judge(engine.ask()))
        elite, parent, child = (modules(engine.ask(), place) for place in (0, 1, 5))
        differing += sum(elite[output] != parent[output] for output in elite)
        # One child alone is better than its parent, and so is the elite.
        engine.tell(credit_of(engine, elite=2, parent=1, child=3))
        assert modules(engine.ask(), 1) == child
        assert modules(engine.ask(), 0) == child
    assert differing > 5


def bred_to_differ(**changes: str) -> tuple[Neat, Any]:
    """Return an engine and its several module sizes at output 0: int64 (n,)."""
    engine = new(**(BUSY | {"parsimony": "1.0"} | changes))
    for _ in range(6):
        by_output = module_sizes(engine) * 2.0 - 1000.0  # the larger the better
        engine.tell(Scores.of(by_output.sum(axis=1), by_output=by_output))
    sizes = module_sizes(engine)[:, 0]
    assert len(set(sizes.tolist())) > 3
    return engine, sizes


def test_a_solved_output_is_left_alone_and_the_others_go_on() -> None:
    engine, _ = bred_to_differ(freeze_below="1.0")
    solved = modules(engine.ask(), 7)[0]
    by_output = np.full((30, PLAYER.keys), -5.0)
    by_output[7, 0] = -0.5
    for _ in range(4):
        engine.tell(Scores.of(by_output.sum(axis=1), by_output=by_output))
        networks = engine.ask()
        found = [modules(networks, place) for place in range(30)]
        assert all(one[0] == solved for one in found)
        for output in range(1, PLAYER.keys):
            assert any(one[output] != found[0][output] for one in found)
        by_output[:, 0] = -0.5


def test_of_a_solved_outputs_modules_the_smallest_that_solves_it_is_kept() -> None:
    """A smaller one that does not solve it is not kept, although parsimony favors it."""
    engine, sizes = bred_to_differ(freeze_below="1.0")
    order = np.argsort(sizes, kind="stable")
    small, middle, large = order[0], order[15], order[-1]
    assert sizes[small] < sizes[middle] < sizes[large]
    wanted = modules(engine.ask(), int(middle))[0]
    by_output = np.full((30, PLAYER.keys), -50.0)
    by_output[[small, middle, large], 0] = [-1.0, -0.9, -0.5]
    engine.tell(Scores.of(by_output.sum(axis=1), by_output=by_output))
    for place in range(30):
        assert modules(engine.ask(), place)[0] == wanted


def test_failed_networks_are_never_kept() -> None:
    engine = new()
    for _ in range(4):
        scores = judge(engine.ask())
        assert scores.by_output is not None
        by_output = scores.by_output
        by_output[3:] = np.nan
        engine.tell(Scores.of(scores.total, by_output=by_output))
        engine.tell(Scores.failed(30, Status.CRASH, "all of them"))
        EditedNetworks.from_arrays(engine.ask().to_arrays())  # they are valid


def test_a_fitness_that_does_not_score_outputs_is_refused_in_one_line() -> None:
    for by_output in (None, np.zeros((30, PLAYER.keys + 1))):
        engine = new()
        with pytest.raises(BreedingError, match=r"Modules\.by_output") as caught:
            engine.tell(Scores.of(np.zeros(30), by_output=by_output))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", sorted({*ModuleSettings.__struct_fields__} - {"by_output", "rounds", "thresholds"})
)
@pytest.mark.parametrize("value", ["many", "-0.1", "nan", "inf", ""])
def test_settings_that_are_no_numbers_from_0_are_refused_in_one_line(name: str, value: str) -> None:
    with pytest.raises(
        InputError, match=rf"^Modules\.{name} must be a number from 0 to .* got"
    ) as e:
        new(**{name: value})
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", ["twinkle-twinkle-little-star", "ode-to-joy"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_tune_is_learnt_completely_and_played_alone(name: str, seed: int) -> None:
    player = Player(13, (*range(1, 17), *range(20, 97, 4)), off=0.0, before_start=-1.0)
    learnt = tune(name)
    fitness = Memorization([learnt], prompt_steps=8)
    engine = new(seed, 50, player)
    while engine.champion is None or engine.champion.score < 120 - 1e-9:
        assert engine.generation < 600
        engine.tell(fitness.evaluate(engine.ask(), []))
    champion = engine.champion.performers
    played = champion.perform(learnt.onsets[:8], learnt.steps)[0]
    np.testing.assert_array_equal(played, learnt.onsets)


# Lessons


def taught_engine(seed: int, songs: list[Any], **modules: str) -> tuple[Neat, Memorization]:
    player = Player(13, (*range(1, 17), *range(20, 97, 4)), off=0.0, before_start=0.0)
    engine, fitness = new(seed, 50, player, **modules), Memorization(songs, prompt_steps=8)
    teach(engine, fitness)
    return engine, fitness


@pytest.mark.parametrize("seed", [0, 1])
def test_by_lessons_several_tunes_are_learnt_by_one_network(seed: int) -> None:
    songs = [
        tune(name)
        for name in ("twinkle-twinkle-little-star", "ode-to-joy", "vo-pole-bereza-stoyala")
    ]
    engine, fitness = taught_engine(seed, songs)
    total = sum(song.steps - 8 for song in songs)
    while engine.champion is None or engine.champion.score < total - 1e-9:
        assert engine.generation < 40
        assert len(engine.ask()) == 1
        engine.tell(fitness.evaluate(engine.ask(), []))
    for song in songs:
        played = engine.champion.performers.perform(song.onsets[:8], song.steps)[0]
        np.testing.assert_array_equal(played, song.onsets)
    assert isinstance(engine.champion.performers, Networks)


def test_a_taught_engine_continues_as_the_saved_one() -> None:
    engine, fitness = taught_engine(3, [tune("ode-to-joy")], rounds="2")
    for _ in range(3):
        engine.tell(fitness.evaluate(engine.ask(), []))
    copy = Neat.restore(engine.settings, engine.state(), seed=3, player=engine.player)
    teach(copy, fitness)
    for _ in range(3):
        for one in (engine, copy):
            one.tell(fitness.evaluate(one.ask(), []))
    arrays = engine.ask().to_arrays()
    for name, array in copy.ask().to_arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
    assert copy.statistics() == engine.statistics()


def test_where_the_past_does_not_decide_all_that_can_be_right_is_learnt_and_the_run_ends() -> None:
    roll = np.zeros((40, 13), np.bool_)
    roll[:, 0] = True
    roll[[9, 17, 33], 5] = True  # after the same pasts as at other steps
    player = Player(13, (1, 2), off=0.0, before_start=0.0)
    engine, fitness = new(1, 50, player), Memorization([Song(roll)], prompt_steps=8)
    teach(engine, fitness)
    for _ in range(20):
        engine.tell(fitness.evaluate(engine.ask(), []))
    figures = engine.statistics()
    assert 24 < figures["achievable"] < figures["lessons"] == 32
    assert figures["exhausted"] == (
        f"{figures['achievable']} of 32 steps can be right without memory, and are"
    )
    assert fitness.figures(engine.ask())["follow_correct"] == figures["achievable"]


@pytest.mark.parametrize("levels", [
    {"off": -1.0}, {"on": 0.5}, {"before_start": -0.5}, {"threshold": 0.5}, {"voices": 1},
    {"extra_inputs": (0.3,)},
])  # fmt: skip
def test_networks_that_do_not_read_zeros_and_ones_are_bred_by_scores(levels: Any) -> None:
    player = Player(13, (1, 2, 3), **({"off": 0.0, "before_start": 0.0} | levels))
    engine = new(1, 20, player)
    teach(engine, Memorization([tune("ode-to-joy")], prompt_steps=8))
    assert len(engine.ask()) == 20
    assert "lessons" not in engine.statistics()


def test_strict_thresholds_need_letters_and_letters_are_whole() -> None:
    for changes, words in (
        ({"Modules": {"by_output": True, "thresholds": "strict"}}, "needs Selection.weights"),
        ({"Modules": {"by_output": True}, "Selection": {"weights": (0.5, 1)}}, "must be whole"),
        ({"Modules": {"by_output": True}, "Selection": {"weights": (0, 1)}}, "must be whole"),
        ({"Modules": {"by_output": True}, "Selection": {"tournament_size": 4}}, "tournament_size"),
    ):
        with pytest.raises(InputError, match=words):
            changed(NeatSettings(), changes)


def test_letters_stay_letters_when_bred_by_scores() -> None:
    engine = new(**(BUSY | {"thresholds": "strict"}), letters=(-1.0, 1.0))
    for _ in range(25):
        engine.tell(judge(engine.ask()))
    parts = written_out(engine.ask())
    assert set(np.unique(parts.weight)) == {-1.0, 0.0, 1.0}
    assert set(np.unique(parts.unit_weight)) == {-1.0, 1.0}
    assert not parts.bias.any()


@pytest.mark.parametrize("changes", [{"smallest": 1e9}, {"decades": 400.0}])
def test_sizes_of_moves_have_a_largest_one(changes: dict[str, float]) -> None:
    engine = new(**BUSY, **{name: str(value) for name, value in changes.items()})
    for _ in range(3):
        engine.tell(judge(engine.ask()))
    EditedNetworks.from_arrays(engine.ask().to_arrays())


def test_a_rest_at_the_start_that_is_longer_than_all_lags_is_learnt() -> None:
    roll = np.zeros((40, 13), np.bool_)
    roll[16:, 0] = True
    player = Player(13, tuple(range(1, 17)), off=0.0, before_start=-1.0)
    for seed in range(3):
        engine, fitness = new(seed, 50, player), Memorization([Song(roll)], prompt_steps=8)
        teach(engine, fitness)
        while engine.champion is None or engine.champion.score < 32 - 1e-9:
            assert engine.generation < 60
            engine.tell(fitness.evaluate(engine.ask(), []))


@pytest.mark.parametrize(("name", "value"), [("gathered", np.nan), ("gathered", -5.0),
                                             ("stalled", -1), ("stalled", 99)])  # fmt: skip
def test_a_state_with_impossible_counts_is_refused(name: str, value: float) -> None:
    engine = new()
    engine.tell(judge(engine.ask()))
    state = engine.state()
    state.arrays[f"breeder.{name}"][0] = value
    with pytest.raises(ValueError, match=name):
        Neat.restore(engine.settings, state, seed=1, player=PLAYER)
