"""Formulas as JSON and as text, and back.

The JSON document is complete:

    keys, lags, bar, planes, relative   what is read (`genomes.formula.player`)
    lists                               per key (per plane, if relative) the rules in order
    rule                                {"sounds": true, "if": [literal, ...]}
    literal                             {"key": 4, "ago": 2}: key 4 sounded two steps ago
                                        {"interval": -3, "ago": 2, "plane": 0}: the key three
                                        semitones below did
                                        {"position": 5}: the step is at position 5 of the bar
                                        and "not": true, if it must not be so

Nothing sounds before the first step, or beyond the instrument. A key sounds if the last rule whose
literals all hold says so; without any it is silent. To play it:

    def plays(document, played, step, key):
        span = document["keys"] // document["planes"]
        relative, sounds = document["relative"], False
        for rule in document["lists"][key // span if relative else key]:
            if all(holds(document, played, step, key % span, one) for one in rule["if"]):
                sounds = rule["sounds"]
        return sounds

    def holds(document, played, step, key, literal):
        if "position" in literal:
            true = step % document["bar"] == literal["position"]
        else:
            span = document["keys"] // document["planes"]
            read, back = literal.get("key"), step - literal["ago"]
            if read is None and 0 <= key + literal["interval"] < span:
                read = literal["plane"] * span + key + literal["interval"]
            true = back >= 0 and read is not None and bool(played[back][read])
        return true != literal.get("not", False)

where `played` has a list of keys per step. The text has a line per rule, with names of notes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from genomes.arrays import offsets_of
from genomes.errors import GenomeError
from genomes.formula.player import FormulaPlayer
from genomes.words import counted

if TYPE_CHECKING:
    from genomes.formula.formulas import Formulas

FORMAT = "formula-1"
NameOf = Callable[[int], str]  # of a channel


class _Literal(msgspec.Struct, rename={"negated": "not"}, omit_defaults=True):
    key: int | None = None
    interval: int | None = None
    plane: int = 0
    position: int | None = None
    ago: int = 0
    negated: bool = False


class _Rule(msgspec.Struct, rename={"literals": "if"}):
    sounds: bool
    literals: list[_Literal]


class _Document(msgspec.Struct):
    format: str
    keys: int
    lags: list[int]
    bar: int
    planes: int
    relative: bool
    lists: list[list[_Rule]]


def rules_of(formulas: "Formulas", index: int) -> list[tuple[bool, list[int]]]:
    """Return the rules of one list: whether each adds, and its literals.

    Args:
        formulas: The batch.
        index: Index of the list in the batch.
    """
    found = []
    for rule in range(formulas.list_offsets[index], formulas.list_offsets[index + 1]):
        first, last = formulas.literal_offsets[rule], formulas.literal_offsets[rule + 1]
        found.append((bool(formulas.adds[rule]), formulas.literal[first:last].tolist()))
    return found


def formulas_of(player: FormulaPlayer, lists: Any) -> "Formulas":
    """Return formulas from rules as `rules_of` returns them.

    Args:
        player: What formulas read.
        lists: The rules of every list, individual after individual.

    Raises:
        GenomeError: If they are no formulas of the player.
    """
    from genomes.formula.formulas import Formulas

    rules = [rule for one in lists for rule in one]
    literals = [literal for _, literals in rules for literal in literals]
    return Formulas(
        player,
        offsets_of([len(one) for one in lists]),
        np.array([adds for adds, _ in rules], np.bool_),
        offsets_of([len(literals) for _, literals in rules]),
        np.array(literals, np.int32),
    )


def export_formula(formulas: "Formulas", about: Mapping[str, Any]) -> bytes:
    """Return a batch of one as a JSON document; see the module's docstring.

    Args:
        formulas: The batch.
        about: Stored unchanged (fitness, generation).

    Raises:
        ValueError: If there is not exactly one formula.
    """
    if len(formulas) != 1:
        raise ValueError(f"one formula is exported at a time, got {len(formulas)}")
    player = formulas.player
    document: dict[str, Any] = {
        "format": FORMAT,
        "keys": player.keys,
        "lags": list(player.lags),
        "bar": player.bar,
        "planes": player.planes,
        "relative": player.relative,
        "metadata": dict(about),
        "lists": [
            [
                {"sounds": adds, "if": [described(player, literal) for literal in literals]}
                for adds, literals in rules_of(formulas, index)
            ]
            for index in range(player.lists)
        ],
    }
    lists = ",\n".join(f"  {json.dumps(rules)}" for rules in document.pop("lists"))
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in document.items()]
    return ("{\n" + ",\n".join([*lines, f' "lists": [\n{lists}\n ]']) + "\n}\n").encode()


def described(player: FormulaPlayer, literal: int) -> dict[str, Any]:
    """Return a literal of the JSON document."""
    found: dict[str, Any]
    index, negated = divmod(literal, 2)
    lag, column = divmod(index, player.width)
    if lag >= len(player.lags):
        found = {"position": index - player.width * len(player.lags)}
    elif player.relative:
        plane, place = divmod(column, 2 * player.span - 1)
        found = {"interval": place - player.span + 1, "ago": player.lags[lag], "plane": plane}
    else:
        found = {"key": column, "ago": player.lags[lag]}
    return found | {"not": True} if negated else found


def read_formula(document: bytes | str) -> "Formulas":
    """Return the formula of a JSON document, as a batch of one.

    Args:
        document: From `export_formula`.

    Raises:
        GenomeError: If it describes no formula.
    """
    try:
        read = msgspec.json.decode(document, type=_Document)
    except msgspec.DecodeError as error:
        raise GenomeError(f"formula: {error}") from None
    if read.format != FORMAT:
        raise GenomeError(f"formula: format must be {FORMAT}, got {read.format[:40]!r}")
    player = FormulaPlayer(
        read.keys, tuple(read.lags), bar=read.bar, planes=read.planes, relative=read.relative
    )
    if len(read.lists) != player.lists:
        raise GenomeError(f"formula: lists must be {player.lists}, got {len(read.lists)}")
    order = {lag: index for index, lag in enumerate(player.lags)}
    lists = [
        [(rule.sounds, [_number(player, order, one) for one in rule.literals]) for rule in rules]
        for rules in read.lists
    ]
    return formulas_of(player, lists)


def _number(player: FormulaPlayer, order: dict[int, int], literal: _Literal) -> int:
    """Return the number of a literal of the JSON document."""
    if literal.position is not None:
        index, limit = literal.position, player.bar
        first = player.width * len(player.lags)
    else:
        if literal.ago not in order:
            raise GenomeError(f"formula: {literal.ago} steps ago is not among the lags")
        first = player.width * order[literal.ago]
        if player.relative and literal.interval is not None and 0 <= literal.plane < player.planes:
            index, limit = literal.interval + player.span - 1, 2 * player.span - 1
            first += literal.plane * limit
        elif not player.relative and literal.key is not None:
            index, limit = literal.key, player.keys
        else:
            raise GenomeError("formula: a literal needs a key, an interval or a position")
    if not 0 <= index < limit:
        raise GenomeError("formula: a key, interval or position is out of range")
    return 2 * (first + index) + literal.negated


def formula_lines(formulas: "Formulas", name_of: NameOf) -> Iterator[str]:
    """Yield a batch of one as text, a line per rule.

    Args:
        formulas: The batch.
        name_of: Returns the name of a channel.
    """
    player = formulas.player

    def owner_of(index: int) -> str:
        if not player.relative:
            return f"{name_of(index)} if"
        return "a key begins if" if index == 0 else "a key sounds if"

    for index in range(player.lists):
        # Rules that remove have no effect before the first that adds.
        rules = dropwhile(lambda rule: not rule[0], rules_of(formulas, index))
        for place, (adds, literals) in enumerate(rules):
            begin = ("    or if" if adds else "    but not if") if place else owner_of(index)
            words = " and ".join(_words(player, literal, name_of) for literal in literals)
            yield f"{begin} {words or 'always'}"


def _words(player: FormulaPlayer, literal: int, name_of: NameOf) -> str:
    """Return a literal in words: not E4 two steps ago."""
    found = described(player, literal)
    begin = "not " if "not" in found else ""
    if "position" in found:
        return f"{begin}at step {found['position'] + 1} of the bar"
    ago = f"{counted(found['ago'], 'step')} ago"
    if "key" in found:
        return f"{begin}{name_of(found['key'])} {ago}"
    interval, held = found["interval"], "held " if found["plane"] else ""
    where = f"{abs(interval)} {'up' if interval > 0 else 'down'}" if interval else "itself"
    return f"{begin}{held}{where} {ago}"


def formula_text(formulas: "Formulas", name_of: NameOf) -> str:
    """Return a batch of one as text: what is read, then a line per rule.

    Args:
        formulas: The batch.
        name_of: Returns the name of a channel.
    """
    bar = formulas.player.bar
    head = [
        "A key sounds at a step if the last line about it that holds says so; otherwise it is",
        "silent. Before the first step nothing sounded."
        + (f" A bar has {bar} steps; the first step is its step 1." if bar else ""),
    ]
    if formulas.player.planes == 2:
        head.append("A key that is held sounds, whether it begins then or began before.")
    head.append("")
    return "\n".join([*head, *formula_lines(formulas, name_of), ""])
