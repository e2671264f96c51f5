"""Choose variations of one song from those of many programs.

Programs are good for many songs on average, and not every one fits every song. So every program is
tried on the song. Of the variations within the bounds the best by the guiding critics are taken,
each only if it differs from those taken before. The held-out critic is not used.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.fitness.critic.contexts import Bars
from evo.fitness.critic.features import MIN_BARS
from evo.fitness.critic.model import Critic
from evo.fitness.variation.judging import Bounds, density, likeness, likeness_matrix
from evo.fitness.variation.themes import melodies_of
from genomes.arrays import BoolArray, FloatArray, Indices
from genomes.program.themes import Themes

APART = 0.6  # the likeness of two chosen variations is below


class Chosen(NamedTuple):
    """Variations of one song, k of them, the one that is most like the song first.

    Attributes:
        programs: Int64 (k,), the program of each.
        rolls: Bool (k, steps, keys).
        likeness: Float64 (k,), to the song.
        density: Float64 (k,), in densities of the song.
        critic: Float64 (k,), mean score of the guiding critics; NaN if they cannot judge the song.
    """

    programs: Indices
    rolls: BoolArray
    likeness: FloatArray
    density: FloatArray
    critic: FloatArray


def for_critics(bars: Bars, theme: Themes, rolls: BoolArray) -> BoolArray | None:
    """Return variations of a song as critics read rolls; None if they cannot judge it.

    The song's bars must be those of the critics, or as much finer or coarser as its beats. Notes of
    finer bars move to the critics' step before them. There must be enough bars.

    Args:
        bars: The bars of the critics.
        theme: The song.
        rolls: Bool (n, steps, keys), with a note per step at most.
    """
    coarser = max(bars.steps // theme.bar, 1)
    finer, remainder = divmod(theme.bar * coarser, bars.steps)
    if remainder or theme.beat * coarser != finer * bars.beat:
        return None
    if coarser > 1:
        spread = np.zeros((len(rolls), rolls.shape[1] * coarser, rolls.shape[2]), np.bool_)
        spread[:, ::coarser] = rolls
        rolls = spread
    lead, begin = bars.lead * finer, theme.lead * coarser
    silence = max(lead - begin, 0)  # before the pickup
    read = rolls[:, max(begin - lead, 0) :]
    padded = np.pad(read, ((0, 0), (silence, -(silence + read.shape[1]) % finer), (0, 0)))
    parts = padded.reshape(len(rolls), padded.shape[1] // finer, finer, rolls.shape[2])
    coarse: BoolArray = np.any(parts, axis=2)
    if coarse.shape[1] < bars.lead + MIN_BARS * bars.steps:
        return None
    return coarse if finer == 1 else melodies_of(coarse)


def choose(
    guides: Sequence[Critic],
    bounds: Bounds,
    theme: Themes,
    varied: BoolArray,
    scores: FloatArray,
    count: int,
) -> Chosen:
    """Return the best different variations of one song, or as many as there are.

    Args:
        guides: The critics that guide the search.
        bounds: Limits of likeness and density.
        theme: The song.
        varied: Bool (n, steps, keys), the variation by each program.
        scores: Float64 (n,), the score of each program, used if the critics cannot judge the song.
        count: How many to choose.
    """
    like, dense = likeness(varied, theme.onsets[0]), density(varied, theme.onsets[0])
    judged, better = np.full(len(varied), np.nan), scores
    read = for_critics(guides[0].bars, theme, varied)
    if read is not None:
        judged = better = np.mean([guide.judge(read) for guide in guides], axis=0)
    order = np.argsort(-better, kind="stable")
    fits = bounds.fit(like, dense)
    between = likeness_matrix(varied)
    taken: list[int] = []
    for index in order.tolist():
        if len(taken) < count and fits[index] and (between[index, taken] < APART).all():
            taken.append(index)
    chosen = np.array(sorted(taken, key=lambda index: -like[index]), np.int64)
    return Chosen(chosen, varied[chosen], like[chosen], dense[chosen], judged[chosen])
