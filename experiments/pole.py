r"""Balance poles on a cart, the classic task of control.

    evo run pole --seed 1                                two poles, with velocities
    evo run pole --seed 1 --set pole.velocities=false    two poles, without velocities
    evo run pole --seed 1 --set pole.poles=1             one pole

A network pushes a cart so that the poles on it stay upright. Without velocities it has to remember
positions, so it is recurrent. `evo.fitness.pole.balancing` defines the tasks, which are those of
Stanley & Miikkulainen, "Evolving neural networks through augmenting topologies" (2002).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from evo.core.config import Config
from evo.core.settings import Changes, Meta
from evo.experiment import Experiment, FindSongs, FitnessSettings, Line, Panel, Task, Vectors
from evo.fitness.pole.balancing import Output, PoleBalancing

# Tuned one change at a time (`benchmarks/pole.py` measures it on other seeds). The task is
# symmetric, so no force is a good beginning: biases start at 0 and change rarely. Few parents, and
# few changes of structure: a single node can solve it.
NETWORK: Changes = {
    "engine": {
        "DefaultGenome": {
            "bias_init_stdev": 0.0,
            "bias_mutate_rate": 0.1,
            "bias_replace_rate": 0.0,
            "conn_add_prob": 0.1,
            "conn_delete_prob": 0.05,
            "node_add_prob": 0.03,
            "node_delete_prob": 0.01,
        },
        "DefaultReproduction": {"survival_threshold": 0.1},
    },
}
# Without velocities: the paper's population, and networks that can remember.
HIDDEN: Changes = {"NEAT": {"pop_size": 1000}, "DefaultGenome": {"feed_forward": False}}
# Steps are large, and the few best are parents. Some populations end in controllers that swing ever
# more precisely, so one that has stopped improving starts anew.
HIDDEN_NEAT: Changes = {
    "NEAT": {"reset_on_extinction": True},
    "DefaultGenome": {"weight_mutate_power": 1.0},
    "DefaultReproduction": {"survival_threshold": 0.05},
    "DefaultStagnation": {"max_stagnation": 3, "species_elitism": 0},
}


class PoleSettings(FitnessSettings, frozen=True):
    """The cart, and how long it must be balanced."""

    makes: ClassVar[Callable[..., PoleBalancing]] = PoleBalancing

    poles: Annotated[int, Meta(ge=1, le=2, description="Poles on the cart.")] = 2
    velocities: Annotated[bool, Meta(description="Velocities are inputs of the network.")] = True
    output: Annotated[
        Output,
        Meta(description="Activation of the output: tanh is symmetric, the paper has sigmoid."),
    ] = "tanh"
    steps: Annotated[
        int, Meta(ge=1, le=1_000_000_000, description="Steps of 0.02 seconds that solve the task.")
    ] = 100_000
    short_steps: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000_000,
            description="Without velocities: steps of a scored episode and of a test start.",
        ),
    ] = 1000


def shape(config: Config, find: FindSongs) -> Vectors:
    """Return the numbers of inputs and outputs of a network for this task.

    Args:
        config: The run's configuration.
        find: Not used.
    """
    fitness = config.task.fitness()
    return Vectors(fitness.inputs, fitness.outputs)


def follow_up(config: Config, find: FindSongs) -> Mapping[str, Changes]:
    """Return further presets: the activation, and networks that do without velocities.

    Args:
        config: The run's configuration.
        find: Not used.
    """
    name = config.task.output
    activation = {"activation_default": name, "activation_options": (name,)}
    presets: dict[str, Changes] = {"network": {"engine": {"DefaultGenome": activation}}}
    if not config.task.velocities:
        genome = activation | HIDDEN["DefaultGenome"]
        presets["network"] = {"engine": {**HIDDEN, "DefaultGenome": genome}}
        presets["neat"] = {"engine": HIDDEN_NEAT}
    return presets


def task(config: Config, folder: Path) -> Task:
    """Return the task of a run.

    Args:
        config: The run's configuration.
        folder: Not used.
    """
    return Task(config.task.fitness())


def describe(figures: Mapping[str, Any]) -> list[str]:
    """Return a champion's figures in words."""
    words = [f"{figures['steps_balanced']:,} steps"] if "steps_balanced" in figures else []
    if "generalised" in figures:
        words.append(f"{figures['generalised']} of 625 starts")
    return words


EXPERIMENT = Experiment(
    name="pole",
    summary="Balance one or two poles on a cart, with or without velocities as inputs.",
    settings_type=PoleSettings,
    task=task,
    shape=shape,
    presets={"network": NETWORK},
    genomes=("network",),
    follow_up=follow_up,
    describe=describe,
    panels=(
        Panel("steps balanced", (Line("steps balanced", "steps_balanced"),), not_score=True),
        Panel("starts of 625", (Line("generalised", "generalised"),), top=625),
    ),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("pole")
