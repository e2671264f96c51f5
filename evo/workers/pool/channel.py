"""Messages between a pool and one of its workers, over the worker's pipe.

A message is a pickle (protocol 5) with its arrays as separate buffers, which saves copies. On the
wire: the number of parts (uint32), their lengths (uint64 each) and the parts, all big-endian.

The worker's reads and writes block. The pool's do not: a worker that is stopped, or hangs with half
a message read, must not block the other workers.
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
    """Serialize a message; return its parts in the order of writing."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(body), *(array.raw() for array in arrays)]
    head = struct.pack(f"!I{len(parts)}Q", len(parts), *map(len, parts))
    return [memoryview(head), *parts]


def _unpack() -> Generator[int, bytearray, Any]:
    """Deserialize a message: yield numbers of bytes to read, receive the bytes, return it."""
    (count,) = _COUNT.unpack((yield _COUNT.size))
    lengths = struct.unpack(f"!{count}Q", (yield 8 * count))
    parts = []
    for length in lengths:
        parts.append((yield length))
    # Only the pool and its own worker have the pipe.
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301


class _Reader:
    """Assembles messages from the bytes of a pipe, which may arrive in small pieces.

    Args:
        number: File descriptor of the pipe.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._begin()

    def _begin(self) -> None:
        self._unpacking = _unpack()
        self._buffer = bytearray(next(self._unpacking))
        self._filled = 0

    def read(self) -> list[Any]:
        """Read once.

        Returns:
            A list with the message that this completes, empty if it is incomplete.

        Raises:
            EOFError: At the end of the pipe.
            BlockingIOError: If there is nothing to read yet.
        """
        received = read_into(self._number, memoryview(self._buffer)[self._filled :])
        if not received:
            raise EOFError
        self._filled += received
        while self._filled == len(self._buffer):
            try:
                self._buffer, self._filled = bytearray(self._unpacking.send(self._buffer)), 0
            except StopIteration as end:
                self._begin()
                return [end.value]
        return []


class WorkerChannel:
    """The worker's end of the pipe; reads and writes block."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._reader = _Reader(pipe.fileno())

    def receive(self) -> Any:
        """Wait for the next message and return it.

        Raises:
            EOFError: If the pool has ended.
        """
        while not (messages := self._reader.read()):
            pass
        return messages[0]

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            OSError: If the pool has ended.
        """
        for part in pack(message):
            while part:
                part = part[os.write(self._pipe.fileno(), part) :]


class PoolChannel:
    """The pool's end of the pipe; reads and writes do not block."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        os.set_blocking(pipe.fileno(), False)
        self._reader = _Reader(pipe.fileno())
        self._unsent: deque[memoryview] = deque()

    def fileno(self) -> int:
        """Return the pipe's file descriptor, to wait on."""
        return self._pipe.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether `flush` has data left to write."""
        return bool(self._unsent)

    def send(self, message: Any) -> None:
        """Write as much of a message as the pipe accepts now; keep the rest for `flush`."""
        self._unsent.extend(part for part in pack(message) if part)
        self.flush()

    def flush(self) -> None:
        """Write as much as the pipe accepts now; drop the data if the worker has ended."""
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
        """Return the messages received, and whether the worker's end is still open."""
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
