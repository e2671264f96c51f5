"""The command `evo report`."""

from pathlib import Path

import click

from evo.cli.errors import one_line_errors


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN [RUN ...]")
@click.option("-o", "--output", type=click.Path(), help="Output file; default RUN/report.html.")
@one_line_errors
def report(runs: tuple[str, ...], output: str | None) -> None:
    """Write RUNs as one HTML file: music to see and hear, figures, settings.

    The file is complete and requests nothing, so it can be sent to anyone. Several runs, or a
    folder of them, are compared. A run of your own experiment needs no script.

    Args:
        runs: Paths of runs or folders.
        output: Path of the file, or None.

    Raises:
        InputError: If there is no run, or the file cannot be written.
    """
    from evo.analysis.report import write_report
    from evo.core.errors import printable

    written = write_report([Path(run) for run in runs], None if output is None else Path(output))
    click.echo(printable(str(written)))
