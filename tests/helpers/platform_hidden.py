"""A worker process on an operating system that has nothing of `evo.core.platform`."""

from multiprocessing.connection import Connection

from evo.core import platform

for part in ("_prctl", "_sigmask", "_setitimer", "_poll", "_readv", "_sysconf", "_fcntl"):
    setattr(platform, part, None)


def work(pipe: Connection) -> None:
    """Do what a worker does."""
    from evo.workers.pool.worker import work

    work(pipe)
