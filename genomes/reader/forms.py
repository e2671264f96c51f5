"""Forms of learned songs: which bars restate earlier ones, which keys are used, how songs end.

A melody that is played by chance takes the form of a learned song. So it restates its own bars, or
their rhythm, where that song does, and elsewhere it goes on to something new. It prefers the keys
that the song prefers, fills the range of the song, and ends where and on which key the song does.
New bars begin where those of the song do, and have about as many notes. Everything else is drawn
from what the reader expects. Without a form, a reader that reads its own past repeats it for ever.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from genomes.arrays import BoolArray, FloatArray, Indices, Singles, offsets_of
from genomes.kernels import device
from genomes.reader.player import Layout

NONE = -1
LONG = 1.5  # mean waits
FOREIGN = 1e-3  # share of a pitch class that a song lacks, relative to another unused key
NOTES = 8.0  # that the keys of a form count for, when the tonic is sought
# The chance of what a form says; the exponent of its shares of keys; the share of the memory in the
# choice of a new key, beside the prior.
_FAITH, _LIKING, _MEMORY = 0.98, 0.4, 0.3
# The exponent of a bar's density, the least and greatest chance by it, and the factor (less 1) by
# which keys beyond the range so far are preferred at the end.
_DENSITY, _RAREST, _WIDER = 0.5, 0.02, 30.0
_TINY = 1e-30


class Forms(NamedTuple):
    """The forms of melodies, one after the other.

    Attributes:
        offsets: Int64 (songs + 1,), the first bar of each.
        restated: Int64 (bars,), the last earlier bar equal to each; -1 for none.
        rhythm: Int64 (bars,), the last earlier bar of equal rhythm; -1 for none.
        closes: Int64 (bars,), the place of a bar's last note, if a long wait follows; -1 if not.
        onsets: Int64 (bars,), the number of notes of each.
        begins: Int64 (bars,), the place of the first note of each; -1 without notes.
        shares: Float64 (songs, keys), the share of notes on each key, above 0.
        ends: Int64 (songs,), the key of the last note.
        lowest: Int64 (songs,), the lowest key.
        highest: Int64 (songs,), the highest key.
        rate: Notes per step of all songs together.
    """

    offsets: Indices
    restated: Indices
    rhythm: Indices
    closes: Indices
    onsets: Indices
    begins: Indices
    shares: FloatArray
    ends: Indices
    lowest: Indices
    highest: Indices
    rate: float

    def lasting(self, bars: int) -> Self:
        """Return the forms of at least so many bars; if there are none, the longest."""
        lengths = np.diff(self.offsets)
        chosen = np.flatnonzero(lengths >= min(bars, lengths.max(initial=0)))
        rows = np.repeat(self.offsets[chosen], lengths[chosen])
        offsets = offsets_of(lengths[chosen])
        rows = rows + np.arange(len(rows)) - np.repeat(offsets[:-1], lengths[chosen])
        return self._replace(
            offsets=offsets,
            restated=self.restated[rows],
            rhythm=self.rhythm[rows],
            closes=self.closes[rows],
            onsets=self.onsets[rows],
            begins=self.begins[rows],
            shares=self.shares[chosen],
            ends=self.ends[chosen],
            lowest=self.lowest[chosen],
            highest=self.highest[chosen],
        )


def _earlier(bars: Indices) -> Indices:
    """Return the last earlier bar equal to each, or -1."""
    found = np.full(len(bars), NONE, np.int64)
    seen: dict[bytes, int] = {}
    for number, bar in enumerate(bars):
        found[number] = seen.get(bar.tobytes(), NONE)
        seen[bar.tobytes()] = number
    return found


def _closes(notes: Indices, bars: int, bar: int) -> Indices:
    """Return the place of the last note of each bar, if a long wait follows; or else -1."""
    found = np.full(bars, NONE, np.int64)
    waits = np.diff(notes, append=bars * bar)
    last = np.append(np.diff(notes // bar) > 0, True)
    closing = last & (waits >= LONG * waits.mean())
    closing[-1] = True
    found[notes[closing] // bar] = notes[closing] % bar
    return found


def _begins(sounds: BoolArray) -> Indices:
    """Return the place of the first note of each bar; -1 without notes."""
    found: Indices = np.where(sounds.any(axis=1), sounds.argmax(axis=1), NONE)
    return found


def forms_of(songs: Sequence[Indices], rest: int, bar: int) -> Forms:
    """Return the forms of melodies; those without a note in a whole bar have none.

    Args:
        songs: Int64 (steps,) each: keys, and `rest`.
        rest: The symbol of a rest, the number of keys.
        bar: Steps of a bar.
    """
    whole = [song[: len(song) // bar * bar] for song in songs]
    whole = [song for song in whole if (song != rest).any()]
    bars = [song.reshape(-1, bar) for song in whole]
    none = np.zeros(0, np.int64)
    shares, closes = np.ones((len(whole), rest)), []
    for number, song in enumerate(whole):
        steps = np.flatnonzero(song != rest)
        np.add.at(shares[number], song[steps], 1.0)
        foreign = ~np.isin(np.arange(rest) % 12, song[steps] % 12)
        shares[number, foreign] *= FOREIGN
        closes.append(_closes(steps, len(song) // bar, bar))
    notes = sum(int((song != rest).sum()) for song in whole)
    return Forms(
        offsets_of([len(each) for each in bars]),
        np.concatenate([none, *map(_earlier, bars)]),
        np.concatenate([none, *(_earlier((each != rest).astype(np.int64)) for each in bars)]),
        np.concatenate([none, *closes]),
        np.concatenate([none, *((each != rest).sum(axis=1) for each in bars)]),
        np.concatenate([none, *(_begins(each != rest) for each in bars)]),
        shares / shares.sum(axis=1, keepdims=True),
        np.array([song[song != rest][-1] for song in whole], np.int64),
        np.array([song[song != rest].min() for song in whole], np.int64),
        np.array([song[song != rest].max() for song in whole], np.int64),
        min(max(notes / max(sum(map(len, whole)), 1), _RAREST), 1.0 - _RAREST),
    )


@device
def _source(forms: Forms, song: int, column: Indices, bar: int) -> int:
    """Return the earlier bar that a bar goes back to, or -1.

    A melody that is longer than its form restates itself from the beginning.
    """
    bars = forms.offsets[song + 1] - forms.offsets[song]
    if bar >= bars:
        return int(bar - bars)
    return int(column[forms.offsets[song] + bar])


@device
def _note_chance(
    layout: Layout, forms: Forms, form: int, symbols: Indices, chance: float, step: int
) -> float:
    """Return the chance of a note, by the rhythm that a bar restates, or else its density.

    Args:
        layout: What is read.
        forms: The forms.
        form: Which of them.
        symbols: Int64 (steps,), known before `step`.
        chance: The chance of a note by the reader's prior.
        step: The step.
    """
    bar, place, rest = step // layout.bar, step % layout.bar, layout.channels
    rhythm = _source(forms, form, forms.rhythm, bar)
    if rhythm >= 0:
        sounds = symbols[step - (bar - rhythm) * layout.bar] != rest
        return chance * (1.0 - _FAITH) + (_FAITH if sounds else 0.0)
    own = forms.offsets[form] + bar % (forms.offsets[form + 1] - forms.offsets[form])
    left = forms.onsets[own]
    for before in range(step - place, step):
        left -= symbols[before] != rest
    if 0 <= forms.begins[own] <= place and left == forms.onsets[own]:
        return _FAITH  # otherwise a bar might stay empty, and every bar that restates its rhythm
    rate = min(max(left / (layout.bar - place), _RAREST), 1.0 - _RAREST)
    factor = rate / (1.0 - rate) * (1.0 - forms.rate) / forms.rate
    odds = chance / max(1.0 - chance, _TINY) * factor**_DENSITY
    return float(odds / (1.0 + odds))


@device
def _write_keys(
    layout: Layout, forms: Forms, form: int, symbols: Indices, prior: Singles, step: int,
    last_bar: int, read: FloatArray,
) -> float:  # fmt: skip
    """Write how much each key is liked, and return the sum.

    Keys within the form's range that are beyond what was played so far are liked more and more.
    Otherwise most melodies stay within fewer keys than songs do.

    Args:
        layout: What is read.
        forms: The forms.
        form: Which of them.
        symbols: Int64 (steps,), known before `step`.
        prior: Float32 (outputs or more,), what is expected without a memory.
        step: The step.
        last_bar: The last bar of the melody.
        read: Float64 (outputs,), what is expected with the memory; keys are overwritten.
    """
    rest, low, high = layout.channels, layout.channels, NONE
    for before in range(step):
        if symbols[before] != rest:
            low, high = min(low, symbols[before]), max(high, symbols[before])
    wider = 1.0 + _WIDER * step / ((last_bar + 1) * layout.bar)
    liked = 0.0
    for key in range(rest):
        mixed = _MEMORY * read[key] + (1.0 - _MEMORY) * prior[key]
        mixed *= forms.shares[form, key] ** _LIKING
        if (forms.lowest[form] <= key < low) or (high < key <= forms.highest[form]):
            mixed *= wider
        read[key] = mixed
        liked += mixed
    return liked


@device
def play_form(
    layout: Layout, forms: Forms, form: int, symbols: Indices, prior: Singles, step: int,
    last_bar: int, read: FloatArray,
) -> None:  # fmt: skip
    """Change the chances of a step to what a form says.

    Args:
        layout: What is read.
        forms: The forms.
        form: Which of them.
        symbols: Int64 (steps,), known before `step`.
        prior: Float32 (outputs or more,), what is expected without a memory.
        step: The step.
        last_bar: The last bar of the melody.
        read: Float64 (outputs,), what is expected with the memory; overwritten.
    """
    bar, rest = step // layout.bar, layout.channels
    restated = _source(forms, form, forms.restated, bar)
    bars = forms.offsets[form + 1] - forms.offsets[form]
    note = 0.0
    for key in range(rest):
        note += prior[key]
    note = _note_chance(layout, forms, form, symbols, note, step)
    liked = _write_keys(layout, forms, form, symbols, prior, step, last_bar, read)
    for key in range(rest):
        read[key] *= note / max(liked, _TINY)
    read[rest] = 1.0 - note
    symbol, place = -1, step % layout.bar
    close = forms.closes[forms.offsets[form] + (bars - 1 if bar == last_bar else bar % bars)]
    if bar == last_bar and place == close:
        symbol = forms.ends[form]
    elif close >= 0 and place > close:
        symbol = rest
    if symbol < 0 and restated >= 0:
        symbol = symbols[step - (bar - restated) * layout.bar]
    if symbol >= 0:
        for other in range(rest + 1):
            read[other] *= 1.0 - _FAITH
        read[symbol] += _FAITH
