"""An event loop in its own thread, for the coroutines of a cluster's connection."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from evo.core.errors import WorkersLostError
from evo.core.platform import signals_blocked

T = TypeVar("T")

_END = 0.5  # time limit for the end of its tasks, in seconds


class EventLoop:
    """An event loop in a thread; signals are blocked in it and in the processes it starts."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            with signals_blocked():
                self._loop.run_forever()
        except BaseException as error:  # noqa: BLE001 - `call` reports it
            self._broken = error

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop; wait in this thread, where signals can interrupt.

        Args:
            coroutine: The coroutine. It is cancelled if waiting is interrupted.

        Returns:
            Its result.

        Raises:
            WorkersLostError: If the loop has ended.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            while not future.done():
                if not self._thread.is_alive():
                    raise WorkersLostError(f"the connection to the cluster broke down{self._why()}")
                concurrent.futures.wait([future], timeout=0.2)
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def _why(self) -> str:
        error = self._broken
        return f": {type(error).__name__} {error}" if error is not None else ""

    def end(self) -> None:
        """Stop the loop and its thread."""
        with suppress(TimeoutError):
            self.call(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END)
        if not self._thread.is_alive():
            self._loop.close()


async def _end_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), _END)
