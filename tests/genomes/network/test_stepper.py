"""Networks that are stepped compute what whole rows and neat-python compute."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import neat
import numpy as np
import pytest
from breeding import NEAT_ACTIVATIONS, TIMED, evolved, network, varied_config

from genomes.errors import GenomeError
from genomes.network.functions import AGGREGATIONS
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.network.own_functions import code_of, register
from genomes.network.single import Network

INPUTS, OUTPUTS, STEPS = 4, 2, 12
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])


@cache
def population(feed_forward: bool, timed: bool = False) -> tuple[list[Any], Any, Networks]:
    """Return evolved genomes of every function, their configuration, and the batch."""
    config = varied_config(INPUTS, OUTPUTS, feed_forward, **(TIMED if timed else {}))
    genomes = [genome for seed in range(5) for genome in evolved(config, seed=seed)]
    return genomes, config, from_neat_python(genomes, config)


def random_inputs(n: int, seed: int = 1) -> np.ndarray:
    """Return a row per step and network: (STEPS, n, INPUTS)."""
    return np.random.default_rng(seed).normal(size=(STEPS, n, INPUTS))


def assert_equal_where_defined(
    outputs: np.ndarray, theirs: Sequence[Callable[[list[float]], Any]], inputs: np.ndarray
) -> None:
    """Compare (n, STEPS, OUTPUTS) with what neat-python's functions return."""
    compared = 0
    for g, function in enumerate(theirs):
        try:
            wanted = np.array([function(row) for row in inputs[:, g].tolist()])
        except (OverflowError, ValueError):  # their arithmetic raises where ours is infinite
            continue
        if np.isfinite(wanted).all():
            np.testing.assert_allclose(outputs[g], wanted, rtol=1e-9, atol=1e-12)
            compared += 1
    assert compared > len(theirs) // 2


@BOTH_KINDS
def test_steps_equal_the_rows_of_activate(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    inputs = random_inputs(len(batch))
    stepper = batch.stepper()
    outputs = np.stack([stepper.step(rows) for rows in inputs])
    assert outputs.shape == (STEPS, len(batch), OUTPUTS)
    for g in range(len(batch)):
        wanted = batch.take([g]).activate(inputs[:, g])
        np.testing.assert_array_equal(outputs[:, g], wanted[0])


@BOTH_KINDS
def test_steps_equal_those_of_neat_python(feed_forward: bool) -> None:
    genomes, config, batch = population(feed_forward)
    kind = neat.nn.FeedForwardNetwork if feed_forward else neat.nn.RecurrentNetwork
    inputs = random_inputs(len(batch))
    stepper = batch.stepper()
    outputs = np.stack([stepper.step(rows) for rows in inputs], axis=1)
    theirs = [kind.create(genome, config).activate for genome in genomes]
    assert_equal_where_defined(outputs, theirs, inputs)


@BOTH_KINDS
@pytest.mark.parametrize(
    ("time_step", "advance_time"), [(0.01, None), (0.01, 0.05), (0.03, 0.1), (0.1, 0.025)]
)
def test_integrated_steps_equal_those_of_neat_pythons_ctrnn(
    feed_forward: bool, time_step: float, advance_time: float | None
) -> None:
    genomes, config, batch = population(feed_forward, timed=True)
    assert len(np.unique(batch.time_constant)) > 100
    inputs = random_inputs(len(batch))
    stepper = batch.stepper(time_step, advance_time)
    outputs = np.stack([stepper.step(rows) for rows in inputs], axis=1)
    whole = time_step if advance_time is None else advance_time
    networks = [neat.ctrnn.CTRNN.create(genome, config) for genome in genomes]
    theirs = [partial(network.advance, advance_time=whole, time_step=time_step)
              for network in networks]  # fmt: skip
    assert_equal_where_defined(outputs, theirs, inputs)
    assert len(np.unique(outputs[:, -1])) > len(batch) // 4


def test_time_constants_of_1_need_not_be_given() -> None:
    genomes, config, batch = population(False)
    assert not len(batch.time_constant)
    inputs = random_inputs(len(batch))
    stepper = batch.stepper(0.1)
    outputs = np.stack([stepper.step(rows) for rows in inputs], axis=1)
    theirs = [
        partial(neat.ctrnn.CTRNN.create(genome, config).advance, advance_time=0.1, time_step=0.1)
        for genome in genomes
    ]
    assert_equal_where_defined(outputs, theirs, inputs)


def test_a_ctrnn_starts_over_after_a_reset_and_keeps_its_own_time() -> None:
    _, _, batch = population(False, timed=True)
    inputs = random_inputs(len(batch))
    stepper = batch.stepper(0.03, 0.1)
    wanted = [stepper.step(rows) for rows in inputs]
    stepper.reset()
    for rows, expected in zip(inputs[:5], wanted, strict=False):
        np.testing.assert_array_equal(stepper.step(rows), expected)
    odd = np.arange(1, len(batch), 2)
    stepper.reset(odd)
    for t in range(5):
        np.testing.assert_array_equal(stepper.step(inputs[t, odd], odd), wanted[t][odd])
        even = odd - 1
        np.testing.assert_array_equal(stepper.step(inputs[5 + t, even], even), wanted[5 + t][even])


def test_recurrent_networks_with_time_constants_need_a_time_step() -> None:
    _, _, batch = population(False, timed=True)
    with pytest.raises(GenomeError, match="need a time_step"):
        batch.stepper()
    population(True, timed=True)[2].stepper()  # feed-forward ones may be computed at once


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((0.0, None), "time_step must be finite and above 0, got 0.0"),
        ((-1.0, None), "time_step must be finite and above 0, got -1.0"),
        ((math.inf, None), "time_step must be finite and above 0, got inf"),
        ((0.1, math.nan), "advance_time must be finite and above 0, got nan"),
        ((0.1, 0), "advance_time must be finite and above 0, got 0"),
        ((1e-9, 1.0), "advance_time must be at most 1,000,000 times time_step, got 1.0"),
        ((None, 1.0), "advance_time needs a time_step"),
    ],
)
def test_wrong_times_are_refused(times: Any, words: str) -> None:
    with pytest.raises(GenomeError, match=f"^{re.escape(words)}$"):
        network(1, 1, [(-1, 0, 1.0)]).stepper(*times)


