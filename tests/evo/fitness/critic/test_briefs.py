"""Pleasing critics: briefs, costs, and which songs each critic was trained on."""

import json
from collections.abc import Callable
from typing import Any

import dill
import numpy as np
import pytest
from breeding import constant, copies, evolved, joined, same_arrays, varied_config
from critics import KEYS, STEPS, few_panel, panel, short_training, tunes

from evo.core.seeds import Individuals, Role
from evo.fitness.critic.briefs import (
    BELOW_SONGS,
    BEYOND,
    CHORDS,
    COPIED,
    ENDING,
    MIN_SPREAD,
    SILENT,
    PleaseCritics,
)
from evo.fitness.critic.contexts import Contexts
from evo.fitness.critic.counterexamples import corrupted
from evo.fitness.critic.features import NAMES, roll_features
from evo.fitness.critic.model import hash_of
from evo.fitness.critic.panel import FOLDS, MIN_LEVEL, Panel
from evo.music.measures.similarity import families
from evo.music.tunes import tune_names
from evo.runs.checkpoint import pack_arrays, unpack_arrays
from genomes.arrays import Arrays, BoolArray
from genomes.grid.grids import Grids
from genomes.network.neat_python import from_neat_python
from genomes.player import Player

NEVER = 10_000  # no run is as long: copying is free
PLAYER = Player(KEYS, (1, 2, 4, 8))


def scored(fitness: PleaseCritics, performers: Any) -> Any:
    return fitness.evaluate(performers, Individuals(1, Role.EVALUATE, 0, range(len(performers))))


def fitness(pieces: int = 6, seed: int = 1, free_run: int = NEVER) -> PleaseCritics:
    return panel().fitness(pieces, seed, free_run)


def song_of(name: str) -> BoolArray:
    song: BoolArray = panel().songs[panel().names.index(name)]
    return song


def some_rolls() -> BoolArray:
    """Return songs, near songs and other rolls."""
    random = np.random.default_rng(3)
    return np.array([
        *tunes()[:12],
        *(corrupted(tunes()[n], 4 * n, random) for n in range(12)),
        np.zeros((STEPS, KEYS), np.bool_), np.ones((STEPS, KEYS), np.bool_),
        random.random((STEPS, KEYS)) < 0.05,
    ])  # fmt: skip


# Panel


def test_the_same_tune_is_in_the_same_fold() -> None:
    ears = panel()
    assert ears.families.tolist() == families(list(tunes())).tolist()
    assert len(set(ears.families)) < len(ears.families)  # two tunes are in the book twice
    for family in set(ears.families.tolist()):
        assert len(set(ears.fold[ears.families == family])) == 1


def test_transposed_songs_go_to_the_fold_of_their_tune() -> None:
    songs = tunes()[:10]
    low = np.array([np.roll(song, -int(np.flatnonzero(song.any(axis=0))[0]), 1) for song in songs])
    names = [f"song {n}" for n in range(20)]
    with short_training():
        ears = Panel.train(np.concatenate([songs, low]), names, seed=3)
    assert ears.fold[:10].tolist() == ears.fold[10:].tolist()


def test_folds_are_about_as_many_tunes_each() -> None:
    ears = panel()
    sizes = [len(set(ears.families[ears.fold == fold])) for fold in range(FOLDS)]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(set(ears.families))


def test_no_critic_ever_heard_the_songs_of_its_fold() -> None:
    ears = panel()
    for fold, critic in enumerate(ears.critics):
        unknown = ears.unknown(fold)
        heard = np.delete(np.arange(len(ears.songs)), unknown)
        assert (ears.fold[unknown] == fold).all()
        assert critic.trained_on == hash_of(ears.songs[heard])


def test_other_seeds_make_other_folds_and_the_same_seed_the_same_bits() -> None:
    few = few_panel()
    with short_training():
        again = Panel.train(tunes()[:12], tune_names()[:12], seed=0)
        other = Panel.train(tunes()[:12], tune_names()[:12], seed=5)
    assert same_arrays(again.to_arrays(), few.to_arrays())
    assert other.fold.tolist() != few.fold.tolist()


def test_training_says_what_it_does() -> None:
    said: list[str] = []
    with short_training():
        Panel.train(tunes()[:9], tune_names()[:9], seed=0, show_message=said.append)
    assert said == ["training 3 critics on 9 songs ..."]


