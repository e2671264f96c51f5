"""Networks compute what neat-python's do, equally in every batch, and play by their inputs."""

import itertools
import math
from functools import cache
from typing import Any

import neat
import numpy as np
import pytest
from breeding import (
    NEAT_ACTIVATIONS,
    constant,
    copies,
    evolved,
    joined,
    network,
    same_arrays,
    varied_config,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.player import Player

PLAYER = Player(keys=3, lags=(1, 2, 5), threshold=0.25, extra_inputs=(1.0, -0.5))
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])


@cache
def population(feed_forward: bool, seed: int = 1) -> tuple[list[Any], Any, Networks]:
    """Return evolved genomes of every function, their configuration, and the batch."""
    config = varied_config(PLAYER.inputs, PLAYER.keys, feed_forward)
    genomes = evolved(config, seed=seed)
    return genomes, config, from_neat_python(genomes, config.genome_config, PLAYER)


def neat_network(genome: Any, config: Any) -> Any:
    kind = neat.nn.FeedForwardNetwork if config.genome_config.feed_forward else (
        neat.nn.RecurrentNetwork
    )  # fmt: skip
    return kind.create(genome, config)


def random_inputs(seed: int, rows: int = 20, columns: int = PLAYER.inputs) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


def random_grid(seed: int, steps: int = 24, keys: int = PLAYER.keys) -> np.ndarray:
    return np.random.default_rng(seed).random((steps, keys)) < 0.3


# What neat-python computes


@BOTH_KINDS
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_evolved_networks_compute_what_neat_python_computes(feed_forward: bool, seed: int) -> None:
    genomes, config, batch = population(feed_forward, seed)
    inputs = random_inputs(seed)
    outputs = batch.activate(inputs)
    assert outputs.shape == (len(genomes), len(inputs), PLAYER.keys)
    compared = 0
    for genome, ours in zip(genomes, outputs, strict=True):
        theirs = neat_network(genome, config)
        try:
            wanted = np.array([theirs.activate(row.tolist()) for row in inputs])
        except (OverflowError, ValueError):  # their arithmetic raises where ours is infinite
            continue
        if np.isfinite(wanted).all():
            np.testing.assert_allclose(ours, wanted, rtol=1e-9, atol=1e-12)
            compared += 1
    assert compared > len(genomes) // 2


@BOTH_KINDS
def test_the_compared_populations_hold_every_function_disabled_genes_and_unused_nodes(
    feed_forward: bool,
) -> None:
    batches = [population(feed_forward, seed)[2] for seed in (1, 2, 3)]
    computed = {int(code) for batch in batches for code in batch.program.activation}
    assert computed == {ACTIVATIONS.index(name) for name in NEAT_ACTIVATIONS}
    combined = {int(code) for batch in batches for code in batch.program.aggregation}
    assert combined == set(range(len(AGGREGATIONS)))
    assert any((~batch.enabled).any() for batch in batches)
    assert any(len(batch.program.node_id) < len(batch.node_id) for batch in batches)


def activated(name: str, values: list[float], feed_forward: bool = True) -> list[float]:
    """Return an activation function's values, computed as in a node."""
    node = network(1, 1, [(-1, 0, 1.0)], activation=name, feed_forward=feed_forward)
    outputs: list[float] = node.activate(np.array(values)[:, None])[0, :, 0].tolist()
    return outputs


@BOTH_KINDS
@pytest.mark.parametrize("name", NEAT_ACTIVATIONS)
def test_an_activation_function_is_neat_pythons(name: str, feed_forward: bool) -> None:
    wanted = neat.activations.ActivationFunctionSet().get(name)
    tiny = [0.0, 1e-9, 1e-8, 1e-7, 1e-3]
    values = [*tiny, *np.linspace(0.01, 4, 397), 0.68, 3.4, 12, 24, 59.9, 60.1, 1e3, 1e9]
    values = [float(value) for value in (*values, *(-value for value in values))]
    for value, got in zip(values, activated(name, values, feed_forward), strict=True):
        assert got == pytest.approx(wanted(value), rel=1e-13, abs=1e-300)


