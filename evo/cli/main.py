"""The command `evo`. Each command imports its modules itself, so the help is fast.

Exit codes: 0 done, 1 the run failed, 2 bad usage or input (one line, no traceback), 130 and 143
stopped by a signal.
"""

import sys

import click

from evo import __version__
from evo.cli.compare import compare
from evo.cli.errors import OneLineGroup, end_on_signals
from evo.cli.export import export
from evo.cli.output import accept_everything
from evo.cli.play import play
from evo.cli.plot import plot
from evo.cli.report import report
from evo.cli.run import resume, run
from evo.cli.runs import runs
from evo.cli.settings import settings
from evo.cli.songs import songs
from evo.cli.watch import watch


@click.group(cls=OneLineGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evo")
def main() -> None:
    """Evolve performers of music: run, resume, compare and plot experiments, play results."""


for command in (run, resume, runs, report, watch, compare, plot, play, export, songs, settings):
    main.add_command(command)


def main_of(script: str, arguments: list[str]) -> None:
    """Run a command for the experiment of a user's script.

    Args:
        script: Path of the script.
        arguments: The command and its options.
    """
    command, *rest = arguments or ["run", "--help"]
    if command in ("run", "settings"):
        arguments = [command, script, *rest]
    elif command == "resume":
        arguments = [command, "--script", script, *rest]
    end_on_signals()
    accept_everything()
    main(arguments, prog_name="evo")


def run_script(experiment: str) -> None:
    """Run `evo run EXPERIMENT` with the script's command-line options."""
    end_on_signals()
    accept_everything()
    main(["run", experiment, *sys.argv[1:]])