def test_what_searches_found_reaches_the_critics_that_guide_and_not_the_held_out_one() -> None:
    found = np.ones((20, STEPS, KEYS), np.bool_)
    with short_training():
        warned = few_panel().warned(found, seed=0)
        again = few_panel().warned(found[:0], seed=0)
    for place, critic in enumerate(few_panel().critics):
        same = np.array_equal(warned.critics[place].hidden, critic.hidden)
        assert same == (place == FOLDS - 1)
    assert same_arrays(again.to_arrays(), few_panel().to_arrays())


def test_too_few_tunes_are_refused_in_one_line() -> None:
    doubled = np.concatenate([tunes()[:8], tunes()[:8]])
    for songs in (tunes()[:8], doubled):
        with pytest.raises(ValueError, match=r"at least 9 different tunes .* are 8") as caught:
            Panel.train(songs, [str(n) for n in range(len(songs))], seed=0)
        assert "\n" not in str(caught.value)


def test_every_song_is_described_by_the_critic_that_does_not_know_it() -> None:
    ears = panel()
    described = ears.described()
    for n in range(len(ears.songs)):
        contexts = ears.critics[ears.fold[n]].contexts
        wanted = roll_features(ears.songs[n : n + 1], contexts)[0]
        assert described[n].tobytes() == wanted.tobytes()


# Panel, kept


def test_a_panel_is_kept_as_plain_arrays() -> None:
    ears = panel()
    arrays = unpack_arrays(pack_arrays(ears.to_arrays()))
    assert same_arrays(arrays, ears.to_arrays())
    back = Panel.from_arrays(arrays)
    assert same_arrays(back.to_arrays(), ears.to_arrays())
    assert back.names == ears.names
    one, other = back.fitness(4, 2, 7), ears.fitness(4, 2, 7)
    rolls = Grids(some_rolls())
    assert scored(one, rolls).cases.tobytes() == scored(other, rolls).cases.tobytes()
    assert one.figures_of(some_rolls()) == other.figures_of(some_rolls())


Change = Callable[[Arrays], Arrays]


def set_cell(name: str, place: Any, value: Any) -> Change:
    def change(arrays: Arrays) -> Arrays:
        changed = arrays[name].copy()
        changed[place] = value
        return {name: changed}

    return change


@pytest.mark.parametrize(("change", "words"), [
    (lambda a: {"songs": a["songs"][:-1]}, r"names must be str_ \(11\), got"),
    (lambda a: {"songs": a["songs"][0]}, r"songs must be bool.* \(any, any, any\), got bool"),
    (lambda a: {"songs": a["songs"].astype(np.uint8)}, "songs must be bool.*, got uint8"),
    (lambda a: {"songs": a["songs"][:, :31]}, "at least 32 steps and 1 to 128 keys"),
    (lambda a: {"songs": a["songs"][:, :, :0]}, "at least 32 steps and 1 to 128 keys"),
    (lambda a: {"songs": np.zeros((12, 128, 129), np.bool_)}, "1 to 128 keys"),
    (lambda a: {"names": a["names"][:5]}, r"names must be str_ \(12\), got"),
    (lambda a: {"names": a["names"].astype("S")}, "names must be str_"),
    (lambda a: {"names": np.arange(12)}, "names must be str_"),
    (lambda a: {"families": a["families"][:5]}, r"families must be int64 \(12\), got"),
    (lambda a: {"families": a["families"].astype(np.int32)}, "families must be int64"),
    (lambda a: {"fold": a["fold"].astype(np.float64)}, "fold must be int64"),
    (lambda a: {"fold": a["fold"][:, None]}, r"fold must be int64 \(12\), got int64 \(12, 1\)"),
    (set_cell("fold", 0, 3), "every fold from 0 to 2 must have songs, and no other"),
    (set_cell("fold", 0, -1), "every fold from 0 to 2 must have songs, and no other"),
    (lambda a: {"fold": np.minimum(a["fold"], 1)}, "every fold from 0 to 2"),
    (lambda a: {"families": a["families"] * 0}, "songs of one family must be in one fold"),
    (set_cell("songs", (3, 8, 2), True), "critic . was trained on other songs"),
    (lambda a: {"fold": (a["fold"] + 1) % 3}, "critic 0 was trained on other songs"),
    (lambda a: {"critic1.centre": a["critic1.centre"][:7]}, "critic 1: centre must be float64"),
    (lambda a: {"critic2.output": a["critic2.output"] * np.nan}, "critic 2: output must be finite"),
])  # fmt: skip
def test_arrays_that_are_no_panel_are_refused_in_one_line(change: Change, words: str) -> None:
    arrays = few_panel().to_arrays()
    with pytest.raises(ValueError, match=words) as caught:
        Panel.from_arrays(arrays | change(arrays))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["songs", "names", "families", "fold", "critic0.scale"])
