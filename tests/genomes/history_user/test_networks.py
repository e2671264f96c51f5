"""HistoryUsers compute the same as the reference, equally in every batch, from the past."""

import math
import tracemalloc
from functools import cache
from typing import Any

import history_user_reference as reference
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.errors import GenomeError
from genomes.history_user import linear
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape, delayed

EVERY = pytest.mark.parametrize("architecture", ARCHITECTURES)
WITH_HISTORY = pytest.mark.parametrize("architecture", ARCHITECTURES[:3])
LAGS = (1, 2, 5, 9)


@cache
def batch(architecture: Any, n: int = 4, keys: int = 5, inputs: int = 5) -> HistoryUsers:
    """Return a small batch.

    The second layer is wide enough for every form of the matrix product.
    """
    shape = Shape(keys, inputs, (7, 21), LAGS, architecture, last=18)
    return HistoryUsers.initial(shape, np.random.default_rng(1), n, scale=2.0)


def random_bits(seed: int, *shape: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(shape) < 0.5).astype(np.float32)


def random_grid(seed: int, steps: int = 24, keys: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).random((steps, keys)) < 0.3


def streams(seeds: Any) -> list[np.random.Generator]:
    return [np.random.default_rng([77, int(seed)]) for seed in seeds]


def reader(shape: Shape, lag: int) -> HistoryUsers:
    """Return an individual that reads one lag, for any input."""
    users = HistoryUsers.initial(shape, np.random.default_rng(2), 1)
    users.parts()["read_bias"][0, shape.lags.index(lag)] = 60.0
    return users


# What the reference computes


SHAPES = st.builds(
    lambda keys, more, layers, lags, architecture, last: Shape(
        keys, keys + more, tuple(layers), tuple(sorted(lags)), architecture, last
    ),
    st.integers(1, 20),
    st.integers(0, 3),
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.sets(st.integers(0, 30), min_size=1, max_size=24),
    st.sampled_from(ARCHITECTURES),
    st.integers(1, 30),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=SHAPES, sequences=st.integers(1, 35), seed=st.integers(0, 1000))
