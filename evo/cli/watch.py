"""The command `evo watch`."""

from pathlib import Path

import click

from evo.cli.errors import one_line_errors


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN|FOLDER ...")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port; 0 for a free one.")
@one_line_errors
def watch(runs: tuple[str, ...], port: int) -> None:
    """Watch a RUN, or all runs in a FOLDER, in the browser while they go on.

    The page is served on this machine only, at an address with a random token. It is the same as
    that of `evo report`, and stays after the runs have ended. End the server with Ctrl-C.

    Args:
        runs: Paths of runs or folders.
        port: The port; 0 for a free one.

    Raises:
        InputError: If there is no such folder, or the port is taken.
    """
    from evo.analysis.report.server import Server
    from evo.analysis.report.watching import Runs
    from evo.core.errors import InputError, printable

    paths = [Path(run) for run in runs]
    for path in paths:
        if not path.is_dir():
            raise InputError(printable(f"{path}: there is no such folder"))
    try:
        server = Server(Runs(paths), port)
    except OSError as error:
        raise InputError(f"port {port}: {error.strerror}") from None
    with server:
        click.echo(f"open {server.address}")
        click.echo("end with Ctrl-C", err=True)
        server.serve_forever(poll_interval=0.2)
