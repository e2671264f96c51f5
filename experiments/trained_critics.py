"""Critics of a corpus, trained once and kept in the user's cache (`evo.core.user_cache`).

An entry is found by a hash of everything that the critics depend on: songs, names, style, seed and
rounds; the sources that train them; and the versions of Python and its libraries. So a change of
any of them trains new critics.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from evo.core.errors import InputError
from evo.core.files import to_json
from evo.core.seeds import Individuals, Role
from evo.core.settings import changed
from evo.core.user_cache import kept
from evo.engines import default_engine, engine_class
from evo.experiment import ShowMessage
from evo.fitness.critic.briefs import PleaseCritics
from evo.fitness.critic.hard_negatives import train
from evo.fitness.critic.model import hash_of
from evo.fitness.critic.panel import Panel
from evo.fitness.critic.style import Style
from evo.runs.batch_processes import THREAD_VARIABLES
from evo.runs.checkpoint import pack_arrays, read_given, unpack_arrays
from evo.runs.description import platform_fingerprint
from genomes.arrays import BoolArray, FloatArray
from genomes.base import Performers
from genomes.kernel_cache import sources_of

FILE = "critics.npz"  # in a run
# The search for hard negatives: rolls that critics score too highly.
SEARCH_GENERATIONS, SEARCH_POPULATION = 150, 128


def critics_in(path: Path) -> Panel:
    """Return the critics in a file, or in the file of a run.

    Raises:
        InputError: If there are none.
    """
    if path.is_dir():
        path /= FILE
    return read_given(path, Panel.from_arrays, "file of critics", "critics")


def trained_critics(
    rolls: BoolArray,
    names: Sequence[str],
    style: Style,
    *,
    seed: int,
    rounds: int,
    show_message: ShowMessage,
    cache: bool = True,
) -> Panel:
    """Return critics for songs, from the cache if they were trained before.

    Args:
        rolls: Onsets of the songs, bool (n, steps, keys).
        names: The name of each song.
        style: Metre, resolution, pitch and tempo of the songs.
        seed: Random seed of the training.
        rounds: Maximum number of rounds of hard negatives.
        show_message: Shows one line to the user.
        cache: Whether to read and write the cache.

    Raises:
        InputError: If there are too few songs.
    """
    songs = np.ascontiguousarray(rolls)

    def compute() -> Panel:
        try:
            return train(songs, names, seed, rounds, show_message, climb, style)
        except ValueError as error:
            raise InputError(str(error)) from None

    def unpack(content: bytes) -> Panel:
        panel = Panel.from_arrays(unpack_arrays(content))
        if not np.array_equal(panel.songs, songs) or panel.names != tuple(names):
            raise ValueError("it holds other songs")
        show_message(f"these {len(songs)} songs have critics from an earlier run")
        return panel

    key = _key(songs, names, style, seed, rounds) if cache else None
    if key is None:
        return compute()
    return kept(
        "critics",
        key,
        compute,
        lambda panel: pack_arrays(panel.to_arrays()),
        unpack,
        show_message,
    )


def _key(
    songs: BoolArray, names: Sequence[str], style: Style, seed: int, rounds: int
) -> str | None:
    """Return the hash of everything that critics depend on, or None if it is unknown.

    It is unknown if a source was changed after this process started.
    """
    engine = engine_class(default_engine("grid"))
    try:
        sources = [sources_of(module) for module in (__name__, engine.__module__)]
    except OSError:
        return None
    depends_on = {
        "songs": hash_of(songs),
        "names": list(names),
        "style": list(style),
        "seed": seed,
        "rounds": rounds,
        "sources": sources,
        "platform": platform_fingerprint(),
        # Rounding depends on the number of threads.
        "threads": [os.environ.get(variable) for variable in THREAD_VARIABLES],
    }
    return sha256(to_json(depends_on)).hexdigest()


def climb(fitness: PleaseCritics, seed: int) -> tuple[Performers, FloatArray]:
    """Search for note grids that critics score highest (hard negatives), by the genetic engine.

    Args:
        fitness: Scores grids by the critics alone, without a song to resemble.
        seed: Random seed of the search.

    Returns:
        The best grids found, the best first, and their scores, float64 (n,).
    """
    kind = engine_class(default_engine("grid"))
    bar = {"bar": fitness.held_out.bars.steps}
    survivors = {"size": SEARCH_POPULATION, "survival": "plus", "parents": 64}
    settings = changed(
        kind.of_shape(kind.settings_type(), fitness.steps, fitness.keys),
        {"population": survivors, "grid": bar},
    )
    engine = kind(settings, seed=seed)
    streams = Individuals(0, Role.EVALUATE, 0, range(SEARCH_POPULATION))
    for _ in range(SEARCH_GENERATIONS):
        engine.tell(fitness.evaluate(engine.ask(), streams))
    gallery = engine.gallery()
    assert gallery is not None
    return gallery.performers, gallery.scores
