"""The guessing game: its predictors and measures, and what maximises each score."""

import math
from typing import Any

import numpy as np
import pytest
from breeding import constant, copies, joined

from evo.fitness.guessing import online_predictors as predictors
from evo.fitness.guessing.game import SCORES, Guessing, band, resolve, streak
from evo.fitness.guessing.held_out_predictor import held_out_hits
from evo.fitness.guessing.measures import (
    complexity_of,
    complexity_ratio,
    longest_run,
    measures,
    period_of,
)
from evo.fitness.guessing.online_predictors import CONTEXT, FREQUENCIES, PERCEPTRON, predict
from evo.fitness.guessing.surprise import event_counts
from evo.fitness.guessing.symbols import LONGEST, notes_of, rolls_of, symbols_of
from genomes.base import Performers
from genomes.grid.grids import Grids
from genomes.player import Player

STEPS, KEYS = 192, 4
REST, HOLD = 0, KEYS + 1
ALPHABET = KEYS + 1  # of pieces without holds
PLAYER = Player(2 * KEYS, (1, 2, 3), off=0.0, on=1.0)


def noise(seed: int = 1, steps: int = STEPS) -> Any:
    return np.random.default_rng(seed).integers(1, ALPHABET, steps)


def cycle(*symbols: int, steps: int = STEPS) -> Any:
    return np.resize(np.array(symbols, np.int64), steps)


DRONE = cycle(2)
ABAB = cycle(1, 2)
# Contexts that are told apart only further back, so that the panel misses now and then.
TURNING = cycle(2, 4, 2, 1, 2, 2, 4, 3, 4, 2, 1, 2)
# With rests, and notes of two lengths.
SINGING = cycle(REST, REST, 1, 2, 2, 2, HOLD, REST, REST, 1, 2, 2, HOLD)


# Symbols


def test_symbols_are_the_highest_key_or_the_rest() -> None:
    rolls = np.zeros((2, 3, 2 * KEYS), np.bool_)
    rolls[0, 0, 1] = rolls[0, 1, 0] = rolls[0, 1, 3] = True
    assert symbols_of(rolls).tolist() == [[2, 4, 0], [0, 0, 0]]
    piece = np.array([0, 3, 1, 4])
    assert symbols_of(rolls_of(piece, KEYS)).tolist() == piece.tolist()
    assert rolls_of(piece, KEYS)[:, :KEYS].sum(axis=1).tolist() == [0, 1, 1, 1]


def test_a_note_is_held_while_its_own_key_sounds_on() -> None:
    roll = np.zeros((8, 2 * KEYS), np.bool_)
    roll[1, 2] = roll[5, 0] = True
    roll[[0, 2, 3, 6], KEYS + 2] = True  # before the note, in it, and in the next one
    assert symbols_of(roll).tolist() == [0, 3, HOLD, HOLD, 0, 1, 0, 0]
    roll[4, KEYS] = True  # another key than the one that began
    assert symbols_of(roll).tolist() == [0, 3, HOLD, HOLD, 0, 1, 0, 0]


def test_rolls_have_the_symbols_they_are_of_and_a_hold_of_nothing_is_a_rest() -> None:
    pieces = np.random.default_rng(1).integers(0, HOLD + 1, (50, 40))
    found = symbols_of(rolls_of(pieces, KEYS))
    silent = found != pieces
    assert (pieces[silent] == HOLD).all()
    assert (found[silent] == REST).all()
    before = np.concatenate([np.zeros((50, 1), np.int64), found[:, :-1]], axis=1)
    assert np.array_equal(silent, (pieces == HOLD) & (before == REST))


def test_notes_have_a_key_a_length_and_the_rest_that_follows() -> None:
    piece = np.array([REST, 1, HOLD, REST, 4, 2, HOLD, HOLD, REST, REST, 3, HOLD])
    notes = notes_of(np.stack([piece, cycle(REST, steps=12), cycle(2, HOLD, steps=12)]), KEYS)
    assert notes.start.tolist() == [[1, 4, 5, 12, 12], [12] * 5, [0, 2, 4, 6, 8]]
    assert notes.key[0, :3].tolist() == [0, 3, 1]
    assert notes.length[0, :3].tolist() == [2, 1, 3]
    assert notes.rest[0, :3].tolist() == [1, 0, 2]
    assert notes.length[2].tolist() == [2] * 5
    long = np.concatenate([[1], [HOLD] * 20, [REST] * 20, [2]])[None]
    assert [view.tolist() for view in notes_of(long, KEYS)[2:]] == [[[LONGEST]], [[LONGEST]]]


