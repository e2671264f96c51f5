"""Pole balancing: physics, scores, starts and the tests of a champion."""

import itertools
import math
from dataclasses import replace
from typing import Any

import cart_reference
import numpy as np
import pytest
from breeding import evolved, joined, network, varied_config

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.pole.balancing import PoleBalancing, generalisation_starts
from genomes.errors import GenomeError
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks, with_time_constants

# Evolved: a linear controller of two poles, and one node that remembers its last output.
WITH_VELOCITIES = network(
    6, 1,
    [(-1, 0, -0.976), (-2, 0, -0.339), (-3, 0, -2.306), (-4, 0, -1.089), (-5, 0, 1.214),
     (-6, 0, 0.308)],
    activation="tanh",
)  # fmt: skip
WITHOUT_VELOCITIES = network(
    3, 1, [(-1, 0, -0.127), (-2, 0, -1.104), (-3, 0, 1.459), (0, 0, -0.48)],
    activation="tanh", feed_forward=False,
)  # fmt: skip
TASKS = pytest.mark.parametrize(
    ("poles", "velocities"), list(itertools.product((1, 2), (True, False)))
)


def scored(fitness: PoleBalancing, performers: Any) -> Scores:
    return fitness.evaluate(performers, Individuals(1, Role.EVALUATE, 0, range(len(performers))))


def balanced(fitness: PoleBalancing, performers: Networks) -> list[int]:
    return [fitness.figures(performers.take([g]))["steps_balanced"] for g in range(len(performers))]


def varied(inputs: int, feed_forward: bool) -> Networks:
    config = varied_config(inputs, 1, feed_forward)
    genomes = [genome for seed in range(3) for genome in evolved(config, seed=seed)]
    return from_neat_python(genomes, config.genome_config)


@TASKS
@pytest.mark.parametrize("feed_forward", [True, False])
def test_episodes_equal_those_of_the_published_equations(
    poles: int, velocities: bool, feed_forward: bool
) -> None:
    fitness = PoleBalancing(poles, velocities, steps=300, short_steps=300)
    batch = varied(fitness.inputs, feed_forward)
    found = scored(fitness, batch)
    for g in range(len(batch)):
        if not found.ok[g]:
            continue
        steps, unrest = cart_reference.episode(
            batch.take([g]), poles, velocities, 300, lambda output: 2 * output - 1
        )
        if velocities:
            wanted = [steps]
        else:
            calm = 0.75 / sum(unrest[-100:]) if steps > 100 else 0.0
            wanted = [0.1 * steps / 300, 0.9 * calm]
        np.testing.assert_allclose(found.cases[g], wanted, rtol=1e-5)
    assert found.ok.sum() > len(batch) // 2


@pytest.mark.parametrize("tilt", [0.07, -0.2])
def test_an_unforced_pole_falls_to_its_own_side(tilt: float) -> None:
    state = cart_reference.after((0.0, 0.0, np.array([tilt]), np.zeros(1)), 0.0, count=10)
    assert abs(state[2][0]) > abs(tilt)
    assert state[2][0] * tilt > 0 > state[0] * tilt


def test_a_smaller_integration_step_changes_next_to_nothing() -> None:
    start = (0.1, -0.2, np.array([0.07, -0.05]), np.array([0.3, 0.1]))
    coarse = np.hstack(cart_reference.after(start, 0.4))
    fine = np.hstack(cart_reference.after(start, 0.4, seconds=0.001, count=20))
    np.testing.assert_allclose(coarse, fine, rtol=1e-5, atol=1e-6)


def test_no_force_is_the_middle_of_the_output_s_range() -> None:
    idle = {"sigmoid": network(6, 1, [], bias={0: 0.5}), "tanh": network(6, 1, [])}
    found = [
        scored(PoleBalancing(output=kind), idle[kind]).total[0] for kind in ("sigmoid", "tanh")
    ]
    assert found[0] == found[1] < 100
    pushed = network(6, 1, [], bias={0: 0.5})
    assert scored(PoleBalancing(output="tanh"), pushed).total[0] != found[0]


def test_outputs_beyond_the_range_are_the_full_force() -> None:
    for kind, full in (("sigmoid", 1.0), ("tanh", 1.0)):
        fitness = PoleBalancing(output=kind)  # type: ignore[arg-type]
        loud = scored(fitness, joined([network(6, 1, [], bias={0: b}) for b in (full, 1e6)]))
        assert loud.total[0] == loud.total[1]


