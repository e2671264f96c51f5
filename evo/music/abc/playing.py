"""Play a voice: its items in playing order, and the notes with their times.

A repeat goes back to the last `|:`; without one, to the end of the repeat before it, or to the
start. `:|` with n colons plays its music n + 1 times. A repeat with endings has as many passes as
its highest number. The last ending is played on into what follows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from evo.core.errors import AbcError
from evo.music.abc.items import Bar, Ending, Item, Overlay, Part, Sound, State

MAX_ITEMS = 500_000  # in playing order


@dataclass
class Played:
    """A voice in time, in whole notes.

    Attributes:
        notes: onset, release and MIDI pitch of each note, with tied notes joined.
        bars: times of the bar lines, ascending, and whether all lines at that time are plain.
        states: the settings in force, and since when.
        length: end of the last sound.
    """

    notes: list[tuple[Fraction, Fraction, int]] = field(default_factory=list)
    bars: dict[Fraction, bool] = field(default_factory=dict)
    states: list[tuple[Fraction, State]] = field(default_factory=list)
    length: Fraction = Fraction(0)


def playing_order(items: list[Item], parts: str) -> list[Item]:
    """Return the items with repeats, endings and parts written out.

    Args:
        items: a voice in written order.
        parts: the header's order of parts, such as "A2(BC)2", or "".

    Raises:
        AbcError: if a pass has no ending, or the music is too long.
    """
    sections: dict[str, list[Item]] = {"": []}
    label = ""
    for item in items:
        if isinstance(item, Part):
            label = item.label
            sections.setdefault(label, [])
        else:
            sections[label].append(item)
    order = _part_order(parts, items[0].line if items else 0) if parts else []
    if not order or not set(order) <= set(sections):  # the names are only printed
        return _unfold([item for item in items if not isinstance(item, Part)])
    unfolded = {label: _unfold(sections[label]) for label in set(order)}
    played = _unfold(sections[""])
    for label in order:
        played += unfolded[label]
        _check_length(played)
    return played


def _part_order(text: str, line: int) -> list[str]:
    """Expand the order of parts: "A2(BC)2" is A A B C B C."""
    stack: list[list[str]] = [[]]
    last: list[str] = []
    for token in re.findall(r"[A-Za-z]|\d{1,2}|[()]", text):
        if token == "(":
            stack.append([])
            last = []
        elif token == ")":
            if len(stack) == 1:
                return []
            last = stack.pop()
            stack[-1] += last
        elif token.isdigit():
            stack[-1] += last * (int(token) - 1)
        else:
            last = [token]
            stack[-1] += last
        if sum(map(len, stack)) > 1_000:
            raise AbcError(line, "P: has too many parts")
    return stack[0] if len(stack) == 1 else []


def _check_length(items: list[Item]) -> None:
    if len(items) > MAX_ITEMS:
        raise AbcError(items[-1].line, "the repeats are too long to be written out")


def _unfold(items: list[Item]) -> list[Item]:
    played: list[Item] = []
    start = 0  # of the open section
    endings: list[int] = []  # indices of its endings
    for index, item in enumerate(items):
        if isinstance(item, Ending):
            endings.append(index)
            continue
        if not isinstance(item, Bar):
            continue
        closes = bool(item.repeats or item.starts or (item.double and endings))
        if closes and not _has_more_endings(items, index, endings):
            section = items[start : index + 1]
            played += _passes(section, [at - start for at in endings], item.repeats + 1)
            _check_length(played)
            start, endings = index + 1, []
    return played + _passes(items[start:], [at - start for at in endings], 1)


def _has_more_endings(items: list[Item], index: int, endings: list[int]) -> bool:
    """Return whether the bar line at an index is followed by a further ending."""
    if not endings:
        return False
    following: Item = items[index]
    for following in items[index + 1 :]:
        if not isinstance(following, Bar) or following.repeats or following.starts:
            break
    used = {number for at in endings for number in _passes_of(items[at])}
    return isinstance(following, Ending) and not used & following.passes


def _passes_of(item: Item) -> frozenset[int]:
    return item.passes if isinstance(item, Ending) else frozenset()


def _passes(section: list[Item], endings: list[int], times: int) -> list[Item]:
    """Return a section in playing order.

    Args:
        section: its items.
        endings: indices of the endings in it.
        times: how often it is played if it has no endings.
    """
    if not endings:
        _check_length(section * min(times, 2))
        return section * times
    bounds = [*endings, len(section)]
    by_pass: dict[int, list[Item]] = {}
    for begin, end in pairwise(bounds):
        for number in _passes_of(section[begin]):
            by_pass.setdefault(number, section[begin + 1 : end])
    played: list[Item] = []
    for number in range(1, max(by_pass) + 1):
        if number not in by_pass:
            raise AbcError(section[endings[0]].line, f"a repeat without an ending {number}")
        played += section[: endings[0]] + by_pass[number]
    return played


def play(items: Iterable[Item]) -> Played:
    """Return the notes of items in playing order, with their times."""
    played = Played()
    now, far, bar_start = Fraction(0), Fraction(0), Fraction(0)
    tied: dict[int, int] = {}  # pitch: index of its note
    state: State | None = None
    for item in items:
        if isinstance(item, Bar):
            now = bar_start = max(now, far)
            is_plain = not (item.repeats or item.starts or item.double)
            played.bars[now] = is_plain and played.bars.get(now, True)
        elif isinstance(item, Overlay):
            far, now, tied = max(now, far), bar_start, {}
        elif isinstance(item, Sound):
            if item.state != state:
                state = item.state
                played.states.append((now, state))
            carried: dict[int, int] = {}
            for pitch, length, is_tied in item.heads:
                index = tied.get(pitch)
                if index is None:
                    index = len(played.notes)
                    played.notes.append((now, now + length, pitch))
                else:
                    played.notes[index] = (played.notes[index][0], now + length, pitch)
                if is_tied:
                    carried[pitch] = index
            tied = carried
            now += item.length
    played.length = max(now, far)
    return played
