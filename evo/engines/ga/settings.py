"""The settings of the genetic engine for note grids: what each means, its default, its limits.

    [grid]
    steps, keys         the shape of every grid
    bar                 steps in a bar; crossover cuts at bar lines, phrases begin there
    voices              of random material: each has an onset at a step by chance, at any key; 0 for
                        noise, where every key of every step is drawn by itself
    most_voices         how many notes may sound at once, in all that is ever bred; 0 for any number
    density             least and most chance of an onset; every first grid draws its own between

    [population]
    size                children a generation
    survival            who parents are chosen among:
                        comma: this generation
                        plus: the `parents` best of all so far; children compete with parents
                        elites: the best at each case so far (multi-task MAP-Elites, Mouret &
                        Maguire, "Quality diversity for multi-task optimization", 2020)
                        islands: every case has an equal part of the population to itself, in which
                        children compete with parents at this case alone; every 50 generations
                        who is the best of all at the case of another island is copied there
    parents             of plus, and of each island: how many; 0 for as many as children
    elitism             of comma: so many of the best go on unchanged

    [selection]
    kind                how parents are chosen:
                        tournament: the best total of `tournament_size` drawn at random
                        lexicase, epsilon-lexicase: see `evo.engines.selection.lexicase`
                        nsga2: tournament by front and crowding, where cases are goals; with plus
                        that is NSGA-II (`evo.engines.selection.pareto`)
                        random: all alike; with elites, every case alike, which is MAP-Elites
    tournament_size     of tournament and nsga2; on islands they are by the island's case

    [crossover]
    rate                share of children with more than one parent
    one_point, two_points, uniform, credit
                        how often each kind is chosen, against the others
                        (`genomes.grid.operators`); credit needs one case a step
    credit_parents      from how many parents a child by credit takes its steps

    [mutation]
    rate                share of the crossed children that are mutated; the others all are
    edits               of a mutated child, on average; at least one
    variation           share of repetitions that are varied
    pitch, ..., swap    how often each kind is chosen, against the others (`genomes.grid.edits`)

A score that was told of is not asked for again: under all but `comma` a fitness that learns or is
noisy leaves parents with scores that it would no longer give.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evo.engines.settings import check_tables, number_of, table_of, word_of
from genomes.arrays import FloatArray
from genomes.grid.edits import MUTATIONS, GridRates
from genomes.grid.operators import CROSSOVERS

SURVIVALS = ("comma", "plus", "elites", "islands")
SELECTIONS = ("tournament", "lexicase", "epsilon-lexicase", "nsga2", "random")

DEFAULTS: dict[str, dict[str, Any]] = {
    "grid": {
        "steps": 128,
        "keys": 13,
        "bar": 8,
        "voices": 1,
        "most_voices": 0,
        "density": [0.2, 0.6],
    },
    "population": {"size": 150, "survival": "comma", "parents": 0, "elitism": 2},
    "selection": {"kind": "tournament", "tournament_size": 3},
    "crossover": {
        "rate": 0.7,
        "one_point": 1.0,
        "two_points": 1.0,
        "uniform": 1.0,
        "credit": 0.0,
        "credit_parents": 2,
    },
    "mutation": {
        "rate": 0.8,
        "edits": 2.0,
        "variation": 0.5,
        "pitch": 4.0,
        "time": 3.0,
        "add": 2.0,
        "delete": 2.0,
        "replace": 2.0,
        "transpose": 1.0,
        "repeat": 2.0,
        "retrograde": 0.5,
        "shift": 0.5,
        "swap": 1.0,
    },
}

# Least and most of what has other limits than none.
_LIMITS: dict[str, tuple[float, float]] = {
    "grid.steps": (1, 65_536),
    "grid.keys": (1, 128),
    "grid.bar": (1, 65_536),
    "grid.density": (0.0, 1.0),
    "population.size": (1, np.inf),
    "selection.tournament_size": (1, np.inf),
    "crossover.rate": (0.0, 1.0),
    "crossover.credit_parents": (2, np.inf),
    "mutation.rate": (0.0, 1.0),
    "mutation.edits": (1.0, np.inf),
    "mutation.variation": (0.0, 1.0),
}
_WORDS = {"population.survival": SURVIVALS, "selection.kind": SELECTIONS}


@dataclass(frozen=True)
class GridSettings:
    """The settings as the engine uses them; see the module's docstring."""

    size: int
    survival: str
    parents: int  # how many survive under plus and on an island; 0 for as many as children
    elitism: int  # copies a generation; 0 where parents survive by themselves
    selection: str
    tournament_size: int
    by_credit: bool  # whether any child takes its steps by credit
    parents_of_child: int
    rates: GridRates

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "GridSettings":
        """The settings in nested tables, defaults for what they leave out.

        ValueError says in one line what is wrong with them.
        """
        check_tables("ga", settings, DEFAULTS)
        tables = {name: _checked(name, settings.get(name, {})) for name in DEFAULTS}
        grid, population, selection, crossover, mutation = tables.values()
        if grid["most_voices"] and grid["voices"] > grid["most_voices"]:
            raise ValueError("ga: grid.voices must not be more than grid.most_voices")
        elitism = population["elitism"] if population["survival"] == "comma" else 0
        if elitism >= population["size"]:
            raise ValueError("ga: population.elitism must be less than population.size")
        on_islands = population["survival"] == "islands"
        if on_islands and selection["kind"] not in ("tournament", "random"):
            raise ValueError("ga: on islands, selection.kind must be tournament or random")
        return cls(
            population["size"],
            population["survival"],
            population["parents"],
            elitism,
            selection["kind"],
            selection["tournament_size"],
            crossover["rate"] > 0 and crossover["credit"] > 0,
            crossover["credit_parents"] if crossover["credit"] else 2,
            GridRates(
                grid["steps"],
                grid["keys"],
                min(grid["bar"], grid["steps"]),
                grid["voices"],
                grid["most_voices"],
                grid["density"][0],
                grid["density"][1],
                crossover["rate"],
                _cumulated("crossover", crossover, CROSSOVERS),
                mutation["rate"],
                1.0 - 1.0 / mutation["edits"],
                _cumulated("mutation", mutation, MUTATIONS),
                mutation["variation"],
            ),
        )

    @property
    def needs_cases(self) -> bool:
        """Whether anything is decided by the cases of a fitness."""
        by_cases = self.selection in ("lexicase", "epsilon-lexicase", "nsga2")
        return by_cases or self.survival in ("elites", "islands") or self.by_credit


