"""The command `evo settings`: an experiment's settings with default, limits and meaning."""

from typing import Any

import click

from evo.cli.errors import one_line_errors
from evo.cli.run import ExperimentName
from evo.core.registry import GENOMES, engine_options


@click.command()
@click.argument("experiment", type=ExperimentName())
@click.option("--genome", type=click.Choice(list(GENOMES)), help="Genome kind.")
@click.option("--engine", type=click.Choice(engine_options()), help="Engine.")
@click.option("--toml", is_flag=True, help="Print an editable file for --config.")
@one_line_errors
def settings(experiment: str, genome: str | None, engine: str | None, toml: bool) -> None:
    """List every setting of an EXPERIMENT with its default, its limits and its meaning.

    Args:
        experiment: Name of the experiment, or path of a script.
        genome: Genome kind; None for the experiment's default.
        engine: Engine or baseline; None for the genome kind's default.
        toml: Print an editable configuration file instead of tables.
    """
    from evo.api import settings as default_settings

    config = default_settings(experiment, genome=genome, engine=engine)
    if toml:
        click.echo(config.to_toml(), nl=False)
    else:
        _show(config.rows())


def _show(tables: dict[str, list[Any]]) -> None:
    """Print one table of settings per table of the configuration."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for name, rows in tables.items():
        shown = Table(title=Text(f"[{name}]"), title_justify="left", box=None, pad_edge=False)
        for heading in ("setting", "default", "values", "meaning"):
            shown.add_column(heading, overflow="fold")
        for row in rows:
            kind = row.kind.removeprefix("a ")
            shown.add_row(*map(Text, (row.name, row.text, kind, row.help)))
        console.print(shown)
        console.print()
