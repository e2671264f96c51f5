"""Readers compute the same as a plain reference, in every batch, from the past alone."""

import json
import math
from typing import Any

import numpy as np
import pytest

from evo.fitness.next_step import NextStep, cross_entropies
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray
from genomes.errors import GenomeError
from genomes.reader.corpus import Corpus
from genomes.reader.counts import count_songs
from genomes.reader.pairs import LENGTHS, LEVELS, MOVED, RHYTHMS, step_symbols
from genomes.reader.player import EXACTLY, MODULO, NEAR, PRIORS, ReaderPlayer
from genomes.reader.readers import Readers

KEYS, STEPS = 5, 48
KINDS = [
    *(("melody", prior, moved) for prior in PRIORS for moved in (False, True)),
    *(("chords", prior, False) for prior in PRIORS),
]


def song(seed: int, chords: bool = False) -> BoolArray:
    """Return a song of notes and rests that repeats its beginning, a key higher at the end."""
    random = np.random.default_rng(seed)
    roll = np.zeros((STEPS, KEYS), np.bool_)
    struck = random.random(STEPS) < 0.6
    roll[struck, random.integers(0, KEYS - 1, STEPS)[struck]] = True
    roll[16:28] = roll[:12]
    roll[36:46] = np.roll(roll[:10], 1, axis=1)
    if chords:
        roll[4:9, 2] = True
    return roll


def batch(
    voices: str = "melody", prior: Any = "uniform", moved: bool = False, n: int = 3, **more: Any
) -> Readers:
    """Return readers with random weights that have learned three songs."""
    player = ReaderPlayer(
        KEYS, melody=voices == "melody", prior=prior, transposed=moved, **{"reach": 30} | more
    )
    songs = [song(seed, voices == "chords") for seed in range(3)]
    weights = 0.5 * np.random.default_rng(4).standard_normal((n, player.weights))
    return Readers(Corpus.of(player, songs), weights.astype(np.float32))


def suffix(first: Any, second: Any) -> int:
    """Return how many elements at the ends of two sequences are equal."""
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] == second[-1 - count]:
        count += 1
    return count


def moved_suffix(symbols: Any, step: int, then: int) -> tuple[int, int]:
    """Return the length and the interval of a transposed match, which begins with a note."""
    interval, length = 0, 0
    for back in range(1, then + 1):
        own, other = symbols[step - back], symbols[then - back]
        if own == other == KEYS:
            continue
        if KEYS in (own, other) or (length and own - other != interval):
            break
        interval, length = own - other, back
    return length, interval


def features(symbols: Any, rest: int, step: int, then: int, bar: int) -> list[float]:
    """Return the features of a pair of steps, by their definitions."""
    past, before = list(symbols[:step]), list(symbols[:then])
    length = suffix(past, before)
    rhythm = suffix([one != rest for one in past], [one != rest for one in before])
    distance, window = step - then, min(then, 16)
    pairs = [(past[-1 - i], before[-1 - i]) for i in range(window)]
    onsets = sum(own != rest or other != rest for own, other in pairs)
    hits = sum(own == other != rest for own, other in pairs)
    level = int((hits / onsets * window / 16 if onsets else 0.0) * (LEVELS - 1) + 0.5)
    share = level / (LEVELS - 1)
    return [
        *(length >= limit for limit in LENGTHS),
        *(rhythm >= limit for limit in RHYTHMS),
        *(distance % period == 0 for period in MODULO),
        *(distance == exactly for exactly in EXACTLY),
        distance < NEAR,
        math.log(distance) / 4,
        distance % bar == 0,
        distance == bar,
        share,
        share > 0.9,
    ]


