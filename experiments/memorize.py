"""Learn songs note for note: every step after the first 8 must be right.

    evo run memorize --song SONG.mid --seed 1     or     python experiments/memorize.py --seed 1

A network's inputs are the past at some lags; its outputs are the next keys. A note grid (`--genome
grid`) is one piece of music itself, without inputs. With `mode = "follow"` each step is predicted
from the true past (teacher forcing). This score is dense and parallel over steps. Results are
measured in closed loop; a player that follows without error also performs without error.

With `mode = "likelihood"` players are scored by the probability of every next step
(`evo.fitness.next_step`), so songs are not learned note for note. Songs can be held out to measure
generalisation. HistoryUsers learn a folder of songs in this mode:

    evo run memorize --genome history-user --song FOLDER --seed 1
    evo play RUN --temperature 0.7 --seed 3
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from evo.experiments.memorize_past import metre_of, past_of, rolls_of
from evo.experiments.memorize_presets import LIKELIHOOD, LIKELIHOOD_WITH_DURATIONS, PRESETS
from evo.experiments.starting import keep_start, kept_start

from evo.core.config import Config
from evo.core.errors import InputError, MidiError
from evo.core.files import write_synced
from evo.core.seeds import Role, stream
from evo.core.settings import Changes, Meta
from evo.engines import engine_class
from evo.experiment import (
    Experiment,
    FindSongs,
    Improvising,
    Line,
    Music,
    Panel,
    ShowMessage,
    Task,
    player_file,
    player_of,
)
from evo.fitness.base import Fitness
from evo.fitness.memorization import Memorization
from evo.fitness.next_step import NextStep
from evo.music.lags import lags_in_words
from evo.music.settings import SongSettings, channels_of, fixed_grid
from evo.music.song import Song
from evo.music.song_finder import load_songs
from genomes.base import Streams
from genomes.sampling import PLAIN, sampling_of

LEARNED, HELD_OUT = "songs", "held-out"  # folders of a run
RARE = 0.1  # share of chords up to which songs are predicted as melodies


class MemorizeSettings(SongSettings, frozen=True):
    """The songs to learn, and the score."""

    mode: Annotated[
        Literal["", "follow", "perform", "likelihood"],
        Meta(
            description="Score every step predicted from the true past (follow), the closed-loop "
            "performance (perform), or the probability of every next step (likelihood). Default: "
            "follow, or likelihood if HistoryUsers learn several songs."
        ),
    ] = ""
    held_out: Annotated[
        float, Meta(ge=0, lt=1, description="With likelihood: share of songs held out.")
    ] = 0.0
    batch: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="With likelihood: songs per generation; 0 for all."),
    ] = 0
    durations: Annotated[bool, Meta(description="Play how long notes sound, not only onsets.")] = (
        False
    )
    start: Annotated[
        str,
        Meta(
            description="A run, or the arrays.npz of a champion, at which the search starts: "
            "HistoryUsers of the same keys and architecture bred by es; lstm for content, melody "
            "for content-melody."
        ),
    ] = ""
    prompt_steps: Annotated[
        int, Meta(ge=0, le=65_536, description="First steps of the song, given as the prompt.")
    ] = 8


def follow_up(config: Config, find: FindSongs) -> Mapping[str, Changes]:
    """Return presets for the mode, which is chosen here if not set.

    Args:
        config: The run's configuration.
        find: Finds the songs.
    """
    table: MemorizeSettings = config.task
    songs = find(table.song, table.reading())
    several = config.genome_name in LIKELIHOOD and len(songs) > 1
    mode = table.mode or ("likelihood" if several else "follow")
    grid = table.grid_of(songs)
    if mode != "likelihood":
        changes: dict[str, Changes] = {"": {"task": {"mode": mode, **grid}}}
        genome: dict[str, Any] = dict(metre_of(config, songs))
        if getattr(config.genome, "lags", ()):  # lags that the user has set override these
            chosen, read = past_of(config, songs)
            genome = {"lags": chosen, **read, **genome}
        if genome:
            changes[config.genome_name] = {"genome": genome}
        if table.durations:
            planes = {"planes": 2, "keys": 2 * songs[0].keys}
            changes["grid"] = {"engine": {"grid": planes}}
        return changes
    presets: Mapping[str, Changes] = LIKELIHOOD_WITH_DURATIONS if table.durations else LIKELIHOOD
    own = dict(presets.get(config.genome_name, {}))
    own["genome"] = {**own.get("genome", {}), **metre_of(config, songs, rare=RARE)}
    return dict(presets) | {config.genome_name: own, "": {"task": {"mode": mode, **grid}}}


def held_out_count(songs: int, share: float) -> int:
    """Return how many songs to hold out, leaving at least one to learn.

    Args:
        songs: Number of songs.
        share: Share to hold out, 0 to 1.
    """
    return min(round(songs * share), songs - 1)


def shape(config: Config, find: FindSongs) -> Music:
    """Return the keys, and the song's steps for genomes of fixed length.

    Args:
        config: The run's configuration.
        find: Finds the songs.
    """
    table: MemorizeSettings = config.task
    if not engine_class(config.run.engine).genome.fixed_length:
        return Music(channels(config))
    songs = find(table.song, table.reading())
    if len(songs) > 1:
        raise InputError(
            f"{table.song}: it holds {len(songs)} songs, and a note grid learns one; give one "
            "of them, or --genome network"
        )
    return Music(channels(config), songs[0].steps)


def channels(config: Config) -> int:
    """Return the channels of a performer."""
    return channels_of(config.task, resolution(config)[0])


def _long_enough(
    table: MemorizeSettings, songs: list[Song], show_message: ShowMessage
) -> list[Song]:
    """Return the songs with a note after the prompt; the others are left out with a message.

    Args:
        table: The settings.
        songs: The songs.
        show_message: Shows one line to the user.

    Raises:
        InputError: If none is left.
    """
    kept = []
    for song in songs:
        if song.onsets[table.prompt_steps :].any():
            kept.append(song)
        elif len(songs) > 1:
            show_message(
                f"left out: {song.name}: no note after the first {table.prompt_steps} steps"
            )
    if not kept:
        raise InputError(
            f"{table.song}: no note after the first {table.prompt_steps} steps, which are given; "
            "give fewer by --set memorize.prompt_steps=N, or more --steps-per-beat"
        )
    return kept


def prepare(config: Config, folder: Path, show_message: ShowMessage, find: FindSongs) -> None:
    """Copy the songs into the run, so that it needs no other file; say what its lags decide.

    Args:
        config: The run's configuration.
        folder: The run's directory.
        show_message: Shows a line about lags.
        find: Finds the songs.
    """
    table: MemorizeSettings = config.task
    keep_start(table.start, config.run.engine, folder)
    songs = _long_enough(table, find(table.song, table.reading()), show_message)
    count = held_out_count(len(songs), table.held_out)
    for name in ("held_out", "batch"):
        if table.mode != "likelihood" and getattr(table, name):
            raise InputError(
                f"memorize.{name} is for memorize.mode=likelihood, and the mode is "
                f"{table.mode}; leave it out"
            )
    held_out = set(stream(config.run.seed, Role.TRAIN).permutation(len(songs))[:count].tolist())
    for index, song in enumerate(songs):
        kept = folder / (HELD_OUT if index in held_out else LEARNED)
        kept.mkdir(exist_ok=True)
        path = kept / f"{song.name}.mid"
        try:
            content = song.to_midi()
        except ValueError as error:
            raise InputError(f"{path}: {error}") from None
        write_synced(path, content)
    lags = getattr(config.genome, "lags", ())
    if lags and table.mode != "likelihood":
        usual = EXPERIMENT.config(config.run.engine).genome.lags
        option = f"{config.genome_name}.lags"
        text = lags_in_words(rolls_of(config, songs), lags, lags != usual, option)
        if text:
            show_message(text)


def kept_songs(config: Config, folder: Path, kept: str = LEARNED) -> list[Song]:
    """Return the songs that `prepare` copied into the run.

    Args:
        config: The run's configuration.
        folder: The run's directory.
        kept: `LEARNED` or `HELD_OUT`.
    """
    if kept == HELD_OUT and not (folder / kept).exists():
        return []
    keys, steps_per_beat = resolution(config)
    return load_songs(folder / kept, keys=keys, steps_per_beat=steps_per_beat)


def learned(config: Config, folder: Path) -> tuple[list[Song], int]:
    """Return the songs that a champion repeats, and their given steps; none if it samples.

    Args:
        config: The run's configuration.
        folder: The run's directory.
    """
    table: MemorizeSettings = config.task
    songs = [] if table.mode == "likelihood" else kept_songs(config, folder)
    return songs, table.prompt_steps


def task(config: Config, folder: Path) -> Task:
    """Return the task to learn the songs in the run's directory.

    Args:
        config: The run's configuration.
        folder: The run's directory.
    """
    table: MemorizeSettings = config.task
    player = player_of(config, channels(config))
    fitness: Fitness
    try:
        songs, held_out = (kept_songs(config, folder, kept) for kept in (LEARNED, HELD_OUT))
        if table.mode == "likelihood":
            fitness = NextStep(songs, held_out, table.prompt_steps, table.batch, table.durations)
        else:
            fitness = Memorization(
                songs, table.prompt_steps, table.mode or "follow", table.durations
            )
    except (MidiError, ValueError) as error:
        raise InputError(str(error)) from None

    def champion_files(performers: Any) -> dict[str, bytes]:
        from evo.analysis.performances import melodies, performances, readings

        if table.mode == "likelihood":
            files = melodies(
                songs, performers, table.prompt_steps, config.run.seed, table.durations
            )
        else:
            files = performances(songs, performers, table.prompt_steps, table.durations)
        first = songs[0]
        files |= player_file(
            player,
            first.lowest_note,
            first.steps_per_beat,
            table.prompt_steps,
            steps=first.steps if len({song.steps for song in songs}) == 1 else 0,
            durations=table.durations,
        )
        return files | readings(songs, held_out, performers, table.durations)

    start = kept_start(table.start, config.run.engine, folder)
    return Task(fitness, player, champion_files, songs[0].lowest_note, start=start)


def resolution(config: Config) -> tuple[int, int]:
    """Return the number of keys, and the steps per beat."""
    return fixed_grid(config)


def improvise(
    config: Config,
    folder: Path,
    performers: Any,
    begin: Song | None,
    streams: Streams,
    temperature: float,
) -> Song:
    """Play new music with a champion, after a prompt.

    The prompt is the first `prompt_steps` of the song. The result is as long as the song.

    Args:
        config: The run's configuration.
        folder: The run's directory.
        performers: A batch of one.
        begin: Song to begin with; None for the learned song, the first by name of several.
        streams: Random streams.
        temperature: Sampling temperature; 0 is deterministic.
    """
    table: MemorizeSettings = config.task
    songs = kept_songs(config, folder)
    song = begin if begin is not None else songs[0]
    prompt = song.roll(table.durations)[: table.prompt_steps]
    sampling = PLAIN
    if temperature > 0 and table.mode != "likelihood":  # which makes probabilities itself
        rolls = [one.roll(table.durations) for one in songs]
        sampling = sampling_of(
            performers,
            rolls,
            song.keys,
            songs[0].bar,
            table.prompt_steps,
            temperature,
            streams[0],
        )
    played = performers.perform(prompt, song.steps, streams, temperature, sampling)[0]
    return song.played(played)


def describe(figures: Mapping[str, Any]) -> list[str]:
    """Return a champion's figures in words."""
    words = []
    if "follow_correct" in figures:
        words.append(f"{figures['follow_correct']} of {figures['steps_total']} steps follow")
        words.append(f"{figures['steps_correct']} alone")
    if "cross_entropy" in figures:
        words.append(f"{figures['cross_entropy']:.3f} bits a step")
    if "held_out_cross_entropy" in figures:
        words.append(f"{figures['held_out_cross_entropy']:.3f} of songs held out")
    return words


def outcome(result: Mapping[str, Any]) -> str:
    """Return a result's figures in words."""
    words = []
    if "steps_total" in result:
        right, total = result["steps_correct"], result["steps_total"]
        words.append(f"{right} of {total} steps right by itself")
    if "cross_entropy" in result:
        words.append(f"{result['cross_entropy']:.3f} bits a step")
    if "held_out_cross_entropy" in result:
        words.append(f"{result['held_out_cross_entropy']:.3f} of songs held out")
    return ", ".join(words)


EXPERIMENT = Experiment(
    name="memorize",
    summary="Learn songs note for note.",
    settings_type=MemorizeSettings,
    task=task,
    shape=shape,
    prepare=prepare,
    presets=PRESETS,
    follow_up=follow_up,
    describe=describe,
    outcome=outcome,
    panels=(
        Panel(
            "steps right",
            (
                Line("champion, closed loop", "steps_correct"),
                Line("champion, teacher forcing", "follow_correct"),
            ),
            top="steps_total",
        ),
    ),
    resolution=resolution,
    improvising=Improvising(improvise),
    learned=learned,
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("memorize")