def test_a_panel_without_one_of_its_arrays_is_refused(name: str) -> None:
    arrays = few_panel().to_arrays()
    del arrays[name]
    with pytest.raises(ValueError, match="there must be an array"):
        Panel.from_arrays(arrays)
    with pytest.raises(ValueError, match="there must be an array"):
        Panel.from_arrays({})


# Briefs


def test_briefs_are_of_different_songs_that_the_held_out_critic_has_heard() -> None:
    ears = panel()
    eligible = int((ears.fold < FOLDS - 1).sum())
    briefs = ears.briefs(eligible, seed=1)
    assert len(briefs) == len(briefs.songs) == len(set(briefs.songs)) == eligible
    for song, critic in zip(briefs.songs, briefs.critic, strict=True):
        assert ears.fold[ears.names.index(song)] == critic < FOLDS - 1


def test_the_seed_draws_the_briefs() -> None:
    ears = panel()
    assert ears.briefs(6, 1).songs == ears.briefs(6, 1).songs
    assert len({ears.briefs(6, seed).songs for seed in range(10)}) == 10
    assert ears.briefs(3, 4).songs == ears.briefs(6, 4).songs[:3]


def test_more_briefs_than_songs_are_refused_in_one_line() -> None:
    ears = few_panel()
    eligible = int((ears.fold < FOLDS - 1).sum())
    for count in (eligible + 1, 1000, -1):
        words = f"there can be {eligible} pieces for these songs, not {count}"
        with pytest.raises(ValueError, match=words):
            ears.briefs(count, 1)


def test_a_brief_is_a_songs_numbers_by_a_critic_that_does_not_know_it() -> None:
    ears = panel()
    briefs = ears.briefs(6, seed=1)
    for place, name in enumerate(briefs.songs):
        contexts = ears.critics[briefs.critic[place]].contexts
        wanted = roll_features(song_of(name)[None], contexts)[0]
        assert briefs.features[place].tobytes() == wanted.tobytes()
    guiding = ears.described()[ears.fold < FOLDS - 1]
    np.testing.assert_allclose(briefs.spread, guiding.std(axis=0) + MIN_SPREAD)
    assert (briefs.lowest == guiding.min(axis=0)).all()
    assert (briefs.highest == guiding.max(axis=0)).all()


def test_the_least_a_critic_is_to_think_is_that_of_poorer_songs_or_of_the_briefs_song() -> None:
    ears = panel()
    briefs = ears.briefs(12, seed=1)
    assert briefs.level.shape == (12, FOLDS - 1)
    for critic in range(FOLDS - 1):
        unknown = ears.critics[critic].judge(ears.songs[ears.unknown(critic)])
        least = np.quantile(unknown, MIN_LEVEL)
        for place, name in enumerate(briefs.songs):
            own = ears.critics[critic].judge(song_of(name)[None])[0]
            wanted = max(own, least) if briefs.critic[place] == critic else least
            assert briefs.level[place, critic] == wanted


# The score


def test_a_score_is_0_less_every_cost() -> None:
    """The docstring, term by term, for every brief."""
    ears, judge, rolls = panel(), fitness(free_run=5), some_rolls()
    scores = scored(judge, Grids(rolls))
    briefs = judge.briefs
    assert briefs is not None
    runs, _ = ears.known_songs().longest_runs(rolls)
    for case in range(len(briefs)):
        contexts = ears.critics[briefs.critic[case]].contexts
        for n, roll in enumerate(rolls):
            numbers = roll_features(roll[None], contexts)[0]
            away = np.abs(numbers - briefs.features[case]) / briefs.spread
            loss = sum(x * x / 2 if x < 1 else x - 0.5 for x in away) / len(NAMES)
            past = np.maximum(numbers - briefs.highest, 0) + np.maximum(briefs.lowest - numbers, 0)
            loss += BEYOND * float((past / briefs.spread).sum())
            missing = sum(
                max(briefs.level[case, c] - ears.critics[c].judge(roll[None])[0], 0)
                for c in range(FOLDS - 1)
            )
            at = NAMES.index("chords")
            chords = max(numbers[at] - briefs.features[case][at], 0)
            copied = max(int(runs[n]) - 5, 0)
            empty = np.mean([not bar.any() for bar in roll.reshape(-1, 8, KEYS)])
            silent = max(empty - briefs.features[case][NAMES.index("empty bars")], 0)
            at = NAMES.index("ends on the tonic")
            ending = max(briefs.features[case][at] - numbers[at], 0)
            wanted = -(loss + BELOW_SONGS * missing + CHORDS * chords + COPIED * copied)
            wanted -= SILENT * silent + ENDING * ending
            assert scores.cases[n, case] == pytest.approx(wanted, rel=1e-5)
    np.testing.assert_allclose(scores.total, scores.cases[:, 0], rtol=1e-6)