def reference(readers: Readers, roll: BoolArray) -> FloatArray:
    """Return the probabilities of the first reader with a uniform prior, pair by pair."""
    player, weights = readers.player, readers.weights[0].astype(float)
    symbols = step_symbols(roll, player.melody).tolist()
    rest = KEYS if player.melody else 0
    shares = np.column_stack([roll, ~roll.any(axis=1)]) if player.melody else roll
    found = np.empty((len(roll), player.outputs))
    for step in range(len(roll)):
        prior = math.exp(weights[player.layout.memory])
        read = np.full(player.outputs, prior / (player.outputs if player.melody else KEYS + 1))
        total = prior
        for then in range(max(step - player.reach, 0), step):
            phi = features(symbols, rest, step, then, player.bar)
            weight = math.exp(np.dot(phi, weights[: len(phi)]))
            read, total = read + weight * shares[then], total + weight
            count, interval = moved_suffix(symbols, step, then)
            key = symbols[then] + (interval if symbols[then] != rest else 0)
            if player.transposed and count and interval and 0 <= key <= KEYS:
                if symbols[then] != rest and key == KEYS:
                    continue
                limits = sum(count >= limit for limit in MOVED)
                own = weights[player.layout.moved :][:limits].sum()
                near = len(LENGTHS) + len(RHYTHMS)
                weight = math.exp(own + np.dot(phi[near:-2], weights[near : len(phi) - 2]))
                read[key], total = read[key] + weight, total + weight
        found[step] = read / total
    return found


@pytest.mark.parametrize(("voices", "moved"), [("melody", False), ("melody", True), ("chords", 0)])
def test_probabilities_are_those_of_the_definition(voices: str, moved: bool) -> None:
    readers = batch(voices, moved=bool(moved))
    roll = song(7, voices == "chords")
    np.testing.assert_allclose(
        readers.probabilities([roll])[0][0], reference(readers, roll), rtol=2e-5, atol=1e-7
    )


@pytest.mark.parametrize(("voices", "prior", "moved"), KINDS)
def test_playing_alone_equals_following_what_was_played(
    voices: str, prior: str, moved: bool
) -> None:
    readers = batch(voices, prior, moved)
    played = readers.perform(song(8, voices == "chords")[:12], STEPS)
    for index, roll in enumerate(played):
        assert ((readers.take([index]).follow(roll)[0] > 0)[12:] == roll[12:]).all()


@pytest.mark.parametrize(("voices", "prior", "moved"), KINDS)
def test_readers_depend_on_the_past_and_their_own_weights_alone(
    voices: str, prior: str, moved: bool
) -> None:
    readers, roll = batch(voices, prior, moved), song(9, voices == "chords")
    whole = readers.probabilities([roll])[0]
    assert np.isfinite(whole).all()
    if voices == "melody":
        np.testing.assert_allclose(whole.sum(axis=2), 1.0, rtol=1e-5)
    assert readers.take([2, 0]).probabilities([roll])[0].tobytes() == whole[[2, 0]].tobytes()
    assert readers.probabilities([roll[:20]])[0].tobytes() == whole[:, :20].tobytes()
    other = roll.copy()
    other[30] = ~other[30]
    assert (readers.probabilities([other])[0][:, :31] == whole[:, :31]).all()
    again = Readers.from_arrays(readers.to_arrays())
    assert again.probabilities([roll])[0].tobytes() == whole.tobytes()


def test_a_learned_song_is_left_out_of_its_own_counts() -> None:
    songs = [song(seed) for seed in range(3)]
    for prior in ("frequencies", "contexts"):
        player = ReaderPlayer(KEYS, prior=prior)
        weights = np.full((1, player.weights), 0.3, np.float32)
        whole = Readers(Corpus.of(player, [*songs, songs[0]]), weights)
        without = Readers(Corpus.of(player, songs[1:]), weights)
        np.testing.assert_allclose(
            whole.probabilities([songs[0]])[0], without.probabilities([songs[0]])[0], rtol=1e-5
        )
        other = song(5)
        assert (whole.probabilities([other])[0] != without.probabilities([other])[0]).any()
    chords = [song(seed, True) for seed in range(3)]
    player = ReaderPlayer(KEYS, melody=False, prior="frequencies")
    known = Corpus.of(player, chords).known(chords[0]).expected
    assert (known == Corpus.of(player, chords[1:]).known(chords[0]).expected).all()


