"""Control an environment of gymnasium: the score is the mean reward of some episodes.

Every individual plays the same episodes, and every generation has new ones (`vary`), so that lucky
starts favour no individual. An episode's seed depends on the run's seed, the generation and the
episode's number. Each episode of each individual has an environment of its own, because a vector
environment draws all its starts from one stream. So a score never depends on the batch. The
networks of all episodes are stepped together. A finished episode costs nothing more.

Inputs are the flattened observation (one-hot where it is discrete). A discrete action is the index
of the highest output. A continuous action is scaled from `output_range` to its limits.

    evo run my_script.py      with      evo.gymnasium_fitness("CartPole-v1", episodes=5)
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np

from evo.core.errors import InputError
from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role, stream
from evo.fitness.base import check_shape
from genomes.arrays import FloatArray, Indices

# Environments alive at once; a population that needs more is evaluated in parts.
MAX_ENVIRONMENTS = 512
# The test of a champion has the same episodes in every run.
_TEST_ADDRESS = 1 << 20


class Steppers(Protocol):
    """The methods that this task needs of a genome kind."""

    inputs: int
    outputs: int

    def __len__(self) -> int:
        """Return the number of individuals."""

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """Return a batch of some individuals."""

    def stepper(self) -> Any:
        """Return the individuals' state, to be stepped."""


