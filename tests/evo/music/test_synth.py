"""Sound: right pitches, silence where the song is silent, and no clipping."""

from __future__ import annotations

import base64
import io
import struct
import sys
import types
import wave
from pathlib import Path

import numpy as np
import pytest
from rolls import held

from evo.music.mu_law import decode, encode
from evo.music.song import Song
from evo.music.synth import (
    MAX_SECONDS,
    PEAK,
    RATE,
    RELEASE,
    notebook_bytes,
    notebook_rate,
    render,
    wav_bytes,
)


def song_of(
    *notes: tuple[int, int], steps: int = 16, keys: int = 13, hold: bool = False, **options
) -> Song:
    grid = np.zeros((steps, keys), dtype=bool)
    for step, key in notes:
        grid[step, key] = True
    return held(grid, **options) if hold else Song(grid, **options)


def loudness(samples: np.ndarray, start: float, end: float) -> float:
    """Return the root mean square between two times, in seconds."""
    part = samples[round(start * RATE) : round(end * RATE)].astype(np.float64)
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize("note", [21, 45, 60, 69, 72, 108, 127])
def test_a_note_sounds_at_its_pitch(note: int) -> None:
    grid = np.ones((8, 1), dtype=bool)
    samples = render(held(grid, lowest_note=note))[: 2 * RATE]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loudest = np.argmax(spectrum) * RATE / len(samples)
    assert loudest == pytest.approx(440.0 * 2 ** ((note - 69) / 12), abs=0.6)


def test_a_note_rings_for_its_step_and_then_fades_to_silence() -> None:
    samples = render(song_of((4, 0)))
    assert not samples[: RATE - 1].any()
    assert loudness(samples, 1.0, 1.25) > 0.1
    assert loudness(samples, 1.25, 1.25 + RELEASE) > 0.01
    assert not samples[round((1.25 + RELEASE) * RATE) + 2 :].any()


def test_a_held_note_rings_until_its_release() -> None:
    notes = [(step, 0) for step in range(8)]
    one = render(song_of(*notes, hold=True))
    assert loudness(one, 1.75, 2.0) > 0.02
    assert not one[round((2.0 + RELEASE) * RATE) + 2 :].any()
    repeated = render(song_of(*notes))
    assert loudness(repeated, 1.75, 2.0) > 2 * loudness(one, 1.75, 2.0)


def test_the_sound_lasts_as_long_as_the_song_and_its_last_release() -> None:
    for song in (song_of((15, 0)), song_of((0, 0), steps=7, tempo=133.0, steps_per_beat=3)):
        samples = render(song)
        assert samples.dtype == np.float32
        assert len(samples) / RATE == pytest.approx(song.duration + RELEASE, abs=2 / RATE)


def test_no_chord_clips_and_every_song_is_as_loud() -> None:
    for song in (song_of((0, 0)), Song(np.ones((16, 88), dtype=bool), lowest_note=21)):
        assert np.max(np.abs(render(song))) == pytest.approx(PEAK, abs=1e-4)


def test_notes_begin_and_end_without_a_click() -> None:
    for hold in (False, True):
        samples = render(song_of((2, 0), (3, 0), (5, 12), hold=hold)).astype(np.float64)
        assert abs(samples[0]) < 1e-6
        assert abs(samples[-1]) < 1e-6
        # The steepest a sum of six harmonics of 523 Hz can be, far below a jump to the peak.
        assert np.max(np.abs(np.diff(samples))) < 0.25


def test_a_silent_song_is_silence() -> None:
    assert not render(song_of()).any()


def test_the_same_song_gives_the_same_sound() -> None:
    song = song_of((0, 0), (3, 7), (3, 12))
    assert wav_bytes(song) == wav_bytes(song)


def test_the_file_is_16_bit_mono_and_holds_the_samples(tmp_path: Path) -> None:
    song = song_of((0, 0), (3, 7))
    song.to_wav(tmp_path / "song.wav")
    data = (tmp_path / "song.wav").read_bytes()
    assert data == wav_bytes(song)
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        written = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    assert np.allclose(written / 32767, render(song), atol=1 / 32767)


def test_a_song_too_long_for_memory_is_refused() -> None:
    song = Song(np.ones((65_536, 1), dtype=bool))
    with pytest.raises(ValueError, match=f"at most {MAX_SECONDS:.0f} seconds of sound, got 16384"):
        render(song)


