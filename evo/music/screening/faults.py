"""What can be wrong with a piece as data to learn from, each with the reason and the bound.

The faults are those that spoilt the data of the original research: pieces for a band, live
recordings, tempo maps that follow a player, metres that change, too much music for the instrument.
Every bound has an innocent neighbour that it must not touch; they stand side by side here.

| fault | innocent |
| --- | --- |
| not a piano piece: drums, other instruments, more than two parts | two hands on two tracks |
| off the grid (`evo.music.screening.timing`) | triplets, swing, ornaments, a delay |
| a tempo that changes all the time | one at the double bar, a ritardando |
| a changing or odd metre | an upbeat bar, 4/4 written as 2/2 |
| too complex: range, chords, density | |
| empty, too short, too long | |
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.music.midi.read import MidiPiece
from evo.music.midi.units import DEFAULT_TEMPO, MICROSECONDS, note_name
from evo.music.screening.timing import TOLERANCE, Grid, best_grid

# The faults by the name that records carry, each with what the report calls it.
FAULTS = {
    "damaged": "damaged or unreadable",
    "empty": "empty",
    "not-piano": "not a piano piece",
    "off-grid": "off the grid",
    "fine-grid": "finer than the grid asked for",
    "tempo": "a tempo that changes all the time",
    "metre": "a changing or odd metre",
    "complex": "too complex for the instrument",
    "short": "too short",
    "long": "too long",
    "duplicate": "a duplicate",
}

PIANOS = range(8)  # the program numbers of pianos, electric ones and harpsichords among them
HANDS = 2
FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive",
    "sound effects",
)  # fmt: skip

SHORTEST_NOTES = 12
SHORTEST_BEATS = 8.0
LONGEST_SECONDS = 600.0
LONGEST_BEATS = 2_500.0  # more would not fit a piano roll at 24 steps a beat

TEMPO_STEP = 0.005  # a smaller relative change is none
TEMPO_GESTURES = 4  # this many changes are free, and one in every eight bars
TEMPO_BARS = 1 / 3  # of the bars may see a change, the final ritardando's not counted
NO_METRE = "0/4"  # what a collection says of a song in free metre
EVEN_NUMERATORS = (2, 3, 4, 6, 8, 9, 12)
SMALL_INSTRUMENT = 25  # keys, two octaves: for one hand and one melody


class Fault(NamedTuple):
    """One thing that is wrong: which of `FAULTS`, and the figures that show it."""

    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{FAULTS[self.kind]} ({self.reason})" if self.reason else FAULTS[self.kind]


@dataclass(frozen=True)
class Demands:
    """What is asked of a piece.

    Attributes:
        keys: keys of the instrument, 1 to 128.
        chord: notes that may begin together; by default 4, or 10 for more than two octaves.
        density: onsets a beat, on average; by default 4, or 12 for more than two octaves.
        steps_per_beat: steps of the piano roll; by default as many as the piece needs.
    """

    keys: int = 13
    chord: int | None = None
    density: float | None = None
    steps_per_beat: int | None = None

    @property
    def largest_chord(self) -> int:
        """Notes that may begin together."""
        return self.chord or (4 if self.keys <= SMALL_INSTRUMENT else 10)

    @property
    def largest_density(self) -> float:
        """Onsets a beat, on average."""
        return self.density or (4.0 if self.keys <= SMALL_INSTRUMENT else 12.0)


@dataclass(frozen=True)
class Facts:
    """What a piece is like, as the records of the report have it."""

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
        """Keys from the lowest note to the highest."""
        return self.highest - self.lowest + 1

    def record(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {**asdict(self), "keys": self.keys}


def judge(piece: MidiPiece, demands: Demands) -> tuple[Facts, Grid, list[Fault]] | Fault:
    """What a piece is like and what is wrong with it; without any note only that it is empty."""
    if not len(piece.notes):
        return Fault("empty", "no notes but percussion" if piece.percussion else "no notes")
    onsets = piece.notes[:, 0] / piece.ticks_per_beat
    grid = best_grid(onsets, piece.ticks_per_beat)
    tempos, gestures = _tempo_changes(piece)
    end = max(piece.end_tick, int(piece.notes[:, 1].max())) / piece.ticks_per_beat
    pitches = piece.notes[:, 2]
    facts = Facts(
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
        tempo_changes=gestures,
        metres=tuple(_metres(piece)),
        grid=grid.name if grid.fits else "none",
        steps_per_beat=grid.steps_per_beat,
        off_grid=grid.off,
        deviation=grid.deviation,
    )
    faults = [
        *_of_the_parts(piece),
        *_of_the_grid(grid, demands),
        *tempos,
        *_of_the_metre(facts.metres),
        *_of_the_instrument(facts, demands),
        *_of_the_length(facts),
    ]
    return facts, grid, faults


def _of_the_parts(piece: MidiPiece) -> list[Fault]:
    reasons = []
    if piece.percussion:
        reasons.append(f"drums on channel 10, {_count(piece.percussion, 'note')}")
    programs = {program for part in piece.parts for program in part.programs}
    others = sorted(programs - set(PIANOS))
    if others:
        names = [f"program {one + 1}, {FAMILIES[one // 8]}" for one in others[:3]]
        names += ["..."] if len(others) > 3 else []
        reasons.append(", ".join(names))
    if len(piece.parts) > HANDS:
        tracks = len({part.track for part in piece.parts})
        where = f"{tracks} tracks" if tracks > 1 else f"{len(piece.parts)} channels"
        reasons.append(f"{len(piece.parts)} parts on {where}, two hands have {HANDS}")
    return [Fault("not-piano", "; ".join(reasons))] if reasons else []


def _of_the_grid(grid: Grid, demands: Demands) -> list[Fault]:
    if not grid.fits:
        return [
            Fault(
                "off-grid",
                f"{grid.off:.0%} of the onsets, as if played live; the nearest grid, {grid.name}, "
                f"is missed by {grid.deviation:.2g} beats on average",
            )
        ]
    asked = demands.steps_per_beat
    if asked is not None and asked % grid.steps_per_beat:
        return [Fault("fine-grid", f"{grid.name}: {grid.steps_per_beat} steps a beat, not {asked}")]
    return []


def _tempo_changes(piece: MidiPiece) -> tuple[list[Fault], int]:
    """The fault, if it is one, and the number of gestures.

    A gesture is a jump, or a run of changes in one direction with at most two beats between them: a
    ritardando written in steps. The last one is free. A tempo that follows a player goes up and
    down all the time, or changes in bar after bar.
    """
    last_onset = int(piece.notes[-1, 0])
    by_tick = {tick: microseconds for tick, microseconds in piece.tempos if tick <= last_onset}
    changes: list[tuple[float, bool]] = []  # (beat, whether it grows slower)
    now: int | None = None
    for tick, microseconds in by_tick.items():
        if now is not None and abs(microseconds - now) > TEMPO_STEP * now:
            changes.append((tick / piece.ticks_per_beat, microseconds > now))
        elif now is not None:
            continue  # small steps add up until they are a change
        now = microseconds

    gestures: list[list[float]] = []
    for place, (beat, slower) in enumerate(changes):
        before = changes[place - 1] if place else None
        if before is None or before[1] != slower or beat - before[0] > 2:
            gestures.append([])
        gestures[-1].append(beat)

    end = last_onset / piece.ticks_per_beat
    bars = max(1.0, end / 4)
    # The final ritardando ends near the end and is short enough to be one.
    final = bool(gestures) and end - gestures[-1][-1] <= 8 and end - gestures[-1][0] <= 32
    counted = gestures[:-1] if final else gestures
    touched = len({int(beat // 4) for gesture in counted for beat in gesture})
    if len(counted) > TEMPO_GESTURES + bars / 8 or touched > max(TEMPO_GESTURES, TEMPO_BARS * bars):
        speeds = [MICROSECONDS / microseconds for microseconds in by_tick.values()]
        reason = (
            f"{len(changes)} changes in {bars:.0f} bars, "
            f"{min(speeds):.0f} to {max(speeds):.0f} beats a minute"
        )
        return [Fault("tempo", reason)], len(gestures)
    return [], len(gestures)


def _metres(piece: MidiPiece) -> list[str]:
    """The metres that sound, in their order; an upbeat bar, and the same metre again, left out."""
    last_onset = int(piece.notes[-1, 0])
    by_tick = {tick: metre for tick, *metre in piece.metres if tick <= last_onset}
    places = list(by_tick.items())
    bars = [4 * num / den * piece.ticks_per_beat for _, (num, den) in places]  # in ticks
    # An upbeat: a metre of its own for the one bar, shorter than those that follow.
    if len(places) > 1 and bars[0] < bars[1] and places[1][0] - places[0][0] <= bars[0]:
        del places[0], bars[0]
    # And the last bar, which the upbeat completes.
    if len(places) > 1 and bars[-1] < bars[-2] and last_onset - places[-1][0] < bars[-1]:
        del places[-1], bars[-1]
    metres: list[tuple[int, int]] = []
    for _, (numerator, denominator) in places:
        if not metres or not _alike(metres[-1], (numerator, denominator)):
            metres.append((numerator, denominator))
    return [f"{numerator}/{denominator}" for numerator, denominator in metres]


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two metres are the same to the ear: 4/4, 2/2 and 8/8 are, 3/4 and 6/8 are not."""
    if one == other:
        return True
    same_length = one[0] * other[1] == other[0] * one[1]
    return same_length and all(numerator.bit_count() == 1 for numerator, _ in (one, other))