@BOTH_KINDS
@pytest.mark.parametrize("name", AGGREGATIONS)
def test_an_aggregation_function_is_neat_pythons(name: str, feed_forward: bool) -> None:
    wanted = neat.aggregations.AggregationFunctionSet().get(name)
    ties = np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0], [-3.0, 2.0, 3.0], [3.0, 2.0, -3.0]])
    for count in range(1, 9):
        rows = np.random.default_rng(count).normal(size=(20, count))
        if count == 3:
            rows = np.concatenate([rows, ties])
        links = [(-1 - i, 0, 1.0) for i in range(count)]
        node = network(count, 1, links, aggregation=name, feed_forward=feed_forward)
        got = node.activate(rows)[0, :, 0].tolist()
        assert got == [wanted(row.tolist()) for row in rows]


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_a_node_without_inputs_is_its_bias_in_a_feed_forward_network_as_in_neat_python(
    name: str,
) -> None:
    wanted = neat.aggregations.AggregationFunctionSet().get(name)([])
    node = network(1, 1, [], bias={0: 0.75}, aggregation=name)
    assert node.activate(np.ones((2, 1)))[0, :, 0].tolist() == [0.75 + wanted] * 2
    silent = network(1, 1, [], bias={0: 0.75}, aggregation=name, feed_forward=False)
    assert silent.activate(np.ones((2, 1)))[0, :, 0].tolist() == [0.0] * 2


def test_the_step_function_is_0_up_to_zero_and_1_above() -> None:
    assert activated("step", [-1.0, -1e-300, 0.0, 1e-300, 1.0]) == [0, 0, 0, 1, 1]


def test_numbers_too_large_are_infinite_instead_of_an_error() -> None:
    assert activated("square", [1e200]) == [math.inf]
    assert activated("cube", [-1e200]) == [-math.inf]
    assert activated("selu", [-1e9])[0] == pytest.approx(-1.758, abs=1e-3)


# One individual, alike in every batch


