"""Random formulas, and edits of them."""

import numpy as np

from evo.core.errors import InputError
from evo.engines.anneal.settings import AnnealSettings
from evo.engines.operators import Operators, drawn_key
from genomes.arrays import Indices
from genomes.base import Performers
from genomes.formula.edits import edit_lists
from genomes.formula.formulas import Formulas
from genomes.formula.lists import Lists, formulas_in, lists_of
from genomes.formula.player import FormulaPlayer
from genomes.player import Player

FIRST = 2  # rules of a random formula, per key


def player_for(settings: AnnealSettings, player: Player | None) -> FormulaPlayer | None:
    """Return the player of formulas, checked against the settings; None for None.

    Args:
        settings: The engine's settings.
        player: How performers are played.

    Raises:
        InputError: If it has another shape.
    """
    if player is None:
        return None
    own, shape = FormulaPlayer.of(player), settings.formula
    if (own.inputs, own.keys) != (shape.inputs, shape.keys):
        raise InputError(
            f"anneal: the player has {own.inputs} inputs and {own.keys} keys, the formulas have "
            f"{shape.inputs} and {shape.keys}"
        )
    return own


class FormulaOperators(Operators[AnnealSettings]):
    """Random rules, and random edits of rules."""

    def __init__(self, settings: AnnealSettings, player: Player | None) -> None:
        self.size, self._settings = settings.population.size, settings
        self._player = player_for(settings, player)

    @property
    def player(self) -> FormulaPlayer:
        """What formulas read.

        Raises:
            InputError: If there is no player.
        """
        if self._player is None:
            raise InputError("formulas play music: they need a player with lags")
        return self._player

    def lists(self, formulas: Formulas) -> Lists:
        """Return the rule lists of a batch, with the room of the settings."""
        shape = self._settings.formula
        return lists_of(formulas, shape.rules, shape.literals)

    def first(self, count: int, random: np.random.Generator) -> Formulas:
        """See `Operators.first`.

        Args:
            count: Number of formulas.
            random: Draws the rules.
        """
        lists = self.lists(Formulas.silent(self.player, count))
        return self.edited(lists, random.integers(0, FIRST + 1, len(lists.counts)), random)

    def mutants(
        self, parent: Performers, count: int, random: np.random.Generator, strength: float
    ) -> Formulas:
        """See `Operators.mutants`; some edits of one key, rarely of more.

        Args:
            parent: A batch of one formula.
            count: Number of copies.
            random: Draws the edits.
            strength: Not used: formulas have no real numbers.
        """
        assert isinstance(parent, Formulas)
        lists = self.lists(parent.take(np.zeros(count, np.int64)))
        return self.edited(lists, self.edits(count, random), random)

    def edits(self, count: int, random: np.random.Generator) -> Indices:
        """Return random numbers of edits for every list of some children.

        Args:
            count: Number of children.
            random: Draws the numbers.

        Returns:
            int64 (count * lists,); each child has at least one edit.
        """
        lists = self.player.lists
        numbers = random.geometric(1.0 / (1.0 + self._settings.variation.edits), count)
        owners = np.repeat(np.arange(count), numbers)
        chosen = owners * lists + random.integers(0, lists, len(owners))
        return np.bincount(chosen, minlength=count * lists).astype(np.int64)

    def edited(self, lists: Lists, edits: Indices, random: np.random.Generator) -> Formulas:
        """Return formulas of edited lists.

        Args:
            lists: The lists, which are changed.
            edits: int64 (lists,), edits of each.
            random: Draws the edits.
        """
        edit_lists(self._settings.edit_rates(), lists, edits, drawn_key(random))
        return formulas_in(lists, self.player)
