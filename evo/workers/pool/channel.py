"""Messages between a pool and one of its workers, over the worker's pipe.

A message is a pickle with its arrays beside it, so that these are copied only by the pipe. On the
wire: how many parts follow (uint32), their lengths (uint64 each), and the parts, all big-endian.

The worker reads and writes as anybody would. The pool never does either for longer than it takes
at once: a worker that is stopped, or hangs with half a message read, must not hold up the others.
"""

import os
import pickle
import struct
from collections import deque
from collections.abc import Generator
from multiprocessing.connection import Connection
from typing import Any

from evo.core.platform import read_into

_COUNT = struct.Struct("!I")


def pack(message: Any) -> list[memoryview]:
    """A message as what is to be written, one after the other."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(body), *(array.raw() for array in arrays)]
    head = struct.pack(f"!I{len(parts)}Q", len(parts), *map(len, parts))
    return [memoryview(head), *parts]


def _unpack() -> Generator[int, bytearray, Any]:
    """Reads one message: asks for a number of bytes, is given them, and returns the message."""
    (count,) = _COUNT.unpack((yield _COUNT.size))
    lengths = struct.unpack(f"!{count}Q", (yield 8 * count))
    parts = []
    for length in lengths:
        parts.append((yield length))
    # It comes through a pipe that nobody has but a pool and its own worker.
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301


class _Reader:
    """Puts messages together from what a pipe gives, however little at a time."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._begin()

    def _begin(self) -> None:
        self._unpacking = _unpack()
        self._wanted = bytearray(next(self._unpacking))
        self._filled = 0

    def read(self) -> list[Any]:
        """What one read of the pipe completes: no message or one, as a list.

        Raises EOFError at the end of the pipe, BlockingIOError where there is nothing yet.
        """
        got = read_into(self._number, memoryview(self._wanted)[self._filled :])
        if not got:
            raise EOFError
        self._filled += got
        while self._filled == len(self._wanted):
            try:
                self._wanted, self._filled = bytearray(self._unpacking.send(self._wanted)), 0
            except StopIteration as end:
                self._begin()
                return [end.value]
        return []


class WorkerChannel:
    """A worker's end: reads and writes wait until they are done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._reader = _Reader(pipe.fileno())

    def receive(self) -> Any:
        """The next message; EOFError when the pool is gone."""
        while not (found := self._reader.read()):
            pass
        return found[0]

    def send(self, message: Any) -> None:
        """Send a message; OSError when the pool is gone."""
        for part in pack(message):
            while part:
                part = part[os.write(self._pipe.fileno(), part) :]


class PoolChannel:
    """The pool's end: nothing waits."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        os.set_blocking(pipe.fileno(), False)
        self._reader = _Reader(pipe.fileno())
        self._unsent: deque[memoryview] = deque()

    def fileno(self) -> int:
        """The pipe's number, to wait on."""
        return self._pipe.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether `flush` has something left to write."""
        return bool(self._unsent)

    def send(self, message: Any) -> None:
        """Send as much of a message as the pipe takes now, and keep the rest for `flush`."""
        self._unsent.extend(part for part in pack(message) if part)
        self.flush()

    def flush(self) -> None:
        """Write as much as the pipe takes now. That nobody reads any more is told by `receive`."""
        try:
            while self._unsent:
                rest = self._unsent[0][os.write(self._pipe.fileno(), self._unsent[0]) :]
                if rest:
                    self._unsent[0] = rest
                else:
                    self._unsent.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()

    def receive(self) -> tuple[list[Any], bool]:
        """The messages that have come, and whether more may: False when the worker is gone."""
        messages: list[Any] = []
        try:
            while True:
                messages += self._reader.read()
        except BlockingIOError:
            return messages, True
        except (EOFError, OSError):
            return messages, False

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()
