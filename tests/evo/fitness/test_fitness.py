"""The contract of every fitness, then the scores of each."""

import json
from collections.abc import Callable
from typing import Any

import dill
import numpy as np
import pytest
from breeding import constant, copies, evolved, joined, network, varied_config
from critics import KEYS, few_panel

from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.fitness.copying import SCORED, Copying
from evo.fitness.guessing.game import Guessing
from evo.fitness.gymnasium import GymnasiumFitness
from evo.fitness.memorization import Memorization
from evo.fitness.next_step import NextStep
from evo.fitness.pole.balancing import PoleBalancing
from evo.fitness.variation.fitness import Variation
from evo.fitness.xor import INPUTS, SOLVED_AT, TARGETS, Xor
from evo.music.song import Song
from genomes.history_user.networks import HistoryUsers, Shape
from genomes.network.neat_python import from_neat_python
from genomes.network.networks import Networks
from genomes.player import Player
from genomes.program.edits import ProgramRates, first_programs

PLAYER = Player(keys=4, lags=(1, 2, 4, 8))
TUNE_PLAYER = Player(KEYS, lags=(1, 4))
PERIOD = 8
PROMPT = 8


def periodic_song(seed: int = 1, bars: int = 4, keys: int = PLAYER.keys) -> Song:
    """Return a song of mostly single notes that repeats every 8 steps.

    A copy of lag 8 predicts it perfectly.
    """
    generator = np.random.default_rng(seed)
    bar = np.zeros((PERIOD, keys), bool)
    for step in range(PERIOD):
        if step % 8 not in (3, 6):
            bar[step, generator.integers(keys)] = True
    return Song(np.tile(bar, (bars, 1)), name=f"song {seed}")


def loud(batch: Networks, gain: float = 100.0) -> Networks:
    """Return the same networks with their weights times `gain`."""
    arrays = batch.to_arrays()
    return Networks.from_arrays(arrays | {"weight": arrays["weight"] * gain})


SILENCE = constant(PLAYER, -50.0)
ALL_KEYS = constant(PLAYER, 50.0)
PERFECT = loud(copies(PLAYER, PERIOD))


def varied(inputs: int, outputs: int, player: Player | None) -> Networks:
    config = varied_config(inputs, outputs, True)
    return from_neat_python(evolved(config, generations=3), config.genome_config, player)


def readers() -> HistoryUsers:
    """Return 60 HistoryUsers for a copy task of 3 keys, 2 delays."""
    shape = Shape(3, inputs=5, layers=(4,), lags=(2, 4, 9))
    return HistoryUsers.initial(shape, np.random.default_rng(2), 60, scale=3.0)


def melodies() -> HistoryUsers:
    """Return 60 HistoryUsers with four keys as inputs and outputs."""
    shape = Shape(PLAYER.keys, layers=(3,), lags=(3, 7), architecture="melody", last=3)
    return HistoryUsers.initial(shape, np.random.default_rng(2), 60, scale=3.0)


def controllers() -> Networks:
    """Return 60 networks of three inputs and one output that fall at different times."""
    random = np.random.default_rng(3)
    rows = random.normal(size=(60, 3)) * (1.0, 4.0, 4.0)
    return joined(
        [network(3, 1, [(-1 - i, 0, row[i]) for i in range(3)], activation="tanh") for row in rows]
    )


FITNESSES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "follow": (
        lambda: Memorization([periodic_song()], PROMPT, "follow"),
        lambda: varied(PLAYER.inputs, PLAYER.keys, PLAYER),
    ),
    "perform": (
        lambda: Memorization([periodic_song(), periodic_song(2)], PROMPT, "perform"),
        lambda: varied(PLAYER.inputs, PLAYER.keys, PLAYER),
    ),
    "xor": (Xor, lambda: varied(2, 1, None)),
    "pole": (PoleBalancing, lambda: varied(6, 1, None)),
    "pole without velocities": (
        lambda: PoleBalancing(velocities=False, output="tanh"),
        lambda: controllers(),
    ),
    "gymnasium": (
        lambda: GymnasiumFitness("CartPole-v1", episodes=3),
        lambda: varied(4, 2, None),
    ),
    "variation": (
        lambda: Variation.of(few_panel()),
        lambda: first_programs(ProgramRates(), 60, np.uint64(3)),
    ),
    "critic": (
        lambda: few_panel().fitness(pieces=1, seed=1, free_run=3),
        lambda: varied(TUNE_PLAYER.inputs, KEYS, TUNE_PLAYER),
    ),
    "guess": (
        lambda: Guessing(keys=PLAYER.keys // 2, steps=96),
        lambda: varied(PLAYER.inputs, PLAYER.keys, PLAYER),
    ),
    "copy": (lambda: Copying(3, (4, 9), sequences=4), readers),
    "next step": (
        lambda: NextStep([periodic_song(seed) for seed in range(5)], batch=2),
        melodies,
    ),
    "next step, all songs": (
        lambda: NextStep([periodic_song(), periodic_song(2, bars=3)], [periodic_song(3)]),
        lambda: varied(PLAYER.inputs, PLAYER.keys, PLAYER),
    ),
}


