"""Measure the sound of songs: clicks, clipping, loudness, decay, size and speed.

    python benchmarks/sound.py [FOLDER] [--soundfont FILE] [--songs 10]

FOLDER has MIDI files; the embedded tunes are measured without. Printed are

- seconds of music per second of processor time, of each song in a new process's state (no tone is
  kept from another song), in stereo at 44,100 samples per second;
- the loudness in LUFS, the highest peak, and the largest reduction by the limiter in decibels;
- clicks: by how much a step between two samples exceeds the sum of the steepest slopes of the
  sounding keys, each played alone, in percent of the song's peak. It is measured before the room,
  which adds copies of the same sound;
- repeated notes: the ratio of the highest and the lowest peak of a key struck 40 times;
- the decay of held notes in 3 seconds;
- bytes per second of the formats.
"""

# isort: split
import common  # noqa: F401 - first: it arranges the import path

# isort: split
import argparse
import os
import time
from unittest import mock

import numpy as np
from rolls import held

from evo.music.song import Song
from evo.music.song_finder import find_songs
from evo.music.sound import audio_bytes, mixing, piano, render, sound_of
from evo.music.sound.compression import soundfile
from evo.music.sound.loudness import loudness
from evo.music.sound.performance import performed
from evo.music.sound.rendering import RATE


def songs_in(folder: str | None, count: int) -> list[Song]:
    """Return songs, evenly spread over a folder or the tunes."""
    found = find_songs("tunes" if folder is None else folder)
    return found[:: max(len(found) // count, 1)][:count]


def processor_time() -> float:
    """Return the processor time of this process and of those that it waited for, in seconds."""
    return sum(os.times()[:4])


def click(song: Song) -> float:
    """Return the largest step beyond the slopes of the sounding keys, relative to the peak."""
    notes = performed(song)
    with mock.patch.object(mixing, "_add_room"):
        samples = mixing.mixed(notes, RATE, 1)[:, 0].astype(np.float64)
    bound = np.zeros(len(samples) + 1)
    for start, end, note, velocity in zip(
        notes.starts, notes.ends, notes.notes.tolist(), notes.velocities.tolist(), strict=True
    ):
        level = piano.level_of(velocity)
        alone = piano.strength(velocity, level) * piano.tone(note, level, RATE // 2, RATE)
        first, last = round(start * RATE), round((end + mixing.RELEASE) * RATE)
        bound[first : last + 1] += np.abs(np.diff(alone)).max()
    steps = np.abs(np.diff(samples))
    excess = steps - np.maximum(bound[: len(steps)], bound[1 : len(steps) + 1])
    return float(excess.max() / np.abs(samples).max())


def repeats() -> float:
    """Return the largest ratio of peaks of a repeated note, over keys and tempos, in decibels."""
    worst = 0.0
    for note in range(30, 100, 6):
        for tempo in (93.0, 121.0, 187.0, 260.0):
            song = Song(np.ones((40, 1), np.bool_), lowest_note=note, tempo=tempo)
            samples, times = np.abs(render(song, mono=True)[:, 0]), song.seconds()
            length = round((times[1] - times[0]) * RATE)
            peaks = [samples[round(times[n] * RATE) :][:length].max() for n in range(5, 39, 2)]
            worst = max(worst, 20 * np.log10(max(peaks) / min(peaks)))
    return worst


def fall(note: int) -> float:
    """Return by how much a held note falls in 3 seconds, in decibels."""
    song = held(np.ones((16, 1), np.bool_), lowest_note=note)
    samples = render(song).astype(np.float64)
    early, late = (samples[round(t * RATE) : round((t + 0.2) * RATE)] for t in (0.05, 2.9))
    return float(10 * np.log10((early**2).sum() / (late**2).sum()))


def main() -> None:
    """Render, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--songs", type=int, default=10)
    parser.add_argument("--soundfont")
    options = parser.parse_args()
    songs = songs_in(options.folder, options.songs)
    render(songs[0])  # imports, and the filters
    print("song                 seconds  notes  speed    LUFS   peak  click")
    speeds, levels, peaks, clicks = [], [], [], []
    for song in songs:
        piano.forget()
        started = processor_time()
        samples = render(song, soundfont=options.soundfont)
        speeds.append(song.duration / (processor_time() - started))
        levels.append(loudness(samples, RATE))
        peaks.append(np.abs(samples).max())
        clicks.append(click(song))
        print(
            f"{song.name[:20]:20s} {song.duration:7.1f} {len(song.notes()):6d} {speeds[-1]:6.0f} "
            f"{levels[-1]:7.2f} {peaks[-1]:6.3f} {100 * clicks[-1]:6.2f}"
        )
    print(
        f"speed {min(speeds):.0f} to {max(speeds):.0f} times real time; "
        f"loudness {min(levels):.2f} to {max(levels):.2f} LUFS; peak {max(peaks):.3f}; "
        f"largest click {100 * max(clicks):.2f} % of the peak"
    )
    if options.soundfont is None:
        print(f"a note struck 40 times: peaks differ by {repeats():.2f} dB at most")
        falls = {note: fall(note) for note in range(21, 109)}
        print(
            f"a held note falls in 3 s by {min(falls.values()):.1f} dB at least; "
            + ", ".join(f"{note}: {falls[note]:.1f}" for note in (21, 45, 60, 72, 84, 96))
        )
    seconds = songs[0].duration
    for kind in ("wav", "flac", "ogg", "mp3") if soundfile() else ("wav",):
        started = time.process_time()
        content = sound_of(songs[0], kind)
        speed = seconds / (time.process_time() - started)
        print(f"{kind}: {len(content) / seconds / 1000:.1f} kB a second, {speed:.0f} times")
    content, media_type = audio_bytes(songs[0], mono=True, rate=22_050)
    print(f"for a page ({media_type}): {len(content) / seconds / 1000:.1f} kB a second")


if __name__ == "__main__":
    main()