def test_the_song_of_a_brief_scores_best_for_it_if_copying_is_free() -> None:
    """0, if critics think as much of it as of songs that they do not know."""
    judge = fitness(pieces=20)
    assert judge.briefs is not None
    own = np.array([song_of(name) for name in judge.briefs.songs])
    said = np.stack([critic.judge(own) for critic in judge.critics], axis=1)
    scores = scored(judge, Grids(own)).cases
    missing = np.maximum(judge.briefs.level - said, 0).sum(axis=1)
    np.testing.assert_allclose(np.diag(scores), -BELOW_SONGS * missing, atol=1e-6)
    pleasing = np.flatnonzero(missing < 0.05)
    assert len(pleasing) >= 6
    random = np.random.default_rng(1)
    for place in pleasing:
        assert scores[:, place].argmax() == place
        worse = np.array([corrupted(own[place], errors, random) for errors in (4, 8, 16, 32, 64)])
        wrong = scored(judge, Grids(worse)).cases[:, place]
        assert (wrong < scores[place, place]).all()
        assert wrong[-1] < wrong[0]


def test_silence_and_noise_and_all_keys_score_far_below_any_song() -> None:
    judge = fitness()
    songs = scored(judge, Grids(tunes())).cases
    assert (scored(judge, Grids(some_rolls()[-3:])).cases.max() < np.median(songs, axis=0)).all()


def test_a_copy_costs_each_token_beyond_those_that_are_free() -> None:
    song = fitness().briefs.songs[0]  # type: ignore[union-attr]
    batch = Grids(song_of(song)[None])
    longest = int(panel().known_songs().longest_runs(batch.notes)[0][0])
    assert longest > 20
    free = scored(fitness(), batch).total[0]
    for free_run in (0, 7, 20, longest - 1, longest, longest + 1):
        wanted = free - COPIED * max(longest - free_run, 0)
        assert scored(fitness(free_run=free_run), batch).total[0] == pytest.approx(wanted)
    shifted = Grids(np.roll(batch.notes, 8, axis=1))  # a bar later is a copy, too
    assert scored(fitness(free_run=7), shifted).total[0] < free - COPIED * 10


def test_chords_cost_beyond_those_of_the_brief() -> None:
    judge = fitness()
    song = song_of(judge.briefs.songs[0])  # type: ignore[union-attr]
    harmony = song.copy()
    places = np.flatnonzero(song.any(axis=1))
    lowest = song[places].argmax(axis=1) > 0
    harmony[places[lowest], 0] = True  # under the melody, which stays what it was
    one, two = scored(judge, Grids(np.array([song, harmony]))).total
    assert two < one - CHORDS * lowest.mean()


def test_what_critics_think_above_songs_counts_for_nothing() -> None:
    judge, rolls = fitness(), Grids(some_rolls())
    assert judge.briefs is not None
    before = scored(judge, rolls).cases
    judge.briefs.level[:] = -100.0  # every critic thinks more of everything
    distance_alone = scored(judge, rolls).cases
    judge.briefs.level[:] = -200.0
    assert scored(judge, rolls).cases.tobytes() == distance_alone.tobytes()
    assert (distance_alone >= before).all()
    assert (distance_alone > before + 0.5).any()


def test_there_is_a_case_a_brief_and_the_first_is_the_total() -> None:
    rolls = Grids(some_rolls())
    six, two = scored(fitness(6), rolls), scored(fitness(2), rolls)
    assert six.cases.shape == (len(rolls), 6)
    assert two.cases.tobytes() == np.ascontiguousarray(six.cases[:, :2]).tobytes()
    assert six.total.tobytes() == two.total.tobytes()


def test_without_briefs_the_score_is_what_the_critics_think_without_end() -> None:
    judge, rolls = fitness(pieces=0), some_rolls()
    assert judge.briefs is None
    scores = scored(judge, Grids(rolls))
    said = np.stack([critic.judge(rolls) for critic in panel().critics[:2]], axis=1)
    np.testing.assert_allclose(scores.cases, said, rtol=1e-6)
    np.testing.assert_allclose(scores.total, said.mean(axis=1), rtol=1e-12)
    # Not even a copy costs anything.
    assert scored(fitness(pieces=0, free_run=0), Grids(rolls)).total.tobytes() == (
        scores.total.tobytes()
    )


