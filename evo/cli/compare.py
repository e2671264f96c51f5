"""The command `evo compare`."""

from math import isfinite
from pathlib import Path

import click

from evo.cli.errors import one_line_errors
from evo.cli.output import print_table, show_line, standard_output


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN [RUN ...]")
@click.option("--target", type=float, help="Fitness that counts as success.")
@click.option(
    "-o", "--output", type=click.Path(), help="Plot success over evaluations, as PNG or SVG."
)
@one_line_errors
def compare(runs: tuple[str, ...], target: float | None, output: str | None) -> None:
    """Compare RUNs, or folders of them: success rate, cost and best fitness.

    Runs that differ only in seed and limits form a group. Evaluations and seconds to success are
    medians. ERT is the expected running time: the cost of all runs of a group until success or end,
    divided by the number of successes.

    Args:
        runs: Paths of runs or folders.
        target: Fitness that counts as success, or None.
        output: Path of a plot, or None.

    Raises:
        InputError: If no run has ended, or an option is wrong.
    """
    from evo.analysis.compare import HEAD, row_of, significance
    from evo.analysis.compare import compare as compared
    from evo.core.errors import InputError
    from evo.core.user_files import user_file

    if target is not None and not isfinite(target):
        raise InputError("--target must be a finite number")
    comparison = compared([Path(run) for run in runs], target)
    groups = comparison.groups
    console = standard_output()
    if groups:
        rows = [(group.label, *row_of(group)) for group in groups]
        print_table(console, ("", *HEAD), rows, range(1, len(HEAD) + 1), stacked=True)
    if len(groups) == 2:
        for line in significance(*groups):
            show_line(console, line)
    for line in comparison.left_out:
        show_line(console, f"not counted: {' '.join(line.split())}")
    if not groups:
        raise InputError("none of the runs has ended: there is nothing to compare")
    if target is None and not any(group.solved for group in groups):
        click.echo("none is solved; set --target FITNESS to define success")
    if output is not None:
        from evo.analysis.plot import comparison_figure, save_figure

        with user_file(output, "cannot be written"):
            save_figure(comparison_figure(groups), output)
        click.echo(output)
