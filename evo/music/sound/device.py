"""Play songs on the loudspeakers of this machine, by sounddevice (PortAudio), an extra."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from evo.core.errors import InputError
from evo.core.user_files import AnyPath
from evo.music.sound.performance import Score
from evo.music.sound.rendering import RATE, render
from genomes.arrays import Singles

_BLOCK = 4096  # samples; a signal is noticed between two blocks


def listen(song: Score, *, soundfont: AnyPath | None = None, loop: int = 1) -> None:
    """Play a song on this machine's loudspeakers; Ctrl-C ends it.

    Args:
        song: The song.
        soundfont: Path of a SoundFont (.sf2, .sf3); by default a piano is synthesised.
        loop: How often the song is played; 0 is without end.

    Raises:
        InputError: If there is no sound device, or sounddevice is not installed; or as `render`.
    """
    library = _sounddevice()
    try:
        stream = library.OutputStream(samplerate=RATE, channels=2, dtype="float32")
    except (library.PortAudioError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"this machine has no sound device that can be used ({reason}); write a file by --out"
        ) from None
    try:
        with stream:
            for part in _parts(song, soundfont, loop):
                for start in range(0, len(part), _BLOCK):
                    stream.write(part[start : start + _BLOCK])
    except KeyboardInterrupt:
        return
    except library.PortAudioError as error:
        raise InputError(f"the sound device failed: {error}") from None


def _sounddevice() -> Any:
    """Return the module sounddevice.

    Raises:
        InputError: If it is not installed, or lacks its library.
    """
    try:
        return importlib.import_module("sounddevice")
    except ImportError:
        raise InputError(
            "sound is played by sounddevice, which is not installed. "
            "Run: pip install 'kuznechik[sound]', or write a file by --out"
        ) from None
    except OSError:
        raise InputError(
            "sounddevice needs the library PortAudio (libportaudio2 of Debian), which is not "
            "installed; write a file by --out"
        ) from None


def _parts(song: Score, soundfont: AnyPath | None, loop: int) -> Iterator[Singles]:
    """Yield the sound in parts, without end for a loop of 0."""
    if loop:
        yield render(song, soundfont=soundfont, loop=loop)
        return
    twice = render(song, soundfont=soundfont, loop=2)
    once = round(song.duration * RATE)
    yield twice[:once]
    while True:  # the second time, the end of the first still rings
        yield twice[once : 2 * once]
