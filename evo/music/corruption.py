"""Corrupt songs with wrong notes, as counterexamples of the original research."""

import numpy as np

from evo.music.midi.reading import integer
from genomes.arrays import BoolArray


def corrupted(original: BoolArray, errors: int, rng: np.random.Generator) -> BoolArray:
    """Return a copy with wrong notes.

    An error changes one step. One random key replaces the notes of a sounding step, or is added
    to a silent one. Steps repeat only after every step has an error. With three keys or more, a
    second error never restores the original; with two it can. With a single key, a sounding
    step falls silent instead.

    Args:
        original: bool (steps, keys).
        errors: number of errors.
        rng: random generator.

    Raises:
        ValueError: if `errors` is out of range.
    """
    errors = integer("errors", errors, 0, 1_000_000)
    total, keys = original.shape
    grid = original.copy()
    single = np.eye(keys, dtype=np.bool_)
    first = 0
    if keys > 1:  # draw the first error of all steps together
        first = total
        steps = rng.permutation(total)[:errors]
        # A single note moves to another key, by a random offset from its own.
        alone = grid[steps].sum(axis=1) == 1
        moved = grid[steps].argmax(axis=1) + rng.integers(1, keys, size=len(steps))
        anywhere = rng.integers(keys, size=len(steps))
        grid[steps] = single[np.where(alone, moved % keys, anywhere)]
    for start in range(first, errors, total):
        for step in rng.permutation(total)[: errors - start]:
            changed = (single != grid[step]).any(axis=1)
            wrong = np.flatnonzero(changed & (single != original[step]).any(axis=1))
            choices = wrong if len(wrong) else np.flatnonzero(changed)
            grid[step] = single[rng.choice(choices)] if len(choices) else False
    return grid