def _of_the_metre(metres: tuple[str, ...]) -> list[Fault]:
    reasons = []
    if len(metres) > 1:
        shown = ", ".join(metres[:4]) + (", ..." if len(metres) > 4 else "")
        reasons.append(f"{_count(len(metres) - 1, 'change')}: {shown}")
    odd = [metre for metre in dict.fromkeys(metres) if not _even(metre)]
    if odd == [NO_METRE]:
        reasons.append("none is given")
    elif odd:
        reasons.append(f"{', '.join(odd[:3])} is odd")
    return [Fault("metre", "; ".join(reasons))] if reasons else []


def _even(metre: str) -> bool:
    numerator, _, denominator = metre.partition("/")
    # No musician writes finer than thirty-seconds; a collection may also say that it has no metre.
    return metre[:1].isdecimal() and int(numerator) in EVEN_NUMERATORS and int(denominator) <= 32


def _of_the_instrument(facts: Facts, demands: Demands) -> list[Fault]:
    reasons = []
    if facts.keys > demands.keys:
        span = f"{note_name(facts.lowest)} to {note_name(facts.highest)}"
        reasons.append(f"needs {facts.keys} keys, {span}, of {demands.keys}")
    if facts.chord > demands.largest_chord:
        reasons.append(f"chords of {facts.chord} notes, at most {demands.largest_chord}")
    if facts.density > demands.largest_density:
        reasons.append(f"{facts.density:.1f} onsets a beat, at most {demands.largest_density:g}")
    return [Fault("complex", "; ".join(reasons))] if reasons else []


