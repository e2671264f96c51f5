"""Engines by hand: ask for a population, tell its scores.

    engine = evo.engine("neat", inputs=2, outputs=1, seed=1, generations=20)
    while not engine.stop():
        engine.tell([-abs(network.activate([0, 1])[0] - 0.5) for network in engine.ask()])
    print(engine.champion.score)

The style is that of pycma. Nothing is stored; `evo.evolve` makes runs.
"""

import time
from typing import Any

import numpy as np

from evo.api.champion import Champion
from evo.api.experiments import operators
from evo.api.options import given_options
from evo.core.config import StopSettings
from evo.core.errors import InputError
from evo.core.registry import GENOMES
from evo.core.scores import Scores
from evo.core.settings import Changes, changed
from evo.engines import Engine, engine_class, full_name
from evo.runs.configure import setting
from evo.runs.stop import Stop, stop_criteria
from genomes.base import Performers

_OPTIONS = ("seed", "population", "generations", "evaluations", "time_limit", "target")


class AskTell:
    """An engine with limits: ask for a population, tell one score per individual.

    A loop over the population gives individuals, each with `activate` (numbers) or `perform`
    (music). A higher score is better:

        for generation in range(20):
            scores = []
            for network in engine.ask():
                error = network.activate([0, 1])[0] - 0.5
                scores.append(-abs(error))
            engine.tell(scores)

    Attributes:
        breeder: The engine itself (`evo.engines.base.Engine`).
        evaluations: Number of scores told so far.
    """

    def __init__(self, breeder: Engine[Any], stop: Stop) -> None:
        self.breeder, self._stop = breeder, stop
        self.evaluations = 0
        self._asked = False
        self._began = time.monotonic()
        self._reason: str | None = None
        self._best: float | None = None

    @property
    def generation(self) -> int:
        """Number of generations bred so far."""
        return self.breeder.generation

    @property
    def champion(self) -> Champion | None:
        """The best individual so far, or None."""
        best = self.breeder.champion
        return None if best is None else Champion(best.performers, best.score, best.generation)

    def ask(self) -> Performers:
        """Return the population, which stays the same until `tell`; it can be iterated."""
        self._asked = True
        return self.breeder.ask()

    def tell(self, scores: Any) -> None:
        """Take a score per individual, and breed the next generation.

        Args:
            scores: Numbers (n,), higher is better; (n, goals) for several goals; or `Scores`. NaN
                marks a failure.

        Raises:
            InputError: If there is not one score per individual, or `ask` was not called since the
                last `tell`.
        """
        if not self._asked:
            raise InputError(
                "ask first: `tell` takes the scores of the population of `engine.ask()`, once"
            )
        table = scores if isinstance(scores, Scores) else _scores_of(scores)
        count = len(self.breeder.ask())
        if len(table) != count:
            raise InputError(f"tell needs {count} scores, one per individual, got {len(table)}")
        generation = self.generation
        self.breeder.tell(table)
        self._asked = False
        self.evaluations += count
        finite = table.total[table.ok]
        champion = self.breeder.champion
        score = None if champion is None else champion.score
        self._reason = self._stop.reason({
            "generation": generation,
            "evaluations": self.evaluations,
            "best": float(finite.max()) if len(finite) else None,
            "champion": score,
            "champion_generation": generation if champion is None else champion.generation,
            "figures": {},
            "wall_seconds": time.monotonic() - self._began,
        })  # fmt: skip

    def stop(self) -> str:
        """Return why to stop, "" for no reason yet."""
        return self._reason or ""

    def _repr_html_(self) -> str:
        # Figures take time to import.
        from evo.api.notebook import engine_html

        return engine_html(self)

    def __repr__(self) -> str:
        name = type(self.breeder).__name__
        return f"<{name}, generation {self.generation}, {self.evaluations:,} evaluations>"


def _scores_of(given: Any) -> Scores:
    """Return scores from plain numbers.

    Raises:
        InputError: If they are no numbers, or of another shape.
    """
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"tell needs numbers, got {type(given).__name__}") from None
    if numbers.ndim not in (1, 2):
        raise InputError(f"tell needs (n,) or (n, goals) numbers, got {numbers.shape}")
    return Scores.of(numbers) if numbers.ndim == 1 else Scores.of_goals(numbers)


def engine(
    name: str,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    keys: int | None = None,
    steps: int = 64,
    changes: Changes | None = None,
    toolbox: Any = None,
    mate: Any = None,
    mutate: Any = None,
    **options: Any,
) -> AskTell:
    """Return an engine to ask and tell.

        engine = evo.engine("neat", inputs=2, outputs=1, seed=1, generations=20)
        while not engine.stop():
            scores = [float(network.activate([0, 1])[0]) for network in engine.ask()]
            engine.tell(scores)

    Args:
        name: Name of the engine: neat, es, ga, ...
        inputs: Inputs of an individual.
        outputs: Outputs of an individual.
        keys: Keys of the instrument, instead of inputs and outputs.
        steps: Steps of a note grid.
        changes: Nested tables of the engine's settings: {"population": {"size": 50}}.
        toolbox: A DEAP toolbox with your operators, for the engine deap.
        mate: Your own crossover, for the engines ga and deap.
        mutate: Your own mutation, for the engines ga and deap.
        options: seed, population, generations, evaluations, time_limit, target.

    Raises:
        InputError: If a name, a shape or a setting cannot be used.
    """
    functions = operators(toolbox, mate, mutate)
    name = full_name(name, ["history-user"] if keys is None else GENOMES)
    kind = engine_class(name)
    given = given_options(options, _OPTIONS, changes)
    settings = changed(kind.settings_type(), given["changes"], name)
    if given["population"] is not None:
        settings = changed(settings, setting(f"{kind.population}={given['population']}"), name)
    player = None
    if keys is not None:
        if inputs is not None or outputs is not None:
            raise InputError("an engine needs inputs and outputs, or keys; not both")
        playing = kind.genome.settings_type
        player = kind.genome.player_of(None if playing is None else playing(), keys)
        inputs, outputs = kind.genome.shape_of(keys, steps, player)
    if inputs is None or outputs is None:
        raise InputError("an engine needs inputs and outputs, or keys")
    settings = kind.of_shape(settings, inputs, outputs)
    limits = {k: given[k] for k in ("generations", "evaluations", "time_limit", "target")}
    stop = changed(StopSettings(), {k: v for k, v in limits.items() if v is not None}, "stop")
    return AskTell(
        kind(settings, seed=given["seed"] or 0, player=player, functions=functions),
        stop_criteria(stop),
    )