# Predictors


def back_off(past: list[int], order: int) -> list[float]:
    """Return the probabilities of the back-off model in plain Python."""
    chances = [1 / ALPHABET] * ALPHABET
    for length in range(order + 1):
        context = past[len(past) - length :]
        followers = [
            past[t] for t in range(length, len(past)) if past[t - length : t] == context
        ]  # fmt: skip
        if not followers:
            break
        chances = [
            (followers.count(s) + predictors.BACK_OFF * chances[s])
            / (len(followers) + predictors.BACK_OFF)
            for s in range(ALPHABET)
        ]
    return chances


def perceptron(piece: Any) -> list[float]:
    """Return the losses of softmax regression in NumPy."""
    weights, bias = np.zeros((predictors.WINDOW, ALPHABET, ALPHABET)), np.zeros(ALPHABET)
    losses = []
    for t, symbol in enumerate(piece):
        heard = [(lag, piece[t - 1 - lag]) for lag in range(min(predictors.WINDOW, t))]
        said = bias + sum(weights[place] for place in heard)
        chances = np.exp(said - said.max()) / np.exp(said - said.max()).sum()
        losses.append(-math.log2(chances[symbol]))
        change = predictors.RATE * (np.eye(ALPHABET)[symbol] - chances)
        bias += change
        for place in heard:
            weights[place] += change
    return losses


def test_the_predictors_are_those_of_plain_python() -> None:
    piece = np.concatenate([noise(3, 30), TURNING[:30], cycle(0, 4, steps=10)])
    losses, hits = predict(piece[None], ALPHABET)
    for predictor, order in ((FREQUENCIES, 0), (CONTEXT, predictors.ORDER)):
        chances = np.array([back_off(piece[:t].tolist(), order) for t in range(len(piece))])
        wanted = -np.log2(chances[np.arange(len(piece)), piece])
        np.testing.assert_allclose(losses[predictor, 0], wanted, rtol=1e-12)
        assert hits[predictor, 0].tolist() == (chances.argmax(axis=1) == piece).tolist()
    np.testing.assert_allclose(losses[PERCEPTRON, 0], perceptron(piece), rtol=1e-9)


def test_a_predictor_reads_every_piece_by_itself() -> None:
    pieces = np.stack([noise(1), ABAB, TURNING, DRONE])
    together = predict(pieces, ALPHABET)
    for place, piece in enumerate(pieces):
        alone = predict(piece[None], ALPHABET)
        assert alone[0].tobytes() == together[0][:, place].tobytes()
        assert alone[1].tobytes() == together[1][:, place].tobytes()


def test_only_predictors_with_context_learn_an_order() -> None:
    losses, hits = predict(np.stack([ABAB, noise()]), ALPHABET)
    late = losses[:, :, 64:].mean(axis=2)
    assert late[FREQUENCIES, 0] == pytest.approx(1.0, abs=0.1)
    assert (late[[CONTEXT, PERCEPTRON], 0] < 0.1).all()
    assert hits[[CONTEXT, PERCEPTRON], 0, 64:].all()
    assert (late[[CONTEXT, PERCEPTRON], 1] > late[FREQUENCIES, 1]).all()


def test_symbols_out_of_the_alphabet_are_refused() -> None:
    with pytest.raises(ValueError, match="symbols must be from 0 to 4, got 1 to 5"):
        predict(np.array([[1, 5]]), ALPHABET)


def test_the_held_out_ear_learns_what_is_beyond_the_panel_and_no_noise() -> None:
    assert held_out_hits(TURNING, ALPHABET)[128:].mean() > 0.95
    assert not predict(TURNING[None], ALPHABET)[1][CONTEXT, 0, 128:].all()
    assert held_out_hits(noise(), ALPHABET).mean() < 0.4
    assert held_out_hits(ABAB, ALPHABET).tobytes() == held_out_hits(ABAB, ALPHABET).tobytes()


# Misses that resolve


@pytest.mark.parametrize(
    ("hits", "events", "lost", "stale"),
    [
        ("111011", 1, 0, 0),
        ("1110011", 1, 0, 0),
        ("11100011", 0, 3, 0),  # too many misses
        ("11011", 0, 1, 0),  # too few hits before
        ("11101", 0, 1, 0),  # too few after
        ("1110", 0, 0, 0),  # the end: there was no time to resolve
        ("111000", 0, 3, 0),
        ("11101110111", 2, 0, 0),
        ("1" * 11, 0, 0, 3),
        ("0" * 5, 0, 5, 0),
        ("1" * 9 + "0" + "1" * 10, 1, 0, 3),
    ],
)
def test_events_lost_misses_and_stale_hits(hits: str, events: int, lost: int, stale: int) -> None:
    row = np.array([[letter == "1" for letter in hits]], np.bool_)
    assert [int(count[0]) for count in event_counts(row)] == [events, lost, stale]


