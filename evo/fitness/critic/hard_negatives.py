"""Rounds of training and searching, until a search finds nothing that critics like beyond songs.

What critics never heard they may love. So a genetic search climbs what they think, as far as it
gets: what they put above the songs then is no song, and an example of one in their next training
(hard negatives, Sung & Poggio, "Example-based learning for view-based human face detection", 1998).
Only the critics that guide searches learn of it; the held-out one stays as it is.
"""

from collections.abc import Sequence

import numpy as np

from evo.core.seeds import Individuals, Role, stream
from evo.engines.ga.engine import GridGA
from evo.experiment import Say
from evo.fitness.critic.panel import Panel
from genomes.arrays import BoolArray

SEARCHES, GENERATIONS, POPULATION = 4, 150, 128
KEPT = 6  # of each search, the best different ones
# A search has fooled the critics if they put its best above so many of the songs.
TOO_GOOD = 0.9


def train(songs: BoolArray, names: Sequence[str], seed: int, rounds: int, say: Say) -> Panel:
    """Critics that went through so many rounds, or as many as it takes; 0 trains them once.

    `songs` are bool (n, steps, keys). ValueError if there are too few.
    """
    critics = Panel.train(songs, names, seed, say)
    found = np.empty((0, *songs.shape[1:]), np.bool_)
    for number in range(rounds + 1 if rounds else 0):
        fooled, harder = _searches(critics, seed, number)
        say(f"{fooled} of {SEARCHES} searches found what the critics like better than songs")
        if not fooled or number == rounds:
            break
        found = np.concatenate([found, harder])
        say(f"training them again, with {len(found)} of such pieces ...")
        critics = critics.warned(found, seed)
    return critics


def _searches(critics: Panel, seed: int, number: int) -> tuple[int, BoolArray]:
    """How many searches fooled the critics, and by what: bool (m, steps, keys)."""
    fitness = critics.fitness(0, seed, 0)
    guides = range(len(critics.critics) - 1)
    unknown = [
        critics.critics[place].judge(critics.songs[critics.unknown(place)]) for place in guides
    ]
    songs_score = np.quantile(np.concatenate(unknown), TOO_GOOD)
    found = []
    for search in range(SEARCHES):
        settings = GridGA.default_settings(*critics.songs.shape[1:])
        settings["population"] |= {"size": POPULATION, "survival": "plus", "parents": 64}
        draw = stream(seed, Role.TRAIN, number + 1, 2 + search)
        engine = GridGA(settings, seed=int(draw.integers(1 << 31)))
        streams = Individuals(0, Role.EVALUATE, 0, range(POPULATION))
        for _ in range(GENERATIONS):
            engine.tell(fitness.evaluate(engine.ask(), streams))
        gallery = engine.gallery()
        assert gallery is not None
        best = np.arange(min(KEPT, len(gallery.scores)))
        too_good = best[gallery.scores[best] > songs_score]
        found.append(fitness.play(gallery.performers.take(too_good)))
    return sum(len(pieces) > 0 for pieces in found), np.concatenate(found)
