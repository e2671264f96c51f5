"""Define the faults of a piece as training data, with reasons and bounds.

The faults are those that spoilt the data of the original research: pieces for bands, live
recordings, tempo maps of a performance, changing metres, and music too complex for the instrument.
Each bound must accept similar pieces without the fault:

| fault | not a fault |
| --- | --- |
| not a piano piece: drums, other instruments, more than two parts | two hands on two tracks |
| off the grid (`evo.music.screening.timing`) | triplets, swing, ornaments, a delay |
| a tempo that changes all the time | one at the double bar, a ritardando |
| a changing or odd metre | an upbeat bar, 4/4 written as 2/2 |
| too complex: range, chords, density | |
| empty, too short, too long | |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from evo.music.midi.read import MidiPiece
from evo.music.midi.units import MICROSECONDS, note_name
from evo.music.screening.facts import Facts, describe, sounding_tempos, tempo_gestures
from evo.music.screening.timing import Grid, best_grid

# Fault names in records, and their titles in the report.
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

PIANOS = range(8)  # program numbers of pianos, including electric pianos and harpsichords
HANDS = 2
FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass",
    "reed", "pipe", "synth lead", "synth pad", "synth effects", "ethnic", "percussive",
    "sound effects",
)  # fmt: skip

MIN_NOTES = 12
MIN_BEATS = 8.0
MAX_SECONDS = 600.0
MAX_BEATS = 2_500.0  # the most that fit a piano roll at 24 steps per beat

TEMPO_GESTURES = 4  # allowed gestures, plus one per eight bars
TEMPO_BARS = 1 / 3  # maximum share of bars with a change, without the final ritardando
NO_METRE = "0/4"  # used by collections for free metre
EVEN_NUMERATORS = (2, 3, 4, 6, 8, 9, 12)
SMALL_INSTRUMENT = 25  # keys, two octaves: for one hand and one melody


class Fault(NamedTuple):
    """A fault: its kind (a key of `FAULTS`), and the figures that show it."""

    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{FAULTS[self.kind]} ({self.reason})" if self.reason else FAULTS[self.kind]


@dataclass(frozen=True)
class Demands:
    """Requirements for a piece.

    Attributes:
        keys: keys of the instrument, 1 to 128.
        chord: maximum notes that begin together; by default 4, or 10 above two octaves.
        density: maximum mean onsets per beat; by default 4, or 12 above two octaves.
        steps_per_beat: resolution of the piano roll; by default as fine as the piece needs.
    """

    keys: int = 13
    chord: int | None = None
    density: float | None = None
    steps_per_beat: int | None = None

    @property
    def largest_chord(self) -> int:
        """Maximum number of notes that begin together."""
        return self.chord or (4 if self.keys <= SMALL_INSTRUMENT else 10)

    @property
    def largest_density(self) -> float:
        """Maximum mean number of onsets per beat."""
        return self.density or (4.0 if self.keys <= SMALL_INSTRUMENT else 12.0)


def judge(piece: MidiPiece, demands: Demands) -> tuple[Facts, Grid, list[Fault]] | Fault:
    """Describe a piece and find its faults.

    Args:
        piece: the piece.
        demands: the requirements.

    Returns:
        Facts, best grid and faults; only a `Fault` if the piece has no notes.
    """
    if not len(piece.notes):
        return Fault("empty", "no notes but percussion" if piece.percussion else "no notes")
    onsets = piece.notes[:, 0] / piece.ticks_per_beat
    grid = best_grid(onsets, piece.ticks_per_beat)
    facts = describe(piece, onsets, grid)
    faults = [
        *_of_the_parts(piece),
        *_of_the_grid(grid, demands),
        *_of_the_tempo(piece),
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
        names = [f"program {program + 1}, {FAMILIES[program // 8]}" for program in others[:3]]
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


def _of_the_tempo(piece: MidiPiece) -> list[Fault]:
    # The last gesture is free. The tempo map of a live performance keeps rising and falling, or
    # changes in bar after bar.
    gestures = tempo_gestures(piece)
    end = int(piece.notes[-1, 0]) / piece.ticks_per_beat
    bars = max(1.0, end / 4)
    # A final ritardando is short and ends near the end.
    final = bool(gestures) and end - gestures[-1][-1] <= 8 and end - gestures[-1][0] <= 32
    counted = gestures[:-1] if final else gestures
    touched = len({int(beat // 4) for gesture in counted for beat in gesture})
    if len(counted) <= TEMPO_GESTURES + bars / 8 and touched <= max(
        TEMPO_GESTURES, TEMPO_BARS * bars
    ):
        return []
    speeds = [MICROSECONDS / microseconds for microseconds in sounding_tempos(piece).values()]
    reason = (
        f"{sum(map(len, gestures))} changes in {bars:.0f} bars, "
        f"{min(speeds):.0f} to {max(speeds):.0f} beats a minute"
    )
    return [Fault("tempo", reason)]


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
    # Finer than thirty-seconds is not written by musicians, and 0/4 is a missing metre.
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
    if facts.notes < MIN_NOTES or facts.beats < MIN_BEATS:
        size = f"{_count(facts.notes, 'note')} in {facts.beats:.0f} beats"
        faults.append(
            Fault("short", f"{size}, at least {MIN_NOTES} notes and {MIN_BEATS:.0f} beats")
        )
    if facts.seconds > MAX_SECONDS or facts.beats > MAX_BEATS:
        size = f"{facts.seconds / 60:,.0f} minutes, {facts.beats:,.0f} beats"
        limit = f"at most {MAX_SECONDS / 60:.0f} minutes and {MAX_BEATS:,.0f} beats"
        faults.append(Fault("long", f"{size}, {limit}"))
    return faults


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
