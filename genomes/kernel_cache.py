"""Keep compiled kernels on disk, and do without when that fails.

numba's own cache executes a damaged file, and raises what a full disk or a missing permission
raises. Here a file is used only if it has the SHA-256 that it was written with. A kernel that
cannot be loaded is compiled. One that cannot be stored is compiled in every process. Both give a
`KernelCacheWarning`.

A stored kernel is used as long as everything that it was compiled from is the same: its source
file, those of the compiled functions that it calls, and the constants that they read. numba
compares only the first.
"""

import atexit
import functools
import hashlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import numba
import numpy as np
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache, _Cache
from numba.core.dispatcher import Dispatcher

_config: Any = numba.config
_CONSTANTS = (bool, int, float, str, tuple, np.generic)


class KernelCacheWarning(UserWarning):
    """Given when compiled kernels cannot be loaded from disk, or not stored."""


class KernelCache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """The stored compilations of a kernel, by types of the arguments.

    Raises:
        RuntimeError: If there is no folder that can be written.
    """

    @functools.cached_property
    def _files(self) -> "_Files":
        """The files; at the definition of a kernel, what it calls need not exist yet."""
        stamp = hashlib.sha256()
        for part in _sources(self._py_func, set()):
            stamp.update(part)
        return _Files(self.cache_path, self._impl.filename_base, stamp.hexdigest())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a stored compilation, or None if there is no usable one.

        Args:
            sig: Types of the arguments.
            target_context: The processor that is compiled for.
        """
        self._cache_file = self._files
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # noqa: BLE001 - stored by another version, it may raise anything
            _warn("load", f"{self.cache_path}: a compiled kernel cannot be loaded ({error})")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store a compilation, if that is possible.

        Args:
            sig: Types of the arguments.
            data: The compilation.
        """
        self._cache_file = self._files
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn(
                "store",
                f"{self.cache_path}: compiled kernels cannot be stored "
                f"({error.strerror or error}), so every process compiles them again",
            )

    def is_stored(self) -> bool:
        """Return whether a compilation of the kernel's present sources is stored."""
        return bool(self._files.current())


class _Files(IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """The files of a kernel: NAME.SOURCES-TYPES.nbc, each followed by its SHA-256."""

    def __init__(self, folder: str, name: str, sources: str) -> None:
        super().__init__(folder, name, sources)
        self.folder, self.name, self.sources = Path(folder), f"{name}.", f"{sources[:16]}-"

    def load(self, key: Any) -> Any:
        """Return a stored compilation, or None if there is none.

        Raises:
            OSError: If the file is damaged, or cannot be read.
        """
        path = self._path(key)
        if not path.exists():
            return None
        content = path.read_bytes()
        if hashlib.sha256(content[:-32]).digest() != content[-32:]:
            raise OSError(f"{path.name} is damaged")
        return self._load_data(path.name)

    def save(self, key: Any, data: Any) -> None:
        """Store a compilation, and remove those of other sources.

        Args:
            key: Types of the arguments, and the processor.
            data: The compilation.

        Raises:
            OSError: If the folder cannot be written.
        """
        content = self._dump(data)
        with self._open_for_write(str(self._path(key))) as file:
            file.write(content + hashlib.sha256(content).digest())
        # Not the temporary files, which another process may be writing.
        for path in set(self.folder.glob(f"{self.name}*.nb[ci]")) - set(self.current()):
            path.unlink(missing_ok=True)

    def current(self) -> list[Path]:
        """Return the files compiled from the present sources."""
        return list(self.folder.glob(f"{self.name}{self.sources}*.nbc"))

    def _path(self, key: Any) -> Path:
        types = hashlib.sha256(repr((numba.__version__, key)).encode()).hexdigest()
        return self.folder / f"{self.name}{self.sources}{types[:16]}.nbc"


def _sources(function: Callable[..., Any], seen: set[Any]) -> Iterator[bytes]:
    """Yield what a kernel is compiled from: source files, and constants outside of functions."""
    if function in seen:
        return
    seen.add(function)
    file = function.__code__.co_filename
    if file not in seen:
        seen.add(file)
        yield Path(file).read_bytes()
    for name in sorted(_names(function.__code__)):
        value = function.__globals__.get(name)
        if isinstance(value, Dispatcher):
            yield from _sources(value.py_func, seen)
        elif isinstance(value, np.ndarray):
            yield value.tobytes()
        elif isinstance(value, _CONSTANTS):
            yield f"{name} = {value!r}\n".encode()


def _names(code: CodeType) -> set[str]:
    """Return the global names that a function and its inner functions read."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _warn(problem: str, text: str) -> None:
    """Warn once per kind of problem, which usually affects every kernel."""
    if next(occurrences(problem)) == 0:
        warnings.warn(text, KernelCacheWarning, stacklevel=2)


@functools.cache
def occurrences(problem: str) -> Iterator[int]:
    """Return a counter from 0 of the warnings of one kind, the same at every call.

    Only the first warning of a kind is shown in a process.
    """
    return itertools.count()


def cache_of(function: Callable[..., Any]) -> _Cache:
    """Return the cache for a kernel: beside its module, the user's, a temporary one, or none."""
    try:
        return KernelCache(function)
    except RuntimeError:  # no folder can be written
        _use_temporary_folder()
    try:
        return KernelCache(function)
    except RuntimeError:
        return NullCache()


@functools.cache
def _use_temporary_folder() -> None:
    """Keep compiled kernels in a temporary folder until this process ends.

    Child processes use the same folder. It is for this user alone: stored code is executed.
    """
    try:
        folder = tempfile.mkdtemp(prefix="kuznechik-kernels-")
    except OSError as error:
        _warn("folder", f"compiled kernels cannot be stored ({error.strerror or error})")
        return
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"] = folder
    text = f"no folder for compiled kernels can be written; this run keeps them in {folder}"
    _warn("folder", text)
