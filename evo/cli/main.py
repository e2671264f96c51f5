"""The command `evo`. Modules are imported by the command that needs them: the help is fast.

Exit codes: 0 done, 1 the run failed, 2 bad usage or input (one line, no traceback), 130 and 143
stopped by a signal.
"""

import sys
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import click

from evo import __version__
from evo.cli.compare import compare
from evo.cli.errors import OneLineGroup, end_on_signals, one_line_errors
from evo.cli.runs import runs as runs_command
from evo.cli.songs import songs

# Names that the help lists; kept equal to the registries by a test, not imported, to be fast.
EXPERIMENT_NAMES = ("memorize", "critic", "guess", "copy", "xor")
ENGINE_NAMES = ("neat", "neat-python", "ga", "es", "random", "one-plus-one")
GENOME_NAMES = ("network", "grid", "history-user")


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3
    """Seconds, or a number with s, m or h: 90, 90s, 10m, 1.5h."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """The time in seconds."""
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


@click.group(cls=OneLineGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evo")
def main() -> None:
    """Evolve performers of music: run experiments, resume them, plot them, listen to them."""


def limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `run` and `resume` share."""
    for option in (
        click.option("--insecure", is_flag=True, help="Take a cluster elsewhere without TLS."),
        click.option("--cluster", help="A Dask scheduler's address, local:4, or none."),
        click.option("--workers", type=click.IntRange(1), help="Worker processes."),
        click.option("--target", type=float, help="End at this best fitness."),
        click.option("--time-limit", type=Duration(), help="End after so long: 90s, 10m, 1.5h."),
        click.option("--generations", type=click.IntRange(1), help="End after so many."),
    ):
        command = option(command)
    return command


@main.command()
@click.argument("experiment", type=click.Choice(EXPERIMENT_NAMES))
@click.option("--song", help="A MIDI file, a folder of them, or an embedded tune's name.")
@click.option(
    "--genome", type=click.Choice(GENOME_NAMES), help="What is bred; says which engine by default."
)
@click.option(
    "--engine",
    type=click.Choice(ENGINE_NAMES),
    help="What breeds; random and one-plus-one search among any genome, to compare with.",
)
@click.option("--neat-config", type=click.Path(), help="A neat-python configuration file.")
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same run.")
@click.option("--seeds", help="Several runs, --workers at once: 0..9, 0,3,7 or 0..4,8.")
@click.option("--population", type=click.IntRange(2), help="Individuals a generation.")
@limits
@click.option("--out", type=click.Path(), help="The run's directory; default runs/NAME.")
@click.option("--config", type=click.Path(), help="A TOML file of settings.")
@click.option("--set", "settings", multiple=True, help="section.key=value, may be repeated.")
@one_line_errors
def run(experiment: str, **options: Any) -> None:
    """Start a run of an EXPERIMENT; what is not said has a default that does something real."""
    from evo.cli.configure import configuration, free_path, refuse_both
    from evo.runs.directory import command_line
    from evo.runs.session import start

    if options["seeds"] is not None:
        from evo.cli.batch import run_seeds

        run_seeds(experiment, options)
        return
    refuse_both(options)
    config, chosen = configuration(experiment, options)
    if options["out"] is not None:
        path = Path(options["out"])
    else:
        path = free_path(config)
    _finish(path, lambda display: start(chosen, config, path, command_line(), display))


def _finish(path: Path, carry_out: Callable[[Any], dict[str, Any]]) -> None:
    """Carry out a run with a display, say how it ended, and exit with its code."""
    from evo.cli.display import BarDisplay, PlainDisplay, Terminal
    from evo.runs.directory import resume_command

    console = Terminal()
    display = BarDisplay(console) if console.is_terminal else PlainDisplay(console)
    result = carry_out(display)
    figures = ""
    if "steps_total" in result:
        figures = f", {result['steps_correct']} of {result['steps_total']} steps right by itself"
    if "cross_entropy" in result:
        figures = f", {result['cross_entropy']:.3f} bits a step"
    if "held_out_cross_entropy" in result:
        figures += f", {result['held_out_cross_entropy']:.3f} of songs held out"
    if "guesser_accuracy" in result:
        period = f"period {result['period']}" if result["period"] else "no period"
        keys = f"{result['keys']} key{'' if result['keys'] == 1 else 's'}"
        figures = f", {period}, {keys}, {result['guesser_accuracy']:.0%} guessed"
    display.message(
        f"{result['status']}: {result['reason']}; {result['generations']} generations, "
        f"{result['evaluations']:,} evaluations, {result['wall_seconds']:.1f} s{figures}"
    )
    if "pieces" in result and result["status"] != "failed":
        click.echo((path / "pieces" / "pieces.txt").read_text(encoding="utf-8"))
    display.message(f"the run is in {path}")
    if result["status"] == "stopped":
        display.message(f"go on with it by: {resume_command(path)}")
    if "signal" in result:
        sys.exit(128 + result["signal"])
    if result["status"] == "failed" or "lost" in result:
        sys.exit(1)


