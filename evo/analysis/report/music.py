"""Music of a run: what the champion plays, with the songs that it was to play."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

from evo.analysis.report.data import Roll, Track
from evo.analysis.report.drawing import sheet_of
from evo.analysis.report.rolls import compared_rolls, roll_of, shortened, wrong_steps
from evo.analysis.report.sound import sound_of
from evo.core.config import Config
from evo.core.errors import EvoError, InputError, MidiError
from evo.experiment import Experiment
from evo.music.song import Song

MAX_TRACKS = 12  # songs of a champion that are shown


def champions_tracks(
    path: Path, config: Config, experiment: Experiment
) -> tuple[tuple[Track, ...], list[str]]:
    """Return what a run's champion plays, and what could not be read.

    Args:
        path: The run's directory.
        config: Its configuration.
        experiment: Its experiment.
    """
    problems: list[str] = []
    targets: list[Song] = []
    prompt_steps = 0
    if experiment.learned is not None:
        try:
            targets, prompt_steps = experiment.learned(config, path)
        except (EvoError, OSError, ValueError) as error:
            problems.append(f"the songs to learn cannot be read: {error}")
    durations = bool(getattr(config.task, "durations", False))
    tracks = []
    for number in range(1, MAX_TRACKS + 1):
        stem = "song" if number == 1 else f"song-{number:03d}"
        file = path / "champion" / f"{stem}.mid"
        if not file.is_file() or file.is_symlink():
            break
        try:
            played = Song.load(file)
        except (MidiError, ValueError) as error:
            problems.append(f"{file.name}: {error}")
            continue
        song = targets[number - 1] if number <= len(targets) else None
        if song is not None and _is_same_shape(song, played):
            tracks.append(_compared(song, played, prompt_steps, durations, file.name))
        else:
            tracks.append(track_of(played, "", file.name))
    return tuple(tracks), problems


def tracks_so_far(
    performers: Any, generation: int, path: Path, config: Config, experiment: Experiment
) -> tuple[Track, ...]:
    """Return what a champion plays that is not written yet; () unless it repeats songs.

    Args:
        performers: A batch of one.
        generation: The generation in which it is the champion.
        path: The run's directory.
        config: Its configuration.
        experiment: Its experiment.
    """
    if experiment.learned is None:
        return ()
    songs, prompt_steps = experiment.learned(config, path)
    durations = bool(getattr(config.task, "durations", False))
    tracks = []
    for number, song in enumerate(songs[:MAX_TRACKS], start=1):
        prompt = song.roll(durations)[:prompt_steps]
        played = song.played(performers.perform(prompt, song.steps)[0])
        track = _compared(song, played, prompt_steps, durations, f"song-{number:03d}.mid")
        tracks.append(replace(track, note=f"after generation {generation}: {track.note}"))
    return tuple(tracks)


def track_of(song: Song, note: str, file: str, *, small: bool = False, sheet: bool = True) -> Track:
    """Return a song as a track.

    Args:
        song: The song.
        note: What is to be said about it.
        file: Name of its MIDI file.
        small: Whether there are many sounds, which are compressed more.
        sheet: Whether to engrave it, if that is possible.
    """
    shown = shortened(song)
    return Track(
        song.name,
        _with_cut(note, song, shown),
        roll_of(shown),
        sound_of(shown, small),
        midi_of(song),
        file,
        sheet=sheet_of(shown) if sheet else "",
    )


def midi_of(song: Song) -> str:
    """Return a song's MIDI file in base64; "" if it cannot be written."""
    try:
        return base64.b64encode(song.to_midi()).decode()
    except InputError:
        return ""


def _is_same_shape(song: Song, played: Song) -> bool:
    places = [(one.onsets.shape, one.lowest_note, one.steps_per_beat) for one in (song, played)]
    return places[0] == places[1]


def _compared(song: Song, played: Song, prompt_steps: int, durations: bool, file: str) -> Track:
    """Return a song above its performance as a track."""
    wrong = wrong_steps(song, played, prompt_steps, durations)
    judged, mistakes = max(song.steps - prompt_steps, 0), int(wrong.sum())
    note = f"{judged - mistakes} of {judged} steps right"
    if mistakes:
        note += f"; the first wrong step is {int(wrong.argmax())}"
    shown, cut = shortened(played), shortened(song)
    roll: Roll = compared_rolls(cut, shown, min(prompt_steps, cut.steps), wrong[: cut.steps])
    return Track(
        song.name,
        _with_cut(note, song, shown),
        roll,
        sound_of(shown),
        midi_of(played),
        file,
        sound_of(cut) if mistakes else None,
        sheet_of(shown),
    )


def _with_cut(note: str, song: Song, shown: Song) -> str:
    if shown.steps == song.steps:
        return note
    part = f"the first {shown.steps:,} of {song.steps:,} steps are shown and sound"
    return f"{note}; {part}" if note else part