class GymnasiumFitness:
    """Scores networks that control an environment; see the module's docstring.

    Attributes:
        inputs: Inputs of a network: numbers in an observation.
        outputs: Outputs of a network: discrete actions, or numbers in a continuous action.
        target: Mean reward of the test episodes that solves the task; None for no solution.
    """

    def __init__(
        self,
        environment: str | Callable[..., Any],
        episodes: int = 5,
        *,
        vary: bool = True,
        target: float | None = None,
        test_episodes: int = 20,
        output_range: tuple[float, float] = (0.0, 1.0),
        **settings: Any,
    ) -> None:
        """Ask the environment for its shape.

        Args:
            environment: A name that gymnasium knows, or a function that makes an environment.
            episodes: Episodes per evaluation.
            vary: Whether every generation has new episodes.
            target: Mean reward of the test episodes that solves the task; None for the threshold
                of the environment, if it has one.
            test_episodes: Episodes of a champion's test, the same in every run.
            output_range: Outputs that mean the lowest and the highest continuous action: 0 and 1
                for the activation sigmoid, -1 and 1 for tanh.
            **settings: Further arguments of the environment.

        Raises:
            InputError: If gymnasium is missing, or does not know the environment.

        """
        counts = (episodes, test_episodes)
        if not all(isinstance(count, int | np.integer) and count >= 1 for count in counts):
            raise InputError("episodes and test_episodes must be at least 1, and whole numbers")
        _check_environment(environment, settings)
        if not _ascends(output_range):
            raise InputError(f"output_range must be two ascending numbers, got {output_range!r}")
        self._environment, self._settings = environment, settings
        self._episodes, self._test_episodes = episodes, test_episodes
        self._range = output_range
        self.reusable = not vary
        self._alive: list[Any] = []
        self.inputs = 0
        first = self._environments(1)[0]
        self.inputs = _size_of(first.observation_space)
        self.outputs = _outputs_of(first.action_space)
        if target is None and first.spec is not None:
            target = first.spec.reward_threshold
        self.target = target

    def __getstate__(self) -> dict[str, Any]:
        """Leave environments out: every process makes its own."""
        return vars(self) | {"_alive": []}

    def evaluate(self, performers: Steppers, streams: Individuals) -> Scores:
        """Return the mean rewards of this generation's episodes.

        Args:
            performers: n networks.
            streams: `streams.common` draws the seeds of the episodes.

        Returns:
            Scores with totals (n,) and cases (n, episodes), the rewards divided by their number.

        Raises:
            TypeError: For genome kinds that cannot be stepped.
            ValueError: For networks of another shape.
        """
        random = stream(0, Role.EVALUATE) if self.reusable else streams.common
        seeds = random.integers(1 << 31, size=self._episodes).tolist()
        cases = self.rewards(performers, seeds) / self._episodes
        return Scores.of(cases.sum(axis=1), cases)

    def figures(self, performers: Steppers) -> dict[str, Any]:
        """Return the mean reward of one network in the test episodes.

        Args:
            performers: A batch of one.

        Returns:
            test_reward     mean reward; None if it is not finite
            solved          whether it is the target or above
        """
        random = stream(0, Role.EVALUATE, 0, _TEST_ADDRESS)
        seeds = random.integers(1 << 31, size=self._test_episodes).tolist()
        reward = float(self.rewards(performers, seeds).mean())
        solved = self.target is not None and reward >= self.target
        return {"test_reward": reward if np.isfinite(reward) else None, "solved": bool(solved)}

    def rewards(self, performers: Steppers, seeds: Sequence[int]) -> FloatArray:
        """Return the total reward of every individual in every episode.

        Args:
            performers: n networks.
            seeds: Seeds of the episodes.

        Returns:
            float64 (n, episodes); NaN for a network with an output that is not finite.

        Raises:
            TypeError: For genome kinds that cannot be stepped.
            ValueError: For networks of another shape.
        """
        if not hasattr(performers, "stepper"):
            raise TypeError(
                f"an environment needs a genome that can be stepped (network), "
                f"not {type(performers).__name__}"
            )
        check_shape("the environment", performers, self.inputs, self.outputs)
        part = max(1, MAX_ENVIRONMENTS // len(seeds))
        found = np.empty((len(performers), len(seeds)))
        for first in range(0, len(performers), part):
            chosen = np.arange(first, min(first + part, len(performers)))
            players = performers.take(np.repeat(chosen, len(seeds)))
            found[chosen] = self._play(players, [*seeds] * len(chosen)).reshape(len(chosen), -1)
        return found

    def _play(self, players: Steppers, seeds: Sequence[int]) -> FloatArray:
        """Return the total reward of each network in an episode of its own: (n,)."""
        environments = self._environments(len(seeds))
        flatten = _flattener(environments[0].observation_space)
        actions = _actor(environments[0].action_space, self._range)
        stepper = players.stepper()
        observations = np.empty((len(seeds), self.inputs))
        for index, seed in enumerate(seeds):
            observations[index] = flatten(environments[index].reset(seed=seed)[0])
        totals = np.zeros(len(seeds))
        alive = np.arange(len(seeds))
        while len(alive):
            outputs = stepper.step(observations[alive], alive)
            fine = np.isfinite(outputs).all(axis=1)
            totals[alive[~fine]] = np.nan
            alive = alive[fine]
            going = np.ones(len(alive), np.bool_)
            for row, (index, action) in enumerate(
                zip(alive.tolist(), actions(outputs[fine]), strict=True)
            ):
                observation, reward, terminated, truncated, _ = environments[index].step(action)
                totals[index] += reward
                if terminated or truncated:
                    going[row] = False
                else:
                    observations[index] = flatten(observation)
            alive = alive[going]
        return totals

    def _environments(self, count: int) -> list[Any]:
        """Return at least `count` environments, which are kept."""
        while len(self._alive) < count:
            self._alive.append(self._make())
        return self._alive

    def _make(self) -> Any:
        if callable(self._environment):
            return self._environment(**self._settings)
        gymnasium = _gymnasium()
        try:
            return gymnasium.make(self._environment, disable_env_checker=True, **self._settings)
        except gymnasium.error.Error as error:
            raise InputError(f"gymnasium, {self._environment!r}: {error}") from None
        except TypeError as error:
            if self.inputs or not self._settings:  # it has been made before
                raise
            reason = " ".join(str(error).split())
            raise InputError(f"gymnasium, {self._environment!r}: {reason}") from None


def _ascends(pair: Any) -> bool:
    try:
        low, high = pair
        return bool(low < high)
    except (TypeError, ValueError):
        return False


def _check_environment(environment: Any, settings: Mapping[str, Any]) -> None:
    """Raise InputError unless it is a name, or a function that takes the settings."""
    if isinstance(environment, str):
        return
    if not callable(environment):
        raise InputError(
            "the environment must be a name that gymnasium knows, or a function that makes one; "
            f"got {environment!r}"
        )
    try:
        signature = inspect.signature(environment)
    except (TypeError, ValueError):  # a compiled function does not tell
        return
    try:
        signature.bind(**settings)
    except TypeError as error:
        name = getattr(environment, "__name__", type(environment).__name__)
        raise InputError(f"the environment {name}{signature}: {error}") from None


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError:
        raise InputError("environments need gymnasium; run: pip install 'kuznechik[gym]'") from None
    return gymnasium


def _size_of(space: Any) -> int:
    """Return the numbers in a flattened observation."""
    try:
        return int(_gymnasium().spaces.flatdim(space))
    except (NotImplementedError, ValueError):
        raise InputError(f"observations of {space} have no fixed size") from None


def _outputs_of(space: Any) -> int:
    """Return the outputs that an action needs."""
    spaces = _gymnasium().spaces
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.Box) and space.dtype.kind == "f":
        return int(np.prod(space.shape))
    raise InputError(f"actions of {space} are neither discrete nor continuous")


def _flattener(space: Any) -> Callable[[Any], Any]:
    """Return the function that makes inputs of an observation."""
    spaces = _gymnasium().spaces
    if isinstance(space, spaces.Box) and len(space.shape) == 1:
        return lambda observation: observation
    return lambda observation: spaces.flatten(space, observation)


def _actor(space: Any, output_range: tuple[float, float]) -> Callable[[FloatArray], Any]:
    """Return the function that makes actions of outputs: (n, outputs) -> n actions."""
    if not hasattr(space, "low"):
        start = int(space.start)
        return lambda outputs: (outputs.argmax(axis=1) + start).tolist()
    lowest, highest = output_range
    low, high = space.low.astype(np.float64).ravel(), space.high.astype(np.float64).ravel()
    limited = np.isfinite(low) & np.isfinite(high)
    width = np.where(limited, high - low, 0.0)
    floor = np.where(limited, low, 0.0)

    def _continuous(outputs: FloatArray) -> Any:
        shares = np.clip((outputs - lowest) / (highest - lowest), 0.0, 1.0)
        # An action without limits is the output itself.
        values = np.where(limited, floor + width * shares, np.clip(outputs, low, high))
        return values.astype(space.dtype).reshape(len(outputs), *space.shape)

    return _continuous
