"""Sounds of a report: compressed, in base64.

With soundfile a sound is OGG Vorbis, mono, some 2 kB a second. Without, it is the small WAV file of
notebooks, some 11 kB a second.
"""

import base64
import importlib
import importlib.util
import io
from typing import Any

from evo.analysis.report.data import Sound
from evo.analysis.report.ogg import with_serial
from evo.music.song import Song
from evo.music.synth import RELEASE, notebook_bytes, render

RATE, SMALL_RATE = 24_000, 22_050  # samples per second
_COMPRESSION, _SMALL_COMPRESSION = 0.7, 1.0  # 1 is the smallest file
MAX_SECONDS = 240.0
# Samples of one write: libsndfile has all of them on its stack, and some two minutes overflow it.
_BLOCK = 1 << 15


def can_compress() -> bool:
    """Return whether sounds can be compressed here."""
    return importlib.util.find_spec("soundfile") is not None


def sound_of(song: Song, small: bool = False) -> Sound | None:
    """Return the sound of a song of at most `MAX_SECONDS`; None for a silent one.

    Args:
        song: The song.
        small: Whether there are many sounds, which are compressed more.
    """
    if not song.onsets.any():
        return None
    media, content = _compressed(song, small) if can_compress() else _plain(song)
    seconds = round(song.duration + RELEASE, 3)
    return Sound(media, base64.b64encode(content).decode(), seconds)


def _plain(song: Song) -> tuple[str, bytes]:
    return "audio/wav", notebook_bytes(song)


def _compressed(song: Song, small: bool) -> tuple[str, bytes]:
    soundfile: Any = importlib.import_module("soundfile")
    rate, buffer = SMALL_RATE if small else RATE, io.BytesIO()
    samples = render(song, rate)
    with soundfile.SoundFile(
        buffer, "w", rate, 1, "VORBIS", format="OGG",
        compression_level=_SMALL_COMPRESSION if small else _COMPRESSION,
    ) as file:  # fmt: skip
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK])
    return "audio/ogg", with_serial(buffer.getvalue())
