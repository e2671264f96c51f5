"""Settings of songs: which to read, and on what grid."""

from typing import Annotated, Any

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.settings import Changes, Meta, Settings
from evo.music.midi.reading import AUTO, MAX_STEPS_PER_BEAT, Auto, Reading
from evo.music.song import Song

# Options of `evo run` that are settings of a musical experiment, and their names there.
SONG_OPTIONS = {
    "song": "--song",
    "keys": "--keys",
    "steps_per_beat": "--steps-per-beat",
    "durations": "--durations",
    "metre": "--metre",
    "tracks": "--track",
    "channels": "--channel",
    "parts": "--part",
    "beat_ticks": "--beat-ticks",
}


class SongSettings(Settings, frozen=True):
    """Songs, and the grid that they are read on."""

    song: Annotated[
        str, Meta(description="An embedded tune, a MIDI file, or a folder of MIDI files.")
    ] = "vo-pole-bereza-stoyala"
    keys: Annotated[
        Annotated[int, Meta(ge=1, le=128)] | Auto,
        Meta(description="Keys of the instrument; auto for the range of the song."),
    ] = AUTO
    steps_per_beat: Annotated[
        Annotated[int, Meta(ge=1, le=96)] | Auto,
        Meta(description="Steps per quarter note; auto for the coarsest that keeps all onsets."),
    ] = AUTO
    tracks: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_535)], ...],
        Meta(description="Tracks of MIDI files to read, from 1; empty for all."),
    ] = ()
    channels: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=16)], ...],
        Meta(description="Channels of MIDI files to read; empty for all."),
    ] = ()
    parts: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_535)], ...],
        Meta(description="Parts of MIDI files, as `evo songs parts` counts them; empty for all."),
    ] = ()
    beat_ticks: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_STEPS_PER_BEAT,
            description="Ticks per quarter note of MIDI files that declare another; 0 to find it.",
        ),
    ] = 0

    def reading(self) -> Reading:
        """Return how to read the songs."""
        return Reading(
            self.keys,
            None,
            self.steps_per_beat,
            None,
            self.beat_ticks or None,
            self.tracks or None,
            self.channels or None,
            self.parts or None,
        )

    def grid_of(self, songs: list[Song]) -> Changes:
        """Return keys and resolution of songs, in place of automatic ones.

        Args:
            songs: The songs, all with the same.
        """
        return {"keys": songs[0].keys, "steps_per_beat": songs[0].steps_per_beat}


def channels_of(table: Any, keys: int) -> int:
    """Return the channels of a performer: the keys, and twice as many with durations.

    Args:
        table: The settings of a musical experiment, which may have no durations.
        keys: Number of keys.
    """
    return keys * (2 if getattr(table, "durations", False) else 1)


def fixed_grid(config: Config) -> tuple[int, int]:
    """Return the keys and the steps per beat of a prepared run.

    Args:
        config: The run's configuration.

    Raises:
        InputError: If they are automatic, as before a run has read its songs.
    """
    table: SongSettings = config.task
    if table.keys == AUTO or table.steps_per_beat == AUTO:
        raise InputError(
            f"{config.run.experiment}: keys and steps_per_beat are automatic; a run has numbers"
        )
    return table.keys, table.steps_per_beat
