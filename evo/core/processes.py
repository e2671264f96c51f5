"""Start child processes that end with this one.

They import nothing from the current folder, and never receive the signals meant for their parent. A
child starts in this module, and ties itself to its parent before it imports anything slow. So this
module and its imports must stay small.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import multiprocess
import multiprocess.process
from multiprocess import resource_tracker

from evo.core.platform import end_with_parent, signals_blocked

# The folder that these packages are in.
_HOME = str(Path(__file__).parents[2])


def start_child(target: str, *arguments: Any, is_quiet: bool = False) -> Any:
    """Start a process that calls a function, and ends with this process.

    The user's script is not run again, unlike with `spawn`. An unguarded script would start its
    work a second time.

    Args:
        target: The function, as "package.module:function".
        *arguments: Its arguments: numbers, text, bytes and pipes. They may import no module,
            because they are unpickled before the process is made to end with its parent.
        is_quiet: Discard all output of the process, including tracebacks.

    Returns:
        The `multiprocess` process.

    Raises:
        OSError: If the system cannot start a process.
    """
    script = sys.modules["__main__"]
    with child_environment() as environment, signals_blocked():
        process = multiprocess.get_context("spawn").Process(
            target=_begin,
            args=(os.getpid(), target, arguments, is_quiet, environment, _current_folder()),
            daemon=True,
        )
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = script
    return process


@contextmanager
def child_environment() -> Iterator[dict[str, str | None]]:
    """Let Python processes started inside find these packages.

    They do not import from the current folder.

    Yields:
        The changed environment variables with their old values. The started process restores them
        by `restore_environment`, for processes that the user starts from there.
    """
    changes = {"PYTHONSAFEPATH": "1"}
    if Path(_HOME).name not in ("site-packages", "dist-packages"):  # found without it
        before = os.environ.get("PYTHONPATH")
        changes["PYTHONPATH"] = _HOME if not before else f"{_HOME}{os.pathsep}{before}"
    originals = {variable: os.environ.get(variable) for variable in changes}
    os.environ.update(changes)
    try:
        # Otherwise the first process would start it, which unblocks signals.
        resource_tracker.ensure_running()
        yield originals
    finally:
        restore_environment(originals)


def restore_environment(originals: dict[str, str | None]) -> None:
    """Set environment variables; None removes one."""
    for variable, value in originals.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value


def _current_folder() -> int | None:
    """Return the index of the current folder in the path.

    None if it need not be moved. The path has it in notebooks and with `python -c`. It stays if
    these packages are found in it.
    """
    current = multiprocess.process.ORIGINAL_DIR
    return None if "" not in sys.path or current == _HOME else sys.path.index("")


def _begin(
    parent: int,
    target: str,
    arguments: tuple[Any, ...],
    is_quiet: bool,
    environment: dict[str, str | None],
    current_folder: int | None,
) -> None:
    """Call the function of a child process."""
    end_with_parent(parent)
    if is_quiet:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nowhere, descriptor)
    restore_environment(environment)
    if current_folder is not None:
        # The user's own modules are found there, but never hide an installed one.
        sys.path.append(sys.path.pop(current_folder))
    module, _, name = target.partition(":")
    getattr(import_module(module), name)(*arguments)
