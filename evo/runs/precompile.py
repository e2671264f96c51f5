"""Compile the kernels before the first generation, on two cores.

The first run after an installation compiles kernels; later runs load them from disk. Evaluation and
breeding use different kernels. A second process compiles those of breeding, by breeding a discarded
generation. Meanwhile this process compiles those of evaluation.
"""

from typing import Any

import numpy as np
from multiprocess.reduction import ForkingPickler

from evo.core.processes import start_child
from evo.core.scores import Scores
from evo.core.seeds import Individuals, Role
from evo.engines import engine_class
from evo.fitness.base import Fitness, TeachingFitness, figures_of, teach
from evo.workers.evaluation import score_batch
from genomes.kernels import cache_folder, is_compiled
from genomes.lessons import Taught
from genomes.player import Player


def is_needed(engine: str, fitness: Fitness | None = None) -> bool:
    """Return whether an engine's or fitness's kernels must be compiled.

    The engine's kernels are assumed to be compiled if any of its sentinels is cached, and the
    fitness's kernels likewise. Both must be.

    Args:
        engine: The engine's name.
        fitness: A fitness whose optional `kernels` are checked too.
    """
    own = getattr(fitness, "kernels", ())
    if own and not any(is_compiled(kernel) for kernel in own):
        return True
    kernels = engine_class(engine).kernels
    return bool(kernels) and not any(is_compiled(kernel) for kernel in kernels)


def announcement(engine: str, fitness: Fitness | None = None) -> str:
    """Return the message before kernels are compiled, with the folder that keeps them.

    Args:
        engine: The engine's name.
        fitness: The fitness of the run, if its kernels may be the only ones.
    """
    folder = cache_folder((*engine_class(engine).kernels, *getattr(fitness, "kernels", ()))[0])
    kept = f"they are kept in {folder}" if folder else "they cannot be kept"
    return f"compiling the kernels, which takes some seconds; {kept}"


def breed_pickled(arguments: bytes) -> None:
    """Breed one generation in a separate process that reports nothing.

    The parent process detects invalid arguments itself.
    """
    _breed_once(*ForkingPickler.loads(arguments))


def _breed_once(engine: str, settings: Any, player: Player | None, taught: Taught | None) -> None:
    instance = engine_class(engine)(settings, seed=0, player=player)
    if taught is not None:
        instance.teach(taught)
    performers: Any = instance.ask()
    outputs = getattr(performers, "outputs", 1)
    count = len(performers)
    instance.tell(Scores.of(np.zeros(count), np.zeros((count, 1)), np.zeros((count, outputs))))


def compile_kernels(engine: str, settings: Any, player: Player | None, fitness: Fitness) -> None:
    """Compile the kernels needed by a run.

    Args:
        engine: The engine's name.
        settings: The engine's settings.
        player: How performers are played, or None.
        fitness: The fitness of the run.
    """
    taught = fitness.taught() if isinstance(fitness, TeachingFitness) else None
    arguments = bytes(ForkingPickler.dumps((engine, settings, player, taught)))
    breeding = start_child("evo.runs.precompile:breed_pickled", arguments, is_quiet=True)
    try:
        instance = engine_class(engine)(settings, seed=0, player=player)
        teach(instance, fitness)
        performers = instance.ask().take([0])
        score_batch(fitness, performers, Individuals(0, Role.EVALUATE, 0, [0]))
        figures_of(fitness, performers)
        breeding.join()
    except BaseException:  # its result is no longer needed
        breeding.kill()
        breeding.join()
        raise