def test_outputs_and_attention_are_the_references(shape: Shape, sequences: int, seed: int) -> None:
    users = HistoryUsers.initial(shape, np.random.default_rng(seed), 2, scale=2.0)
    inputs = np.random.default_rng(seed + 1).normal(size=(2, sequences, 14, shape.inputs))
    inputs = inputs.astype(np.float32)
    outputs = users.forward(inputs)
    assert outputs.dtype == np.float32
    assert outputs.shape == (2, sequences, 14, shape.outputs)
    for i, s in ((0, 0), (1, sequences - 1), (1, sequences // 2)):
        views = shape.views(users.weights[i])
        wanted = reference.forward(shape, views, inputs[i, s])
        np.testing.assert_allclose(outputs[i, s], wanted, atol=1e-5)
        if shape.architecture != "lstm":
            wanted = reference.attention(shape, views, inputs[i, s])
            np.testing.assert_allclose(users.attention(inputs)[i, s], wanted, atol=1e-5)


@pytest.mark.parametrize("lags", [tuple(range(1, 81)), (1, 2, 4, 8, 16, 32, 64), (0, 3)])
@pytest.mark.parametrize("architecture", ARCHITECTURES[:4])
def test_the_originals_sizes_are_the_references_over_a_long_sequence(
    architecture: Any, lags: tuple[int, ...]
) -> None:
    shape = Shape(13, layers=(70, 50), lags=lags, architecture=architecture)
    users = HistoryUsers.initial(shape, np.random.default_rng(3), 1, scale=1.5)
    inputs = random_bits(4, 1, 18, 192, 13)
    outputs = users.forward(inputs)
    views = shape.views(users.weights[0])
    for sequence in (0, 17):
        wanted = reference.forward(shape, views, inputs[0, sequence])
        np.testing.assert_allclose(outputs[0, sequence], wanted, atol=1e-5)


@EVERY
def test_following_is_the_references(architecture: Any) -> None:
    users, grid = batch(architecture), random_grid(5)
    said = users.follow(grid)
    assert said.dtype == np.float32
    for i in range(len(users)):
        wanted = reference.follow(users.shape, users.shape.views(users.weights[i]), grid)
        np.testing.assert_allclose(said[i], wanted, atol=1e-5)


@EVERY
def test_performing_is_the_references(architecture: Any) -> None:
    users, prompt = batch(architecture), random_grid(6, steps=6)
    played = users.perform(prompt, 40)
    assert played.dtype == np.bool_
    for i in range(len(users)):
        views = users.shape.views(users.weights[i])
        wanted = reference.perform(users.shape, views, prompt, 40)
        np.testing.assert_array_equal(played[i], wanted)


def in_kernel(function: Any, *arguments: np.ndarray) -> np.ndarray:
    @numba.njit
    def of_one(y: Any, x: Any) -> None:
        for i in range(len(y)):
            y[i] = function(x[i])

    @numba.njit
    def of_two(y: Any, x: Any, z: Any) -> None:
        for i in range(len(y)):
            y[i] = function(x[i], z[i])

    y = np.empty_like(arguments[0])
    (of_one if len(arguments) == 1 else of_two)(y, *arguments)
    return y


def test_exp_sigmoid_and_gates_are_accurate_and_pass_on_what_is_no_number() -> None:
    x = np.concatenate([np.linspace(-42, 42, 40001), np.linspace(-1, 1, 40001)])
    single = x.astype(np.float32)
    exact = single.astype(np.float64)
    np.testing.assert_allclose(in_kernel(linear.exp, single), np.exp(exact), rtol=2e-7)
    sigmoid = 1 / (1 + np.exp(-exact))
    np.testing.assert_allclose(in_kernel(linear.sigmoid, single), sigmoid, atol=3e-7)
    for other in (single[::-1].copy(), np.full_like(single, 40), single):
        wanted = 1 / (1 + np.exp(-other.astype(np.float64))) * np.tanh(exact)
        np.testing.assert_allclose(in_kernel(linear.gated, other, single), wanted, atol=3e-7)
    ends = np.array([-1e30, -90, 90, 1e30, -np.inf, np.inf, np.nan], np.float32)
    np.testing.assert_allclose(
        in_kernel(linear.exp, ends), np.exp(np.clip(ends.astype(np.float64), -43, 43)), rtol=2e-7
    )
    for fixed in ends:
        got = in_kernel(linear.gated, np.full_like(ends, fixed), ends)
        wanted = np.tanh(ends) * (0.5 + 0.5 * np.tanh(fixed))
        np.testing.assert_allclose(got, wanted, atol=3e-7)


# What the history reads


def test_the_copy_task_is_solved_by_reading_lag_64() -> None:
    users = reader(Shape(13), 64)
    inputs = random_bits(7, 1, 20, 192, 13)
    outputs = users.forward(inputs, first_step=64)
    assert outputs.shape == (1, 20, 128, 13)
    np.testing.assert_allclose(outputs[0], inputs[0, :, :128], atol=1e-6)
    loss = users.mean_squared_error(inputs, inputs[:, :, :128], first_step=64)
    assert loss.shape == (1, 128)
    assert loss.sum() < 1e-6
    reading = users.reading(inputs, first_step=64)
    assert (reading.lag == 64).all()
    assert reading.entropy.max() < 1e-3


@pytest.mark.parametrize("lag", [0, 1, 3, 12])
def test_a_lag_counts_from_the_current_input_and_before_the_start_is_nothing(lag: int) -> None:
    users = reader(Shape(2, layers=(3,), lags=(0, 1, 3, 12)), lag)
    inputs = random_bits(8, 1, 2, 20, 2) + 1
    outputs = users.forward(inputs)
    np.testing.assert_allclose(outputs[:, :, lag:], inputs[:, :, : 20 - lag], atol=1e-5)
    np.testing.assert_allclose(outputs[:, :, :lag], 0, atol=1e-5)


@pytest.mark.parametrize("sequences", [1, 16])
def test_the_history_reads_the_first_inputs_and_the_stack_hears_all(sequences: int) -> None:
    users = reader(Shape(3, 5, (4,), (1, 2)), 2)
    inputs = random_bits(9, 1, sequences, 12, 5)
    outputs = users.forward(inputs)
    np.testing.assert_allclose(outputs[:, :, 2:], inputs[:, :, :-2, :3], atol=1e-5)
    marked = inputs.copy()
    marked[:, :, 3, 4] = 1 - marked[:, :, 3, 4]
    users = HistoryUsers.initial(users.shape, np.random.default_rng(9), 1)
    assert (users.attention(marked)[:, :, 3:] != users.attention(inputs)[:, :, 3:]).any()


@WITH_HISTORY
def test_the_reading_is_the_highest_weight_and_the_entropy_of_all(architecture: Any) -> None:
    users = batch(architecture)
    inputs = random_bits(10, 1, 18, 20, 5)
    shares = users.attention(inputs, first_step=3)
    assert shares.shape == (4, 18, 17, 4)
    np.testing.assert_allclose(shares.sum(axis=3), 1, atol=1e-6)
    reading = users.reading(inputs, first_step=3)
    np.testing.assert_array_equal(reading.lag, np.array(LAGS)[shares.argmax(axis=3)])
    entropy = -(shares * np.log2(shares)).sum(axis=3)
    np.testing.assert_allclose(reading.entropy, entropy, atol=1e-5)
    assert reading.entropy.max() <= math.log2(len(LAGS)) + 1e-5


def test_a_plain_lstm_says_that_it_reads_nothing() -> None:
    users = batch("lstm")
    for ask in (users.attention, users.reading):
        with pytest.raises(ValueError, match="a plain LSTM reads no history"):
            ask(random_bits(11, 1, 1, 4, 5))


@EVERY
def test_errors_are_means_over_sequences_and_outputs(architecture: Any) -> None:
    users = batch(architecture)
    outputs = users.shape.outputs
    inputs = random_bits(12, 1, 19, 12, 5)
    for shared in (1, 4):
        targets = np.random.default_rng(13).normal(size=(shared, 19, 8, outputs)).astype("f")
        errors = users.mean_squared_error(inputs, targets, first_step=4)
        said = users.forward(inputs, first_step=4)
        np.testing.assert_allclose(errors, ((said - targets) ** 2).mean(axis=(1, 3)), rtol=1e-5)


@EVERY
def test_steps_that_are_not_wanted_change_nothing(architecture: Any) -> None:
    users, inputs = batch(architecture), random_bits(14, 1, 17, 12, 5)
    whole = users.forward(inputs)
    for first in (0, 1, 7, 12):
        part = users.forward(inputs, first_step=first)
        assert part.tobytes() == whole[:, :, first:].tobytes()


# One individual, alike in every batch


@EVERY
def test_an_individual_computes_the_same_bits_alone_and_in_any_batch(architecture: Any) -> None:
    users = batch(architecture, n=9)
    inputs, grid = random_bits(15, 1, 21, 16, 5), random_grid(16)
    together, followed = users.forward(inputs), users.follow(grid)
    performed = users.perform(grid[:6], 24)
    order = np.random.default_rng(17).permutation(9)
    shuffled = users.take(order)
    assert shuffled.forward(inputs).tobytes() == together[order].tobytes()
    assert shuffled.follow(grid).tobytes() == followed[order].tobytes()
    assert shuffled.perform(grid[:6], 24).tobytes() == performed[order].tobytes()
    for i in range(9):
        alone = users.take([i])
        assert alone.forward(inputs).tobytes() == together[i].tobytes()
        assert alone.follow(grid).tobytes() == followed[i].tobytes()
        errors = alone.mean_squared_error(inputs, together[:1])
        assert errors.tobytes() == users.mean_squared_error(inputs, together[:1])[i].tobytes()


@EVERY
def test_a_sequence_gives_the_same_bits_whatever_the_other_sequences_are(architecture: Any) -> None:
    """Few sequences are computed one by one, more of them 16 side by side."""
    users, inputs = batch(architecture), random_bits(18, 1, 37, 16, 5)
    together = users.forward(inputs)
    for begin, end in ((0, 1), (3, 9), (0, 16), (20, 37), (16, 21)):
        part = users.forward(inputs[:, begin:end])
        assert part.tobytes() == together[:, begin:end].tobytes()


@EVERY
def test_inputs_heard_by_all_are_as_if_each_had_its_own(architecture: Any) -> None:
    users, inputs = batch(architecture), random_bits(19, 1, 18, 10, 5)
    own = np.repeat(inputs, len(users), axis=0)
    assert users.forward(own).tobytes() == users.forward(inputs).tobytes()


@EVERY
def test_weights_that_are_no_numbers_are_heard_by_nobody_else(architecture: Any) -> None:
    users, inputs = batch(architecture), random_bits(20, 1, 17, 12, 5)
    weights = users.weights.copy()
    weights[1] = np.nan
    broken = HistoryUsers(users.shape, weights)
    outputs = broken.forward(inputs)
    others = [0, 2, 3]
    assert np.isnan(outputs[1, :, 9:]).all()
    assert outputs[others].tobytes() == users.forward(inputs)[others].tobytes()
    assert not broken.perform(random_grid(1, 4), 9)[1, 4:].any()


def test_arrays_that_are_read_only_or_in_pieces_are_computed_with_as_well() -> None:
    users, inputs = batch("plain"), random_bits(21, 1, 3, 12, 5)
    wanted = users.forward(inputs).tobytes()
    weights = np.asfortranarray(users.weights)
    weights.flags.writeable = False
    turned = np.asfortranarray(inputs)
    turned.flags.writeable = False
    assert HistoryUsers(users.shape, weights).forward(turned).tobytes() == wanted


def test_errors_need_no_more_memory_for_more_individuals() -> None:
    shape = Shape(13, layers=(8,), lags=tuple(range(1, 81)))
    inputs = random_bits(22, 1, 64, 96, 13)
    peaks = []
    for n in (2, 40):
        users = HistoryUsers.initial(shape, np.random.default_rng(23), n)
        users.mean_squared_error(inputs, inputs)
        tracemalloc.start()
        users.mean_squared_error(inputs, inputs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[0] < 4 * inputs.nbytes  # the 80 lags are not among it


# Following and performing


@EVERY
def test_a_step_is_said_from_the_steps_before_it(architecture: Any) -> None:
    users, grid = batch(architecture), random_grid(24)
    said = users.follow(grid)
    for step in (0, 1, 10):
        other = grid.copy()
        other[step:] = ~other[step:]
        assert users.follow(other)[:, : step + 1].tobytes() == said[:, : step + 1].tobytes()
    assert users.follow(grid[:0]).shape == (4, 0, 5)


@EVERY
def test_following_is_the_forward_pass_on_what_is_heard(architecture: Any) -> None:
    users, grid = batch(architecture), random_grid(25)
    outputs = users.forward(delayed(grid))[:, 0].astype(np.float64)
    said = users.follow(grid).astype(np.float64)
    if users.shape.melody:
        best = outputs.argmax(axis=2)[..., None] == np.arange(5)
        np.testing.assert_array_equal(said > 0, best)
    else:
        np.testing.assert_allclose(1 / (1 + np.exp(-said)), outputs, atol=2e-6)
        np.testing.assert_array_equal(said > 0, outputs > 0.5)


@EVERY
def test_following_its_own_performance_says_what_was_performed(architecture: Any) -> None:
    users = HistoryUsers.initial(
        Shape(5, 0, (12,), (0, 1, 2, 5), architecture, 6), np.random.default_rng(26), 60, scale=6.0
    )
    played = users.perform(random_grid(27, steps=6), 60)
    for i in range(len(users)):
        said = users.take([i]).follow(played[i])[0]
        np.testing.assert_array_equal(said[6:] > 0, played[i, 6:])
    assert len({one.tobytes() for one in played}) > 20  # not all of them are silent or constant


@pytest.mark.parametrize("period", [1, 2, 5])
def test_a_user_that_reads_one_period_back_performs_what_it_follows(period: int) -> None:
    users = reader(Shape(5, layers=(3,), lags=(0, 1, 4)), period - 1)
    song = np.tile(random_grid(28, steps=period), (8, 1))
    assert ((users.follow(song)[0] > 0)[period:] == song[period:]).all()
    np.testing.assert_array_equal(users.perform(song[:period], len(song))[0], song)


@pytest.mark.parametrize("architecture", ["melody", "content-melody"])
def test_a_melody_sounds_one_key_at_a_time(architecture: Any) -> None:
    users, prompt = batch(architecture, n=30), random_grid(29, steps=4)
    for played in (
        users.perform(prompt, 80)[:, 4:],
        users.perform(prompt, 80, streams(range(30)), 1.0)[:, 4:],
    ):
        assert played.sum(axis=2).max() == 1
        assert played.sum(axis=2).min() == 0


def test_every_individual_may_have_a_prompt_of_its_own() -> None:
    users = batch("united")
    prompts = np.stack([random_grid(seed, steps=4) for seed in range(4)])
    played = users.perform(prompts, 20)
    for i in range(4):
        np.testing.assert_array_equal(users.take([i]).perform(prompts[i], 20)[0], played[i])


@EVERY
def test_a_temperature_draws_from_each_individuals_own_stream(architecture: Any) -> None:
    users, prompt = batch(architecture, n=8), random_grid(30, steps=4)
    places = np.arange(8)
    played = users.perform(prompt, 24, streams(places), 0.7)
    np.testing.assert_array_equal(played, users.perform(prompt, 24, streams(places), 0.7))
    order = np.array([5, 1, 6])
    part = users.take(order).perform(prompt, 24, streams(order), 0.7)
    np.testing.assert_array_equal(part, played[order])
    assert (users.perform(prompt, 24, streams(places + 1000), 0.7) != played).any()
    np.testing.assert_array_equal(played[:, :4], np.broadcast_to(prompt, (8, 4, 5)))
    cold = users.perform(prompt, 24, streams(places), 1e-6)
    np.testing.assert_array_equal(cold, users.perform(prompt, 24))


@pytest.mark.parametrize(("architecture", "temperature"), [
    *((architecture, heat) for architecture in ARCHITECTURES[:4] for heat in (0.5, 2.0)),
    ("content", 0.5), ("content-melody", 2.0),  # drawn by the same code
])  # fmt: skip
def test_chances_are_those_of_the_activations_over_the_temperature(
    architecture: Any, temperature: float
) -> None:
    """At the first step the history is empty, so the probabilities are always the same."""
    one = batch(architecture).take([2])
    if architecture == "plain":  # it has read nothing: chances are as near to 0 as they get
        wanted = 1 / (1 + np.exp(13.8 / temperature)) * np.ones(5)
    elif one.shape.melody:
        powers = one.forward(delayed(np.zeros((1, 5), bool)))[0, 0, 0] ** (1 / temperature)
        wanted = (powers / powers.sum())[:5]
    else:
        wanted = 1 / (1 + np.exp(-one.follow(np.zeros((1, 5), bool))[0, 0] / temperature))
    many = one.take([0] * 20000)
    played = many.perform(np.zeros((0, 5), bool), 1, streams(range(20000)), temperature)
    np.testing.assert_allclose(played[:, 0].mean(axis=0), wanted, atol=0.015)


# Weights


@given(shape=SHAPES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_parts_are_the_flat_vector_one_after_the_other(shape: Shape) -> None:
    weights = np.arange(2 * shape.weights, dtype=np.float32).reshape(2, -1)
    views = shape.views(weights)
    rows = [view.reshape(2, -1) for view in views.values()]
    np.testing.assert_array_equal(np.concatenate(rows, axis=1), weights)
    assert all(np.shares_memory(view, weights) for view in views.values())


def test_a_shape_is_a_value_whatever_its_numbers_came_in() -> None:
    made = Shape(3, layers=[4, 5], lags=range(1, 81))
    assert made == Shape(3, 3, (4, 5))
    assert hash(made) == hash(Shape(3, 3, (4, 5)))


def test_the_plain_users_weights_are_those_of_the_original() -> None:
    shape = Shape(13)
    assert {name: part.shape for name, part in shape.parts.items()} == {
        "lstm0_input": (13, 4, 70), "lstm0_recurrent": (70, 4, 70), "lstm0_bias": (4, 70),
        "lstm1_input": (70, 4, 50), "lstm1_recurrent": (50, 4, 50), "lstm1_bias": (4, 50),
        "read_weights": (50, 80), "read_bias": (80,),
    }  # fmt: skip
    assert shape.weights == 51800


@EVERY
def test_initial_weights_are_reproducible_and_within_their_bounds(architecture: Any) -> None:
    shape = Shape(13, layers=(70, 50), architecture=architecture, last=20)
    users = HistoryUsers.initial(shape, np.random.default_rng(31), 5, scale=0.5)
    again = HistoryUsers.initial(shape, np.random.default_rng(31), 3, scale=0.5)
    np.testing.assert_array_equal(again.weights, users.weights[:3])
    parts = users.parts()
    for name, fan in (("lstm0_input", 70), ("lstm0_recurrent", 70), ("lstm1_bias", 50)):
        values = parts[name][:, [0, 2, 3]] if name.endswith("bias") else parts[name]
        bound = 0.5 / math.sqrt(fan)
        assert 0.97 * bound < np.abs(values).max() <= bound * 1.000001
        assert abs(values.mean()) < 0.1 * bound
    assert abs(parts["lstm1_bias"][:, 1].mean() - 1) < 0.05
    without = HistoryUsers.initial(shape, np.random.default_rng(31), 5, 0.5, forget_bias=0.0)
    assert abs(without.parts()["lstm1_bias"][:, 1].mean()) < 0.05


# Slices and arrays


def test_the_individuals_taken_are_those_asked_for_in_that_order() -> None:
    users = batch("plain", n=6)
    for places in ([], [4], [1, 2, 3], [3, 1, 1], [-1, 0], [5, 4, 3], [0, 1, 2, 3, 4, 5]):
        taken = users.take(places)
        np.testing.assert_array_equal(taken.weights, users.weights[np.array(places, np.int64)])
    with pytest.raises(IndexError):
        users.take([6])


@EVERY
@pytest.mark.parametrize("n", [0, 1, 4])
def test_arrays_describe_a_batch_whole(architecture: Any, n: int) -> None:
    users = batch(architecture).take(range(n))
    arrays = users.to_arrays()
    assert all(array.dtype != object for array in arrays.values())
    again = HistoryUsers.from_arrays(arrays)
    assert again.shape == users.shape
    np.testing.assert_array_equal(again.weights, users.weights)


def test_an_empty_batch_says_nothing() -> None:
    empty = batch("plain").take([])
    assert empty.follow(random_grid(1)).shape == (0, 24, 5)
    assert empty.perform(random_grid(1, 4), 9).shape == (0, 9, 5)
    assert empty.forward(random_bits(1, 1, 2, 3, 5)).shape == (0, 2, 3, 5)
    assert batch("plain").forward(random_bits(1, 1, 0, 3, 5)).shape == (4, 0, 3, 5)


# What is refused


@pytest.mark.parametrize(("changes", "words"), [
    ({"architecture": None}, "lack architecture"),
    ({"architecture": np.array([9, 5, 5, 18])}, "architecture must be"),
    ({"architecture": np.array([0, 5, 5])}, "architecture must be"),
    ({"architecture": np.array([0.0, 5, 5, 18])}, "architecture must be whole numbers"),
    ({"architecture": np.array([0, 0, 5, 18])}, "keys must be from 1"),
    ({"architecture": np.array([0, 1 << 40, 1 << 40, 18])}, "keys must be from 1"),
    ({"layers": np.array([7, 1 << 40])}, r"layers\[1\] must be from 1"),
    ({"layers": np.array([], np.int64)}, "at least one LSTM"),
    ({"layers": np.array([7])}, "must be float32"),
    ({"lags": np.array([1, 2, 2, 9])}, "lags must be rising"),
    ({"lags": np.array([[1, 2]])}, "lags must be whole numbers"),
    ({"architecture": np.array([4, 5, 5, 18])}, "the arrays lack query_weights"),
    ({"architecture": np.array([5, 5, 5, 18]), "lags": np.array([512])}, "lags must be below 512"),
    ({"read_bias": None}, "lack read_bias"),
    ({"read_bias": np.zeros((3, 4), np.float32)}, r"read_bias must be float32 \(4, 4\)"),
    ({"read_bias": np.float32(1)}, "read_bias must be float32"),
    ({"lstm0_input": np.float32(1)}, "lstm0_input must be float32"),
    ({"lstm0_bias": np.zeros((4, 4, 7))}, "lstm0_bias must be float32 .*, got float64"),
    ({"lstm1_input": np.zeros((4, 7, 21, 4), np.float32)}, "lstm1_input must be float32"),
])  # fmt: skip
def test_arrays_that_are_no_history_users_are_refused(changes: Any, words: str) -> None:
    arrays = {**batch("plain").to_arrays(), **changes}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    with pytest.raises(ValueError, match=words) as caught:
        HistoryUsers.from_arrays(arrays)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("sizes", "words"), [
    ({"keys": 0}, "keys must be from 1 to 65536, got 0"),
    ({"keys": 3, "inputs": 2}, r"inputs \(2\) must be at least keys \(3\)"),
    ({"keys": 3, "layers": ()}, "layers must be the units of at least one LSTM"),
    ({"keys": 3, "layers": (4, 0)}, r"layers\[1\] must be from 1 to 65536, got 0"),
    ({"keys": 3, "lags": ()}, "lags must be rising whole numbers"),
    ({"keys": 3, "lags": (-1, 2)}, "lags must be rising whole numbers"),
    ({"keys": 3, "lags": (1, 512), "architecture": "content"}, "lags must be below 512"),
    ({"keys": 3, "architecture": "gru"}, "architecture must be one of plain, united"),
])  # fmt: skip
def test_shapes_that_make_no_network_are_refused(sizes: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Shape(**sizes)


def test_shape_errors_name_the_argument_what_was_expected_and_what_came() -> None:
    users, grid = batch("plain"), random_grid(1)
    inputs = random_bits(1, 1, 2, 9, 5)
    weights = users.weights
    for call, words in (
        (lambda: HistoryUsers(users.shape, weights[0]), ("weights", "float32 (n, ", "got")),
        (lambda: HistoryUsers(users.shape, weights.astype(float)), ("weights", "float64")),
        (lambda: users.forward(inputs[0]), ("inputs", "(1 or 4, ", "(2, 9, 5)")),
        (lambda: users.forward(inputs[..., :4]), ("inputs", "steps, 5)", "(1, 2, 9, 4)")),
        (lambda: users.forward(inputs.astype(float)), ("inputs", "float32", "float64")),
        (lambda: users.forward(inputs, 10), ("first_step", "0 to 9", "10")),
        (lambda: users.mean_squared_error(inputs, inputs, 2), ("targets", "2, 7, 5", "2, 9, 5")),
        (lambda: users.mean_squared_error(inputs, inputs.astype(float)), ("float32", "float64")),
        (lambda: users.follow(grid[:, :2]), ("grid", "(steps, 5)", "(24, 2)")),
        (lambda: users.perform(grid[:, :2], 30), ("prompt", "5)", "(24, 2)")),
        (lambda: users.perform(grid, 10), ("steps", "24", "10")),
        (lambda: users.perform(np.zeros((7, 4, 5), bool), 10), ("prompt", "one for all")),
    ):
        with pytest.raises(ValueError, match="must be") as caught:
            call()
        assert all(word in str(caught.value) for word in words), caught.value
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="one random stream an individual"):
        users.perform(grid, 30, streams([1]), 1.0)
    with pytest.raises(ValueError, match="play no instrument: they receive 7 numbers"):
        batch("plain", inputs=7).follow(grid)


def test_what_makes_no_history_users_is_refused_with_an_error_of_their_own() -> None:
    users = batch("plain")
    for call, words in (
        (lambda: Shape(3.0), "keys must be of whole numbers"),
        (lambda: Shape(3, 0, ("4",)), "layers must be of whole numbers"),
        (lambda: Shape(3, 0, (4,), (1.5,)), "lags must be of whole numbers"),
        (lambda: Shape(3, 0, (1 << 16, 1 << 16)), "layers must make at most"),
        (lambda: HistoryUsers(users.shape, users.weights.tolist()), "weights must be float32"),
        (lambda: HistoryUsers.from_arrays({}), "the arrays lack architecture"),
    ):
        with pytest.raises(GenomeError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)
