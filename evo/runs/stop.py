"""When a run ends: solved, target, stagnation, generations, evaluations, time.

Each criterion reads the generation's log record and answers with one line that says why the run
ends, or None. They are checked in the order of the fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stop:
    """The stop criteria of a run; None switches one off."""

    # Best fitness that ends the run, or mean or worst, by `criterion`.
    target: float | None = None
    criterion: str = "best"  # best, mean or worst: the record's field that `target` is held against
    generations: int | None = None
    evaluations: int | None = None
    # Generations without a better champion.
    stagnation: int | None = None
    # Seconds of wall time over the whole run, the time before a resume included.
    time_limit: float | None = None
    # A larger share of failed individuals in one generation ends the run as failed.
    max_failures: float = 0.5
    # Whether the task's own `solved` ends the run.
    solved: bool = True

    def reason(self, record: Mapping[str, Any]) -> str | None:
        """Why the run ends after the generation of this log record, or None."""
        if self.solved and record["figures"].get("solved"):
            return "solved"
        value = record[self.criterion]
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
