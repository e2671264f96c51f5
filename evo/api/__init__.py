"""The public API: everything that scripts and notebooks use, also as attributes of `evo`.

    import evo

    run = evo.evolve(pole, inputs=4, outputs=1, target=1.0, seed=1, out="runs/pole", resume=True)
    run.champion.activate(x)

commands      run, resume, load_run, settings, song, tunes: as on the command line
evolution     evolve: individuals for your own fitness
experiments   fitness and experiment: your own, for scripts and the command line
user_settings checks of your own settings and defaults
ask_tell      engine: engines by hand
looking       runs, report, compare and plot
networks      load_network, from_neat_python, and activation: a function of your own
eval_genomes  neat_population: fitness functions of neat-python, unchanged
run_object    Run: the result, log, champion and figures of a run
champion      Champion: the best individual of a run
progress      progress of a run: a bar, lines or messages
notebook      HTML of runs, logs, champions and engines
script        main: the command line of your own script
options       checks of the arguments
"""

import evo.collision  # noqa: F401  raises where another package is called evo
from evo.api.ask_tell import engine
from evo.api.champion import Champion
from evo.api.commands import load_run, resume, run, settings, song, tunes
from evo.api.eval_genomes import neat_population
from evo.api.evolution import evolve
from evo.api.experiments import experiment, fitness
from evo.api.looking import compare, plot, report, runs
from evo.api.networks import activation, from_neat_python, load_network
from evo.api.run_object import Run
from evo.api.script import main
from evo.core.errors import EvoError
from evo.core.settings import Meta, Settings
from evo.engines.base import Engine
from evo.experiment import Experiment
from evo.fitness.gymnasium import GymnasiumFitness as gymnasium_fitness  # noqa: N813
from evo.music.metre import Key, Metre
from evo.music.song import Song
from evo.runs.loggers.base import Logger

__all__ = [
    "Champion",
    "Engine",
    "EvoError",
    "Experiment",
    "Key",
    "Logger",
    "Meta",
    "Metre",
    "Run",
    "Settings",
    "Song",
    "activation",
    "compare",
    "engine",
    "evolve",
    "experiment",
    "fitness",
    "from_neat_python",
    "gymnasium_fitness",
    "load_network",
    "load_run",
    "main",
    "neat_population",
    "plot",
    "report",
    "resume",
    "run",
    "runs",
    "settings",
    "song",
    "tunes",
]
