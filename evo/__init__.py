"""kuznechik: a neuroevolution framework for symbolic music.

Engines evolve genomes (`genomes`), fitness functions score them, and workers evaluate them. Runs
store everything, so a run can be killed at any instant and resumed bit for bit. `evo.api` has the
functions for scripts. They are also attributes of this package, imported on first use.

api          the functions for scripts
cli          the command `evo`
experiment   the contract of an experiment: settings, inputs and task
experiments  the scripts in `experiments/`
runs         run directories: start, checkpoint, resume
analysis     comparisons, statistics and figures
workers      evaluation of populations, here or in worker processes
engines      evolutionary algorithms
fitness      fitness functions
music        songs, measures and MIDI
core         seeds, scores, settings, files, errors
data         the files in `data/`
collision    refuses to work inside of another distribution's package `evo`
"""

import os
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evo.api import (
        Champion,
        Engine,
        EvoError,
        Experiment,
        Key,
        Logger,
        Meta,
        Metre,
        Run,
        Settings,
        Song,
        activation,
        compare,
        engine,
        evolve,
        experiment,
        fitness,
        from_neat_python,
        gymnasium_fitness,
        load_network,
        load_run,
        main,
        neat_population,
        plot,
        report,
        resume,
        run,
        runs,
        settings,
        song,
        tunes,
    )

__version__ = "0.1.0"

__all__ = [
    "Champion", "Engine", "EvoError", "Experiment", "Key", "Logger", "Meta", "Metre", "Run",
    "Settings", "Song", "activation", "compare", "engine", "evolve", "experiment", "fitness",
    "from_neat_python", "gymnasium_fitness", "load_network", "load_run", "main",
    "neat_population", "plot", "report", "resume", "run", "runs", "settings", "song", "tunes",
]  # fmt: skip

# A file of the unrelated distribution `evo`, which has a package of the same name.
if os.path.exists(os.path.join(os.path.dirname(__file__), "main_ape.py")):
    warnings.warn(
        "the distribution evo, an unrelated project, is installed in the same folder as kuznechik, "
        "and both overwrite files of each other. Use separate environments.",
        stacklevel=2,
    )


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("evo.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
