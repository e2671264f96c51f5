"""Environments of gymnasium as a fitness: shapes, actions, episodes and their seeds."""

import sys
from typing import Any

import dill
import gymnasium
import numpy as np
import pytest
from breeding import joined, network

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness import gymnasium as module
from evo.fitness.gymnasium import GymnasiumFitness
from genomes.network.networks import Networks


class Echo(gymnasium.Env[Any, Any]):
    """Rewards the sum of the action for three steps; shows the seed's first random numbers."""

    def __init__(self, actions: Any = None, observations: Any = None) -> None:
        self.action_space = actions or gymnasium.spaces.Discrete(3, start=5)
        self.observation_space = observations or gymnasium.spaces.Box(-1, 1, (2,), np.float64)
        self.resets: list[int | None] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.resets.append(seed)
        self.left = 3
        return self._seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action)
        self.left -= 1
        return self._seen(), float(np.sum(action)), self.left == 0, False, {}

    def _seen(self) -> Any:
        space = self.observation_space
        return self.np_random.random(2) if isinstance(space, gymnasium.spaces.Box) else 1


def scored(fitness: Any, performers: Any, seed: int = 1, generation: int = 0) -> Scores:
    streams = Individuals(seed, Role.EVALUATE, generation, range(len(performers)))
    scores: Scores = fitness.evaluate(performers, streams)
    return scores


def pushing(outputs: list[float], inputs: int = 2) -> Networks:
    """Return a network of constant outputs."""
    return network(inputs, len(outputs), [], bias=dict(enumerate(map(float, outputs))))


# Leans against the pole's fall.
CART_POLE = network(4, 2, [(-3, 1, 1.0), (-4, 1, 1.0), (-3, 0, -1.0), (-4, 0, -1.0)])


def test_a_known_environment_says_its_shape_and_its_target() -> None:
    fitness = GymnasiumFitness("CartPole-v1")
    assert (fitness.inputs, fitness.outputs, fitness.target) == (4, 2, 475.0)
    fitness = GymnasiumFitness("Pendulum-v1", target=-200)
    assert (fitness.inputs, fitness.outputs, fitness.target) == (3, 1, -200)


def test_the_score_is_the_mean_reward_and_the_cases_its_parts() -> None:
    scores = scored(
        GymnasiumFitness("CartPole-v1", episodes=4), joined([CART_POLE, pushing([1, 0], 4)])
    )
    assert scores.cases.shape == (2, 4)
    assert scores.total[0] > 100
    assert 8 < scores.total[1] < 12  # always to the left


def test_a_discrete_action_is_the_index_of_the_highest_output() -> None:
    fitness = GymnasiumFitness(Echo, episodes=1)
    assert fitness.outputs == 3
    batch = joined([pushing([9, 0, 0]), pushing([0, 9, 0]), pushing([0, 0, 9])])
    assert scored(fitness, batch).total.tolist() == [15, 18, 21]  # three steps; the first is 5


def test_a_continuous_action_is_scaled_to_its_limits_and_clipped() -> None:
    space = gymnasium.spaces.Box(np.float32([-2, 0]), np.float32([2, 10]))
    batch = joined([pushing([0.5, 0.0]), pushing([1.0, 1.0]), pushing([-7.0, 0.5])])
    fitness = GymnasiumFitness(Echo, episodes=1, actions=space)
    assert scored(fitness, batch).total.tolist() == [0.0, 36.0, 9.0]
    fitness = GymnasiumFitness(Echo, episodes=1, actions=space, output_range=(-1.0, 1.0))
    assert scored(fitness, batch).total.tolist() == [18.0, 36.0, 16.5]


def test_an_action_without_limits_is_the_output() -> None:
    space = gymnasium.spaces.Box(
        np.array([-np.inf, 0.0]), np.array([np.inf, 1.0]), dtype=np.float64
    )
    fitness = GymnasiumFitness(Echo, episodes=1, actions=space)
    assert scored(fitness, pushing([-40.0, 0.5])).total[0] == pytest.approx(-118.5)


def test_a_discrete_observation_is_one_hot() -> None:
    fitness = GymnasiumFitness(Echo, observations=gymnasium.spaces.Discrete(4))
    assert fitness.inputs == 4
    sees_1 = network(4, 3, [(-2, 2, 1.0)])
    assert scored(fitness, sees_1).total[0] == 21


def test_all_individuals_of_a_generation_have_the_same_episodes_and_others_have_others() -> None:
    made: list[Echo] = []

    def make() -> Echo:
        made.append(Echo())
        return made[-1]

    fitness = GymnasiumFitness(make, episodes=2)
    batch = joined([pushing([1, 0, 0])] * 3)

    def seeds(seed: int, generation: int) -> list[list[int | None]]:
        for one in made:
            one.resets.clear()
        scored(fitness, batch, seed, generation)
        return [one.resets[:] for one in made]

    first = seeds(1, 0)
    assert first[0:2] == first[2:4] == first[4:6]
    assert first[0] != first[1]
    assert seeds(1, 0) == first
    assert seeds(1, 1) != first
    assert seeds(2, 0) != first