# Measures


def test_the_period_is_the_smallest_that_holds_at_the_end() -> None:
    assert period_of(DRONE) == 1
    assert period_of(ABAB) == 2
    assert period_of(TURNING) == 12
    assert period_of(noise()) == 0
    assert period_of(np.concatenate([noise(2, 64), ABAB[:130]])) == 2
    assert period_of(np.concatenate([ABAB, noise(2, 4)])) == 0
    assert period_of(cycle(*range(65), steps=400)) == 0  # longer than is looked for
    assert period_of(cycle(*range(64), steps=400)) == 64


def test_the_longest_run_counts_equal_symbols_in_a_row() -> None:
    assert [longest_run(np.array(piece)) for piece in ([], [3], [1, 1, 2, 2, 2, 1])] == [0, 1, 3]


def test_the_complexity_is_that_of_the_published_example() -> None:
    """0.001.10.100.1000.101, the example of Kaspar & Schuster (1987)."""
    assert complexity_of(np.array([int(c) for c in "0001101001000101"])) == 6
    assert complexity_of(DRONE) == 2
    assert complexity_of(ABAB) == 3
    assert complexity_of(np.empty(0, np.int64)) == 0
    assert complexity_of(np.array([1])) == 1


def test_the_complexity_ratio_lies_between_a_constant_and_noise() -> None:
    random = np.random.default_rng(0)
    drone, turning, noisy = (complexity_ratio(p, random) for p in (DRONE, TURNING, noise()))
    assert drone == 0.0
    assert 0.1 < turning < 0.65
    assert 0.9 < noisy < 1.1


def test_keys_are_counted_without_the_rest() -> None:
    random = np.random.default_rng(0)
    assert measures(cycle(0, 3), KEYS, random)["keys"] == 1
    assert measures(cycle(0, 3, HOLD), KEYS, random)["keys"] == 1


def test_durations_and_rests_are_those_at_the_end() -> None:
    random = np.random.default_rng(0)
    early = cycle(1, HOLD, HOLD, REST, steps=64)
    for piece, durations, rests in (
        (TURNING, 1, 0.0),
        (SINGING, 2, pytest.approx(4 / 13, abs=0.01)),
        (np.concatenate([early, cycle(1, HOLD, steps=128)]), 1, 0.0),
        (cycle(REST), 0, 1.0),
    ):
        found = measures(piece, KEYS, random)
        assert (found["durations"], found["rests"]) == (durations, rests)


# Scores


def worth(score: str, *pieces: Any) -> list[float]:
    fitness = Guessing(keys=KEYS, steps=STEPS, score=score)
    return [float(value) for value in fitness.cases(np.stack(pieces)).mean(axis=1)]


def test_gap_resolve_is_nothing_for_one_key_and_for_noise() -> None:
    drone, noisy, abab, singing = worth("gap-resolve", DRONE, noise(), ABAB, SINGING)
    assert drone <= 0
    assert noisy <= 0
    assert worth("gap-resolve", np.random.default_rng(1).integers(0, HOLD + 1, STEPS))[0] <= 0
    assert abab < 0.1  # seen through
    assert singing > 0.5


def test_gap_resolve_is_little_for_one_key_one_length_or_no_rest() -> None:
    one_key = np.where((SINGING == 1) | (SINGING == 2), 2, SINGING)
    one_length = np.where(SINGING == HOLD, REST, SINGING)
    no_rest = cycle(1, 2, 2, HOLD, 2, 2, 1, HOLD, 2, 1, HOLD)
    for piece in (one_key, one_length, no_rest, TURNING):
        assert worth("gap-resolve", piece)[0] < 0.15


def test_a_rhythm_that_ended_early_is_no_order() -> None:
    """The predictor without context still expects the lengths of the beginning."""
    ended = np.concatenate([SINGING[:64], np.resize(TURNING, 128)])
    assert worth("gap-resolve", ended)[0] < 0.15


def test_the_gap_alone_is_highest_for_the_simplest_pattern() -> None:
    abab, *others = worth("gap", ABAB, cycle(1, 2, 3), TURNING, cycle(1, 1, 2), DRONE, noise())
    assert abab > max(others)


