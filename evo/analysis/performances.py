"""Render a champion's performances of its songs as MIDI files and figures."""

from dataclasses import replace
from typing import Any

from evo.analysis.plot import lags_figure, pieces_figure, png_bytes, reading_figure, rolls_figure
from evo.core.seeds import Role, stream
from evo.music.export.files import song_files
from evo.music.song import Song
from genomes.arrays import BoolArray

# Sampled melodies at the end of a run: sampling temperature, and number drawn.
TEMPERATURE, DRAWN = 0.7, 8
# Learned songs that are drawn; a picture takes longer than to learn most songs.
PICTURES = 16


def performances(
    songs: list[Song], performers: Any, prompt_steps: int, durations: bool = False
) -> dict[str, bytes]:
    """Play every learned song, as MIDI files and piano rolls.

    Args:
        songs: the songs learned.
        performers: a batch of one network (see `genomes.base.Performers`).
        prompt_steps: steps of each song given at its beginning.
        durations: whether the network plays onsets and durations.

    Returns:
        File contents by name; the first song is song.mid and roll.png. At most `PICTURES` are
        drawn.
    """
    files: dict[str, bytes] = {}
    for number, song in enumerate(songs, start=1):
        played = performers.perform(song.roll(durations)[:prompt_steps], song.steps)[0]
        ending = "" if number == 1 else f"-{number:03d}"
        files |= song_files(_played(song, played), f"song{ending}")
        if number <= PICTURES:
            files[f"roll{ending}.png"] = png_bytes(rolls_figure(song, played, prompt_steps))
    return files


def melodies(
    songs: list[Song], performers: Any, prompt_steps: int, seed: int, durations: bool = False
) -> dict[str, bytes]:
    """Sample a melody after each song's beginning, by the champion's probabilities.

    Sampling is needed because silence is usually the most probable output of a step.

    Args:
        songs: the songs learned.
        performers: a batch of one network (see `genomes.base.Performers`).
        prompt_steps: steps of each song given at its beginning.
        seed: seed of the run.
        durations: whether the network plays onsets and durations.

    Returns:
        File contents by name; the first melody is song.mid, and roll.png shows the first few.
    """
    files: dict[str, bytes] = {}
    played_songs = []
    for number, song in enumerate(songs, start=1):
        streams = [stream(seed, Role.PLAY, individual=number)]
        beginning = song.roll(durations)[:prompt_steps]
        played = performers.perform(beginning, song.steps, streams, TEMPERATURE)[0]
        played_songs.append(_played(song, played))
        files |= song_files(played_songs[-1], "song" if number == 1 else f"song-{number:03d}")
    drawn = played_songs[:DRAWN]
    notes = [f"temperature {TEMPERATURE:g}, after the first {prompt_steps} steps"] * len(drawn)
    return files | {"roll.png": png_bytes(pieces_figure(drawn, notes))}


def _played(song: Song, played: BoolArray) -> Song:
    name = f"{song.name} (champion)"
    return replace(song.played(played), name=name)


def readings(
    songs: list[Song], held_out: list[Song], performers: Any, durations: bool = False
) -> dict[str, bytes]:
    """Draw the distances at which the champion reads its history.

    Args:
        songs: the songs learned.
        held_out: songs not learned from.
        performers: a batch of one network (see `genomes.base.Performers`).
        durations: whether the network plays onsets and durations.

    Returns:
        File contents by name: reading.png of the first song, and lags.png of all songs if there
        are several, held-out songs last. Empty for a network without history.
    """
    distances = getattr(performers, "read_distances", ())
    if not distances:
        return {}
    everything = [*songs, *held_out]
    weights = [performers.read_weights(song.roll(durations)) for song in everything]
    files = {"reading.png": png_bytes(reading_figure(songs[0], weights[0], distances))}
    if len(everything) > 1:
        figure = lags_figure(everything, weights, distances, held_out=len(held_out))
        files["lags.png"] = png_bytes(figure)
    return files
