"""Rounds of training and searching, until searches no longer fool the critics.

Critics can give high scores to rolls unlike anything in their training data. So a genetic search
maximises their scores. Its pieces that score above songs become counterexamples in the next
training (hard negatives, Sung & Poggio, "Example-based learning for view-based human face
detection", 1998). Only the critics that guide searches are trained on them. The held-out critic
stays as it is.
"""

from collections.abc import Callable, Sequence

import numpy as np

from evo.core.seeds import Role, stream
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.panel import Panel
from evo.fitness.critic.style import Style
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers

# Maximises a fitness with a seed; returns the best performers, best first, and their scores.
Search = Callable[[PleaseCritics, int], tuple[Performers, FloatArray]]

SEARCHES = 4
MAX_KEPT = 6  # maximum number of pieces kept per search, all different
# A search fooled the critics if its best piece scores above this share of the songs.
TOO_GOOD = 0.9


def train(
    songs: BoolArray,
    names: Sequence[str],
    seed: int,
    rounds: int,
    show_message: Callable[[str], None],
    search: Search,
    style: Style = Style(),  # noqa: B008  # immutable
) -> Panel:
    """Train critics, again with each round's pieces that fooled them.

    Args:
        songs: bool (n, steps, keys).
        names: The name of each song.
        seed: Random seed of the training.
        rounds: Maximum number of repeated trainings; 0 trains once.
        show_message: Shows one line to the user.
        search: Finds pieces with high scores.
        style: Metre, resolution, pitch and tempo of the songs.

    Raises:
        ValueError: If there are too few songs.
    """
    critics = Panel.train(songs, names, seed, show_message, style)
    found = np.empty((0, *songs.shape[1:]), np.bool_)
    for number in range(rounds + 1 if rounds else 0):
        fooled, harder = _searches(critics, seed, number, search)
        show_message(
            f"{fooled} of {SEARCHES} searches found what the critics like better than songs"
        )
        if not fooled or number == rounds:
            break
        found = np.concatenate([found, harder])
        show_message(f"training them again, with {len(found)} such pieces ...")
        critics = critics.warned(found, seed)
    return critics


def _searches(critics: Panel, seed: int, number: int, search: Search) -> tuple[int, BoolArray]:
    """Return how many searches fooled the critics, and their pieces.

    Returns:
        The number, and bool (m, steps, keys).
    """
    fitness = critics.fitness(0, seed, 0)
    guides = range(len(critics.critics) - 1)
    unknown = [
        critics.critics[index].judge(critics.songs[critics.unknown(index)]) for index in guides
    ]
    songs_score = np.quantile(np.concatenate(unknown), TOO_GOOD)
    found = []
    for searched in range(SEARCHES):
        draw = stream(seed, Role.TRAIN, number + 1, 2 + searched)
        performers, scores = search(fitness, int(draw.integers(1 << 31)))
        best = np.arange(min(MAX_KEPT, len(scores)))
        too_good = best[scores[best] > songs_score]
        found.append(fitness.play(performers.take(too_good)))
    return sum(len(pieces) > 0 for pieces in found), np.concatenate(found)
