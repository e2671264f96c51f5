"""Which steps lags decide, and the further lags that decide the rest."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest

from evo.music.lags import Rolls, decide, further_lags, lags_for, lags_in_words, repeats
from genomes.player import Player

PROMPT = 8
USUAL = (*range(1, 17), *range(20, 97, 4))


def melody(steps: int, seed: int, keys: int = 5) -> np.ndarray:
    notes = np.zeros((steps, keys), np.bool_)
    notes[np.arange(steps), np.random.default_rng(seed).integers(0, keys, steps)] = True
    return notes


def aabb(bars: int = 8, keys: int = 5) -> np.ndarray:
    a, b = melody(8 * bars, 1, keys), melody(8 * bars, 2, keys)
    return np.concatenate([a, a, b, b])


def achievable(songs: list[np.ndarray], player: Player, prompt_steps: int) -> int:
    """Return the steps that can be right, from a player's inputs themselves."""
    following: defaultdict[bytes, Counter[bytes]] = defaultdict(Counter)
    for song in songs:
        for window, row in zip(player.input_rows(song).T[prompt_steps:], song[prompt_steps:],
                               strict=True):  # fmt: skip
            following[window.tobytes()][row.tobytes()] += 1
    return sum(max(rows.values()) for rows in following.values())


def player(lags: Any, before_start: float = -1.0, keys: int = 5) -> Player:
    return Player(keys, tuple(lags), off=0.0, before_start=before_start)


def test_the_step_after_a_repeated_part_needs_a_lag_beyond_the_part() -> None:
    song = aabb()
    deciding = further_lags(Rolls([song], PROMPT), (1, 2, 3, 4, 8, 16))
    # The first notes of B, and of nothing else, follow both the first A and the second.
    assert deciding.before < deciding.total == len(song) - PROMPT
    assert deciding.right == deciding.total
    assert len(deciding.added) == 1
    assert deciding.added[0] > 16
    others = further_lags(Rolls([song], PROMPT), (1, 2, 3, 4, 8, 16), without=deciding.added)
    assert others.right == others.total
    assert not set(others.added) & set(deciding.added)


