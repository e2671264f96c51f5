"""A user's fitness with a score per output: the parts of networks are bred by them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evo
from evo.core.errors import InputError

SCALE = np.eye(6, dtype=np.bool_)


@evo.fitness(batch=True, by_output=True)
def rising(players: Any) -> Any:
    """Return the negated number of wrong steps of every key."""
    return -((players.follow(SCALE) > 0) != SCALE).sum(axis=1)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scale_is_learned_key_by_key(tmp_path: Path, seed: int) -> None:
    run = evo.evolve(
        rising, keys=6, steps=6, prompt=SCALE[:1], target=0, seed=seed, out=tmp_path / "run"
    )
    assert run.solved
    assert np.array_equal(run.song.onsets[:6], SCALE)
    assert np.array_equal(run.champion.song(prompt=SCALE[:1]).onsets, SCALE)


def test_goals_and_outputs_are_not_both() -> None:
    with pytest.raises(InputError, match="give goals or by_output, not both"):
        evo.fitness(goals=True, by_output=True)(lambda network: [1.0])
