"""What a worker process does: load the fitness when it is sent, score pieces until told no more.

Messages to a worker:

    ("fitness", pickle)         the fitness and the kind of genome, again whenever they changed
    ("piece", arrays, address)  individuals to be scored, and the address of their random streams

and from it:

    ("ready",)                  the fitness is loaded
    ("refused", text)           the fitness cannot be loaded, and why
    ("scores", fields, seconds) of the piece that came first, and how long it took
"""

import ctypes
import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import multiprocess
import multiprocess.connection

from evo.core.seeds import Individuals
from evo.workers.chunk import score_chunk
from evo.workers.pool.channel import WorkerChannel

_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def _end_with_parent() -> None:
    """Let this process be killed when its parent is gone, whatever it is doing by then.

    Linux does that even to a process that hangs in compiled code. (It counts as gone, too, when
    the thread that started this process has ended; the pool then starts another.)
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    multiprocess.connection.wait([multiprocess.parent_process().sentinel])
    os._exit(1)


def work(pipe: Connection) -> None:
    """The life of a worker."""
    _end_with_parent()
    channel = WorkerChannel(pipe)
    fitness: Any = None
    kind: Any = None
    try:
        while True:
            name, *content = channel.receive()
            if name == "fitness":
                try:
                    fitness, kind = multiprocess.reduction.ForkingPickler.loads(content[0])
                except Exception as error:  # noqa: BLE001 - a user's module may raise anything
                    channel.send(("refused", f"{type(error).__name__}: {error}"))
                    return
                channel.send(("ready",))
            else:
                arrays, address = content
                started = time.perf_counter()
                performers = kind.from_arrays(arrays, trusted=True)
                scores = score_chunk(fitness, performers, Individuals(*address))
                channel.send(("scores", vars(scores), time.perf_counter() - started))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
