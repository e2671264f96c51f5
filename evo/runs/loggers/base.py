"""The contract of loggers, and what guards a run from them.

    class Printed(evo.Logger):
        def record(self, record):
            print(record["generation"], record["champion"])

    evo.run("xor", log=Printed())

A logger gets copies, so it cannot change the run. An exception of a logger is one message; then the
logger is left out, and the run continues. But the run waits for it: a slow logger makes it slow.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evo.engines import Champion
from evo.experiment import ShowMessage
from evo.music.song import Song
from evo.runs.directory import Run
from genomes.base import Performers
from genomes.individual import Individual


@dataclass(frozen=True)
class LoggedRun:
    """A run that begins or resumes.

    Attributes:
        path: The run's directory.
        settings: Its configuration, as nested tables.
        first: The generation that follows; 0 for a new run.
        records: The records of the generations before.
    """

    path: Path
    settings: Mapping[str, Any]
    first: int = 0
    records: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """The name of the directory."""
        return self.path.resolve().name


class LoggedChampion:
    """A new best individual.

    Attributes:
        score: Its fitness.
        generation: The generation in which it was found.
    """

    def __init__(self, champion: Champion, files: Callable[[Champion], dict[str, bytes]]) -> None:
        """Take the champion.

        Args:
            champion: The engine's champion.
            files: Returns the files of a champion.
        """
        self.score, self.generation = champion.score, champion.generation
        self._champion, self._files = champion, files

    @property
    def performers(self) -> Performers:
        """The individual as a batch of one, a copy."""
        own: Performers = copy.deepcopy(self._champion.performers)
        return own

    @property
    def individual(self) -> Individual:
        """The individual as a performer."""
        return Individual(self.performers)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The files of `champion/` by name: song.mid, network.json, pictures. It takes time."""
        return self._files(self._champion)

    @cached_property
    def song(self) -> Song | None:
        """What the champion plays; None without music."""
        content = self.files.get("song.mid")
        if content is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "champion.mid"
            path.write_bytes(content)
            return Song.load(path)


class Logger:
    """A display of runs: override the methods that you need.

    The methods are called in the process of the run, in this order: `begin`, for every generation
    `record` and perhaps `champion`, and `end`. A process that is killed calls no `end`. A run that
    resumes calls `begin` again, and its first generation may have been logged before.
    """

    def begin(self, run: LoggedRun) -> None:
        """Begin, or continue from generation `run.first`."""

    def record(self, record: dict[str, Any]) -> None:
        """Log a generation: one record of log.jsonl (`evo.runs.loop`)."""

    def champion(self, champion: LoggedChampion) -> None:
        """Log a new best individual, after the record of its generation."""

    def end(self, result: dict[str, Any]) -> None:
        """End: `result` is that of result.json, of a run that finished, stopped or failed."""


class Guarded:
    """The loggers of a run, of which none can end or change it."""

    def __init__(
        self,
        loggers: Sequence[Logger],
        show_message: ShowMessage,
        files: Callable[[Champion], dict[str, bytes]],
    ) -> None:
        """Take the loggers.

        Args:
            loggers: The loggers.
            show_message: Shows one line about a logger that fails.
            files: Returns the files of a champion.
        """
        self._loggers, self._show_message, self._files = list(loggers), show_message, files
        self._begun = False
        self._champion = -1  # generation of the champion that was logged last

    def begin(self, run: Run, first: int) -> None:
        """Begin; see `Logger.begin`.

        Args:
            run: The run's directory.
            first: The generation that follows.
        """
        if not self._loggers:
            return
        self._begun = True
        records = run.records(first)
        if records:
            self._champion = records[-1]["champion_generation"]
        settings = run.config
        self._each(
            lambda logger: logger.begin(
                LoggedRun(run.path, copy.deepcopy(settings), first, copy.deepcopy(records))
            )
        )

    def record(self, record: Mapping[str, Any], champion: Champion | None) -> None:
        """Log a generation, and its champion if it is new.

        Args:
            record: The generation's record.
            champion: The best individual, or None.
        """
        if not self._loggers:
            return
        self._each(lambda logger: logger.record(copy.deepcopy(dict(record))))
        if champion is not None and champion.generation != self._champion:
            self._champion = champion.generation
            logged = LoggedChampion(champion, self._files)
            self._each(lambda logger: logger.champion(logged))

    def end(self, result: Mapping[str, Any]) -> None:
        """End; see `Logger.end`."""
        if self._begun:
            self._each(lambda logger: logger.end(copy.deepcopy(dict(result))))

    def _each(self, call: Callable[[Logger], None]) -> None:
        """Call every logger, and leave those out that fail."""
        folder = os.getcwd()
        for logger in list(self._loggers):
            try:
                with np.errstate():  # a logger may change it
                    call(logger)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's logger may raise anything
                self._loggers.remove(logger)
                words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                self._show_message(
                    f"the logger {type(logger).__name__} failed and is left out: {words}"
                )
            finally:
                os.chdir(folder)  # the run's paths may be relative
