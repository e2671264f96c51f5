"""Hits and misses of a predictor: resolved, lost, and stale.

An event is a run of one or two misses after at least three hits and before at least two: a
predictor that was right is surprised, and is right again. Every other miss is lost, because it does
not resolve. Noise consists of lost misses. A hit beyond `STALE` in a row is stale. A drone, or a
pattern that the predictor has learned, consists of stale hits.
"""

import numpy as np
from numpy.typing import NDArray

from genomes.kernels import kernel

HITS_BEFORE, MAX_MISSES, HITS_AFTER = 3, 2, 2
STALE = 8

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]


@kernel
def count_events(hits: Hits, counts: Counts) -> None:
    """Count events, lost misses and stale hits, as the module defines them.

    Args:
        hits: bool (n, steps), whether a predictor guessed each step of n pieces.
        counts: int64 (n, 3), written: events, lost misses, stale hits.
    """
    n, steps = hits.shape
    for i in range(n):
        counts[i] = 0
        before = t = 0
        while t < steps:
            if hits[i, t]:
                before += 1
                counts[i, 2] += before > STALE
                t += 1
                continue
            misses = 0
            while t < steps and not hits[i, t]:
                misses += 1
                t += 1
            after = 0
            while t + after < steps and after < HITS_AFTER and hits[i, t + after]:
                after += 1
            if before >= HITS_BEFORE and misses <= MAX_MISSES and after >= HITS_AFTER:
                counts[i, 0] += 1
            elif t < steps or misses > MAX_MISSES:
                # The last misses of a piece have no time to resolve, and are not counted.
                counts[i, 1] += misses
            before = 0


def event_counts(hits: Hits) -> tuple[Counts, Counts, Counts]:
    """Count resolved surprises (events), lost misses and stale hits.

    An event is one or two misses between runs of hits. A lost miss is any other miss. A stale hit
    is one beyond `STALE` hits in a row. The misses at the end of a piece are not counted, if they
    may still resolve.

    Args:
        hits: bool (..., steps), whether a predictor guessed each step.

    Returns:
        Numbers of events, lost misses and stale hits: three arrays, int64 (...).
    """
    rows = np.ascontiguousarray(hits.reshape(-1, hits.shape[-1]))
    counts = np.empty((len(rows), 3), np.int64)
    count_events(rows, counts)
    events, lost, stale = counts.T
    shape = hits.shape[:-1]
    return events.reshape(shape), lost.reshape(shape), stale.reshape(shape)
