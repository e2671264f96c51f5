"""The commands `evo run` and `evo resume`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from evo.cli.errors import one_line_errors, show_message
from evo.core.registry import EXPERIMENTS, GENOMES, LOGGERS, engine_options


class ExperimentName(click.Choice):  # type: ignore[type-arg]  # generic since click 8.2
    """A registered experiment, or the path of a script that defines one."""

    def __init__(self) -> None:
        super().__init__(list(EXPERIMENTS))

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """See `click.ParamType.convert`.

        Args:
            value: The argument's text.
            param: See `click.ParamType.convert`.
            ctx: See `click.ParamType.convert`.
        """
        return value if str(value).endswith(".py") else super().convert(value, param, ctx)

    def get_metavar(self, param: Any, ctx: Any = None) -> str:
        """Return the experiments for the line of usage.

        Args:
            param: See `click.ParamType.get_metavar`.
            ctx: See `click.ParamType.get_metavar`.
        """
        return f"[{'|'.join(EXPERIMENTS)}|SCRIPT.py]"


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """Seconds, or a number with s, m or h: 90, 90s, 10m, 1.5h."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the time in seconds.

        Args:
            value: The option's text, or a number of seconds.
            param: See `click.ParamType.convert`.
            ctx: See `click.ParamType.convert`.

        Raises:
            click.BadParameter: If the text is not a positive time.
        """
        if isinstance(value, float):
            return value
        text = str(value).strip().lower()
        unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
        try:
            seconds = float(text[:-1]) * unit if unit else float(text)
        except ValueError:
            seconds = -1
        if not 0 < seconds < float("inf"):
            self.fail(f"{value!r} is no time; write 90s, 10m or 1.5h")
        return seconds


no_report = click.option("--no-report", is_flag=True, help="Write no report.html at the end.")


def limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options shared by `run` and `resume`."""
    for option in (
        click.option(
            "--log", type=click.Choice(list(LOGGERS)), multiple=True, help="Log to this, too."
        ),
        click.option(
            "--insecure", is_flag=True, help="Allow an unencrypted connection to a remote cluster."
        ),
        click.option("--cluster", help="Address of a Dask scheduler, local:4, or none."),
        click.option("--workers", type=click.IntRange(1), help="Worker processes."),
        click.option("--target", type=float, help="Stop at this best fitness."),
        click.option("--time-limit", type=Duration(), help="Maximum time: 90s, 10m, 1.5h."),
        click.option("--evaluations", type=click.IntRange(1), help="Maximum evaluations."),
        click.option("--generations", type=click.IntRange(1), help="Maximum generations."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("experiment", type=ExperimentName())
@click.option("--song", help="A MIDI file, a folder of them, or an embedded tune's name.")
@click.option("--keys", help="Keys of the instrument; auto for the song's range.")
@click.option("--steps-per-beat", help="Resolution; auto for the coarsest that keeps all onsets.")
@click.option("--durations", is_flag=True, help="Play how long notes sound, not only onsets.")
@click.option("--metre", help="Time signature of new music: 3/4.")
@click.option("--track", "tracks", type=click.IntRange(1), multiple=True, help="Read this track.")
@click.option(
    "--channel", "channels", type=click.IntRange(1, 16), multiple=True, help="Read this channel."
)
@click.option("--part", "parts", type=click.IntRange(1), multiple=True, help="Read this part.")
@click.option("--beat-ticks", type=click.IntRange(1), help="Ticks of a beat, if not as declared.")
@click.option(
    "--genome",
    type=click.Choice(list(GENOMES)),
    help="Genome kind; selects the default engine.",
)
@click.option(
    "--engine",
    type=click.Choice(engine_options()),
    help="Engine; random and one-plus-one search any genome kind, for comparison.",
)
@click.option("--neat-config", type=click.Path(), help="A neat-python configuration file.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
@click.option("--seeds", help="Several runs, --workers concurrent: 0..9, 0,3,7 or 0..4,8.")
@click.option("--population", type=click.IntRange(2), help="Individuals per generation.")
@limits
@click.option("--out", type=click.Path(), help="The run's directory; default runs/NAME.")
@click.option("--config", type=click.Path(), help="A TOML file of settings.")
@click.option("--set", "settings", multiple=True, help="section.key=value; repeatable.")
@click.option("--strict", is_flag=True, help="Refuse a folder with songs that cannot be learned.")
@no_report
@one_line_errors
def run(experiment: str, **options: Any) -> None:
    """Start an EXPERIMENT. Every option has a working default; `evo settings` lists all.

    Args:
        experiment: Name of the experiment, or path of a script.
        options: The options by name, None for those not given.
    """
    from evo.music.song_finder import SongFinder
    from evo.runs.claiming import claimed_path
    from evo.runs.configure import check_worker_options, configuration
    from evo.runs.description import command_line
    from evo.runs.loggers.choice import loggers_of
    from evo.runs.session import check, start
    from evo.runs.user_experiments import experiment_named

    if options["seeds"] is not None:
        from evo.cli.batch import run_seeds

        run_seeds(experiment, options)
        return
    check_worker_options(options)
    find = SongFinder(show_message, options["strict"])
    chosen = experiment_named(experiment)
    config = configuration(chosen, options, find, show_message)
    check(config)
    loggers = loggers_of(options["log"])
    given = options["out"]
    path = Path(given) if given is not None else claimed_path(config)

    def begin(display: Any) -> dict[str, Any]:
        command = command_line()
        made_folder = given is None
        return start(chosen, config, path, command, display, find, made_folder, loggers)

    _finish(path, chosen, begin, not options["no_report"])


@click.command()
@click.argument("run", type=click.Path())
@limits
@click.option("--set", "settings", multiple=True, help="stop.key=value; repeatable.")
@click.option("--anew", is_flag=True, help="Start over if no checkpoint is usable.")
@click.option("--script", type=click.Path(), help="The script that defines the run's experiment.")
@no_report
@one_line_errors
def resume(run: str, anew: bool, script: str | None, no_report: bool, **options: Any) -> None:
    """Resume an interrupted RUN (or folder of seeds), or extend a finished one.

    Args:
        run: Path of the run or folder.
        anew: Start over if no checkpoint is usable.
        script: Path of the script that defines the experiment, or None.
        no_report: Write no report at the end.
        options: The other options by name, None for those not given.
    """
    from evo.runs.listing import refuse_at_work

    path = Path(run)
    refuse_at_work(path)
    from evo.runs.configure import changes_of, check_worker_options
    from evo.runs.description import is_batch
    from evo.runs.loading import load_run
    from evo.runs.loggers.choice import loggers_of
    from evo.runs.session import resume as carry_on
    from evo.runs.user_experiments import experiment_in

    changes = changes_of(options)
    if is_batch(path):
        from evo.cli.batch import resume_seeds

        resume_seeds(path, changes, anew, script, not no_report, options["log"])
        return
    check_worker_options(options)
    config, chosen = load_run(path)
    if script is not None:
        chosen = experiment_in(script, config.run.experiment)
    config.resumed(changes)  # raises for a wrong change before the run is modified
    loggers = loggers_of(options["log"])

    def carry_out(display: Any) -> dict[str, Any]:
        return carry_on(chosen, path, changes, display, anew, loggers)

    _finish(path, chosen, carry_out, not no_report)


def _finish(
    path: Path, experiment: Any, carry_out: Callable[[Any], dict[str, Any]], report: bool
) -> None:
    """Carry out a run with a display, show its outcome, and exit with a code."""
    from evo.analysis.report import write_at_end
    from evo.cli.display import BarDisplay, PlainDisplay, Terminal
    from evo.cli.output import show_text
    from evo.runs.description import resume_command

    console = Terminal()
    kind = BarDisplay if console.moves else PlainDisplay
    display = kind(console, experiment.describe)
    result = carry_out(display)
    figures = experiment.outcome(result)
    display.message(
        f"{result['status']}: {result['reason']}; {result['generations']} generations, "
        f"{result['evaluations']:,} evaluations, {result['wall_seconds']:.1f} s"
        + (f", {figures}" if figures else "")
    )
    if "pieces" in result and result["status"] != "failed":
        pieces = (path / "pieces" / "pieces.txt").read_text(encoding="utf-8")
        show_text(console, pieces)
    display.message(f"the run is in {path}")
    written = write_at_end(path, display.message, result, experiment) if report else None
    if written is not None:
        display.message(f"to see and hear it, open {written}")
    if result["status"] == "stopped":
        display.message(f"resume it with: {resume_command(path)}")
    if "signal" in result:
        sys.exit(128 + result["signal"])
    if result["status"] == "failed" or "lost" in result:
        sys.exit(1)
