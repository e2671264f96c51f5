"""The command `evo runs`: list runs, and the commands that resume them."""

import json
from pathlib import Path

import click

from evo.cli.errors import one_line_errors


@click.command()
@click.argument("folder", type=click.Path(), default="runs", metavar="[PATH]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per run, for scripts.")
@one_line_errors
def runs(folder: str, as_json: bool) -> None:
    """List the runs in PATH (default: runs) and the commands that resume them.

    Args:
        folder: Path of a folder of runs.
        as_json: Print JSON instead of a table.
    """
    from evo.core.errors import printable
    from evo.engines import bred_by
    from evo.runs.listing import summaries

    found = summaries(Path(folder))
    if as_json:
        for one in found:
            click.echo(json.dumps(vars(one) | {"path": str(one.path), "resume": one.next_command}))
        return
    if not found:
        click.echo(f"there are no runs in {printable(folder)}")
        return
    rows = [("run", "experiment", "bred by", "seed", "status", "generation", "best", "changed")]
    for one in found:
        inside = one.path.is_relative_to(folder) and one.path != Path(folder)
        rows.append((
            printable(str(one.path.relative_to(folder) if inside else one.path)),
            one.experiment,
            bred_by(one.engine) if one.engine else "",
            "" if one.seed is None else str(one.seed),
            one.status,
            str(one.generation),
            f"{one.best:.4g}" if isinstance(one.best, int | float) else "",
            f"{_duration(one.age)} ago",
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
    for one in found:
        if one.note:
            click.echo(printable(f"{one.path}: {one.note}"))
    waiting = [one.next_command for one in found if one.next_command]
    if waiting:
        click.echo("resume interrupted runs with:")
    for command in waiting:
        click.echo(f"  {printable(command)}")


def _duration(seconds: float) -> str:
    """Return a time in its largest unit: 40 s, 12 min, 3 h, 9 days."""
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= (2 * length if unit == "days" else length):
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
