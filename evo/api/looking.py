"""Look at runs: list, compare and plot them."""

from pathlib import Path
from typing import Any

from evo.analysis.compare import Comparison
from evo.analysis.compare import compare as compared
from evo.api.options import path_of
from evo.core.errors import InputError
from evo.runs.listing import Summary, summaries


def runs(folder: str | Path = "runs") -> list[Summary]:
    """Return a summary of every run in a folder, or of the run that it is.

    Args:
        folder: The folder.

    Raises:
        RunError: If there is no such folder.
    """
    return summaries(path_of(folder, "folder"))


def compare(*paths: str | Path, target: float | None = None) -> Comparison:
    """Compare runs, or folders of them: success rate, cost and best fitness.

    Args:
        paths: Paths of runs or folders.
        target: Fitness that counts as success; None for solved runs.
    """
    return compared([path_of(path, "path") for path in paths], target)


def report(*paths: str | Path, out: str | Path | None = None) -> Path:
    """Write runs as one HTML file with their music and comparison.

    Args:
        paths: Paths of runs or folders of runs.
        out: The file; None for report.html in the only path, or in the present folder.

    Returns:
        The file's path.

    Raises:
        RunError: If a run cannot be read.
        InputError: If there is no run, or the file cannot be written.
    """
    from evo.analysis.report import write_report

    if not paths:
        raise InputError("report needs the path of a run")
    target = None if out is None else path_of(out, "out")
    return write_report([path_of(path, "path") for path in paths], target)


def plot(*paths: str | Path) -> Any:
    """Return the figure of the fitness of one run, or of several.

    Args:
        paths: Paths of runs or folders of seeds.

    Raises:
        RunError: If none has a record.
    """
    from evo.analysis.logs import logs_of, panels_in
    from evo.analysis.plot import fitness_figure

    if not paths:
        raise InputError("plot needs the path of a run")
    logs = logs_of([path_of(path, "path") for path in paths])
    return fitness_figure(logs, panels_in(logs))
