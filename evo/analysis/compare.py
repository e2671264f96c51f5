"""Compare runs: find them, group equal configurations, and summarise each group.

A *group* has runs that differ only in seed, limits and execution settings. A run succeeds in the
first generation after which its task is solved or its own `stop.target` is reached. With a target
given here, it succeeds once its champion reaches that. The cost of a run is its evaluations and
seconds up to success, in whole generations; without success, its total.

Only ended runs count, finished or failed. Running, stopped and interrupted runs had a smaller
budget. They are listed separately, and so are damaged ones.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from evo.analysis.statistics import expected_running_time, fisher_exact, mann_whitney, wilson
from evo.core.config import config_hash
from evo.core.errors import InputError, RunError, printable
from evo.engines import bred_by
from evo.runs.batch import Batch
from evo.runs.description import BATCH_FILE, Tables, is_batch, read_log, read_result
from evo.runs.listing import is_at_work
from evo.runs.loading import load_run

ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Outcome:
    """The result of one run."""

    path: Path
    config: Tables
    status: str  # status of the result, or running, or interrupted
    solved: bool  # by the criterion of the comparison
    evaluations: int  # up to success, or in total
    seconds: float
    best: float  # fitness of the champion, -inf without one


@dataclass
class Group:
    """Runs with the same configuration except for the seed."""

    label: str
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def solved(self) -> int:
        """Number of successful runs."""
        return sum(run.solved for run in self.outcomes)

    def to_success(self) -> list[float]:
        """Return the evaluations up to success per run, infinite without success."""
        return [run.evaluations if run.solved else math.inf for run in self.outcomes]


@dataclass
class Comparison:
    """The groups of runs, and one line per run that cannot be compared, with the reason."""

    groups: list[Group]
    left_out: list[str]

    def __str__(self) -> str:
        return table(self.groups) if self.groups else "no run has ended"


def find_runs(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Find the runs at and below these paths.

    Returns:
        The folders of the runs, and a line for each planned run that has not begun.

    Raises:
        InputError: if a path has no run at or below it.
    """
    found: dict[Path, Path] = {}  # by resolved path, so that each run counts once
    missing = []
    for path in paths:
        below = [path] if (path / "config.toml").is_file() else []
        if not below and path.is_dir():
            below = sorted((file.parent for file in path.rglob("config.toml")), key=_by_numbers)
        if not below:
            raise InputError(f"{path}: no run at or below this path")
        found |= {run.resolve(): run for run in below if run.resolve() not in found}
        for folder in [path, *(file.parent for file in path.rglob(BATCH_FILE))]:
            if is_batch(folder):
                missing += _not_started(folder)
    return list(found.values()), list(dict.fromkeys(missing))


def _by_numbers(path: Path) -> list[Any]:
    """Return a sort key that puts seed2 before seed10."""
    digits = "".join(c if c.isdecimal() else " " for c in path.name).split()
    return [str(path.parent), path.name.rstrip("0123456789"), int(digits[-1]) if digits else -1]


def _not_started(folder: Path) -> list[str]:
    try:
        batch = Batch.open(folder)
    except RunError as error:
        return [str(error)]
    seeds = [seed for seed in batch.seeds if not (batch.folder(seed) / "config.toml").exists()]
    return [f"{batch.folder(seed)}: has not begun" for seed in seeds]


def compare(paths: Sequence[Path], target: float | None = None) -> Comparison:
    """Read and group all runs at and below these paths.

    Args:
        paths: folders of runs.
        target: champion score that counts as success; by default each run's own criterion.

    Raises:
        InputError: if a path has no run at or below it.
    """
    runs, left_out = find_runs(paths)
    outcomes = []
    for run in runs:
        try:
            outcome = _outcome(run, target)
        except RunError as error:
            left_out.append(f"{error} (damaged)")
            continue
        if outcome.status in ENDED:
            outcomes.append(outcome)
        else:
            left_out.append(f"{run}: {outcome.status} after {outcome.evaluations:,} evaluations")
    return Comparison(_grouped(outcomes), left_out)


def _outcome(path: Path, target: float | None) -> Outcome:
    config = load_run(path)[0].tables()
    result = read_result(path)
    status = "running" if is_at_work(path) else "interrupted"
    if result is not None:
        status = str(result["status"])
    records = list(read_log(path / "log.jsonl"))
    success = next((record for record in records if _succeeds(record, config, target)), None)
    last = records[-1] if records else None
    until, best = success or last, None if last is None else last["champion"]
    return Outcome(
        path,
        config,
        status,
        success is not None,
        0 if until is None else until["evaluations"],
        0.0 if until is None else float(until["wall_seconds"]),
        -math.inf if best is None else float(best),
    )


