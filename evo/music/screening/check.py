"""The check of many pieces: one report a piece, and what all of them come to.

Pieces come one after the other, each is read, judged and forgotten. What stays is a fingerprint of
16 bytes with the name of who brought it, and a count a fault: a thousand files take no more memory
than ten. Nothing that a file holds stops the check; a file that cannot be read has its reason.

    check = Check(Demands(keys=13))
    for path in midi_files(folder, below=True):
        report = check.file(path)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evo.core.errors import MidiError, printable
from evo.music.midi.read import MidiPiece, read_piece
from evo.music.screening.facts import Facts
from evo.music.screening.faults import Demands, Fault, judge
from evo.music.screening.fingerprint import fingerprint


@dataclass(frozen=True)
class Report:
    """One piece: what is wrong with it, and what it is like unless it could not be read.

    `same_as` names an earlier piece with the same melody. It is a fault, a duplicate, unless that
    piece is not fit itself: then this one is the first to be of use.
    """

    name: str
    facts: Facts | None
    faults: tuple[Fault, ...]
    same_as: str | None = None

    @property
    def fit(self) -> bool:
        """Whether the piece is fit to learn from."""
        return not self.faults

    def __str__(self) -> str:
        return printable(f"{self.name}: {'; '.join(map(str, self.faults)) or 'fit'}")

    def record(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "path": self.name,
            "fit": self.fit,
            "faults": [{"fault": fault.kind, "reason": fault.reason} for fault in self.faults],
            "same_as": self.same_as,
            "facts": self.facts.record() if self.facts else None,
        }


class Check:
    """Judges pieces one by one and counts.

    Attributes:
        pieces, fit: how many there were, and how many are fit to learn from.
        faults: how many pieces have each fault.
        steps_per_beat: how many of the fit ones need a piano roll of so many steps a beat.
    """

    def __init__(self, demands: Demands) -> None:
        self.demands = demands
        self.pieces = self.fit = 0
        self.faults: Counter[str] = Counter()
        self.steps_per_beat: Counter[int] = Counter()
        self._melodies: dict[bytes, tuple[str, bool]] = {}  # who was first, and whether it is fit

    def file(self, path: str) -> Report:
        """Return the report on a MIDI file."""
        return self.piece(path, lambda: read_piece(path))

    def piece(self, name: str, read: Callable[[], MidiPiece]) -> Report:
        """Return the report on a piece that `read` returns, or raises a MidiError for."""
        report = self._judged(name, read)
        self.pieces += 1
        self.faults.update({fault.kind for fault in report.faults})
        if report.fit and report.facts is not None:
            self.fit += 1
            self.steps_per_beat[report.facts.steps_per_beat] += 1
        return report

    def _judged(self, name: str, read: Callable[[], MidiPiece]) -> Report:
        try:
            piece = read()
        except MidiError as error:
            return Report(name, None, (Fault("damaged", error.reason.removeprefix("damaged: ")),))
        verdict = judge(piece, self.demands)
        if isinstance(verdict, Fault):
            return Report(name, None, (verdict,))
        facts, grid, faults = verdict
        melody = fingerprint(piece.notes, piece.ticks_per_beat, grid)
        if melody is None:
            return Report(name, facts, tuple(faults))
        first, first_is_fit = self._melodies.get(melody, (None, False))
        if first is None or (not first_is_fit and not faults):
            self._melodies[melody] = (name, not faults)
        if first is not None and (first_is_fit or faults):
            faults.append(Fault("duplicate", f"the melody of {first}"))
        return Report(name, facts, tuple(faults), first)
