"""Run one seed of a batch: `python -m evo.runs.batch_worker FOLDER SEED GIVEN`.

It starts or resumes the run and prints nothing unless there is a problem. When its standard input
closes, the batch is dead, and the run saves a checkpoint and ends as after SIGTERM.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from evo.core.config import execution_of
from evo.core.errors import InputError, RunError, RunInterruptedError
from evo.experiment import Experiment
from evo.music.song_finder import SongFinder
from evo.runs.batch import BAD_INPUT, BAD_RUN, Batch, Given, with_seed
from evo.runs.description import BATCH_FILE
from evo.runs.display import Silent
from evo.runs.loading import load_run, parse_config
from evo.runs.loggers.choice import loggers_of
from evo.runs.session import resume, start
from evo.runs.user_experiments import experiment_in


class Messages(Silent):
    """A display that only prints messages, which the batch shows."""

    def message(self, text: str) -> None:
        """Print one line."""
        print(" ".join(text.split()), flush=True)


def carry_out(folder: Path, seed: int, given: Given) -> dict[str, Any]:
    """Carry out the run of a seed to its end.

    Args:
        folder: The batch's folder.
        seed: The run's seed.
        given: Options of this command that are not stored.

    Returns:
        The run's result.
    """
    batch = Batch.open(folder)
    path = batch.folder(seed)
    tables = with_seed(batch.config, seed)
    begun = (path / "config.toml").exists()
    own = experiment_in(given.script, tables["run"]["experiment"]) if given.script else None
    config, chosen = (
        load_run(path, own) if begun else parse_config(tables, folder / BATCH_FILE, own)
    )
    if begun:
        changes = execution_of(tables)
        changes["workers"] = changes["workers"] | given.workers
        result = resume(chosen, path, changes, Messages(), given.anew, loggers_of(given.log))
        return _reported(path, chosen, given, result)
    config = config.changed({"workers": given.workers})
    command = ["evo", "resume", str(folder)]
    # One of the runs is enough to name the songs that all of them leave out.
    display = Messages() if seed == batch.seeds[0] else Silent()
    find = SongFinder(display.message, given.strict)
    loggers = loggers_of(given.log)
    result = start(chosen, config, path, command, Messages(), find, loggers=loggers)
    return _reported(path, chosen, given, result)


def _reported(
    path: Path, chosen: Experiment, given: Given, result: dict[str, Any]
) -> dict[str, Any]:
    """Write the report of a run that has ended; return its result."""
    if given.report:
        from evo.analysis.report import write_at_end

        write_at_end(path, Messages().message, result, chosen)
    return result


def _end_with_the_batch() -> None:
    while os.read(0, 1):  # not sys.stdin, which the interpreter locks when it ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(folder: str, seed: str, given: str) -> int:
    """Carry out the run and return the exit code.

    Args:
        folder: The batch's folder.
        seed: The run's seed.
        given: A `Given` as JSON.
    """
    threading.Thread(target=_end_with_the_batch, daemon=True).start()
    # A problem of a run that has begun need not affect the others.
    begun = (Path(folder) / f"seed{seed}" / "config.toml").exists()
    try:
        result = carry_out(Path(folder), int(seed), msgspec.json.decode(given, type=Given))
    except (RunInterruptedError, RunError) as error:
        print(error, file=sys.stderr)
        return BAD_RUN
    except InputError as error:
        print(error, file=sys.stderr)
        return BAD_RUN if begun else BAD_INPUT
    except OSError as error:
        print(f"{error.filename or folder}: {error.strerror or error}", file=sys.stderr)
        return BAD_RUN
    if "lost" in result:
        print(result["reason"], file=sys.stderr)
        return BAD_RUN
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
