"""The single measures of `evo.music.measures.corpus`: a function each, of a song to a number.

All read a song as its onsets (lengths of notes are not known of a grid); the melody is the highest
key of every onset. A wait is the time from one onset to the next (inter-onset interval), for the
last note to the end of the song. A bar has four beats, a beat the song's `steps_per_beat` steps.

What is not defined for a song is nan, never an error: a mean of nothing, an interval of one note.

Sources: the pitch, interval and rhythm statistics of jSymbolic (McKay, "Automatic Music
Classification with jMIR", 2010) and of mgeval (Yang & Lerch, "On the evaluation of generative
models in music", 2018); the polyphony, scale and groove consistency of MusPy (Dong et al. 2020);
for what stands in no such list, the function's own docstring names the source.
"""

from __future__ import annotations

from math import log2, nan

import numpy as np
from numpy.typing import NDArray

from evo.music.measures.bars import blocks, form, rhythms_of, sounding
from evo.music.measures.roll import Roll
from evo.music.melody import IntArray, attacks
from genomes.base import BoolArray
from genomes.kernels import kernel

PHRASE_BARS = 4
NGRAM = 4  # tokens
MOST_COMPARED = 256  # bars or phrases of a song, evenly spaced: a sample of a very long one
LEAP = 3  # semitones: smaller moves are steps

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)  # natural minor has the same notes
HARMONIC_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 11)
# --- notes and keys


def onset_density(roll: Roll) -> float:
    """Steps with an onset, of all steps."""
    return len(roll.steps) / max(len(roll.grid), 1)


def polyphony(roll: Roll) -> float:
    """Steps with several onsets, of all steps with one."""
    return _share(roll.grid[roll.steps].sum(axis=1) > 1)


def distinct_keys(roll: Roll) -> float:
    """How many different keys sound."""
    return float(roll.grid.any(axis=0).sum())


def pitch_range(roll: Roll) -> float:
    """From the lowest key that sounds to the highest; 0 of silence."""
    used = np.flatnonzero(roll.grid.any(axis=0))
    return float(np.ptp(used)) if len(used) else 0.0


def pitch_class_entropy(roll: Roll) -> float:
    """Shannon entropy of the notes' pitch classes; at most log2(12) = 3.58."""
    return _entropy(roll.pitch_classes)


def scale_consistency(roll: Roll) -> float:
    """Notes in the scale that holds most of them, of the 12 major and 12 harmonic minor scales."""
    total = int(roll.pitch_classes.sum())
    if not total:
        return nan
    scales = (MAJOR_SCALE, HARMONIC_MINOR_SCALE)
    inside = (
        int(roll.pitch_classes[(np.array(scale) + tonic) % 12].sum())
        for scale in scales
        for tonic in range(12)
    )
    return max(inside) / total


def key_clarity(roll: Roll) -> float:
    """How well the notes, each as long as its wait, fit the best of 24 keys; see `best_key`."""
    return roll.key[1]


def ends_on_tonic(roll: Roll) -> float:
    """1 if the melody ends on the tonic of the best key (see `best_key`), else 0."""
    if not len(roll.keys):
        return nan
    return float((int(roll.keys[-1]) + roll.lowest_note) % 12 == roll.key[0])


# --- the melody's moves


def mean_interval(roll: Roll) -> float:
    """Mean distance from note to note."""
    return _mean(np.abs(roll.intervals))


def largest_interval(roll: Roll) -> float:
    """The largest distance from note to note."""
    return float(np.abs(roll.intervals).max()) if len(roll.intervals) else nan


def interval_entropy(roll: Roll) -> float:
    """Shannon entropy of the intervals, up and down apart."""
    return _entropy_of(roll.intervals)


def repeated_notes(roll: Roll) -> float:
    """Moves that stay on the same key."""
    return _share(roll.intervals == 0)


def stepwise_motion(roll: Roll) -> float:
    """Moves by one or two semitones."""
    sizes = np.abs(roll.intervals)
    return _share((sizes > 0) & (sizes < LEAP))


def leaps(roll: Roll) -> float:
    """Moves by a third (three semitones) or more."""
    return _share(np.abs(roll.intervals) >= LEAP)


def longest_repeat(roll: Roll) -> float:
    """The most notes on the same key in a row; 0 of silence."""
    return float(_longest_run(roll.intervals == 0) + 1) if len(roll.keys) else 0.0


def rising_motion(roll: Roll) -> float:
    """Moves up, of all that move."""
    moves = roll.intervals[roll.intervals != 0]
    return _share(moves > 0)


