"""Write the report of runs to a file; everything that takes time is imported on first use."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evo.core.errors import printable
from evo.core.user_files import write_output
from evo.experiment import Experiment

NAME = "report.html"  # in a run's directory


def report_bytes(paths: Sequence[Path], experiment: Experiment | None = None) -> bytes:
    """Return the report of runs as the content of an HTML file.

    Args:
        paths: Paths of runs or folders of runs.
        experiment: The experiment of a single run, if it is a user's.

    Raises:
        InputError: If a path has no run at or below it.
        RunError: If a single run cannot be read.
    """
    from evo.analysis.report.page import rendered
    from evo.analysis.report.several import page_of

    return rendered(page_of(paths, experiment)).encode()


def write_report(
    paths: Sequence[Path], output: Path | None = None, experiment: Experiment | None = None
) -> Path:
    """Write the report of runs; return its path.

    Args:
        paths: Paths of runs or folders of runs.
        output: The file; None for report.html in the only path, or in the present folder.
        experiment: The experiment of a single run, if it is a user's.

    Raises:
        InputError: If a path has no run at or below it, or the file cannot be written.
        RunError: If a single run cannot be read.
    """
    content = report_bytes(paths, experiment)
    folder = paths[0] if len(paths) == 1 else Path()
    return write_output(output, folder, NAME, content)


def write_at_end(
    path: Path,
    message: Callable[[str], None],
    result: Mapping[str, Any] | None = None,
    experiment: Experiment | None = None,
) -> Path | None:
    """Write the report of a run that has ended; a failure is one message, and nothing else.

    A run without a generation has none, and a signal should end a run at once.

    Args:
        path: The run's directory, or a folder of seeds.
        message: Shows one line.
        result: The run's result; None for a folder of seeds.
        experiment: The run's experiment.

    Returns:
        The file; None if it was not written.
    """
    if result is not None and ("signal" in result or not result["generations"]):
        return None
    try:
        return write_report([path], None, experiment)
    except Exception as error:  # noqa: BLE001 - a display never ends a run, whatever is wrong
        text = " ".join(str(error).split()) or type(error).__name__
        message(printable(f"no report was written: {text[:300]}"))
        return None
