"""SoundFonts: the instrument, and one line for every file that is none."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from rolls import song_of
from soundfonts import soundfont

from evo.core.errors import InputError
from evo.music.sound import loudness
from evo.music.sound.rendering import RATE, TAIL, render

installed = pytest.mark.skipif(
    find_spec("symusic") is None, reason="symusic, of the extra `sound`, is not installed"
)
SONG = song_of((0, 9), (4, 9), steps=8, hold=True)  # the A of 440 Hz


@pytest.fixture
def sine(tmp_path: Path) -> Path:
    """Return the path of a SoundFont with a sine as program 0."""
    path = tmp_path / "sine.sf2"
    path.write_bytes(soundfont())
    return path


@installed
def test_a_song_is_played_by_the_instrument_of_the_file(sine: Path) -> None:
    samples = render(SONG, soundfont=sine)
    assert len(samples) == pytest.approx((SONG.duration + TAIL) * RATE, abs=2)
    assert -20 < loudness.loudness(samples, RATE) < -14
    assert np.abs(samples).max() <= loudness.CEILING
    spectrum = np.abs(np.fft.rfft(samples.mean(axis=1)))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(440, abs=1.5)
    assert spectrum[round(700 * len(samples) / RATE) :].max() < 0.02 * spectrum.max()
    assert np.array_equal(samples, render(SONG, soundfont=sine))
    assert np.abs(samples[-1]).max() < 1e-4
    # The other program of the song is not in the file.
    with pytest.raises(InputError, match=r"sine\.sf2: the SoundFont has no sound for program 40$"):
        render(SONG.changed(program=40), soundfont=sine)


def test_a_silent_song_needs_no_process(sine: Path, monkeypatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert not render(song_of(), soundfont=sine).any()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is no SoundFont"),
        (b"A text file, called .sf2 by mistake.\n", "it is no SoundFont"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "it is no SoundFont"),
        pytest.param(b"RIFF\xff\xff\xff\xffsfbk", "the SoundFont is damaged: ", marks=installed),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.sf2"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"bad.sf2: {message}") as found:
        render(SONG, soundfont=path)
    assert "\n" not in str(found.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "no.sf2", tmp_path):
        with pytest.raises(InputError, match=f"^{path}: cannot be read: "):
            render(SONG, soundfont=path)


@installed
def test_no_damage_of_a_file_ends_this_process(sine: Path) -> None:
    content = bytearray(sine.read_bytes())
    place = content.index(b"igen")
    content[place + 8 : place + 16] = b"\x35\x00\xff\x7f" * 2  # a sample that there is not
    sine.write_bytes(content)
    try:
        samples = render(SONG, soundfont=sine)
    except InputError as error:
        assert "sine.sf2: the SoundFont" in str(error)
    else:
        assert np.isfinite(samples).all()


def test_a_process_that_ends_or_hangs_is_one_line(sine: Path, monkeypatch) -> None:
    def crashed(*_, **__) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], -11, b"", b"")

    def hanging(*_, **options) -> None:
        raise subprocess.TimeoutExpired("symusic", options["timeout"])

    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(subprocess, "run", crashed)
    with pytest.raises(InputError, match=r"is damaged: the process that played it ended$"):
        render(SONG, soundfont=sine)
    monkeypatch.setattr(subprocess, "run", hanging)
    with pytest.raises(InputError, match=r"takes too long to play$"):
        render(SONG, soundfont=sine)


def test_without_symusic_the_remedy_is_told(sine: Path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"symusic, which is not installed. Run: pip install 'kuz"):
        render(SONG, soundfont=sine)
