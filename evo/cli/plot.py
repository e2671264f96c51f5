"""The command `evo plot`."""

from pathlib import Path

import click

from evo.cli.errors import one_line_errors

FORMATS = ("png", "svg")  # kept equal to `evo.analysis.plot.style` by a test


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN [RUN ...]")
@click.option("-o", "--output", type=click.Path(), help="Output file of the fitness figure.")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS),
    help="Format; default: png, or svg for an output file that ends in .svg.",
)  # fmt: skip
@one_line_errors
def plot(runs: tuple[str, ...], output: str | None, kind: str | None) -> None:
    """Plot the fitness of RUNs over generations into RUN/plots; for one run also its species.

    A folder of seeds means all of its runs.

    Args:
        runs: Paths of runs or folders.
        output: Path of the fitness figure, or None.
        kind: Format of the figures, or None.

    Raises:
        RunError: If a run has no records.
    """
    from evo.analysis.logs import logs_of, panels_in
    from evo.analysis.plot import fitness_figure, picture_bytes, species_figure
    from evo.core.errors import printable
    from evo.core.user_files import user_file, write_output

    logs = logs_of([Path(run) for run in runs])
    if kind is None:
        kind = "svg" if str(output).lower().endswith(".svg") else "png"
    figures = {"fitness": fitness_figure(logs, panels_in(logs))}
    folder, below = (Path(runs[0]), "plots/") if len(runs) == 1 else (Path(), "")
    if len(logs) == 1:
        (records,) = logs.values()
        if output is None and any("species" in record["engine"] for record in records):
            figures["species"] = species_figure(records)
    for name, figure in figures.items():
        if output is not None:
            with user_file(output, "cannot be written"):
                Path(output).parent.mkdir(parents=True, exist_ok=True)
        content = picture_bytes(figure, kind)
        target = write_output(output, folder, f"{below}{name}.{kind}", content)
        click.echo(printable(str(target)))