def test_counts_are_of_what_followed_each_context() -> None:
    symbols = np.array([0, 1, 0, 1, 0, 2], np.int64)
    table = count_songs([symbols], 4, 8)
    kind = 2  # the last symbol
    first, end = table.kinds[kind], table.kinds[kind + 1]
    found = {
        int(context): dict(
            zip(
                table.symbol[table.offsets[i] : table.offsets[i + 1]].tolist(),
                table.counted[table.offsets[i] : table.offsets[i + 1]].tolist(),
                strict=True,
            )
        )
        for i, context in zip(range(first, end), table.contexts[first:end], strict=True)
    }
    assert found == {0: {1: 2.0, 2: 1.0}, 1: {0: 2.0}, 5: {0: 1.0}}


def test_transposed_melodies_are_read_in_their_own_key() -> None:
    player = ReaderPlayer(8, transposed=True)
    weights = np.zeros((1, player.weights), np.float32)
    for name in ("transposed keys 3", "transposed keys 4"):
        weights[0, player.names.index(name)] = 8.0
    weights[0, player.names.index("prior")] = -20.0
    theme = np.array([0, 2, 1, 4, 3, 5])
    roll = np.eye(8, dtype=np.bool_)[np.concatenate([theme, theme + 2])]
    follows = Readers(Corpus.of(player), weights).follow(roll)[0] > 0
    assert (follows[10:] == roll[10:]).all()


def test_the_cross_entropy_is_that_of_the_probabilities() -> None:
    readers = batch(prior="contexts")
    songs = [Song(song(seed), name=f"song {seed}") for seed in (11, 12)]
    bits = cross_entropies(readers, songs, 8)
    for index, one in enumerate(songs):
        chances = readers.probabilities([one.onsets])[0]
        target = np.column_stack([one.onsets, ~one.onsets.any(axis=1)])
        own = -np.log2(chances[:, target])[:, 8:].mean(axis=1)
        np.testing.assert_allclose(bits[:, index], own, rtol=1e-6)
    assert len(NextStep(songs).corpus()) == 2


def test_the_shares_that_are_drawn_are_what_is_read() -> None:
    readers, roll = batch(reach=STEPS), song(6)
    shares = readers.read_weights(roll)
    assert readers.read_distances == tuple(range(1, STEPS + 1))
    chances, target = readers.probabilities([roll])[0][0], np.column_stack([roll, ~roll.any(1)])
    for step in range(STEPS):
        read = target[step - 1 :: -1].T @ shares[step, :step] if step else np.zeros(KEYS + 1)
        prior = (1.0 - shares[step].sum()) / (KEYS + 1)
        np.testing.assert_allclose(read + prior, chances[step], rtol=1e-4, atol=1e-6)


def test_a_price_ends_literal_copies_and_a_temperature_varies() -> None:
    player = ReaderPlayer(KEYS, copy_price=0.0)
    weights = np.zeros((1, player.weights), np.float32)
    weights[0, player.names.index("keys 4")] = 12.0
    prompt = np.zeros((16, KEYS), np.bool_)
    prompt[np.arange(16), [0, 1, 2, 3, 4, 3, 1, 0] * 2] = True

    def copied(**more: Any) -> int:
        played = Readers(Corpus.of(ReaderPlayer(KEYS, **more)), weights).perform(
            prompt, 160, [np.random.default_rng(3)], 1.0
        )[0]
        return int((played[8:] == played[:-8]).all(axis=1).sum())

    free = copied(copy_price=0.0)
    assert free == 152
    assert copied(copy_price=1.0, copy_steps=16) < free
    assert copied(copy_price=0.0, memory_temperature=20.0) < free


def test_readers_play_from_nothing_the_same_for_the_same_streams() -> None:
    readers = batch(prior="contexts", moved=True)
    none = np.zeros((0, KEYS), np.bool_)

    def play() -> BoolArray:
        streams = [np.random.default_rng(seed) for seed in range(3)]
        return readers.perform(none, STEPS, streams, 0.8)

    assert play().tobytes() == play().tobytes()
    assert play().any()


