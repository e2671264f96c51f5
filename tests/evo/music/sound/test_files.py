"""Files of sound: the samples, in the named format, the same bytes for the same song."""

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
from rolls import song_of

from evo.core.errors import InputError
from evo.music.song import Song
from evo.music.sound import compression
from evo.music.sound.files import (
    audio_bytes,
    notebook_bytes,
    notebook_rate,
    sound_of,
    write_sound,
)
from evo.music.sound.mu_law import decode, encode
from evo.music.sound.rendering import RATE, TAIL, render

installed = pytest.mark.skipif(
    compression.soundfile() is None, reason="soundfile, of the extra `sound`, is not installed"
)


@pytest.fixture
def bare(monkeypatch) -> None:
    """Hide soundfile."""
    compression.soundfile.cache_clear()
    monkeypatch.setitem(sys.modules, "soundfile", None)
    yield
    compression.soundfile.cache_clear()


def test_the_file_is_16_bit_stereo_and_holds_the_samples(tmp_path: Path) -> None:
    song = song_of((0, 0), (3, 7))
    song.to_wav(tmp_path / "song.wav")
    data = (tmp_path / "song.wav").read_bytes()
    assert data == sound_of(song)
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, RATE)
        written = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    assert np.allclose(written.reshape(-1, 2) / 32767, render(song), atol=1 / 32767)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@installed
def test_the_same_song_gives_the_same_file(tmp_path: Path, kind: str) -> None:
    song = song_of((0, 0), (3, 7), (3, 12))
    path = tmp_path / f"song.{kind.upper()}"
    write_sound(song, path)
    assert path.read_bytes() == sound_of(song, kind)


@pytest.mark.parametrize(("kind", "error"), [("flac", 4e-5), ("ogg", 0.1), ("mp3", 0.1)])
@installed
def test_a_compressed_file_is_read_by_its_library_and_is_nearly_the_samples(
    kind: str, error: float
) -> None:
    import soundfile

    song = song_of((0, 0), (3, 7), steps=8)
    samples, content = render(song), sound_of(song, kind)
    assert len(content) < 0.6 * 4 * len(samples)
    read, rate = soundfile.read(io.BytesIO(content))
    assert rate == RATE
    assert np.abs(read[: len(samples)] - samples).max() < error
    if kind != "mp3":  # which is filled up to whole frames
        assert read.shape == samples.shape


@installed
def test_a_page_gets_ogg_of_six_kilobytes_a_second(tmp_path: Path) -> None:
    song = song_of((0, 0), (8, 7), (16, 12), (24, 3), steps=32)
    content, media_type = audio_bytes(song, mono=True, rate=22_050)
    assert media_type == "audio/ogg"
    assert content[:4] == b"OggS"
    assert content[14:18] == b"\1\0\0\0"
    assert len(content) / song.duration < 8000
    assert audio_bytes(song, mono=True, rate=22_050) == (content, media_type)


@installed
def test_where_ogg_cannot_be_written_a_page_gets_flac(monkeypatch) -> None:
    monkeypatch.setitem(compression.COMPRESSED, "ogg", ("OGG", "PCM_16"))
    content, media_type = audio_bytes(song_of((0, 0)), mono=True, rate=22_050)
    assert (content[:4], media_type) == (b"fLaC", "audio/flac")


def test_without_soundfile_a_page_gets_mu_law_and_other_files_are_refused(
    bare: None, tmp_path: Path
) -> None:
    song = song_of((0, 0))
    content, media_type = audio_bytes(song, mono=True, rate=22_050)
    assert media_type == "audio/wav"
    assert len(content) == pytest.approx((song.duration + TAIL) * 22_050, abs=100)
    stereo, media_type = audio_bytes(song)
    assert (stereo, media_type) == (sound_of(song), "audio/wav")
    for kind in ("ogg", "flac", "mp3"):
        with pytest.raises(InputError, match=f"^{kind} files are written by soundfile.*Run: pip"):
            write_sound(song, tmp_path / f"song.{kind}")
        assert not (tmp_path / f"song.{kind}").exists()


@pytest.mark.parametrize("name", ["song.mid", "song.aac", "song.wav.gz"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"a file of sound ends in \.wav, \.flac, \.ogg, \.mp3"):
        write_sound(song_of((0, 0)), tmp_path / name)


class Audio:
    def __init__(self, data: bytes) -> None:
        self.data, self.mimetype = data, "audio/wav"


def test_playing_in_a_notebook_gives_its_player(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(Audio=Audio))
    song = song_of((0, 0))
    player = song.play()
    assert (player.data, player.mimetype) == notebook_bytes(song)


def test_playing_without_a_notebook_gives_the_bytes_of_a_file(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    song = song_of((0, 0))
    assert song.play() == sound_of(song)


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


@pytest.mark.parametrize("steps", [32, 31])
@pytest.mark.parametrize(("highest", "alike"), [(72, 0.97), (108, 0.85)])
def test_a_notebook_plays_nearly_the_same_from_a_tenth_of_the_bytes(
    bare: None, steps: int, highest: int, alike: float
) -> None:
    random = np.random.default_rng(steps)
    grid = random.random((steps, 40)) < 0.06
    grid[0, -1] = True
    song = Song(grid, lowest_note=highest - 39)
    content, media_type = notebook_bytes(song)
    assert media_type == "audio/wav"
    parts = parts_of(content)
    rate = notebook_rate(song)
    assert rate == (8000 if highest == 72 else 9303)
    kind, channels, per_second, bytes_per_second, block, bits, extra = struct.unpack(
        "<HHIIHHH", parts[b"fmt "]
    )
    assert (kind, channels, per_second, bytes_per_second) == (7, 1, rate, rate)
    assert (block, bits, extra) == (1, 8, 0)
    assert parts[b"fact"] == struct.pack("<I", len(parts[b"data"]))
    assert len(parts[b"data"]) == pytest.approx((song.duration + TAIL) * rate, abs=2)
    assert 9 * len(content) < len(sound_of(song))

    heard = decode(np.frombuffer(parts[b"data"], np.uint8))
    expected = render(song, rate, mono=True)[:, 0]
    assert np.corrcoef(heard, expected)[0, 1] > 0.999
    # And like the full sound at the same times. High notes begin up to a quarter of a wave apart.
    full = render(song, mono=True)[:, 0]
    times = np.arange(len(heard)) / rate * RATE
    same_times = np.interp(times, np.arange(len(full)), full)
    assert np.corrcoef(heard, same_times)[0, 1] > alike


@pytest.mark.parametrize("library", ["with", "without"])
def test_32_seconds_of_a_piano_are_below_400_kilobytes_in_a_notebook(
    library: str, request: pytest.FixtureRequest
) -> None:
    if library == "without":
        request.getfixturevalue("bare")
    grid = np.zeros((128, 88), dtype=bool)
    grid[:, [0, -1]] = True
    song = Song(grid, lowest_note=21)
    assert song.duration == 32
    assert len(base64.b64encode(notebook_bytes(song)[0])) < 410_000


def test_no_note_is_too_high_for_a_notebook(bare: None) -> None:
    song = Song(np.ones((4, 1), dtype=bool), lowest_note=127)
    samples = decode(np.frombuffer(parts_of(notebook_bytes(song)[0])[b"data"], np.uint8))
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
