"""Turn songs into sound.

    samples = render(song)                      # float32 (samples, 2)
    content, mime = audio_bytes(song, mono=True, rate=22_050)

performance  the notes of a song in seconds, with their velocities
piano        the tone of one key
mixing       all tones together, left to right, in a room
loudness     loudness in LUFS (ITU-R BS.1770), and a limiter
rendering    these together: from a song to samples
files        WAV, FLAC and OGG; sound for notebooks and pages
soundfont    other instruments, from a SoundFont
device       the loudspeakers of this machine
mu_law       samples of 8 bits

Nothing is random: on the same platform, with the same versions of libraries, the same song gives
the same bytes.
"""

from evo.music.sound.files import (
    SOUND_FORMATS,
    audio_bytes,
    notebook_bytes,
    player,
    sound_of,
    write_sound,
)
from evo.music.sound.rendering import MAX_SECONDS, RATE, TAIL, render

__all__ = [
    "MAX_SECONDS",
    "RATE",
    "SOUND_FORMATS",
    "TAIL",
    "audio_bytes",
    "notebook_bytes",
    "player",
    "render",
    "sound_of",
    "write_sound",
]
