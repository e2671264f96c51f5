"""Pieces of many kinds, judged by hand: are they fit to learn piano music from?

The question of each verdict: would a piano teacher who reads the file as a score accept it as one
piano piece in an ordinary metre? So these are fit:

- whatever two hands can play, in any number of tracks, channels and voices;
- rhythms with a grid: triplets, swing, ornaments, slight timing errors, and grids on another beat
  than the file declares;
- tempos as written in scores: a ritardando, a new tempo at a double bar, a wobble of some beats a
  minute;
- ordinary metres with an upbeat, or with one bar of another length.

These are not: bands and other instruments, live recordings without a grid, tempo maps of
performances, odd or often changing metres, textures for more than two hands, exercises of some
notes, and pieces without an end.

`JUDGED` maps names to a verdict and a function that writes the file.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from midi_files import (
    BEATS,
    LIVE,
    Note,
    Voice,
    Writer,
    graced,
    jittered,
    moved,
    ritardando,
    swung,
    wavering,
    write_piece,
)

SCALE = (0, 2, 4, 5, 7, 9, 11)


def _write(*voices: Voice | Sequence[Note], **options: object) -> Writer:
    given = [voice if isinstance(voice, Voice) else Voice(voice) for voice in voices]
    return lambda path: write_piece(path, *given, **options)  # type: ignore[arg-type]


def folk(seed: int, step: float = 0.5, beats: float = BEATS) -> list[Note]:
    """Return a tune of small steps in a major scale, over an octave and a half."""
    chance = random.Random(seed)
    notes: list[Note] = []
    place, degree = 0.0, 4
    while place < beats:
        length = step * chance.choice((1, 1, 1, 2, 3))
        degree = min(10, max(0, degree + chance.choice((-2, -1, -1, 0, 1, 1, 2, 3))))
        notes.append((place, length, 60 + 12 * (degree // 7) + SCALE[degree % 7]))
        place += length
    return notes


def voices(seed: int, bars: int = 16, lowest: Sequence[int] = (41, 50, 58, 65)) -> list[list[Note]]:
    """Return four voices in quarters and passing eighths, as in a chorale."""
    chance = random.Random(seed)
    found: list[list[Note]] = []
    for low in lowest:
        line: list[Note] = []
        for beat in range(4 * bars):
            pitch = low + chance.choice((0, 2, 3, 5, 7))
            if chance.random() < 0.3:
                line += [(beat, 0.5, pitch), (beat + 0.5, 0.5, pitch + 2)]
            else:
                line.append((beat, 1.0, pitch))
        found.append(line)
    return found


def waltz_bass(bars: int, beats: int = 3) -> list[Note]:
    """Return a bass note and chords on the other beats of each bar."""
    notes: list[Note] = []
    for bar in range(bars):
        root = 36 + (0, 5, 7, 0)[bar % 4]
        notes.append((beats * bar, 1.0, root))
        for beat in range(1, beats):
            notes += [(beats * bar + beat, 1.0, root + up) for up in (12, 16, 19)]
    return notes


def alberti(bars: int) -> list[Note]:
    """Return broken chords in eighths."""
    chords = ((48, 55, 52, 55), (48, 57, 53, 57), (47, 55, 50, 55), (48, 55, 52, 55))
    return [
        (4 * bar + eighth / 2, 0.5, chords[bar % 4][eighth % 4])
        for bar in range(bars)
        for eighth in range(8)
    ]


def chords(bars: int, keys: Sequence[int], every: float = 2.0) -> list[Note]:
    """Return one chord again and again."""
    return [(n * every, every, key) for n in range(int(4 * bars / every)) for key in keys]


def drums(bars: int) -> list[Note]:
    """Return eighths of a drum set."""
    return [(n / 2, 0.1, 36 if n % 4 == 0 else 42) for n in range(8 * bars)]


def rubato(notes: Sequence[Note], seed: int, depth: float = 0.25) -> list[Note]:
    """Return notes whose time runs faster and slower than the beats of the file."""
    chance = random.Random(seed)
    speeds = [1.0]
    for _ in range(2 * BEATS):
        speeds.append(min(1 + depth, max(1 - depth, speeds[-1] + chance.gauss(0, depth / 3))))

    def place(beat: float) -> float:
        whole = int(beat)
        return sum(speeds[:whole]) + (beat - whole) * speeds[whole]

    return [(place(on), place(on + length) - place(on), key) for on, length, key in notes]


def pedalled(notes: Sequence[Note], until: float = 2.0) -> list[Note]:
    """Hold every note to the end of its half bar, as a pedal does."""
    return [(on, until - on % until, key) for on, _, key in notes]


HANDS = (folk(1), alberti(16))
QUARTET = voices(5, lowest=(38, 52, 60, 68))

JUDGED: dict[str, tuple[bool, Writer]] = {
    # Melodies
    "a folk melody": (True, _write(folk(2))),
    "a folk melody in sixteenths": (True, _write(folk(3, step=0.25))),
    "a jig": (True, _write(folk(4), metres=((0, 6, 8),))),
    "a slip jig": (True, _write(folk(5), metres=((0, 9, 8),))),
    "a waltz with an upbeat": (True, _write(moved(folk(6), 2), metres=((0, 3, 4),))),
    "an upbeat bar of its own": (
        True, _write(moved(folk(7), 1), metres=((0, 1, 4), (1, 4, 4)))),
    "a tune with ornaments": (True, _write(graced(folk(8), 5))),
    "a folk melody for a flute": (False, _write(Voice(folk(9), program=73))),
    "a melody with drums": (False, _write(folk(10), Voice(drums(16), 9, None))),
    "a melody after four clicks": (
        True, _write(moved(folk(11, beats=256), 4), Voice([(n, 0.1, 37) for n in range(4)], 9))),
    # Chorales and counterpoint
    "a chorale on four tracks": (True, _write(*voices(1))),
    "a chorale on one track": (True, _write(sorted(note for line in voices(2) for note in line))),
    "a chorale on four channels": (
        True, _write(*(Voice(v, n) for n, v in enumerate(voices(3))), one_track=True)),
    "a fugue in three voices": (
        True, _write(
            folk(12, 0.25), moved(folk(13), semitones=-12), moved(folk(14, 1.0), semitones=-24))),
    "a string quartet": (
        False, _write(*(Voice(v, n, 40 + n % 3) for n, v in enumerate(QUARTET)))),
    "a choir": (False, _write(*(Voice(v, n, 52) for n, v in enumerate(voices(4))))),
    "an orchestra on piano sounds": (
        False, _write(*voices(6, lowest=(29, 41, 53, 64)), *voices(7, lowest=(72, 77, 84, 91)))),
    # Two hands
    "melody and broken chords": (True, _write(*HANDS)),
    "both hands on one track": (True, _write(sorted([*HANDS[0], *HANDS[1]]))),
    "a piano waltz": (
        True, _write(moved(folk(15), semitones=12), waltz_bass(21), metres=((0, 3, 4),))),
    "octaves and full chords": (
        True, _write(moved(folk(16), semitones=12), folk(16), chords(16, (36, 43, 48, 52)))),
    "tenths in the left hand": (True, _write(folk(17), chords(16, (36, 52)))),
    "a few chords for three hands": (
        True, _write(*HANDS, [(16 * n, 1, key) for n in range(4) for key in (24, 43, 96)])),
    "chords of ten notes": (
        True, _write(chords(16, (36, 40, 43, 46, 48, 60, 64, 67, 70, 72)))),
    "clusters of fourteen notes": (False, _write(chords(16, range(50, 64)))),
    "a melody and a pedal": (True, _write(folk(18), pedalled(alberti(16)))),
    "four hands": (
        False, _write(
            moved(folk(19), semitones=24), moved(folk(19), semitones=12),
            chords(16, (55, 60, 64), 0.5), chords(16, (28, 35, 40), 1))),
    "a piano with a bass": (False, _write(*HANDS, Voice(waltz_bass(16, 4), 1, 32))),
    "a piano with a string chord": (
        True, _write(*HANDS, Voice([(60, 4, 60), (60, 4, 64)], 1, 48))),
    "a harpsichord piece": (True, _write(*(Voice(hand, program=6) for hand in HANDS))),
    "an organ piece": (False, _write(*(Voice(hand, program=19) for hand in HANDS))),
    # Bands
    "a pop song": (
        False, _write(
            Voice(folk(20), 0, 52), Voice(chords(16, (48, 52, 55)), 1, 25),
            Voice(waltz_bass(16, 4), 2, 33), Voice(drums(16), 9, None))),
    "a pop song without drums": (
        False, _write(
            Voice(folk(21), 0, 0), Voice(chords(16, (48, 52, 55)), 1, 25),
            Voice(waltz_bass(16, 4), 2, 33))),
    "a piano and drums": (False, _write(*HANDS, Voice(drums(16), 9, None))),
    "nothing but drums": (False, _write(Voice(drums(16), 9, None))),
    # Rhythm
    "triplets": (True, _write(folk(22, step=1 / 3))),
    "two against three": (True, _write(folk(23, step=1 / 3), moved(alberti(16), semitones=-12))),
    "swing": (True, _write(swung(folk(24), 0.64), chords(16, (48, 52, 55)))),
    "played to a click": (True, _write(jittered(folk(25), 0.01))),
    "a live recording": (False, _write(LIVE)),
    "a live rubato": (False, _write(rubato(folk(26), 1), rubato(alberti(16), 1))),
    "a little rubato": (False, _write(rubato(folk(27), 2, 0.08))),
    "a careless player": (False, _write(jittered(folk(28), 0.06), jittered(alberti(16), 0.06, 1))),
    "another beat": (True, _write([(on * 16 / 15, length, key) for on, length, key in folk(29)])),
    # Tempo
    "a tempo that wobbles by two": (
        True, _write(*HANDS, tempos=[(n, 120 + (-2, 1, 2, 0, -1)[n % 5]) for n in range(BEATS)])),
    "a tempo that wobbles by five": (
        True, _write(*HANDS, tempos=[(n, 150 + (-5, 3, 5, 0, -2)[n % 5]) for n in range(BEATS)])),
    "a ritardando at the end": (True, _write(*HANDS, tempos=[(0, 120), *ritardando(56, 64)])),
    "a slow middle part": (True, _write(*HANDS, tempos=((0, 120), (24, 76), (40, 120)))),
    "fermatas": (
        True, _write(*HANDS, tempos=[
            (beat + late, tempo) for beat in (0, 16, 32) for late, tempo in ((0, 100), (15, 50))])),
    "the tempo map of a performance": (False, _write(*HANDS, tempos=wavering(1))),
    "a tempo for every bar": (False, _write(*HANDS, tempos=wavering(4, seed=3))),
    # Metre
    "one odd bar": (True, _write(*HANDS, metres=((0, 4, 4), (32, 5, 4), (37, 4, 4)))),
    "one short bar": (True, _write(*HANDS, metres=((0, 4, 4), (32, 2, 4), (34, 4, 4)))),
    "alla breve in the middle": (True, _write(*HANDS, metres=((0, 4, 4), (32, 2, 2)))),
    "a metre of 5/4": (False, _write(*HANDS, metres=((0, 5, 4),))),
    "a metre of 7/8": (False, _write(*HANDS, metres=((0, 7, 8),))),
    "metres that alternate": (
        False, _write(*HANDS, metres=[
            (7 * n + late, beats, 4) for n in range(9) for late, beats in ((0, 4), (4, 3))])),
    "half in four and half in three": (False, _write(*HANDS, metres=((0, 4, 4), (32, 3, 4)))),
    # Length
    "eight bars": (True, _write(*(hand[: len(hand) // 2] for hand in HANDS))),
    "a scale": (False, _write([(n / 2, 0.5, 60 + key) for n, key in enumerate(SCALE)])),
    "an hour": (False, _write(folk(30, beats=7_200))),
    "a sonata movement": (True, _write(folk(31, beats=1_400), alberti(350))),
}  # fmt: skip
