"""Rounds of training and searching, until a search finds nothing that critics like beyond songs.

What critics never heard they may love. So a genetic search climbs what they think, as far as it
gets: what they put above the songs then is no song, and an example of one in their next training
(hard negatives, Sung & Poggio, "Example-based learning for view-based human face detection", 1998).
Only the critics that guide searches learn of it; the held-out one stays as it is.
"""

from collections.abc import Callable, Sequence

import numpy as np

from evo.core.seeds import Role, stream
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.panel import Panel
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers

# Climbs a fitness with a seed; returns the best performers that it found, best first, and their
# scores.
Search = Callable[[PleaseCritics, int], tuple[Performers, FloatArray]]

SEARCHES = 4
KEPT = 6  # of each search, the best different ones
# A search has fooled the critics if they put its best above so many of the songs.
TOO_GOOD = 0.9


def train(
    songs: BoolArray,
    names: Sequence[str],
    seed: int,
    rounds: int,
    say: Callable[[str], None],
    search: Search,
) -> Panel:
    """Train critics, search for what they like too well, and train them again with it.

    Args:
        songs: bool (n, steps, keys).
        names: The name of each song.
        seed: Random seed of the training.
        rounds: Maximum number of times that they are trained again; 0 trains them once.
        say: Shows one line to the user.
        search: Finds what critics like.

    Raises:
        ValueError: If there are too few songs.
    """
    critics = Panel.train(songs, names, seed, say)
    found = np.empty((0, *songs.shape[1:]), np.bool_)
    for number in range(rounds + 1 if rounds else 0):
        fooled, harder = _searches(critics, seed, number, search)
        say(f"{fooled} of {SEARCHES} searches found what the critics like better than songs")
        if not fooled or number == rounds:
            break
        found = np.concatenate([found, harder])
        say(f"training them again, with {len(found)} of such pieces ...")
        critics = critics.warned(found, seed)
    return critics


def _searches(critics: Panel, seed: int, number: int, search: Search) -> tuple[int, BoolArray]:
    """Return how many searches fooled the critics, and by what: bool (m, steps, keys)."""
    fitness = critics.fitness(0, seed, 0)
    guides = range(len(critics.critics) - 1)
    unknown = [
        critics.critics[place].judge(critics.songs[critics.unknown(place)]) for place in guides
    ]
    songs_score = np.quantile(np.concatenate(unknown), TOO_GOOD)
    found = []
    for searched in range(SEARCHES):
        draw = stream(seed, Role.TRAIN, number + 1, 2 + searched)
        performers, scores = search(fitness, int(draw.integers(1 << 31)))
        best = np.arange(min(KEPT, len(scores)))
        too_good = best[scores[best] > songs_score]
        found.append(fitness.play(performers.take(too_good)))
    return sum(len(pieces) > 0 for pieces in found), np.concatenate(found)
