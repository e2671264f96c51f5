"""Songs: piano rolls with resolution, pitch, metre, key, tempo and name.

A song has two boolean planes (steps, keys): `onsets`, where a note starts, and `sounding`, where it
sounds, onset included. Key 0 is the MIDI note `lowest_note`, and keys are a semitone apart. A
quarter note has `steps_per_beat` steps. Instruments that are simplified use the onsets only.

Songs are immutable: the planes are read-only, and every change returns a new song.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from evo.core.errors import InputError, MidiError
from evo.core.user_files import AnyPath
from evo.music.changes import changed, shifts, transposed, whole_bars
from evo.music.metre import Key, Metre, half_up, is_key
from evo.music.midi.encode import encoded
from evo.music.midi.reading import AUTO, MAX_STEPS, MAX_STEPS_PER_BEAT, Auto, Reading, integer
from evo.music.midi.roll import read_score
from evo.music.midi.units import note_name, tempo_to_microseconds
from evo.music.midi.write import write_file
from evo.music.names import name_of
from evo.music.planes import checked_plane, connected, is_connected, notes_of, split, until_next
from evo.music.sound.device import listen
from evo.music.sound.files import player, write_sound
from evo.music.timeline import step_times
from genomes.arrays import BoolArray, FloatArray, IntArray

__all__ = ["MAX_STEPS", "Song"]


@dataclass(frozen=True, eq=False)
class Song:
    """A piano roll.

    Attributes:
        onsets: read-only bool array (steps, keys), copied from the argument.
        lowest_note: MIDI note of key 0; the highest key must not exceed 127.
        steps_per_beat: steps per quarter note, 1 to 32,767.
        tempo: quarter notes per minute, about 3.6 to 60,000,000 (the range of MIDI).
        name: a label, ignored by comparisons.
        sounding: read-only bool array (steps, keys). By default a note lasts one step.
        metre: time signature, its changes, and the first bar line.
        key: key signature; None if unknown.
        program: MIDI program (instrument), 0 to 127; 0 is a grand piano.
        tempo_changes: (step, quarter notes per minute), sorted, from step 1.
        key_changes: (step, key signature), sorted, from step 1.

    Raises:
        ValueError: if a plane has another type or shape, a key sounds without an onset, or a number
            is out of range.
    """

    onsets: BoolArray
    lowest_note: int = 60
    steps_per_beat: int = 2
    tempo: float = 120.0
    name: str = ""
    sounding: BoolArray = None  # type: ignore[assignment]  # the onsets, set below
    metre: Metre = Metre()  # noqa: RUF009  # immutable
    key: Key | None = None
    program: int = 0
    tempo_changes: tuple[tuple[int, float], ...] = ()
    key_changes: tuple[tuple[int, Key], ...] = ()

    def __post_init__(self) -> None:
        onsets = checked_plane("onsets", self.onsets)
        sounding = onsets if self.sounding is None else checked_plane("sounding", self.sounding)
        steps, keys = onsets.shape
        if sounding.shape != onsets.shape:
            raise ValueError(f"sounding: expected {onsets.shape}, got {sounding.shape}")
        if sounding is not onsets and not is_connected(onsets, sounding):
            raise ValueError("sounding: a key sounds without an onset before, or not at its onset")
        integer("onsets: number of steps", steps, 1, MAX_STEPS)
        integer("onsets: number of keys", keys, 1, 128)
        numbers = {
            "lowest_note": integer("lowest_note", self.lowest_note, 0, 128 - keys),
            "steps_per_beat": integer("steps_per_beat", self.steps_per_beat, 1, MAX_STEPS_PER_BEAT),
            "program": integer("program", self.program, 0, 127),
            "tempo": float(self.tempo),
        }
        for name, value in ({"onsets": onsets, "sounding": sounding} | numbers).items():
            object.__setattr__(self, name, value)  # the dataclass is frozen
        if not isinstance(self.metre, Metre):
            raise ValueError(f"metre: expected a Metre such as Metre(3, 4), got {self.metre!r}")
        for key in (self.key, *(key for _, key in self.key_changes)):
            if key is not None and not (isinstance(key, Key) and is_key(key.fifths)):
                raise ValueError(f"key: expected a Key of -7 to 7 sharps, got {key!r}")
        for tempo in (self.tempo, *(tempo for _, tempo in self.tempo_changes)):
            tempo_to_microseconds(tempo)
        for name, changes in (
            ("tempo_changes", self.tempo_changes),
            ("key_changes", self.key_changes),
            ("metre.changes", self.metre.changes),
        ):
            at = [0, *(change[0] for change in changes), steps]
            if any(later <= earlier for earlier, later in pairwise(at)):
                raise ValueError(
                    f"{name}: expected increasing steps from 1 to {steps - 1}, got {at[1:-1]}"
                )

    @classmethod
    def load(
        cls,
        path: AnyPath,
        *,
        keys: int | Auto = AUTO,
        lowest_note: int | None = None,
        steps_per_beat: int | Auto = AUTO,
        steps: int | None = None,
    ) -> Self:
        """Load a MIDI file, with all tracks merged and without percussion.

        Onsets and releases fall on the nearest step. By default the resolution is the coarsest that
        keeps every onset, and the keys are the range of the notes.

        Args:
            path: MIDI file.
            keys: number of keys, 1 to 128, or "auto".
            lowest_note: MIDI note of key 0. If notes leave the keys, the song is then transposed by
                the fewest semitones that bring them in. By default it is the song's own pitch: see
                `usual_lowest_note`, or the nearest note that holds all.
            steps_per_beat: steps per quarter note, 1 to 32,767, or "auto".
            steps: length to cut to, or to fill up to with silence; by default the file's own.

        Raises:
            MidiError: if the file cannot be read, spans more than the keys, or has no note in these
                steps.
            ValueError: if an argument is out of range.
        """
        reading = Reading(keys, lowest_note, steps_per_beat, steps)
        return cls.read(path, reading)[0]

    @classmethod
    def read(cls, path: AnyPath, reading: Reading) -> tuple[Self, tuple[str, ...]]:
        """Load a MIDI file, and return remarks for the user, too.

        Args:
            path: MIDI file.
            reading: How to read it.

        Returns:
            The song, and remarks: a beat found, onsets lost or moved.

        Raises:
            MidiError: as `load`.
            ValueError: if an argument is out of range.
        """
        score = read_score(path, reading)
        song = cls(
            score.onsets,
            score.lowest_note,
            score.steps_per_beat,
            score.tempo,
            name_of(path),
            score.sounding,
            score.metre,
            score.key,
            score.program,
            score.tempo_changes,
            score.key_changes,
        )
        return song, score.remarks

    def save(self, path: AnyPath) -> None:
        """Save as MIDI, or as the suffix says: .abc, .musicxml, .svg, .wav, .flac, .ogg or .mp3.

        Loading a MIDI file with `Song.load` restores the song.

        Raises:
            MidiError: if the file cannot be written, or would be too large to read back.
        """
        from evo.music.export.files import FORMATS

        suffix = os.path.splitext(os.fsdecode(path))[1][1:].lower()
        try:
            content = FORMATS.get(suffix, Song.to_midi)(self)
        except InputError as error:
            raise MidiError(path, str(error)) from None
        write_file(path, content)

    def to_midi(self) -> bytes:
        """Encode the song as a MIDI file, with metre, key, program and tempos.

        Raises:
            InputError: if there are more notes than a file may hold.
        """
        return encoded(self)

    @property
    def steps(self) -> int:
        """Length in steps."""
        return int(self.onsets.shape[0])

    @property
    def keys(self) -> int:
        """Number of keys."""
        return int(self.onsets.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.seconds()[-1])

    def seconds(self) -> FloatArray:
        """Return the time of every step and of the end: float64 (steps + 1,), in seconds."""
        return step_times(self.tempo, self.tempo_changes, self.steps, self.steps_per_beat)

    @property
    def bar(self) -> int:
        """Steps per bar of the first time signature, rounded half up."""
        return max(half_up(self.metre.bar(self.steps_per_beat)), 1)

    def bar_starts(self) -> IntArray:
        """Return the first step of every full bar: int64 (bars,)."""
        return self.metre.bar_starts(self.steps, self.steps_per_beat)

    @property
    def pickup(self) -> int:
        """Steps from the first onset to the first bar line; 0 without a pickup."""
        first = np.flatnonzero(self.onsets.any(axis=1))
        return max(self.metre.first_bar - int(first[0]), 0) if len(first) else 0

    def notes(self) -> list[tuple[int, int, int]]:
        """Return the notes as sorted (first step, release step, MIDI note) triples."""
        return [
            (first, release, key + self.lowest_note)
            for first, release, key in notes_of(self.onsets, self.sounding)
        ]

    def roll(self, durations: bool = False) -> BoolArray:
        """Return what performers play.

        Args:
            durations: Whether the sounding plane follows the onsets.

        Returns:
            Bool (steps, keys), or (steps, 2 * keys) with durations.
        """
        return np.hstack([self.onsets, self.sounding]) if durations else self.onsets

    def played(self, roll: BoolArray) -> Self:
        """Return the song of a roll, at this song's pitch, resolution, tempo, metre and key.

        In a roll of onsets a note lasts until the next onset of any key, at most a bar. In a roll
        with durations, what no onset began is left out.

        Args:
            roll: Bool (any steps, keys) or (any steps, 2 * keys).
        """
        onsets, sounding = split(roll, self.keys)
        if sounding is None:
            sounding = until_next(onsets, self.bar)
        else:
            sounding = connected(onsets, sounding)
        return self._of(onsets, sounding)

    def _of(self, onsets: BoolArray, sounding: BoolArray) -> Self:
        """Return the song of other planes, without changes of metre, tempo or key after its end."""
        steps = len(onsets)
        metres = tuple(change for change in self.metre.changes if change[0] < steps)
        return replace(
            self,
            onsets=onsets,
            sounding=sounding,
            metre=replace(self.metre, changes=metres),
            tempo_changes=tuple(change for change in self.tempo_changes if change[0] < steps),
            key_changes=tuple(change for change in self.key_changes if change[0] < steps),
        )

    def whole_bars(self, minimum: int = 1) -> Self:
        """Fit the length to the sounding part, in whole bars.

        Only silence is cut or added.

        Args:
            minimum: Minimum length, in steps.

        Raises:
            ValueError: if an argument is out of range.
        """
        onsets, sounding = whole_bars(self, integer("minimum", minimum, 1, MAX_STEPS))
        return self._of(onsets, sounding)

    def transposed(self, semitones: int) -> Self:
        """Transpose the song by `semitones` (positive is up) on the same keys.

        Raises:
            ValueError: if a note would leave the keys.
        """
        return transposed(self, semitones)

    def transpositions(self) -> list[Self]:
        """Return all transpositions that fit the keys, lowest first."""
        lowest, highest = shifts(self)
        return [self.transposed(semitones) for semitones in range(lowest, highest + 1)]

    def changed(
        self, *, tempo: float | None = None, transpose: int = 0, program: int | None = None
    ) -> Self:
        """Return the song at another tempo or pitch, or of another instrument.

        Args:
            tempo: Quarter notes per minute at the beginning; later ones keep their ratio to it.
            transpose: Semitones up. The song gets the keys that it needs.
            program: MIDI program, 0 to 127.

        Raises:
            InputError: If MIDI has no such tempo, note or program.
        """
        return changed(self, tempo=tempo, transpose=transpose, program=program)

    def to_wav(self, path: AnyPath, **options: Any) -> None:
        """Write the song's sound as a WAV file; see `to_sound`."""
        write_sound(self, path, "wav", **options)

    def to_sound(self, path: AnyPath, **options: Any) -> None:
        """Write the song's sound as a file: .wav, or .flac, .ogg or .mp3 by soundfile.

        Args:
            path: Destination.
            options: soundfont, loop, rate and mono, as for `evo.music.sound.render`.

        Raises:
            InputError: if the song is too long, or the file cannot be written.
        """
        write_sound(self, path, **options)

    def play(self, **options: Any) -> Any:
        """Return the song's sound for a notebook; no sound device is needed.

        A notebook stores the sound in its text: 5 kB a second in OGG, or 11 kB without soundfile.

        Args:
            options: soundfont and loop, as for `to_sound`.

        Returns:
            An `IPython.display.Audio`. Without IPython the bytes of a WAV file.
        """
        return player(self, **options)

    def listen(self, **options: Any) -> None:
        """Play the song on this machine's loudspeakers; Ctrl-C ends it.

        Args:
            options: soundfont and loop, as for `to_sound`; loop=0 plays without end.

        Raises:
            InputError: If there is no sound device, or sounddevice is not installed.
        """
        listen(self, **options)

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
        # Tempos are equal if MIDI stores them alike.
        tempos = [(0, self.tempo), *self.tempo_changes]
        return (
            self.onsets.shape,
            self.onsets.tobytes(),
            self.sounding.tobytes(),
            self.lowest_note,
            self.steps_per_beat,
            self.metre,
            self.key,
            self.program,
            tuple((step, tempo_to_microseconds(tempo)) for step, tempo in tempos),
            self.key_changes,
        )

    def __repr__(self) -> str:
        top = note_name(self.lowest_note + self.keys - 1)
        return (
            f"Song({self.name!r}, {self.steps} steps x {self.keys} keys "
            f"{note_name(self.lowest_note)}..{top}, {len(self.notes())} notes, {self.metre}, "
            f"{self.duration:.1f} s)"
        )
