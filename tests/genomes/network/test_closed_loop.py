"""Networks in closed loop play exactly their step-by-step outputs."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from breeding import constant, copies, evolved, joined, network, same_arrays, varied_config

from genomes.network.functions import ACTIVATIONS, AGGREGATIONS, SUM
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.player import Player

STEPS = 20
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])
PLAYERS = pytest.mark.parametrize("player", [
    Player(keys=5, lags=(1, 2, 3, 6, 9), off=0.0, threshold=0.1),
    Player(keys=5, lags=(1, 2, 3, 6, 9), off=-1.0, extra_inputs=(1.0, 0.0, -0.5)),
    Player(keys=5, lags=(7, 1, 2), off=0.0, before_start=0.0, extra_inputs=(0.0,), voices=1),
    Player(keys=5, lags=(4, 1, 2), off=-1.0, on=0.5, before_start=0.25, voices=2),
])  # fmt: skip


@cache
def population(player: Player, feed_forward: bool) -> Networks:
    """Return evolved networks of every function, then fully connected ones.

    The genes of the fully connected ones are shuffled.
    """
    config = varied_config(player.inputs, player.keys, feed_forward)
    varied = from_neat_python(evolved(config), config.genome_config, player)
    random = np.random.default_rng(3)
    batches = [varied]
    for shuffled in (0, 1, 4, 10_000):
        links = [
            (-1 - i, key, float(random.normal()))
            for i in range(player.inputs)
            for key in range(player.keys)
        ]
        links += [(-1, 7, 0.5), (-2, 7, -0.5), (7, 6, 1.5), (6, 1, 0.5), (-9, 6, 0.75)]
        if not feed_forward:
            links += [(1, 7, -0.5), (2, 2, 0.5), (4, 0, 1.0)]
        for _ in range(min(shuffled, len(links))):
            links.append(links.pop(int(random.integers(len(links)))))
        batches.append(network(player.inputs, player.keys, links, feed_forward=feed_forward,
                               activation="tanh", player=player))  # fmt: skip
    return joined([batch.take(np.arange(len(batch))) for batch in batches])


def outputs_at(batch: Networks, grids: np.ndarray, step: int) -> np.ndarray:
    """Return each network's outputs after `step` rows: (n, keys)."""
    assert batch.player is not None
    said = []
    for i, grid in enumerate(grids):
        heard = batch.player.input_rows(
            grid[: step + 1]
        ).T  # the last row is the present, still silent
        rows = heard[-1:] if batch.feed_forward else heard
        said.append(batch.take([i]).activate(rows)[0, -1])
    return np.array(said)


def sounding(player: Player, outputs: np.ndarray, temperature: float, chances: np.ndarray) -> set:
    """Return one network's sounding keys at one step, following the contract."""
    if not player.voices:
        said = outputs - player.threshold
        if temperature == 0:
            return set(np.flatnonzero(said > 0))
        return {
            key for key, value in enumerate(said)
            if chances[key] < 1 / (1 + np.exp(-max(-60.0, min(60.0, value / temperature))))
        }  # fmt: skip
    chosen: set = set()
    left = [key for key, output in enumerate(outputs) if not np.isnan(output)]
    for voice in range(min(player.voices, len(left))):
        best = max(left, key=lambda key: (outputs[key], -key))
        if temperature > 0:
            below = [0.0 if outputs[key] == outputs[best] else outputs[key] - outputs[best]
                     for key in left]  # fmt: skip
            reached = np.cumsum(np.exp(np.array(below) / temperature))
            best = left[int(np.argmax(reached > chances[voice] * reached[-1]))]
        chosen.add(best)
        left.remove(best)
    return chosen