def test_accuracy_is_highest_for_one_key_and_its_negative_for_noise() -> None:
    drone, noisy, abab = worth("accuracy", DRONE, noise(), ABAB)
    assert drone > abab > noisy
    assert worth("-accuracy", DRONE, noise(), ABAB) == [-drone, -noisy, -abab]


def test_a_long_streak_costs_more_than_it_earns() -> None:
    def of(*hits: int) -> float:
        return float(streak(np.array(hits, np.bool_)))

    assert of(1, 1, 0, 1) == 0.75
    assert of(*[1] * 8) == 1.0
    assert of(*[1] * 10) == pytest.approx((8 - 2 - 4) / 10)
    assert of(*[1] * 8, 0, *[1] * 8) == pytest.approx(16 / 17)
    assert np.isfinite(of(*[1] * 5000))
    drone, turning = worth("streak", DRONE, TURNING)
    assert turning > 0 > drone


def test_a_band_is_left_by_drone_and_noise() -> None:
    assert band(cycle(1, 1, 1, 0).astype(np.bool_)) == 0.0
    assert band(np.ones(STEPS, np.bool_)) == pytest.approx(-0.1)
    # The first third is no excuse for the rest.
    assert band(np.arange(STEPS) >= 64) == pytest.approx(-0.1)


def test_what_resolves_needs_its_surprises_in_the_later_part() -> None:
    early = np.concatenate([np.tile([True, True, True, True, False], 13)[:64], np.ones(128, bool)])
    steady = np.resize([True, True, True, True, True, True, False], STEPS)
    assert resolve(early) < 0 < resolve(steady)


@pytest.mark.parametrize("score", SCORES)
def test_the_total_is_the_sum_of_a_case_an_ear(score: str) -> None:
    fitness = Guessing(keys=KEYS, steps=STEPS, score=score)
    batch = joined([constant(PLAYER, level) for level in (-1.0, 1.0)] + [copies(PLAYER, 2)])
    scores = fitness.evaluate(batch, [])
    assert scores.cases is not None
    assert scores.cases.shape == (3, 2)
    np.testing.assert_allclose(scores.total, scores.cases.sum(axis=1), rtol=1e-5)


def test_the_figures_of_a_player_that_goes_on_have_the_period_of_its_cycle() -> None:
    fitness = Guessing(keys=KEYS, steps=STEPS)
    figures = fitness.figures(Playing(TURNING))
    assert figures["period"] == figures["lasting_period"] == 12
    assert (figures["keys"], figures["longest_run"]) == (4, 2)
    assert 0.6 < figures["guesser_accuracy"] < figures["held_out_accuracy"] < 1
    assert figures["panel_score"] == pytest.approx(worth("gap-resolve", TURNING)[0], abs=1e-3)
    assert figures["solved"] is False


class Playing:
    """A batch of one that repeats a cycle."""

    fixed_length = False

    def __init__(self, piece: Any) -> None:
        self.piece = piece

    def perform(self, prompt: Any, steps: int, *rest: Any) -> Any:
        period = period_of(self.piece)
        return rolls_of(np.resize(self.piece[:period], steps)[None], KEYS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": "surprise"}, "score must be one of gap-resolve, gap, .*, got 'surprise'"),
        ({"keys": 0}, "keys must be at least 1 and steps 96, got 0 and 192"),
        ({"steps": 95}, "keys must be at least 1 and steps 96, got 4 and 95"),
    ],
)
def test_a_game_that_cannot_be_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Guessing(**{"keys": KEYS, "steps": STEPS} | arguments)


def test_a_performer_is_scored_the_same_as_a_performer_of_any_kind() -> None:
    """The game asks for nothing but `perform`."""
    performers: Performers = Playing(TURNING)  # type: ignore[assignment]
    scores = Guessing(keys=KEYS, steps=STEPS).evaluate(performers, [])
    assert scores.total[0] == pytest.approx(worth("gap-resolve", TURNING)[0], rel=1e-6)


@pytest.mark.parametrize("score", ["gap-resolve", "gap", "streak", "band"])
def test_a_piece_scores_alone_as_among_others(score: str) -> None:
    fitness = Guessing(keys=13, steps=96, score=score)
    random = np.random.default_rng(4)
    pieces = Grids(rolls_of(random.integers(0, 15, (60, 96)), 13))
    together = fitness.evaluate(pieces, None)  # type: ignore[arg-type]
    for index in range(len(pieces)):
        alone = fitness.evaluate(pieces.take([index]), None)  # type: ignore[arg-type]
        assert alone.total[0] == together.total[index]
        np.testing.assert_array_equal(alone.cases[0], together.cases[index])  # type: ignore[index]
