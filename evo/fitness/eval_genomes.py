"""neat-python's `eval_genomes(genomes, config)` as a fitness, unchanged.

    def eval_genomes(genomes, config):
        for genome_id, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            genome.fitness = ...

The networks of a batch become neat-python's genomes, numbered from 1 in every batch. A function
that compares genomes with each other needs the whole population in one batch: `run.chunk_size`
must be the population, with one worker.

neat-python leaves random numbers to Python's global `random`, and its users to NumPy's. Both are
seeded by run and generation during a call, so a resumed run repeats what an undisturbed one does.
"""

from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals, seeded_generators
from evo.fitness.function import FunctionFitness, described
from genomes.network.neat_python import to_neat_python
from genomes.network.networks import Networks

EvalFunction = Callable[[list[tuple[int, Any]], Any], object]


class EvalGenomes(FunctionFitness):
    """Scores networks by a function for neat-python's genomes; see the module's docstring."""

    def __init__(self, eval_genomes: EvalFunction, config: Any, *, noisy: bool = False) -> None:
        """Take the function.

        Args:
            eval_genomes: Sets the attribute `fitness` of every genome.
            config: The `neat.Config` that the function gets.
            noisy: Whether equal genomes can get different scores.

        Raises:
            InputError: If it is no function of genomes and configuration.
        """
        super().__init__(eval_genomes, batch=True, noisy=noisy)
        self._config = config

    def changed(self, **changes: Any) -> "EvalGenomes":
        """Return the same fitness: it has no goals, figures or settings."""
        return self

    def _arguments(self) -> dict[str, Any]:
        return {"eval_genomes": self.function, "config": self._config, "noisy": self._noisy}

    def evaluate(self, performers: Networks, streams: Individuals) -> Scores:
        """Return the fitness that the function sets.

        An exception fails the whole batch, because the scores of the others may depend on it.

        Args:
            performers: The batch.
            streams: Their common stream seeds the global random numbers.

        Raises:
            TypeError: For genome kinds other than networks.
            OSError: If the function raises it, as a fault of the machine.
        """
        if not isinstance(performers, Networks):
            raise TypeError(f"{self.name} needs networks, not {type(performers).__name__}")
        genomes = to_neat_python(performers, self._config.genome_config)
        drawn = streams.common
        try:
            with seeded_generators(int(drawn.integers(1 << 63)), int(drawn.integers(1 << 32))):
                self.function([(genome.key, genome) for genome in genomes], self._config)
        except (Exception, SystemExit) as error:
            if isinstance(error, OSError | MemoryError):
                raise
            return Scores.failed(len(genomes), Status.ERROR, described(self.name, error))
        return self._scores([genome.fitness for genome in genomes])

    def _scores(self, values: list[Any]) -> Scores:
        """Return the scores of what the function set."""
        numbers = [_number(value) for value in values]
        scores = Scores.of(np.array([np.nan if n is None else n for n in numbers], np.float64))
        wrong = [index for index, number in enumerate(numbers) if number is None]
        status, reasons = scores.status.copy(), dict(scores.reasons)
        for index in wrong:
            status[index] = Status.ERROR
            reasons[index] = (
                f"{self.name} left the fitness of genome {index + 1} at None"
                if values[index] is None
                else f"{self.name} set the fitness of genome {index + 1} to "
                f"{values[index]!r:.60}, which is no number"
            )
        return replace(scores, status=status, reasons=reasons)


def _number(value: Any) -> float | None:
    """Return a fitness as a number, or None if it is none."""
    if isinstance(value, Real | np.number | np.bool_):
        return float(value)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiub":
        return float(value.reshape(-1)[0])
    return None
