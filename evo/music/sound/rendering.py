"""From a song to samples: performed, played, and brought to one loudness.

Every song is as loud as every other, `LOUDNESS`, whether it is a melody or chords. Peaks that are
too high after that are limited (`evo.music.sound.loudness`).
"""

from __future__ import annotations

import numpy as np

from evo.core.errors import InputError
from evo.core.user_files import AnyPath
from evo.music.sound.loudness import limit, loudness
from evo.music.sound.mixing import TAIL, mixed
from evo.music.sound.performance import Score, performed
from evo.music.sound.soundfont import played
from genomes.arrays import Singles

__all__ = ["LOUDNESS", "MAX_SECONDS", "RATE", "TAIL", "render"]

RATE = 44_100  # samples per second
LOUDNESS = -17.0  # LUFS
MAX_SECONDS = 1200.0  # a song of 20 minutes takes 423 MB in stereo


def render(
    song: Score,
    rate: int = RATE,
    *,
    mono: bool = False,
    soundfont: AnyPath | None = None,
    loop: int = 1,
) -> Singles:
    """Return the sound of a song.

    Step s of the song sounds at `song.seconds()[s]` from the beginning of the samples.

    Args:
        song: The song.
        rate: Samples per second, 8,000 to 96,000; frequencies that it cannot hold are left out.
        mono: Whether there is one channel instead of two.
        soundfont: Path of a SoundFont (.sf2, .sf3); by default a piano is synthesised.
        loop: How often the song is played, one after the other.

    Returns:
        Float32 (samples, channels) of loop * duration + TAIL seconds, within
        -`loudness.CEILING`..`loudness.CEILING`; zeros for a silent song.

    Raises:
        InputError: If the sound would be longer than `MAX_SECONDS`, or the SoundFont cannot be
            used.
    """
    if song.duration * loop > MAX_SECONDS:
        raise InputError(
            f"song: expected at most {MAX_SECONDS:.0f} seconds of sound, got "
            f"{song.duration * loop:.0f}"
        )
    performance = performed(song).repeated(loop)
    channels = 1 if mono else 2
    if soundfont is None:
        samples = mixed(performance, rate, channels)
    else:
        samples = played(performance, rate, channels, soundfont)
    measured = loudness(samples, rate)
    if np.isfinite(measured):
        samples *= np.float32(10 ** ((LOUDNESS - measured) / 20))
        limit(samples, rate)
    return samples
