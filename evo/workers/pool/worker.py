"""A worker process of a pool: load the fitness, score batches until the pool ends.

Messages to a worker:

    ("fitness", pickle)         the fitness and the genome kind, after every change
    ("batch", arrays, address, chunk_size)      see `evo.workers.evaluation.score_arrays`

Messages from it, one per message to it:

    ("ready",)                  the fitness is loaded
    ("refused", reason)         the fitness cannot be loaded
    ("scores", fields, seconds) the scores of a batch, and the duration
    ("unreadable", reason)      the genome kind refuses the arrays of the batch
    ("fault", reason)           a fault of the machine; after one in loading, the worker ends
"""

import warnings
from multiprocessing.connection import Connection
from typing import Any

import multiprocess

from evo.workers.evaluation import score_arrays
from evo.workers.failures import (
    MachineFaultError,
    UnreadableError,
    described,
    is_machine_fault,
)
from evo.workers.pool.channel import WorkerChannel
from genomes.kernel_cache import KernelCacheWarning


def work(pipe: Connection) -> None:
    """Answer messages until the pool ends."""
    channel = WorkerChannel(pipe)
    warnings.simplefilter("ignore", KernelCacheWarning)  # the main process warns
    loaded: Any = None
    try:
        while True:
            name, *content = channel.receive()
            if name == "fitness":
                try:
                    loaded = multiprocess.reduction.ForkingPickler.loads(content[0])
                except Exception as error:  # noqa: BLE001 - a user's module may raise anything
                    kind = "fault" if is_machine_fault(error) else "refused"
                    channel.send((kind, described(error)))
                    return
                channel.send(("ready",))
            else:
                channel.send(_answer(loaded, content))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _answer(loaded: Any, content: list[Any]) -> tuple[Any, ...]:
    """Score a batch; return the message with the outcome."""
    try:
        scores, seconds = score_arrays(*loaded, *content)
    except MachineFaultError as error:
        return "fault", str(error)
    except UnreadableError as error:
        return "unreadable", str(error)
    return "scores", vars(scores), seconds
