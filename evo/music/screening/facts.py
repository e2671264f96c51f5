"""Describe a piece: its parts, keys, tempo, metre and rhythmic grid."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evo.music.midi.read import MidiPiece
from evo.music.midi.units import DEFAULT_TEMPO
from evo.music.screening.timing import TOLERANCE, Grid
from genomes.arrays import FloatArray

TEMPO_STEP = 0.005  # smaller relative changes are ignored
GESTURE = 2  # beats; closer changes in one direction form one gesture


@dataclass(frozen=True)
class Facts:
    """Properties of a piece, as recorded in the report.

    Attributes:
        notes: Number of notes, without percussion.
        parts: Number of parts: the notes of one track on one channel are a part.
        programs: MIDI programs (instruments) in use, 0 to 127.
        percussion: Number of percussion notes.
        lowest: MIDI note of the lowest note.
        highest: MIDI note of the highest note.
        chord: Maximum number of notes that begin together.
        density: Mean number of onsets per beat, a chord counted once.
        beats: Length in beats.
        seconds: Length in seconds, by all tempos.
        tempo: Tempo in beats per minute.
        tempo_changes: Number of tempo changes; a ritardando in steps counts once.
        metres: Metres in order, such as "4/4", without upbeat bars and repeats.
        grid: Name of the rhythmic grid that fits best, or "none" if none fits.
        steps_per_beat: Resolution of that grid.
        off_grid: Share of onsets off the grid.
        deviation: Mean distance of onsets from the grid, in beats.
    """

    notes: int
    parts: int
    programs: tuple[int, ...]
    percussion: int
    lowest: int
    highest: int
    chord: int
    density: float
    beats: float
    seconds: float
    tempo: float
    tempo_changes: int
    metres: tuple[str, ...]
    grid: str
    steps_per_beat: int
    off_grid: float
    deviation: float

    @property
    def keys(self) -> int:
        """Number of keys from the lowest note to the highest."""
        return self.highest - self.lowest + 1

    def record(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return {**asdict(self), "keys": self.keys}


def describe(piece: MidiPiece, onsets: FloatArray, grid: Grid) -> Facts:
    """Compute the facts of a piece.

    Args:
        piece: a piece with at least one note.
        onsets: float64 (notes,), in beats, sorted.
        grid: the best grid for the onsets.
    """
    end = max(piece.end_tick, int(piece.notes[:, 1].max())) / piece.ticks_per_beat
    pitches = piece.notes[:, 2]
    return Facts(
        notes=len(piece.notes),
        parts=len(piece.parts),
        programs=tuple(sorted({program for part in piece.parts for program in part.programs})),
        percussion=piece.percussion,
        lowest=int(pitches.min()),
        highest=int(pitches.max()),
        chord=_largest_chord(onsets),
        density=_density(onsets),
        beats=end,
        seconds=_seconds(piece, end),
        tempo=piece.tempo,
        tempo_changes=len(tempo_gestures(piece)),
        metres=_metres(piece),
        grid=grid.name if grid.fits else "none",
        steps_per_beat=grid.steps_per_beat,
        off_grid=grid.off,
        deviation=grid.deviation,
    )


def sounding_tempos(piece: MidiPiece) -> dict[int, int]:
    """Map ticks to microseconds per beat, up to the last onset."""
    last_onset = int(piece.notes[-1, 0])
    return {tick: microseconds for tick, microseconds in piece.tempos if tick <= last_onset}


def tempo_gestures(piece: MidiPiece) -> list[list[float]]:
    """Group the tempo changes into gestures, each a list of beats.

    A gesture is a jump, or a run of changes in one direction at most two beats apart, such as a
    ritardando in steps.
    """
    changes: list[tuple[float, bool]] = []  # (beat, whether the tempo slows down)
    now: int | None = None
    for tick, microseconds in sounding_tempos(piece).items():
        if now is not None and abs(microseconds - now) > TEMPO_STEP * now:
            changes.append((tick / piece.ticks_per_beat, microseconds > now))
        elif now is not None:
            continue  # small changes accumulate until they exceed the threshold
        now = microseconds

    gestures: list[list[float]] = []
    before: tuple[float, bool] | None = None
    for beat, slower in changes:
        if before is None or before[1] != slower or beat - before[0] > GESTURE:
            gestures.append([])
        gestures[-1].append(beat)
        before = beat, slower
    return gestures


def _metres(piece: MidiPiece) -> tuple[str, ...]:
    """Return the sounding metres in order, without upbeat bars and repeats."""
    last_onset = int(piece.notes[-1, 0])
    by_tick = {tick: metre for tick, *metre in piece.metres if tick <= last_onset}
    entries = list(by_tick.items())
    bars = [4 * num / den * piece.ticks_per_beat for _, (num, den) in entries]  # in ticks
    # An upbeat bar: its own metre, shorter than those that follow.
    if len(entries) > 1 and bars[0] < bars[1] and entries[1][0] - entries[0][0] <= bars[0]:
        del entries[0], bars[0]
    # The last bar, shortened by the upbeat.
    if len(entries) > 1 and bars[-1] < bars[-2] and last_onset - entries[-1][0] < bars[-1]:
        del entries[-1], bars[-1]
    metres: list[tuple[int, int]] = []
    for _, (numerator, denominator) in entries:
        if not metres or not _alike(metres[-1], (numerator, denominator)):
            metres.append((numerator, denominator))
    return tuple(f"{numerator}/{denominator}" for numerator, denominator in metres)


def _alike(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Return whether two metres sound alike, as 4/4, 2/2 and 8/8 do."""
    if a == b:
        return True
    same_length = a[0] * b[1] == b[0] * a[1]
    return same_length and all(numerator.bit_count() == 1 for numerator, _ in (a, b))


def _largest_chord(onsets: FloatArray) -> int:
    """Return the maximum number of onsets within the grid tolerance, as spread chords."""
    together = np.searchsorted(onsets, onsets + TOLERANCE, side="right") - np.arange(len(onsets))
    return int(together.max())


def _density(onsets: FloatArray) -> float:
    """Return the mean number of onsets per beat, counting a chord once."""
    moments = np.unique(np.round(onsets / TOLERANCE))
    span = float(onsets[-1] - onsets[0])
    return (len(moments) - 1) / span if span > 0 else 0.0


def _seconds(piece: MidiPiece, end: float) -> float:
    """Return the duration in seconds by the tempo map."""
    seconds, beat, microseconds = 0.0, 0.0, DEFAULT_TEMPO
    if piece.tempos and piece.tempos[0][0] > 0:
        microseconds = piece.tempos[0][1]  # as `Song.load` reads it
    for tick, following in piece.tempos:
        until = min(tick / piece.ticks_per_beat, end)
        seconds += (until - beat) * microseconds / 1e6
        beat, microseconds = until, following
    return seconds + (end - beat) * microseconds / 1e6
