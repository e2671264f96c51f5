"""Scores of a population: total, cases and status per individual.

Higher is better. If an evaluation fails, the individual's total is -inf, so it ranks last, and the
reason is kept. All other totals are finite.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import BoolArray, FloatArray, Singles

# Largest size of a score: sums and squares of a population's are still finite.
LARGEST = 1e150


class Status(IntEnum):
    """How the evaluation of one individual ended."""

    OK = 0
    NAN = 1
    ERROR = 2
    TIMEOUT = 3
    CRASH = 4


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of n individuals; make them with `Scores.of` or `Scores.failed`.

    Attributes:
        total: float64 (n,), the fitness.
        cases: float32 (n, m), a column per step, song or opponent, for selection by cases.
        status: uint8 (n,), a `Status` each.
        reasons: Why individuals failed, by index.
        by_output: float64 (n, outputs), a column per output of the performer, if each has a score
            of its own (credit by output).
        behaviour: float64 (n, d), what individuals do, whether good or bad, for engines that keep
            the best of each kind (quality diversity).
    """

    total: FloatArray
    cases: Singles | None
    status: NDArray[np.uint8]
    reasons: dict[int, str] = field(default_factory=dict)
    by_output: FloatArray | None = None
    behaviour: FloatArray | None = None

    def __repr__(self) -> str:
        failed = len(self) - int(self.ok.sum())
        return f"Scores({len(self):,} individuals{f', {failed:,} failed' if failed else ''})"

    def __len__(self) -> int:
        return len(self.total)

    @classmethod
    def of(
        cls, total: Any, cases: Any = None, by_output: Any = None, behaviour: Any = None
    ) -> Self:
        """Return the scores from a fitness's numbers.

        A number that is NaN, infinite or beyond `LARGEST` fails its individual.

        Args:
            total: (n,).
            cases: (n, m), or None.
            by_output: (n, outputs), or None.
            behaviour: (n, d), or None.

        Raises:
            TypeError: If an argument is no array of numbers.
            ValueError: If the shapes do not fit.
        """
        totals = _numbers("total", total).astype(np.float64)
        if totals.ndim != 1:
            raise ValueError(f"total must be (n,), got {totals.shape}")
        tables = {"cases": cases, "by_output": by_output, "behaviour": behaviour}
        finite = np.abs(totals) <= LARGEST
        for name, given in tables.items():
            if given is None:
                continue
            table = _numbers(name, given)
            if table.ndim != 2 or len(table) != len(totals):
                raise ValueError(f"{name} must be ({len(totals)}, m), got {table.shape}")
            with np.errstate(over="ignore"):  # too large for float32 is infinite: a failure
                tables[name] = table.astype(np.float32 if name == "cases" else np.float64)
            if name == "cases":  # float32 has no finite number beyond `LARGEST`
                finite &= np.isfinite(tables[name]).all(axis=1)
            else:
                finite &= (np.abs(tables[name]) <= LARGEST).all(axis=1)
        if finite.all():
            return cls(
                totals,
                tables["cases"],
                np.full(len(totals), Status.OK, np.uint8),
                {},
                tables["by_output"],
                tables["behaviour"],
            )
        failed = np.flatnonzero(~finite)
        reason = "the score is {} or a part of it is not finite"
        too_large = f"the score is {{}}, and at most {LARGEST:g} is allowed"
        reasons = {
            int(i): (
                too_large if np.isfinite(totals[i]) and abs(totals[i]) > LARGEST else reason
            ).format(totals[i])
            for i in failed
        }
        totals[failed] = -np.inf
        for table in tables.values():
            if table is not None:
                table[failed] = -np.inf
        status = np.where(finite, Status.OK, Status.NAN).astype(np.uint8)
        return cls(
            totals, tables["cases"], status, reasons, tables["by_output"], tables["behaviour"]
        )

    @classmethod
    def of_goals(cls, goals: FloatArray) -> Self:
        """Return the scores of several goals, whose sum is the total.

        Args:
            goals: (n, goals).
        """
        with np.errstate(invalid="ignore"):  # infinity minus infinity: a failure
            return cls.of(goals.sum(axis=1), goals)

    @classmethod
    def failed(cls, count: int, status: Status, reason: str) -> Self:
        """Return scores of individuals that all failed for the same reason.

        Args:
            count: Number of individuals.
            status: How their evaluation ended.
            reason: One line for the log.
        """
        return cls(
            np.full(count, -np.inf),
            None,
            np.full(count, status, np.uint8),
            dict.fromkeys(range(count), reason),
        )

    @property
    def ok(self) -> BoolArray:
        """Whether each individual was evaluated without failure: bool (n,)."""
        return np.equal(self.status, Status.OK)

    def failures(self) -> dict[str, int]:
        """Return the number of failed individuals by status name."""
        return {
            Status(code).name.lower(): count
            for code, count in sorted(Counter(self.status.tolist()).items())
            if code != Status.OK
        }

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Concatenate the scores of the batches of a population.

        A batch in which everything failed has no `cases`, `by_output` and `behaviour`. If another
        batch has them, the missing rows are -inf.

        Args:
            parts: The scores of each batch, in the order of the population.
        """
        reasons: dict[int, str] = {}
        start = 0
        for part in parts:
            reasons |= {start + i: reason for i, reason in part.reasons.items()}
            start += len(part)
        return cls(
            np.concatenate([part.total for part in parts]),
            _joined([part.cases for part in parts], [len(part) for part in parts]),
            np.concatenate([part.status for part in parts]),
            reasons,
            _joined([part.by_output for part in parts], [len(part) for part in parts]),
            _joined([part.behaviour for part in parts], [len(part) for part in parts]),
        )


def _numbers(name: str, given: Any) -> NDArray[Any]:
    array = np.asarray(given)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be numbers, got {array.dtype}")
    return array


def _joined(tables: Sequence[NDArray[Any] | None], lengths: Sequence[int]) -> NDArray[Any] | None:
    """Concatenate tables; missing ones become -inf. Return None if all are missing."""
    present = [table for table in tables if table is not None]
    if not present:
        return None
    widths = {table.shape[1] for table in present}
    if len(widths) > 1:
        raise ValueError(f"chunks have {min(widths)} and {max(widths)} columns")
    width, dtype = widths.pop(), present[0].dtype
    return np.concatenate(
        [
            np.full((length, width), -np.inf, dtype) if table is None else table
            for table, length in zip(tables, lengths, strict=True)
        ]
    )