@BOTH_KINDS
def test_an_individual_computes_the_same_bits_alone_and_in_any_batch(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    inputs, grid = random_inputs(5), random_grid(5)
    order = np.random.default_rng(6).permutation(len(batch))
    together, followed = batch.activate(inputs), batch.follow(grid)
    performed = batch.perform(grid[:6], 24)
    shuffled = batch.take(order)
    assert shuffled.activate(inputs).tobytes() == together[order].tobytes()
    assert shuffled.follow(grid).tobytes() == followed[order].tobytes()
    assert shuffled.perform(grid[:6], 24).tobytes() == performed[order].tobytes()
    for i in range(len(batch)):
        alone = batch.take([i])
        assert alone.activate(inputs)[0].tobytes() == together[i].tobytes()
        assert alone.follow(grid)[0].tobytes() == followed[i].tobytes()
        assert alone.perform(grid[:6], 24)[0].tobytes() == performed[i].tobytes()


def test_a_feed_forward_network_computes_a_row_the_same_whatever_the_other_rows_are() -> None:
    _, _, batch = population(True)
    inputs = random_inputs(7)
    together = batch.activate(inputs)
    for row in (0, 7, 19):
        alone = batch.activate(inputs[row : row + 1])
        assert alone[:, 0].tobytes() == together[:, row].tobytes()


def test_a_long_song_with_few_notes_is_computed_as_its_steps_alone_are() -> None:
    _, _, batch = population(True)
    random = np.random.default_rng(8)
    inputs = np.where(random.random((700, PLAYER.inputs)) < 0.01, random.normal(), 0.0)
    inputs[:40, :5] = -1.0  # as before the start of a song
    inputs[:, 5] = 0.5
    together = batch.activate(inputs)
    for row in (*range(0, 700, 50), *np.flatnonzero(inputs[:, 7])):
        alone = batch.activate(inputs[row : row + 1])
        assert alone[:, 0].tobytes() == together[:, row].tobytes()


# Following and performing


@BOTH_KINDS
def test_following_is_activating_on_what_is_heard_less_the_threshold(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    grid = random_grid(8)
    said = batch.follow(grid)
    activations = batch.activate(PLAYER.input_rows(grid).T) - PLAYER.threshold
    assert said.dtype == np.float32
    np.testing.assert_array_equal(said, activations.astype(np.float32))


def test_a_positive_activation_too_small_for_float32_still_sounds() -> None:
    player = Player(keys=1, lags=(1,))
    assert constant(player, 1e-300).follow(np.zeros((3, 1), bool)).min() > 0
    assert not (constant(player, -1e-300).follow(np.zeros((3, 1), bool)) > 0).any()


def closed_loop(theirs: Any, prompt: np.ndarray, steps: int) -> list[list[bool]]:
    """Return a neat-python network's performance after a prompt.

    The README of player.json is followed.
    """
    played: list[list[bool]] = []
    for step in range(steps):
        inputs = []
        for lag in PLAYER.lags:
            for key in range(PLAYER.keys):
                if step - lag < 0:
                    inputs.append(PLAYER.before_start)
                else:
                    inputs.append(PLAYER.on if played[step - lag][key] else PLAYER.off)
        outputs = theirs.activate([*inputs, *PLAYER.extra_inputs])
        if step < len(prompt):
            played.append(prompt[step].tolist())
        else:
            played.append([output > PLAYER.threshold for output in outputs])
    return played


@BOTH_KINDS
def test_performing_is_a_closed_loop_through_neat_pythons_network(feed_forward: bool) -> None:
    genomes, config, batch = population(feed_forward)
    prompt = random_grid(9, steps=6)
    played = batch.perform(prompt, 30)
    assert played.dtype == np.bool_
    compared = set()
    for genome, ours in zip(genomes, played, strict=True):
        try:
            wanted = closed_loop(neat_network(genome, config), prompt, 30)
        except (OverflowError, ValueError):
            continue
        np.testing.assert_array_equal(ours, wanted)
        compared.add(ours.tobytes())
    assert len(compared) > 5  # not all of them are silent or constant


@BOTH_KINDS
def test_following_its_own_performance_says_what_was_performed(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    played = batch.perform(random_grid(10, steps=6), 30)
    for i in range(len(batch)):
        said = batch.take([i]).follow(played[i])[0]
        np.testing.assert_array_equal(said[6:] > 0, played[i, 6:])


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_a_network_that_follows_without_error_performs_without_error(lag: int) -> None:
    player = Player(keys=3, lags=(1, 2, 5))
    song = np.tile(random_grid(11, steps=lag), (6, 1))
    copying = copies(player, lag)
    assert ((copying.follow(song)[0] > 0)[lag:] == song[lag:]).all()
    np.testing.assert_array_equal(copying.perform(song[:lag], len(song))[0], song)


def test_a_recurrent_network_hears_the_whole_prompt() -> None:
    """Output 0 latches: it holds itself up once its key has sounded, beyond every lag."""
    player = Player(keys=1, lags=(1,), off=0.0, before_start=0.0, threshold=0.5)
    latch = network(
        1, 1, [(-1, 1, 4.0), (1, 1, 4.0), (1, 0, 1.0)],
        activation="clamped", feed_forward=False, player=player,
    )  # fmt: skip
    prompt = np.zeros((8, 1), bool)
    assert not latch.perform(prompt, 16).any()
    prompt[1] = True
    assert latch.perform(prompt, 16)[0, 8:].all()


def test_every_individual_may_have_a_prompt_of_its_own() -> None:
    player = Player(keys=3, lags=(4,))
    batch = joined([copies(player, 4)] * 3)
    prompts = np.stack([random_grid(seed, steps=4) for seed in (12, 13, 14)])
    played = batch.perform(prompts, 12)
    for one, prompt in zip(played, prompts, strict=True):
        np.testing.assert_array_equal(one, np.tile(prompt, (3, 1)))


# Temperature


def streams(seeds: Any) -> list[np.random.Generator]:
    return [np.random.default_rng([77, int(seed)]) for seed in seeds]


@BOTH_KINDS
def test_a_temperature_draws_from_each_individuals_own_stream(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    prompt = random_grid(15, steps=4)
    places = np.arange(len(batch))
    played = batch.perform(prompt, 24, streams(places), temperature=0.7)
    again = batch.perform(prompt, 24, streams(places), temperature=0.7)
    np.testing.assert_array_equal(played, again)
    order = np.random.default_rng(16).permutation(len(batch))[:20]
    part = batch.take(order).perform(prompt, 24, streams(order), temperature=0.7)
    np.testing.assert_array_equal(part, played[order])
    other = batch.perform(prompt, 24, streams(places + 1000), temperature=0.7)
    assert (other != played).any()
    np.testing.assert_array_equal(played[:, :4], np.broadcast_to(prompt, (len(batch), 4, 3)))


def test_a_key_sounds_with_the_probability_that_the_temperature_gives_it() -> None:
    player = Player(keys=4, lags=(1,), threshold=0.5)
    said = np.array([-2.0, 0.5, 1.5, 60.0])
    batch = constant(player, said)
    prompt = np.zeros((0, 4), bool)
    for temperature in (0.5, 2.0):
        played = batch.perform(prompt, 20000, streams([1]), temperature=temperature)
        wanted = 1 / (1 + np.exp(-(said - player.threshold) / temperature))
        np.testing.assert_allclose(played[0].mean(axis=0), wanted, atol=0.015)


def test_the_colder_the_closer_to_no_temperature() -> None:
    player = Player(keys=2, lags=(1,))
    batch = constant(player, [0.5, -0.5])
    prompt = np.zeros((1, 2), bool)
    cold = batch.perform(prompt, 40, streams([2]), temperature=1e-3)
    np.testing.assert_array_equal(cold, batch.perform(prompt, 40))


def test_a_temperature_without_one_stream_an_individual_is_refused() -> None:
    _, _, batch = population(True)
    for given_streams in (None, streams([1])):
        with pytest.raises(ValueError, match="one random stream an individual"):
            batch.perform(random_grid(1, 4), 8, given_streams, temperature=1.0)


# Slices and arrays


@BOTH_KINDS
@settings(max_examples=40, deadline=None, derandomize=True)
@given(indices=st.lists(st.integers(-60, 59), max_size=80))
def test_a_slice_holds_the_chosen_individuals_in_order(
    feed_forward: bool, indices: list[int]
) -> None:
    genomes, config, batch = population(feed_forward)
    chosen = batch.take(indices)
    wanted = from_neat_python([genomes[i] for i in indices], config.genome_config, PLAYER)
    assert len(chosen) == len(indices)
    assert same_arrays(chosen.to_arrays(), wanted.to_arrays())


@BOTH_KINDS
@settings(max_examples=40, deadline=None, derandomize=True)
@given(indices=st.lists(st.integers(0, 59), max_size=80))
def test_arrays_carry_a_batch_whole(feed_forward: bool, indices: list[int]) -> None:
    batch = population(feed_forward)[2].take(indices)
    arrays = batch.to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    again = Networks.from_arrays(arrays)
    assert same_arrays(again.to_arrays(), arrays)
    assert (again.player, again.feed_forward) == (PLAYER, feed_forward)
    inputs = random_inputs(17, rows=3)
    assert again.activate(inputs).tobytes() == batch.activate(inputs).tobytes()


def test_a_batch_without_a_player_stays_one() -> None:
    plain = network(2, 1, [(-1, 0, 1.0)])
    assert Networks.from_arrays(plain.to_arrays()).player is None


@BOTH_KINDS
def test_an_empty_batch_plays_nothing(feed_forward: bool) -> None:
    empty = population(feed_forward)[2].take([])
    assert len(empty) == 0
    assert empty.follow(random_grid(1)).shape == (0, 24, 3)
    assert empty.perform(random_grid(1, 4), 9).shape == (0, 9, 3)
    assert empty.sizes().shape == (0, 2)


def test_an_index_that_is_not_there_is_refused() -> None:
    batch = population(True)[2]
    for index in (len(batch), -len(batch) - 1):
        with pytest.raises(IndexError):
            batch.take([index])


@BOTH_KINDS
def test_sizes_count_nodes_and_enabled_connections(feed_forward: bool) -> None:
    genomes, _, batch = population(feed_forward)
    wanted = [
        [len(genome.nodes), sum(gene.enabled for gene in genome.connections.values())]
        for genome in genomes
    ]
    assert batch.sizes().tolist() == wanted


# What is refused


def test_shape_errors_name_the_argument_what_was_expected_and_what_came() -> None:
    batch = population(True)[2]
    grid = random_grid(1)
    for call, words in (
        (lambda: batch.activate(np.zeros((4, 5))), ("inputs", "(rows, 11)", "(4, 5)")),
        (lambda: batch.activate(np.zeros(11)), ("inputs", "(rows, 11)", "(11,)")),
        (lambda: batch.follow(grid[:, :2]), ("grid", "(steps, 3)", "(24, 2)")),
        (lambda: batch.follow(grid[0]), ("grid", "(steps, 3)", "(3,)")),
        (lambda: batch.perform(grid[:, :2], 30), ("prompt", "3)", "(24, 2)")),
        (lambda: batch.perform(grid[0], 30), ("prompt", "3)", "(3,)")),
        (lambda: batch.perform(grid, 10), ("steps", "24", "10")),
        (lambda: batch.perform(np.zeros((7, 4, 3), bool), 10), ("prompt", "60", "(7, 4, 3)")),
    ):
        with pytest.raises(ValueError, match="must be") as caught:
            call()
        assert all(word in str(caught.value) for word in words)
        assert "\n" not in str(caught.value)


def test_a_player_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="11 inputs and 3 keys, the networks 4 inputs"):
        network(4, 3, [], player=PLAYER)


def test_playing_without_a_player_is_refused() -> None:
    plain = network(2, 1, [(-1, 0, 1.0)])
    for call in (plain.follow, lambda grid: plain.perform(grid, 8)):
        with pytest.raises(ValueError, match="without a player"):
            call(np.zeros((4, 1), bool))


@pytest.mark.parametrize("links", [
    [(-1, 0, 1.0), (0, 0, 1.0)],
    [(-1, 1, 1.0), (1, 2, 1.0), (2, 1, 1.0), (2, 0, 1.0)],
])  # fmt: skip
def test_a_cycle_is_refused_in_a_feed_forward_network_and_allowed_in_a_recurrent_one(
    links: list[tuple[int, int, float]],
) -> None:
    recurrent = network(1, 1, links, feed_forward=False)
    arrays = joined([network(1, 1, [(-1, 0, 1.0)], feed_forward=False), recurrent]).to_arrays()
    with pytest.raises(ValueError, match=r"network 1 of 2 .* has a cycle"):
        Networks.from_arrays(arrays | {"shape": np.array([1, 1, 1, 0])})
    recurrent.activate(np.ones((2, 1)))


@BOTH_KINDS
@pytest.mark.parametrize("end", ["source", "target"])
def test_a_connection_to_a_missing_node_is_refused(feed_forward: bool, end: str) -> None:
    arrays = network(1, 1, [(-1, 0, 1.0)], feed_forward=feed_forward).to_arrays()
    for missing in (9, -2) if end == "source" else (9, -1):
        with pytest.raises(ValueError, match=r"network 0 of 1 .* lacks a node"):
            Networks.from_arrays(arrays | {end: np.array([missing])})


def test_a_missing_output_node_is_refused() -> None:
    arrays = network(1, 1, [], bias={0: 1.0}).to_arrays()
    with pytest.raises(ValueError, match="lacks a node"):
        Networks.from_arrays(arrays | {"node_id": np.array([5])})


@pytest.mark.parametrize("name", ["node_offsets", "connection_offsets"])
def test_offsets_that_fall_are_refused(name: str) -> None:
    arrays = population(True)[2].to_arrays()
    for wrong in (arrays[name] + 1, arrays[name][::-1]):
        with pytest.raises(ValueError, match=f"{name} must start at 0 and never fall"):
            Networks.from_arrays(arrays | {name: wrong})


def test_genes_that_are_too_few_are_refused() -> None:
    arrays = population(True)[2].to_arrays()
    for name in ("node_id", "bias", "weight", "enabled", "innovation"):
        with pytest.raises(ValueError, match=f"{name} must be .*, got"):
            Networks.from_arrays(arrays | {name: arrays[name][:-1]})


def test_offsets_of_different_batches_are_refused() -> None:
    arrays = population(True)[2].to_arrays()
    offsets = np.append(arrays["connection_offsets"], arrays["connection_offsets"][-1])
    with pytest.raises(ValueError, match=r"connection_offsets must be \(61,\), got \(62,\)"):
        Networks.from_arrays(arrays | {"connection_offsets": offsets})


def test_the_order_of_genes_is_the_order_of_the_sum() -> None:
    """Three numbers whose sum depends on the order in which they are added."""
    links = [(-1, 0, 1e16), (-2, 0, 1.0), (-3, 0, -1e16)]
    for order in itertools.permutations(links):
        wanted = sum(weight for _, _, weight in order)
        assert network(3, 1, list(order)).activate(np.ones((1, 3)))[0, 0, 0] == wanted
