"""Measure variations: likeness to their theme, density, and their limits.

Likeness is the Dice coefficient of two rolls: twice the common notes, divided by the notes of both
(Dice, "Measures of the amount of ecologic association between species", 1945). A note is a key at
a step. 1 is the same roll, and 0 has no note in common.
"""

from typing import NamedTuple

import numpy as np

from genomes.arrays import BoolArray, FloatArray


def likeness(rolls: BoolArray, others: BoolArray) -> FloatArray:
    """Return the likeness of pairs of rolls; two silent rolls have 1.

    Args:
        rolls: Bool (..., steps, keys).
        others: The same, or of a shape that is broadcast to it.

    Returns:
        Float64 (...,).
    """
    common = np.count_nonzero(rolls & others, axis=(-2, -1))
    notes = np.count_nonzero(rolls, axis=(-2, -1)) + np.count_nonzero(others, axis=(-2, -1))
    found: FloatArray = np.where(notes > 0, 2.0 * common / np.maximum(notes, 1), 1.0)
    return found


def likeness_matrix(rolls: BoolArray) -> FloatArray:
    """Return the likeness of all pairs of rolls.

    Args:
        rolls: Bool (..., n, steps, keys).

    Returns:
        Float64 (..., n, n).
    """
    flat = rolls.reshape(*rolls.shape[:-2], rolls.shape[-2] * rolls.shape[-1]).astype(np.float32)
    common = (flat @ np.swapaxes(flat, -1, -2)).astype(np.float64)  # whole numbers: exact
    notes = np.diagonal(common, axis1=-2, axis2=-1)
    both = notes[..., :, None] + notes[..., None, :]
    found: FloatArray = np.where(both > 0, 2.0 * common / np.maximum(both, 1.0), 1.0)
    return found


def mean_likeness(rolls: BoolArray) -> FloatArray:
    """Return the mean likeness of different rolls of a set; 0 for a single one.

    Args:
        rolls: Bool (..., n, steps, keys).

    Returns:
        Float64 (...,).
    """
    matrix, count = likeness_matrix(rolls), rolls.shape[-3]
    same = np.trace(matrix, axis1=-2, axis2=-1)
    # One row per set: a set's sum does not depend on the other sets, not even in the last bit.
    together = matrix.reshape(*matrix.shape[:-2], -1).sum(axis=-1)
    found: FloatArray = (together - same) / max(count * (count - 1), 1)
    return found


class Bounds(NamedTuple):
    """Limits of likeness and density.

    Attributes:
        low: Minimum likeness to the theme.
        high: Maximum likeness to the theme.
        thinnest: Minimum density, in densities of the theme.
        densest: Maximum density, in densities of the theme.
    """

    low: float = 0.3
    high: float = 0.65
    thinnest: float = 0.5
    densest: float = 1.4

    def inside(self, likeness_margin: float, density_margin: float) -> "Bounds":
        """Return narrower limits; a margin is at most a quarter of its range.

        Args:
            likeness_margin: Distance of the new limits of likeness from the old.
            density_margin: Distance of the new limits of density from the old.
        """
        like = min(likeness_margin, (self.high - self.low) / 4)
        dense = min(density_margin, (self.densest - self.thinnest) / 4)
        return Bounds(
            self.low + like, self.high - like, self.thinnest + dense, self.densest - dense
        )

    def excess(self, like: FloatArray, density: FloatArray) -> FloatArray:
        """Return by how much variations are beyond the bounds: float64, the shape of both.

        Args:
            like: Likeness to the theme, float64 (...,).
            density: Density, in densities of the theme, float64 (...,).
        """
        beyond = np.maximum(self.low - like, 0) + np.maximum(like - self.high, 0)
        beyond += np.maximum(self.thinnest - density, 0) + np.maximum(density - self.densest, 0)
        found: FloatArray = beyond
        return found

    def fit(self, like: FloatArray, density: FloatArray) -> BoolArray:
        """Return which variations are within the bounds: bool, the shape of both.

        Args:
            like: Likeness to the theme, float64 (...,).
            density: Density, in densities of the theme, float64 (...,).
        """
        within: BoolArray = self.excess(like, density) == 0
        return within


def density(varied: BoolArray, themes: BoolArray) -> FloatArray:
    """Return the notes of variations, in notes of their themes.

    Args:
        varied: Bool (..., steps, keys).
        themes: Of the same shape, or broadcast to it.

    Returns:
        Float64 (...,).
    """
    notes = np.count_nonzero(themes, axis=(-2, -1))
    found: FloatArray = np.count_nonzero(varied, axis=(-2, -1)) / np.maximum(notes, 1)
    return found
