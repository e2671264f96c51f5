"""A fresh classifier of found pieces against songs.

It is reported, and never used by a search. A critic is no evidence about pieces of a search that
maximised it. So a classifier is trained afterwards, on songs against exactly these pieces. It
measures how they still differ: an area under the ROC curve of 0.5 means that it cannot separate
them, 1 that it always can. Each piece is scored by a classifier trained without it (stratified
cross-validation).

The classifier is logistic regression with a ridge penalty, fitted by Newton's method, on
standardised features. Both classes have the same weight.
"""

import numpy as np

from genomes.arrays import BoolArray, FloatArray

FOLDS, REPEATS = 5, 4
RIDGE = 20.0  # sum of squared weights against the sum of log-likelihoods
_NEWTON_STEPS = 12


def area_under_curve(positive: FloatArray, negative: FloatArray) -> float:
    """Return the probability that a positive number is above a negative one.

    Args:
        positive: (n,).
        negative: (m,).

    Returns:
        0 to 1; ties count half.
    """
    above = (positive[:, None] > negative[None, :]).mean()
    equal = (positive[:, None] == negative[None, :]).mean()
    return float(above + equal / 2)


def classifier_auc(songs: FloatArray, found: FloatArray, random: np.random.Generator) -> float:
    """Return how well a fresh classifier separates songs from found pieces.

    Args:
        songs: (n, features).
        found: (m, features), of the pieces found by the search.
        random: Draws the folds.

    Returns:
        The area under the ROC curve of all held-out predictions, mean over `REPEATS`
        cross-validations: 0.5 if they cannot be told apart, nan with fewer than two of either.
    """
    if min(len(songs), len(found)) < 2:
        return float("nan")
    rows = np.concatenate([songs, found])
    is_song = np.arange(len(rows)) < len(songs)
    areas = []
    for _ in range(REPEATS):
        fold = np.empty(len(rows), np.int64)
        for members in (np.flatnonzero(is_song), np.flatnonzero(~is_song)):
            fold[random.permutation(members)] = np.arange(len(members)) % min(FOLDS, len(found))
        log_odds = np.empty(len(rows))
        for held_out in np.unique(fold):
            train = fold != held_out
            log_odds[~train] = _predict(rows[train], is_song[train], rows[~train])
        areas.append(area_under_curve(log_odds[is_song], log_odds[~is_song]))
    return float(np.mean(areas))


def _predict(rows: FloatArray, is_song: BoolArray, others: FloatArray) -> FloatArray:
    """Return the log-odds (n,) of others being songs, fitted to rows."""
    centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    inputs = np.c_[(rows - centre) / scale, np.ones(len(rows))]
    weight = np.where(is_song, 0.5 / is_song.mean(), 0.5 / (~is_song).mean())
    penalty = np.full(inputs.shape[1], RIDGE)
    penalty[-1] = 1e-3  # the bias
    weights = np.zeros(inputs.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (weight * (chance - is_song)) + penalty * weights
        curvature = (inputs.T * (weight * chance * (1 - chance))) @ inputs + np.diag(penalty)
        weights -= np.linalg.solve(curvature, gradient)
    log_odds: FloatArray = np.c_[(others - centre) / scale, np.ones(len(others))] @ weights
    return log_odds
