"""HistoryUsers that read by content compute the reference, of which others are special cases."""

from typing import Any

import history_user_reference as reference
import numpy as np
import pytest

from genomes.arrays import BoolArray
from genomes.history_user.content import QUERY, QUERY_ROWS
from genomes.history_user.initial import first_query
from genomes.history_user.networks import HistoryUsers, Shape, delayed
from genomes.history_user.past import past_of
from genomes.reader.corpus import Corpus
from genomes.reader.player import ReaderPlayer
from genomes.reader.readers import Readers

KEYS = 5
BOTH = pytest.mark.parametrize("architecture", ["content", "content-melody"])
FAR = 60.0  # of an exponent: everything else weighs nothing


def song(seed: int, steps: int = 72, chords: bool = False) -> BoolArray:
    """Return a song of notes and rests that repeats its beginning."""
    random = np.random.default_rng(seed)
    roll = np.zeros((steps, KEYS), np.bool_)
    struck = random.random(steps) < 0.6
    roll[struck, random.integers(0, KEYS, steps)[struck]] = True
    roll[20:32] = roll[:12]
    roll[steps - 36 :] = roll[: min(36, steps - 36)]
    if chords:
        roll[4:9, 2] = True
    return roll


def users(architecture: Any, n: int = 1, lags: Any = (0, 3, 8), **more: Any) -> HistoryUsers:
    shape = Shape(KEYS, 0, (6,), lags, architecture, **more)
    return HistoryUsers.initial(shape, np.random.default_rng(1), n, scale=2.0)


def fixed(architecture: Any, **biases: Any) -> HistoryUsers:
    """Return a user whose query and scores do not change, but for these biases."""
    one = users(architecture)
    for name in ("query_weights", "query_bias", "read_weights", "read_bias"):
        one.parts()[name][:] = biases.get(name, 0)
    return one


@BOTH
def test_long_matches_chords_and_sequences_side_by_side_are_the_references(
    architecture: Any,
) -> None:
    batch = users(architecture, 2)
    songs = [song(seed, chords=seed % 2 > 0) for seed in range(18)]
    inputs = np.stack([delayed(one)[0, 0] for one in songs])[None]
    outputs, shares = batch.forward(inputs), batch.attention(inputs, first_step=70)
    assert shares.shape == (2, 18, 2, 512)
    for i, sequence in ((0, 3), (1, 17)):
        views = batch.shape.views(batch.weights[i])
        wanted = reference.forward(batch.shape, views, inputs[0, sequence])
        np.testing.assert_allclose(outputs[i, sequence], wanted, atol=1e-5)
    wanted = reference.attention(batch.shape, views, inputs[0, 17])[70:]
    np.testing.assert_allclose(shares[1, 17], wanted, atol=1e-5)
    if batch.shape.melody:
        np.testing.assert_allclose(outputs.sum(axis=3), 1, atol=1e-5)


@BOTH
def test_reading_at_a_lag_alone_is_a_special_case(architecture: Any) -> None:
    query = np.where(np.arange(QUERY) == QUERY - 1, -FAR, 0)
    reads = fixed(architecture, query_bias=query, read_bias=[0, FAR, 0])
    roll = song(2)
    outputs = reads.forward(roll[None, None].astype(np.float32))[0, 0]
    np.testing.assert_allclose(outputs[3:, :KEYS], roll[:-3], atol=1e-6)
    reading = reads.reading(roll[None, None].astype(np.float32), first_step=3)
    assert (reading.lag == 3).all()


