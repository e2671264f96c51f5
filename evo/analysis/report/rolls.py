"""Piano rolls as paths of SVG: one song, or a song above its performance.

A step is as wide as the picture allows, and a key has a fixed height. A right note is filled, a
missing one hollow, an extra one has the warning colour and a frame. Crosses below mark wrong steps.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from evo.analysis.report.data import Pane, Roll, Shape, Tick
from evo.analysis.report.sound import MAX_SECONDS
from evo.music.midi.units import note_name
from evo.music.planes import notes_of
from evo.music.song import Song
from genomes.arrays import BoolArray
from genomes.words import counted

WIDTH = 1040  # of a picture, unless it is long
NARROWEST, WIDEST = 7.0, 20.0  # of a step
KEY, THIN_KEY = 9.0, 6.0  # heights of a key
MAX_STEPS = 2048
_FULL_KEYS = 25  # up to two octaves all keys are drawn, above only those in use
_GAP, _HEAD, _STRIP = 26.0, 20.0, 16.0  # between rolls; for numbers of bars; for crosses
_BLACK = (1, 3, 6, 8, 10)
_NAMED = 12  # mistakes that the summary names


def shortened(song: Song) -> Song:
    """Return the beginning of a long song: at most `MAX_STEPS` and `MAX_SECONDS`."""
    steps = min(song.steps, MAX_STEPS, int((song.seconds()[1:] <= MAX_SECONDS).sum()))
    return song if steps >= song.steps else song.played(song.roll(True)[: max(steps, 1)])


def wrong_steps(song: Song, played: Song, prompt_steps: int, durations: bool) -> BoolArray:
    """Mark the steps after the prompt that differ.

    Args:
        song: The song.
        played: The performance, of the same shape.
        prompt_steps: Steps that were given.
        durations: Whether the lengths of notes count.
    """
    wrong: BoolArray = (song.roll(durations) != played.roll(durations)).any(axis=1)
    wrong[:prompt_steps] = False
    return wrong


def roll_of(song: Song) -> Roll:
    """Return the picture of one song."""
    layout = _Layout([song], 0)
    notes = (Shape("note", layout.path(0, notes_of(song.onsets, song.sounding))),)
    low, high = layout.range_in_words()
    summary = (
        f"Piano roll of {counted(len(song.notes()), 'note')} from {low} to {high}, "
        f"{counted(song.steps, 'step')} in {song.metre}"
    )
    return layout.roll([("", notes)], "", summary)


def compared_rolls(song: Song, played: Song, prompt_steps: int, wrong: BoolArray) -> Roll:
    """Return the picture of a song above its performance.

    Args:
        song: The song.
        played: The performance, of the same shape.
        prompt_steps: Steps that were given.
        wrong: Bool (steps,), the wrong steps.
    """
    layout = _Layout([song, played], prompt_steps)
    parts = (
        ("missing", song.onsets & ~played.onsets, song.sounding),
        ("note", song.onsets & played.onsets, played.sounding),
        ("extra", played.onsets & ~song.onsets, played.sounding),
    )
    shown = [
        Shape(kind, layout.path(1, notes_of(onsets, sounding | onsets)))
        for kind, onsets, sounding in parts
        if onsets.any()
    ]
    above = (Shape("note", layout.path(0, notes_of(song.onsets, song.sounding))),)
    places = np.flatnonzero(wrong).tolist()
    judged = song.steps - prompt_steps
    summary = f"The song, and below it the performance: {judged - len(places)} of {judged} steps "
    summary += "are right"
    if places:
        more = ", ..." if len(places) > _NAMED else ""
        summary += f"; wrong are steps {', '.join(map(str, places[:_NAMED]))}{more}"
    return layout.roll([("song", above), ("played", tuple(shown))], layout.crosses(places), summary)


class _Layout:
    """The geometry of a picture with one roll below the other."""

    def __init__(self, songs: Sequence[Song], prompt_steps: int) -> None:
        song = songs[0]
        self.song, self.count, self.prompt_steps = song, len(songs), prompt_steps
        used = np.flatnonzero(np.any([one.onsets.any(axis=0) for one in songs], axis=0))
        self.low, self.high = 0, song.keys
        if song.keys > _FULL_KEYS and len(used):
            self.low = max(int(used[0]) - 1, 0)
            self.high = min(int(used[-1]) + 2, song.keys)
        self.used = (int(used[0]), int(used[-1])) if len(used) else (self.low, self.high - 1)
        self.step = round(min(max(WIDTH / song.steps, NARROWEST), WIDEST), 2)
        self.key = KEY if self.high - self.low <= _FULL_KEYS else THIN_KEY
        self.pane = (self.high - self.low) * self.key

    def top(self, pane: int) -> float:
        """Return the top of a roll."""
        return _HEAD + pane * (self.pane + _GAP)

    def range_in_words(self) -> tuple[str, str]:
        """Return the names of the lowest and the highest note."""
        low, high = (note_name(self.song.lowest_note + key) for key in self.used)
        return low, high

    def path(self, pane: int, notes: Iterable[tuple[int, int, int]]) -> str:
        """Return the path of notes (first step, release, key) in a roll."""
        top, tall = self.top(pane) + self.pane, f"{self.key - 2:g}"
        parts = []
        for first, release, key in notes:
            x, y = first * self.step + 0.75, top - (key - self.low + 1) * self.key + 1
            wide = f"{max((release - first) * self.step - 1.5, 1.5):.5g}"
            parts.append(f"M{x:.6g} {y:g}h{wide}v{tall}h-{wide}z")
        return "".join(parts)

    def crosses(self, steps: Sequence[int]) -> str:
        """Return the path of a cross below each of the steps."""
        y, size = self.top(self.count - 1) + self.pane + 5, min(self.step - 1.5, 7.0)
        parts = []
        for step in steps:
            x = (step + 0.5) * self.step - size / 2
            parts.append(f"M{x:.6g} {y:g}l{size:g} {size:g}m-{size:g} 0l{size:g} -{size:g}")
        return "".join(parts)

    def roll(
        self, panes: Sequence[tuple[str, tuple[Shape, ...]]], wrong: str, summary: str
    ) -> Roll:
        """Return the whole picture.

        Args:
            panes: Label and notes of each roll.
            wrong: Path of the crosses.
            summary: The picture in words.
        """
        song, width = self.song, round(self.song.steps * self.step, 2)
        bottom = self.top(self.count - 1) + self.pane
        bars = song.bar_starts().tolist()
        beats = range(song.metre.first_bar % song.steps_per_beat, song.steps, song.steps_per_beat)
        lines = [step for step in beats if step not in set(bars)] if self.step >= 1 else []
        every = max(1, -(-48 // max(int(song.bar * self.step), 1)))  # numbers need 48 pixels
        return Roll(
            width=width,
            height=round(bottom + (_STRIP if self.count > 1 else 2), 2),
            panes=tuple(
                Pane(
                    label, self.top(index), self.pane, self._shaded(index, width),
                    self._key_names(index), notes,
                )
                for index, (label, notes) in enumerate(panes)
            ),
            beats=self._lines(lines),
            bars=self._lines([*bars, song.steps]),
            numbers=tuple(
                Tick(round(step * self.step + 3, 2), str(number))
                for number, step in enumerate(bars, start=1)
                if (number - 1) % every == 0
            ),
            prompt=round(self.prompt_steps * self.step, 2),
            wrong=wrong,
            marks=bottom + 5,
            summary=summary,
            times=self._times(),
        )  # fmt: skip

    def _lines(self, steps: Iterable[int]) -> str:
        spans = [(self.top(pane), self.pane) for pane in range(self.count)]
        return "".join(
            f"M{step * self.step:.6g} {top:g}v{tall:g}" for step in steps for top, tall in spans
        )

    def _shaded(self, pane: int, width: float) -> str:
        bottom = self.top(pane) + self.pane
        return "".join(
            f"M0 {bottom - (key - self.low + 1) * self.key:g}h{width:g}v{self.key:g}h-{width:g}z"
            for key in range(self.low, self.high)
            if (self.song.lowest_note + key) % 12 in _BLACK
        )

    def _key_names(self, pane: int) -> tuple[Tick, ...]:
        """Return the name of every C, and of the lowest key without any."""
        bottom, lowest = self.top(pane) + self.pane, self.song.lowest_note
        named = [key for key in range(self.low, self.high) if (lowest + key) % 12 == 0]
        return tuple(
            Tick(
                round(bottom - (key - self.low + 0.5) * self.key + 3.5, 2), note_name(lowest + key)
            )
            for key in named or [self.low]
        )

    def _times(self) -> tuple[tuple[float, float], ...]:
        seconds = self.song.seconds()
        steps = [0, *(step for step, _ in self.song.tempo_changes), self.song.steps]
        return tuple((round(float(seconds[at]), 4), round(at * self.step, 2)) for at in steps)
