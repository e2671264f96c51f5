"""Songs: piano rolls with resolution, lowest note, tempo and name.

A song is a boolean grid (steps, keys). Key 0 is the MIDI note `lowest_note`, and keys are a
semitone apart. A beat has `steps_per_beat` steps. The grid has two modes:

- onset mode (`hold=False`): True is the onset of a note of one step. The simplified instrument of
  13 keys uses this mode.
- hold mode (`hold=True`): True is a key that is down. A run of True steps is one held note.

Songs are immutable: the grid is read-only, and every change returns a new song.
"""

from __future__ import annotations

import hashlib
import operator
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from evo.core.errors import InputError, MidiError
from evo.core.user_files import AnyPath
from evo.music.midi.roll import MAX_STEPS, read_grid
from evo.music.midi.units import note_name, tempo_to_microseconds
from evo.music.midi.write import midi_bytes, write_file
from evo.music.synth import player, write_wav
from genomes.arrays import BoolArray

__all__ = ["MAX_STEPS", "Song"]

MAX_NAME = 120  # bytes of a song's name
TICKS_PER_BEAT = 480  # in saved files, rounded up to a multiple of steps_per_beat


def usual_lowest_note(keys: int) -> int:
    """Return the default MIDI note of key 0: 60, 21 or 0.

    It is 60 below 69 keys, 21 (as on the piano) from 69 keys, and 0 from 108 keys.
    """
    return next(note for note in (60, 21, 0) if note + keys <= 128)


def name_of(path: AnyPath, limit: int = MAX_NAME) -> str:
    """Return a song's name: its file's, without suffix, as valid text of limited length.

    Files of a run are named after its songs, so a long name is shortened and ends in a hash.

    Args:
        path: The song's file.
        limit: Maximum length in bytes.
    """
    stem = os.fsencode(Path(path).stem)
    name = stem.decode(errors="replace")
    if len(name.encode()) <= limit:
        return name
    mark = hashlib.sha256(stem).hexdigest()[:8]
    return f"{name.encode()[: limit - len(mark) - 1].decode(errors='ignore')}-{mark}"


