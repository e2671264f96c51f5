"""Formulas: individuals whose keys are decided by lists of rules over the past.

An individual has a list of rules per key (per plane, if it reads intervals). A rule is a
conjunction of literals: keys at lags and positions in the bar, each possibly negated. It adds
(or ...) or removes (and not ...), and the last rule that holds decides:

    0  or E4 two steps ago  and not (C5 one step ago and D5 four steps ago)  or ...

This form contains the disjunctions of conjunctions, and their rule lists with exceptions are
shorter (R. L. Rivest, "Learning decision lists", 1987).

Memory order: three levels in one struct of arrays. List i has the rules `list_offsets[i]` to
`list_offsets[i + 1]`, and rule r the literals `literal_offsets[r]` to `literal_offsets[r + 1]`. The
lists of an individual are contiguous. A literal is twice its input, and 1 more if it is negated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import (
    Arrays,
    BoolArray,
    Indices,
    Singles,
    are_offsets,
    checked_array,
    checked_field,
    rows_taken,
)
from genomes.base import (
    Streams,
    check_roll,
    draw_chances,
    prompted,
    selected,
    short_repr,
    unchecked,
)
from genomes.errors import GenomeError
from genomes.formula.evaluation import Literals, follow_lists, play_lists
from genomes.formula.player import FormulaPlayer, FormulaSettings, player_of_arrays
from genomes.formula.text import export_formula
from genomes.individual import Individuals
from genomes.player import Player
from genomes.sampling import PLAIN, Sampling

_FIELDS = ("list_offsets", "adds", "literal_offsets", "literal")


@dataclass(frozen=True, eq=False)
class Formulas(Individuals):
    """A batch of n formulas of one player.

    Raises:
        GenomeError: If the arrays do not describe formulas.
    """

    settings_type: ClassVar[Any] = FormulaSettings
    fixed_length: ClassVar[bool] = False

    player: FormulaPlayer
    list_offsets: Indices  # (n * lists + 1,)
    adds: BoolArray  # (rules,), whether a rule adds; otherwise it removes
    literal_offsets: Indices  # (rules + 1,)
    literal: Literals  # (literals,), 2 * input + negated

    def __post_init__(self) -> None:
        adds = checked_array("adds", self.adds, np.bool_, ("rules",))
        lists = checked_array("list_offsets", self.list_offsets, np.int64, ("lists + 1",))
        literal = checked_array("literal", self.literal, np.int32, ("literals",))
        rules = (len(adds) + 1,)
        offsets = checked_array("literal_offsets", self.literal_offsets, np.int64, rules)
        if not len(lists) or (len(lists) - 1) % self.player.lists:
            raise GenomeError(
                f"list_offsets must have 1 more than a multiple of {self.player.lists} entries, "
                f"got {len(lists)}"
            )
        known = (literal >= 0) & (literal < 2 * self.player.inputs)
        divided = are_offsets(lists, len(adds)) and are_offsets(offsets, len(literal))
        if not (divided and known.all()):
            raise GenomeError(
                f"list_offsets and literal_offsets must rise from 0 to all {len(adds)} rules and "
                f"{len(literal)} literals, which must be from 0 to {2 * self.player.inputs - 1}"
            )
        vars(self).update(list_offsets=lists, adds=adds, literal_offsets=offsets, literal=literal)

    @classmethod
    def silent(cls, player: Player, n: int) -> Self:
        """Return n formulas without rules.

        Args:
            player: What formulas read.
            n: Number of formulas.
        """
        own = FormulaPlayer.of(player)
        offsets = np.zeros(n * own.lists + 1, np.int64)
        none = np.zeros(0, np.int32)
        return cls(own, offsets, none.astype(np.bool_), np.zeros(1, np.int64), none)

    @classmethod
    def player_of(cls, settings: FormulaSettings, keys: int) -> FormulaPlayer:
        """See `Performers.player_of`.

        Args:
            settings: What formulas read.
            keys: Keys of the instrument.
        """
        return settings.player(keys)

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: inputs and keys.

        Args:
            keys: Keys of the instrument.
            steps: Ignored.
            player: What formulas read.
        """
        assert player is not None
        return player.inputs, keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`: formula.json (`genomes.formula.text`)."""
        return {"formula.json": export_formula(self, about)}

    def improvising(self) -> Self:
        """See `Performers.improvising`; a formula cannot."""
        raise ValueError("is a formula, which has no extra input and cannot improvise")

    def __len__(self) -> int:
        return (len(self.list_offsets) - 1) // self.player.lists

    def __repr__(self) -> str:
        return short_repr(self, formula=len(self), key=self.keys, literal=len(self.literal))

    def _repr_svg_(self) -> str | None:
        from genomes.formula.svg import formula_svg

        return formula_svg(self)

    @property
    def keys(self) -> int:
        """Keys of the instrument."""
        return self.player.keys

    @property
    def lists(self) -> int:
        """Rule lists of an individual."""
        return self.player.lists

    def sizes(self) -> Indices:
        """Return rules and literals of each rule list: int64 (n, lists, 2)."""
        rules = np.diff(self.list_offsets)
        literals = np.diff(self.literal_offsets[self.list_offsets])
        return np.stack([rules, literals], axis=1).reshape(len(self), self.lists, 2)

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`; +1 for a key that sounds, -1 otherwise."""
        check_roll(grid, self.keys)
        activations = np.empty((len(self), len(grid), self.keys), np.float32)
        follow_lists(
            self.player.table(), self.list_offsets, self.adds, self.literal_offsets, self.literal,
            np.ascontiguousarray(grid), activations,
        )  # fmt: skip
        return activations

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`; a key that sounds has the activation 1, others -1.

        Returns:
            Bool (n, steps, keys).
        """
        prompt_steps, played = prompted(prompt, steps, len(self), self.keys)
        chances = draw_chances(streams, temperature, len(self), steps, self.keys)
        play_lists(
            self.player.table(), self.list_offsets, self.adds, self.literal_offsets, self.literal,
            prompt_steps, float(temperature), sampling, chances, played,
        )  # fmt: skip
        return played

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        chosen = np.arange(len(self))[selected(len(self), indices)]
        lists = (chosen[:, None] * self.lists + np.arange(self.lists)).ravel()
        return self.take_lists(lists)

    def take_lists(self, lists: Indices) -> Self:
        """Return formulas made of some rule lists.

        Args:
            lists: Int64 (n * lists,), indices of rule lists, list after list of each individual.
        """
        rules, list_offsets = rows_taken(self.list_offsets, lists)
        literals, literal_offsets = rows_taken(self.literal_offsets, rules)
        return unchecked(
            type(self),
            player=self.player,
            list_offsets=list_offsets,
            adds=self.adds[rules],
            literal_offsets=literal_offsets,
            literal=self.literal[literals],
        )

    def joined(self, other: Self) -> Self:
        """Return these formulas, then those of another batch of the same player."""
        rules, literals = self.list_offsets[-1], self.literal_offsets[-1]
        return unchecked(
            type(self),
            player=self.player,
            list_offsets=np.concatenate([self.list_offsets, other.list_offsets[1:] + rules]),
            adds=np.concatenate([self.adds, other.adds]),
            literal_offsets=np.concatenate(
                [self.literal_offsets, other.literal_offsets[1:] + literals]
            ),
            literal=np.concatenate([self.literal, other.literal]),
        )

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`; `shape` is (keys, bar, planes, relative)."""
        player = self.player
        shape = [player.keys, player.bar, player.planes, player.relative]
        described = {
            "shape": np.asarray(shape, np.int64),
            "lags": np.asarray(player.lags, np.int64),
        }
        return described | {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Skip checks.
        """
        shape = checked_field(arrays, "shape", np.int64, (4,))
        player = player_of_arrays(shape, checked_field(arrays, "lags", np.int64, ("lags",)))
        for name in _FIELDS:
            if name not in arrays:
                raise GenomeError(f"the arrays lack {name}")
        fields = {name: arrays[name] for name in _FIELDS}
        return unchecked(cls, player=player, **fields) if trusted else cls(player, **fields)