def scored(fitness: Any, performers: Any) -> Scores:
    streams = Individuals(1, Role.EVALUATE, 0, range(len(performers)))
    scores: Scores = fitness.evaluate(performers, streams)
    return scores


# The contract


@pytest.mark.parametrize("name", FITNESSES)
class TestEveryFitness:
    def test_gives_one_score_an_individual_of_which_the_cases_are_the_parts(
        self, name: str
    ) -> None:
        fitness, performers = (make() for make in FITNESSES[name])
        scores = scored(fitness, performers)
        assert scores.total.shape == scores.status.shape == (len(performers),)
        assert scores.cases.shape[0] == len(performers)
        parts = scores.cases[scores.ok].astype(np.float64).sum(axis=1)
        offset = 4.0 if name == "xor" else 0.0
        np.testing.assert_allclose(scores.total[scores.ok], parts + offset, rtol=1e-4, atol=1e-4)
        assert scores.ok.sum() > len(performers) // 2
        assert len(set(scores.total[scores.ok])) > 5

    def test_scores_an_individual_the_same_in_every_company(self, name: str) -> None:
        fitness, performers = (make() for make in FITNESSES[name])
        together = scored(fitness, performers)
        order = np.random.default_rng(3).permutation(len(performers))
        shuffled = scored(fitness, performers.take(order))
        assert shuffled.total.tobytes() == together.total[order].tobytes()
        assert shuffled.cases.tobytes() == together.cases[order].tobytes()
        for i in (0, 13, 59):
            assert scored(fitness, performers.take([i])).total[0] == together.total[i]

    def test_says_truly_that_it_is_reusable(self, name: str) -> None:
        fitness, performers = (make() for make in FITNESSES[name])
        first = scored(fitness, performers)
        other = fitness.evaluate(performers, Individuals(9, Role.EVALUATE, 8, range(60)))
        assert (other.total.tobytes() == first.total.tobytes()) == fitness.reusable

    def test_travels_to_a_worker_and_scores_the_same_there(self, name: str) -> None:
        fitness, performers = (make() for make in FITNESSES[name])
        packed = dill.dumps(fitness)
        # A critic's models of short contexts are large; it travels once.
        assert len(packed) < (5_000_000 if name in ("critic", "variation") else 20_000)
        there = dill.loads(packed)  # noqa: S301 - packed here
        wanted = scored(fitness, performers).total.tobytes()
        assert scored(there, performers).total.tobytes() == wanted

    def test_has_figures_of_one_individual_as_json_with_solved_among_them(self, name: str) -> None:
        fitness, performers = (make() for make in FITNESSES[name])
        figures = fitness.figures(performers.take([0]))
        assert type(figures["solved"]) is bool
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures


# Memorisation

MODES = pytest.mark.parametrize("mode", ["follow", "perform"])


def memorization(mode: Any = "follow", songs: list[Song] | None = None) -> Memorization:
    return Memorization(songs or [periodic_song()], PROMPT, mode)


@MODES
def test_utter_silence_scores_0(mode: str) -> None:
    assert scored(memorization(mode), SILENCE).total[0] == pytest.approx(0.0, abs=1e-9)


@MODES
def test_a_perfect_memory_scores_the_steps_that_it_had_to_play(mode: str) -> None:
    assert scored(memorization(mode), PERFECT).total[0] == pytest.approx(24.0, abs=1e-9)


@MODES
def test_all_keys_all_the_time_score_far_below_silence(mode: str) -> None:
    assert scored(memorization(mode), ALL_KEYS).total[0] < -5.0


@MODES
@pytest.mark.parametrize("seed", range(4))
def test_the_anchors_hold_for_any_song_and_for_several(mode: str, seed: int) -> None:
    songs = [periodic_song(seed), periodic_song(seed + 10, bars=3)]
    scores = scored(memorization(mode, songs), joined([SILENCE, PERFECT, ALL_KEYS]))
    assert scores.total[:2].tolist() == pytest.approx([0.0, 24.0 + 16.0], abs=1e-9)
    assert scores.total[2] < -5.0


