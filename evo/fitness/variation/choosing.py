"""Choose variations of one song from those of many programs.

Programs are good for many songs on average, and not every one fits every song. So every program is
tried on the song. Of the variations within the bounds the best by the guiding critics are taken,
each only if it differs from those taken before. The held-out critic has no say.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.fitness.critic.features import MIN_BARS
from evo.fitness.critic.model import Critic
from evo.fitness.variation.judging import Bounds, density, likeness, likeness_matrix
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


def can_judge(critics: Sequence[Critic], theme: Themes) -> bool:
    """Return whether critics can judge a melody: it has their bars, and is long enough.

    Args:
        critics: Critics of one corpus.
        theme: One melody.
    """
    bars = critics[0].bars
    same = (theme.bar, theme.beat) == (bars.steps, bars.beat)
    return same and theme.onsets.shape[1] >= bars.lead + MIN_BARS * bars.steps


def choose(
    guides: Sequence[Critic],
    bounds: Bounds,
    theme: Themes,
    varied: BoolArray,
    scores: FloatArray,
    count: int,
) -> Chosen:
    """Return the best different variations of one song; fewer, if there are not so many.

    Args:
        guides: The critics that guide the search.
        bounds: What variations may be.
        theme: The song.
        varied: Bool (n, steps, keys), the variation by each program.
        scores: Float64 (n,), the score of each program, used if the critics cannot judge the song.
        count: How many to choose.
    """
    like, dense = likeness(varied, theme.onsets[0]), density(varied, theme.onsets[0])
    judged = np.full(len(varied), np.nan)
    if can_judge(guides, theme):
        judged = np.mean([guide.judge(varied) for guide in guides], axis=0)
    better = scores if np.isnan(judged).any() else judged
    order = np.argsort(-better, kind="stable")
    fits = bounds.fit(like, dense)
    between = likeness_matrix(varied)
    taken: list[int] = []
    for index in order.tolist():
        if len(taken) < count and fits[index] and (between[index, taken] < APART).all():
            taken.append(index)
    chosen = np.array(sorted(taken, key=lambda index: -like[index]), np.int64)
    return Chosen(chosen, varied[chosen], like[chosen], dense[chosen], judged[chosen])
