"""Sound in files: WAV by the standard library, compressed formats by soundfile.

A page or notebook has its sounds in its text, so theirs are small: `audio_bytes`.
"""

from __future__ import annotations

import importlib
import io
import os
import wave
from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.user_files import AnyPath, user_file
from evo.music.sound.compression import COMPRESSED, compressed, soundfile
from evo.music.sound.mu_law import mu_law_wav
from evo.music.sound.performance import Score
from evo.music.sound.piano import HIGHEST, frequency
from evo.music.sound.rendering import RATE, render
from genomes.arrays import Singles

# Media types by format. Each format is also the suffix of its files.
SOUND_FORMATS = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
}
SMALL_RATE = 22_050  # samples per second of sound in a page
NOTEBOOK_RATE = 8_000  # the least that every browser plays
_BLOCK = 1 << 18  # samples converted to 16 bits at a time


def audio_bytes(
    song: Score,
    *,
    mono: bool = False,
    rate: int = RATE,
    soundfont: AnyPath | None = None,
    compression: float | None = None,
) -> tuple[bytes, str]:
    """Return a song's sound in the smallest form that this machine can write.

    With soundfile (the extra `sound`) it is OGG, or else FLAC. Without, it is WAV: mono in 8 bits
    of mu-law, which every browser plays, and stereo in 16 bits. For a page, `mono=True` and
    `rate=22_050` give 5 kB a second in OGG, and 22 kB a second without soundfile.

    Step s of the song sounds at `song.seconds()[s]` from the beginning. After the end of the song
    the sound rings for `TAIL` seconds. The same song gives the same bytes.

    Args:
        song: The song.
        mono: Whether there is one channel instead of two.
        rate: Samples per second: 44,100, 32,000, 22,050, ...
        soundfont: Path of a SoundFont (.sf2, .sf3); by default a piano is synthesised.
        compression: From 0 to 1, the smallest file; None for a usual one.

    Returns:
        The content of the file, and its media type: "audio/ogg".

    Raises:
        InputError: If the song is longer than `MAX_SECONDS`, or the SoundFont cannot be used.
    """
    samples = render(song, rate, mono=mono, soundfont=soundfont)
    for kind in ("ogg", "flac") if soundfile() is not None else ():
        try:
            return compressed(samples, rate, kind, compression), SOUND_FORMATS[kind]
        except InputError:  # a libsndfile that was built without this format
            continue
    content = mu_law_wav(samples[:, 0], rate) if mono else _wav(samples, rate)
    return content, SOUND_FORMATS["wav"]


def sound_of(song: Score, kind: str = "wav", **options: Any) -> bytes:
    """Return the content of a file of a song's sound.

    Args:
        song: The song.
        kind: A name of `SOUND_FORMATS`.
        options: Those of `render`.

    Raises:
        InputError: If soundfile is needed and not installed, or as `render`.
    """
    samples, rate = render(song, **options), options.get("rate", RATE)
    return compressed(samples, rate, kind) if kind in COMPRESSED else _wav(samples, rate)


def kind_of(path: AnyPath) -> str:
    """Return the format of a file by its suffix; WAV for a path without one.

    Raises:
        InputError: If it is no format of sound.
    """
    suffix = os.path.splitext(os.fsdecode(path))[1][1:].lower() or "wav"
    if suffix not in SOUND_FORMATS:
        raise InputError(
            f"{os.fsdecode(path)}: a file of sound ends in "
            f"{', '.join(f'.{kind}' for kind in SOUND_FORMATS)}"
        )
    return suffix


def write_sound(song: Score, path: AnyPath, kind: str | None = None, **options: Any) -> None:
    """Write the song's sound as a file.

    Args:
        song: The song.
        path: Destination.
        kind: A name of `SOUND_FORMATS`; None for the suffix of the path.
        options: Those of `render`.

    Raises:
        InputError: If the song is longer than `MAX_SECONDS`, the format cannot be written, or the
            file cannot be written.
    """
    content = sound_of(song, kind_of(path) if kind is None else kind, **options)
    with user_file(path, "cannot be written"), open(path, "wb") as file:
        file.write(content)


def notebook_rate(song: Score) -> int:
    """Return the samples per second of a song in a notebook, without soundfile.

    It is `NOTEBOOK_RATE`, or more if the highest note needs it.
    """
    highest = max((note for _, _, note in song.notes()), default=0)
    return max(NOTEBOOK_RATE, int(frequency(highest) / HIGHEST) + 1)


def notebook_bytes(song: Score, **options: Any) -> tuple[bytes, str]:
    """Return a song's sound for the text of a notebook, and its media type.

    It is mono: OGG at `SMALL_RATE`, or without soundfile WAV in mu-law at `notebook_rate`.

    Args:
        song: The song.
        options: The SoundFont, as for `audio_bytes`.

    Raises:
        InputError: If the song is longer than `MAX_SECONDS`.
    """
    rate = notebook_rate(song) if soundfile() is None else SMALL_RATE
    return audio_bytes(song, mono=True, rate=rate, **options)


def player(song: Score, **options: Any) -> Any:
    """Return an `IPython.display.Audio` of `notebook_bytes`.

    Without IPython it is the bytes of a WAV file: these are for a file, where full quality costs
    nothing.

    Args:
        song: The song.
        options: Those of `render`.
    """
    try:
        display = importlib.import_module("IPython.display")
    except ImportError:
        return sound_of(song, "wav", **options)
    content, media_type = notebook_bytes(song, **options)
    found = display.Audio(data=content)
    found.mimetype = media_type
    return found


def _wav(samples: Singles, rate: int) -> bytes:
    """Return a WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(samples.shape[1])
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.setnframes(len(samples))
        for start in range(0, len(samples), _BLOCK):
            block = np.rint(samples[start : start + _BLOCK] * np.float32(32767.0))
            sound.writeframesraw(block.astype("<i2").tobytes())
    return buffer.getvalue()