@dataclass(frozen=True, eq=False)
class Song:
    """A piano roll.

    Attributes:
        grid: read-only bool array (steps, keys), copied from the argument.
        lowest_note: MIDI note of key 0; the highest key must not exceed 127.
        steps_per_beat: steps per quarter note, 1 to 32,767.
        tempo: quarter notes per minute, about 3.6 to 60,000,000 (the range of MIDI).
        name: a label, ignored by comparisons.
        hold: True marks held keys, False marks onsets only.

    Raises:
        ValueError: if the grid has another type or shape, or a number is out of range.
    """

    grid: BoolArray
    lowest_note: int = 60
    steps_per_beat: int = 2
    tempo: float = 120.0
    name: str = ""
    hold: bool = False

    def __post_init__(self) -> None:
        grid = np.array(self.grid, order="C")
        if grid.dtype != np.bool_ or grid.ndim != 2:
            raise ValueError(
                f"grid: expected a bool array (steps, keys), got {grid.dtype} {grid.shape}"
            )
        steps, keys = grid.shape
        _integer("grid: number of steps", steps, 1, MAX_STEPS)
        _integer("grid: number of keys", keys, 1, 128)
        grid.flags.writeable = False
        set_attribute = object.__setattr__  # the dataclass is frozen
        set_attribute(self, "grid", grid)
        set_attribute(self, "lowest_note", _integer("lowest_note", self.lowest_note, 0, 128 - keys))
        set_attribute(
            self, "steps_per_beat", _integer("steps_per_beat", self.steps_per_beat, 1, 32_767)
        )
        set_attribute(self, "tempo", float(self.tempo))
        tempo_to_microseconds(self.tempo)

    @classmethod
    def load(
        cls,
        path: AnyPath,
        *,
        keys: int = 13,
        lowest_note: int | None = None,
        steps_per_beat: int = 2,
        hold: bool = False,
        steps: int | None = None,
    ) -> Song:
        """Load a MIDI file, with all tracks merged and without percussion.

        Onsets and releases fall on the nearest step. If notes leave the keys, the song is
        transposed by the fewest semitones that bring them in.

        Args:
            path: MIDI file.
            keys: number of keys, 1 to 128.
            lowest_note: MIDI note of key 0; by default see `usual_lowest_note`.
            steps_per_beat: steps per quarter note, 1 to 32,767.
            hold: True marks held keys, False marks onsets only.
            steps: length to cut to, or to fill up to with silence; by default the file's own.

        Raises:
            MidiError: if the file cannot be read, spans more than the keys, or has no note in these
                steps.
            ValueError: if an argument is out of range.
        """
        keys = _integer("keys", keys, 1, 128)
        if lowest_note is None:
            lowest_note = usual_lowest_note(keys)
        lowest_note = _integer("lowest_note", lowest_note, 0, 128 - keys)
        steps_per_beat = _integer("steps_per_beat", steps_per_beat, 1, 32_767)
        if steps is not None:
            steps = _integer("steps", steps, 1, MAX_STEPS)

        grid, tempo = read_grid(path, keys, lowest_note, steps_per_beat, hold, steps)
        return cls(grid, lowest_note, steps_per_beat, tempo, name_of(path), hold)

    def save(self, path: AnyPath) -> None:
        """Save as MIDI; loading with the same parameters restores the grid.

        In onset mode each True is a note of one step. In hold mode each run of True is one note.

        Raises:
            MidiError: if the file cannot be written, or would be too large to read back.
        """
        try:
            content = self.to_midi()
        except InputError as error:
            raise MidiError(path, str(error)) from None
        write_file(path, content)

    def to_midi(self) -> bytes:
        """Encode the song as a MIDI file.

        Raises:
            InputError: if there are more notes than a file may hold.
        """
        ticks = -(-TICKS_PER_BEAT // self.steps_per_beat)  # per step, rounded up
        return midi_bytes(
            [(on * ticks, off * ticks, note) for on, off, note in self.notes()],
            ticks_per_beat=ticks * self.steps_per_beat,
            end_tick=self.steps * ticks,
            tempo=self.tempo,
            name=self.name,
        )

    @property
    def steps(self) -> int:
        """Length in steps."""
        return int(self.grid.shape[0])

    @property
    def keys(self) -> int:
        """Number of keys."""
        return int(self.grid.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.steps * 60.0 / (self.tempo * self.steps_per_beat)

    def notes(self) -> list[tuple[int, int, int]]:
        """Return the notes as sorted (first step, release step, MIDI note) triples."""
        if not self.hold:
            steps, keys = np.nonzero(self.grid)
            ends = steps + 1
        else:
            silence = np.int8(0)  # int8, so that the difference stays at one byte per cell
            edges = np.diff(self.grid.astype(np.int8), axis=0, prepend=silence, append=silence)
            # Both lists are sorted by key, so the n-th rise matches the n-th fall.
            keys, steps = np.nonzero(edges.T == 1)
            _, ends = np.nonzero(edges.T == -1)
        rows = zip(steps.tolist(), ends.tolist(), (keys + self.lowest_note).tolist(), strict=True)
        return sorted(rows)

    def whole_bars(self, minimum: int = 128, bar: int = 8) -> Song:
        """Fit the length to the sounding part: `minimum` steps, or more in whole bars.

        Only silence is cut or added.

        Args:
            minimum: minimum length, in steps.
            bar: steps per bar.

        Raises:
            ValueError: if an argument is out of range.
        """
        minimum = _integer("minimum", minimum, 1, MAX_STEPS)
        bar = _integer("bar", bar, 1, MAX_STEPS)
        sounding = np.flatnonzero(self.grid.any(axis=1))
        sounding_steps = int(sounding[-1]) + 1 if len(sounding) else 0
        steps = minimum if sounding_steps <= minimum else -(-sounding_steps // bar) * bar
        silence = np.zeros((max(0, steps - self.steps), self.keys), dtype=np.bool_)
        return replace(self, grid=np.concatenate([self.grid[:steps], silence]))

    def transposed(self, semitones: int) -> Song:
        """Transpose the song by `semitones` (positive is up) on the same keys.

        Raises:
            ValueError: if a note would leave the keys.
        """
        semitones = operator.index(semitones)
        lowest, highest = self._shifts()
        if not lowest <= semitones <= highest:
            raise ValueError(
                f"semitones: expected {lowest} to {highest} to stay on the keys, got {semitones}"
            )
        # The keys that wrap around have no notes.
        return replace(self, grid=np.roll(self.grid, semitones, axis=1))

    def transpositions(self) -> list[Song]:
        """Return all transpositions that fit the keys, lowest first."""
        lowest, highest = self._shifts()
        return [self.transposed(semitones) for semitones in range(lowest, highest + 1)]

    def _shifts(self) -> tuple[int, int]:
        """Return the lowest (at most 0) and highest transposition that fit the keys."""
        used = np.flatnonzero(self.grid.any(axis=0))
        return (-int(used[0]), self.keys - 1 - int(used[-1])) if len(used) else (0, 0)

    def windows(self, lags: ArrayLike, before_start: bool = False) -> BoolArray:
        """Return the notes at each lag before each step.

        Args:
            lags: non-negative integers (n,), in steps; 0 is the step itself.
            before_start: value of every key before the song begins.

        Returns:
            Bool array (steps, n, keys); `[t, i]` is `grid[t - lags[i]]`.

        Raises:
            ValueError: if the lags are negative or not integers (n,).
        """
        steps_back = np.asarray(lags)
        if steps_back.ndim != 1 or not np.issubdtype(steps_back.dtype, np.integer):
            raise ValueError(
                f"lags: expected integers (n,), got {steps_back.dtype} {steps_back.shape}"
            )
        if len(steps_back) and steps_back.min() < 0:
            raise ValueError(f"lags: expected none below 0, got {steps_back.min()}")
        # Row 0 represents all steps before the start.
        padded = np.vstack([np.full((1, self.keys), before_start, dtype=np.bool_), self.grid])
        limited = np.minimum(steps_back, self.steps).astype(np.int64)
        rows = np.arange(1, self.steps + 1)[:, None] - limited[None, :]
        windows: BoolArray = padded[np.maximum(rows, 0)]
        return windows

    def corrupted(self, errors: int, rng: np.random.Generator) -> Song:
        """Return a copy with wrong notes, as counterexamples of the original research.

        An error changes one step. One random key replaces the notes of a sounding step, or is added
        to a silent one. Steps repeat only after every step has an error. With three keys or more, a
        second error never restores the original; with two it can. With a single key, a sounding
        step falls silent instead.

        Args:
            errors: number of errors.
            rng: random generator.

        Raises:
            ValueError: if `errors` is out of range.
        """
        errors = _integer("errors", errors, 0, 1_000_000)
        grid = self.grid.copy()
        single = np.eye(self.keys, dtype=np.bool_)
        first = 0
        if self.keys > 1:  # draw the first error of all steps together
            first = self.steps
            steps = rng.permutation(self.steps)[:errors]
            # A single note moves to another key, by a random offset from its own.
            alone = grid[steps].sum(axis=1) == 1
            moved = grid[steps].argmax(axis=1) + rng.integers(1, self.keys, size=len(steps))
            anywhere = rng.integers(self.keys, size=len(steps))
            grid[steps] = single[np.where(alone, moved % self.keys, anywhere)]
        for start in range(first, errors, self.steps):
            for step in rng.permutation(self.steps)[: errors - start]:
                changed = (single != grid[step]).any(axis=1)
                wrong = np.flatnonzero(changed & (single != self.grid[step]).any(axis=1))
                choices = wrong if len(wrong) else np.flatnonzero(changed)
                grid[step] = single[rng.choice(choices)] if len(choices) else False
        return replace(self, grid=grid)

    def to_wav(self, path: AnyPath) -> None:
        """Write the song's sound as a WAV file (see `evo.music.synth`).

        Raises:
            InputError: if the song is too long, or the file cannot be written.
        """
        write_wav(self, path)

    def play(self) -> Any:
        """Return the song's sound for a notebook; no sound device is needed.

        A notebook stores the sound in its text, some 11 kB a second (8,000 samples per second in
        mu-law). `to_wav` writes the full quality.

        Returns:
            An `IPython.display.Audio`. Without IPython the bytes of the file of `to_wav`.

        Raises:
            InputError: If the song is too long.
        """
        return player(self)

    def _repr_html_(self) -> str:
        # Figures are of a room above this one, and take time to import.
        from evo.analysis.notebook import song_html

        return song_html(self)

    def _repr_png_(self) -> bytes:
        from evo.analysis.plot import png_bytes, song_figure

        return png_bytes(song_figure(self))

    def __eq__(self, other: object) -> bool:
        return self._content() == other._content() if isinstance(other, Song) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        tempo = tempo_to_microseconds(self.tempo)  # equal if MIDI stores them alike
        return (
            self.grid.shape, self.grid.tobytes(), self.lowest_note,
            self.steps_per_beat, tempo, self.hold,
        )  # fmt: skip

    def __repr__(self) -> str:
        top = note_name(self.lowest_note + self.keys - 1)
        return (
            f"Song({self.name!r}, {self.steps} steps x {self.keys} keys "
            f"{note_name(self.lowest_note)}..{top}, {len(self.notes())} notes, "
            f"{self.duration:.1f} s{', hold' if self.hold else ''})"
        )


def _integer(argument: str, value: SupportsIndex, lowest: int, highest: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{argument}: expected an integer, got {value!r}") from None
    if not lowest <= number <= highest:
        raise ValueError(f"{argument}: expected {lowest:,} to {highest:,}, got {number:,}")
    return number
