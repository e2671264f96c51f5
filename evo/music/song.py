"""Songs: piano rolls with their resolution, lowest note, tempo and name.

A song is a boolean grid (steps, keys). Key 0 is the MIDI note `lowest_note`, and each key is a
semitone above the one before; a step is one note length, `steps_per_beat` of them in a beat. There
are two ways to read the grid:

- onset mode (`hold=False`): True is a note that begins. The simplified instrument of 13 keys plays
  notes of one step, so this says everything.
- hold mode (`hold=True`): True is a key that is down; a run of True steps is one held note.

A song never changes: its grid is read-only, and whatever varies it returns another song.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evo.core.errors import InputError, MidiError
from evo.music.files import AnyPath
from evo.music.midi.roll import MAX_STEPS, read_grid
from evo.music.midi.units import note_name, tempo_to_microseconds
from evo.music.midi.write import midi_bytes, write_file
from evo.music.synth import player, write_wav

__all__ = ["MAX_STEPS", "Song"]

TICKS_PER_BEAT = 480  # of a saved file, or the next multiple of steps_per_beat


def usual_lowest_note(keys: int) -> int:
    """Return the usual MIDI note of key 0: 60, 21 from 69 keys on (the piano), 0 from 108 on."""
    return next(note for note in (60, 21, 0) if note + keys <= 128)


@dataclass(frozen=True, eq=False)
class Song:
    """A piano roll.

    Attributes:
        grid: read-only bool array (steps, keys), copied from what is given.
        lowest_note: MIDI note of key 0; the highest key must not pass 127.
        steps_per_beat: steps in a quarter note, 1 to 32,767.
        tempo: quarter notes per minute, about 3.6 to 60,000,000 (what MIDI can store).
        name: a label. Songs that differ in nothing else are equal.
        hold: whether a key is on for as long as it is held (see the module).

    Raises:
        ValueError: for a grid of another type or shape, or a number out of range.
    """

    grid: NDArray[np.bool_]
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
        """Load a MIDI file, all its tracks together but percussion.

        An onset falls on the nearest step. A song that leaves the keys is moved by the fewest
        semitones that bring it in.

        Args:
            keys: number of keys, 1 to 128.
            lowest_note: MIDI note of key 0; by default 60, for 69 and more keys 21 (the piano),
                for 108 and more 0.
            steps: length to cut to, or to fill up to with silence; by default the file's own.

        Raises:
            MidiError: for a file that cannot be read, spans more than the keys, or has no note
                in the steps asked for.
            ValueError: for an argument out of range.
        """
        keys = _integer("keys", keys, 1, 128)
        if lowest_note is None:
            lowest_note = usual_lowest_note(keys)
        lowest_note = _integer("lowest_note", lowest_note, 0, 128 - keys)
        steps_per_beat = _integer("steps_per_beat", steps_per_beat, 1, 32_767)
        if steps is not None:
            steps = _integer("steps", steps, 1, MAX_STEPS)

        grid, tempo = read_grid(path, keys, lowest_note, steps_per_beat, hold, steps)
        return cls(grid, lowest_note, steps_per_beat, tempo, Path(path).stem, hold)

    def save(self, path: AnyPath) -> None:
        """Save as MIDI. Loading it again with the same parameters gives the same grid.

        In onset mode each True is a note of one step, in hold mode each run of True is one note.

        Raises:
            MidiError: when the file cannot be written, or would be too large to be read again.
        """
        try:
            content = self.to_midi()
        except InputError as error:
            raise MidiError(path, str(error)) from None
        write_file(path, content)

    def to_midi(self) -> bytes:
        """Return the bytes of the MIDI file that `save` writes.

        Raises:
            InputError: for more notes than a file may hold.
        """
        ticks = -(-TICKS_PER_BEAT // self.steps_per_beat)  # of a step, rounded up
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
        """Return the notes as (first step, step of the release, MIDI note), sorted."""
        if not self.hold:
            steps, keys = np.nonzero(self.grid)
            ends = steps + 1
        else:
            silence = np.int8(0)  # of one byte, or the difference takes eight
            edges = np.diff(self.grid.astype(np.int8), axis=0, prepend=silence, append=silence)
            # Both lists run key by key, so that the n-th rise belongs to the n-th fall.
            keys, steps = np.nonzero(edges.T == 1)
            _, ends = np.nonzero(edges.T == -1)
        rows = zip(steps.tolist(), ends.tolist(), (keys + self.lowest_note).tolist(), strict=True)
        return sorted(rows)

    def whole_bars(self, minimum: int = 128, bar: int = 8) -> Song:
        """Return the song at `minimum` steps, or in whole bars when it sounds for longer.

        Only silence is cut, and only silence added. `minimum` and `bar` are in steps.
        """
        minimum = _integer("minimum", minimum, 1, MAX_STEPS)
        bar = _integer("bar", bar, 1, MAX_STEPS)
        sounding = np.flatnonzero(self.grid.any(axis=1))
        played = int(sounding[-1]) + 1 if len(sounding) else 0
        steps = minimum if played <= minimum else -(-played // bar) * bar
        silence = np.zeros((max(0, steps - self.steps), self.keys), dtype=np.bool_)
        return replace(self, grid=np.concatenate([self.grid[:steps], silence]))

    def transposed(self, semitones: int) -> Song:
        """Return the song moved up by `semitones` (down when negative), on the same keys.

        Raises:
            ValueError: when a note leaves the keys.
        """
        semitones = operator.index(semitones)
        lowest, highest = self._shifts()
        if not lowest <= semitones <= highest:
            raise ValueError(
                f"semitones: expected {lowest} to {highest} to stay on the keys, got {semitones}"
            )
        # No note is on the keys that go round the edge.
        return replace(self, grid=np.roll(self.grid, semitones, axis=1))

    def transpositions(self) -> list[Song]:
        """Return the song in every position that fits the keys, from the lowest to the highest."""
        lowest, highest = self._shifts()
        return [self.transposed(semitones) for semitones in range(lowest, highest + 1)]

    def _shifts(self) -> tuple[int, int]:
        """Return the furthest moves down (0 or negative) and up that keep all notes on the keys."""
        used = np.flatnonzero(self.grid.any(axis=0))
        return (-int(used[0]), self.keys - 1 - int(used[-1])) if len(used) else (0, 0)

    def windows(self, lags: ArrayLike, before_start: bool = False) -> NDArray[np.bool_]:
        """Return what was played `lags` steps before each step.

        Args:
            lags: integers (n,), none negative; 0 is the step itself.
            before_start: what every key reads before the song begins.

        Returns:
            Bool array (steps, n, keys); `[t, i]` is `grid[t - lags[i]]`.
        """
        steps_back = np.asarray(lags)
        if steps_back.ndim != 1 or not np.issubdtype(steps_back.dtype, np.integer):
            raise ValueError(
                f"lags: expected integers (n,), got {steps_back.dtype} {steps_back.shape}"
            )
        if len(steps_back) and steps_back.min() < 0:
            raise ValueError(f"lags: expected none below 0, got {steps_back.min()}")
        # Row 0 stands for every step before the start.
        padded = np.vstack([np.full((1, self.keys), before_start, dtype=np.bool_), self.grid])
        limited = np.minimum(steps_back, self.steps).astype(np.int64)
        rows = np.arange(1, self.steps + 1)[:, None] - limited[None, :]
        heard: NDArray[np.bool_] = padded[np.maximum(rows, 0)]
        return heard

    def corrupted(self, errors: int, rng: np.random.Generator) -> Song:
        """Return the song with wrong notes, as the original research made counterexamples.

        Each error takes a step: a sounding one gets one random key in place of its notes, and a
        silent one gets a random key. The steps are distinct until every one has its error, and a
        later error at the same step does not bring the true note back. (On an instrument of one
        key a sounding step falls silent.)
        """
        errors = _integer("errors", errors, 0, 1_000_000)
        grid = self.grid.copy()
        single = np.eye(self.keys, dtype=np.bool_)
        first = 0
        if self.keys > 1:  # the first error of every step, all at once
            first = self.steps
            steps = rng.permutation(self.steps)[:errors]
            # A single note moves to another key: one of the others, counted on from its own.
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
            InputError: for a song that is too long, and a file that cannot be written.
        """
        write_wav(self, path)

    def play(self) -> Any:
        """Return the song's sound for a notebook: a player, which needs no sound device.

        Returns:
            An `IPython.display.Audio`; the bytes of a WAV file where IPython is not installed.
        """
        return player(self)

    def __eq__(self, other: object) -> bool:
        return self._content() == other._content() if isinstance(other, Song) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content())

    def _content(self) -> tuple[object, ...]:
        tempo = tempo_to_microseconds(self.tempo)  # equal when MIDI cannot tell them apart
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
