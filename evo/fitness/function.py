"""A user's plain function as a fitness.

    def pole(network):                       # one individual -> a number
        return balanced_steps(network) / 1000

    @evo.fitness(batch=True)                 # a batch -> n numbers, or (n, goals)
    def intervals(players, streams):
        return score(players.perform(prompt, 64))

The first parameter is the individual, or the batch. A second one is for random numbers: a generator
per individual, or the batch's streams. A parameter named `settings` gets the experiment's settings.

A function travels to worker processes by value, or with the script that defines it
(`evo.core.user_scripts`). Exceptions and wrong results become one line that names the function.
"""

import inspect
import os
import random
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from numbers import Real
from pathlib import PurePath
from types import FunctionType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from multiprocess.reduction import ForkingPickler

from evo.core.errors import FunctionError, InputError
from evo.core.scores import Scores
from evo.core.user_scripts import Script, script_of
from genomes.individual import individuals

Function = Callable[..., Any]
# The folders of this project's packages, which are not a user's source.
_ROOT = PurePath(__file__).parents[2]
_PACKAGES = tuple(f"{_ROOT / name}{os.sep}" for name in ("evo", "genomes", "experiments"))


class Parameters(NamedTuple):
    """What a function takes besides the individuals."""

    random: bool
    settings: bool


