"""Sounds of a report: compressed, in base64.

With soundfile a sound is OGG Vorbis, mono, some 3 kB a second, and 2 kB where there are many.
Without, it is the small WAV file of notebooks, some 11 kB a second.
"""

import base64

from evo.analysis.report.data import Sound
from evo.music.song import Song
from evo.music.sound.compression import soundfile
from evo.music.sound.files import audio_bytes, notebook_bytes
from evo.music.sound.rendering import TAIL

RATE, SMALL_RATE = 22_050, 16_000  # samples per second
_COMPRESSION = 1.0  # the smallest files
MAX_SECONDS = 240.0


def sound_of(song: Song, small: bool = False) -> Sound | None:
    """Return the sound of a song of at most `MAX_SECONDS`; None for a silent one.

    Args:
        song: The song.
        small: Whether there are many sounds, which are compressed more.
    """
    if not song.onsets.any():
        return None
    if soundfile() is None:
        content, media = notebook_bytes(song)
    else:
        content, media = audio_bytes(
            song,
            mono=True,
            rate=SMALL_RATE if small else RATE,
            compression=_COMPRESSION,
        )
    return Sound(media, base64.b64encode(content).decode(), round(song.duration + TAIL, 3))