def _checked(name: str, given: Any) -> dict[str, Any]:
    """A table with its defaults, every value of its default's type and within its limits."""
    table = table_of("ga", name, given, DEFAULTS[name])
    for item, default in DEFAULTS[name].items():
        label, value = f"{name}.{item}", table[item]
        limits = _LIMITS.get(label, (0, np.inf))
        if label in _WORDS:
            word_of("ga", label, value, _WORDS[label])
        elif isinstance(default, list):
            if not isinstance(value, list | tuple) or len(value) != len(default):
                raise ValueError(f"ga: {label} must be {len(default)} numbers, got {value!r}")
            table[item] = [number_of("ga", label, one, float, limits) for one in value]
            if table[item] != sorted(table[item]):
                raise ValueError(f"ga: {label} must be the lower number first, got {value!r}")
        else:
            table[item] = number_of("ga", label, value, type(default), limits)
    return table


def _cumulated(name: str, table: Mapping[str, Any], kinds: tuple[str, ...]) -> FloatArray:
    """The chances of the kinds, summed up to each; ValueError if none has any."""
    weights = np.array([table[kind] for kind in kinds])
    total = weights.sum()
    if not total:
        raise ValueError(f"ga: one of {name}.{kinds[0]} to {name}.{kinds[-1]} must be above 0")
    chances: FloatArray = np.cumsum(weights) / total
    # Rounding must not leave the last kind a chance that it has not.
    chances[np.flatnonzero(weights)[-1] :] = 1.0
    return chances
