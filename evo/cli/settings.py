"""`evo settings`: every setting of an experiment, with default, limits and meaning."""

import click

from evo.cli.errors import one_line_errors
from evo.core.registry import BASELINES, ENGINES, EXPERIMENTS, GENOMES


@click.command()
@click.argument("experiment", type=click.Choice(list(EXPERIMENTS)))
@click.option("--genome", type=click.Choice(list(GENOMES)), help="Genome kind.")
@click.option("--engine", type=click.Choice([*ENGINES, *BASELINES]), help="Engine.")
@click.option("--toml", is_flag=True, help="Print a file for --config, to edit.")
@one_line_errors
def settings(experiment: str, genome: str | None, engine: str | None, toml: bool) -> None:
    """List every setting of an EXPERIMENT with its default, its limits and its meaning."""
    from rich.console import Console
    from rich.table import Table

    from evo.cli.configure import choose_engine
    from evo.core import registry

    chosen = registry.experiment(experiment)
    config = chosen.config(choose_engine(chosen, genome, engine))
    if toml:
        click.echo(config.to_toml(), nl=False)
        return
    console = Console(soft_wrap=not click.get_text_stream("stdout").isatty())
    for name, found in config.rows():
        table = Table(title=f"[{name}]", title_justify="left", box=None, pad_edge=False)
        for heading in ("setting", "default", "values", "meaning"):
            table.add_column(heading, overflow="fold")
        for row in found:
            table.add_row(row.name, row.text, row.kind, row.help)
        console.print(table, markup=False, highlight=False)
        console.print()
