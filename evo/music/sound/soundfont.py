"""Play performances by a SoundFont (.sf2, .sf3), a file of recorded instruments.

symusic, an extra, reads the file and plays it. Its code is not Python, and a damaged file can end
the process that reads it. So it runs in a process of its own (`soundfont_process`), which gets the
notes and returns samples.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from evo.core.errors import InputError
from evo.core.files import open_regular
from evo.core.user_files import AnyPath, user_file
from evo.music.sound.mixing import TAIL
from evo.music.sound.performance import Performance
from genomes.arrays import Singles

_PROCESS = Path(__file__).with_name("soundfont_process.py")
_PATIENCE = 60.0  # seconds; a song of a minute takes about one
_LEAST = 0.02  # seconds of a note


def played(performance: Performance, rate: int, channels: int, path: AnyPath) -> Singles:
    """Return a performance by the instrument of a SoundFont.

    Args:
        performance: The notes. Their program selects the instrument.
        rate: Samples per second.
        channels: 1 or 2.
        path: The SoundFont.

    Returns:
        Float32 (samples, channels) of (duration + TAIL) seconds, of any loudness.

    Raises:
        InputError: If symusic is not installed, or the file cannot be read or played.
    """
    _check(path)
    count = round((performance.duration + TAIL) * rate) + 1
    samples = np.zeros((count, 2), np.float32)
    if not len(performance.notes):
        return samples[:, :channels]
    found = _carried_out(performance, rate, path)
    samples[: len(found)] = found[:count]
    if not np.isfinite(samples).all():
        raise InputError(f"{path}: the SoundFont is damaged: its sound is no number")
    if not samples.any():
        raise InputError(f"{path}: the SoundFont has no sound for program {performance.program}")
    release = round(TAIL * rate / 2)
    samples[count - release :] *= np.linspace(1, 0, release, dtype=np.float32)[:, None] ** 2
    return samples if channels == 2 else samples.mean(axis=1, keepdims=True)


def _check(path: AnyPath) -> None:
    """Raise InputError unless the file is a SoundFont by its beginning, and can be played."""
    with user_file(path, "cannot be read"), open_regular(Path(path)) as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise InputError(f"{path}: it is no SoundFont (.sf2, .sf3)")
    if importlib.util.find_spec("symusic") is None:
        raise InputError(
            "SoundFonts are played by symusic, which is not installed. "
            "Run: pip install 'kuznechik[sound]'"
        )


def _carried_out(performance: Performance, rate: int, path: AnyPath) -> Singles:
    """Return the samples that the process returns, float32 (samples, 2)."""
    order = {
        "path": str(Path(path).absolute()),
        "rate": rate,
        "program": performance.program,
        "end": performance.duration + TAIL,
        "notes": [
            (start, max(end - start, _LEAST), note, min(max(round(127 * velocity), 1), 127))
            for start, end, note, velocity in zip(
                performance.starts.tolist(),
                performance.ends.tolist(),
                performance.notes.tolist(),
                performance.velocities.tolist(),
                strict=True,
            )
        ],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_PROCESS)],
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=_PATIENCE + performance.duration,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{path}: the SoundFont takes too long to play") from None
    if done.returncode or len(done.stdout) % 8:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:200] if lines else "the process that played it ended"
        raise InputError(f"{path}: the SoundFont is damaged: {reason}")
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2)
