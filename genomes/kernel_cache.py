"""Keep compiled kernels on disk, and do without when that fails.

numba's own cache executes a damaged file, and raises an error for a full disk or a missing
permission. Here a file is used only if it has the SHA-256 that it was written with. A kernel that
cannot be loaded is compiled. One that cannot be stored is compiled in every process. Both give a
`KernelCacheWarning`.

A stored kernel is used as long as the sources that it was compiled from are the same: its module,
and the modules that this one imports, directly or not. numba compares the first only. A process
whose sources were changed on disk after its start neither loads nor stores kernels, because its
code may be older than the files.
"""

import atexit
import functools
import hashlib
import itertools
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache, _Cache

_config: Any = numba.config
# Modules are imported after this one if they have kernels.
STARTED = time.time()
_IMPORT = re.compile(
    r"^(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+([^\n]*))", re.MULTILINE
)
_NAME = re.compile(r"[\w.]+")
_ABANDONED = 3600.0  # seconds after which a temporary file is a killed process's


class KernelCacheWarning(UserWarning):
    """Given when compiled kernels cannot be loaded from disk, or not stored."""


class KernelCache(FunctionCache):  # type: ignore[misc]  # numba is typed in part only
    """The stored compilations of a kernel, by types of the arguments.

    Raises:
        RuntimeError: If there is no folder that can be written.
    """

    @functools.cached_property
    def _files(self) -> "_Files | None":
        """The files, or None if the sources cannot be trusted to be those that are loaded."""
        try:
            sources = sources_of(self._py_func.__module__)
        except OSError as error:
            _warn("sources", f"compiled kernels are not kept: {error}")
            return None
        name = f"{Path(self._py_func.__code__.co_filename).stem}.{self._py_func.__qualname__}"
        return _Files(self.cache_path, name, sources)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a stored compilation, or None if there is no usable one.

        Args:
            sig: Types of the arguments.
            target_context: The processor that is compiled for.
        """
        if self._files is None:
            return None
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
        if self._files is None:
            return
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
        return self._files is not None and bool(self._files.current())


class _Files(IndexDataCacheFile):  # type: ignore[misc]  # numba is typed in part only
    """The files of a kernel: MODULE.KERNEL.PYTHON.SOURCES-TYPES.nbc, each with a SHA-256 behind."""

    def __init__(self, folder: str, name: str, sources: str) -> None:
        name = f"{name}.{sys.implementation.cache_tag}"
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
        old = set(self.folder.glob(f"{self.name}*.nbc")) - set(self.current())
        old |= {path for path in self.folder.glob("*.nbc.tmp.*") if _is_abandoned(path)}
        for path in old:
            path.unlink(missing_ok=True)

    def current(self) -> list[Path]:
        """Return the files compiled from the present sources."""
        return list(self.folder.glob(f"{self.name}{self.sources}*.nbc"))

    def _path(self, key: Any) -> Path:
        types = hashlib.sha256(repr((numba.__version__, key)).encode()).hexdigest()
        return self.folder / f"{self.name}{self.sources}{types[:16]}.nbc"


def _is_abandoned(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED
    except OSError:  # it has just been renamed
        return False


def sources_of(module: str) -> str:
    """Return the hash of a module's source and of those that it imports, directly or not.

    Modules of other distributions, such as numpy, are left out.

    Raises:
        OSError: If a source cannot be read, or was changed after it may have been loaded.
    """
    folder = Path(str(sys.modules[module].__file__)).parent
    packages = {"genomes", "evo", module.partition(".")[0]}
    left, sources = [module], dict[str, str]()
    while left:
        name = left.pop()
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is None or name in sources:
            continue
        is_beside = Path(file).parent == folder and folder.name != "site-packages"
        if name.partition(".")[0] in packages or is_beside:
            sources[name], imported = source_of(name, file)
            left += imported
    return hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()


@functools.cache
def source_of(module: str, file: str) -> tuple[str, list[str]]:
    """Return the hash of a module's source, and the names that it imports from the start.

    Imports inside functions are left out: kernels cannot have them.

    Args:
        module: Name of a loaded module.
        file: Its source file.

    Raises:
        OSError: If it cannot be read, or was changed after this process started.
    """
    if os.stat(file).st_ctime > STARTED:
        raise OSError(f"{file} was changed after this process started")
    content = Path(file).read_bytes()
    imported = []
    for source, names, whole in _IMPORT.findall(content.decode(errors="replace")):
        if source:
            package = sys.modules[module].__package__ or module
            start = resolve_name(source, package)
            # What is imported may be a module of a package.
            imported += [start, *(f"{start}.{name}" for name in _NAME.findall(names))]
        else:
            imported += _NAME.findall(whole)
    return hashlib.sha256(content).hexdigest(), imported


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
    if not os.path.exists(function.__code__.co_filename):  # a cell of a notebook
        return NullCache()
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
