"""Describe a piece: its parts, keys, tempo, metre and rhythmic grid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evo.music.midi.read import MidiPiece
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS
from evo.music.screening.texture import Texture
from evo.music.screening.timing import TOLERANCE, Grid
from genomes.arrays import FloatArray

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
        chord: Maximum number of keys struck together.
        at_once: Maximum number of keys that sound at once.
        span: Maximum number of semitones that a hand must reach, with two hands.
        density: Mean number of onsets per beat, a chord counted once.
        beats: Length in beats.
        seconds: Length in seconds, by all tempos.
        tempo: Tempo in beats per minute.
        slowest: Lowest tempo in beats per minute.
        fastest: Highest tempo in beats per minute.
        metres: Metres in order, such as "4/4", without upbeat bars and repeats.
        metre: The metre of most bars, or "" if none is given.
        bars: Number of bars.
        other_bars: Number of bars in other metres.
        beat_ticks: Ticks of a beat; not as the file declares if its onsets lie on another beat.
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
    at_once: int
    span: int
    density: float
    beats: float
    seconds: float
    tempo: float
    slowest: float
    fastest: float
    metres: tuple[str, ...]
    metre: str
    bars: float
    other_bars: float
    beat_ticks: int
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


def describe(piece: MidiPiece, onsets: FloatArray, grid: Grid, texture: Texture) -> Facts:
    """Compute the facts of a piece.

    Args:
        piece: a piece with at least one note.
        onsets: float64 (notes,), in beats, sorted.
        grid: the best grid for the onsets.
        texture: the piece's texture.
    """
    metres = _metres(piece)
    bars: dict[str, float] = defaultdict(float)
    for metre, count in metres:
        bars[metre] += count
    main = max(bars, key=bars.__getitem__, default="")
    tempos = [MICROSECONDS / beat for beat in sounding_tempos(piece).values()] or [piece.tempo]
    end = max(piece.end_tick, int(piece.notes[:, 1].max())) / piece.ticks_per_beat
    pitches = piece.notes[:, 2]
    return Facts(
        notes=len(piece.notes),
        parts=len(piece.parts),
        programs=tuple(sorted({program for part in piece.parts for program in part.programs})),
        percussion=piece.percussion,
        lowest=int(pitches.min()),
        highest=int(pitches.max()),
        chord=int(texture.chord.max()),
        at_once=int(texture.at_once.max()),
        span=int(texture.span.max()),
        density=_density(onsets),
        beats=end,
        seconds=_seconds(piece, end),
        tempo=piece.tempo,
        slowest=min(tempos),
        fastest=max(tempos),
        metres=tuple(metre for metre, _ in metres),
        metre=main,
        bars=sum(bars.values()),
        other_bars=sum(bars.values()) - bars[main],
        beat_ticks=piece.ticks_per_beat,
        grid=grid.name if grid.fits else "none",
        steps_per_beat=grid.steps_per_beat,
        off_grid=grid.off,
        deviation=grid.deviation,
    )


def sounding_tempos(piece: MidiPiece) -> dict[int, int]:
    """Map ticks to microseconds per beat, up to the last onset."""
    last_onset = int(piece.notes[-1, 0])
    return {tick: microseconds for tick, microseconds in piece.tempos if tick <= last_onset}


def tempo_spread(piece: MidiPiece) -> float:
    """Return by what share the tempo varies over nine tenths of a piece's beats.

    Slow and fast tempos that take a twentieth of the beats each are left out.
    """
    changes = list(sounding_tempos(piece).items())
    if not changes:
        return 0.0
    times = np.array([time for _, time in changes], np.float64)
    ticks = np.array([tick for tick, _ in changes] + [int(piece.notes[-1, 0]) + 1])
    order = np.argsort(times)
    # Position of each tempo in the piece, if its beats were sorted by tempo: from 0 to 1.
    lengths = np.diff(ticks)[order]
    until = np.cumsum(lengths) / lengths.sum()
    low, high = times[order][np.searchsorted(until, (0.05, 0.95)).clip(max=len(order) - 1)]
    return float(high / low - 1)


def tempo_gestures(piece: MidiPiece, smallest: float) -> list[list[float]]:
    """Group the tempo changes into gestures, each a list of beats.

    A gesture is a jump, or a run of changes in one direction at most two beats apart, such as a
    ritardando in steps.

    Args:
        piece: a piece with at least one note.
        smallest: smallest change that counts, as a share of the tempo.
    """
    changes: list[tuple[float, bool]] = []  # (beat, whether the tempo slows down)
    now: int | None = None
    for tick, microseconds in sounding_tempos(piece).items():
        if now is not None and abs(microseconds - now) > smallest * now:
            changes.append((tick / piece.ticks_per_beat, microseconds > now))
        elif now is not None:
            continue  # small changes add up until they count
        now = microseconds

    gestures: list[list[float]] = []
    before: tuple[float, bool] | None = None
    for beat, slower in changes:
        if before is None or before[1] != slower or beat - before[0] > GESTURE:
            gestures.append([])
        gestures[-1].append(beat)
        before = beat, slower
    return gestures


def _metres(piece: MidiPiece) -> list[tuple[str, float]]:
    """Return the sounding metres and their bars, in order, without upbeat bars and repeats."""
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
    ticks = [tick for tick, _ in entries] + [max(piece.end_tick, last_onset + 1)]
    metres: list[tuple[tuple[int, int], float]] = []
    for index, (tick, (numerator, denominator)) in enumerate(entries):
        metre, count = (numerator, denominator), (ticks[index + 1] - tick) / max(1.0, bars[index])
        if metres and _alike(metres[-1][0], metre):
            metre, count = metres[-1][0], metres[-1][1] + count
            del metres[-1]
        metres.append((metre, count))
    return [(f"{numerator}/{denominator}", count) for (numerator, denominator), count in metres]


def _alike(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Return whether two metres sound alike, as 4/4, 2/2 and 8/8 do."""
    if a == b:
        return True
    same_length = a[0] * b[1] == b[0] * a[1]
    return same_length and all(numerator.bit_count() == 1 for numerator, _ in (a, b))


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
