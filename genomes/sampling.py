"""Play by chance: probabilities of keys, calibrated on songs, and a limit of notes at once.

A key's activation decides whether it sounds, but it is no probability: the sigmoid of a memorised
song's margins would add a wrong note to every other step. After one, a network reads a past that it
never learned, and its activations mean little. So a key's log-odds are

    slope * activation / temperature + offset

where the offset has the song's own frequencies: of the key, and of onsets at the position in the
bar. A low temperature gives the network's decision, a high one notes in the key and the rhythm of
the song. The slope is the trust in activations. It is found by logistic regression on
pasts that the performer played itself (calibration as in J. C. Platt, "Probabilistic Outputs for
Support Vector Machines", 1999).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, FloatArray
from genomes.kernels import device, kernel
from genomes.randomness import sounding_chance

_ROUNDS = 100  # Newton's method converges in about ten
_SMALLEST, _CLOSE = 1e-12, 1e-9
_HIGHEST = 1e6  # slope
_RARE = 0.002  # share of bars with an onset at a position that has none
_UNUSED = 0.1  # notes of a key that a song never uses
_SELF_PLAYED, _BALANCED = 3, 6  # rounds of fitting the slope, and of moving the offsets
_CALIBRATED = 8  # songs in each round


class Sampling(NamedTuple):
    """How activations become notes above temperature 0.

    Attributes:
        slope: Log-odds per unit of activation, at temperature 1.
        offset: Float64 (period, channels), log-odds at an activation of 0. Row `step % period` is
            that of a step; a single column is that of all channels.
        most: Maximum number of notes that begin together; 0 for any. The highest log-odds stay.
        keys: Number of first channels, the onsets, that `most` counts; 0 for all. A channel after
            them sounds from an onset of its key on, and goes on with the probability drawn.
        centre: Activation at which the offset alone decides.
    """

    slope: float
    offset: FloatArray
    most: int = 0
    keys: int = 0
    centre: float = 0.0


PLAIN = Sampling(1.0, np.zeros((1, 1)))


@device
def sample_keys(
    activations: NDArray[np.floating[Any]],
    temperature: float,
    sampling: Sampling,
    step: int,
    chances: FloatArray,
    row: BoolArray,
    before: BoolArray,
) -> None:
    """Draw the keys that sound at a step.

    Args:
        activations: (channels,), the activation of every key; overwritten with log-odds.
        temperature: Sampling temperature, above 0.
        sampling: How activations become probabilities.
        step: The step.
        chances: Float64 (channels,), uniform random numbers.
        row: Bool (channels,), overwritten.
        before: Bool (channels,), the row of the step before.
    """
    offsets = sampling.offset[step % len(sampling.offset)]
    for key in range(len(activations)):
        offset = offsets[min(key, len(offsets) - 1)]
        distance = activations[key] - sampling.centre
        activations[key] = sampling.slope * distance / temperature + offset
        row[key] = chances[key] < sounding_chance(activations[key], 1.0)
    counted = sampling.keys if sampling.keys > 0 else len(activations)
    sounding = 0
    for key in range(counted):
        sounding += row[key]
    while sounding > sampling.most > 0:
        lowest = -1
        for key in range(counted):
            if row[key] and (lowest < 0 or activations[key] < activations[lowest]):
                lowest = key
        row[lowest] = False
        sounding -= 1
    for channel in range(counted, len(activations)):
        row[channel] = row[channel - counted] or (row[channel] and before[channel])


@kernel
def sample_rows(
    activations: FloatArray,
    temperature: float,
    sampling: Sampling,
    chances: FloatArray,
    first: int,
    played: BoolArray,
) -> None:
    """Draw the keys that sound at every step from the first.

    Args:
        activations: Float64 (n, steps, keys); overwritten.
        temperature: Sampling temperature, above 0.
        sampling: How activations become probabilities.
        chances: Float64 (n, steps, keys), uniform random numbers.
        first: The first step to draw.
        played: Bool (n, steps, keys); written to.
    """
    for i in range(len(played)):
        for step in range(first, played.shape[1]):
            row, before = played[i, step], played[i, max(step - 1, 0)]
            sample_keys(
                activations[i, step], temperature, sampling, step, chances[i, step], row, before
            )


def trust(activations: FloatArray, offsets: FloatArray, target: BoolArray) -> tuple[float, float]:
    """Return slope and centre of log-odds, by logistic regression with given offsets.

    Args:
        activations: Float64 (cells,).
        offsets: Float64 (cells,), the log-odds without an activation.
        target: Bool (cells,), whether each sounds.

    Returns:
        The slope, 0 to `_HIGHEST`, and the mean activation; an intercept is dropped.
    """
    values = np.where(np.isfinite(activations), activations, 0.0)
    spread = max(float(values.std()), _SMALLEST)
    scaled = (values - values.mean()) / spread
    slope = intercept = 0.0
    for _ in range(_ROUNDS):
        log_odds = np.clip(slope * scaled + intercept + offsets, -40.0, 40.0)
        chances = 1.0 / (1.0 + np.exp(-log_odds))
        errors, weights = chances - target, chances * (1.0 - chances) + _SMALLEST
        first = np.array([(errors * scaled).sum() + slope, errors.sum()])  # a normal prior of slope
        cross = (weights * scaled).sum()
        second = np.array([[(weights * scaled**2).sum() + 1.0, cross], [cross, weights.sum()]])
        change = np.linalg.solve(second, first)
        change *= min(1.0, 2.0 / float(np.abs(change).max() + _SMALLEST))
        slope, intercept = slope - float(change[0]), intercept - float(change[1])
        if np.abs(change).max() < _CLOSE:
            break
    return min(max(slope / spread, 0.0), _HIGHEST), float(values.mean())


def frequencies(rolls: Sequence[BoolArray], keys: int, bar: int) -> FloatArray:
    """Return the log-odds of every channel at every position of the bar, in some songs.

    Args:
        rolls: Bool (steps, channels) of each song.
        keys: Number of keys; with durations the rolls have twice as many channels.
        bar: Steps per bar.

    Returns:
        Float64 (bar, channels).
    """
    everything = np.concatenate(rolls)
    position = np.concatenate([np.arange(len(roll)) % bar for roll in rolls])
    attacks = everything[:, :keys].any(axis=1)
    at = np.bincount(position, minlength=bar) + 1.0
    rhythm = (np.bincount(position, attacks, minlength=bar) + attacks.mean()) / at
    # Keys are drawn independently: with this sum of chances, some key sounds as often as in songs,
    # and as many together.
    together = everything[:, :keys].sum() / max(int(attacks.sum()), 1)
    expected = np.maximum(-np.log(1.0 - np.clip(rhythm, _RARE, 1.0 - _RARE)), rhythm * together)
    counts = everything[:, :keys].sum(axis=0) + _UNUSED
    chances = np.clip(expected[:, None] * counts / counts.sum(), _SMALLEST, 0.9)
    chances = np.hstack([chances, np.tile(_lasting(everything, keys), (bar, 1))])
    offsets: FloatArray = np.log(chances / (1.0 - chances))
    return offsets


def _lasting(rolls: BoolArray, keys: int) -> FloatArray:
    """Return the chance that a sounding key goes on sounding: float64 (channels - keys,)."""
    held = rolls[:, keys:]
    if not held.shape[1]:
        return np.empty(0)
    goes_on = (held[1:] & held[:-1] & ~rolls[1:, :keys]).sum(axis=0) + 1.0
    chances: FloatArray = goes_on / (held[:-1].sum(axis=0) + 2.0)
    return chances


def sampling_of(
    performers: Any,
    rolls: Sequence[BoolArray],
    keys: int,
    bar: int,
    prompt_steps: int,
    temperature: float,
    random: np.random.Generator,
) -> Sampling:
    """Return how a performer is sampled, so that it plays in the manner of its songs.

    The slope is fitted to pasts that the performer played, and to the true ones. Then the offsets
    are moved until it plays, at the temperature, as many notes as the songs have, and as long.

    Args:
        performers: A batch of one.
        rolls: Bool (steps, channels) of each song.
        keys: Number of keys; with durations the rolls have twice as many channels.
        bar: Steps per bar.
        prompt_steps: Steps that are given at the beginning.
        temperature: Sampling temperature, above 0.
        random: Draws what is played to calibrate on.
    """
    songs = rolls[:_CALIBRATED]
    offset = frequencies(rolls, keys, bar)
    most = max(int(roll[:, :keys].sum(axis=1).max()) for roll in rolls)
    sampling = Sampling(1.0, offset, most, keys)

    def play() -> list[BoolArray]:
        return [
            performers.perform(roll[:prompt_steps], len(roll), [random], temperature, sampling)[0]
            for roll in songs
        ]

    for _ in range(_SELF_PLAYED):
        cells = [
            (
                performers.follow(past)[0].astype(np.float64).ravel(),
                offset[np.arange(len(roll)) % bar].ravel(),
                roll.ravel(),
            )
            for pasts in (play(), songs)
            for past, roll in zip(pasts, songs, strict=True)
        ]
        slope, centre = trust(*(np.concatenate(parts) for parts in zip(*cells, strict=True)))
        sampling = sampling._replace(slope=slope, centre=centre)
    wanted = _counts(songs, keys)
    for _ in range(_BALANCED):
        change = np.log((wanted + 1.0) / (_counts(play(), keys) + 1.0))
        moved = sampling.offset.copy()
        moved[:, :keys] += change[0]
        moved[:, keys:] += change[1] - change[0]  # more notes sound longer, too
        sampling = sampling._replace(offset=moved)
    return sampling


def _counts(rolls: Sequence[BoolArray], keys: int) -> FloatArray:
    """Return the number of onsets, and of cells that sound: float64 (2,)."""
    onsets = sum(int(roll[:, :keys].sum()) for roll in rolls)
    return np.array([onsets, sum(int(roll[:, keys:].sum()) for roll in rolls)], np.float64)
