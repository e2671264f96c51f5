"""Make a training set of songs: rolls of one metre, resolution and length.

The songs are those of the most frequent metre. The resolution is reduced to the coarsest that fits
most of them: at most `ORNAMENTS` of the onsets, such as those of a triplet, are between its steps
and are dropped. Rolls begin with a bar line. If songs have a pickup, every roll begins
with a bar that has the pickup at its end. The length is that of most songs: longer songs are cut,
and shorter ones are repeated, if they fill it. All others are left out, with a message. With
durations, releases fall on the nearest step, and no note lasts less than one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from statistics import median

import numpy as np

from evo.core.errors import InputError
from evo.fitness.critic.lengths import settled
from evo.fitness.critic.style import Style
from evo.music.melody import Bar
from evo.music.metre import half_up
from evo.music.midi.reading import AUTO, Auto
from evo.music.planes import notes_of, planes_of
from evo.music.song import Song
from genomes.arrays import BoolArray
from genomes.words import counted

# Bool (n, steps, keys), or (n, steps, 2 * keys) with durations; names; style.
Rolls = tuple[BoolArray, list[str], Style]
COARSE = 0.5  # share of songs that the resolution must fit
ORNAMENTS = 0.08  # maximum share of onsets that a song may lose
MAX_BARS = 32  # of an automatic length
_SHOWN = 3  # names in a message


def of_length(
    song: BoolArray, steps: int, bar: int = 8, onsets: BoolArray | None = None
) -> BoolArray:
    """Return a roll, bool (steps, keys), cut or repeated to a length.

    Args:
        song: Bool (time, keys); repeated if at most half as long.
        steps: The length.
        bar: Steps of a bar.
        onsets: Its onsets, which decide how long it is; by default all of it.
    """
    sounding = np.flatnonzero((song if onsets is None else onsets).any(axis=1))
    bars = int(sounding[-1]) // bar + 1 if len(sounding) else 1
    played = np.zeros((max(bar * bars, len(song)), song.shape[1]), np.bool_)
    played[: len(song)] = song
    if bar * bars <= steps // 2:
        return np.resize(played[: bar * bars], (steps, song.shape[1]))
    roll = np.zeros((steps, song.shape[1]), np.bool_)
    roll[: len(played)] = played[:steps]
    return roll


def rolls_of(
    songs: Sequence[Song],
    steps_per_beat: int | Auto,
    steps: int | Auto,
    show_message: Callable[[str], None],
    durations: bool = False,
) -> Rolls:
    """Return the training set of songs.

    Args:
        songs: Songs with equal keys and resolution.
        steps_per_beat: Resolution, a divisor of that of the songs, or automatic.
        steps: Length of a roll; automatic for the most frequent number of bars.
        show_message: Shows one line to the user.
        durations: Whether rolls have the keys twice: the onsets, then the keys that sound.

    Raises:
        InputError: If no song is left.
    """
    kept = _of_one_metre(songs, show_message)
    first = kept[0]
    factor = _coarsest(kept) if steps_per_beat == AUTO else first.steps_per_beat // steps_per_beat
    resolution = first.steps_per_beat // factor
    fine = [song for song in kept if not _fits(song, factor)]
    _leave_out(fine, f"with notes between {counted(resolution, 'step')} per beat", show_message)
    kept = [song for song in kept if _fits(song, factor)]
    if not kept:
        raise InputError(f"every song needs more than {counted(resolution, 'step')} per beat")
    bar = Bar.of(first.metre.beats, first.metre.unit, resolution)
    parts = [_split(song, factor, bar.steps, durations) for song in kept]
    lengths = [len(body) // bar.steps for _, body in parts]
    lead = bar.steps if any(pickup.any() for pickup, _ in parts) else 0
    if steps == AUTO:
        steps = lead + _usual(lengths) * bar.steps
    bars = max((steps - lead) // bar.steps, 1)
    rolls, names, short = [], [], []
    for song, (pickup, body), length in zip(kept, parts, lengths, strict=True):
        if length < bars and bars % length:
            short.append(song)
            continue
        roll = np.zeros((steps, body.shape[1]), np.bool_)
        roll[:lead] = pickup[len(pickup) - lead :]
        roll[lead : lead + bars * bar.steps] = np.resize(body, (bars * bar.steps, body.shape[1]))
        rolls.append(roll)
        names.append(song.name)
    _leave_out(short, f"shorter than {counted(bars, 'bar')}", show_message)
    if not rolls:
        raise InputError(f"no song fills {counted(bars, 'bar')}")
    style = Style(
        first.metre.beats,
        first.metre.unit,
        resolution,
        lead,
        1,
        int(median(song.lowest_note for song in kept)),
        float(median(song.tempo for song in kept)),
    )
    show_message(
        f"{counted(len(rolls), 'song')} in {style.signature}, {counted(resolution, 'step')} per "
        f"beat, {counted(bars, 'bar')} each"
    )
    together = np.array(rolls)
    return settled(together, is_ringing=True) if durations else together, names, style


def _of_one_metre(songs: Sequence[Song], show_message: Callable[[str], None]) -> list[Song]:
    """Return the songs of the most frequent metre that does not change."""
    bars: list[Bar | None] = []
    for song in songs:
        metre = song.metre
        same = all(change[1:] == (metre.beats, metre.unit) for change in metre.changes)
        try:
            bars.append(Bar.of(metre.beats, metre.unit, song.steps_per_beat) if same else None)
        except ValueError:
            bars.append(None)
    found = Counter(bar for bar in bars if bar is not None)
    if not found:
        raise InputError("every song changes its metre; there is none to compose in")
    usual = found.most_common(1)[0][0]
    kept = [song for song, bar in zip(songs, bars, strict=True) if bar == usual]
    others = [song for song, bar in zip(songs, bars, strict=True) if bar != usual]
    _leave_out(others, f"in another metre than {kept[0].metre}", show_message)
    return kept


def _leave_out(songs: Sequence[Song], why: str, show_message: Callable[[str], None]) -> None:
    if songs:
        names = ", ".join(song.name for song in songs[:_SHOWN])
        more = ", ..." if len(songs) > _SHOWN else ""
        show_message(f"left out: {counted(len(songs), 'song')} {why} ({names}{more})")


def _fits(song: Song, factor: int) -> bool:
    """Return whether onsets and bar lines fit a resolution that is coarser by a factor."""
    steps = np.flatnonzero(song.onsets.any(axis=1))
    metre = song.metre
    bar = metre.bar(song.steps_per_beat) / factor
    spare = ORNAMENTS if song.steps_per_beat >= 2 * factor else 0.0  # eighths are no ornaments
    return bar.denominator == 1 and (
        ((steps - metre.first_bar) % factor > 0).sum() <= spare * len(steps)
    )


def _coarsest(songs: Sequence[Song]) -> int:
    """Return the largest factor by which the resolution of most songs can be reduced.

    Eighths are given up only if no song has any.
    """
    resolution = songs[0].steps_per_beat
    factors = [factor for factor in range(1, resolution + 1) if resolution % factor == 0]
    return max(
        factor
        for factor in factors
        if factor == 1
        or sum(_fits(song, factor) for song in songs)
        >= (COARSE if resolution >= 2 * factor else 1.0) * len(songs)
    )


def _coarse(song: Song, factor: int, phase: int, durations: bool) -> BoolArray:
    """Return the roll of a song at a resolution that is coarser by a factor, from a step on."""
    onsets = song.onsets[phase::factor] if factor > 1 else song.onsets
    if not durations:
        return onsets
    notes = []
    for first, release, key in notes_of(song.onsets, song.sounding):
        if first >= phase and (first - phase) % factor == 0:
            step = (first - phase) // factor
            notes.append((step, max(half_up(Fraction(release - phase, factor)), step + 1), key))
    return np.hstack(planes_of(notes, len(onsets), song.keys))


def _split(
    song: Song, factor: int, bar: int, durations: bool = False
) -> tuple[BoolArray, BoolArray]:
    """Return the bar before the first full bar, and the whole bars from it on.

    Args:
        song: The song.
        factor: By which the resolution is reduced.
        bar: Steps of a bar, after that.
        durations: Whether the keys that sound follow the onsets.

    Returns:
        bool (bar, channels) and bool (bars * bar, channels).
    """
    begin = song.metre.first_bar
    roll = _coarse(song, factor, begin % factor, durations)
    begin //= factor
    before = np.zeros((bar, roll.shape[1]), np.bool_)
    pickup = roll[max(begin - bar, 0) : begin]
    before[bar - len(pickup) :] = pickup
    played = np.flatnonzero(roll[:, : song.keys].any(axis=1))
    bars = max(-(-(int(played[-1]) + 1 - begin) // bar), 1)
    body = np.zeros((bars * bar, roll.shape[1]), np.bool_)
    part = roll[begin : begin + len(body)]
    body[: len(part)] = part
    return before, body


def _usual(lengths: Sequence[int]) -> int:
    """Return the most frequent length in bars: whole phrases, not more than `MAX_BARS`."""
    candidates = range(8, MAX_BARS + 1, 8)
    return max(
        candidates,
        key=lambda bars: (lengths.count(bars), sum(length >= bars for length in lengths)),
    )