def test_a_time_step_too_small_to_be_added_ends() -> None:
    stepper = network(1, 1, [(-1, 0, 1.0)]).stepper(1e-10, 1e-5)
    for _ in range(3):
        assert np.isfinite(stepper.step(np.ones((1, 1)))).all()
    stepper = network(1, 1, [(-1, 0, 1.0)]).stepper(1e10, 1e16)
    stepper.step(np.ones((1, 1)))
    stepper = network(1, 1, [(-1, 0, 1.0)]).stepper(1e-310, 1e-306)
    for _ in range(3):
        stepper.step(np.ones((1, 1)))


@BOTH_KINDS
def test_a_reset_starts_over(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    inputs = random_inputs(len(batch))
    stepper = batch.stepper()
    first = [stepper.step(rows) for rows in inputs]
    stepper.reset()
    for rows, wanted in zip(inputs, first, strict=True):
        np.testing.assert_array_equal(stepper.step(rows), wanted)


@BOTH_KINDS
def test_networks_that_are_not_stepped_keep_their_state(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    random, inputs = np.random.default_rng(2), random_inputs(len(batch))
    stepper, taken = batch.stepper(), np.zeros(len(batch), np.int64)
    wanted = [batch.take([g]).activate(inputs[:, g])[0] for g in range(len(batch))]
    for _ in range(STEPS):
        chosen = random.permutation(len(batch))[: len(batch) // 3]
        outputs = stepper.step(inputs[taken[chosen], chosen], chosen)
        for row, g in zip(outputs, chosen, strict=True):
            np.testing.assert_array_equal(row, wanted[g][taken[g]])
        taken[chosen] += 1


def test_outputs_are_new_arrays_and_inputs_may_be_of_any_memory_order() -> None:
    _, _, batch = population(True)
    inputs = random_inputs(len(batch))[0]
    stepper = batch.stepper()
    first = stepper.step(inputs)
    kept = first.copy()
    second = stepper.step(np.asfortranarray(inputs))
    stepper.step(inputs + 1)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(second, kept)


def test_wrong_shapes_are_refused_in_one_line() -> None:
    stepper = network(2, 1, [(-1, 0, 1.0)]).stepper()
    assert len(stepper) == 1
    for wrong in ((2,), (1, 3), (2, 2), (1, 1, 2)):
        with pytest.raises(ValueError, match=r"^inputs must be \(1, 2\), got \(.*\)$"):
            stepper.step(np.zeros(wrong))
    with pytest.raises(ValueError, match=r"^inputs must be \(0, 2\), got \(1, 2\)$"):
        stepper.step(np.zeros((1, 2)), [])


def test_networks_that_do_not_exist_are_refused_and_nothing_is_stepped() -> None:
    stepper = network(1, 1, [(-1, 0, 1.0), (0, 0, 1.0)], feed_forward=False).stepper()
    for wrong in ([1], [-1], [0, 1 << 60]):
        with pytest.raises(IndexError, match=r"^indices must be from 0 to 0$"):
            stepper.step(np.ones((len(wrong), 1)), wrong)
    assert stepper.step(np.ones((1, 1))).tolist() == [[1.0]]
    assert stepper.step(np.ones((1, 1)), [0]).tolist() == [[2.0]]


def test_a_batch_of_none_is_stepped() -> None:
    _, _, batch = population(True)
    assert batch.take([]).stepper().step(np.empty((0, INPUTS))).shape == (0, OUTPUTS)


@BOTH_KINDS
@pytest.mark.parametrize("timed", [False, True])
def test_the_populations_hold_every_function_and_odd_nodes(feed_forward: bool, timed: bool) -> None:
    _, _, batch = population(feed_forward, timed)
    program = batch.program
    assert len(batch) == 300
    assert set(program.activation.tolist()) == set(range(len(NEAT_ACTIVATIONS)))
    assert set(program.aggregation.tolist()) == set(range(len(AGGREGATIONS)))
    assert (~batch.enabled).any()
    assert (np.diff(program.link_offsets) == 0).any()  # nodes without inputs
    assert len(program.node_id) < len(batch.node_id)  # nodes that no output needs


def test_steps_call_the_users_own_functions() -> None:
    register("stepper_half", lambda z: 0.5 * z)
    one = network(1, 1, [(-1, 0, 3.0)])
    own = replace(one, activation=np.array([code_of("stepper_half")], np.uint8))
    assert own.stepper().step(np.ones((1, 1))).tolist() == [[1.5]]
    assert Network(own).step([2.0]) == own.activate(np.full((1, 1), 2.0)).ravel().tolist() == [3.0]