def test_a_diverged_reader_fails_alone() -> None:
    readers = batch(prior="contexts")
    weights = readers.weights.copy()
    weights[1] = np.nan
    found = Readers(readers.corpus, weights).probabilities([song(3)])[0]
    assert np.isnan(found[1]).any()
    assert found[[0, 2]].tobytes() == readers.probabilities([song(3)])[0][[0, 2]].tobytes()
    Readers(readers.corpus, weights).perform(song(3)[:4], 12)


def test_an_exported_reader_has_its_weights_by_name() -> None:
    files = batch(prior="contexts", n=1).export({"generation": 3})
    document = json.loads(files["reader.json"])
    assert document["weights"]["keys 4"] == pytest.approx(batch().weights[0, 3], abs=1e-6)
    assert (document["learned_songs"], document["metadata"]) == (3, {"generation": 3})
    assert len(document["weights"]) == len(set(batch(prior="contexts").player.names))
    assert b"keys 4 " in files["reader.txt"]
    with pytest.raises(ValueError, match="one reader is exported at a time, got 3"):
        batch().export({})


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("weights", lambda array: array[:, 1:], "weights must be float32"),
        ("weights", lambda array: array.astype(float), "weights must be float32"),
        ("songs", lambda array: array[:, 1:], "songs must be bool"),
        ("songs", lambda array: array[1:], "song_offsets must rise from 0 to all"),
        ("song_offsets", lambda array: array[::-1].copy(), "song_offsets must rise"),
        ("song_offsets", lambda array: array[:0], "song_offsets must rise"),
        ("reader", lambda array: array[:-1], "reader must be int64"),
        ("reader", lambda array: array - 1, "must be"),
        ("reader", lambda array: array * 0, "must be at least 1"),
        (
            "reader",
            lambda array: array + np.array([0, 0, 0, 2, 0, 0, 0, 0, 0]),
            "melody must be 0 or 1",
        ),
        (
            "reader",
            lambda array: array + np.array([0, 0, 0, 0, 9, 0, 0, 0, 0]),
            "there is no prior 9",
        ),
        ("reader", lambda array: array + np.array([0, 0, 1, 0, 0, 0, 0, 0, 0]), "planes must be"),
        (
            "reader",
            lambda array: array + np.array([0, 0, 0, 0, 0, 0, 1 << 40, 0, 0]),
            "reach must be",
        ),
        ("reader", lambda array: array + np.array([0, 0, 0, 0, 0, 0, 0, 0, 1]), "forms must be"),
        ("playing", lambda array: array * np.nan, "copy_price must be"),
        ("playing", lambda array: array * 0, "memory_temperature must be"),
    ],
)
def test_arrays_that_are_no_readers_are_refused(name: str, change: Any, words: str) -> None:
    arrays = batch().to_arrays()
    arrays[name] = change(arrays[name])
    with pytest.raises(GenomeError, match=words):
        Readers.from_arrays(arrays)
    del arrays[name]
    with pytest.raises(GenomeError, match=f"the arrays lack {name}"):
        Readers.from_arrays(arrays)


def test_songs_and_players_that_do_not_fit_are_refused() -> None:
    with pytest.raises(GenomeError, match="songs must have 5 channels"):
        Corpus.of(ReaderPlayer(KEYS), [np.zeros((4, 3), np.bool_)])
    for values, words in (
        ({"planes": 2}, "planes must be 1, or 2"),
        ({"planes": 2, "keys": 6}, "planes must be 1 for a melody"),
        ({"melody": False, "transposed": True}, "transposed must be False"),
        ({"prior": "mine"}, "prior must be one of"),
    ):
        with pytest.raises(GenomeError, match=words):
            ReaderPlayer(**{"keys": KEYS} | values)
    with pytest.raises(ValueError, match="cannot improvise"):
        batch().improvising()
