"""The style of a corpus: metre, resolution, pitch and tempo, in which pieces are composed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.fitness.critic.model import check_array
from evo.music.melody import Bar
from evo.music.metre import Metre
from evo.music.song import Song
from genomes.arrays import Arrays, BoolArray


class Style(NamedTuple):
    """What the songs of a corpus have in common; the default is that of the embedded tunes.

    Attributes:
        beats: Beats per bar, the upper number of the time signature.
        unit: The note that is a beat, the lower number.
        steps_per_beat: Steps per quarter note.
        lead: Steps before the first full bar of every roll: a bar with the pickup at its end, or 0
            if no song has a pickup.
        detailed: 1 if critics use all features (`evo.fitness.critic.features`), as those of files
            do; 0 for the groups that the embedded tunes are described by.
        lowest_note: MIDI note of key 0.
        tempo: Quarter notes per minute.
    """

    beats: int = 4
    unit: int = 4
    steps_per_beat: int = 2
    lead: int = 0
    detailed: int = 0
    lowest_note: int = 60
    tempo: float = 120.0

    @property
    def bar(self) -> Bar:
        """The bar in steps."""
        return Bar.of(self.beats, self.unit, self.steps_per_beat)

    @property
    def signature(self) -> str:
        """The time signature: "3/4"."""
        return f"{self.beats}/{self.unit}"

    def song(self, roll: BoolArray, name: str, durations: bool = False) -> Song:
        """Return a roll as a song that begins with its pickup, in whole bars.

        Args:
            roll: bool (steps, keys), or (steps, 2 * keys) with durations, in this style.
            name: Name of the song.
            durations: Whether the keys that sound follow the onsets.
        """
        metre = Metre(self.beats, self.unit)
        onsets = roll[:, : roll.shape[1] // 2] if durations else roll
        played = np.flatnonzero(onsets[: self.lead].any(axis=1))
        pickup = self.lead - int(played[0]) if len(played) else 0
        if pickup < self.lead:
            metre = Metre(self.beats, self.unit, pickup)
        begin = self.lead - pickup
        song = Song(
            onsets[begin:], self.lowest_note, self.steps_per_beat, self.tempo, name, metre=metre
        )
        if durations:
            return song.played(roll[begin:])
        # The simplified instrument of the embedded tunes has notes of one step.
        return song if self == Style(lowest_note=self.lowest_note) else song.played(song.onsets)

    def to_arrays(self) -> Arrays:
        """Return the style as plain arrays by name, for `style_from`."""
        return {"style": np.array(self[:6], np.int64), "tempo": np.array([self.tempo])}


def style_from(arrays: Mapping[str, NDArray[Any]]) -> Style:
    """Return the style that `Style.to_arrays` described.

    Raises:
        ValueError: For other arrays, or an impossible style; the message is one line.
    """
    check_array(arrays, "style", np.int64, (6,))
    check_array(arrays, "tempo", np.float64, (1,))
    beats, unit, steps_per_beat, lead, detailed, lowest_note = arrays["style"].tolist()
    tempo = float(arrays["tempo"][0])
    style = Style(beats, unit, steps_per_beat, lead, detailed, lowest_note, tempo)
    Metre(style.beats, style.unit)
    if not 1 <= style.steps_per_beat <= 96 or style.lead not in (0, style.bar.steps):
        raise ValueError("style must have 1 to 96 steps per beat, and a lead of 0 or a bar")
    # A song checks its pitch and tempo.
    Song(np.zeros((1, 1), np.bool_), style.lowest_note, style.steps_per_beat, style.tempo)
    return style
