"""Time constants are bred where the settings let them vary, and survive a restore."""

from typing import Any

import numpy as np
import pytest
from breeding import TIMED, same_arrays

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.neat.engine import Neat
from evo.engines.neat.operators import NetworkOperators
from evo.engines.neat.settings import NeatSettings
from genomes.network.networks import Networks

# All are 1 in the first population, and vary later.
FROM_ONE = {"time_constant_mutate_rate": 0.2, "time_constant_mutate_power": 0.1}


def settings_of(**genome: Any) -> NeatSettings:
    shaped = Neat.of_shape(NeatSettings(), 3, 2)
    varied = {"feed_forward": False, "node_add_prob": 0.5, "conn_add_prob": 0.5} | genome
    return changed(shaped, {"NEAT": {"pop_size": 30}, "DefaultGenome": varied})


def judged(networks: Networks) -> Scores:
    """Score the last outputs of CTRNNs, so that time constants matter."""
    stepper = networks.stepper(0.1)
    for _ in range(5):
        outputs = stepper.step(np.ones((len(networks), networks.inputs)))
    return Scores.of(outputs.sum(axis=1))


@pytest.mark.parametrize("genome", [TIMED, FROM_ONE])
def test_an_engine_restored_in_every_generation_breeds_the_same(genome: dict[str, Any]) -> None:
    settings = settings_of(**genome)
    whole = Neat(settings, seed=3)
    other = Neat(settings, seed=3)
    for generation in range(8):
        wanted, found = whole.ask(), other.ask()
        assert same_arrays(wanted.to_arrays(), found.to_arrays())
        assert ("time_constant" in wanted.to_arrays()) == (generation > 0 or genome is TIMED)
        whole.tell(judged(wanted))
        other.tell(judged(found))
        assert same_arrays(whole.state().arrays, other.state().arrays)
        other = Neat.restore(settings, other.state(), seed=3)
    assert len(np.unique(whole.ask().time_constant)) > 20


def test_time_constants_count_in_the_compatibility_distance() -> None:
    species = []
    for spread in (0.0, 2.0):
        genome = {"time_constant_init_stdev": spread, "time_constant_init_mean": 5.0}
        engine = Neat(settings_of(**genome), seed=3)
        engine.ask()
        species.append(engine.statistics()["species"])
    assert species[0] < species[1]


def test_settings_that_leave_all_at_1_breed_none() -> None:
    for genome in ({}, {"time_constant_replace_rate": 0.5}, {"time_constant_mutate_rate": 0.5}):
        engine = Neat(settings_of(**genome), seed=3)
        engine.tell(Scores.of(np.arange(30.0)))
        assert not len(engine.ask().time_constant)


def test_mutants_of_a_baseline_keep_and_vary_time_constants() -> None:
    operators = NetworkOperators(settings_of(**FROM_ONE), None)
    random = np.random.default_rng(1)
    first = operators.first(4, random)
    stored = Networks.from_arrays(first.take([2]).to_arrays())  # leaves ones out
    mutants = operators.mutants(stored, 50, random, 1.0)
    assert len(mutants.time_constant) == len(mutants.node_id)
    assert len(np.unique(mutants.time_constant)) > 5


def test_a_minimum_of_0_is_refused_where_time_constants_vary() -> None:
    with pytest.raises(InputError, match="time_constant_min_value must be above 0"):
        settings_of(time_constant_mutate_rate=0.1, time_constant_mutate_power=0.1,
                    time_constant_min_value=0.0)  # fmt: skip
    settings_of(time_constant_min_value=0.0)