def _succeeds(record: dict[str, Any], config: Tables, target: float | None) -> bool:
    if target is not None:
        return record["champion"] is not None and record["champion"] >= target
    stop = config["stop"]
    value = record[stop["criterion"]]
    reached = stop["target"] != "" and value is not None and value >= stop["target"]
    return bool(reached or record["figures"].get("solved"))


def _common(config: Tables) -> Tables:
    """Return the settings shared by the runs of a group."""
    return config | {"run": {k: v for k, v in config["run"].items() if k != "seed"}}


def _name(config: Tables) -> str:
    table = config["run"]
    song = Path(str(config.get(table["experiment"], {}).get("song", ""))).stem
    parts = [table["experiment"], bred_by(table["engine"]), song]
    return printable("/".join(part for part in parts if part))


def _grouped(outcomes: Sequence[Outcome]) -> list[Group]:
    """Return the groups in order of their first run, with distinct labels."""
    members: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        members.setdefault(config_hash(_common(outcome.config)), []).append(outcome)
    names: dict[str, list[str]] = {}
    for key, runs in members.items():
        names.setdefault(_name(runs[0].config), []).append(key)
    groups = []
    for key, runs in members.items():
        name = _name(runs[0].config)
        settings = {other: _flat(_common(members[other][0].config)) for other in names[name]}
        groups.append(Group(name + _differences(settings, key), runs))
    return groups


def _flat(tables: Tables, prefix: str = "") -> dict[str, Any]:
    """Return the settings by their full names, as in `--set`."""
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _differences(settings: dict[str, dict[str, Any]], key: str) -> str:
    """Describe the settings in which a group differs from any other."""
    limits = ("stop.", "workers.", "checkpoints.")
    mine = settings[key]
    names = sorted(set().union(*settings.values()))
    differing = [
        f"{name}={json.dumps(mine.get(name))}"
        for name in names
        if not name.startswith(limits)
        and any(other.get(name) != mine.get(name) for other in settings.values())
    ]
    return f" ({', '.join(differing)})" if differing else ""


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else "-"


HEAD = ("runs", "solved", "95 %", "evaluations", "ERT", "seconds", "ERT", "best fitness")


def row_of(group: Group) -> tuple[str, ...]:
    """Format the figures of a group for the columns of `HEAD`.

    Evaluations and seconds are medians of the successful runs. Each is followed by the expected
    running time (`evo.analysis.statistics`), which includes the unsuccessful runs. Best fitness is
    the median of all.
    """
    low, high = wilson(group.solved, len(group.outcomes))
    cells = [str(len(group.outcomes)), str(group.solved), f"{100 * low:.0f} to {high:.0%}"]
    for costs, digits in (
        ([(float(run.evaluations), run.solved) for run in group.outcomes], 0),
        ([(run.seconds, run.solved) for run in group.outcomes], 1),
    ):
        needed = [cost for cost, solved in costs if solved]
        cells.append(_number(median(needed) if needed else math.inf, digits))
        spent = [cost for cost, _ in costs]
        cells.append(_number(expected_running_time(spent, group.solved), digits))
    best = median(run.best for run in group.outcomes)
    cells.append(f"{best:.4g}" if math.isfinite(best) else "-")
    return tuple(cells)


def table(groups: Sequence[Group]) -> str:
    """Format the groups as text: a line per label, with its figures below."""
    rows = [HEAD, *(row_of(group) for group in groups)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = []
    for label, row in zip(["", *(group.label for group in groups)], rows, strict=True):
        if label:
            lines.append(label)
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(cells))
    return "\n".join(lines)


def significance(first: Group, second: Group) -> list[str]:
    """Test the difference of two groups; return lines with two-sided p-values.

    Args:
        first: the first group.
        second: the second group.
    """
    lines = []
    if first.solved or second.solved:
        counts = [(group.solved, len(group.outcomes)) for group in (first, second)]
        success = fisher_exact(*counts)
        lines.append(f"success: p = {success:.2g} (Fisher's exact test)")
        cost = mann_whitney(first.to_success(), second.to_success())
        lines.append(f"evaluations to success, failures last: p = {cost:.2g} (Mann-Whitney U)")
    differing = _scored_otherwise(first.outcomes[0].config, second.outcomes[0].config)
    if differing:
        return [*lines, f"best fitness: not comparable, they differ in {', '.join(differing)}"]
    best = mann_whitney([run.best for run in first.outcomes], [run.best for run in second.outcomes])
    lines.append(f"best fitness: p = {best:.2g} (Mann-Whitney U)")
    return lines


def _scored_otherwise(first: Tables, second: Tables) -> list[str]:
    """Return the settings that make the scores of two configurations incomparable."""
    experiment = first["run"]["experiment"]
    if second["run"]["experiment"] != experiment:
        return ["run.experiment"]
    mine, theirs = first.get(experiment, {}), second.get(experiment, {})
    names = sorted(set(mine) | set(theirs))
    return [f"{experiment}.{name}" for name in names if mine.get(name) != theirs.get(name)]
