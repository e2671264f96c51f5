"""The command `evo runs`: list runs, and the commands that resume them."""

import json
from pathlib import Path

import click

from evo.cli.errors import one_line_errors
from evo.cli.output import print_table, show_line, standard_output

HEAD = ("run", "experiment", "bred by", "seed", "status", "generation", "best", "changed")


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
        for run in found:
            click.echo(json.dumps(vars(run) | {"path": str(run.path), "resume": run.next_command}))
        return
    if not found:
        click.echo(f"there are no runs in {printable(folder)}")
        return
    rows = []
    for run in found:
        inside = run.path.is_relative_to(folder) and run.path != Path(folder)
        rows.append((
            printable(str(run.path.relative_to(folder) if inside else run.path)),
            printable(run.experiment),
            bred_by(run.engine) if run.engine else "",
            "" if run.seed is None else str(run.seed),
            run.status,
            str(run.generation),
            f"{run.best:.4g}" if isinstance(run.best, int | float) else "",
            f"{_duration(run.age)} ago",
        ))  # fmt: skip
    console = standard_output()
    print_table(console, HEAD, rows)
    for run in found:
        if run.note:
            show_line(console, f"{run.path}: {run.note}")
    waiting = [run.next_command for run in found if run.next_command]
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