@main.command()
@click.argument("run", type=click.Path())
@limits
@click.option("--set", "settings", multiple=True, help="stop.key=value, may be repeated.")
@one_line_errors
def resume(run: str, **options: Any) -> None:
    """Go on with a RUN, or a folder of seeds, that was stopped or killed, or shall go further."""
    from evo.runs.listing import refuse_at_work

    path = Path(run)
    refuse_at_work(path)
    from evo.cli.configure import changes_of, known_run, refuse_both
    from evo.core.errors import InputError
    from evo.experiment import merge
    from evo.runs.directory import HOW_NOT_WHAT, is_batch
    from evo.runs.session import resume as carry_on

    changes = changes_of(options)
    fixed = set(changes) - set(HOW_NOT_WHAT)
    if fixed:
        raise InputError(
            f"{min(fixed)} cannot be changed in a run that has begun; start another by `evo run`"
        )
    if is_batch(path):
        from evo.cli.batch import resume_seeds

        resume_seeds(path, changes)
        return
    refuse_both(options)
    config, chosen = known_run(path)
    merge(config, changes)  # says what is wrong before the run is touched
    _finish(path, lambda display: carry_on(chosen, path, changes, display))


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(), metavar="RUN [RUN ...]")
@click.option("-o", "--output", type=click.Path(), help="Where to write the fitness figure.")
@one_line_errors
def plot(runs: tuple[str, ...], output: str | None) -> None:
    """Draw the fitness of RUNs over generations; of one run, its species too, into RUN/plots.

    A folder of seeds stands for all its runs.
    """
    from evo.analysis.plot import fitness_figure, save_figure, species_figure
    from evo.core.errors import RunError
    from evo.runs.batch import Batch
    from evo.runs.directory import is_batch, read_log

    logs = {}
    for path in map(Path, runs):
        if is_batch(path):  # those of its runs that have begun
            batch = Batch.open(path)
            below = [batch.folder(seed) for seed in batch.seeds]
            found = [one for one in below if (one / "log.jsonl").exists()]
        else:
            found = [path]
        for one in found:
            logs[str(one)] = list(read_log(one / "log.jsonl"))
            if not logs[str(one)] and found == [path]:
                raise RunError(f"{path}: its log is still empty")
    if not any(logs.values()):
        raise RunError(f"{runs[0]}: none of its runs has a record yet")
    figures = {"fitness.png": fitness_figure(logs)}
    folder = Path(runs[0]) / "plots" if len(runs) == 1 else Path()
    if len(logs) == 1:
        (records,) = logs.values()
        if output is None and any("species" in record["engine"] for record in records):
            figures["species.png"] = species_figure(records)
    for name, figure in figures.items():
        target = Path(output) if output is not None else folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, target)
        click.echo(target)


@main.command()
@click.argument("what", metavar="RUN|SONG")
@click.option("--improvise", is_flag=True, help="Let the RUN's performer leave its song.")
@click.option("--temperature", type=click.FloatRange(0), help="Chance in what sounds; 0 is none.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the chance.")
@click.option("--prompt", help="Begin with the first steps of this song instead.")
@click.option("--wav", type=click.Path(), help="Where to write the sound.")
@one_line_errors
def play(what: str, wav: str | None, **freedom: Any) -> None:
    """Show what a RUN's champion plays, or a SONG (MIDI file or embedded tune), and sound it.

    The sound is written as a WAV file, beside the champion or in the current directory. With
    --improvise, --temperature or --prompt the champion plays anew, into RUN/improvisations.
    """
    from evo.cli.configure import known_run
    from evo.cli.improvise import improvise
    from evo.core.errors import InputError, RunError
    from evo.music.library import find_songs
    from evo.music.song import Song
    from evo.music.text_roll import text_roll
    from evo.runs.directory import is_batch, resume_command

    path = Path(what)
    target = Path(f"{path.stem}.wav")
    is_run = (path / "config.toml").exists()
    if freedom["temperature"] is not None and not isfinite(freedom["temperature"]):
        raise InputError("--temperature must be a finite number")
    if is_batch(path):
        runs = sorted(one.name for one in path.glob("seed*"))
        raise RunError(
            f"{path}: it holds the runs {', '.join(runs)}; play one of them"
            if runs
            else f"{path}: none of its runs has begun"
        )
    anew = freedom["improvise"] or freedom["prompt"] or freedom["temperature"] is not None
    if anew and not is_run:
        raise RunError(f"{path}: only a run's champion can improvise, and there is no run here")
    if anew:
        song = improvise(path, **freedom)
        target = path / "improvisations" / f"{song.name}.wav"
        target.parent.mkdir(exist_ok=True)
        song.save(target.with_suffix(".mid"))
        click.echo(target.with_suffix(".mid"))
    elif is_run:
        performance = path / "champion" / "song.mid"
        if not performance.exists():
            raise RunError(
                f"{path}: it has no champion's song; finish the run by `{resume_command(path)}`"
            )
        target = path / "champion" / "song.wav"
        config, experiment = known_run(path)
        table = config[experiment.name]
        song = Song.load(
            performance, keys=table["keys"], steps_per_beat=table.get("steps_per_beat", 2)
        )
    else:
        try:
            song = find_songs(what, 13, 2)[0]
        except InputError:  # wider than the simplified instrument, or no song at all
            song = find_songs(what, 88, 2)[0]
    click.echo(text_roll(song))
    target = Path(wav) if wav is not None else target
    song.to_wav(target)
    click.echo(f"{song.duration:.0f} s of sound: {target}")


main.add_command(compare)
main.add_command(runs_command)
main.add_command(songs)


def run_script(experiment: str) -> None:
    """What `python experiments/SCRIPT.py [options]` does: `evo run EXPERIMENT [options]`."""
    end_on_signals()
    main(["run", experiment, *sys.argv[1:]])
