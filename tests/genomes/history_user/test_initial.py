"""A network that starts from another one has its weights wherever the parts agree."""

from typing import Any

import numpy as np
import pytest

from genomes.errors import GenomeError
from genomes.history_user.content import QUERY, QUERY_ROWS
from genomes.history_user.initial import adopted
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape, delayed

ROLL = np.random.default_rng(1).random((20, 4)) < 0.3


def user(architecture: Any, seed: int, **more: Any) -> HistoryUsers:
    shape = Shape(
        4, **{"layers": (6,), "lags": (1, 3), "last": 6} | more, architecture=architecture
    )
    return HistoryUsers.initial(shape, np.random.default_rng(seed), 1)


def begun(own: HistoryUsers, other: HistoryUsers) -> HistoryUsers:
    weights = adopted(own.shape, own.weights[0], other.shape, other.weights[0])
    return HistoryUsers(own.shape, weights[None])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_of_the_same_shape_is_taken_whole(architecture: Any) -> None:
    other = user(architecture, 2)
    assert begun(user(architecture, 3), other).weights.tobytes() == other.weights.tobytes()


@pytest.mark.parametrize(("architecture", "given"), [
    ("content", "lstm"), ("content-melody", "melody"),
])  # fmt: skip
def test_an_earlier_network_becomes_the_prior_and_the_reading_stays_new(
    architecture: Any, given: Any
) -> None:
    own, other = user(architecture, 4), user(given, 5)
    if given == "melody":  # what it reads has no counterpart
        other.parts()["output_weights"][:, 6:] = 0
    mixed = begun(own, other)
    kept = ("query_weights", "query_bias", "read_weights", "read_bias")
    for name in kept:
        np.testing.assert_array_equal(mixed.parts()[name], own.parts()[name])
    mixed.parts()["query_weights"][:] = 0
    mixed.parts()["query_bias"][:] = np.where(np.arange(QUERY) == QUERY_ROWS["prior"].start, 60, 0)
    mixed.parts()["read_weights"][:] = mixed.parts()["read_bias"][:] = 0
    wanted = other.forward(delayed(ROLL))
    np.testing.assert_allclose(mixed.forward(delayed(ROLL)), wanted, atol=1e-6)


@pytest.mark.parametrize(("own", "other", "words"), [
    (user("content", 1), user("lstm", 2, inputs=5), "it has 4 keys and 5 inputs, not 4 and 4"),
    (user("content", 1), user("lstm", 2, layers=(7,)),
     "lstm0_input differs: it is lstm with layers=7 .* and this one content with layers=6 "),
    (user("content-melody", 1), user("melody", 2, last=5), "lstm0_input differs: it is melody"),
    (user("content", 1), user("melody", 2), "output_weights differs: it is melody"),
    (user("plain", 1), user("lstm", 2), "read_weights differs: it is lstm"),
])  # fmt: skip
def test_one_that_does_not_fit_is_refused(own: Any, other: Any, words: str) -> None:
    with pytest.raises(GenomeError, match=words):
        begun(own, other)


def test_one_whose_weights_are_no_numbers_is_refused() -> None:
    other = user("lstm", 2)
    other.weights[0, 3] = np.inf
    with pytest.raises(GenomeError, match="its weights are not finite"):
        begun(user("content", 1), other)
