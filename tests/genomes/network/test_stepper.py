"""Networks that are stepped compute what whole rows and neat-python compute."""

from functools import cache
from typing import Any

import neat
import numpy as np
import pytest
from breeding import evolved, network, varied_config

from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks

INPUTS, OUTPUTS, STEPS = 4, 2, 12
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])


@cache
def population(feed_forward: bool) -> tuple[list[Any], Any, Networks]:
    """Return evolved genomes of every function, their configuration, and the batch."""
    config = varied_config(INPUTS, OUTPUTS, feed_forward)
    genomes = [genome for seed in range(4) for genome in evolved(config, seed=seed)]
    return genomes, config, from_neat_python(genomes, config.genome_config)


def random_inputs(n: int, seed: int = 1) -> np.ndarray:
    """Return a row per step and network: (STEPS, n, INPUTS)."""
    return np.random.default_rng(seed).normal(size=(STEPS, n, INPUTS))


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
    compared = 0
    for g, genome in enumerate(genomes):
        theirs = kind.create(genome, config)
        try:
            wanted = np.array([theirs.activate(row) for row in inputs[:, g].tolist()])
        except (OverflowError, ValueError):  # their arithmetic raises where ours is infinite
            continue
        if np.isfinite(wanted).all():
            np.testing.assert_allclose(outputs[g], wanted, rtol=1e-9, atol=1e-12)
            compared += 1
    assert compared > len(genomes) // 2


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
