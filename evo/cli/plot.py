"""The command `evo plot`."""

from io import BytesIO
from pathlib import Path
from typing import Any

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
    from evo.analysis.plot import fitness_figure, save_figure, species_figure
    from evo.core.errors import RunError, printable
    from evo.core.files import replace_inside
    from evo.core.user_files import user_file
    from evo.runs.batch import Batch
    from evo.runs.description import is_batch, read_log

    logs = {}
    for path in map(Path, runs):
        if is_batch(path):  # its runs that have begun
            batch = Batch.open(path)
            begun = [batch.folder(seed) for seed in batch.seeds]
            found = [folder for folder in begun if (folder / "log.jsonl").exists()]
        else:
            found = [path]
        for folder in found:
            logs[str(folder)] = list(read_log(folder / "log.jsonl"))
            if not logs[str(folder)] and found == [path]:
                raise RunError(f"{path}: its log is still empty")
    if not any(logs.values()):
        raise RunError(f"{runs[0]}: none of its runs has a record yet")
    figures = {"fitness.png": fitness_figure(logs, _panels(logs))}
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


def _panels(logs: dict[str, Any]) -> list[Any]:
    """Return the panels of the runs' experiments; unknown experiments have none."""
    from evo.analysis.plot import panels_of
    from evo.core.errors import EvoError
    from evo.runs.loading import load_run

    panels: dict[Any, None] = {}
    for run, records in logs.items():
        try:
            panels |= dict.fromkeys(panels_of(load_run(Path(run))[1], records))
        except EvoError:  # its log can still be plotted
            continue
    return list(panels)