@MODES
def test_there_is_one_case_a_step_after_the_prompt_song_after_song(mode: str) -> None:
    songs = [periodic_song(1), periodic_song(2, bars=3)]
    batch = joined([SILENCE, PERFECT, ALL_KEYS, copies(PLAYER, 1)])
    both = scored(memorization(mode, songs), batch)
    apart = [scored(memorization(mode, [song]), batch) for song in songs]
    assert [one.cases.shape for one in (*apart, both)] == [(4, 24), (4, 16), (4, 40)]
    np.testing.assert_array_equal(both.cases, np.hstack([one.cases for one in apart]))
    np.testing.assert_allclose(both.total, sum(one.total for one in apart), atol=1e-9)


def test_a_case_is_higher_where_the_step_is_right() -> None:
    song = periodic_song()
    sounding = song.onsets[PROMPT:].any(axis=1)
    silence, perfect = scored(memorization(), joined([SILENCE, PERFECT])).cases
    assert (perfect[sounding] > silence[sounding]).all()
    np.testing.assert_array_equal(perfect[~sounding], silence[~sounding])


def test_the_same_steps_right_with_better_activations_score_higher() -> None:
    """Something to climb: none of these plays a note, and each is closer to doing so."""
    players = [constant(PLAYER, -0.001)] + [
        network(PLAYER.inputs, 4, [(-1 - (12 + key), key, gain) for key in range(4)],
                bias=dict.fromkeys(range(4), -1.0), player=PLAYER)
        for gain in (0.1, 0.3, 0.6, 0.9)
    ]  # fmt: skip
    batch = joined(players[1:])
    song = periodic_song()
    assert not (batch.follow(song.onsets) > 0)[:, PROMPT:].any()
    totals = scored(memorization(), batch).total
    assert (np.diff(totals) > 0).all()
    assert totals[0] > scored(memorization(), constant(PLAYER, -0.001)).total[0] - 24


def test_while_anything_is_wrong_louder_when_right_and_softer_when_wrong_score_higher() -> None:
    """Key 3 never sounds; how loudly the others are right, and key 3 wrong, still counts."""
    rights = joined(
        [
            network(PLAYER.inputs, 4, [(-1 - (12 + key), key, gain) for key in range(3)],
                    bias={3: -50.0}, player=PLAYER)
            for gain in (0.1, 0.5, 1.0, 3.0)
        ]
    )  # fmt: skip
    assert (np.diff(scored(memorization(), rights).total) > 0).all()
    wrongs = joined([constant(PLAYER, level) for level in (0.1, 0.5, 1.0, 3.0)])
    assert (np.diff(scored(memorization(), wrongs).total) < 0).all()


def test_a_song_without_an_error_has_the_whole_score_however_softly_it_is_said() -> None:
    songs = [periodic_song(1), periodic_song(2, bars=3)]
    softly = joined([loud(copies(PLAYER, PERIOD), gain) for gain in (1e-6, 0.1, 1.0)])
    assert scored(memorization("follow", songs), softly).total.tolist() == pytest.approx([40.0] * 3)


def test_following_scores_every_output_by_how_far_it_is_from_its_margin() -> None:
    song = periodic_song()
    batch = joined([SILENCE, PERFECT, ALL_KEYS, constant(PLAYER, [0.5, -0.5, 2.0, -2.0])])
    by_output = scored(memorization(), batch).by_output
    wanted = np.where(song.onsets[PROMPT:], 1.0, -1.0)
    said = batch.follow(song.onsets)[:, PROMPT:].astype(np.float64)
    hinge = np.maximum(1 - wanted * said, 0)
    np.testing.assert_allclose(by_output, -(hinge**2).sum(axis=1), rtol=1e-12)
    assert by_output[1].tolist() == [0.0] * 4


def test_performing_costs_an_output_three_for_a_missed_note_and_one_for_a_wrong_one() -> None:
    song = periodic_song()
    by_output = scored(memorization("perform"), joined([SILENCE, PERFECT, ALL_KEYS])).by_output
    wanted = song.onsets[PROMPT:]
    assert by_output[0].tolist() == (-3.0 * wanted.sum(axis=0)).tolist()
    assert by_output[1].tolist() == [0.0] * 4
    assert by_output[2].tolist() == (-1.0 * (~wanted).sum(axis=0)).tolist()


