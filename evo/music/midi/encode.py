"""Encode a song as a MIDI file that is loaded again exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evo.music.midi.reading import MARK
from evo.music.midi.write import Signatures, midi_bytes

if TYPE_CHECKING:
    from evo.music.song import Song

TICKS_PER_BEAT = 480  # rounded up to a multiple of steps_per_beat


def encoded(song: Song) -> bytes:
    """Encode a song as a MIDI file of format 0.

    A mark, which other programs ignore, has the resolution, the keys and the first bar.

    Raises:
        InputError: if there are more notes than a file may hold.
    """
    ticks = -(-TICKS_PER_BEAT // song.steps_per_beat)  # per step, rounded up
    mark = {
        "keys": song.keys,
        "lowest_note": song.lowest_note,
        "steps_per_beat": song.steps_per_beat,
        "first_bar": song.metre.first_bar,
    }
    key = [] if song.key is None else [(0, song.key)]
    return midi_bytes(
        [(on * ticks, off * ticks, note) for on, off, note in song.notes()],
        ticks_per_beat=ticks * song.steps_per_beat,
        end_tick=song.steps * ticks,
        name=song.name,
        program=song.program,
        mark=MARK + json.dumps(mark, separators=(",", ":")).encode(),
        signatures=Signatures(
            tempos=[(0, song.tempo), *((step * ticks, to) for step, to in song.tempo_changes)],
            metres=[
                (step * ticks, beats, unit)
                for step, beats, unit in song.metre.signatures(song.steps_per_beat)
            ],
            keys=[*key, *((step * ticks, to) for step, to in song.key_changes)],
        ),
    )