@pytest.mark.parametrize("before_start", [-1.0, 0.0])
@pytest.mark.parametrize("lags", [(1,), (1, 2, 3), (2, 5, 40), (1, 2, 4, 8, 16, 32)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_achievable_is_what_the_inputs_of_a_player_decide(
    seed: int, lags: tuple[int, ...], before_start: float
) -> None:
    random = np.random.default_rng(seed)
    parts = [random.random((12, 5)) < 0.1 for _ in range(3)]
    songs = [np.concatenate([parts[i] for i in random.integers(0, 3, count)]) for count in (9, 5)]
    deciding = further_lags(Rolls(songs, PROMPT, before_start == 0.0), lags)
    assert deciding.before == achievable(songs, player(lags, before_start), PROMPT)
    more = (*lags, *deciding.added)
    assert deciding.right == achievable(songs, player(more, before_start), PROMPT)
    assert deciding.total == sum(len(song) - PROMPT for song in songs)


def test_what_nothing_decides_is_counted() -> None:
    """Two songs begin alike; a metronome ends, and silence before it is like any other."""
    one, other = aabb(), aabb()
    other[40] = ~other[40]
    deciding = further_lags(Rolls([one, other], PROMPT), USUAL)
    assert (deciding.right, deciding.total) == (2 * (256 - PROMPT) - 1, 2 * (256 - PROMPT))
    clicks = np.zeros((64, 2), np.bool_)
    clicks[7::8, 0] = True
    clicks[-1, 1] = True
    assert further_lags(Rolls([clicks], 0), ()).right == 64
    silent = Rolls([clicks], 0, silent_start=True, longest=8)
    # The first click cannot be expected, and the last bar is like the others.
    assert further_lags(silent, ()).right == 62


def test_long_songs_with_many_undecided_steps_are_decided() -> None:
    part = melody(700, 3, keys=2)
    song = np.concatenate([part, part, part, part[:300]])
    deciding = further_lags(Rolls([song], PROMPT), (1,))
    assert deciding.before < 0.8 * deciding.total
    assert deciding.right == deciding.total
    assert len(deciding.added) < 25


def test_usual_lags_that_fit_and_decide_stay() -> None:
    short = Rolls([melody(64, 1)], PROMPT)
    assert lags_for(short, USUAL, 2, fits=True) == USUAL
    assert lags_in_words(short, USUAL, False, "network.lags") == ""


def test_other_lags_are_the_near_ones_those_of_repeats_and_the_fewest_that_decide() -> None:
    long = Rolls([aabb(16)], PROMPT)
    lags = lags_for(long, USUAL, 2, fits=True)
    assert lags[:16] == tuple(range(1, 17))
    assert 128 in lags  # the length of a part
    assert len(lags) < len(USUAL)
    assert decide(long, lags)
    assert not decide(long, USUAL)
    near = [lag for lag in lags if lag <= 16 or lag in repeats(long)]
    for lag in set(lags) - set(near):  # any of them is enough
        assert decide(long, [other for other in lags if other != lag])
    text = lags_in_words(long, lags, True, "network.lags")
    assert text.startswith("Lags 1 to 16, ")
    assert text.endswith(" decide all 504 steps.")
    assert lags_in_words(long, (*range(1, 17), 120, 128, 129), True, "") == (
        "Lags 1 to 16, 120, 128, 129 decide all 504 steps."
    )
    other = lags_for(Rolls([melody(64, 1)], PROMPT), USUAL, 2, fits=False)
    assert other != USUAL


def test_several_songs_have_the_usual_lags_and_the_fewest_that_decide() -> None:
    rolls = Rolls([aabb(16), melody(40, 4)], PROMPT)
    lags = lags_for(rolls, USUAL, 2, fits=True)
    assert set(USUAL) < set(lags)
    assert len(lags) < len(USUAL) + 6
    assert decide(rolls, lags)


def test_lags_of_repeats_are_the_lengths_of_what_is_repeated() -> None:
    assert repeats(Rolls([aabb(16)], 0))[0] == 128
    twice = np.concatenate([np.tile(melody(11, 1), (4, 1)), np.tile(melody(7, 2), (4, 1))])
    assert set(repeats(Rolls([twice], 0))[:2]) == {11, 7}
    assert repeats(Rolls([np.eye(4, dtype=np.bool_)], 0)) == []
    # Nothing is repeated from another song.
    assert repeats(Rolls([melody(16, 1), melody(16, 1)], 0)) == repeats(Rolls([melody(16, 1)], 0))


def test_lags_that_do_not_decide_are_told_with_those_that_do() -> None:
    rolls = Rolls([aabb()], PROMPT)
    deciding = further_lags(rolls, (1, 2))
    more = ",".join(map(str, (1, 2, *deciding.added)))
    assert lags_in_words(rolls, (1, 2), False, "network.lags") == (
        f"At most {deciding.before} of 248 steps can be right with these lags, and all with "
        f"--set network.lags={more}"
    )
    one, other = aabb(), aabb()
    other[40] = ~other[40]
    assert lags_in_words(Rolls([one, other], PROMPT), USUAL, False, "network.lags") == (
        "At most 495 of 496 steps can be right: the same notes are followed by different ones, "
        "at any lag."
    )


def test_near_lags_reach_back_four_beats_at_fine_resolutions() -> None:
    rolls = Rolls([melody(64, 1)], PROMPT)
    reached = {spb: set(lags_for(rolls, USUAL, spb, fits=False)) for spb in (4, 12)}
    assert {*range(1, 17)} <= reached[4]
    assert {*range(1, 9), *range(9, 49, 3)} <= reached[12]
    assert not {10, 11, 13, 14, 16, 17} <= reached[12]