@BOTH_KINDS
@PLAYERS
@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_performing_is_activating_step_after_step(
    player: Player, feed_forward: bool, temperature: float
) -> None:
    batch = population(player, feed_forward)
    prompt = np.random.default_rng(4).random((4, 5)) < 0.3
    streams = [np.random.default_rng([5, i]) for i in range(len(batch))]
    chances = np.array(
        [np.random.default_rng([5, i]).random((STEPS, 5)) for i in range(len(batch))]
    )
    played = batch.perform(prompt, STEPS, streams, temperature)
    wanted = np.zeros((len(batch), STEPS, 5), bool)
    wanted[:, :4] = prompt
    for step in range(4, STEPS):
        for i, said in enumerate(outputs_at(batch, wanted, step)):
            wanted[i, step, list(sounding(player, said, temperature, chances[i, step]))] = True
    np.testing.assert_array_equal(played, wanted)
    assert len({one.tobytes() for one in played}) > len(batch) // 4


def test_the_performing_populations_hold_every_function() -> None:
    for feed_forward in (True, False):
        player = Player(keys=5, lags=(1, 2, 3, 6, 9), off=0.0, threshold=0.1)
        program = population(player, feed_forward).program
        assert set(program.aggregation.tolist()) == set(range(len(AGGREGATIONS)))
        assert set(program.activation.tolist()) >= set(range(len(ACTIVATIONS) - 1))
        assert (program.aggregation == SUM).sum() > 20


@BOTH_KINDS
def test_the_order_of_genes_is_the_order_of_the_sum(feed_forward: bool) -> None:
    """Three keys summed in three orders; only one order leaves more than 0."""
    player = Player(keys=3, lags=(1, 2, 3), off=0.0, before_start=0.0)
    weights = {-1: 1e16, -4: 1.0, -7: -1e16}  # key 0 at the three lags
    orders = [(-1, -4, -7), (-1, -7, -4), (-4, -1, -7)]
    links = [(source, key, weights[source]) for key, order in enumerate(orders) for source in order]
    batch = network(9, 3, links, feed_forward=feed_forward, player=player)
    prompt = np.zeros((3, 3), bool)
    prompt[:, 0] = True
    assert batch.perform(prompt, 4)[0, 3].tolist() == [False, True, False]


@pytest.mark.parametrize("weight", [np.inf, np.nan])
def test_a_weight_that_is_not_finite_silences_what_hears_a_zero_by_it(weight: float) -> None:
    player = Player(keys=2, lags=(1,), off=0.0, before_start=0.0)
    bias = {0: 1.0, 1: 1.0}
    links = [(-1, 0, weight), (-2, 0, 1.0), (-1, 1, 1.0), (-2, 1, 1.0)]
    batch = network(2, 2, links, bias=bias, player=player)
    assert batch.perform(np.zeros((1, 2), bool), 3)[0, 1:].tolist() == [[False, True]] * 2


# Voices


@pytest.mark.parametrize("voices", [1, 2, 4])
def test_so_many_of_the_highest_outputs_sound_whatever_the_threshold(voices: int) -> None:
    player = Player(keys=5, lags=(1,), threshold=100.0, voices=voices)
    batch = constant(player, [-3.0, -1.0, -2.0, -1.0, -9.0])
    order = [1, 3, 2, 0, 4]  # a tie goes to the lower key
    wanted = [key in order[:voices] for key in range(5)]
    prompt = np.zeros((0, 5), bool)
    assert batch.perform(prompt, 3)[0].tolist() == [wanted] * 3
    assert (batch.follow(np.zeros((3, 5), bool))[0] > 0).tolist() == [wanted] * 3


def test_following_with_voices_says_by_how_much_a_key_is_chosen_or_not() -> None:
    player = Player(keys=4, lags=(1,), voices=2)
    said = constant(player, [4.0, 1.0, -2.0, 3.0]).follow(np.zeros((1, 4), bool))
    assert said[0, 0].tolist() == [3.0, -2.0, -5.0, 2.0]
    tied = constant(replace(player, voices=1), [0.5] * 4).follow(np.zeros((1, 4), bool))[0, 0]
    assert tied[0] > 0
    assert tied[1:].tolist() == [0.0, 0.0, 0.0]


