"""Hard negatives: rounds go on while a search fools the critics, and what was found is learned."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from critics import few_panel
from evo.experiments.critic import climb

from evo.experiments import critic
from evo.fitness.critic import hard_negatives
from genomes.arrays import BoolArray
from genomes.grid.grids import Grids

SONGS = np.zeros((9, 128, 13), np.bool_)


class Told:
    """Critics that keep what they are told of, in place of a panel."""

    def __init__(self, found: tuple[int, ...] = ()) -> None:
        self.found = found

    def warned(self, found: BoolArray, seed: int) -> "Told":
        return Told((*self.found, int(found.sum())))


def rounds(fooled: list[int], most: int) -> tuple[tuple[int, ...], list[str]]:
    """What critics were warned of round by round, and what was said, for searches like these."""
    said: list[str] = []

    def searches(critics: Told, seed: int, number: int, search: Any) -> tuple[int, BoolArray]:
        assert search is climb
        assert len(critics.found) == number
        found = np.zeros((fooled[number], 128, 13), np.bool_)
        found[:, : 10**number, 0] = True
        return fooled[number], found

    with (
        patch.object(
            hard_negatives.Panel, "train", lambda songs, names, seed, show_message: Told()
        ),
        patch.object(hard_negatives, "_searches", searches),
    ):
        last: Any = hard_negatives.train(SONGS, ["a"] * 9, 0, most, said.append, climb)
    return last.found, [line for line in said if "found what" in line]


@pytest.mark.parametrize(
    ("fooled", "most", "wanted"),
    [
        ([], 0, ()),  # nobody even looks
        ([1, 2], 1, (1,)),
        ([4, 1, 2, 1], 3, (4, 14, 214)),  # all that was ever found
        ([4, 0], 3, (4,)),  # the second search fools nobody: these critics are kept
        ([0], 5, ()),
    ],
)
def test_critics_are_warned_of_all_that_was_found_until_no_search_fools_them(
    fooled: list[int], most: int, wanted: tuple[int, ...]
) -> None:
    told, said = rounds(fooled, most)
    assert told == wanted
    # The last line is of the critics that are kept.
    assert [int(line[0]) for line in said] == fooled


def test_only_what_critics_put_above_songs_is_held_against_a_search() -> None:
    critics = few_panel()
    guides = range(len(critics.critics) - 1)
    songs = [critics.critics[k].judge(critics.songs[critics.unknown(k)]) for k in guides]
    with (
        patch.object(hard_negatives, "SEARCHES", 2),
        patch.multiple(critic, SEARCH_GENERATIONS=4, SEARCH_POPULATION=12),
    ):
        fitness = critics.fitness(0, 0, 0)
        for share in (0.0, 1.0):
            with patch.object(hard_negatives, "TOO_GOOD", share):
                fooled, found = hard_negatives._searches(critics, 0, 0, climb)
            bar = np.quantile(np.concatenate(songs), share)
            assert found.shape[1:] == critics.songs.shape[1:]
            assert (fitness.evaluate(Grids(found), []).total > bar).all()
            assert (fooled > 0) == (len(found) > 0)
