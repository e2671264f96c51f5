"""Random formulas, and what their rules say in plain Python."""

from typing import Any

import numpy as np

from genomes.formula.formulas import Formulas
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import formulas_of


def random_formulas(player: FormulaPlayer, n: int, seed: int = 1, rules: int = 6) -> Formulas:
    """Return n formulas with up to some rules per list, of 0 to 3 literals."""
    random = np.random.default_rng(seed)

    def rule() -> tuple[bool, list[int]]:
        size = int(random.choice([0, 1, 2, 3], p=[0.05, 0.4, 0.35, 0.2]))
        literals = random.integers(0, 2 * player.inputs, size).tolist()
        return bool(random.random() < 0.6), literals

    lists = [
        [rule() for _ in range(random.integers(0, rules + 1))] for _ in range(n * player.lists)
    ]
    return formulas_of(player, lists)


def holds(player: FormulaPlayer, played: Any, step: int, key: int, literal: int) -> bool:
    """Return whether a literal is true at a step; `key` is that within the plane."""
    index, negated = divmod(literal, 2)
    lag, column = divmod(index, player.width)
    if lag >= len(player.lags):
        true = step % player.bar == index - player.width * len(player.lags)
    else:
        back, channel = step - player.lags[lag], column
        if player.relative:
            plane, place = divmod(column, 2 * player.span - 1)
            other = key + place - player.span + 1
            channel = plane * player.span + other if 0 <= other < player.span else -1
        true = back >= 0 and channel >= 0 and bool(played[back, channel])
    return true != bool(negated)


def plays(player: FormulaPlayer, rules: Any, played: Any, step: int, channel: int) -> bool:
    """Return whether a channel sounds at a step, by the rules of every list."""
    sounds = False
    own = rules[channel // player.span if player.relative else channel]
    for adds, literals in own:
        if all(holds(player, played, step, channel % player.span, one) for one in literals):
            sounds = adds
    return sounds
