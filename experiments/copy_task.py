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

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from evo.core.config import Config
from evo.core.errors import InputError
from evo.core.settings import Changes, Meta, Settings, tables
from evo.experiment import Experiment, FindSongs, Task, Vectors, number
from evo.fitness.copying import Copying

# Found by trying one change at a time on several seeds (`benchmarks/copy_task.py`). The mean is
# evaluated too: of individuals that receive one sequence per generation, the best is often only
# lucky.
PRESETS: dict[str, Changes] = {
    "history-user": {
        "engine": {
            "population": {"size": 32, "evaluate_mean": True},
            "strategy": {"sigma": 0.2},
            "openai": {"learning_rate": 0.1},
        },
        "stop": {"generations": 3000},
        "run": {"chunk_size": 16},
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


class CopySettings(Settings, frozen=True):
    """The sequences that are copied."""

    keys: Annotated[int, Meta(ge=1, le=4096, description="Bits per step.")] = 13
    delays: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_536)], ...],
        Meta(description="Steps after which an input is the output; several have markers."),
    ] = (64,)
    sequences: Annotated[int, Meta(ge=1, le=100_000, description="Sequences per generation.")] = 1
    marker_every: Annotated[
        int, Meta(ge=1, le=65_536, description="Steps between markers, with several delays.")
    ] = 8

    def __post_init__(self) -> None:
        try:
            self.fitness()
        except ValueError as error:
            raise InputError(str(error)) from None

    def fitness(self) -> Copying:
        """Return the fitness of these settings; ValueError if there is none."""
        return Copying(**tables(self))


def shape(config: Config, find: FindSongs) -> Vectors:
    """Return inputs and keys."""
    fitness = config.task.fitness()
    return Vectors(fitness.inputs, fitness.keys)


def task(config: Config, folder: Path) -> Task:
    """Return the task to copy what was the input."""
    return Task(config.task.fitness())


def describe(figures: Mapping[str, Any]) -> list[str]:
    """Return how far a champion is, in words."""
    words = [f"loss {number(figures['loss'])}"] if "loss" in figures else []
    if "read_lags" in figures:
        lags = ", ".join(str(lag) for lag in figures["read_lags"])
        words.append(f"reads {lags} steps back, entropy {figures['read_entropy']:.1f} bits")
    return words


EXPERIMENT = Experiment(
    name="copy",
    summary="Say what was heard 64 steps ago: does a network learn to read its own history?",
    settings_type=CopySettings,
    task=task,
    shape=shape,
    presets=PRESETS,
    genomes=("history-user",),
    describe=describe,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("copy")
