"""Vary a song: evolve programs that map any song to a variation, and play theme and variations.

    evo run vary --song S --seed 1 --workers 2     or     python experiments/vary.py --song S

A program is a list of musical operations (`genomes.program`). It is judged on many songs at once,
the embedded tunes or those of the folder `vary.corpus`, by critics trained on them
(`evo.fitness.variation`). MAP-Elites keeps an archive of different programs, by likeness to the
theme and by density. At the end all programs of the archive vary the song given, and the best
different variations are chosen. They are written to `pieces/`: each alone, and the theme and all
variations as one piece, as MIDI, sheets and sound. The champion is the program with the best score
on the corpus, and its song is its variation of the song given.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from evo.experiments.critic import CriticSettings, corpus_of
from evo.experiments.trained_critics import FILE, critics_in, trained_critics

from evo.core.config import Config
from evo.core.errors import InputError, MidiError
from evo.core.files import write_synced
from evo.core.seeds import MAX_SEED
from evo.core.settings import Changes, Meta
from evo.engines import Gallery
from evo.experiment import (
    Experiment,
    Files,
    FindSongs,
    Line,
    Music,
    ShowMessage,
    Task,
)
from evo.experiment import (
    Panel as FigurePanel,
)
from evo.fitness.critic.panel import Panel
from evo.fitness.variation.choosing import Chosen, choose
from evo.fitness.variation.fitness import Variation
from evo.fitness.variation.judging import Bounds
from evo.fitness.variation.report import document, records_of, summary, variations_table
from evo.fitness.variation.themes import has_chords, theme_of_song, varied_song
from evo.music.measures import Corpus
from evo.music.medley import joined
from evo.music.settings import SongSettings, fixed_grid
from evo.music.song import Song
from evo.music.song_finder import load_songs
from evo.music.sound import MAX_SECONDS, sound_of
from evo.runs import checkpoint
from genomes.program.programs import Programs

SONGS = "songs"  # folder of a run with the song
SHORTEST = 4  # notes of a song that can be varied
LONGEST = 8192  # steps: every program of the archive varies the song, and sheets take their time
# Of the archive's ranges of mean likeness and density within the bounds: single songs differ.
MARGINS = 0.08, 0.1


class VarySettings(SongSettings, frozen=True):
    """The song, the variations wanted, and the critics' training data."""

    variations: Annotated[
        int, Meta(ge=1, le=100, description="Variations of the song to choose.")
    ] = 4
    likeness_low: Annotated[
        float, Meta(ge=0, le=1, description="Minimum likeness of a variation to its theme.")
    ] = 0.3
    likeness_high: Annotated[
        float, Meta(ge=0, le=1, description="Maximum likeness of a variation to its theme.")
    ] = 0.65
    density_low: Annotated[
        float, Meta(ge=0, le=1, description="Minimum notes, in notes of the theme.")
    ] = 0.5
    density_high: Annotated[
        float, Meta(ge=1, le=4, description="Maximum notes, in notes of the theme.")
    ] = 1.4
    corpus: Annotated[
        str, Meta(description="A folder of MIDI files to learn from; empty for all embedded tunes.")
    ] = ""
    critic_seed: Annotated[
        int, Meta(ge=0, le=MAX_SEED, description="Random seed of the critics' training.")
    ] = 0
    rounds: Annotated[
        int, Meta(ge=0, le=100, description="Rounds of retraining the critics with hard negatives.")
    ] = 2
    critics: Annotated[
        str, Meta(description="A run, or its critics.npz, with critics to reuse.")
    ] = ""
    cache: Annotated[
        bool, Meta(description="Keep trained critics in the user's cache, for later runs.")
    ] = True

    def __post_init__(self) -> None:
        if self.likeness_high < self.likeness_low + 0.1:
            raise InputError(
                "likeness_high must be at least 0.1 above likeness_low, got "
                f"{self.likeness_high:g} and {self.likeness_low:g}"
            )
        if self.density_high < self.density_low + 0.1:
            raise InputError(
                "density_high must be at least 0.1 above density_low, got "
                f"{self.density_high:g} and {self.density_low:g}"
            )

    def bounds(self) -> Bounds:
        """Return the limits of likeness and density."""
        return Bounds(self.likeness_low, self.likeness_high, self.density_low, self.density_high)


