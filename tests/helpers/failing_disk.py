"""A disk that fails at the n-th file operation, and processes that die there.

The product changes and syncs files only through a few functions of `os` and `io`. `FailingDisk`
replaces them and counts the operations in one folder. The n-th operation fails as on a real disk:

- full: from then on all that needs space fails, and a write takes only half;
- an I/O error, once;
- the end of the process, after half of a write.

Only the product's own operations are counted. Those of a library (a lock, a cache, a probe) change
from release to release, so they pass through.
"""

import builtins
import errno
import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

FULL, BROKEN, DEATH = "disk full", "I/O error", "death"
CAUSES = {FULL: os.strerror(errno.ENOSPC), BROKEN: os.strerror(errno.EIO)}
DIED = 77  # exit code
PRODUCT = ("evo", "genomes", "experiments")
_NEED_ROOM = ("open", "write", "mkdir", "fsync")


def _asked_by_product() -> bool:
    """Return whether the nearest caller outside the standard library is ours."""
    frame = inspect.currentframe()
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package != __name__ and package not in sys.stdlib_module_names:
            return package in PRODUCT
        frame = frame.f_back
    return False


class FailingDisk:
    """While inside this context manager, the product's n-th file operation below `folder` fails.

    With n = 0 nothing fails. `done` counts the operations; `failed` is true if one failed.
    """

    def __init__(self, folder: Path, n: int, fault: str) -> None:
        self.done = 0
        self.failed = False
        self._folder, self._n, self._fault = str(folder.resolve()), n, fault
        self._before: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Self:
        for name in ("fsync", "rename", "replace", "mkdir", "unlink", "rmdir", "open"):
            self._patch(os, name, self._counted(name, getattr(os, name)))
        opener = self._opening(io.open)
        self._patch(io, "open", opener)
        self._patch(builtins, "open", opener)
        return self

    def __exit__(self, *exception: object) -> None:
        for owner, name, original in reversed(self._before):
            setattr(owner, name, original)

    def _patch(self, owner: Any, name: str, new: Any) -> None:
        self._before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, new)

    def _concerns(self, what: Any, dir_fd: int | None = None) -> bool:
        if not _asked_by_product():
            return False
        if dir_fd is not None:
            what = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), what)
        elif isinstance(what, int):
            what = os.readlink(f"/proc/self/fd/{what}")
        path = os.path.abspath(os.fspath(what))
        return path == self._folder or path.startswith(self._folder + os.sep)

    def fails(self, kind: str) -> bool:
        """Count an operation; return whether it must fail."""
        self.done += 1
        again = self.failed and self._fault == FULL and kind in _NEED_ROOM
        if self.done != self._n and not again:
            return False
        if self._fault == FULL and kind not in _NEED_ROOM:
            self._n += 1  # a full disk lets files be removed and renamed
            return False
        self.failed = True
        return True

    def fail(self, *names: Any) -> None:
        """Fail the operation."""
        if self._fault == DEATH:
            os._exit(DIED)
        number = errno.ENOSPC if self._fault == FULL else errno.EIO
        raise OSError(number, os.strerror(number), *names)

    def _counted(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(what: Any, *arguments: Any, **options: Any) -> Any:
            if self._concerns(what, options.get("dir_fd")) and self.fails(kind):
                self.fail(*[] if isinstance(what, int) else [os.fspath(what)])
            return original(what, *arguments, **options)

        return call

    def _opening(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(
            file: Any, mode: str = "r", buffering: int = -1, *more: Any, **options: Any
        ) -> Any:
            if isinstance(file, int) or not self._concerns(file) or not set(mode) & set("wax"):
                return original(file, mode, buffering, *more, **options)
            if self.fails("open"):
                self.fail(os.fspath(file))
            raw = _Raw(self, os.fspath(file), mode.replace("b", ""))
            assert "b" in mode  # all that a run writes is bytes
            return raw if buffering == 0 else io.BufferedWriter(raw)

        return call


class _Raw(io.FileIO):
    """An open file on a failing disk."""

    def __init__(self, disk: FailingDisk, path: str, mode: str) -> None:
        super().__init__(path, mode)
        self._disk = disk

    def write(self, content: Any) -> int:
        if self._disk.fails("write"):
            super().write(bytes(content)[: len(content) // 2])
            self._disk.fail()
        return super().write(content)

    def truncate(self, size: int | None = None) -> int:
        if self._disk.fails("truncate"):
            self._disk.fail()
        return super().truncate(size)


def in_child(work: Callable[[], int]) -> int:
    """Fork a process that exits with its work's result; return its id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        code = work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - this process shall not go on as its parent would
        traceback.print_exc()
        code = 99
    os._exit(code)


def exit_code(child: int) -> int:
    """Return the exit code as `subprocess` gives it: negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