def test_the_held_out_critic_has_no_say_in_the_score() -> None:
    ears = panel()
    judge = fitness()
    assert judge.held_out is ears.critics[-1]
    assert all(critic is not judge.held_out for critic in judge.critics)
    before = scored(judge, Grids(some_rolls()))
    judge.held_out = few_panel().critics[0]
    judge.held_out_songs = np.zeros(1)
    after = scored(judge, Grids(some_rolls()))
    assert after.cases.tobytes() == before.cases.tobytes()


# Figures


def test_figures_say_what_critics_think_and_what_is_known() -> None:
    ears, judge, rolls = panel(), fitness(), some_rolls()
    unknown = ears.critics[-1].judge(ears.songs[ears.unknown(FOLDS - 1)])
    runs, nearest = ears.known_songs().longest_runs(rolls)
    for n, of in enumerate(judge.figures_of(rolls)):
        alone = rolls[n : n + 1]
        guides = [critic.judge(alone)[0] for critic in ears.critics[:-1]]
        held_out = ears.critics[-1].judge(alone)[0]
        assert of == {
            "critic": pytest.approx(np.mean(guides)),
            "held_out_critic": held_out,
            "held_out_percentile": round(100 * float((unknown < held_out).mean()), 1),
            "nearest_song": ears.names[nearest[n]] if runs[n] else "",
            "longest_run": runs[n],
        }
        figures = judge.figures(Grids(alone))
        assert figures == of | {"solved": False}
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_a_song_is_found_as_its_own_nearest_and_silence_is_near_to_none() -> None:
    silent, song = fitness().figures_of(np.array([np.zeros((STEPS, KEYS), np.bool_), tunes()[1]]))
    assert (silent["nearest_song"], silent["longest_run"]) == ("", 0)
    assert silent["held_out_percentile"] == 0
    assert song["nearest_song"] == "ode-to-joy"
    assert song["longest_run"] == tunes()[1].any(axis=1).sum() - 1


# Every kind of performer


def networks() -> Any:
    config = varied_config(PLAYER.inputs, PLAYER.keys, True)
    return from_neat_python(evolved(config, generations=1), config.genome_config, PLAYER)


def test_networks_play_by_themselves_without_a_prompt_and_are_judged_by_that() -> None:
    judge = fitness()
    batch = networks()
    played = judge.play(batch)
    assert played.shape == (len(batch), STEPS, KEYS)
    assert len({roll.tobytes() for roll in played}) > 10
    assert scored(judge, batch).cases.tobytes() == scored(judge, Grids(played)).cases.tobytes()
    assert judge.figures(batch.take([7])) == judge.figures(Grids(played[7:8]))


def test_networks_without_a_prompt_hear_the_silence_before_they_begin() -> None:
    judge = fitness()
    loud, quiet, echo = constant(PLAYER, 1.0), constant(PLAYER, -1.0), copies(PLAYER, 4)
    played = judge.play(joined([loud, quiet, echo]))
    assert played.mean(axis=(1, 2)).tolist() == [1, 0, 0]


@pytest.mark.parametrize("kind", ["grids", "networks"])
def test_an_individual_scores_the_same_to_the_bit_in_every_company(kind: str) -> None:
    judge = fitness(free_run=7)
    batch = Grids(some_rolls()) if kind == "grids" else networks()
    together = scored(judge, batch)
    order = np.random.default_rng(0).permutation(len(batch))
    shuffled = scored(judge, batch.take(order))
    assert shuffled.cases.tobytes() == together.cases[order].tobytes()
    assert shuffled.total.tobytes() == together.total[order].tobytes()
    for n in range(0, len(batch), 5):
        assert scored(judge, batch.take([n])).total[0] == together.total[n]


def test_it_scores_the_same_again_elsewhere_and_with_other_streams() -> None:
    judge, batch = fitness(free_run=7), Grids(some_rolls())
    assert judge.reusable is True
    first = scored(judge, batch)
    other = judge.evaluate(batch, Individuals(9, Role.EVALUATE, 8, range(len(batch))))
    assert other.cases.tobytes() == first.cases.tobytes()
    there = dill.loads(dill.dumps(judge))  # noqa: S301 - packed here
    assert scored(there, batch).cases.tobytes() == first.cases.tobytes()
    assert there.figures(batch.take([3])) == judge.figures(batch.take([3]))


def test_the_contexts_of_all_critics_stand_together_in_their_order() -> None:
    judge = fitness()
    together = Contexts.together([critic.contexts for critic in judge.critics])
    described = roll_features(tunes()[:3], together)
    for critic, rows in zip(judge.critics, described, strict=True):
        assert critic.judge_features(rows).tobytes() == critic.judge(tunes()[:3]).tobytes()