def _of_the_length(facts: Facts) -> list[Fault]:
    faults = []
    if facts.notes < SHORTEST_NOTES or facts.beats < SHORTEST_BEATS:
        what = f"{_count(facts.notes, 'note')} in {facts.beats:.0f} beats"
        faults.append(
            Fault(
                "short", f"{what}, at least {SHORTEST_NOTES} notes and {SHORTEST_BEATS:.0f} beats"
            )
        )
    if facts.seconds > LONGEST_SECONDS or facts.beats > LONGEST_BEATS:
        what = f"{facts.seconds / 60:,.0f} minutes, {facts.beats:,.0f} beats"
        most = f"at most {LONGEST_SECONDS / 60:.0f} minutes and {LONGEST_BEATS:,.0f} beats"
        faults.append(Fault("long", f"{what}, {most}"))
    return faults


def _largest_chord(onsets: NDArray[np.float64]) -> int:
    """The most notes that begin within the tolerance of the grid: a chord may be spread."""
    together = np.searchsorted(onsets, onsets + TOLERANCE, side="right") - np.arange(len(onsets))
    return int(together.max())


def _density(onsets: NDArray[np.float64]) -> float:
    """Onsets a beat on average, a chord counted once."""
    moments = np.unique(np.round(onsets / TOLERANCE))
    span = float(onsets[-1] - onsets[0])
    return (len(moments) - 1) / span if span > 0 else 0.0


def _seconds(piece: MidiPiece, end: float) -> float:
    """How long the piece lasts by its tempo map."""
    seconds, beat, microseconds = 0.0, 0.0, DEFAULT_TEMPO
    if piece.tempos and piece.tempos[0][0] > 0:
        microseconds = piece.tempos[0][1]  # as `Song.load` reads it
    for tick, following in piece.tempos:
        until = min(tick / piece.ticks_per_beat, end)
        seconds += (until - beat) * microseconds / 1e6
        beat, microseconds = until, following
    return seconds + (end - beat) * microseconds / 1e6


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
