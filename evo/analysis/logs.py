"""The logs of several runs, and the panels in which they are drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.analysis.compare import find_runs
from evo.analysis.plot import panels_of
from evo.core.errors import EvoError, RunError
from evo.experiment import Panel
from evo.runs.batch import Batch
from evo.runs.description import is_batch, read_log
from evo.runs.loading import load_run

Logs = dict[str, list[dict[str, Any]]]


def logs_of(paths: Sequence[Path]) -> Logs:
    """Return the records of runs by path; a folder means the runs in it that have begun.

    Args:
        paths: Paths of runs or folders of seeds.

    Raises:
        RunError: If a run has no records, or none of a folder's runs has.
    """
    logs: Logs = {}
    for path in paths:
        for folder in _runs_in(path):
            logs[str(folder)] = list(read_log(folder / "log.jsonl"))
            if not logs[str(folder)] and folder == path:
                raise RunError(f"{path}: its log is still empty")
    if not any(logs.values()):
        raise RunError(f"{paths[0]}: none of its runs has a record yet")
    return logs


def _runs_in(path: Path) -> list[Path]:
    if not is_batch(path):
        is_run = (path / "log.jsonl").exists() or not path.is_dir()
        return [path] if is_run else find_runs([path])[0]
    batch = Batch.open(path)
    folders = [batch.folder(seed) for seed in batch.seeds]
    return [folder for folder in folders if (folder / "log.jsonl").exists()]


def panels_in(logs: Mapping[str, Any]) -> list[Panel]:
    """Return the panels of the runs' experiments, without repetition.

    Args:
        logs: Records by path, as from `logs_of`.
    """
    panels: dict[Panel, None] = {}
    for run, records in logs.items():
        try:
            panels |= dict.fromkeys(panels_of(load_run(Path(run))[1], records))
        except EvoError:  # its log can still be plotted
            continue
    return list(panels)
