"""Stop criteria: solved, exhausted, target, stagnation, generations, evaluations, time.

Criteria are checked against a generation's log record, in the order of `Stop.reason`. The first one
met gives the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evo.core.config import StopSettings


@dataclass(frozen=True)
class Stop:
    """The stop criteria of a run; None disables one."""

    # Fitness that ends the run.
    target: float | None = None
    criterion: str = "best"  # best, mean or worst: the record's field compared with `target`
    generations: int | None = None
    evaluations: int | None = None
    # Generations without a better champion.
    stagnation: int | None = None
    # Seconds of wall time over the whole run, including the time before a resume.
    time_limit: float | None = None
    # A larger share of failed individuals in one generation ends the run as failed.
    max_failures: float = 0.5
    # Whether the run ends when the task is `solved`, or its engine can do no more.
    solved: bool = True

    def reason(self, record: Mapping[str, Any]) -> str | None:
        """Return why the run ends after this log record, or None."""
        if self.solved and record["figures"].get("solved"):
            return "solved"
        exhausted: str | None = record.get("engine", {}).get("exhausted")
        if self.solved and exhausted:
            return exhausted
        value = record[self.criterion]
        if self.criterion == "best" and value is not None:
            # Lower than the best if the fitness is noisy: the best score is a lucky one.
            value = min(value, record["champion"])
        if self.target is not None and value is not None and value >= self.target:
            return f"{self.criterion} fitness reached the target {self.target:g}"
        done = record["generation"] + 1
        if self.generations is not None and done >= self.generations:
            return f"{self.generations} generations done"
        if self.evaluations is not None and record["evaluations"] >= self.evaluations:
            return f"{self.evaluations} evaluations done"
        since = record["generation"] - record["champion_generation"]
        if self.stagnation is not None and since >= self.stagnation:
            return f"no better champion for {since} generations"
        if self.time_limit is not None and record["wall_seconds"] >= self.time_limit:
            return f"the time limit of {self.time_limit:g} s is over"
        return None


def stop_criteria(table: StopSettings) -> Stop:
    """Return the stop criteria; 0 and an empty target disable a limit."""
    return Stop(
        generations=table.generations or None,
        evaluations=table.evaluations or None,
        stagnation=table.stagnation or None,
        time_limit=table.time_limit or None,
        target=None if table.target == "" else float(table.target),
        criterion=table.criterion,
        solved=table.solved,
        max_failures=table.max_failures,
    )
