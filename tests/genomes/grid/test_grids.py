"""Note grids as performers: they play their own notes for any inputs."""

import numpy as np
import pytest

from genomes.errors import GenomeError
from genomes.grid.grids import Grids

RANDOM = np.random.default_rng(1)


def some(n: int = 3, steps: int = 10, keys: int = 4) -> Grids:
    return Grids(RANDOM.random((n, steps, keys)) < 0.3)


def streams(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng(i) for i in range(n)]


@pytest.mark.parametrize("heard", [0, 6, 10, 14])
def test_a_grid_follows_with_its_own_notes_and_is_silent_past_its_end(heard: int) -> None:
    grids = some()
    said = grids.follow(np.ones((heard, 4), np.bool_))
    assert said.dtype == np.float32
    assert said.shape == (3, heard, 4)
    assert set(np.unique(said)) <= {-1.0, 1.0}
    np.testing.assert_array_equal(said[:, :10] > 0, grids.notes[:, :heard])
    assert (said[:, 10:] == -1).all()


@pytest.mark.parametrize("steps", [4, 10, 13])
def test_a_grid_performs_the_prompt_and_then_its_own_rows(steps: int) -> None:
    grids = some()
    for prompt in (RANDOM.random((4, 4)) < 0.5, RANDOM.random((3, 4, 4)) < 0.5):
        played = grids.perform(prompt, steps)
        assert played.dtype == np.bool_
        assert played.shape == (3, steps, 4)
        np.testing.assert_array_equal(played[:, :4], np.broadcast_to(prompt, (3, 4, 4)))
        np.testing.assert_array_equal(played[:, 4:10], grids.notes[:, 4:steps])
        assert not played[:, 10:].any()


def test_a_prompt_longer_than_the_grid_is_followed_by_silence() -> None:
    played = some().perform(np.ones((12, 4), np.bool_), 15)
    assert played[:, :12].all()
    assert not played[:, 12:].any()


def test_at_a_temperature_a_key_sounds_as_likely_as_the_contract_says() -> None:
    notes = np.zeros((1, 5000, 2), np.bool_)
    notes[:, :, 0] = True
    played = Grids(notes).perform(np.zeros((0, 2), np.bool_), 5000, streams(1), 0.5)
    sounding = 1 / (1 + np.exp(-2))
    assert abs(played[0, :, 0].mean() - sounding) < 0.02
    assert abs(played[0, :, 1].mean() - (1 - sounding)) < 0.02


def test_chance_comes_from_the_individuals_own_stream_and_spares_the_prompt() -> None:
    grids = some(4)
    prompt = RANDOM.random((3, 4)) < 0.5
    together = grids.perform(prompt, 10, streams(4), 1.0)
    assert (together[:, :3] == prompt).all()
    for i in range(4):
        alone = grids.take([i]).perform(prompt, 10, streams(4)[i : i + 1], 1.0)
        np.testing.assert_array_equal(alone[0], together[i])
    tiny = grids.perform(prompt, 10, streams(4), 1e-9)
    np.testing.assert_array_equal(tiny, grids.perform(prompt, 10))


def test_the_individuals_taken_are_those_asked_for_in_that_order() -> None:
    grids = some(6)
    for places in ([], [4], [1, 2, 3], [3, 1, 1], [-1, 0], [5, 4, 3], [0, 1, 2, 3, 4, 5]):
        taken = grids.take(places)
        assert len(taken) == len(places)
        np.testing.assert_array_equal(taken.notes, grids.notes[np.array(places, np.int64)])
    with pytest.raises(IndexError):
        grids.take([6])


def test_arrays_describe_a_batch_whole() -> None:
    grids = some()
    again = Grids.from_arrays(grids.to_arrays())
    np.testing.assert_array_equal(again.notes, grids.notes)
    assert (len(again), again.steps, again.keys) == (3, 10, 4)


@pytest.mark.parametrize("notes", [
    np.zeros((3, 10), np.bool_), np.zeros((3, 10, 4), np.uint8), np.zeros((1, 3, 10, 4), np.bool_),
], ids=str)  # fmt: skip
def test_arrays_that_are_no_grids_are_refused(notes: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"notes must be bool \(n, steps, keys\), got") as caught:
        Grids.from_arrays({"notes": notes})
    assert str(notes.shape) in str(caught.value)


def test_music_of_another_instrument_is_refused() -> None:
    grids = some()
    wrong = np.zeros((8, 5), np.bool_)
    with pytest.raises(ValueError, match=r"grid must be \(steps, 4\), got \(8, 5\)"):
        grids.follow(wrong)
    with pytest.raises(ValueError, match=r"prompt must be \(.., steps, 4\), got \(8, 5\)"):
        grids.perform(wrong, 10)
    with pytest.raises(ValueError, match="one for all"):
        grids.perform(np.zeros((2, 8, 4), np.bool_), 10)
    with pytest.raises(ValueError, match="steps"):
        grids.perform(np.zeros((8, 4), np.bool_), 7)
    with pytest.raises(ValueError, match="random stream"):
        grids.perform(np.zeros((8, 4), np.bool_), 9, temperature=0.5)


def test_grids_are_refused_with_an_error_of_their_own() -> None:
    bytes_of_two = np.full((1, 8, 4), 2, np.uint8).view(np.bool_)
    for arrays, words in (
        ({}, "the arrays lack notes"),
        ({"notes": np.zeros((1, 8, 4))}, "notes must be bool"),
        ({"notes": bytes_of_two}, "notes must be 0 or 1"),
    ):
        with pytest.raises(GenomeError, match=words):
            Grids.from_arrays(arrays)
    with pytest.raises(GenomeError, match="notes must be bool"):
        Grids([[[True]]])
