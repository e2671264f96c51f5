"""Draw three ways to learn a book of songs: networks by edits, formulas, networks of -1 and 1.

    python benchmarks/book_figure.py FOLDER --steps 128 --seeds 3 --out docs/book.png

Every song of the folder that fits 13 keys is learned by one player, given 8 steps of each song. The
figure has the share of achievable steps that are right with teacher forcing, and the size of the
player, over processor time. It also marks what the research reached that this project began with:
NEAT's best step of one song; the size of rule lists that were written by a greedy procedure, not
evolved, for one song and for 31; and the hidden neurons of networks of -1 and 1 for one song.
"""

import common  # first: it arranges the import path

# isort: split
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import songs as books
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from evo.analysis.plot.style import BLUE, GREEN, VERMILLION, caption, new_figure, style, title
from evo.music.song import Song

KINDS = {
    "networks, children as edits": (BLUE, "connections", ("neat", ())),
    "Boolean formulas": (GREEN, "literals", ("anneal", ())),
    "networks of -1 and 1": (
        VERMILLION,
        "connections",
        ("neat", ("neat.Selection.weights=-1 1",)),
    ),
}
# NEAT's step of one song of 128; literals of greedy rule lists for one song and 31; hidden neurons.
NEAT_STEP, GREEDY_ONE, GREEDY_BOOK, NEURONS = 27 / 128, 404, 12_304, 54


class Course(NamedTuple):
    """Course of one run, one entry per evaluation.

    Attributes:
        seconds: Processor time.
        share: Share of the achievable steps that are right.
        size: Size of the player.
    """

    seconds: list[float]
    share: list[float]
    size: list[float]


def learn(songs: Sequence[Song], engine: str, settings: Sequence[str], limit: float) -> Course:
    """Return the course of a run.

    Args:
        songs: Songs to learn.
        engine: The engine's name.
        settings: As after --set.
        limit: Seconds of the run.
    """
    given = ["stop.generations=0", "stop.stagnation=0", *settings]
    course = Course([], [], [])
    for seconds, share, record in books.course(list(songs), given, engine=engine):
        figures = record["engine"]
        course.seconds.append(seconds)
        course.share.append(share)
        course.size.append(figures.get("literals", figures.get("mean_connections", 0)))
        if seconds > limit:
            break
    return course


def _draw(left: Axes, right: Axes, courses: dict[str, list[Course]]) -> None:
    for name, (colour, unit, _) in KINDS.items():
        for number, course in enumerate(courses[name]):
            words = f"{name} ({unit})" if number == 0 else None
            left.plot(course.seconds, course.share, color=colour, label=words)
            right.plot(course.seconds, course.size, color=colour)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
        axes.set_xlabel("seconds of processor time")
    left.set_ylabel("share of the book right")
    left.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    right.set_yscale("log")
    right.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
    right.set_ylabel("connections, or literals")
    marks = (
        (GREEDY_BOOK, "greedy rule list for 31 songs, not evolved"),
        (GREEDY_ONE, "the same for one song"),
        (NEURONS, "hidden neurons of -1 and 1, one song"),
    )
    for size, words in marks:
        right.axhline(size, color="0.6", linestyle=":", linewidth=1)
        right.text(0.98, size, words, transform=right.get_yaxis_transform(), fontsize=7,
                   color="0.35", ha="right", va="bottom")  # fmt: skip
    left.axhline(NEAT_STEP, color="0.6", linestyle=":", linewidth=1)
    left.text(0.98, NEAT_STEP, "NEAT then: step 27 of 128 of one song", fontsize=7, color="0.35",
              transform=left.get_yaxis_transform(), ha="right", va="bottom")  # fmt: skip
    left.legend(loc="center right", fontsize=7.5)


def main() -> None:
    """Learn, draw and print."""
    parser = common.parser(__doc__, seeds=3)
    parser.add_argument("songs", help="`tunes`, or a folder of MIDI files")
    parser.add_argument("--steps", type=int, default=1, help="repeat songs up to this length")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of a run")
    parser.add_argument("--out", type=Path, required=True, help="the PNG file")
    options = parser.parse_args()
    songs = common.find_songs(options.songs, options.steps)
    songs = [song for song in songs if song.keys == 13]
    courses = {}
    for name, (_, _, (engine, settings)) in KINDS.items():
        learn(songs[:1], engine, settings, 5.0)  # compiles
        courses[name] = [
            learn(songs, engine, [f"run.seed={seed}", *settings, *options.set], options.limit)
            for seed in common.seeds_of(options)
        ]
    steps = sum(song.steps for song in songs)
    with style():
        figure = new_figure(9.0, 4.0, foot=0.25)
        left, right = figure.subplots(1, 2)
        _draw(left, right, courses)
        title(figure, f"{len(songs)} songs in one player", f"{steps:,} steps, one line per seed")
        caption(figure, "One core. Dotted: what the research reached that this began with.")
        figure.savefig(options.out)
    figures: dict[str, float] = {}
    for name, runs in courses.items():
        figures[f"{name}: least share"] = min(run.share[-1] for run in runs)
        figures[f"{name}: most seconds"] = max(run.seconds[-1] for run in runs)
        figures[f"{name}: largest"] = max(run.size[-1] for run in runs)
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