def arc_length(roll: Roll) -> float:
    """Mean number of moves from one turn of the melody to the next; repeated notes are no move."""
    moves = roll.intervals[roll.intervals != 0]
    return len(moves) / (_turns(moves) + 1) if len(moves) else nan


def arc_height(roll: Roll) -> float:
    """Mean distance from one turn of the melody to the next."""
    moves = roll.intervals[roll.intervals != 0]
    return float(np.abs(moves).sum()) / (_turns(moves) + 1) if len(moves) else nan


# --- rhythm


def wait_entropy(roll: Roll) -> float:
    """Shannon entropy of the waits between notes (inter-onset intervals)."""
    return _entropy_of(roll.waits[:-1])


def shortest_wait(roll: Roll) -> float:
    """The shortest wait between notes, in beats."""
    return float(roll.waits[:-1].min()) / roll.beat if len(roll.waits) > 1 else nan


def longest_wait(roll: Roll) -> float:
    """The longest wait between notes, in beats."""
    return float(roll.waits[:-1].max()) / roll.beat if len(roll.waits) > 1 else nan


def longest_silence(roll: Roll) -> float:
    """The longest time without an onset, in beats: before, between or after the notes."""
    return _longest_run(~attacks(roll.grid)) / roll.beat


def wait_contrast(roll: Roll) -> float:
    """How much neighbouring waits differ: nPVI, 0 of even notes, 67 if one is twice the other.

    The normalised pairwise variability index, 100 times the mean of |a - b| / ((a + b) / 2) over
    neighbours a and b (Grabe & Low 2002; of melodies, Patel & Daniele 2003).
    """
    a, b = roll.waits[:-2], roll.waits[1:-1]
    return 200 * _mean(np.abs(a - b) / (a + b))


def on_strong_beats(roll: Roll) -> float:
    """Onsets on the first or the third beat of a bar."""
    return _share(roll.steps % (2 * roll.beat) == 0)


def off_beat(roll: Roll) -> float:
    """Onsets between the beats."""
    return _share(roll.steps % roll.beat != 0)


