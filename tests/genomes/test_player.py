"""A player gives the past as inputs in the layout that player.json describes."""

import json
from typing import Any

import numpy as np
import pytest

from genomes.errors import GenomeError
from genomes.player import Player


@pytest.mark.parametrize("player", [
    Player(keys=3, lags=(1,)),
    Player(keys=2, lags=(4, 1, 2), off=0.25, on=0.75, before_start=-3.0),
    Player(keys=5, lags=(32, 1), before_start=0.0, extra_inputs=(1.0, -0.5, 7.0)),
])  # fmt: skip
@pytest.mark.parametrize("steps", [0, 1, 3, 12])
def test_input_i_is_key_i_mod_keys_at_lag_i_div_keys(player: Player, steps: int) -> None:
    grid = np.random.default_rng(1).random((steps, player.keys)) < 0.5
    heard = player.input_rows(grid)
    laid_out = player.keys * len(player.lags)
    assert heard.shape == (player.inputs, steps) == (laid_out + len(player.extra_inputs), steps)
    assert heard.dtype == np.float64
    for step in range(steps):
        for i in range(laid_out):
            past = step - player.lags[i // player.keys]
            wanted = player.before_start
            if past >= 0:
                wanted = player.on if grid[past, i % player.keys] else player.off
            assert heard[i, step] == wanted
        assert heard[laid_out:, step].tolist() == list(player.extra_inputs)


def test_what_sounds_now_is_not_heard_now() -> None:
    player = Player(keys=2, lags=(1, 3))
    grid = np.zeros((6, 2), bool)
    other = grid.copy()
    other[3] = True
    np.testing.assert_array_equal(player.input_rows(grid)[:, :4], player.input_rows(other)[:, :4])
    assert (player.input_rows(grid)[:, 4] != player.input_rows(other)[:, 4]).any()


def test_values_are_json_and_make_the_player_again() -> None:
    player = Player(5, (1, 9), 0.0, 1.0, -1.0, 0.1, (1 / 3,))
    assert Player.from_values(json.loads(json.dumps(player.to_values()))) == player


def test_values_name_voices_only_where_there_are_some() -> None:
    assert "voices" not in Player(3, (1,)).to_values()
    player = Player(3, (1,), voices=2)
    assert player.to_values()["voices"] == 2
    assert Player.from_values(json.loads(json.dumps(player.to_values()))) == player


@pytest.mark.parametrize("voices", [-1, 3, 4])
def test_voices_that_cannot_be_are_refused(voices: int) -> None:
    with pytest.raises(
        ValueError, match=f"voices must be 0 or fewer than the 3 keys, got {voices}"
    ):
        Player(3, (1,), voices=voices)


@pytest.mark.parametrize("lags", [(), (0,), (1, -2), (1, 2, 1)])
def test_lags_that_cannot_be_heard_are_refused(lags: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="lags must be distinct whole numbers from 1"):
        Player(3, lags)


def test_no_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="keys must be at least 1, got 0"):
        Player(0, (1,))


@pytest.mark.parametrize("shape", [(4, 2), (4,), (1, 4, 3)])
def test_a_grid_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"grid must be \(steps, 3\), got"):
        Player(3, (1,)).input_rows(np.zeros(shape, bool))


@pytest.mark.parametrize(("changes", "words"), [
    ({"keys": 2.0}, "keys must be of whole numbers"),
    ({"keys": True}, "keys must be of whole numbers"),
    ({"lags": (1, 2.5)}, "lags must be of whole numbers"),
    ({"lags": (1, "2")}, "lags must be of whole numbers"),
    ({"voices": 0.5}, "voices must be of whole numbers"),
    ({"lags": (1, 10**30)}, "longest lag must be at most"),
    ({"keys": 10**9}, "longest lag must be at most"),
    ({"off": float("nan")}, "off must be a finite number"),
    ({"on": "1"}, "on must be a finite number"),
    ({"before_start": 10**400}, "before_start must be a finite number"),
    ({"threshold": None}, "threshold must be a finite number"),
    ({"extra_inputs": (1.0, float("inf"))}, "extra_inputs must be finite numbers"),
])  # fmt: skip
def test_values_that_make_no_player_are_refused(changes: dict[str, Any], words: str) -> None:
    values = {"keys": 3, "lags": (1, 2), **changes}
    with pytest.raises(GenomeError, match=words) as caught:
        Player(**values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("changes", "words"), [
    ({"keys": None}, "a player needs keys"),
    ({"lags": None}, "lags must be a list"),
    ({"lags": 3}, "lags must be a list"),
    ({"extra_inputs": "12"}, "extra_inputs must be a list"),
    ({"tempo": 120}, "a player has no tempo"),
    ({"lags": [0]}, "lags must be distinct"),
])  # fmt: skip
def test_a_file_that_describes_no_player_is_refused(changes: dict[str, Any], words: str) -> None:
    values = {**Player(3, (1, 2)).to_values(), **changes}
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(GenomeError, match=words):
        Player.from_values(values)
