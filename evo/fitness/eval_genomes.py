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

import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real
from pathlib import PurePath
from typing import Any

import numpy as np
from multiprocess.reduction import ForkingPickler

from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals
from evo.core.user_scripts import Script, script_of
from evo.fitness.function import FunctionFitness
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

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle for worker processes, with the script that defines the function."""
        content = (self.function, self._config, not self.reusable)
        script = script_of(self.function)
        return _unpickled, (script, bytes(ForkingPickler.dumps(content, recurse=True)))

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
        try:
            with _seeded(streams.common):
                self.function([(genome.key, genome) for genome in genomes], self._config)
        except (Exception, SystemExit) as error:
            if isinstance(error, OSError | MemoryError):
                raise
            return Scores.failed(len(genomes), Status.ERROR, _described(self.name, error))
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


def _unpickled(script: Script | None, content: bytes) -> EvalGenomes:
    """Return the fitness in a worker process."""
    if script is not None:
        script.loaded()
    function, config, noisy = ForkingPickler.loads(content)
    return EvalGenomes(function, config, noisy=noisy)


def _number(value: Any) -> float | None:
    """Return a fitness as a number, or None if it is none."""
    if isinstance(value, Real | np.number | np.bool_):
        return float(value)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiub":
        return float(value.reshape(-1)[0])
    return None


def _described(name: str, error: BaseException) -> str:
    """Return an exception in one line, with its place in the user's source."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the call here
    text = f"{name} raised {type(error).__name__}"
    if str(error):
        text += f": {' '.join(str(error).split())}"
    if frames:
        text += f" ({PurePath(frames[-1].filename).name}, line {frames[-1].lineno})"
    return text


@contextmanager
def _seeded(generator: np.random.Generator) -> Iterator[None]:
    """Seed the global random numbers of Python and NumPy while inside."""
    before, numpys = random.getstate(), np.random.get_state()
    random.seed(int(generator.integers(1 << 63)))
    np.random.seed(int(generator.integers(1 << 32)))
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpys)
