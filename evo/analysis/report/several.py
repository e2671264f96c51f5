"""Collect the report of several runs: each run, and their comparison."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evo.analysis.compare import HEAD, compare, find_runs, row_of, significance
from evo.analysis.report.charts import scaled
from evo.analysis.report.collect import damaged, run_report
from evo.analysis.report.data import Page, RunReport, Table
from evo.core.errors import DAMAGE, EvoError, InputError, printable
from evo.experiment import Experiment

MAX_RUNS = 100


def page_of(paths: Sequence[Path], experiment: Experiment | None = None) -> Page:
    """Return the report of the runs at and below these paths.

    Args:
        paths: Paths of runs or folders.
        experiment: The experiment of a single run, if it is a user's.

    Raises:
        InputError: If a path has no run at or below it.
        RunError: If a single run cannot be read.
    """
    runs, left_out = find_runs(paths)
    if len(runs) == 1 and len(paths) == 1:
        report = run_report(runs[0], 1, experiment)
        return Page(f"{report.name}: {report.headline}", (report,))
    reports = []
    for number, path in enumerate(runs[:MAX_RUNS], start=1):
        try:
            reports.append(run_report(path, number))
        except (EvoError, ArithmeticError, *DAMAGE) as error:
            reports.append(damaged(path, number, error))
    if len(runs) > MAX_RUNS:
        left_out.append(f"{len(runs) - MAX_RUNS} more runs: {MAX_RUNS} are shown at most")
    title = ", ".join(printable(str(path)) for path in paths[:3])
    more = ", ..." if len(paths) > 3 else ""
    reports = on_one_scale(reports)
    return Page(
        f"{title}{more}: {len(reports)} runs",
        tuple(reports),
        comparison_of(paths),
        tuple(map(printable, left_out)),
    )


def on_one_scale(reports: Sequence[RunReport]) -> list[RunReport]:
    """Return reports whose small lines have one scale per experiment and song."""
    found = list(reports)
    for task in {report.task for report in reports}:
        alike = [
            (index, report.spark)
            for index, report in enumerate(found)
            if report.task == task and report.spark is not None
        ]
        sparks = scaled([spark for _, spark in alike]) if alike else []
        for (index, _), spark in zip(alike, sparks, strict=True):
            found[index] = replace(found[index], spark=spark)
    return found


def comparison_of(paths: Sequence[Path]) -> Table | None:
    """Return the comparison of runs; None if none has ended.

    Args:
        paths: Paths of runs or folders.
    """
    try:
        comparison = compare(paths)
        groups = comparison.groups
        if not groups:
            return None
        rows = tuple((group.label, row_of(group)) for group in groups)
        remarks = significance(*groups) if len(groups) == 2 else []
    except (InputError, EvoError):  # a run that changes meanwhile
        return None
    remarks += [f"not counted: {' '.join(line.split())}" for line in comparison.left_out]
    return Table(HEAD, rows, tuple(map(printable, remarks)))