class FunctionFitness:
    """Scores by a user's function; see the module's docstring.

    Attributes:
        name: Name of the function, for messages.
        function: The function.
        batch: Whether it takes a whole batch, instead of one individual.
        goals: Whether it returns several numbers per individual, one per goal.
        by_output: Whether it returns several numbers per individual, one per output or key.
        reusable: Whether equal genomes get equal scores.
    """

    def __init__(
        self,
        function: Function,
        *,
        batch: bool = False,
        goals: bool = False,
        by_output: bool = False,
        noisy: bool | None = None,
        figures: Function | None = None,
        settings: SimpleNamespace | None = None,
    ) -> None:
        """Wrap a function.

        Args:
            function: The function.
            batch: Whether it takes a whole batch.
            goals: Whether it returns several numbers per individual, one per goal.
            by_output: The same, one per output; the fitness is their sum.
            noisy: Whether equal genomes can get different scores; None: if it takes random numbers.
            figures: Returns further figures of the champion, by name; gets what `function` gets.
            settings: Settings of the experiment.

        Raises:
            InputError: If it is no function of an individual.
        """
        self.name = name_of_function(function)
        if goals and by_output:
            raise InputError(f"{self.name}: give goals or by_output, not both")
        self.function, self.batch = function, batch
        self.goals, self.by_output = goals, by_output
        self._columns = "goal" if goals else "output" if by_output else ""
        self._figures, self._settings = figures, settings
        self._takes = parameters_of(function, self.name)
        if figures is not None:
            self._figures_take = parameters_of(figures, name_of_function(figures))
        self._noisy = noisy
        self.reusable = not (self._takes.random if noisy is None else noisy)
        if isinstance(function, FunctionType):
            update_wrapper(self, function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function itself."""
        return self.function(*arguments, **named)

    def changed(self, **changes: Any) -> "FunctionFitness":
        """Return the fitness with some arguments of `__init__` changed."""
        return FunctionFitness(**(self._arguments() | changes))

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, which make an equal fitness."""
        return {
            "function": self.function, "batch": self.batch, "goals": self.goals,
            "by_output": self.by_output, "noisy": self._noisy, "figures": self._figures,
            "settings": self._settings,
        }  # fmt: skip

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle for worker processes, with the script that defines the function."""
        arguments = self._arguments()
        script = script_of(self.function)
        if script is None:
            arguments = {name: _without_annotations(value) for name, value in arguments.items()}
        content = bytes(ForkingPickler.dumps(arguments, recurse=True))
        return _unpickled, (type(self), script, content)

    def evaluate(self, performers: Any, streams: Any) -> Scores:
        """See `Fitness.evaluate`.

        Args:
            performers: The batch.
            streams: A random stream per individual.

        Raises:
            FunctionError: If the function raises, or returns something else than numbers.
        """
        before = _global_generators()
        table = self._table_of(performers, streams)
        if _global_generators() != before:
            warnings.warn(
                f"{self.name} draws from the global generators of `random` or numpy, so its runs "
                "do not repeat; take a second argument, which draws random numbers",
                RuntimeWarning,
                stacklevel=2,
            )
        if isinstance(table, Scores):
            return table
        outputs = getattr(performers, "outputs", table.shape[1])
        if self.by_output and table.shape[1] != outputs:
            raise FunctionError(
                f"{self.name} must return a number for each of the {outputs} outputs, got "
                f"{table.shape[1]}"
            )
        if not self._columns:
            return Scores.of(table[:, 0])
        if self.goals:
            return Scores.of_goals(table)
        with np.errstate(invalid="ignore"):  # infinity minus infinity: a failure
            return Scores.of(table.sum(axis=1), by_output=table)

    def _table_of(self, performers: Any, streams: Any) -> Any:
        """Return the numbers of a batch, float64 (n, goals, outputs or 1); or its `Scores`."""
        takes, function = self._takes, self.function
        if self.batch:
            returned = self._called(function, takes, performers, streams)
            return (
                returned if isinstance(returned, Scores) else self._table(returned, len(performers))
            )
        rows = []
        for index, individual in enumerate(individuals(performers)):
            # Making a stream takes as long as some 20 steps of a network.
            drawing = streams[index] if takes.random else None
            rows.append(self._row(self._called(function, takes, individual, drawing)))
        if len({len(row) for row in rows}) > 1:
            raise FunctionError(f"{self.name} returned different numbers of {self._columns}s")
        return np.array(rows, np.float64)

    def _called(self, function: Function, takes: Parameters, who: Any, random: Any) -> Any:
        """Call a function of the user, and return what it returns."""
        arguments = (who, random) if takes.random else (who,)
        named = {"settings": self._settings} if takes.settings else {}
        try:
            return function(*arguments, **named)
        except Exception as error:
            raise FunctionError(described(name_of_function(function), error)) from error

    def _row(self, returned: Any) -> list[float]:
        """Return the numbers of one individual, one without goals."""
        if self._columns:
            wanted = f"a list of numbers, one for each {self._columns}"
            numbers = self._numbers(returned, wanted)
            if numbers.ndim != 1 or not numbers.size:
                raise FunctionError(f"{self.name} must return {wanted}")
            found: list[float] = numbers.tolist()
            return found
        if isinstance(returned, Real | np.number | np.bool_):
            return [float(returned)]
        numbers = self._numbers(returned, "a number")
        if numbers.size != 1:
            raise FunctionError(
                f"{self.name} must return one number, got {numbers.size}; several scores per "
                "individual need goals=True"
            )
        return [float(numbers.reshape(-1)[0])]

    def _table(self, returned: Any, count: int) -> Any:
        """Return the numbers of a batch, float64 (count, goals or 1)."""
        wanted = f"a row of numbers per individual, one for each {self._columns}"
        wanted = wanted if self._columns else "one number per individual"
        numbers = self._numbers(returned, wanted)
        if numbers.ndim != (2 if self._columns else 1) or len(numbers) != count:
            hint = "; several need goals=True" if numbers.ndim == 2 and not self._columns else ""
            raise FunctionError(
                f"{self.name} must return {wanted}; for {count} it returned an array of shape "
                f"{numbers.shape}{hint}"
            )
        return numbers.reshape(count, -1)

    def _numbers(self, returned: Any, wanted: str) -> Any:
        """Return an array of numbers.

        Raises:
            FunctionError: If it is none.
        """
        if returned is None:
            raise FunctionError(
                f"{self.name} returned None; it must return {wanted} (is `return` missing?)"
            )
        try:
            numbers = np.asarray(returned)
        except ValueError:  # lists of different lengths
            numbers = np.array("")
        if numbers.dtype.kind not in "fiub":
            raise FunctionError(
                f"{self.name} must return {wanted}, got {type(returned).__name__} {returned!r:.60}"
            )
        return numbers.astype(np.float64)

    def figures(self, performers: Any) -> dict[str, Any]:
        """Return the user's figures of one individual as JSON values; none without a function.

        Raises:
            InputError: If the function fails, or returns no names with values.
        """
        if self._figures is None:
            return {}
        name = name_of_function(self._figures)
        who = performers if self.batch else individuals(performers)[0]
        random = np.random.default_rng(0)
        try:
            drawing = [random] if self.batch else random
            found = self._called(self._figures, self._figures_take, who, drawing)
        except FunctionError as error:
            raise InputError(str(error)) from error
        if not isinstance(found, Mapping):
            raise InputError(f"{name} must return figures by name, got {type(found).__name__}")
        return {str(key): plain_value(value, f"{name}: {key}") for key, value in found.items()}


def _global_generators() -> tuple[Any, ...]:
    """Return the states of the generators that all code of a process shares."""
    numpys: Any = np.random.get_state()
    return random.getstate(), numpys[1].tobytes(), *numpys[2:]


def _unpickled(
    kind: type[FunctionFitness], script: Script | None, content: bytes
) -> FunctionFitness:
    """Return the fitness in a worker process."""
    if script is not None:
        script.loaded()
    return kind(**ForkingPickler.loads(content))


def _without_annotations(function: Any) -> Any:
    """Return a copy of a function that can be sent without its types; other values as they are."""
    if not isinstance(function, FunctionType) or not function.__annotations__:
        return function
    bare = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    bare.__kwdefaults__ = function.__kwdefaults__
    bare.__module__, bare.__qualname__ = function.__module__, function.__qualname__
    return bare


def name_of_function(function: Any) -> str:
    """Return the name of a function, for messages and runs."""
    while isinstance(function, partial):
        function = function.func
    name: str = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


def parameters_of(function: Any, name: str) -> Parameters:
    """Return what a user's function takes.

    Args:
        function: The function.
        name: Its name, for messages.

    Raises:
        InputError: If it is no function, or has other parameters.
    """
    if not callable(function):
        raise InputError(f"the fitness must be a function or an object with evaluate, got {name}")
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a compiled function does not tell
        return Parameters(random=False, settings=False)
    given = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    by_place = [p for p in parameters if p.kind in given and p.name != "settings"]
    required = [p for p in by_place if p.default is inspect.Parameter.empty]
    if not by_place or len(required) > 2:
        raise InputError(
            f"{name}{inspect.signature(function)} must take one individual (or a batch), and at "
            "most random numbers and settings"
        )
    takes_random = len(required) == 2 or (
        len(by_place) == 2 and by_place[1].name in ("random", "rng", "streams")
    )
    return Parameters(takes_random, any(p.name == "settings" for p in parameters))


def described(name: str, error: BaseException) -> str:
    """Return a user's exception in one line, with its place in the user's source.

    Args:
        name: The user's function.
        error: What it raised.
    """
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_PACKAGES) and "site-packages" not in frame.filename
    ]
    text = f"{name} raised {type(error).__name__}"
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - of a user's own class
        message = ""
    if message:
        text += f": {message}"
    if frames:
        text += f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})"
    return text


def plain_value(value: Any, where: str) -> Any:
    """Return a value as JSON: NumPy's numbers and arrays become lists, NaN becomes None.

    Args:
        value: The value.
        where: Its name in messages.

    Raises:
        InputError: If it cannot be stored.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner, where) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner, where) for inner in value]
    raise InputError(f"{where} must be numbers, text, lists or arrays, got {type(value).__name__}")
