"""Write notes to MIDI files of format 0, reproducible to the byte."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from evo.core.errors import InputError, MidiError
from evo.core.user_files import AnyPath, user_file
from evo.music.metre import Key
from evo.music.midi.scan import MAX_MESSAGES, META_COST
from evo.music.midi.units import tempo_to_microseconds

MAX_DELTA = (1 << 28) - 1  # the largest variable-length number, four bytes
ON_VELOCITY, OFF_VELOCITY = 80, 64


class Signatures(NamedTuple):
    """Tempos, metres and keys of a file, each with its tick.

    Attributes:
        tempos: (tick, quarter notes per minute).
        metres: (tick, beats, unit).
        keys: (tick, key signature).
    """

    tempos: Sequence[tuple[int, float]] = ((0, 120.0),)
    metres: Sequence[tuple[int, int, int]] = ()
    keys: Sequence[tuple[int, Key]] = ()


def midi_bytes(
    notes: Iterable[tuple[int, int, int]],
    *,
    ticks_per_beat: int,
    end_tick: int,
    name: str = "",
    program: int = 0,
    mark: bytes = b"",
    signatures: Signatures = Signatures(),  # noqa: B008  # immutable
) -> bytes:
    """Encode notes as a MIDI file of format 0.

    Args:
        notes: (onset_tick, end_tick, pitch) of each note, with 0 <= onset < end.
        ticks_per_beat: 1 to 32,767.
        end_tick: end of the track; later if a note ends later.
        name: the track's name; empty for none.
        program: MIDI program, 0 to 127; the usual one, 0, is not written.
        mark: data of a sequencer-specific event; empty for none.
        signatures: tempos, metres and keys.

    Raises:
        InputError: if there are more notes than `evo.music.midi.read` accepts.
        ValueError: if MIDI cannot hold a note, the resolution or the tempo.
    """
    import mido

    if not 1 <= ticks_per_beat <= 32_767:
        raise ValueError(f"ticks_per_beat: expected 1 to 32,767, got {ticks_per_beat}")
    track = mido.MidiTrack()
    if name:
        track.append(mido.MetaMessage("track_name", name=name, time=0))
    if mark:
        track.append(mido.MetaMessage("sequencer_specific", data=tuple(mark), time=0))
    if program:
        track.append(mido.Message("program_change", program=program, time=0))
    # Before the notes of their tick.
    timed = [(tick, 0, message) for tick, message in _signature_events(signatures)]
    for tick, on, pitch in _events(notes):
        kind, velocity = ("note_on", ON_VELOCITY) if on else ("note_off", OFF_VELOCITY)
        timed.append((tick, 1, mido.Message(kind, note=pitch, velocity=velocity)))
    now = 0
    for tick, _, message in sorted(timed, key=lambda event: event[:2]):
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - now)))
    if max(message.time for message in track) > MAX_DELTA:
        raise ValueError(f"notes: expected at most {MAX_DELTA} ticks between two events")
    # mido writes Latin letters only by default; names need more.
    midi = mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track], charset="utf-8")
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


def _signature_events(signatures: Signatures) -> list[tuple[int, Any]]:
    """Return the (tick, message) of tempos, metres and keys."""
    from mido import MetaMessage

    return [
        *(
            (tick, MetaMessage("set_tempo", tempo=tempo_to_microseconds(tempo)))
            for tick, tempo in signatures.tempos
        ),
        *(
            (tick, MetaMessage("time_signature", numerator=beats, denominator=unit))
            for tick, beats, unit in signatures.metres
        ),
        *((tick, MetaMessage("key_signature", key=key.name)) for tick, key in signatures.keys),
    ]


def write_file(path: AnyPath, content: bytes) -> None:
    """Write a MIDI file's bytes.

    Args:
        path: destination.
        content: bytes of the file.

    Raises:
        MidiError: if the file cannot be written.
    """
    with user_file(path, "cannot be written", MidiError), open(path, "wb") as file:
        file.write(content)


def _events(notes: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return sorted (tick, 0 off or 1 on, pitch) events; offs come first."""
    events: list[tuple[int, int, int]] = []
    for onset, end, pitch in notes:
        if not (0 <= onset < end and 0 <= pitch <= 127):
            raise ValueError(
                "notes: expected 0 <= onset < end and a pitch of 0 to 127, "
                f"got onset {onset}, end {end}, pitch {pitch}"
            )
        events += (onset, 1, pitch), (end, 0, pitch)
    if len(events) + 2 * META_COST > MAX_MESSAGES:  # with the tempo and the end of the track
        raise InputError(f"too large: {len(events) // 2:,} notes, a file could not be read")
    return sorted(events)
