"""HTML of runs, logs, champions and engines, for the last line of a notebook's cell.

What is read from a run's files is untrusted: all text is escaped, and damage is told in the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evo.analysis.notebook import facts_html, figure_html, song_html, table_html, text
from evo.analysis.plot import fitness_figure, panels_of
from evo.analysis.tables import columns
from evo.api.ask_tell import AskTell
from evo.api.champion import Champion
from evo.api.run_object import Run
from evo.core.errors import DAMAGE, EvoError, RunError
from genomes.network.networks import Networks

_ENDS = 3  # records of a log that are shown at its beginning, and at its end
_FIRST = ("generation", "evaluations", "champion", "best", "mean")
_COLUMNS = 10  # columns of a log's table


def run_html(run: Run) -> str:
    """Return a run's outcome and the figure of its fitness."""
    facts: dict[str, Any] = {"status": "not ended"}
    records: Sequence[Mapping[str, Any]] = ()
    try:
        records = list(run.log)
        facts |= _outcome(run.result)
    except RunError as error:
        if records:
            last = records[-1]
            facts |= {"best fitness": _cell(last["champion"])}
            facts |= {"generations": len(records), "evaluations": _cell(last["evaluations"])}
        facts["reason"] = error
    facts["path"] = run.path
    return facts_html("Run", facts) + _fitness(run, records)


def _outcome(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "status": result["status"],
        "reason": result["reason"],
        "best fitness": _cell(result["best_fitness"]),
        "generations": _cell(result["generations"]),
        "evaluations": _cell(result["evaluations"]),
        "time": f"{result['wall_seconds']:,.1f} s",
        "seed": result["seed"],
    }


def _fitness(run: Run, records: Sequence[Mapping[str, Any]]) -> str:
    """Return the figure of a run's records, or why it cannot be drawn."""
    if not records:
        return ""
    try:
        panels: Any = panels_of(run.experiment, records)
    except EvoError:  # a run of a script, for example
        panels = ()
    try:
        figure = fitness_figure({str(run.path): records}, panels)
        return figure_html(figure, f"fitness of {run.path}")
    except DAMAGE as error:
        return f"<p>The log cannot be drawn: {text(error)}</p>"


def log_html(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the first and the last records of a log as a table.

    Args:
        records: The records.
    """
    count = len(records)
    title = f"Log of {count:,} generation{'' if count == 1 else 's'}"
    chosen = list(records)
    if count > 2 * _ENDS + 1:
        chosen = [*records[:_ENDS], *records[-_ENDS:]]
    table = columns(chosen)
    plain = [name for name in table if not any(isinstance(v, list | dict) for v in table[name])]
    names = [name for name in _FIRST if name in plain]
    rest = ("champion_generation", "worst", "median", "wall_seconds", *names)
    more = [name for name in plain if name not in rest and "quartile" not in name]
    more.sort(key=lambda name: name.startswith("engine."))  # the task's figures come first
    names = [*names, *more][:_COLUMNS]
    rows: list[list[Any]] = [
        [_cell(table[name][index]) for name in names] for index in range(len(chosen))
    ]
    if len(chosen) < count:
        rows.insert(_ENDS, ["…"] * len(names))
    heads = [name.removeprefix("figures.").removeprefix("engine.") for name in names]
    return table_html(title, heads, rows)


def champion_html(champion: Champion) -> str:
    """Return a champion's facts with its song, or with the picture of its network."""
    facts = {
        "fitness": _cell(champion.score),
        "generation": _cell(champion.generation),
        "genome": repr(champion.performers),
    }
    found = facts_html("Champion", facts)
    if champion.plays:
        return found + song_html(champion.song())
    if isinstance(champion.performers, Networks):
        found += champion.performers._repr_svg_() or ""
    return found


def engine_html(engine: AskTell) -> str:
    """Return the state of an engine, with its best network."""
    champion = engine.champion
    facts = {
        "generation": _cell(engine.generation),
        "evaluations": _cell(engine.evaluations),
        "population": repr(engine.ask()),
        "best fitness": None if champion is None else _cell(champion.score),
        "stop": engine.stop() or "no reason yet",
    }
    picture = ""
    if champion is not None and isinstance(champion.performers, Networks):
        picture = champion.performers._repr_svg_() or ""
    return facts_html(type(engine.breeder).__name__, facts) + picture


def _cell(value: Any) -> str:
    """Return a value of a record as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
