"""The batch of formulas: playing by the rules, storing, and refusing damaged arrays."""

from typing import Any

import numpy as np
import pytest
from breeding import same_arrays
from formulas import holds, plays, random_formulas

from genomes.errors import GenomeError
from genomes.formula.formulas import Formulas
from genomes.formula.player import FormulaPlayer
from genomes.formula.text import formulas_of, rules_of
from genomes.lessons import Taught
from genomes.player import Player
from genomes.sampling import Sampling

PLAYERS = {
    "keys": FormulaPlayer(3, (1, 2, 5, 64, 70), bar=4),
    "no bar": FormulaPlayer(3, (2, 1)),
    "durations": FormulaPlayer(4, (1, 3), bar=3, planes=2),
    "intervals": FormulaPlayer(3, (1, 4, 65), bar=4, relative=True),
    "intervals and durations": FormulaPlayer(6, (1, 2), bar=2, planes=2, relative=True),
}
EVERY = pytest.mark.parametrize("player", PLAYERS.values(), ids=PLAYERS)


def roll(player: FormulaPlayer, steps: int = 140) -> Any:
    return np.random.default_rng(4).random((steps, player.keys)) < 0.3


@EVERY
def test_following_is_what_the_rules_say(player: FormulaPlayer) -> None:
    formulas, song = random_formulas(player, 3), roll(player)
    said = formulas.follow(song)
    assert said.dtype == np.float32
    assert set(np.unique(said)) <= {-1.0, 1.0}
    for index in range(3):
        rules = [rules_of(formulas, index * player.lists + k) for k in range(player.lists)]
        wanted = [
            [plays(player, rules, song, step, key) for key in range(player.keys)]
            for step in range(len(song))
        ]
        np.testing.assert_array_equal(said[index] > 0, wanted)


@EVERY
def test_playing_alone_is_following_what_was_played(player: FormulaPlayer) -> None:
    formulas = random_formulas(player, 4)
    prompt = roll(player, 9)
    played = formulas.perform(prompt, 150)
    for index in range(4):
        said = formulas.take([index]).follow(played[index])[0] > 0
        np.testing.assert_array_equal(said[9:], played[index, 9:])
        np.testing.assert_array_equal(played[index, :9], prompt)


@EVERY
def test_windows_are_the_literals_of_every_step(player: FormulaPlayer) -> None:
    song = roll(player, 80)
    read = player.windows(song)
    for step in (0, 1, 7, 79):
        for place in range(player.inputs):
            if player.relative:
                wanted = [holds(player, song, step, k, 2 * place) for k in range(player.span)]
                assert read[place, :, step].tolist() == wanted
            else:
                assert read[place, step] == holds(player, song, step, 0, 2 * place)


def test_lessons_are_the_judged_steps() -> None:
    song = roll(PLAYERS["durations"], 30)
    lessons = PLAYERS["durations"].lessons(Taught((song, song[:20]), 8))
    assert lessons.steps == 22 + 12
    assert lessons.achievable == 34  # the second song repeats the beginning of the first
    whole = PLAYERS["intervals"].lessons(Taught((roll(PLAYERS["intervals"], 30),), 8))
    assert (whole.steps, len(whole.wanted)) == (22 * 3, 1)


def test_transposed_songs_are_the_same_to_intervals() -> None:
    player = PLAYERS["intervals"]
    song = np.zeros((40, 3), np.bool_)
    song[:, :2] = roll(player, 40)[:, :2]
    formulas = random_formulas(player, 5)
    up = np.roll(song, 1, axis=1)
    np.testing.assert_array_equal(formulas.follow(song)[:, :, :2], formulas.follow(up)[:, :, 1:])


