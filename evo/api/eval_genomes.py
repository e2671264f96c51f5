"""Run neat-python's `eval_genomes(genomes, config)` on our engine, with our runs.

run = evo.neat_population("config-feedforward", eval_genomes, generations=300, out="runs/xor")
genome = run.champion.to_neat_python(config)
"""

from pathlib import Path
from typing import Any

from evo.api.evolution import evolve
from evo.api.experiments import experiment
from evo.api.networks import activation
from evo.api.options import path_of
from evo.api.progress import Messages
from evo.api.run_object import Run
from evo.core.errors import InputError
from evo.core.settings import tables
from evo.engines import engine_class
from evo.engines.neat.config_file import load, threshold
from evo.engines.neat.settings import AS_NEAT_PYTHON, NeatPythonSettings, NeatSettings
from evo.engines.neat_python.config import build_config, settings_of
from evo.fitness.eval_genomes import EvalFunction, EvalGenomes
from genomes.network.functions import ACTIVATIONS

# More than any population: all genomes are evaluated in one call.
_WHOLE = 1_000_000


def neat_population(
    config: Any,
    eval_genomes: EvalFunction,
    *,
    engine: str = "neat",
    workers: int = 1,
    noisy: bool = False,
    name: str | None = None,
    **options: Any,
) -> Run:
    """Evolve genomes for an `eval_genomes` function of neat-python, unchanged.

    Population, seed and fitness threshold are those of the configuration, unless you give others.
    With one worker, `eval_genomes` gets the whole population in one call, so it may compare genomes
    with each other. With more workers, it gets parts of it.

    Args:
        config: Path of a configuration file of any release since 0.9, or a `neat.Config`.
        eval_genomes: Takes a list of (id, genome) and the configuration; sets `genome.fitness`.
        engine: "neat", or "neat-python" for the library's own.
        workers: Worker processes.
        noisy: Whether equal genomes can get different fitness.
        name: Name of the experiment; None for the function's.
        options: The other arguments of `evo.evolve`: generations, out, resume, seed, target,
            changes, ...

    Returns:
        The run. `run.champion.to_neat_python(config)` is its best genome.

    Raises:
        InputError: If the configuration or an argument cannot be used.
        FailedRunError: If too many genomes failed: `eval_genomes` raised, or left their fitness
            at None.
    """
    kind = engine_class(engine)
    if not issubclass(kind.settings_type, NeatPythonSettings):
        raise InputError(f"engine must be neat or neat-python, not {engine!r}")
    settings, theirs = _read(config)
    own = tables(settings) | (AS_NEAT_PYTHON if kind.settings_type is NeatSettings else {})
    defaults: dict[str, Any] = {engine: own, "run": {}}
    if workers == 1:
        defaults["run"]["chunk_size"] = _WHOLE
    if settings.NEAT.seed >= 0:
        defaults["run"]["seed"] = settings.NEAT.seed
    ending = threshold(settings)
    if ending is not None:
        defaults["stop"] = {"target": ending[0], "criterion": ending[1]}
    chosen = experiment(
        EvalGenomes(eval_genomes, theirs, noisy=noisy),
        name=name,
        inputs=settings.DefaultGenome.num_inputs,
        outputs=settings.DefaultGenome.num_outputs,
        genome="network",
        defaults=defaults,
    )
    return evolve(chosen, engine=engine, workers=workers, **options)


def _register_functions(config: Any) -> None:
    """Register the activation functions that a script has added to its `neat.Config`."""
    genome: Any = getattr(config, "genome_config", None)
    known = getattr(getattr(genome, "activation_defs", None), "functions", {})
    for name in set(known) - set(ACTIVATIONS):
        if name in (genome.activation_default, *genome.activation_options):
            activation(name, known[name])


def _read(config: Any) -> tuple[NeatPythonSettings, Any]:
    """Return the settings of a configuration, and the `neat.Config` for `eval_genomes`."""
    if not isinstance(config, str | Path):
        _register_functions(config)
        return settings_of(config), config
    settings, note = load(path_of(config, "config"), NeatPythonSettings())
    if note:
        Messages().message(note)
    return settings, build_config(settings)
