"""Random streams depend on their address alone."""

import itertools
import random

import numpy as np
import pytest

from evo.core.seeds import Individuals, Role, global_random, stream


def test_an_address_always_gives_the_same_numbers() -> None:
    for address in ((0, Role.BREED), (7, Role.EVALUATE, 3, 5), (2**70, Role.PLAY, 10**6, 10**6)):
        first = stream(*address).random(5)
        stream(99, Role.EVALUATE).random(1000)  # what others draw is not consumed
        np.testing.assert_array_equal(stream(*address).random(5), first)


def test_different_addresses_give_different_numbers() -> None:
    addresses = list(itertools.product((0, 1, 256), Role, (0, 1, 300), (0, 1, 300)))
    drawn = {stream(*address).integers(2**63) for address in addresses}
    assert len(drawn) == len(addresses)


def test_the_numbers_of_a_known_address_never_change() -> None:
    """Runs of earlier versions must stay reproducible: neither roles nor addresses move."""
    assert [(role.name, role.value) for role in Role][:4] == [
        ("INITIALISE", 1), ("BREED", 2), ("EVALUATE", 3), ("PLAY", 4),
    ]  # fmt: skip
    seeds = np.random.SeedSequence(5, spawn_key=(3, 8, 2))
    wanted = np.random.Generator(np.random.PCG64(seeds)).random(4)
    np.testing.assert_array_equal(stream(5, Role.EVALUATE, 8, 2).random(4), wanted)


def test_individuals_are_the_streams_of_their_places() -> None:
    some = Individuals(3, Role.EVALUATE, 4, range(10, 15))
    assert len(some) == 5
    wanted = [stream(3, Role.EVALUATE, 4, place).random() for place in range(10, 15)]
    assert [one.random() for one in some] == wanted
    assert [one.random() for one in some] == wanted  # asked twice, from the start again
    assert some[-1].random() == wanted[-1]
    assert [one.random() for one in some[2:4]] == wanted[2:4]
    with pytest.raises(IndexError):
        some[5]


def test_a_generation_has_one_stream_in_common_whoever_asks() -> None:
    wanted = Individuals(3, Role.EVALUATE, 4, range(10)).common.random()
    for some in (
        Individuals(3, Role.EVALUATE, 4, [7]),
        Individuals(3, Role.EVALUATE, 4, [0, 1])[1:],
    ):
        assert some.common.random() == wanted
    others = [stream(3, Role.EVALUATE, 4, place) for place in range(3)]
    others += [
        Individuals(3, Role.EVALUATE, 5, [0]).common,
        Individuals(4, Role.EVALUATE, 4, [0]).common,
    ]
    assert wanted not in [one.random() for one in others]


def test_the_global_state_is_set_inside_and_put_back_after() -> None:
    random.seed(1)
    before = random.getstate()
    with global_random(5, Role.BREED, 2):
        drawn = [random.random() for _ in range(3)]
    assert random.getstate() == before
    with global_random(5, Role.BREED, 2):
        assert [random.random() for _ in range(3)] == drawn
    for address in ((6, Role.BREED, 2), (5, Role.INITIALISE, 2), (5, Role.BREED, 3)):
        with global_random(*address):
            assert random.random() != drawn[0]


def test_the_global_state_is_put_back_after_an_exception_and_when_nested() -> None:
    random.seed(2)
    before = random.getstate()
    with pytest.raises(KeyError), global_random(1, Role.BREED):
        raise KeyError
    assert random.getstate() == before
    with global_random(1, Role.BREED):
        random.random()
        outer = random.getstate()
        with global_random(2, Role.BREED):
            random.random()
        assert random.getstate() == outer
    assert random.getstate() == before


def test_the_global_state_of_numpy_is_set_and_put_back_too() -> None:
    np.random.seed(3)
    wanted = np.random.random(3)
    np.random.seed(3)
    with global_random(5, Role.BREED, 2):
        drawn = np.random.random(3)
        others = [random.random() for _ in range(3)]
    assert np.random.random(3).tolist() == wanted.tolist()
    assert not set(drawn) & {*wanted, *others}
    with global_random(5, Role.BREED, 2):
        assert np.random.random(3).tolist() == drawn.tolist()
    with global_random(5, Role.BREED, 3):
        assert np.random.random() != drawn[0]
    np.random.seed(3)
    with pytest.raises(KeyError), global_random(1, Role.BREED):
        raise KeyError
    assert np.random.random(3).tolist() == wanted.tolist()
