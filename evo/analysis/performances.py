"""What a champion that learned songs plays of them: MIDI files and pictures, by file name."""

from typing import Any

from evo.analysis.plot import lags_figure, pieces_figure, png_bytes, reading_figure, rolls_figure
from evo.core.seeds import Role, stream
from evo.music.song import Song
from genomes.arrays import BoolArray

# Of what is played by chance at the end of a run: how much chance, and how many are drawn.
TEMPERATURE, DRAWN = 0.7, 8


def performances(songs: list[Song], performers: Any, prompt_steps: int) -> dict[str, bytes]:
    """What the champion plays of every song it learned, the first as song.mid and roll.png."""
    files: dict[str, bytes] = {}
    for number, song in enumerate(songs, start=1):
        played = performers.perform(song.grid[:prompt_steps], len(song.grid))[0]
        ending = "" if number == 1 else f"-{number:03d}"
        files[f"song{ending}.mid"] = _played(song, played).to_midi()
        files[f"roll{ending}.png"] = png_bytes(rolls_figure(song, played, prompt_steps))
    return files


def melodies(songs: list[Song], performers: Any, prompt_steps: int, seed: int) -> dict[str, bytes]:
    """What the champion plays by chance, by its own chances, after each song's beginning.

    The likeliest at every step would be silence, mostly. The first is song.mid, roll.png has the
    first few.
    """
    files: dict[str, bytes] = {}
    played_songs = []
    for number, song in enumerate(songs, start=1):
        streams = [stream(seed, Role.PLAY, individual=number)]
        beginning, steps = song.grid[:prompt_steps], len(song.grid)
        played = performers.perform(beginning, steps, streams, TEMPERATURE)[0]
        played_songs.append(_played(song, played))
        files["song.mid" if number == 1 else f"song-{number:03d}.mid"] = played_songs[-1].to_midi()
    drawn = played_songs[:DRAWN]
    notes = [f"temperature {TEMPERATURE:g}, after the first {prompt_steps} steps"] * len(drawn)
    return files | {"roll.png": png_bytes(pieces_figure(drawn, notes))}


def _played(song: Song, played: BoolArray) -> Song:
    name = f"{song.name} (champion)"
    return Song(played, song.lowest_note, song.steps_per_beat, song.tempo, name)


def readings(songs: list[Song], held_out: list[Song], performers: Any) -> dict[str, bytes]:
    """Where a champion with a history reads it while it follows songs.

    reading.png is of the first song; where there are several, lags.png is of all of them, those
    held out last.
    """
    distances = getattr(performers, "read_distances", ())
    if not distances:
        return {}
    everything = [*songs, *held_out]
    weights = [performers.read_weights(song.grid) for song in everything]
    files = {"reading.png": png_bytes(reading_figure(songs[0], weights[0], distances))}
    if len(everything) > 1:
        figure = lags_figure(everything, weights, distances, held_out=len(held_out))
        files["lags.png"] = png_bytes(figure)
    return files
