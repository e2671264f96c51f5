"""Lengths of notes: learned from songs, described, and compared with those of a brief's song."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from critics import few_panel

from evo.core.seeds import Individuals, Role
from evo.fitness.critic.briefs import LENGTHS, PleaseCritics
from evo.fitness.critic.contexts import COMMON_TIME
from evo.fitness.critic.lengths import NAMES, LengthModel, rings, settled
from evo.fitness.critic.panel import FOLDS, Panel
from evo.music.planes import connected, notes_of, planes_of, until_next
from genomes.arrays import BoolArray
from genomes.grid.grids import Grids

BAR = COMMON_TIME.steps  # 8 steps, a beat of 2


def rolls_of(*songs: list[tuple[int, int, int]], steps: int = 32, keys: int = 5) -> BoolArray:
    """Return rolls of notes (first step, release, key): bool (n, steps, 2 * keys)."""
    return np.array([np.hstack(planes_of(song, steps, keys)) for song in songs])


def one(roll: BoolArray, is_ringing: bool = True) -> dict[str, float]:
    """Return the numbers of a roll by a model of this roll."""
    model = LengthModel.of(roll, COMMON_TIME, is_ringing)
    return dict(zip(NAMES, model.describe(roll)[0].tolist(), strict=True))


def lasting_panel() -> Panel:
    """Return a panel whose notes last until the next onset, but for every seventh."""
    panel = few_panel()
    planes = []
    for onsets in panel.songs:
        sounding = until_next(onsets, BAR)
        for first, release, key in notes_of(onsets, sounding)[::7]:
            sounding[first + 1 : release, key] = False
        planes.append(sounding)
    return replace(panel, sounding=np.array(planes))


def scored(fitness: PleaseCritics, performers: Any) -> Any:
    return fitness.evaluate(performers, Individuals(1, Role.EVALUATE, 0, range(len(performers))))


def test_notes_are_settled_as_songs_play_them() -> None:
    rolls = np.random.default_rng(1).random((20, 24, 10)) < 0.3
    before = rolls.copy()
    ringing, alone = settled(rolls, True), settled(rolls, False)
    assert (rolls == before).all()
    for roll, one_ringing, one_alone in zip(rolls, ringing, alone, strict=True):
        onsets, sounding = roll[:, :5], connected(roll[:, :5], roll[:, 5:])
        assert (one_ringing == np.hstack([onsets, sounding])).all()
        later = until_next(onsets, 24)  # no note goes on after the next onset
        assert (one_alone == np.hstack([onsets, sounding & later])).all()


def test_a_piece_is_described_by_the_lengths_of_its_notes() -> None:
    #        until the next, before it, on the bar line before it, beyond it, the last
    song = [(0, 2, 1), (2, 3, 2), (4, 6, 1), (8, 13, 3), (12, 14, 0), (14, 18, 1)]
    found = one(rolls_of(song, steps=24))
    lengths = np.array([2, 1, 2, 5, 2, 4])
    assert found["length"] == lengths.mean() / 2
    assert found["spread of lengths"] == pytest.approx(lengths.std() / 2)
    assert found["ends before the next onset"] == 3 / 6  # the last note, too
    assert found["rings on"] == 1 / 6
    assert found["steps that sound"] == (3 + 2 + 10) / 24
    assert found["voices"] == 16 / 15
    assert found["half a beat or more"] == 1 / 6
    assert found["a beat"] == 3 / 6
    assert found["more than a beat"] == 0
    assert found["two beats or more"] == 2 / 6
    assert found["rest"] == (1 + 2) / 2 / 2
    assert found["rests up to a bar line"] == 1 / 2
    assert found["last length"] == 4 / 8
    nothing = one(rolls_of([], steps=24))
    assert set(nothing.values()) == {0.0, 1.0}


def test_a_length_is_as_surprising_as_it_is_rare_in_its_context() -> None:
    """Quarters on the beat last, but at the end of a bar they stop short."""
    song = [(step, step + (1 if step % BAR == 6 else 2), 1) for step in range(0, 32, 2)]
    model = LengthModel.of(rolls_of(*[song] * 20), COMMON_TIME, False)
    np.testing.assert_allclose((2.0**-model.surprise).sum(axis=3), 1.0)
    wrong = [(step, step + 2, 1) for step in range(0, 32, 2)]
    known, other = model.describe(rolls_of(song, wrong))
    assert known[0] < 0.1
    assert other[0] > 1.0
    assert known[NAMES.index("lengths as before")] == other[-1] == 1.0
    assert (
        model.describe(rolls_of([(0, 2, 1), (8, 9, 1), (16, 18, 1), (24, 26, 1)]))[0, -1] == 1 / 3
    )


def test_songs_ring_if_more_than_a_few_notes_go_on() -> None:
    song = [(step, step + 2, step % 5) for step in range(0, 32, 2)]
    assert not rings(rolls_of(song))
    assert not rings(rolls_of(*[song] * 4, [(0, 3, 0), *song[1:]]))
    assert rings(rolls_of([(0, 3, 0), *song[1:]]))


def test_lengths_cost_their_distance_to_those_of_the_briefs_song() -> None:
    panel = lasting_panel()
    judge, silent = (panel.fitness(4, 1, 7, durations) for durations in (True, False))
    assert judge.lengths is not None
    assert judge.briefs is not None
    songs = [panel.names.index(name) for name in judge.briefs.songs]
    own = np.concatenate([panel.songs[songs], panel.sounding[songs]], axis=2)  # type: ignore[index]
    costs = judge.lengths.costs(own)
    assert np.abs(costs.diagonal()).max() < 1e-12
    short = np.concatenate([panel.songs[songs]] * 2, axis=2)  # every note lasts a step
    far = judge.lengths.costs(short)
    assert (far > np.maximum(costs, 0.1)).all()

    with_lengths, without = scored(judge, Grids(short)), scored(silent, Grids(panel.songs[songs]))
    np.testing.assert_allclose(with_lengths.cases, without.cases - far)
    assert LENGTHS == 1.0
    # A piece with the onsets alone is judged as ever, and the same in any batch.
    for index in range(len(short)):
        alone = scored(judge, Grids(short[index : index + 1]))
        assert alone.cases.tobytes() == with_lengths.cases[index].tobytes()
    figures = judge.figures_of(judge.play(Grids(own)))[0]
    assert 0.0 < figures["sounding"] < 1.0
    assert figures["rings_on"] == 0.0


def test_without_briefs_lengths_are_compared_with_the_songs_mean() -> None:
    panel = lasting_panel()
    judge, silent = (panel.fitness(0, 1, 7, durations) for durations in (True, False))
    assert judge.lengths is not None
    rolls = np.concatenate([panel.songs, panel.sounding], axis=2)  # type: ignore[list-item]
    scores, onsets = scored(judge, Grids(rolls)), scored(silent, Grids(panel.songs))
    costs = judge.lengths.costs(rolls)
    np.testing.assert_allclose(scores.total, onsets.total - costs[:, 0])
    np.testing.assert_allclose(scores.cases, np.hstack([onsets.cases, -costs]))


def test_no_model_for_a_brief_knows_its_song() -> None:
    panel = lasting_panel()
    assert panel.sounding is not None
    briefs = panel.length_briefs(4, 1)
    rolls = settled(np.concatenate([panel.songs, panel.sounding], axis=2), False)
    for fold in range(FOLDS):
        model = (*briefs.models, briefs.held_out)[fold]
        expected = LengthModel.of(rolls[panel.fold != fold], panel.bars, False)
        assert (model.surprise == expected.surprise).all()
    with pytest.raises(ValueError, match="know no lengths of notes; train others with --durations"):
        few_panel().fitness(1, 1, 7, durations=True)


def test_lengths_are_saved_with_the_critics_and_damage_is_refused() -> None:
    panel = lasting_panel()
    arrays = panel.to_arrays()
    again = Panel.from_arrays(arrays)
    assert (again.sounding == panel.sounding).all()
    assert Panel.from_arrays(few_panel().to_arrays()).sounding is None
    assert "sounding" not in few_panel().to_arrays()
    for plane in (~arrays["sounding"], arrays["sounding"][:, 1:], arrays["sounding"] * 1.0):
        with pytest.raises(ValueError, match="sounding must"):
            Panel.from_arrays(arrays | {"sounding": plane})
