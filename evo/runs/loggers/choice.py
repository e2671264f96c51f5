"""Loggers by name, and the loggers that a resumed run has files of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evo.core.errors import InputError
from evo.core.registry import LOGGERS, find, load
from evo.experiment import ShowMessage
from evo.runs.loggers.base import Logger


def loggers_of(log: Any) -> list[Logger]:
    """Return loggers.

    Args:
        log: The name of a built-in logger, an `evo.Logger`, several of them, or None.

    Raises:
        InputError: If there is no such logger, or its package is not installed.
    """
    given = [] if log is None else [log] if isinstance(log, str | Logger) else log
    try:
        return [
            one if isinstance(one, Logger) else load(find("logger", LOGGERS, one))()
            for one in (dict.fromkeys(given) if given else ())
        ]
    except TypeError:  # it is no sequence, or has what cannot be a logger
        raise InputError(
            f"log must be the name of a logger or an evo.Logger, got {log!r}"
        ) from None


def continued(path: Path, loggers: Sequence[Logger], show_message: ShowMessage) -> list[Logger]:
    """Return the loggers that a resumed run has files of, besides those given.

    Args:
        path: The run's directory.
        loggers: The loggers that were given.
        show_message: Shows one line about a logger that cannot continue.
    """
    found: list[Logger] = []
    for where in LOGGERS.values():
        kind = load(where)
        if os.path.lexists(path / kind.output) and not any(
            isinstance(one, kind) for one in loggers
        ):
            try:
                found.append(kind())
            except InputError as error:
                show_message(f"{path / kind.output} is not continued: {error}")
    return found
