"""The copy task: evolve a HistoryUser that says what it heard 64 steps ago.

    evo run copy --seed 1     or     python experiments/copy_task.py --seed 1

The network hears random bits and learns by evolution strategies where in its own history to read.
`evo.fitness.copying` has the task and the loss.

With several delays each sequence has one of them, told by a marker, and the network has to keep in
mind what the marker said. That is learnt by a small network, without weight decay, from more
individuals and sequences than the defaults, which are for one delay:

    evo run copy --seed 1 --set copy.delays=16,32,48,64 --set copy.sequences=16 \\
        --population 64 --set es.network.layers=24 --set es.network.forget_bias=2 \\
        --set es.strategy.sigma=0.1 --set es.openai.weight_decay=0
"""

from pathlib import Path
from typing import Any

from evo.core.errors import InputError
from evo.engines import engine_class
from evo.experiment import Config, Experiment, Say, Task, base_config, merge
from evo.fitness.copying import Copying

# Found by trying one change at a time on several seeds (`benchmarks/copy_task.py`). The mean is
# judged too: of individuals that hear one sequence a generation, the best is often only lucky.
BREEDING: dict[str, dict[str, dict[str, Any]]] = {
    "es": {
        "population": {"size": 32, "evaluate_mean": True},
        "strategy": {"sigma": 0.2},
        "openai": {"learning_rate": 0.1},
    },
}

# What several delays need besides; see the module's docstring.
VARIABLE = (
    "copy.delays=16,32,48,64",
    "copy.sequences=16",
    "es.network.layers=24",
    "es.network.forget_bias=2",
    "es.population.size=64",
    "es.strategy.sigma=0.1",
    "es.openai.weight_decay=0",
)


def default_config(engine: str) -> Config:
    """The configuration of a run with this engine."""
    settings = engine_class(engine).default_settings(13, 13)
    config = base_config("copy", engine) | {
        engine: settings,
        "copy": {
            "keys": 13,
            "delays": [64],
            "sequences": 1,  # a generation
            "marker_every": 8,  # steps; with several delays
        },
    }
    config = merge(config, {"stop": {"generations": 3000}, "run": {"chunk_size": 16}})
    return merge(config, {engine: BREEDING[engine]})


def fitness_of(config: Config) -> Copying:
    """The fitness of this configuration; InputError for what cannot be."""
    try:
        return Copying(**config["copy"])
    except ValueError as error:
        raise InputError(f"copy: {error}") from None


def shape(config: Config) -> tuple[int, int]:
    """Inputs and keys."""
    fitness = fitness_of(config)
    return fitness.inputs, fitness.keys


def prepare(config: Config, folder: Path, say: Say) -> None:
    """The sequences are drawn, not kept."""


def task(config: Config, folder: Path) -> Task:
    """Copy what was heard, played by nobody."""

    def champion_files(performers: Any) -> dict[str, bytes]:
        return {}

    return Task(fitness_of(config), None, champion_files)


EXPERIMENT = Experiment(
    name="copy",
    summary="Say what was heard 64 steps ago: does a network learn to read its own history?",
    default_config=default_config,
    shape=shape,
    prepare=prepare,
    task=task,
    genomes=("history-user",),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("copy")