@BOTH_KINDS
@pytest.mark.parametrize("voices", [1, 3])
def test_following_its_own_performance_with_voices_says_what_was_performed(
    feed_forward: bool, voices: int
) -> None:
    player = Player(keys=5, lags=(1, 2, 3, 6, 9), off=0.0, voices=voices)
    batch = population(player, feed_forward)
    played = batch.perform(np.zeros((2, 5), bool), STEPS)
    for i in range(len(batch)):
        said = batch.take([i]).follow(played[i])[0]
        np.testing.assert_array_equal(said[2:] > 0, played[i, 2:])
        if np.isfinite(said).all():
            assert (played[i, 2:].sum(axis=1) == voices).all()


def test_an_output_that_is_no_number_is_silent_and_stays_no_number() -> None:
    player = Player(keys=3, lags=(1,), voices=2)
    for outputs, chosen in (
        ([np.nan, -5.0, np.inf], [False, True, True]),
        ([np.inf, np.inf, np.inf], [True, True, False]),
        ([-np.inf, np.nan, np.nan], [True, False, False]),
        ([np.nan, np.nan, np.nan], [False, False, False]),
    ):
        batch = constant(player, outputs)
        said = batch.follow(np.zeros((1, 3), bool))[0, 0]
        assert (said > 0).tolist() == chosen
        np.testing.assert_array_equal(np.isnan(said), np.isnan(outputs))
        assert batch.perform(np.zeros((0, 3), bool), 1)[0, 0].tolist() == chosen
        warm = batch.perform(np.zeros((0, 3), bool), 1, [np.random.default_rng(1)], 1.0)[0, 0]
        assert warm.sum() == sum(chosen)
        assert not warm[np.isnan(outputs)].any()


def test_one_voice_is_drawn_from_the_softmax() -> None:
    player = Player(keys=4, lags=(1,), voices=1)
    outputs = np.array([-1.0, 0.5, 0.0, -60.0])
    batch = constant(player, outputs)
    for temperature in (0.5, 2.0):
        streams = [np.random.default_rng(6)]
        played = batch.perform(np.zeros((0, 4), bool), 20000, streams, temperature)[0]
        assert (played.sum(axis=1) == 1).all()
        weights = np.exp(outputs / temperature)
        np.testing.assert_allclose(played.mean(axis=0), weights / weights.sum(), atol=0.015)
    cold = batch.perform(np.zeros((0, 4), bool), 40, [np.random.default_rng(6)], 1e-3)[0]
    assert cold[:, 1].all()


def test_several_voices_are_drawn_without_putting_back() -> None:
    player = Player(keys=3, lags=(1,), voices=2)
    streams = [np.random.default_rng(7)]
    said = constant(player, np.log([1.0, 2.0, 5.0]))
    played = said.perform(np.zeros((0, 3), bool), 20000, streams, 1.0)[0]
    assert (played.sum(axis=1) == 2).all()
    silent = [
        2 / 8 * 5 / 6 + 5 / 8 * 2 / 3,
        1 / 8 * 5 / 7 + 5 / 8 * 1 / 3,
        1 / 8 * 2 / 7 + 2 / 8 / 6,
    ]
    np.testing.assert_allclose(1 - played.mean(axis=0), silent, atol=0.015)


def test_voices_are_carried_by_arrays_and_arrays_of_before_have_none() -> None:
    batch = copies(Player(keys=3, lags=(1, 2), voices=2), 2)
    arrays = batch.to_arrays()
    again = Networks.from_arrays(arrays)
    assert again.player == batch.player
    assert same_arrays(again.to_arrays(), arrays)
    del arrays["player_voices"]
    old = Networks.from_arrays(arrays)
    assert old.player == Player(keys=3, lags=(1, 2))
