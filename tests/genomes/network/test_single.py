"""One network behaves as its row of a batch, and is as pleasant as a function."""

import pickle
from functools import cache, partial
from pathlib import Path
from typing import Any

import neat
import numpy as np
import pytest
from breeding import TIMED, evolved, network, varied_config

from genomes.errors import GenomeError
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.network.reading import load_network
from genomes.network.single import Network

INPUTS, OUTPUTS, STEPS = 4, 2, 8
BOTH_KINDS = pytest.mark.parametrize("feed_forward", [True, False])


@cache
def population(feed_forward: bool, timed: bool = False) -> tuple[list[Any], Any, Networks]:
    """Return evolved genomes, their configuration, and the batch."""
    config = varied_config(INPUTS, OUTPUTS, feed_forward, **(TIMED if timed else {}))
    genomes = evolved(config, seed=11)
    return genomes, config, from_neat_python(genomes, config)


def random_rows(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(STEPS, INPUTS))


@BOTH_KINDS
def test_steps_equal_the_rows_of_activate_alone_and_in_a_batch(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    rows = random_rows()
    wanted = batch.activate(rows)
    for g, one in enumerate(Network.each(batch)):
        for single in (one, Network(batch.take([g]))):
            outputs = [single.step(row) for row in rows.tolist()]
            np.testing.assert_array_equal(outputs, wanted[g])
            np.testing.assert_array_equal(single.activate(rows), wanted[g])


@pytest.mark.parametrize("time_step", [0.02, 0.5])
def test_steps_of_ctrnns_equal_those_of_the_stepper(time_step: float) -> None:
    genomes, config, batch = population(False, timed=True)
    rows, stepper = random_rows(), batch.stepper(time_step, 0.1)
    wanted = np.stack([stepper.step(np.tile(row, (len(batch), 1))) for row in rows], axis=1)
    for one, expected in zip(Network.each(batch), wanted, strict=True):
        one.reset(time_step=time_step, advance_time=0.1)
        np.testing.assert_array_equal([one.step(row) for row in rows.tolist()], expected)
        np.testing.assert_array_equal(one.activate(rows), expected)
        np.testing.assert_array_equal(one.activate(rows[0]), expected[0])
        one.reset()  # keeps the time step
        np.testing.assert_array_equal([one.step(row) for row in rows.tolist()], expected)
    theirs = neat.ctrnn.CTRNN.create(genomes[0], config)
    advance = partial(theirs.advance, advance_time=0.1, time_step=time_step)
    np.testing.assert_allclose(wanted[0], [advance(row) for row in rows.tolist()], rtol=1e-9)


@BOTH_KINDS
def test_activate_takes_one_row_or_many_and_leaves_the_state(feed_forward: bool) -> None:
    _, _, batch = population(feed_forward)
    rows = random_rows()
    for one in Network.each(batch)[:10]:
        wanted = one.activate(rows)
        assert wanted.shape == (STEPS, OUTPUTS)
        one.step(rows[0])
        first = one.activate(rows[0].tolist())
        assert first.shape == (OUTPUTS,)
        np.testing.assert_array_equal(first, wanted[0])
        np.testing.assert_array_equal(one.step(rows[1]), wanted[1])
        assert one.activate(np.empty((0, INPUTS))).shape == (0, OUTPUTS)


def test_a_reset_starts_over_and_networks_share_no_state() -> None:
    _, _, batch = population(False)
    rows = random_rows().tolist()
    one, other = Network.each(batch.take([0, 0]))
    wanted = [one.step(row) for row in rows]
    assert [other.step(row) for row in rows[:3]] == wanted[:3]
    one.reset()
    assert [one.step(row) for row in rows[:2]] == wanted[:2]
    assert [other.step(row) for row in rows[3:]] == wanted[3:]


def test_outputs_are_a_new_list_of_floats_and_inputs_any_sequence_of_numbers() -> None:
    one = Network(network(2, 2, [(-1, 0, 1.0), (-2, 1, 2.0)]))
    wanted = [0.5, 2.0]
    for inputs in (
        [0.5, 1], (0.5, 1.0), np.array([0.5, 1.0]), np.array([0.5, 1.0], np.float32),
        [np.float64(0.5), np.int32(1)], [0.5, True],
    ):  # fmt: skip
        outputs = one.step(inputs)
        assert outputs == wanted
        assert type(outputs) is list
        assert all(type(number) is float for number in outputs)
    one.step([7.0, 7.0])
    assert outputs == wanted


@pytest.mark.parametrize(
    "wrong", [[], [1.0], [1.0, 2.0, 3.0], ["a", 1.0], [None, 1.0], [[1.0, 2.0]], 5, None,
              np.zeros((1, 2)), np.zeros(3)]
)  # fmt: skip
def test_wrong_inputs_are_refused_in_one_line(wrong: Any) -> None:
    one = Network(network(2, 1, [(-1, 0, 1.0)]))
    with pytest.raises(ValueError, match=r"^inputs must be 2 numbers, got .*$"):
        one.step(wrong)


def test_wrong_rows_are_refused_in_one_line() -> None:
    one = Network(network(2, 1, [(-1, 0, 1.0)]))
    for wrong in (np.zeros(3), np.zeros((4, 1)), np.zeros((1, 1, 2)), 1.0):
        with pytest.raises(ValueError, match=r"^inputs must be \(2,\) or \(rows, 2\), got \(.*\)$"):
            one.activate(wrong)


def test_recurrent_networks_with_time_constants_need_a_time_step() -> None:
    _, _, batch = population(False, timed=True)
    one = Network.each(batch)[0]
    for call in (one.step, one.activate):
        with pytest.raises(GenomeError, match="need a time_step"):
            call([0.0] * INPUTS)
    with pytest.raises(GenomeError, match="need a time_step"):
        Network(batch.take([0])).step([0.0] * INPUTS)
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(GenomeError, match="time_step must be finite and above 0"):
            one.reset(time_step=wrong)
    one.reset(time_step=0.1)
    one.step([0.0] * INPUTS)
    _, _, batch = population(True, timed=True)
    Network.each(batch)[0].step([0.0] * INPUTS)  # feed-forward ones may be computed at once


def test_whether_a_time_step_is_needed_does_not_depend_on_the_batch() -> None:
    _, _, batch = population(False, timed=True)
    arrays = batch.to_arrays()
    first, last = arrays["node_offsets"][2:4]
    arrays["time_constant"][first:last] = 1.0
    networks = Network.each(Networks.from_arrays(arrays))
    networks[2].step([0.0] * INPUTS)
    with pytest.raises(GenomeError, match="need a time_step"):
        networks[3].step([0.0] * INPUTS)


@BOTH_KINDS
@pytest.mark.parametrize("timed", [False, True])
def test_a_saved_network_is_read_back_with_equal_outputs(
    feed_forward: bool, timed: bool, tmp_path: Path
) -> None:
    _, _, batch = population(feed_forward, timed)
    rows = random_rows()
    for one in Network.each(batch)[:20]:
        one.save(tmp_path / "network.json")
        again = load_network(tmp_path / "network.json")
        assert (again.inputs, again.outputs) == (INPUTS, OUTPUTS)
        for times in ({"time_step": 0.1},) if timed else ({}, {"time_step": 0.1}):
            one.reset(**times)
            again.reset(**times)
            np.testing.assert_array_equal(one.activate(rows), again.activate(rows))


@BOTH_KINDS
def test_a_network_becomes_a_genome_of_neat_python(feed_forward: bool) -> None:
    genomes, config, batch = population(feed_forward)
    for one, genome in zip(Network.each(batch), genomes, strict=True):
        for given in (config, config.genome_config):
            made = one.to_neat_python(given)
            assert made.key == 1
            assert {key: str(gene) for key, gene in made.nodes.items()} == {
                key: str(gene) for key, gene in genome.nodes.items()
            }


def test_a_network_can_be_pickled_and_says_what_it_is() -> None:
    one = Network(network(2, 1, [(-1, 0, 0.5), (-2, 0, 1.5)]))
    again = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
    assert again.step([1.0, 1.0]) == one.step([1.0, 1.0]) == [2.0]
    assert repr(one) == repr(again) == "Network(inputs=2, outputs=1, nodes=1, connections=2)"


def test_only_a_batch_of_one_is_one_network() -> None:
    _, _, batch = population(True)
    for wrong in (batch, batch.take([])):
        with pytest.raises(GenomeError, match=f"batch of one, got {len(wrong)} networks"):
            Network(wrong)
    assert Network.each(batch.take([])) == []
    assert len(Network(batch.take([3])).networks) == 1
