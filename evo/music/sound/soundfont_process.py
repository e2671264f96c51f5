"""A process that plays notes by a SoundFont, for `evo.music.sound.soundfont`.

It reads an order from its input, in JSON, and writes float32 samples to its output, left and right
by turns. It imports nothing of this package, which takes time to import.
"""

import json
import sys

import numpy as np


def main() -> None:
    """Carry out the order."""
    import symusic

    order = json.load(sys.stdin)
    score = symusic.Score(ttype="second")
    track = symusic.Track("", order["program"], False, ttype="second")
    for start, length, note, velocity in order["notes"]:
        track.notes.append(symusic.Note(start, length, note, velocity, "second"))
    # The sound ends with the last note. So the last is one that nobody hears.
    track.notes.append(symusic.Note(order["end"], 0.02, 0, 1, "second"))
    score.tracks.append(track)
    try:
        synthesizer = symusic.Synthesizer(order["path"], order["rate"], 0)
        samples = np.asarray(synthesizer.render(score, stereo=True), np.float32)
    except (RuntimeError, ValueError, MemoryError) as error:
        sys.exit(" ".join(str(error).split()) or "it cannot be read")
    sys.stdout.buffer.write(np.ascontiguousarray(samples.T).tobytes())


if __name__ == "__main__":
    main()
