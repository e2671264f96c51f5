"""Hard negatives: rounds continue while a search fools the critics, and teach its pieces."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from critics import few_panel
from evo.experiments.trained_critics import climb

from evo.experiments import trained_critics
from evo.fitness.critic import hard_negatives
from evo.fitness.critic.panel import Panel
from genomes.arrays import BoolArray
from genomes.grid.grids import Grids

SONGS = np.zeros((9, 128, 13), np.bool_)


class Told:
    """Critics that record their warnings, in place of a panel; they like no song."""

    songs = SONGS
    critics = (SimpleNamespace(judge=lambda songs: np.zeros(len(songs))),) * 2

    def __init__(self, found: tuple[int, ...] = ()) -> None:
        self.found = found

    def unknown(self, critic: int) -> Any:
        return np.arange(len(SONGS))

    def fitness(self, pieces: int, seed: int, free_run: int) -> Any:
        return SimpleNamespace(play=lambda grids: grids.notes, warnings=len(self.found))

    def warned(self, found: BoolArray, seed: int) -> "Told":
        return Told((*self.found, int(found.sum())))


def rounds(fooled: list[int], most: int) -> tuple[tuple[int, ...], list[str]]:
    """Train critics on these searches; return warnings and messages per round.

    In round n, `fooled[n]` searches find one piece above songs, with 10**n notes. The others find
    one piece below.
    """
    said: list[str] = []
    searched = 0

    def search(fitness: Any, seed: int) -> tuple[Grids, Any]:
        nonlocal searched
        number, place = divmod(searched, hard_negatives.SEARCHES)
        searched += 1
        assert fitness.warnings == number
        notes = np.zeros((1, 128, 13), np.bool_)
        notes[:, : 10**number, 0] = True
        return Grids(notes), np.array([1.0 if place < fooled[number] else -1.0])

    with patch.object(
        hard_negatives.Panel, "train", lambda songs, names, seed, show_message, style: Told()
    ):
        last: Any = hard_negatives.train(SONGS, ["a"] * 9, 0, most, said.append, search)
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


def taught_by_searches(critics: Panel, share: float) -> tuple[list[BoolArray], str]:
    """Return the pieces that searches teach critics, and the first message."""
    taught: list[BoolArray] = []
    said: list[str] = []

    def warned(panel: Panel, found: BoolArray, seed: int) -> Panel:
        taught.append(found)
        return panel

    with (
        patch.object(Panel, "train", lambda *arguments: critics),
        patch.object(Panel, "warned", warned),
        patch.object(hard_negatives, "TOO_GOOD", share),
    ):
        hard_negatives.train(critics.songs, critics.names, 0, 1, said.append, climb)
    return taught, said[0]


def test_only_what_critics_put_above_songs_is_held_against_a_search() -> None:
    critics = few_panel()
    guides = range(len(critics.critics) - 1)
    songs = [critics.critics[k].judge(critics.songs[critics.unknown(k)]) for k in guides]
    with (
        patch.object(hard_negatives, "SEARCHES", 2),
        patch.multiple(trained_critics, SEARCH_GENERATIONS=4, SEARCH_POPULATION=12),
    ):
        fitness = critics.fitness(0, 0, 0)
        for share in (0.0, 1.0):
            taught, said = taught_by_searches(critics, share)
            bar = np.quantile(np.concatenate(songs), share)
            assert (int(said[0]) > 0) == (len(taught) > 0)
            for found in taught:
                assert len(found) > 0
                assert found.shape[1:] == critics.songs.shape[1:]
                assert (fitness.evaluate(Grids(found), []).total > bar).all()