def _song_in(table: VarySettings, find: FindSongs) -> Song:
    """Return the song to vary.

    Raises:
        InputError: If there are several, or it is too short.
    """
    songs = find(table.song, table.reading())
    if len(songs) > 1:
        raise InputError(
            f"{table.song}: it holds {len(songs)} songs; give the one to vary by --song, and the "
            "folder by --set vary.corpus=FOLDER"
        )
    notes = int(songs[0].onsets.any(axis=1).sum())
    if notes < SHORTEST:
        raise InputError(
            f"{table.song}: its melody has {notes} notes; at least {SHORTEST} can be varied"
        )
    if songs[0].steps > LONGEST:
        raise InputError(
            f"{table.song}: it has {songs[0].steps:,} steps; at most {LONGEST:,} can be varied. "
            "Give a part of it, or a lower --steps-per-beat"
        )
    return songs[0]


def shape(config: Config, find: FindSongs) -> Music:
    """Return the shape of the song, which programs do not depend on.

    Args:
        config: The run's configuration.
        find: Finds the song.
    """
    song = _song_in(config.task, find)
    return Music(song.keys, song.steps)


def follow_up(config: Config, find: FindSongs) -> Changes:
    """Return keys and resolution of the song, and the archive's ranges by the bounds.

    Args:
        config: The run's configuration.
        find: Finds the song.
    """
    table: VarySettings = config.task
    low, high, thinnest, densest = table.bounds().inside(*MARGINS)
    archive = {"low": (low, thinnest), "high": (high, densest)}
    return {
        "": {"task": table.grid_of([_song_in(table, find)])},
        "program": {"engine": {"archive": archive}},
    }


def prepare(config: Config, folder: Path, show_message: ShowMessage, find: FindSongs) -> None:
    """Train the critics, or copy them from the cache or a run, and copy the song, into the run.

    Args:
        config: The run's configuration.
        folder: The run's directory.
        show_message: Shows messages to the user.
        find: Finds the songs.
    """
    table: VarySettings = config.task
    song = _song_in(table, find)
    if has_chords(song):
        show_message(f"{song.name}: only its highest notes are varied; the others are left out")
    if table.critics:
        if table.corpus:
            raise InputError(
                "vary.critics brings the songs it was trained on; leave vary.corpus or it out"
            )
        critics = critics_in(Path(table.critics))
    else:
        learned = CriticSettings(song=table.corpus)
        rolls, names, style = corpus_of(learned, find, show_message)
        critics = trained_critics(
            rolls, names, style,
            seed=table.critic_seed, rounds=table.rounds, show_message=show_message,
            cache=table.cache,
        )  # fmt: skip
    (folder / SONGS).mkdir(exist_ok=True)
    write_synced(folder / SONGS / f"{song.name}.mid", song.to_midi())
    write_synced(folder / FILE, checkpoint.pack_arrays(critics.to_arrays()))


def _kept_song(config: Config, folder: Path) -> Song:
    """Return the song that `prepare` copied into the run."""
    keys, steps_per_beat = fixed_grid(config)
    songs = load_songs(folder / SONGS, keys=keys, steps_per_beat=steps_per_beat)
    if len(songs) != 1:
        raise MidiError(folder / SONGS, f"it must hold one song, and holds {len(songs)}")
    return songs[0].whole_bars(songs[0].steps)


