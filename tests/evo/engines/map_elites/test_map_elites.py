"""MAP-Elites, beyond the contract in `test_engines.py`."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores
from evo.core.state import State
from evo.engines.map_elites.archive import OUTSIDE, cells_of
from evo.engines.map_elites.programs import ProgramElites
from evo.engines.map_elites.settings import ArchiveSettings

GRID = {"low": (0.0, -1.0), "high": (1.0, 1.0), "cells": (4, 2)}

COMMON = [[0.1, 0], [0.1, 0], [0.9, 0], [0.9, 0], [0.4, 0]]


def engine(size: int = 6, **archive: Any) -> ProgramElites:
    return ProgramElites({"population": {"size": size}, "archive": GRID | archive}, seed=5)


def scores(total: Any, behaviour: Any) -> Scores:
    return Scores.of(np.array(total, float), behaviour=np.array(behaviour, float))


def test_a_behaviour_is_in_the_cell_whose_range_has_it() -> None:
    grid = ArchiveSettings(**GRID)
    behaviour = np.array(
        [[0, -1], [0.24, 0.1], [0.25, 0.1], [1, 1], [1.01, 0], [0.5, -1.1], [-0.1, 0]]
    )
    cells = cells_of(grid, behaviour, 7)
    assert cells.tolist() == [0, 1, 3, 7, OUTSIDE, OUTSIDE, OUTSIDE]
    assert cells_of(grid, None, 3).tolist() == [0, 0, 0]


def test_the_best_of_every_cell_is_kept_and_handed_out_best_first() -> None:
    made = engine()
    first = made.ask()
    made.tell(scores([1, 2, 3, 4, 5, 6], [*COMMON, [2, 0]]))
    gallery = made.gallery()
    assert gallery.scores.tolist() == [5, 4, 2]
    assert same_arrays(gallery.performers.to_arrays(), first.take([4, 3, 1]).to_arrays())
    assert made.champion.score == 6  # beyond the grid, and yet the best
    second = made.ask()
    made.tell(scores([0, 2, 9, 3, 3, 3], [*COMMON, [0.1, -1]]))
    gallery = made.gallery()
    assert gallery.scores.tolist() == [9, 5, 3, 2]
    kept = gallery.performers.take([0, 2, 3]).to_arrays()
    # Of two equally good ones the newer is kept.
    assert same_arrays(kept, second.take([2, 5, 1]).to_arrays())
    assert made.statistics() == {"filled_cells": 4, "coverage": 0.5, "mean_elite": 4.75}


def test_children_are_of_the_archive_alone() -> None:
    made = engine(size=40)
    programs = made.ask()
    behaviour = np.full((40, 2), 5.0)
    chosen = int(programs.lengths.argmax())
    behaviour[chosen] = 0.5
    made.tell(scores(np.arange(40), behaviour))
    parent = {*programs.instructions()[chosen]}
    kept = [bool(parent & {*child}) for child in made.ask().instructions()]
    assert np.mean(kept) > 0.5
    assert made.gallery().scores.tolist() == [chosen]


def test_while_nothing_is_in_the_grid_others_are_drawn() -> None:
    made = engine()
    seen = [made.ask().to_arrays()]
    for _ in range(3):
        made.tell(scores(np.ones(6), np.full((6, 2), 9.0)))
        seen.append(made.ask().to_arrays())
        assert made.gallery().scores.tolist() == [1]  # the champion
    assert not any(same_arrays(one, other) for one, other in pairwise(seen))


def test_a_behaviour_of_other_dimensions_is_refused_in_one_line() -> None:
    with pytest.raises(BreedingError, match=r"has 2 dimensions.*by 3 numbers") as caught:
        engine().tell(scores(np.ones(6), np.zeros((6, 3))))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        ({"cells": (4,)}, "a number per dimension"),
        ({"low": (1.0, -1.0)}, "low must be below high"),
        ({"cells": (1000, 1000)}, "cells must be at most"),
        ({"cells": (0, 2)}, "archive.cells must be"),
    ],
)
def test_grids_that_there_are_not_are_refused(archive: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        engine(**archive)


@pytest.mark.parametrize("change", ["twice", "beyond", "infinite", "shorter", "none"])
def test_archives_that_there_are_not_are_refused(change: str) -> None:
    made = engine()
    made.tell(scores(np.arange(6), np.linspace(0, 0.9, 6)[:, None] * [1, 1]))
    state = made.state()
    arrays = dict(state.arrays)
    cells = arrays["breeder.archive.cells"].copy()
    total = arrays["breeder.archive.total"].copy()
    if change == "twice":
        cells[1] = cells[0]
    elif change == "beyond":
        cells[-1] = 8
    elif change == "infinite":
        total[0] = np.inf
    elif change == "shorter":
        total = total[:-1]
    else:
        cells, total = cells[:0], total[:0]
        for name in ("lengths", "operations", "scopes", "amounts"):
            arrays[f"breeder.archive.elites.{name}"] = arrays[
                f"breeder.archive.elites.{name}"
            ][:0]  # fmt: skip
    arrays |= {"breeder.archive.cells": cells, "breeder.archive.total": total}
    with pytest.raises(ValueError, match=r"cells must|total must"):
        ProgramElites.restore(made.settings, State(arrays, state.values), seed=5)
