"""A log as columns, and as DEAP's logbook."""

import math
from typing import Any

from evo.analysis.tables import columns, logbook


def record(generation: int, **entries: Any) -> dict[str, Any]:
    return {
        "best": 3.0, "champion": 4.0, "champion_generation": 0, "engine": {}, "evaluations": 0,
        "failures": {}, "figures": {}, "generation": generation, "mean": 2.0,
        "quartiles": [1.5, 2.0, 2.5], "wall_seconds": 0.5, "worst": 1.0,
    } | entries  # fmt: skip


RECORDS = [
    record(0, evaluations=10, figures={"solved": False, "steps": [1, 2]},
           engine={"species": 2, "species_sizes": {"1": 4, "2": 6}}),
    record(1, evaluations=22, figures={"solved": True, "steps": [1, 2]},
           engine={"species": 1, "species_sizes": {"1": 10}, "of": {"one": 0.5}}),
    record(2, evaluations=30, best=None, mean=None, worst=None, quartiles=None,
           failures={"nan": 8}, failure="individual 0: no"),
]  # fmt: skip


def test_every_entry_is_a_column_with_a_value_per_generation() -> None:
    table = columns(RECORDS)
    assert list(table)[:5] == ["generation", "evaluations", "best", "mean", "worst"]
    assert {len(values) for values in table.values()} == {3}
    assert table["generation"] == [0, 1, 2]
    assert table["best"][:2] == [3.0, 3.0]
    assert math.isnan(table["best"][2])
    assert math.isnan(table["median"][2])
    assert table["upper_quartile"][:2] == [2.5, 2.5]
    assert table["figures.solved"] == [False, True, None]
    assert table["figures.steps"] == [[1, 2], [1, 2], None]
    assert table["engine.species_sizes"] == [{"1": 4, "2": 6}, {"1": 10}, None]
    assert table["engine.of.one"] == [None, 0.5, None]
    assert table["failures.nan"] == [0, 0, 8]
    assert table["failure"] == [None, None, "individual 0: no"]
    assert columns([]) == {}


def test_a_logbook_has_deaps_columns_and_chapters() -> None:
    book = logbook(RECORDS)
    assert book.select("gen") == [0, 1, 2]
    assert book.select("nevals") == [10, 12, 8]
    assert book.select("max", "min")[0][:2] == [3.0, 3.0]
    assert book.chapters["figures"].select("solved") == [False, True, None]
    assert book.chapters["engine"].select("species") == [2, 1, None]
    lines = str(book).splitlines()
    assert lines[-3].split()[:6] == ["0", "10", "2", "1", "2", "3"]
    assert lines[-1].split()[:2] == ["2", "8"]
    assert "species_sizes" not in str(book)
    assert len(logbook([])) == 0
    assert logbook([RECORDS[2]]).chapters == {}
