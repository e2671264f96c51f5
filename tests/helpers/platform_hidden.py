"""A worker process on an operating system that lacks all optional parts."""

from multiprocessing.connection import Connection

from platforms import PARTS, reload_without

reload_without(*PARTS)


def work(pipe: Connection) -> None:
    """Act as a worker."""
    from evo.workers.pool.worker import work

    work(pipe)
