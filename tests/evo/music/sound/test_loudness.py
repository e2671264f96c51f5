"""Loudness by the measures of ITU-R BS.1770 and EBU Tech 3341; a limiter that does not click."""

import numpy as np
import pytest

from evo.music.sound.loudness import CEILING, limit, loudness

RATE = 48_000


def sine(frequency: float, seconds: float, decibels: float, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (10 ** (decibels / 20) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)[
        :, None
    ]


@pytest.mark.parametrize("rate", [RATE, 44_100, 22_050])
def test_a_full_sine_of_a_kilohertz_on_one_channel_is_3_lufs_below_full_scale(rate: int) -> None:
    assert loudness(sine(997, 3, 0, rate), rate) == pytest.approx(-3.01, abs=0.04)


def test_both_channels_add_their_powers() -> None:
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS.
    tone = sine(1000, 5, -23)
    assert loudness(np.hstack([tone, tone]), RATE) == pytest.approx(-23, abs=0.1)


def test_silence_and_quiet_parts_are_left_out() -> None:
    # EBU Tech 3341, cases 3 and 4, of half the length.
    for levels in ((-36, -23, -36), (-72, -36, -23, -36, -72)):
        tone = np.vstack([sine(1000, 30 if level == -23 else 5, level) for level in levels])
        assert loudness(np.hstack([tone, tone]), RATE) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("frequency", "gain"), [(38, -6.0), (100, -1.1), (500, 0.0), (10_000, 3.9)]
)
def test_frequencies_are_weighted(frequency: float, gain: float) -> None:
    against = loudness(sine(frequency, 2, -20), RATE) - loudness(sine(997, 2, -20), RATE)
    assert against == pytest.approx(gain - 0.65, abs=0.6)


def test_silence_has_no_loudness_and_a_short_sound_has_one() -> None:
    assert loudness(np.zeros((RATE, 2), np.float32), RATE) == -np.inf
    assert loudness(np.zeros((0, 2), np.float32), RATE) == -np.inf
    assert -20 < loudness(sine(997, 0.1, 0), RATE) < -3


def test_what_is_below_the_ceiling_is_not_limited() -> None:
    sound = sine(440, 1, -1.1)
    before = sound.copy()
    limit(sound, RATE)
    assert np.array_equal(sound, before)


def test_peaks_are_limited_without_steps_and_the_rest_is_kept() -> None:
    sound = np.hstack([sine(440, 2, -9), sine(440, 2, -12)])
    sound[RATE // 2 : RATE // 2 + 2000] *= 6
    before = sound.copy()
    limit(sound, RATE)
    assert np.abs(sound).max() <= CEILING
    assert np.array_equal(sound[: RATE // 4], before[: RATE // 4])
    assert np.array_equal(sound[-RATE:], before[-RATE:])
    gains = sound[np.abs(before[:, 0]) > 0.05] / before[np.abs(before[:, 0]) > 0.05]
    assert np.allclose(gains[:, 0], gains[:, 1], atol=1e-5)  # both sides alike
    assert np.abs(np.diff(gains[:, 0])).max() < 0.02
