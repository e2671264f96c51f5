"""Loudspeakers: all samples, a loop without end, and one line where there are none."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from rolls import song_of

from evo.core.errors import InputError
from evo.music.sound.rendering import RATE, render

SONG = song_of((0, 0), (3, 7), steps=4)


class PortAudioError(Exception):
    pass


class Stream:
    """What sounddevice opens; it takes samples, and may be interrupted."""

    def __init__(self, most: float = np.inf, fails: bool = False) -> None:
        self.most, self.fails = most, fails
        self.written: list[np.ndarray] = []
        self.closed = False

    def __enter__(self) -> None:
        self.closed = False

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def write(self, samples: np.ndarray) -> None:
        if self.fails:
            raise PortAudioError("unplugged")
        self.written.append(samples.copy())
        if sum(map(len, self.written)) >= self.most:
            raise KeyboardInterrupt


def machine(monkeypatch, stream: Stream | Exception) -> None:
    def opened(samplerate: int, channels: int, dtype: str) -> Stream:
        assert (samplerate, channels, dtype) == (RATE, 2, "float32")
        if isinstance(stream, Exception):
            raise stream
        return stream

    library = SimpleNamespace(OutputStream=opened, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", library)


def test_the_whole_song_is_played(monkeypatch) -> None:
    stream = Stream()
    machine(monkeypatch, stream)
    SONG.listen()
    assert np.array_equal(np.concatenate(stream.written), render(SONG))
    assert stream.closed


def test_a_loop_without_end_is_in_time_and_ended_by_ctrl_c(monkeypatch) -> None:
    stream = Stream(most=round(5 * SONG.duration * RATE))
    machine(monkeypatch, stream)
    SONG.listen(loop=0)
    played, once = np.concatenate(stream.written), round(SONG.duration * RATE)
    assert np.array_equal(played[: 2 * once], render(SONG, loop=2)[: 2 * once])
    assert np.array_equal(played[once : 2 * once], played[3 * once : 4 * once])
    assert stream.closed


@pytest.mark.parametrize("error", [PortAudioError("no default\noutput device"), ValueError("none")])
def test_a_machine_without_a_device_says_so_in_one_line(monkeypatch, error: Exception) -> None:
    machine(monkeypatch, error)
    with pytest.raises(InputError, match=r"no sound device .*; write a file by --out$") as found:
        SONG.listen()
    assert "\n" not in str(found.value)


def test_a_device_that_goes_away_is_one_line(monkeypatch) -> None:
    machine(monkeypatch, Stream(fails=True))
    with pytest.raises(InputError, match="the sound device failed: unplugged"):
        SONG.listen()


def test_without_sounddevice_the_remedy_is_told(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(InputError, match=r"sounddevice, which is not installed\. Run: pip install"):
        SONG.listen()


def test_without_its_library_the_remedy_is_told(monkeypatch) -> None:
    def missing(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("evo.music.sound.device.importlib.import_module", missing)
    with pytest.raises(InputError, match="PortAudio"):
        SONG.listen()
