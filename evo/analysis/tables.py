"""A run's log as tables: flat columns, and the logbook of DEAP.

    frame = pandas.DataFrame(columns(records))
    print(logbook(records).select("max"))

`records` are those of `log.jsonl`, one per generation (`evo.runs.loop`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evo.runs.record import flat

Records = Sequence[Mapping[str, Any]]
_FIRST = ("generation", "evaluations", "best", "mean", "worst")


def columns(records: Records) -> dict[str, list[Any]]:
    """Return flat columns, all with one value per generation.

    The entries of `figures`, `engine` and `failures` become columns such as "figures.solved" and
    "engine.species". Lists, and dictionaries by number such as "engine.species_sizes", stay one
    value. A fitness without a value is NaN, a missing count of failures 0, and anything else that
    is missing None.

    Args:
        records: The records of a log.
    """
    rows = [flat(record) for record in records]
    found = dict.fromkeys(name for row in rows for name in row)
    names = [*(name for name in _FIRST if name in found), *(n for n in found if n not in _FIRST)]
    missing = {name: 0 if name.startswith("failures.") else None for name in names}
    return {name: [row.get(name, missing[name]) for row in rows] for name in names}


def logbook(records: Records) -> Any:
    """Return the log as a `deap.tools.Logbook`.

    It has the columns gen, nevals, avg, min, med and max. Chapters `figures` and `engine` have the
    champion's figures and the engine's statistics. Lists, and dictionaries by number, are left out.

    Args:
        records: The records of a log.
    """
    from deap import tools

    table, before = columns(records), 0
    book = tools.Logbook()
    book.header = ["gen", "nevals", "avg", "min", "med", "max"]
    chapters = {kind: _chapter(table, kind) for kind in ("figures", "engine")}
    for chapter in [kind for kind, found in chapters.items() if found]:
        book.header.append(chapter)
        book.chapters[chapter].header = list(chapters[chapter])
    for index, evaluations in enumerate(table.get("evaluations", ())):
        book.record(
            gen=table["generation"][index],
            nevals=evaluations - before,
            avg=table["mean"][index],
            min=table["worst"][index],
            med=table["median"][index],
            max=table["best"][index],
            **{
                kind: {name: values[index] for name, values in found.items()}
                for kind, found in chapters.items()
                if found
            },
        )
        before = evaluations
    return book


def _chapter(table: dict[str, list[Any]], kind: str) -> dict[str, list[Any]]:
    """Return the columns of a chapter, by name without the chapter's."""
    found = {
        name.removeprefix(f"{kind}."): values
        for name, values in table.items()
        if name.startswith(f"{kind}.")
    }
    return {
        name: values
        for name, values in found.items()
        if not any(isinstance(value, list | dict) for value in values)
    }
