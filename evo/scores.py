"""What a fitness says of a population.

Higher is better. An individual whose evaluation went wrong is a failed individual: its total is
-inf, so it ranks last, and the reason is kept. Everybody else's total is a finite number.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Status(IntEnum):
    """How the evaluation of one individual ended."""

    OK = 0
    NAN = 1
    ERROR = 2
    TIMEOUT = 3
    CRASH = 4


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of n individuals; make them with `Scores.of` or `Scores.failed`."""

    total: NDArray[np.float64]  # (n,)
    # One column a song step, a song, an opponent: what lexicase selection reads.
    cases: NDArray[np.float32] | None  # (n, m)
    status: NDArray[np.uint8]  # (n,) of Status
    reasons: dict[int, str] = field(default_factory=dict)  # individual -> why it failed

    def __len__(self) -> int:
        return len(self.total)

    @classmethod
    def of(cls, total: Any, cases: Any = None) -> Self:
        """Scores from a fitness's numbers: `total` (n,), `cases` (n, m) or None.

        A total or case that is NaN or infinite fails its individual. Raises TypeError for what is
        no array of numbers, ValueError for shapes that do not fit, naming what came.
        """
        totals = np.asarray(total)
        if totals.dtype.kind not in "fiub":
            raise TypeError(f"total must be numbers, got {totals.dtype}")
        if totals.ndim != 1:
            raise ValueError(f"total must be (n,), got {totals.shape}")
        totals = totals.astype(np.float64)
        finite = np.isfinite(totals)
        if cases is not None:
            cases = np.asarray(cases)
            if cases.dtype.kind not in "fiub":
                raise TypeError(f"cases must be numbers, got {cases.dtype}")
            if cases.ndim != 2 or len(cases) != len(totals):
                raise ValueError(f"cases must be ({len(totals)}, m), got {cases.shape}")
            with np.errstate(over="ignore"):  # too large for float32 is infinite, a failure below
                cases = cases.astype(np.float32)
            finite &= np.isfinite(cases).all(axis=1)
            cases[~finite] = -np.inf
        failed = np.flatnonzero(~finite)
        reasons = {int(i): f"the score is {totals[i]} or one of its cases is" for i in failed}
        totals[~finite] = -np.inf
        status = np.where(finite, Status.OK, Status.NAN).astype(np.uint8)
        return cls(totals, cases, status, reasons)

    @classmethod
    def failed(cls, count: int, status: Status, reason: str) -> Self:
        """Scores of `count` individuals that all failed for the same reason."""
        return cls(
            np.full(count, -np.inf),
            None,
            np.full(count, status, np.uint8),
            dict.fromkeys(range(count), reason),
        )

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Who was evaluated properly: bool (n,)."""
        return np.equal(self.status, Status.OK)

    def failures(self) -> dict[str, int]:
        """How many individuals failed, by status name; empty when none did."""
        return {
            Status(code).name.lower(): count
            for code, count in sorted(Counter(self.status.tolist()).items())
            if code != Status.OK
        }

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The scores of chunks of a population, one after the other.

        Failed chunks have no cases: theirs are -inf, if any other chunk has cases.
        """
        width = max((part.cases.shape[1] for part in parts if part.cases is not None), default=None)
        cases = None
        if width is not None:
            columns = []
            for part in parts:
                if part.cases is None:
                    columns.append(np.full((len(part), width), -np.inf, np.float32))
                elif part.cases.shape[1] != width:
                    raise ValueError(f"chunks have {part.cases.shape[1]} and {width} cases")
                else:
                    columns.append(part.cases)
            cases = np.concatenate(columns)
        reasons: dict[int, str] = {}
        start = 0
        for part in parts:
            reasons |= {start + i: reason for i, reason in part.reasons.items()}
            start += len(part)
        return cls(
            np.concatenate([part.total for part in parts]),
            cases,
            np.concatenate([part.status for part in parts]),
            reasons,
        )
