"""Check many pieces: one report per piece, and totals.

Pieces are read and judged one at a time, then released. Kept are a 16-byte fingerprint with the
name of its first piece, and a count per fault. So memory hardly grows with the number of files. A
file that cannot be read gets a report with the reason.

    check = Check(PROFILES["piano"])
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
from evo.music.screening.demands import Demands
from evo.music.screening.facts import Facts
from evo.music.screening.faults import Fault, judge
from evo.music.screening.fingerprint import fingerprint

# How the reasons of `MidiError` begin, by fault.
UNREADABLE = {"large": "too large", "several": "several pieces", "damaged": "damaged"}


@dataclass(frozen=True)
class Report:
    """The result for one piece: its faults, and its facts if it could be read.

    `same_as` names an earlier piece with the same melody. The piece is then a duplicate, a fault,
    unless the earlier one was unfit and this one is fit.
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
        """Return the report as JSON values, an entry of the collection's report."""
        return {
            "path": self.name,
            "fit": self.fit,
            "faults": [{"fault": fault.kind, "reason": fault.reason} for fault in self.faults],
            "same_as": self.same_as,
            "facts": self.facts.record() if self.facts else None,
        }


class Check:
    """Judge pieces one by one, and count the results.

    Attributes:
        pieces: number of pieces.
        fit: number of pieces fit to learn from.
        faults: number of pieces per fault.
        steps_per_beat: number of fit pieces per resolution they need.
    """

    def __init__(self, demands: Demands) -> None:
        self.demands = demands
        self.pieces = self.fit = 0
        self.faults: Counter[str] = Counter()
        self.steps_per_beat: Counter[int] = Counter()
        self._melodies: dict[
            bytes, tuple[str, bool]
        ] = {}  # first piece with this melody, and its fitness

    def file(self, path: str) -> Report:
        """Read and check a MIDI file; a file that cannot be read has the fault "damaged"."""
        return self.piece(path, lambda: read_piece(path))

    def piece(self, name: str, read: Callable[[], MidiPiece]) -> Report:
        """Check a piece.

        Args:
            name: name of the piece.
            read: returns the piece; a MidiError it raises becomes a fault.
        """
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
            return Report(name, None, (_unreadable(error),))
        verdict = judge(piece, self.demands)
        if isinstance(verdict, Fault):
            return Report(name, None, (verdict,))
        facts, grid, faults = verdict
        melody = fingerprint(piece.notes, facts.beat_ticks, grid)
        if melody is None:
            return Report(name, facts, tuple(faults))
        first, first_is_fit = self._melodies.get(melody, (None, False))
        if first is None or (not first_is_fit and not faults):
            self._melodies[melody] = (name, not faults)
        if first is not None and (first_is_fit or faults):
            faults.append(Fault("duplicate", f"the melody of {first}"))
        return Report(name, facts, tuple(faults), first)


def _unreadable(error: MidiError) -> Fault:
    """Return the fault of a file that cannot be read."""
    for kind, beginning in UNREADABLE.items():
        if error.reason.startswith(beginning):
            return Fault(kind, error.reason.removeprefix(beginning).lstrip(": "))
    return Fault("damaged", error.reason)
