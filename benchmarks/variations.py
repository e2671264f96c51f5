"""Measure variations of songs that no search has met.

    python benchmarks/variations.py [--corpus FOLDER] [--songs FOLDER] [--seeds 5]

Per seed, critics are trained on the corpus (by default the embedded tunes) with folds of their own,
and `evo run vary`'s search is carried out without the last fold. Unseen songs are those of that
fold, and of --songs. The held-out critic does not know them, either; no search meets it. A
variation is good if its likeness to its theme is from 0.3 to 0.65, its density at most 1.4, and its
score by the held-out critic at least that of a quarter of the unseen songs.

    every program       good variations, of all programs of the archive and all unseen songs
    four per theme      good ones, if the guiding critics choose four per song, whose likeness to
                        each other is below 0.6; missing ones count as bad
    complete            songs with four such variations
    alike               likeness of the outputs of a program for different songs, divided by that of
                        the songs; of the chosen ones, of first to last

The same figures are printed for as many random programs, and for random programs whose mean
likeness to training songs is within the bounds. Means over the seeds, and the lowest and highest.
"""

import common  # first: it arranges the import path

# isort: split
from typing import Any

import numpy as np
from evo.experiments.critic import CriticSettings, corpus_of
from evo.experiments.trained_critics import trained_critics
from evo.experiments.vary import EXPERIMENT

from evo.core.settings import changed
from evo.engines import engine_class
from evo.fitness.critic.corpus import of_length
from evo.fitness.critic.panel import Panel
from evo.fitness.variation.choosing import choose
from evo.fitness.variation.fitness import Variation
from evo.fitness.variation.judging import density, likeness, likeness_matrix, mean_likeness
from evo.fitness.variation.themes import themes_of
from evo.music.melody import Bar
from evo.music.song_finder import SongFinder
from genomes.arrays import BoolArray
from genomes.program.edits import first_programs
from genomes.program.programs import Programs
from genomes.program.themes import Themes

WANTED = 4  # variations per theme


def unseen_songs(panel: Panel, fitness: Variation, folder: str) -> Themes:
    """Return the songs of the last fold and of a folder, in the shape of the corpus.

    Args:
        panel: The corpus.
        fitness: Has the songs of the last fold.
        folder: A folder of MIDI files; "" for none.
    """
    bars = panel.bars
    rolls: list[BoolArray] = list(fitness.unseen.onsets)
    steps, keys = panel.songs.shape[1:]
    if folder:
        table = CriticSettings(song=folder, keys=keys, steps_per_beat=panel.style.steps_per_beat)
        others, _, style = corpus_of(table, SongFinder())
        if style.bar != panel.style.bar:
            raise SystemExit(f"{folder}: songs in {style.signature}, not {panel.style.signature}")
        for other in others:
            body = of_length(other[style.lead :], steps - bars.lead, bars.steps)
            rolls.append(np.concatenate([np.zeros((bars.lead, keys), np.bool_), body]))
    return themes_of(np.array(rolls), Bar(*bars[:3]), bars.lead)


def judged(fitness: Variation, programs: Programs, themes: Themes) -> dict[str, float]:
    """Return the figures of programs on unseen songs; see the module's docstring."""
    songs, held_out = themes.onsets, fitness.held_out
    quarter = np.quantile(held_out.judge(songs), 0.25)
    varied = programs.vary(themes)
    fits = fitness.bounds.fit(likeness(varied, songs), density(varied, songs))
    above = np.array([held_out.judge(rolls) for rolls in varied]) >= quarter
    order = -np.arange(len(programs), dtype=np.float64)
    good, complete, pairs = 0, 0, 0.0
    places: list[list[BoolArray]] = [[] for _ in range(WANTED)]
    for index in range(len(songs)):
        one = themes._replace(
            onsets=songs[index : index + 1],
            tonic=themes.tonic[index : index + 1],
            minor=themes.minor[index : index + 1],
        )
        found = choose(fitness.guides, fitness.bounds, one, varied[:, index], order, WANTED)
        complete += len(found.programs) == WANTED
        if len(found.programs):
            good += int((held_out.judge(found.rolls) >= quarter).sum())
            between = likeness_matrix(found.rolls) - np.eye(len(found.rolls))
            pairs = max(pairs, float(between.max()))
        for place, roll in zip(places, found.rolls, strict=False):
            place.append(roll)
    own = float(mean_likeness(songs))
    return {
        "every program": float((fits & above).mean()),
        "within bounds": float(fits.mean()),
        "above a quarter": float(above.mean()),
        "alike": float(mean_likeness(varied).mean()) / own,
        "four per theme": good / (WANTED * len(songs)),
        "complete": complete / len(songs),
        "alike, chosen": float(
            np.mean([mean_likeness(np.array(rolls)) for rolls in places if len(rolls) > 1])
        )
        / own,
        "most alike pair": pairs,
    }


def measured(corpus: str, songs: str, seed: int, generations: int) -> dict[str, dict[str, float]]:
    """Return the figures of one seed, by kind of programs."""
    rolls, names, style = corpus_of(CriticSettings(song=corpus), SongFinder())
    panel = trained_critics(rolls, names, style, seed=seed, rounds=2, show_message=print)
    config = EXPERIMENT.config("map-elites")
    assert EXPERIMENT.follow_up is not None
    config = EXPERIMENT.config("map-elites", EXPERIMENT.follow_up(config, SongFinder()))
    fitness = Variation.of(panel, config.task.bounds())
    engine: Any = engine_class("map-elites")(config.engine, seed=seed)
    for _ in range(generations or config.stop.generations):
        engine.tell(fitness.evaluate(engine.ask(), ()))
    programs = engine.gallery().performers
    rates = changed(config.engine, {}).rates()
    random = first_programs(rates, 20 * len(programs), np.uint64(seed))
    like = fitness.behaviour(random)[:, 0]
    near = np.flatnonzero((like >= fitness.bounds.low) & (like <= fitness.bounds.high))
    themes = unseen_songs(panel, fitness, songs)
    evolved = judged(fitness, programs, themes)
    print(
        f"seed {seed}: {len(programs)} programs, {len(themes.onsets)} unseen songs, good "
        f"{evolved['every program']:.3f}, four per theme {evolved['four per theme']:.3f}",
        flush=True,
    )
    return {
        "evolved": evolved,
        "random": judged(fitness, random.take(range(len(programs))), themes),
        "random, within bounds on average": judged(
            fitness, random.take(near[: len(programs)]), themes
        ),
    }


def main() -> None:
    """Print the figures of all seeds together."""
    parser = common.parser(__doc__, seeds=5, first_seed=100)
    parser.add_argument("--corpus", default="", help="folder to learn from")
    parser.add_argument("--songs", default="", help="folder of further unseen songs")
    parser.add_argument("--generations", type=int, default=0)
    options = parser.parse_args()
    runs = [
        measured(options.corpus, options.songs, seed, options.generations)
        for seed in common.seeds_of(options)
    ]
    figures = {}
    for kind in runs[0]:
        for name in runs[0][kind]:
            values = [run[kind][name] for run in runs]
            figures[f"{kind}: {name}"] = (
                f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
            )
    common.report(figures, options.json, runs)


if __name__ == "__main__":
    main()