@pytest.mark.parametrize("mode", ["follow", "perform"])
def test_a_song_that_sounds_at_every_step_can_be_learned_too(mode: str) -> None:
    grid = np.zeros((32, 4), bool)
    grid[np.arange(32), np.arange(32) % 4] = True
    fitness = Memorization([Song(grid, name="steady")], PROMPT, mode)
    perfect, silent = scored(fitness, joined([PERFECT, SILENCE])).total
    assert perfect == pytest.approx(32 - PROMPT)
    assert silent <= 0


def test_a_step_that_becomes_right_raises_the_score() -> None:
    """More keys of the song right, each with the same loudness."""
    players = [
        network(PLAYER.inputs, 4, [(-1 - (12 + key), key, 100.0) for key in range(known)],
                bias=dict.fromkeys(range(known, 4), -100.0), player=PLAYER)
        for known in range(5)
    ]  # fmt: skip
    batch = joined(players)
    for mode in ("follow", "perform"):
        totals = scored(memorization(mode), batch).total
        assert (np.diff(totals) >= 0).all()
        assert totals[-1] == pytest.approx(24.0)
        assert totals[0] == pytest.approx(0.0, abs=1e-9)


def test_the_prompt_is_not_judged() -> None:
    song = periodic_song()
    other = song.onsets.copy()
    other[0, 0] ^= True  # heard by no lag after the prompt
    changed = Song(other, name=song.name)
    batch = joined([SILENCE, PERFECT, ALL_KEYS])
    one = scored(Memorization([song], 16), batch)
    assert one.cases.shape == (3, 16)
    np.testing.assert_array_equal(scored(Memorization([changed], 16), batch).total, one.total)


def test_a_follower_that_cannot_go_on_alone_scores_lower_in_closed_loop() -> None:
    song = periodic_song()
    lagging = loud(copies(PLAYER, 4))
    follow = scored(memorization("follow"), lagging).total[0]
    perform = scored(memorization("perform"), lagging).total[0]
    assert follow != perform
    played = lagging.perform(song.onsets[:PROMPT], 32)[0]
    right = (played == song.onsets)[PROMPT:].all(axis=1).sum()
    assert memorization().figures(lagging)["steps_correct"] == right < 24


def test_figures_count_the_steps_exactly_right_over_all_songs() -> None:
    songs = [periodic_song(1), periodic_song(2, bars=3)]
    silent = sum(int((~song.onsets[PROMPT:].any(axis=1)).sum()) for song in songs)
    for mode in ("follow", "perform"):
        fitness = memorization(mode, songs)
        assert fitness.figures(PERFECT) == {
            "steps_correct": 40, "follow_correct": 40, "steps_total": 40, "solved": True,
        }  # fmt: skip
        assert fitness.figures(SILENCE) == {
            "steps_correct": silent, "follow_correct": silent, "steps_total": 40, "solved": False,
        }  # fmt: skip
        assert fitness.figures(ALL_KEYS)["steps_correct"] == 0


def test_a_network_whose_numbers_overflow_fails_and_the_others_do_not() -> None:
    batch = joined([PERFECT, constant(PLAYER, float("nan")), SILENCE])
    scores = scored(memorization(), batch)
    assert scores.ok.tolist() == [True, False, True]
    assert scores.failures() == {"nan": 1}