def task(config: Config, folder: Path) -> Task:
    """Return the task to vary many songs.

    Args:
        config: The run's configuration.
        folder: The run's directory.
    """
    table: VarySettings = config.task
    panel = critics_in(folder / FILE)
    fitness = Variation.of(panel, table.bounds())
    song = _kept_song(config, folder)

    def champion_files(programs: Any) -> Files:
        from evo.analysis.plot import pieces_figure, png_bytes
        from evo.music.export.files import song_files

        (roll,) = programs.vary(theme_of_song(song))[:, 0]
        varied = varied_song(song, roll, programs, "song")
        picture = pieces_figure([_theme(song), varied], ["", "the champion's variation"])
        return song_files(varied, "song") | {"roll.png": png_bytes(picture)}

    def pieces(gallery: Gallery) -> tuple[Files, dict[str, Any]]:
        return _pieces(panel, fitness, song, gallery, table.variations)

    return Task(fitness, None, champion_files, song.lowest_note, pieces)


def _theme(song: Song) -> Song:
    """Return the melody of the song as programs see it."""
    return replace(song.played(theme_of_song(song).onsets[0]), name="theme")


def _pieces(
    panel: Panel, fitness: Variation, song: Song, gallery: Gallery, count: int
) -> tuple[Files, dict[str, Any]]:
    """Return the files of the song's variations, and summary figures."""
    programs: Any = gallery.performers
    theme = theme_of_song(song)
    varied = programs.vary(theme)[:, 0]
    chosen = choose(fitness.guides, fitness.bounds, theme, varied, gallery.scores, count)
    songs = [
        varied_song(song, roll, programs.take([program]), f"piece-{number:02d}")
        for number, (roll, program) in enumerate(
            zip(chosen.rolls, chosen.programs.tolist(), strict=True), 1
        )
    ]
    known, ranges = panel.known_songs(), Corpus.of(panel.corpus()).ranges()
    records = records_of(known, ranges, fitness, theme, chosen, programs, gallery.scores, songs)
    together = summary(records, chosen, len(programs))
    files = _music_files(song, songs, chosen)
    written = document(records, together, songs, ranges)
    files["pieces.json"] = json.dumps(written, indent=2).encode() + b"\n"
    files["pieces.txt"] = variations_table(song.name, records, together, fitness.bounds).encode()
    files["programs.json"] = _archive_json(programs, gallery, fitness)
    return files, together


def _music_files(song: Song, songs: list[Song], chosen: Chosen) -> Files:
    """Return theme and variations as music and as a picture."""
    from evo.analysis.plot import pieces_figure, png_bytes
    from evo.music.export.files import song_files

    parts = [_theme(song), *songs]
    notes = [song.name] + [
        f"likeness {like:.2f}, density {dense:.2f}"
        for like, dense in zip(chosen.likeness, chosen.density, strict=True)
    ]
    files: Files = {"roll.png": png_bytes(pieces_figure(parts, notes))}
    for part in parts:
        files |= song_files(part, part.name)
    whole = joined(parts, "theme-and-variations")
    files |= song_files(whole, whole.name)
    if whole.duration <= MAX_SECONDS:
        files[f"{whole.name}.wav"] = sound_of(whole)
    return files


def _archive_json(programs: Programs, gallery: Gallery, fitness: Variation) -> bytes:
    """Return all programs of the archive with their scores and behaviours."""
    behaviour = fitness.behaviour(programs)
    entries = [
        {
            "score": float(score),
            "likeness": round(float(like), 3),
            "density": round(float(dense), 3),
            "instructions": [list(instruction) for instruction in program],
        }
        for score, (like, dense), program in zip(
            gallery.scores, behaviour, programs.instructions(), strict=True
        )
    ]
    return json.dumps(entries, indent=1).encode() + b"\n"


EXPERIMENT = Experiment(
    name="vary",
    summary="Vary a song by evolved programs of musical operations.",
    settings_type=VarySettings,
    task=task,
    shape=shape,
    prepare=prepare,
    genomes=("program",),
    presets={
        "program": {
            "engine": {"archive": {"cells": (7, 9)}},
            "stop": {"generations": 400},
        },
        "": {"checkpoints": {"every": 10, "keep_every": 0}},
    },
    follow_up=follow_up,
    resolution=fixed_grid,
    panels=(
        FigurePanel("good, unseen songs", (Line("good, unseen songs", "unseen_good"),), top=1.0),
    ),
)

if __name__ == "__main__":
    from evo.cli.main import run_script

    run_script("vary")
