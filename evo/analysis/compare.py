"""Comparing runs: which there are, what each of them is, and how those that are alike did.

Runs that differ in nothing but their seed, their limits and how they were carried out make a
*group*. A run succeeds in the first generation after which its task is solved, or after which it
has reached its own `stop.target`; with a target that is given here, after which its champion is at
least that good. What it has cost is the evaluations and the seconds up to then, whole generations,
and without success all there were.

Only runs that ended are counted, finished or failed: one that is still at work, was stopped or
broke off has not had what the others had. They are named instead, and so is what is damaged.
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
from evo.core.errors import InputError, RunError
from evo.engines import bred_by
from evo.runs.batch import Batch
from evo.runs.description import BATCH_FILE, Tables, is_batch, read_log, read_result
from evo.runs.listing import is_at_work
from evo.runs.loading import load_run

ENDED = ("finished", "failed")


@dataclass(frozen=True)
class Outcome:
    """How one run did."""

    path: Path
    config: Tables
    status: str  # of the result, or running, or interrupted
    solved: bool  # by the criterion that was asked for
    evaluations: int  # to the success, or all
    seconds: float
    best: float  # fitness of the champion, -inf without one


@dataclass
class Group:
    """Runs of the same configuration but for the seed."""

    label: str
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def solved(self) -> int:
        """How many of the runs succeeded."""
        return sum(one.solved for one in self.outcomes)

    def to_success(self) -> list[float]:
        """Evaluations up to success of every run, infinite without."""
        return [one.evaluations if one.solved else math.inf for one in self.outcomes]


@dataclass
class Comparison:
    """All groups, and a line on each run that is not in them."""

    groups: list[Group]
    left_out: list[str]


def find_runs(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The runs at and below these paths, and a line on each that is known of and has not begun.

    Raises InputError for a path where there is none at all.
    """
    found: dict[Path, Path] = {}  # by the resolved path, so that none is counted twice
    missing = []
    for path in paths:
        here = [path] if (path / "config.toml").is_file() else []
        if not here and path.is_dir():
            here = sorted((file.parent for file in path.rglob("config.toml")), key=_by_numbers)
        if not here:
            raise InputError(f"{path}: there is no run here, and none below")
        found |= {run.resolve(): run for run in here if run.resolve() not in found}
        for folder in [path, *(file.parent for file in path.rglob(BATCH_FILE))]:
            if is_batch(folder):
                missing += _not_begun(folder)
    return list(found.values()), list(dict.fromkeys(missing))


def _by_numbers(path: Path) -> list[Any]:
    """A key that sorts seed2 before seed10."""
    digits = "".join(c if c.isdigit() else " " for c in path.name).split()
    return [str(path.parent), path.name.rstrip("0123456789"), int(digits[-1]) if digits else -1]


def _not_begun(folder: Path) -> list[str]:
    try:
        batch = Batch.open(folder)
    except RunError as error:
        return [str(error)]
    seeds = [seed for seed in batch.seeds if not (batch.folder(seed) / "config.toml").exists()]
    return [f"{batch.folder(seed)}: has not begun" for seed in seeds]


def compare(paths: Sequence[Path], target: float | None = None) -> Comparison:
    """Read and group all runs at and below these paths."""
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
    success, last = None, None
    try:
        for last in records:
            if success is None and _succeeds(last, config, target):
                success = last
        until = success or last
        best = None if last is None else last["champion"]
        return Outcome(
            path,
            config,
            status,
            success is not None,
            0 if until is None else int(until["evaluations"]),
            0.0 if until is None else float(until["wall_seconds"]),
            -math.inf if best is None else float(best),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path / 'log.jsonl'}: a record lacks what all have: {error}") from None


def _succeeds(record: dict[str, Any], config: Tables, target: float | None) -> bool:
    if target is not None:
        return record["champion"] is not None and record["champion"] >= target
    stop = config["stop"]
    value = record[stop["criterion"]]
    reached = stop["target"] != "" and value is not None and value >= stop["target"]
    return bool(reached or record["figures"].get("solved"))