def test_the_fastest_and_the_slowest_song_are_rendered() -> None:
    fast = Song(np.ones((1000, 1), dtype=bool), tempo=60_000_000.0, steps_per_beat=32_767)
    slow = held(np.ones((2, 1), dtype=bool), tempo=3.6, steps_per_beat=1)
    for song in (fast, slow):
        assert np.isfinite(render(song)).all()


def test_playing_in_a_notebook_gives_its_player(monkeypatch) -> None:
    display = types.SimpleNamespace(Audio=lambda data: ("player", data))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    song = song_of((0, 0))
    assert song.play() == ("player", notebook_bytes(song))


def test_playing_without_a_notebook_gives_the_bytes_of_a_file(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    song = song_of((0, 0))
    assert song.play() == wav_bytes(song)


def parts_of(wav: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a WAV file by name."""
    assert (wav[:4], wav[8:12]) == (b"RIFF", b"WAVE")
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    parts, start = {}, 12
    while start < len(wav):
        length = int.from_bytes(wav[start + 4 : start + 8], "little")
        parts[wav[start : start + 4]] = wav[start + 8 : start + 8 + length]
        start += 8 + length + length % 2
    return parts


@pytest.mark.parametrize("steps", [64, 63])
@pytest.mark.parametrize(("highest", "alike"), [(72, 0.97), (108, 0.85)])
def test_a_notebook_plays_nearly_the_same_from_a_tenth_of_the_bytes(
    steps: int, highest: int, alike: float
) -> None:
    random = np.random.default_rng(steps)
    grid = random.random((steps, 40)) < 0.06
    grid[0, -1] = True
    song = Song(grid, lowest_note=highest - 39)
    parts = parts_of(notebook_bytes(song))
    rate = notebook_rate(song)
    assert rate == (8000 if highest == 72 else 9303)
    kind, channels, per_second, bytes_per_second, block, bits, extra = struct.unpack(
        "<HHIIHHH", parts[b"fmt "]
    )
    assert (kind, channels, per_second, bytes_per_second) == (7, 1, rate, rate)
    assert (block, bits, extra) == (1, 8, 0)
    assert parts[b"fact"] == struct.pack("<I", len(parts[b"data"]))
    assert len(parts[b"data"]) == pytest.approx((song.duration + RELEASE) * rate, abs=2)
    assert 9 * len(notebook_bytes(song)) < len(wav_bytes(song))

    heard = decode(np.frombuffer(parts[b"data"], np.uint8))
    expected = render(song, rate)
    assert np.corrcoef(heard, expected)[0, 1] > 0.999
    # And like the full sound at the same times. High notes begin up to a quarter of a wave apart.
    full = render(song)
    times = np.arange(len(heard)) / rate * RATE
    same_times = np.interp(times, np.arange(len(full)), full)
    assert np.corrcoef(heard, same_times)[0, 1] > alike


def test_32_seconds_of_a_piano_are_below_400_kilobytes_in_a_notebook() -> None:
    grid = np.zeros((128, 88), dtype=bool)
    grid[:, [0, -1]] = True
    song = Song(grid, lowest_note=21)
    assert song.duration == 32
    assert len(base64.b64encode(notebook_bytes(song))) < 399_000


def test_no_note_is_too_high_for_a_notebook() -> None:
    song = Song(np.ones((4, 1), dtype=bool), lowest_note=127)
    samples = decode(np.frombuffer(parts_of(notebook_bytes(song))[b"data"], np.uint8))
    spectrum = np.abs(np.fft.rfft(samples))
    loudest = np.argmax(spectrum) * notebook_rate(song) / len(samples)
    assert loudest == pytest.approx(440.0 * 2 ** (58 / 12), abs=2.0)


def test_mu_law_is_that_of_the_standard() -> None:
    # Every code is decoded to the middle of the numbers that it stands for.
    codes = np.arange(256, dtype=np.uint8)
    again = encode(decode(codes))
    assert np.array_equal(again[again != 0xFF], codes[(codes != 0x7F) & (codes != 0xFF)])
    whole = np.rint(decode(codes) * 32767).astype(int)
    # Values of G.711 for 16 bits.
    assert (whole[0x00], whole[0x80], whole[0x0F], whole[0x7F]) == (-32124, 32124, -16764, 0)
    samples = np.linspace(-1, 1, 20_001, dtype=np.float32)
    error = np.abs(decode(encode(samples)) - samples)
    assert (error <= np.maximum(np.abs(samples) / 16, 8 / 32767)).all()
