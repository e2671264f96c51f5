"""Find the faults of a piece as training data, with reasons and bounds.

The faults are those that spoilt the data of the original research: pieces for bands, live
recordings, tempo maps of a performance, changing metres, and music too complex for the instrument.
The bounds are demands (`evo.music.screening.demands`). Each must accept similar pieces without the
fault:

| fault | not a fault |
| --- | --- |
| not a piano piece: drums, other instruments | four voices on four tracks |
| off the grid (`evo.music.screening.timing`) | triplets, swing, ornaments, a delay, another beat |
| a tempo that changes all the time | a few beats a minute, a double bar, a ritardando |
| a changing or odd metre | one odd bar, an upbeat bar, 4/4 written as 2/2 |
| too complex: range, notes at once, hands, density | a few wide chords |
| empty, too short, too long | |

Every reason gives what was measured and what is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evo.music.midi.read import MidiPiece
from evo.music.midi.units import DEFAULT_TEMPO, note_name, program_name
from evo.music.resolution import other_beat
from evo.music.screening.demands import Demands
from evo.music.screening.facts import Facts, describe, tempo_gestures, tempo_spread
from evo.music.screening.texture import Texture, texture_of
from evo.music.screening.timing import Grid, best_grid
from genomes.arrays import IntArray

# Fault names in records, and their titles in the report.
FAULTS = {
    "damaged": "damaged or unreadable",
    "large": "too large a file",
    "several": "several pieces in one file",
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
MAX_STEPS = 65_536  # of a piano roll
TEMPO_BARS = 1 / 3  # maximum share of bars with a change of tempo, without the final ritardando
NO_METRE = "0/4"  # used by collections for free metre
EVEN_NUMERATORS = (2, 3, 4, 6, 8, 9, 12)


class Fault(NamedTuple):
    """A fault: its kind (a key of `FAULTS`), and the figures that show it."""

    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{FAULTS[self.kind]} ({self.reason})" if self.reason else FAULTS[self.kind]


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
    grid = best_grid(piece.notes[:, 0] / piece.ticks_per_beat, piece.ticks_per_beat)
    if not grid.fits:
        beat = other_beat(np.unique(piece.notes[:, 0]), piece.ticks_per_beat)
        if beat is not None:
            piece = _on_beat(piece, beat)
            grid = best_grid(piece.notes[:, 0] / beat, beat)
    texture = texture_of(piece.notes, piece.ticks_per_beat)
    facts = describe(piece, piece.notes[:, 0] / piece.ticks_per_beat, grid, texture)
    faults = [
        *_of_the_parts(piece, facts, demands),
        *_of_the_grid(grid, demands),
        *_of_the_tempo(piece, facts, demands),
        *_of_the_metre(facts, demands),
        *_of_the_instrument(facts, texture, demands),
        *_of_the_length(facts, demands),
    ]
    return facts, grid, faults


def _on_beat(piece: MidiPiece, beat: int) -> MidiPiece:
    """Return a piece with another number of ticks per beat, at the same speed."""
    tempos = piece.tempos or ((0, DEFAULT_TEMPO),)
    scaled = tuple((tick, round(time * beat / piece.ticks_per_beat)) for tick, time in tempos)
    return replace(piece, ticks_per_beat=beat, tempos=scaled)


def _of_the_parts(piece: MidiPiece, facts: Facts, demands: Demands) -> list[Fault]:
    reasons = []
    share = piece.percussion / (facts.notes + piece.percussion)
    if share > demands.drums:
        reasons.append(
            f"drums on channel 10 play {_share(share)} of the notes, {_allowed(demands.drums)}"
        )
    # A part counts if it plays another instrument anywhere.
    others = [not set(part.programs) <= set(PIANOS) for part in piece.parts]
    share = float(np.array(others)[piece.notes[:, 3]].mean())
    if share > demands.others:
        programs = sorted({program for part in piece.parts for program in part.programs})
        names = [program_name(program) for program in programs if program not in PIANOS]
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        play = "plays" if len(names) == 1 else "play"
        reasons.append(f"{shown} {play} {_share(share)} of the notes, {_allowed(demands.others)}")
    return [Fault("not-piano", "; ".join(reasons))] if reasons else []


def _of_the_grid(grid: Grid, demands: Demands) -> list[Fault]:
    if grid.off > demands.off_grid:
        return [
            Fault(
                "off-grid",
                f"{_share(grid.off)} of the onsets, {_allowed(demands.off_grid)}, as if played "
                f"live; the nearest grid, {grid.name}, is missed by {grid.deviation:.2g} beats on "
                "average",
            )
        ]
    asked = demands.steps_per_beat
    if asked and asked % grid.steps_per_beat:
        return [Fault("fine-grid", f"{grid.name}: {grid.steps_per_beat} steps a beat, not {asked}")]
    return []


def _of_the_tempo(piece: MidiPiece, facts: Facts, demands: Demands) -> list[Fault]:
    # The last gesture is free. The tempo map of a live performance keeps rising and falling, or
    # changes in bar after bar.
    gestures = tempo_gestures(piece, demands.tempo_change)
    end = int(piece.notes[-1, 0]) / piece.ticks_per_beat
    bars = max(1.0, end / 4)
    # A final ritardando is short and ends near the end.
    final = bool(gestures) and end - gestures[-1][-1] <= 8 and end - gestures[-1][0] <= 32
    counted = gestures[:-1] if final else gestures
    touched = len({int(beat // 4) for gesture in counted for beat in gesture})
    allowed = demands.tempo_changes + int(bars / 8)
    allowed_bars = max(demands.tempo_changes, int(TEMPO_BARS * bars))
    spread = tempo_spread(piece)
    if spread <= demands.tempo_spread or (len(counted) <= allowed and touched <= allowed_bars):
        return []
    reason = (
        f"{len(counted)} changes, at most {allowed}, in {touched} of {bars:.0f} bars, at most "
        f"{allowed_bars}; {facts.slowest:.0f} to {facts.fastest:.0f} beats a minute"
    )
    return [Fault("tempo", reason)]


def _of_the_metre(facts: Facts, demands: Demands) -> list[Fault]:
    reasons = []
    # One bar may always differ; a bar is counted in ticks, so allow for rounding.
    if facts.other_bars > max(1.01, demands.other_metres * facts.bars):
        shown = ", ".join(facts.metres[:4]) + (", ..." if len(facts.metres) > 4 else "")
        reasons.append(
            f"{facts.other_bars:.0f} of {facts.bars:.0f} bars are not in {facts.metre}, "
            f"{_allowed(demands.other_metres)}: {shown}"
        )
    if not demands.odd_metres and facts.metre == NO_METRE:
        reasons.append("none is given")
    elif not demands.odd_metres and facts.metre and not _even(facts.metre):
        reasons.append(
            f"{facts.metre} is odd, expected {', '.join(map(str, EVEN_NUMERATORS))} beats"
        )
    return [Fault("metre", "; ".join(reasons))] if reasons else []


def _even(metre: str) -> bool:
    numerator, _, denominator = metre.partition("/")
    # Finer than thirty-seconds is not written by musicians, and 0/4 is a missing metre.
    return int(numerator) in EVEN_NUMERATORS and int(denominator) <= 32


def _of_the_instrument(facts: Facts, texture: Texture, demands: Demands) -> list[Fault]:
    reasons = []
    if facts.keys > demands.keys:
        span = f"{note_name(facts.lowest)} to {note_name(facts.highest)}"
        reasons.append(f"needs {facts.keys} keys, {span}, of {demands.keys}")

    def beyond(name: str, values: IntArray, limit: int) -> None:
        share = float((values > limit).mean())
        if share > demands.beyond:
            reasons.append(
                f"{name.format(int(values.max()))}, over {limit} in {_share(share)} of the "
                f"moments, {_allowed(demands.beyond)}"
            )

    beyond("up to {} notes struck together", texture.chord, demands.chord)
    beyond("up to {} notes at once", texture.at_once, demands.at_once)
    beyond("hands of up to {} semitones", texture.span, demands.span)
    if facts.density > demands.density:
        reasons.append(f"{facts.density:.1f} onsets a beat, at most {demands.density:g}")
    return [Fault("complex", "; ".join(reasons))] if reasons else []


def _of_the_length(facts: Facts, demands: Demands) -> list[Fault]:
    faults = []
    if facts.notes < demands.notes or facts.beats < demands.beats:
        size = f"{_count(facts.notes, 'note')} in {facts.beats:.0f} beats"
        limit = f"at least {_count(demands.notes, 'note')} and {demands.beats:.0f} beats"
        faults.append(Fault("short", f"{size}, {limit}"))
    steps = facts.beats * facts.steps_per_beat
    if facts.seconds > 60 * demands.minutes or steps > MAX_STEPS:
        size = f"{facts.seconds / 60:,.0f} minutes, {steps:,.0f} steps"
        limit = f"at most {demands.minutes:g} minutes and {MAX_STEPS:,} steps"
        faults.append(Fault("long", f"{size}, {limit}"))
    return faults


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def _allowed(share: float) -> str:
    return f"at most {share:.0%}"
