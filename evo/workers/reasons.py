"""What evaluators say of individuals and of a fitness: in the same words wherever it happens.

The reasons of individuals are in a run's log, and so in its digest.
"""

from evo.core.errors import WorkersLostError
from evo.core.scores import Scores, Status


def crashed() -> Scores:
    """Of one individual at which worker processes died."""
    return Scores.failed(1, Status.CRASH, "its worker process died, again and again")


def too_late(limit: float) -> Scores:
    """Of one individual that took longer than `limit` seconds."""
    return Scores.failed(1, Status.TIMEOUT, f"no score within workers.timeout = {limit:g} seconds")


def unloadable(why: str) -> WorkersLostError:
    """The exception for a fitness that a worker process cannot load."""
    return WorkersLostError(
        f"the fitness cannot be loaded in a worker process: {why}; its modules must be where "
        "Python finds them, or it defined in the script itself"
    )


def unsendable(error: Exception) -> WorkersLostError:
    """The exception for a fitness that cannot be pickled."""
    return WorkersLostError(
        f"the fitness cannot be sent to worker processes: {type(error).__name__}: {error}; "
        "evaluate in this process (one worker), or keep out of it what cannot travel"
    )
