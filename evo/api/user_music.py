"""The instrument and the champion's song of a user's musical experiment."""

from typing import Annotated, Any

import numpy as np

from evo.core.settings import Meta, Settings
from evo.experiment import Files
from evo.music.metre import metre_of
from evo.music.midi.reading import usual_lowest_note
from evo.music.song import Song


class MusicSettings(Settings, frozen=True):
    """The instrument and the length of the pieces of a user's musical experiment."""

    keys: Annotated[int, Meta(ge=1, le=128, description="Keys of the instrument.")] = 13
    steps: Annotated[int, Meta(ge=1, le=65_536, description="Steps of a piece.")] = 64
    steps_per_beat: Annotated[int, Meta(ge=1, le=96, description="Steps per quarter note.")] = 2
    metre: Annotated[str, Meta(description="Time signature, for the bar lines: 3/4.")] = "4/4"
    durations: Annotated[
        bool, Meta(description="Rolls have a second plane: how long notes sound.")
    ] = False
    tempo: Annotated[float, Meta(ge=5, le=1000, description="Beats per minute.")] = 120.0


def empty_song(table: Any, name: str) -> Song:
    """Return a silent step, with the instrument, tempo and metre of the settings.

    Args:
        table: The settings of the experiment.
        name: The song's name.
    """
    silence = np.zeros((1, table.keys), np.bool_)
    return Song(
        silence,
        usual_lowest_note(table.keys),
        table.steps_per_beat,
        table.tempo,
        name,
        metre=metre_of(table.metre),
    )


def song_files(song: Song) -> Files:
    """Return a champion's song as MIDI, sheets and a picture."""
    from evo.analysis.plot import pieces_figure, png_bytes
    from evo.music.export import files

    return files.song_files(song, "song") | {"roll.png": png_bytes(pieces_figure([song], [""]))}