@pytest.mark.parametrize(("songs", "prompt", "mode", "words"), [
    ([], 8, "follow", "at least one song"),
    ([periodic_song()], 8, "listen", "mode must be follow or perform, got 'listen'"),
    ([periodic_song(), periodic_song(keys=5)], 8, "follow", "same number of keys"),
    ([Song(np.zeros((32, 4), bool), name="nothing")], 8, "follow", "song 'nothing' has no onset"),
    ([periodic_song()], 32, "follow", "no onset after the first"),
    ([periodic_song()], 99, "follow", "no onset after the first"),
])  # fmt: skip
def test_songs_that_cannot_be_judged_are_refused_in_one_line(
    songs: list[Song], prompt: int, mode: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Memorization(songs, prompt, mode)
    assert "\n" not in str(caught.value)


# Exclusive or


def exclusive_or() -> Networks:
    """Return a network that computes exclusive or exactly.

    Its output is clamped(a + b) - 2 clamped(a + b - 1).
    """
    return network(
        2, 1,
        [(-1, 1, 1.0), (-2, 1, 1.0), (-1, 2, 1.0), (-2, 2, 1.0), (1, 0, 1.0), (2, 0, -2.0)],
        bias={2: -1.0}, activation="relu",
    )  # fmt: skip


def test_xor_scores_4_less_the_sum_of_squared_errors() -> None:
    performers = varied(2, 1, None)
    scores = scored(Xor(), performers)
    outputs = performers.activate(INPUTS)[:, :, 0]
    assert INPUTS.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert TARGETS.tolist() == [0, 1, 1, 0]
    wanted = 4 - ((outputs - TARGETS) ** 2).sum(axis=1)
    fine = np.isfinite(wanted)
    np.testing.assert_allclose(scores.total[fine], wanted[fine], rtol=1e-12)
    assert scores.ok.tolist() == fine.tolist()
    np.testing.assert_allclose(scores.cases[fine], -((outputs - TARGETS) ** 2)[fine], rtol=1e-6)


def test_xor_is_solved_by_the_truth_table_and_not_by_a_constant() -> None:
    assert scored(Xor(), exclusive_or()).total[0] == 4.0
    assert Xor().figures(exclusive_or()) == {"outputs": [0, 1, 1, 0], "solved": True}
    half = network(2, 1, [], bias={0: 0.5})
    assert scored(Xor(), half).total[0] == 3.0
    assert Xor().figures(half)["solved"] is False


def test_xor_is_solved_from_neat_pythons_threshold_on() -> None:
    assert SOLVED_AT == 3.9
    for error, solved in ((0.31, True), (0.32, False)):  # squares 0.0961 and 0.1024
        off = network(2, 1, [(-1, 1, 1.0), (-2, 1, 1.0), (-1, 2, 1.0), (-2, 2, 1.0),
                             (-1, 3, 1.0), (-2, 3, 1.0),
                             (1, 0, 1.0), (2, 0, -2.0), (3, 0, error)],
                      bias={2: -1.0, 3: -1.0}, activation="relu")  # fmt: skip
        assert Xor().figures(off)["solved"] is solved


def test_xor_refuses_a_genome_that_maps_no_numbers_in_one_clear_line() -> None:
    class Grid:
        def __len__(self) -> int:
            return 3

    with pytest.raises(TypeError, match=r"xor needs a genome.*network.*, not Grid") as caught:
        scored(Xor(), Grid())
    assert "\n" not in str(caught.value)


# The copy task


def reading(lag: int, keys: int = 3, markers: int = 0) -> HistoryUsers:
    """Return a HistoryUser that reads one lag, for any input."""
    shape = Shape(keys, inputs=keys + markers, layers=(2,), lags=tuple(range(1, 10)))
    weights = np.zeros((1, shape.weights), np.float32)
    shape.views(weights)["read_bias"][0, lag - 1] = 50.0
    return HistoryUsers(shape, weights)


def test_who_reads_at_the_delay_has_no_loss_and_who_reads_elsewhere_that_of_chance() -> None:
    fitness = Copying(3, (5,), sequences=6)
    assert scored(fitness, reading(5)).total[0] == pytest.approx(0, abs=1e-6)
    # Two bits that have nothing to do with each other differ half of the time.
    assert -scored(fitness, reading(4)).total[0] / SCORED == pytest.approx(0.5, abs=0.03)
    figures = fitness.figures(reading(5))
    assert figures["solved"] is True
    assert figures["read_lags"] == [5]
    assert figures["read_entropy"] == pytest.approx(0, abs=1e-6)
    assert fitness.figures(reading(6))["solved"] is False


def test_sequences_of_several_delays_are_marked_by_their_own() -> None:
    fitness = Copying(2, (3, 8), sequences=4, marker_every=5)
    heard, wanted = fitness.draw(4, np.random.default_rng(1))
    assert heard.shape == (1, 4, 8 + SCORED, 4)
    for place in range(4):
        delay, marker = ((3, 2), (8, 3))[place % 2]
        assert (wanted[0, place] == heard[0, place, 8 - delay : 8 - delay + SCORED, :2]).all()
        assert (np.flatnonzero(heard[0, place, :, marker]) % 5 == 0).all()
        assert heard[0, place, ::5, marker].all()
        assert not heard[0, place, :, 5 - marker].any()


def test_the_copy_task_refuses_what_cannot_be() -> None:
    for mistake in ({"delays": []}, {"delays": [0]}, {"delays": [4, 4]}, {"sequences": 0}):
        with pytest.raises(ValueError, match="must be"):
            Copying(**mistake)
    with pytest.raises(TypeError, match="for the genome history-user, not for Networks"):
        scored(Copying(), SILENCE)
