"""The last group of features: the surprise of each note and bar to models of short contexts."""

import numpy as np

from evo.fitness.critic.contexts import Contexts, duration_class, interval_class
from genomes.arrays import FloatArray, Indices
from genomes.kernels import device


@device
def _note_surprise(sums: FloatArray, kind: int, bits: float) -> None:
    sums[kind, 0] += 1
    sums[kind, 1] += bits
    sums[kind, 2] += bits * bits


@device
def write_surprise(
    step: Indices,
    key: Indices,
    rhythm: Indices,
    count: int,
    mode: int,
    tonic: int,
    contexts: Contexts,
    bar: int,
    model: int,
    row: FloatArray,
) -> None:
    """Write mean and spread of the surprise of notes and bars.

    Args:
        step: Steps of the notes.
        key: Keys of the notes.
        rhythm: Event of every bar's rhythm; 0 is silence.
        count: Number of notes.
        mode: 0 for major, 1 for minor.
        tonic: Tonic of the key.
        contexts: Surprise of every event, a stack of several models.
        bar: Steps of a bar.
        model: Index of the model in that stack.
        row: Written: the features of this group.
    """
    sums = np.zeros((6, 3))
    classes = contexts.duration.shape[2]
    for i in range(1, count):
        degree = (key[i] - tonic) % 12
        _note_surprise(sums, 3, contexts.degree[model, mode, (key[i - 1] - tonic) % 12, degree])
        if i < 2:
            continue
        interval = interval_class(key[i] - key[i - 1])
        last = interval_class(key[i - 1] - key[i - 2])
        _note_surprise(sums, 0, contexts.interval[model, last, interval])
        if i >= 3:
            earlier = interval_class(key[i - 2] - key[i - 3])
            _note_surprise(sums, 1, contexts.intervals[model, earlier, last, interval])
        before = duration_class(step[i - 1] - step[i - 2], classes)
        duration = duration_class(step[i] - step[i - 1], classes)
        _note_surprise(sums, 2, contexts.duration[model, step[i - 1] % bar, before, duration])
    before_bar = 0
    for b in range(len(rhythm)):
        _note_surprise(sums, 4, contexts.rhythm[model, rhythm[b]])
        _note_surprise(sums, 5, contexts.bar[model, before_bar, rhythm[b]])
        before_bar = rhythm[b]
    for kind in range(6):
        if sums[kind, 0] > 0:
            mean = sums[kind, 1] / sums[kind, 0]
            row[2 * kind] = mean
            variance = max(sums[kind, 2] / sums[kind, 0] - mean * mean, 0.0)
            row[2 * kind + 1] = np.sqrt(variance)