def test_above_temperature_0_notes_are_drawn() -> None:
    formulas = random_formulas(PLAYERS["keys"], 2)
    prompt = np.zeros((0, 3), np.bool_)

    def drawn(temperature: float, sampling: Sampling) -> Any:
        streams = [np.random.default_rng(7) for _ in range(2)]
        return formulas.perform(prompt, 60, streams, temperature, sampling)

    plain = Sampling(1.0, np.zeros((1, 1)))
    assert not np.array_equal(drawn(1.0, plain), formulas.perform(prompt, 60))
    np.testing.assert_array_equal(drawn(1.0, plain), drawn(1.0, plain))
    assert drawn(1.0, plain._replace(most=1)).sum(axis=2).max() == 1
    np.testing.assert_array_equal(drawn(1e-9, plain), formulas.perform(prompt, 60))


@EVERY
def test_taking_and_storing_keep_every_rule(player: FormulaPlayer) -> None:
    formulas = random_formulas(player, 5)
    again = Formulas.from_arrays(formulas.to_arrays())
    assert again.player == player
    assert same_arrays(again.to_arrays(), formulas.to_arrays())
    some = formulas.take([3, 0, 3])
    song = roll(player, 30)
    np.testing.assert_array_equal(some.follow(song), formulas.follow(song)[[3, 0, 3]])
    both = some.joined(formulas)
    np.testing.assert_array_equal(both.follow(song)[3:], formulas.follow(song))
    assert len(formulas.take([])) == 0
    assert len(list(formulas)) == 5


def damaged(arrays: dict[str, Any], name: str, change: Any) -> dict[str, Any]:
    copied = {key: array.copy() for key, array in arrays.items()}
    copied[name] = change(copied[name])
    return copied


def put(place: int, value: int) -> Any:
    def change(array: Any) -> Any:
        array[place] = value
        return array

    return change


DAMAGES = {
    "an input that does not exist": ("literal", put(0, 2 * 19)),
    "a negative literal": ("literal", put(0, -1)),
    "literals of another type": ("literal", lambda array: array.astype(np.int64)),
    "rules that end too early": ("list_offsets", put(-1, 1)),
    "rules that begin late": ("list_offsets", put(0, 1)),
    "rules that go back": ("list_offsets", put(1, 1 << 62)),
    "wrapping offsets": ("literal_offsets", put(1, -(1 << 63))),
    "too many lists": ("list_offsets", lambda array: np.append(array, array[-1])),
    "no lists": ("list_offsets", lambda array: array[:0]),
    "too few signs": ("adds", lambda array: array[:-1]),
    "no keys": ("shape", put(0, 0)),
    "a negative bar": ("shape", put(1, -1)),
    "three planes": ("shape", put(2, 3)),
    "neither relative nor not": ("shape", put(3, 2)),
    "a lag of 0": ("lags", put(0, 0)),
    "a lag twice": ("lags", put(0, 2)),
}


@pytest.mark.parametrize(("name", "change"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_arrays_are_refused_in_one_line(name: str, change: Any) -> None:
    arrays = random_formulas(PLAYERS["keys"], 2).to_arrays()
    with pytest.raises(GenomeError) as refusal:
        Formulas.from_arrays(damaged(arrays, name, change))
    assert "\n" not in str(refusal.value)
    del arrays[name]
    with pytest.raises(GenomeError, match=name):
        Formulas.from_arrays(arrays)


def test_a_plain_player_is_read_without_bars() -> None:
    formulas = Formulas.silent(Player(2, (1, 3)), 2)
    assert (formulas.player.inputs, len(formulas), formulas.lists) == (4, 2, 2)
    assert not (formulas.follow(np.ones((5, 2), np.bool_)) > 0).any()
    with pytest.raises(ValueError, match="grid must be"):
        formulas.follow(np.ones((5, 3), np.bool_))
    with pytest.raises(ValueError, match="cannot improvise"):
        formulas.improvising()


def test_rules_of_no_literal_always_hold() -> None:
    player = FormulaPlayer(1, (1,))
    formulas = formulas_of(player, [[(True, []), (False, [0])]])
    played = formulas.perform(np.zeros((0, 1), np.bool_), 4)[0, :, 0]
    assert played.tolist() == [True, False, True, False]