def test_fixed_episodes_are_the_same_in_every_generation() -> None:
    fitness = GymnasiumFitness("CartPole-v1", vary=False)
    assert fitness.reusable
    one, other = (scored(fitness, CART_POLE, seed, seed) for seed in (1, 2))
    assert one.cases.tobytes() == other.cases.tobytes()


def test_parts_of_a_large_batch_score_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = joined([CART_POLE, pushing([1, 0], 4), pushing([0, 1], 4)] * 4)
    whole = scored(GymnasiumFitness("CartPole-v1"), batch)
    monkeypatch.setattr(module, "MAX_ENVIRONMENTS", 16)
    parts = GymnasiumFitness("CartPole-v1")
    assert scored(parts, batch).cases.tobytes() == whole.cases.tobytes()


def test_recurrent_networks_begin_every_episode_anew() -> None:
    growing = network(4, 2, [(0, 0, 2.0)], bias={0: 1.0}, feed_forward=False)
    fitness = GymnasiumFitness("CartPole-v1")
    assert scored(fitness, growing).cases.tobytes() == scored(fitness, growing).cases.tobytes()


def test_figures_are_of_the_same_test_episodes_in_every_run() -> None:
    fitness = GymnasiumFitness("CartPole-v1", target=100)
    scored(fitness, CART_POLE)
    figures = fitness.figures(CART_POLE)
    assert figures == GymnasiumFitness("CartPole-v1", target=100).figures(CART_POLE)
    assert figures["solved"] is (figures["test_reward"] >= 100)
    assert fitness.figures(pushing([1, 0], 4))["solved"] is False


def test_an_environment_without_a_threshold_is_never_solved() -> None:
    figures = GymnasiumFitness(Echo, test_episodes=1).figures(pushing([0, 0, 1]))
    assert figures == {"test_reward": 21.0, "solved": False}


def test_an_output_that_is_not_finite_fails_its_individual_alone() -> None:
    fitness = GymnasiumFitness("CartPole-v1")
    scores = scored(fitness, joined([pushing([float("nan"), 0], 4), CART_POLE]))
    assert scores.ok.tolist() == [False, True]
    figures = fitness.figures(pushing([float("nan"), 0], 4))
    assert figures == {"test_reward": None, "solved": False}


def test_environments_are_not_sent_to_workers() -> None:
    fitness = GymnasiumFitness("CartPole-v1")
    wanted = scored(fitness, CART_POLE)
    there = dill.loads(dill.dumps(fitness))  # noqa: S301 - packed here
    assert there._alive == []
    assert scored(there, CART_POLE).cases.tobytes() == wanted.cases.tobytes()


def test_without_gymnasium_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(InputError, match=r"pip install 'kuznechik\[gym\]'"):
        GymnasiumFitness("CartPole-v1")


@pytest.mark.parametrize(
    ("environment", "settings", "words"),
    [
        ("CartPole-v99", {}, "'CartPole-v99'"),
        ("Nothing", {}, "'Nothing'"),
        (3, {}, "must be a name that gymnasium knows, or a function that makes one; got 3"),
        ("CartPole-v1", {"gravitty": 1}, "gymnasium, 'CartPole-v1': .*'gravitty'"),
        (Echo, {"gravitty": 1}, "the environment Echo.*: got an unexpected keyword .*'gravitty'"),
        ("CartPole-v1", {"output_range": 3}, "output_range must be two ascending numbers, got 3"),
        ("CartPole-v1", {"episodes": "a"}, "episodes and test_episodes must be at least 1"),
        (Echo, {"actions": gymnasium.spaces.MultiBinary(2)}, "actions of MultiBinary"),
        (
            Echo,
            {"observations": gymnasium.spaces.Graph(gymnasium.spaces.Box(0, 1), None)},
            "observations of Graph",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    environment: Any, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        GymnasiumFitness(environment, **settings)
    assert "\n" not in str(caught.value)


def test_wrong_shapes_genomes_and_numbers_are_refused() -> None:
    fitness = GymnasiumFitness("CartPole-v1")
    with pytest.raises(ValueError, match="4 inputs and 2 outputs, got 4 and 1"):
        scored(fitness, network(4, 1, []))
    with pytest.raises(TypeError, match=r"can be stepped \(network\), not list"):
        scored(fitness, [1, 2])
    for mistake in ({"episodes": 0}, {"test_episodes": 0}, {"output_range": (1.0, 1.0)}):
        with pytest.raises(ValueError, match="must"):
            GymnasiumFitness("CartPole-v1", **mistake)  # type: ignore[arg-type]