@pytest.mark.parametrize(("architecture", "alone"), [("content", "lstm"), ("content-melody", None)])
def test_the_lstm_alone_is_a_special_case(architecture: Any, alone: Any) -> None:
    query = np.where(np.arange(QUERY) == QUERY - 1, FAR, 0)
    mixed = fixed(architecture, query_bias=query)
    outputs = mixed.forward(delayed(song(3)))
    if alone is None:  # a softmax of the same units
        shape = Shape(KEYS + 1, KEYS + 1, (6,), (1,), "lstm")
        grid = np.pad(delayed(song(3)), [(0, 0)] * 3 + [(0, 1)])
    else:
        shape, grid = Shape(KEYS, 0, (6,), (1,), "lstm"), delayed(song(3))
    lstm = HistoryUsers(shape, np.zeros((1, shape.weights), np.float32))
    for name, own in lstm.parts().items():
        own[:, : mixed.parts()[name].shape[1]] = mixed.parts()[name]
    wanted = lstm.forward(grid)
    if alone is None:
        odds = wanted / (1 - wanted)
        wanted = odds / odds.sum(axis=3, keepdims=True)
    np.testing.assert_allclose(outputs, wanted, atol=2e-5)


@BOTH
def test_a_reader_by_content_is_a_special_case(architecture: Any) -> None:
    """The reader predicts step t + 1 of what the user has as input up to step t."""
    player = ReaderPlayer(KEYS, bar=512, melody=architecture == "content-melody")
    weights = np.random.default_rng(4).normal(size=player.weights).astype(np.float32)
    reader = Readers(Corpus.of(player), weights[None])
    names = list(player.names)
    kept = [names.index(name) for name in names if name not in ("whole bars", "one bar")][:QUERY]
    ordered = weights[kept]  # both have the features in the same order
    assert [names[index] for index in kept[-3:]] == ["agreement", "agreement above 0.9", "prior"]
    user = fixed(architecture, query_bias=ordered)
    user.parts()["output_weights"][:] = 0
    user.parts()["output_bias"][:] = weights[-user.shape.outputs :]
    roll = song(5)
    wanted = reader.probabilities([roll])[0][0, 1:]
    outputs = user.forward(roll[None, None].astype(np.float32))[0, 0, :-1]
    np.testing.assert_allclose(outputs, wanted, atol=1e-5)


@BOTH
def test_a_piece_longer_than_the_reach_is_played_as_it_is_followed(architecture: Any) -> None:
    batch = users(architecture, 2, lags=(0, 511))
    played = batch.perform(song(6), 530)
    assert (batch.follow(played[1])[1] > 0)[72:].tolist() == played[1, 72:].tolist()
    inputs = np.concatenate([delayed(played[1])] * 17, axis=1)
    side_by_side, alone = batch.forward(inputs), batch.forward(inputs[:, :1])
    assert side_by_side[:, :1].tobytes() == alone.tobytes()
    shares = batch.read_weights(played[0])
    assert shares.shape == (530, 128)
    assert batch.read_distances == tuple(range(1, 129))
    assert (shares.sum(axis=1) < 1).all()


def test_the_memory_is_used_from_the_start() -> None:
    """A phrase that comes again is expected after its first notes, whatever the other weights."""
    shape = Shape(KEYS, 0, (6,), (0, 3, 8), "content-melody")
    batch = HistoryUsers.initial(shape, np.random.default_rng(1), 8)
    roll = np.tile(np.eye(KEYS, dtype=bool)[[0, 3, 1, 4, 2, 2, 0, 1]], (3, 1))
    chances = batch.probabilities([roll])[0]
    expected = chances[:, np.arange(len(roll)), roll.argmax(axis=1)]
    assert expected[:, 16:].min() > 0.6
    assert (first_query()[QUERY_ROWS["keys"]] > 0).all()


def test_what_is_known_of_a_song_is_the_same_however_often_it_is_asked_for() -> None:
    inputs = delayed(song(7))[0]
    first, again = past_of(inputs, KEYS, True)[0], past_of(inputs, KEYS, True)[0]
    first.match[:] = 0  # what a kernel gets is its own
    assert again.match.any()
    assert past_of(inputs, KEYS, True)[0].match.tobytes() == again.match.tobytes()
    assert past_of(inputs, KEYS, False)[0].sounds.shape[2] == KEYS
