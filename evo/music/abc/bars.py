"""Find the bars of a voice in time: pickup, changes of metre, and irregular bars."""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from evo.music.abc.playing import Played

COMMON = (4, 4)


class Bars(NamedTuple):
    """The metre of a tune; times are in whole notes.

    Attributes:
        metre: beats and unit of the first bar.
        first_bar: time of the first full bar: 0, or the length of a pickup.
        changes: times at which bars begin anew, with the metre from there. After a bar of
            irregular length, the metre is the same as before.
    """

    metre: tuple[int, int]
    first_bar: Fraction
    changes: list[tuple[Fraction, int, int]]


def bars_of(played: Played) -> Bars:
    """Return the bars of a voice.

    A bar of the metre may be split by bar lines, as where a repeat begins with an upbeat. A first
    bar that is too short is a pickup. After another bar that is no whole number of bars, they are
    counted from its end. In free metre bar lines are ignored.
    """
    metres = {time: state.metre for time, state in played.states}
    first = next(iter(metres.values()), None) or COMMON
    if not any(metres.values()):
        return Bars(first, Fraction(0), [])
    changed = {
        later: new or COMMON
        for (_, old), (later, new) in pairwise(metres.items())
        if (new or COMMON) != (old or COMMON)
    }
    points = sorted({Fraction(0), played.length, *changed, *played.bars})
    metre, start, first_bar = first, Fraction(0), None
    changes: list[tuple[Fraction, int, int]] = []
    for index, point in enumerate(points[1:], 1):
        bar = Fraction(*metre)
        is_whole = (point - start) % bar == 0
        is_last = index + 1 == len(points)
        if not is_whole and not is_last and point not in changed:
            is_pickup = first_bar is None and point < bar
            if points[index + 1] - start == bar and not (is_pickup and played.bars.get(point)):
                continue  # a split bar
            if is_pickup:
                first_bar = point
            else:
                changes.append((point, *metre))
        if point in changed and not is_last:
            metre = changed[point]
            changes.append((point, *metre))
        start, first_bar = point, first_bar or Fraction(0)
    return Bars(first, first_bar or Fraction(0), changes)