def syncopation(roll: Roll) -> float:
    """Onsets between the beats that are held over the next beat: none on it."""
    between = roll.steps % roll.beat != 0
    following = -(-roll.steps // roll.beat) * roll.beat
    held = ~np.isin(following, roll.steps) & (following < len(roll.grid))
    return _share(between & held)


def bar_rhythms(roll: Roll) -> float:
    """How many different rhythms the bars have, silent ones left out."""
    return float(len(rhythms_of(roll.grid, roll.bar)))


def rhythm_variety(roll: Roll) -> float:
    """Different rhythms of a bar, of the bars that sound."""
    bars = len(roll.sounding_bars)
    return bar_rhythms(roll) / bars if bars else nan


def groove_consistency(roll: Roll) -> float:
    """Steps at which a bar's rhythm is as in the bar before, mean over bars; nan of one bar."""
    rhythms = attacks(roll.bars)
    return _share(rhythms[1:] == rhythms[:-1]) if len(roll.steps) else nan


# --- structure


def self_repetition(roll: Roll) -> float:
    """Tokens in a run of four (`NGRAM`) that comes at least twice, in any key; they may overlap."""
    if len(roll.tokens) < NGRAM:
        return 0.0 if len(roll.tokens) else nan
    windows = np.lib.stride_tricks.sliding_window_view(roll.tokens, NGRAM)
    _, number, count = np.unique(windows, axis=0, return_inverse=True, return_counts=True)
    covered = np.zeros(len(roll.tokens), np.bool_)
    for start in np.flatnonzero(count[number.ravel()] > 1):
        covered[start : start + NGRAM] = True
    return _share(covered)


def repeated_bars(roll: Roll) -> float:
    """Bars that sound and are exactly as an earlier one, of all that sound."""
    bars = roll.sounding_bars
    return 1 - len({bar.tobytes() for bar in bars}) / len(bars) if len(bars) else nan


def bar_similarity(roll: Roll) -> float:
    """Common notes of two bars (`bars.common_notes`), mean over all pairs that sound."""
    return _mean_similarity(roll.sounding_bars)


def phrase_similarity(roll: Roll) -> float:
    """Common notes of two phrases of four bars, mean over all pairs that sound."""
    return _mean_similarity(sounding(blocks(roll.grid, PHRASE_BARS * roll.bar)))


def distinct_phrases(roll: Roll) -> float:
    """Different letters in the form of four phrases: AABA has two (`bars.form`)."""
    return float(len(set(form(roll.grid, roll.bar)) - {"-"}))


def phrase_ends(roll: Roll) -> float:
    """Phrases of four bars that come to rest: a wait of at least two beats in their last bar.

    And at least one and a half times the song's mean wait. A bar without onset is a rest, too.
    """
    if not len(roll.steps):
        return nan
    long = max(2.0 * roll.beat, 1.5 * float(roll.waits.mean()))
    ends = range(PHRASE_BARS * roll.bar, len(roll.bars) * roll.bar + 1, PHRASE_BARS * roll.bar)
    if not ends:
        return nan
    rests = 0
    for end in ends:
        inside = (roll.steps >= end - roll.bar) & (roll.steps < end)
        rests += not inside.any() or roll.waits[inside].max() >= long
    return rests / len(ends)


def novelty_rate(roll: Roll) -> float:
    """How little the melody can be compressed: its Lempel-Ziv complexity, of its tokens.

    The number of pieces into which the tokens are parsed from left to right, each the shortest that
    did not come before (Lempel & Ziv 1976; counted as by Kaspar & Schuster 1987), divided by the
    number of tokens: near 0 for endless repetition, 1 when nothing ever returns.
    """
    return lempel_ziv(roll.tokens) / len(roll.tokens) if len(roll.tokens) else nan


@kernel
def lempel_ziv(symbols: IntArray) -> int:
    """The number of pieces into which Lempel & Ziv (1976) parse a sequence; 0 of an empty one.

    A piece is the shortest that does not occur in what comes before its last symbol; only the last
    piece of all may. Kaspar & Schuster (1987) count 6 for 0001101001000101.

    Args:
        symbols: int64 (n,).
    """
    pieces, start = 0, 0
    while start < len(symbols):
        known = 0  # of the symbols from here on, the most that also begin earlier
        for place in range(start):
            length = 0
            while (
                start + length < len(symbols) and symbols[place + length] == symbols[start + length]
            ):
                length += 1
            known = max(known, length)
        pieces += 1
        start += known + 1
    return pieces


def zipf_slope(roll: Roll) -> float:
    """Slope of the melody's tokens in Zipf's diagram: log frequency over log rank.

    The least-squares line through all ranks; 0 when all tokens are as frequent, -1 by Zipf's law,
    steeper when few make up most of the melody (Manaris et al. 2005). nan for fewer than two
    different tokens.
    """
    counts = np.sort(np.unique(roll.tokens, return_counts=True)[1])[::-1]
    if len(counts) < 2:
        return nan
    x, y = np.log(np.arange(1, len(counts) + 1)), np.log(counts)
    centred = x - x.mean()
    return float(centred @ (y - y.mean()) / (centred @ centred)) + 0.0


def _share(which: NDArray[np.bool_]) -> float:
    """How many are true, of all; nan of none."""
    return float(which.mean()) if which.size else nan


def _mean(values: NDArray[np.generic]) -> float:
    return float(np.mean(np.asarray(values, np.float64))) if values.size else nan


def _entropy(counts: IntArray) -> float:
    """Shannon entropy of counts, in bits; nan if all are 0."""
    total = int(counts.sum())
    if not total:
        return nan
    shares = [count / total for count in counts.tolist() if count]
    return float(sum(share * log2(1 / share) for share in shares))


def _entropy_of(values: IntArray) -> float:
    """Shannon entropy of how often each value comes, in bits; nan of none."""
    return _entropy(np.unique(values, return_counts=True)[1])


def _longest_run(which: NDArray[np.bool_]) -> int:
    """The most true ones in a row."""
    edges = np.diff(np.concatenate([[False], which, [False]]).astype(np.int8))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(lengths.max(initial=0))


def _turns(moves: IntArray) -> int:
    """How often moves up and down change direction."""
    return int((np.sign(moves[1:]) != np.sign(moves[:-1])).sum())


def _mean_similarity(parts: BoolArray) -> float:
    """Common notes of two parts of a song, mean over all pairs; nan of fewer than two.

    The coefficient of `evo.music.measures.bars.common_notes`, for parts of which none is silent.
    """
    some = parts[:: -(-len(parts) // MOST_COMPARED) or 1]
    if len(some) < 2:
        return nan
    flat = some.reshape(len(some), -1).astype(np.float64)
    notes = flat.sum(axis=1)
    alike = 2 * (flat @ flat.T) / (notes[:, None] + notes)
    return float(alike[np.triu_indices(len(some), 1)].mean())