def _what(config: Tables) -> Tables:
    """What runs of one group have in common."""
    return config | {"run": {k: v for k, v in config["run"].items() if k != "seed"}}


def _name(config: Tables) -> str:
    table = config["run"]
    song = Path(str(config.get(table["experiment"], {}).get("song", ""))).stem
    parts = [table["experiment"], bred_by(table["engine"]), song]
    return "/".join(part for part in parts if part)


def _grouped(outcomes: Sequence[Outcome]) -> list[Group]:
    """The groups, in the order of their first run, with labels that tell them apart."""
    members: dict[str, list[Outcome]] = {}
    for one in outcomes:
        members.setdefault(config_hash(_what(one.config)), []).append(one)
    names: dict[str, list[str]] = {}
    for key, runs in members.items():
        names.setdefault(_name(runs[0].config), []).append(key)
    groups = []
    for key, runs in members.items():
        name = _name(runs[0].config)
        settings = {other: _flat(_what(members[other][0].config)) for other in names[name]}
        groups.append(Group(name + _differences(settings, key), runs))
    return groups


def _flat(tables: Tables, where: str = "") -> dict[str, Any]:
    """The settings by their whole names, as `--set` has them."""
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{where}{name}.")
        else:
            flat[where + name] = value
    return flat


def _differences(settings: dict[str, dict[str, Any]], key: str) -> str:
    """Where the settings of one group differ from those of any other."""
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
    """The figures of a group in words, below `HEAD`.

    Evaluations and seconds are the medians of the runs that succeeded, each followed by the
    expected running time (`evo.analysis.statistics`), in which the others count whole; best
    fitness is the median of all.
    """
    low, high = wilson(group.solved, len(group.outcomes))
    cells = [str(len(group.outcomes)), str(group.solved), f"{100 * low:.0f} to {high:.0%}"]
    for costs, digits in (
        ([(float(one.evaluations), one.solved) for one in group.outcomes], 0),
        ([(one.seconds, one.solved) for one in group.outcomes], 1),
    ):
        needed = [cost for cost, solved in costs if solved]
        cells.append(_number(median(needed) if needed else math.inf, digits))
        spent = [cost for cost, _ in costs]
        cells.append(_number(expected_running_time(spent, group.solved), digits))
    best = median(one.best for one in group.outcomes)
    cells.append(f"{best:.4g}" if math.isfinite(best) else "-")
    return tuple(cells)


def table(groups: Sequence[Group]) -> str:
    """The groups as lines of text: a line with each label, and one of figures below it."""
    rows = [HEAD, *(row_of(group) for group in groups)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = []
    for label, row in zip(["", *(group.label for group in groups)], rows, strict=True):
        if label:
            lines.append(label)
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(cells))
    return "\n".join(lines)


def significance(one: Group, other: Group) -> list[str]:
    """What can be said of the difference of two groups: lines with two-sided p-values."""
    lines = []
    if one.solved or other.solved:
        success = fisher_exact((one.solved, len(one.outcomes)), (other.solved, len(other.outcomes)))
        lines.append(f"success: p = {success:.2g} (Fisher's exact test)")
        cost = mann_whitney(one.to_success(), other.to_success())
        lines.append(f"evaluations to success, none the longest: p = {cost:.2g} (Mann-Whitney U)")
    differing = _scored_otherwise(one.outcomes[0].config, other.outcomes[0].config)
    if differing:
        return [*lines, f"best fitness: not comparable, they differ in {', '.join(differing)}"]
    best = mann_whitney([run.best for run in one.outcomes], [run.best for run in other.outcomes])
    lines.append(f"best fitness: p = {best:.2g} (Mann-Whitney U)")
    return lines


def _scored_otherwise(one: Tables, other: Tables) -> list[str]:
    """The settings by which two configurations have scores that are no measure of each other."""
    experiment = one["run"]["experiment"]
    if other["run"]["experiment"] != experiment:
        return ["run.experiment"]
    mine, its = one.get(experiment, {}), other.get(experiment, {})
    names = sorted(set(mine) | set(its))
    return [f"{experiment}.{name}" for name in names if mine.get(name) != its.get(name)]
