r"""The copy task: evolve a HistoryUser that outputs its input of 64 steps ago.

    evo run copy --seed 1     or     python experiments/copy_task.py --seed 1

The network receives random bits. Evolution strategies train it to read the right position of its
own history. `evo.fitness.copying` defines the task and the loss.

With several delays each sequence has one of them, announced by a marker that the network must
remember. A small network learns this without weight decay, with more individuals and sequences than
the defaults, which are for one delay:

    evo run copy --seed 1 --set copy.delays=16,32,48,64 --set copy.sequences=16 \\
        --population 64 --set es.network.layers=24 --set es.network.forget_bias=2 \\
        --set es.strategy.sigma=0.1 --set es.openai.weight_decay=0
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from evo.core.config import Config
from evo.core.settings import Changes, Meta
from evo.experiment import Experiment, FindSongs, FitnessSettings, Task, Vectors, number
from evo.fitness.copying import Copying

# Tuned one change at a time on several seeds (`benchmarks/copy_task.py`). The mean is evaluated
# too: with one sequence per generation, the individual with the highest score is often only lucky.
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

# Additional settings for several delays; see the module's docstring.
VARIABLE = (
    "copy.delays=16,32,48,64",
    "copy.sequences=16",
    "es.network.layers=24",
    "es.network.forget_bias=2",
    "es.population.size=64",
    "es.strategy.sigma=0.1",
    "es.openai.weight_decay=0",
)


class CopySettings(FitnessSettings, frozen=True):
    """The sequences to copy."""

    makes: ClassVar[Callable[..., Copying]] = Copying

    keys: Annotated[int, Meta(ge=1, le=4096, description="Bits per step.")] = 13
    delays: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65_536)], ...],
        Meta(description="Delays in steps; several delays are announced by markers."),
    ] = (64,)
    sequences: Annotated[int, Meta(ge=1, le=100_000, description="Sequences per generation.")] = 1
    marker_every: Annotated[
        int, Meta(ge=1, le=65_536, description="Steps between markers, with several delays.")
    ] = 8


def shape(config: Config, find: FindSongs) -> Vectors:
    """Return the numbers of inputs and outputs of a network for this task.

    Args:
        config: The run's configuration.
        find: Not used.
    """
    fitness = config.task.fitness()
    return Vectors(fitness.inputs, fitness.keys)


def task(config: Config, folder: Path) -> Task:
    """Return the task of a run: its fitness, which draws its sequences itself (`Copying`).

    Args:
        config: The run's configuration.
        folder: Not used.
    """
    return Task(config.task.fitness())


def describe(figures: Mapping[str, Any]) -> list[str]:
    """Return a champion's figures in words."""
    words = [f"loss {number(figures['loss'])}"] if "loss" in figures else []
    if "read_lags" in figures:
        lags = ", ".join(str(lag) for lag in figures["read_lags"])
        words.append(f"reads {lags} steps back, entropy {figures['read_entropy']:.1f} bits")
    return words


EXPERIMENT = Experiment(
    name="copy",
    summary="Output the input of 64 steps ago: does a network learn to read its own history?",
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
