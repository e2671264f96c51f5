"""The melodies that programs vary.

A theme has its notes, its bars and its key. The key is found elsewhere and given here, so programs
need no model of keys.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from genomes.arrays import BoolArray, Indices, for_kernels
from genomes.errors import GenomeError


class Themes(NamedTuple):
    """Melodies of equal length, instrument and metre, m of them; make them with `Themes.of`.

    Attributes:
        onsets: Bool (m, steps, keys). The highest key of a step is the melody; others are ignored.
        tonic: Int64 (m,), semitones from key 0 up to the tonic, 0 to 11.
        minor: Int64 (m,), 1 for a minor key, 0 for a major one.
        lead: Steps before the first full bar.
        bar: Steps of a bar.
        beat: Steps of a beat.
    """

    onsets: BoolArray
    tonic: Indices
    minor: Indices
    lead: int = 0
    bar: int = 8
    beat: int = 2

    @classmethod
    def of(
        cls,
        onsets: BoolArray,
        tonic: ArrayLike,
        minor: ArrayLike,
        lead: int = 0,
        bar: int = 8,
        beat: int = 2,
    ) -> Self:
        """Return melodies after checking them.

        Args:
            onsets: Bool (m, steps, keys).
            tonic: Int (m,), semitones from key 0 up to the tonic, 0 to 11.
            minor: Int (m,), 1 for a minor key, 0 for a major one.
            lead: Steps before the first full bar.
            bar: Steps of a bar.
            beat: Steps of a beat.

        Raises:
            GenomeError: If they do not fit each other.
        """
        given = np.asarray(onsets)
        if given.dtype != np.bool_ or given.ndim != 3 or given.shape[2] < 1:
            raise GenomeError(
                f"onsets must be bool (m, steps, keys), got {given.dtype} {given.shape}"
            )
        keys = [np.array(numbers, np.int64) for numbers in (tonic, minor)]
        for name, numbers, below in zip(("tonic", "minor"), keys, (12, 2), strict=True):
            if numbers.shape != (len(given),):
                raise GenomeError(f"{name} must be ({len(given)},), got {numbers.shape}")
            if len(numbers) and not 0 <= numbers.min() <= numbers.max() < below:
                raise GenomeError(f"{name} must be from 0 to {below - 1}")
        if lead < 0 or not 1 <= beat <= bar:
            raise GenomeError(
                f"lead must be at least 0, and beat from 1 to bar, got {lead}, {beat} and {bar}"
            )
        return cls(for_kernels(given), keys[0], keys[1], int(lead), int(bar), int(beat))
