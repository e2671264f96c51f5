"""The command `evo plot`."""

from io import BytesIO
from pathlib import Path

import click

from evo.cli.errors import one_line_errors


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN [RUN ...]")
@click.option("-o", "--output", type=click.Path(), help="Output file of the fitness figure.")
@one_line_errors
def plot(runs: tuple[str, ...], output: str | None) -> None:
    """Plot the fitness of RUNs over generations into RUN/plots; for one run also its species.

    A folder of seeds means all of its runs.

    Args:
        runs: Paths of runs or folders.
        output: Path of the fitness figure, or None.

    Raises:
        RunError: If a run has no records.
    """
    from evo.analysis.logs import logs_of, panels_in
    from evo.analysis.plot import fitness_figure, save_figure, species_figure
    from evo.core.errors import printable
    from evo.core.files import replace_inside
    from evo.core.user_files import user_file

    logs = logs_of([Path(run) for run in runs])
    figures = {"fitness.png": fitness_figure(logs, panels_in(logs))}
    folder, below = (Path(runs[0]), "plots/") if len(runs) == 1 else (Path(), "")
    if len(logs) == 1:
        (records,) = logs.values()
        if output is None and any("species" in record["engine"] for record in records):
            figures["species.png"] = species_figure(records)
    for name, figure in figures.items():
        target = Path(output) if output is not None else folder / below / name
        with user_file(target, "cannot be written"):
            if output is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                save_figure(figure, target)
            else:
                picture = BytesIO()
                save_figure(figure, picture)
                replace_inside(folder, below + name, picture.getvalue())
        click.echo(printable(str(target)))