def test_with_velocities_the_score_is_the_steps_until_failure() -> None:
    fitness = PoleBalancing(output="tanh", steps=2000)
    scores = scored(fitness, joined([WITH_VELOCITIES, network(6, 1, [])]))
    assert scores.total[0] == 2000
    assert 10 < scores.total[1] < 100
    assert fitness.figures(WITH_VELOCITIES) == {"steps_balanced": 2000, "solved": True}
    assert fitness.figures(network(6, 1, []))["solved"] is False


def test_one_evolved_node_passes_both_tests_without_velocities() -> None:
    fitness = PoleBalancing(velocities=False, output="tanh")
    figures = fitness.figures(WITHOUT_VELOCITIES)
    assert figures["steps_balanced"] == 100_000
    assert 200 <= figures["generalised"] < 625
    assert figures["solved"] is True


def test_without_velocities_a_swinging_cart_scores_lower() -> None:
    fitness = PoleBalancing(velocities=False, output="tanh")
    scores = scored(fitness, WITHOUT_VELOCITIES)
    assert scores.cases[0, 0] == np.float32(0.1)
    steps, unrest = cart_reference.episode(
        WITHOUT_VELOCITIES, 2, False, 1000, lambda output: output
    )
    assert steps == 1000
    assert scores.cases[0, 1] == pytest.approx(0.9 * 0.75 / sum(unrest[-100:]), rel=1e-5)


def test_no_calm_is_scored_before_100_steps() -> None:
    scores = scored(PoleBalancing(velocities=False, output="tanh"), network(3, 1, []))
    assert 0 < scores.cases[0, 0] < 0.01
    assert scores.cases[0, 1] == 0.0


def test_a_network_that_fails_the_long_test_is_not_tested_from_other_starts() -> None:
    fitness = PoleBalancing(velocities=False, output="tanh")
    assert fitness.figures(network(3, 1, [])) == {
        "steps_balanced": balanced(fitness, network(3, 1, []))[0],
        "generalised": 0,
        "solved": False,
    }


def test_the_starts_of_the_generalisation_test() -> None:
    starts = generalisation_starts()
    assert starts.shape == (625, 6)
    assert len({tuple(row) for row in starts.tolist()}) == 625
    assert not starts[:, 4:].any()
    for column, limit in enumerate((2.16, 1.35, math.radians(3.6), math.radians(8.6))):
        wanted = np.array([-0.9, -0.5, 0.0, 0.5, 0.9]) * limit
        np.testing.assert_allclose(np.unique(starts[:, column].round(12)), wanted, atol=1e-9)


def test_one_pole_falls_at_12_degrees_and_two_at_36() -> None:
    for poles, inputs in ((1, 4), (2, 6)):
        idle = network(inputs, 1, [])
        wanted, _ = cart_reference.episode(idle, poles, True, 1000, lambda output: output)
        assert scored(PoleBalancing(poles, output="tanh"), idle).total[0] == wanted


def test_a_network_whose_output_is_nan_fails_and_the_others_do_not() -> None:
    broken = network(6, 1, [], bias={0: float("nan")})
    scores = scored(PoleBalancing(), joined([broken, network(6, 1, [])]))
    assert scores.ok.tolist() == [False, True]
    assert PoleBalancing().figures(broken) == {"steps_balanced": 0, "solved": False}


def test_other_shapes_and_genomes_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"networks of 6 inputs and 1 output, got 3 and 1"):
        scored(PoleBalancing(), network(3, 1, []))

    class Grid:
        def __len__(self) -> int:
            return 3

    with pytest.raises(TypeError, match=r"needs a genome.*network.*, not Grid"):
        scored(PoleBalancing(), Grid())


def test_networks_with_time_constants_are_refused() -> None:
    slow = replace(with_time_constants(WITHOUT_VELOCITIES), time_constant=np.array([2.0]))
    with pytest.raises(GenomeError, match="need a time_step"):
        scored(PoleBalancing(velocities=False), slow)


@pytest.mark.parametrize("count", [1, 15, 16, 17, 40])
def test_an_episode_is_the_same_in_every_lane_and_batch(count: int) -> None:
    fitness = PoleBalancing(output="tanh", steps=150)
    falling = [network(6, 1, [(-3, 0, float(i)), (-4, 0, 0.5)]) for i in range(count - 1)]
    alone = scored(fitness, WITH_VELOCITIES).total[0]
    for place in {0, count // 2, count - 1}:
        batch = joined([*falling[:place], WITH_VELOCITIES, *falling[place:]])
        assert scored(fitness, batch).total[place] == alone == 150


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ({"poles": 3}, "poles must be 1 or 2, got 3"),
        ({"steps": 100}, "must be above 100, got 100 and 1000"),
        ({"output": "relu"}, "output must be sigmoid or tanh, got 'relu'"),
    ],
)
def test_impossible_tasks_are_refused(mistake: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PoleBalancing(**mistake)
