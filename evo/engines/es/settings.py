"""The settings of the evolution strategies: what each means, its default, its limits.

    [population]
    size                individuals a generation; an even number where they come in antithetic pairs
    evaluate_mean       one individual more, the first: the mean itself. It is judged and can become
                        champion, but takes no part in breeding. For a fitness that is noisy or
                        learns, where the best of many is mostly the luckiest
    champion            best, the best individual ever, or mean, the newest mean that was judged:
                        for a fitness whose generations cannot be compared

    [strategy]
    kind                openai, snes, sep-cma or weighted-mean; see `evo.engines.es.openai` etc.
    sigma               initial deviation of every weight from the mean
    by_output           where the fitness scores every output apart, as memorising does, rank
                        individuals by the sum of these scores instead of their totals; with openai,
                        weights that lead to one output alone by that one

    [openai]
    learning_rate       most that a weight changes in one step, about
    learning_rate_decay, sigma_decay
                        what is left of both after a generation
    weight_decay        how much of the mean is taken from the gradient
    momentum, second_momentum
                        of Adam: what is left of its moments after a generation

    [snes]
    learning_rate       of the mean, 1 for the natural step
    sigma_rate          of the deviations; 0 for (3 + ln weights) / (5 sqrt(weights))
    antithetic          whether individuals come in pairs, as OpenAI-ES always has them

    [weighted-mean]
    sigma_decay         what is left of sigma after a generation

    [network]           the HistoryUser that is bred (`genomes.history_user.networks.Shape`)
    keys                outputs, of which a melody has one more for the rest
    inputs              numbers heard a step, the keys first; 0 for as many as keys
    architecture        plain, united, melody or lstm
    layers              units of each LSTM of the stack
    history             how many steps back it can read, 1 to this many
    lags                or the lags it can read, rising, in place of all of them
    last                units of the last LSTM of united, of the ear of melody
    scale, forget_bias  of the first mean (`HistoryUsers.initial`)

Only the table of the strategy that is chosen has an effect; sep-cma has nothing to set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evo.engines.es.openai import OpenAI
from evo.engines.es.sep_cma import SepCMA
from evo.engines.es.snes import SNES
from evo.engines.es.strategy import Strategy
from evo.engines.es.weighted_mean import WeightedMean
from evo.engines.settings import check_tables, number_of, table_of, word_of
from genomes.arrays import FloatArray
from genomes.history_user.networks import ARCHITECTURES, Shape

STRATEGIES: dict[str, Callable[..., Strategy]] = {
    "openai": OpenAI,
    "snes": SNES,
    "sep-cma": SepCMA,
    "weighted-mean": WeightedMean,
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "population": {"size": 32, "evaluate_mean": False, "champion": "best"},
    "strategy": {"kind": "openai", "sigma": 0.1, "by_output": False},
    "openai": {
        "learning_rate": 0.05,
        "learning_rate_decay": 1.0,
        "sigma_decay": 1.0,
        "weight_decay": 0.005,
        "momentum": 0.9,
        "second_momentum": 0.999,
    },
    "snes": {"learning_rate": 1.0, "sigma_rate": 0.0, "antithetic": False},
    "weighted-mean": {"sigma_decay": 0.99},
    "network": {
        "keys": 13,
        "inputs": 0,
        "architecture": "plain",
        "layers": [70, 50],
        "history": 80,
        "lags": [],
        "last": 50,
        "scale": 1.0,
        "forget_bias": 1.0,
    },
}

# Least and most of what has other limits than 0 and none.
_LIMITS: dict[str, tuple[float, float]] = {
    "population.size": (2, np.inf),
    "openai.learning_rate_decay": (0.0, 1.0),
    "openai.sigma_decay": (0.0, 1.0),
    # Adam divides by 1 less these.
    "openai.momentum": (0.0, 0.999_999),
    "openai.second_momentum": (0.0, 0.999_999),
    "weighted-mean.sigma_decay": (0.0, 1.0),
    "network.history": (1, 65_536),
    "network.forget_bias": (-100.0, 100.0),
}
_WORDS = {
    "population.champion": ("best", "mean"),
    "strategy.kind": tuple(STRATEGIES),
    "network.architecture": ARCHITECTURES,
}


@dataclass(frozen=True)
class StrategySettings:
    """The settings as the engine uses them; see the module's docstring."""

    size: int
    evaluate_mean: bool
    champion: str
    kind: str
    sigma: float
    by_output: bool
    own: dict[str, Any]  # of the strategy that was chosen
    shape: Shape
    scale: float
    forget_bias: float

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "StrategySettings":
        """The settings in nested tables, defaults for what they leave out.

        ValueError says in one line what is wrong with them.
        """
        check_tables("es", settings, DEFAULTS)
        tables = {name: _checked(name, settings.get(name, {})) for name in DEFAULTS}
        population, strategy, network = (
            tables[name] for name in ("population", "strategy", "network")
        )
        if strategy["sigma"] <= 0:
            raise ValueError("es: strategy.sigma must be above 0")
        kind = strategy["kind"]
        found = cls(
            population["size"],
            population["evaluate_mean"],
            population["champion"],
            kind,
            strategy["sigma"],
            strategy["by_output"],
            tables.get(kind, {}),
            _shape(network),
            network["scale"],
            network["forget_bias"],
        )
        if found.champion == "mean" and not found.evaluate_mean:
            raise ValueError("es: population.champion mean needs population.evaluate_mean")
        if found.size % 2 and found.strategy(np.zeros(2), size=2).antithetic:
            raise ValueError(
                f"es: population.size must be even, as {kind} has antithetic pairs, "
                f"got {found.size}"
            )
        return found

    def strategy(self, mean: FloatArray, size: int | None = None) -> Strategy:
        """The strategy that starts at `mean`."""
        return STRATEGIES[self.kind](mean, self.sigma, size or self.size, **self.own)


def _shape(network: Mapping[str, Any]) -> Shape:
    """The shape that a whole table of the network describes."""
    lags = network["lags"] or range(1, network["history"] + 1)
    try:
        return Shape(
            network["keys"],
            network["inputs"],
            tuple(network["layers"]),
            tuple(lags),
            network["architecture"],
            network["last"],
        )
    except ValueError as error:
        raise ValueError(f"es: network.{error}") from None


def _checked(name: str, given: Any) -> dict[str, Any]:
    """A table with its defaults, every value of its default's type and within its limits."""
    defaults = DEFAULTS[name]
    table = table_of("es", name, given, defaults)
    return {item: _value(f"{name}.{item}", table[item], defaults[item]) for item in defaults}


def _value(label: str, value: Any, default: Any) -> Any:
    if label in _WORDS:
        return word_of("es", label, value, _WORDS[label])
    if isinstance(default, list):
        if not isinstance(value, list | tuple):
            raise ValueError(f"es: {label} must be a list of whole numbers, got {value!r}")
        return [_value(label, item, 0) for item in value]
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"es: {label} must be true or false, got {value!r}")
        return value
    return number_of("es", label, value, type(default), _LIMITS.get(label, (0, np.inf)))
