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
from functools import update_wrapper
from numbers import Real
from pathlib import PurePath
from types import FunctionType
from typing import Any

import numpy as np

from evo.core.scores import Scores, Status
from evo.core.seeds import Individuals
from genomes.network.neat_python import to_neat_python
from genomes.network.networks import Networks


class EvalGenomes:
    """Scores networks by a function for neat-python's genomes; see the module's docstring.

    Attributes:
        reusable: Whether equal genomes get equal scores.
    """

    def __init__(
        self,
        eval_genomes: Callable[[list[tuple[int, Any]], Any], object],
        config: Any,
        *,
        noisy: bool = False,
    ) -> None:
        """Take the function.

        Args:
            eval_genomes: Sets the attribute `fitness` of every genome.
            config: The `neat.Config` that the function gets.
            noisy: Whether equal genomes can get different scores.
        """
        self.reusable = not noisy
        self._eval_genomes, self._config = eval_genomes, config
        self.name: str = getattr(eval_genomes, "__name__", type(eval_genomes).__name__)
        if isinstance(eval_genomes, FunctionType):  # name, module and docstring
            update_wrapper(self, eval_genomes)  # type: ignore[arg-type]

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
                self._eval_genomes([(genome.key, genome) for genome in genomes], self._config)
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

    def figures(self, performers: Networks) -> dict[str, Any]:
        """Return no figures: the function has only a fitness."""
        return {}


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
