"""Compare whole generations of note grids with DEAP's, and count evaluations to copy a song.

    python benchmarks/grid.py [--json FILE] [--rounds 3] [--seeds 10]
    python benchmarks/grid.py --songs FOLDER         every MIDI file in it instead of four tunes

Speed: a generation of 1,000 grids of 128 steps and 13 keys on one core, against `eaSimple` with
individuals that are lists, as a user of DEAP would write it: the same operators at the same rates,
the same selection, the same fitness (cells that differ from a song), a hall of fame of one. Ours is
ask, evaluation in chunks as in every run, and tell. Figures are medians of ratios of generations
that ran one after the other.

    generation_ratio          against DEAP with the default cloning of a toolbox (deepcopy)
    generation_ratio_cloning  against DEAP with a quick `clone` of the user's own

Copying: evaluations until the fitness of `evo run memorize` finds every step after the first 8
right, for every song and seed:

    credit      as `evo run memorize --genome grid`: a child takes every step from the parent that
                is better there
    elites      the best at every step are kept as before, but crossed at bar lines
    plus        neither: the best 10 of parents and 20 children by the total alone
    1+1         the (1+1) evolutionary algorithm: every cell is flipped with probability
                1 / number of cells
"""

import common  # first: it arranges the import path

# isort: split
import random
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from operator import ne
from typing import Any

import numpy as np
from deap import algorithms, base, tools

from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.ga.engine import GridGA
from evo.engines.ga.settings import GridSettings
from evo.fitness.memorization import Memorization
from evo.music.song import Song
from evo.music.tunes import tune
from evo.workers.serial import Serial
from genomes.grid.grids import Grids
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import CROSSOVERS

STEPS, KEYS, BAR = 128, 13, 8
POPULATION = 1000
TUNES = ("vo-pole-bereza-stoyala", "ode-to-joy", "korobeiniki", "twinkle-twinkle-little-star")
MAX_EVALUATIONS = 200_000  # after which a run counts as not solved


class Likeness:
    """How many cells are as in a song, negated differences: as a fitness of ours."""

    reusable = True

    def __init__(self, song: np.ndarray) -> None:
        self.song = song
        self.nothing = np.zeros((0, KEYS), np.bool_)

    def evaluate(self, performers: Grids, streams: object) -> Scores:
        """The negated number of differences of every grid."""
        played = performers.perform(self.nothing, STEPS)
        different = (played != self.song).reshape(len(played), -1)
        # Eight cells at a time: every one that differs is a bit that is set.
        words = np.bitwise_count(different.view(np.uint64))
        return Scores.of(-words.sum(axis=1, dtype=np.int64))


# DEAP, as its users write it


class Goodness(base.Fitness):
    """A fitness to maximise; its own class, where many use `creator`."""

    weights = (1.0,)


class Individual(list):
    """A grid as a list of 0 and 1, steps one after the other."""

    def __init__(self, cells: list[int]) -> None:
        super().__init__(cells)
        self.fitness = Goodness()


def quick_clone(individual: Individual) -> Individual:
    """Copy an individual faster than deepcopy does."""
    clone = Individual(individual)
    clone.fitness.values = individual.fitness.values
    return clone


def random_individual() -> Individual:
    """A melody of random onsets, of a density of its own."""
    density = random.uniform(0.2, 0.6)
    cells = [0] * (STEPS * KEYS)
    for step in range(STEPS):
        if random.random() < density:
            cells[step * KEYS + random.randrange(KEYS)] = 1
    return Individual(cells)


def mate(one: Individual, other: Individual) -> tuple[Individual, Individual]:
    """Exchange bars: from one bar line on, between two, or by coins."""
    bars, size = STEPS // BAR, BAR * KEYS
    kind = random.randrange(3)
    if kind == 0:
        chosen = range(random.randrange(1, bars), bars)
    elif kind == 1:
        length = random.randrange(1, bars)
        start = random.randrange(bars - length + 1)
        chosen = range(start, start + length)
    else:
        chosen = [bar for bar in range(bars) if random.random() < 0.5]
    for bar in chosen:
        cells = slice(bar * size, (bar + 1) * size)
        one[cells], other[cells] = other[cells], one[cells]
    return one, other


def _phrase(most: int) -> int:
    length = random.choice((1, 2, 4))
    while length > most:
        length //= 2
    return length


def _two_phrases() -> tuple[int, int, int]:
    bars = STEPS // BAR
    length = _phrase(bars // 2)
    one = other = 0
    while abs(one - other) < length:
        one, other = random.randrange(bars - length + 1), random.randrange(bars - length + 1)
    return one * BAR * KEYS, other * BAR * KEYS, length * BAR * KEYS


def _some_phrase() -> tuple[int, int]:
    bars = STEPS // BAR
    length = _phrase(bars)
    first = random.randrange(bars - length + 1)
    return first * BAR * KEYS, (first + length) * BAR * KEYS


def _moved(place: int, distance: int, count: int) -> int:
    distance *= random.choice((-1, 1))
    return place + distance if 0 <= place + distance < count else place - distance


def _pitch(grid: Individual, cell: int) -> None:
    start = cell - cell % KEYS
    if random.random() < 0.5:
        key = _moved(cell - start, random.choice((1, 2)), KEYS)
    else:
        key = random.choice([key for key in range(KEYS) if key != cell - start])
    if not grid[start + key]:
        grid[cell], grid[start + key] = 0, 1


def _add(grid: Individual, step: int) -> None:
    free = [cell for cell in range(step * KEYS, (step + 1) * KEYS) if not grid[cell]]
    if free:
        grid[random.choice(free)] = 1


def _transpose(grid: Individual, first: int, last: int) -> None:
    keys = [cell % KEYS for cell in range(first, last) if grid[cell]]
    if not keys:
        return
    fitting = [by for by in range(-min(keys), KEYS - max(keys)) if by]
    if fitting:
        by = random.choice(fitting)
        cells = grid[first:last]
        grid[first:last] = [0] * by + cells[:-by] if by > 0 else cells[-by:] + [0] * -by


def _edit(grid: Individual, kind: str) -> None:
    if kind in ("pitch", "time", "delete"):
        notes = [cell for cell in range(STEPS * KEYS) if grid[cell]]
        if not notes:
            return
        cell = random.choice(notes)
        if kind == "delete":
            grid[cell] = 0
        elif kind == "pitch":
            _pitch(grid, cell)
        else:
            distance = 1 if random.random() < 0.5 else random.randint(1, BAR)
            step = _moved(cell // KEYS, distance, STEPS)
            there = step * KEYS + cell % KEYS
            if not grid[there]:
                grid[cell], grid[there] = 0, 1
    elif kind == "add":
        _add(grid, random.randrange(STEPS))
    elif kind == "replace":
        first = random.randrange(STEPS) * KEYS
        grid[first : first + KEYS] = [0] * KEYS
        if random.random() < random.uniform(0.2, 0.6):
            grid[first + random.randrange(KEYS)] = 1
    elif kind == "transpose":
        first, last = _some_phrase()
        _transpose(grid, *((0, STEPS * KEYS) if random.random() < 0.25 else (first, last)))
    elif kind == "repeat":
        source, target, length = _two_phrases()
        grid[target : target + length] = grid[source : source + length]
        if random.random() < 0.5:
            if random.random() < 0.5:
                _transpose(grid, target, target + length)
            else:
                for bar in range(target, target + length, BAR * KEYS):
                    step = bar // KEYS + random.randrange(BAR)
                    notes = [c for c in range(step * KEYS, (step + 1) * KEYS) if grid[c]]
                    if notes:
                        _pitch(grid, random.choice(notes))
                    else:
                        _add(grid, step)
    elif kind == "retrograde":
        first, last = _some_phrase()
        steps = [grid[cell : cell + KEYS] for cell in range(first, last, KEYS)]
        grid[first:last] = [cell for step in reversed(steps) for cell in step]
    elif kind == "shift":
        first, last = _some_phrase()
        by = random.randint(1, min(BAR, (last - first) // KEYS - 1)) * random.choice((-KEYS, KEYS))
        cells = grid[first:last]
        grid[first:last] = cells[-by:] + cells[:-by]
    else:
        one, other, length = _two_phrases()
        a, b = slice(one, one + length), slice(other, other + length)
        grid[a], grid[b] = grid[b], grid[a]


def mutate(grid: Individual, weights: list[float], edits: float) -> tuple[Individual]:
    """Make edits: a geometric number of them, each of a kind drawn by the weights."""
    while True:
        _edit(grid, random.choices(MUTATIONS, weights)[0])
        if random.random() >= 1 - 1 / edits:
            return (grid,)


class Theirs:
    """DEAP's `eaSimple`, some generations at a time."""

    def __init__(self, song: np.ndarray, settings: GridSettings, quick: bool) -> None:
        cells = song.astype(int).reshape(-1).tolist()
        crossover, mutation = settings.crossover, settings.mutation
        toolbox = base.Toolbox()
        toolbox.register("evaluate", lambda individual: (-sum(map(ne, individual, cells)),))
        toolbox.register("select", tools.selTournament, tournsize=3)
        toolbox.register("mate", mate)
        weights = [getattr(mutation, kind) for kind in MUTATIONS]
        toolbox.register("mutate", mutate, weights=weights, edits=mutation.edits)
        if quick:
            toolbox.register("clone", quick_clone)
        self.toolbox = toolbox
        self.crossed = crossover.rate
        # Ours mutates every child that is not crossed, and this share of the others.
        self.mutated = 1 - self.crossed * (1 - mutation.rate)
        self.population = [random_individual() for _ in range(POPULATION)]
        self.best = tools.HallOfFame(1)
        self.generations(1)  # evaluates the first

    def generations(self, count: int) -> float:
        """Seconds a generation, of `count`."""
        started = time.perf_counter()
        self.population, _ = algorithms.eaSimple(
            self.population, self.toolbox, self.crossed, self.mutated, count,
            halloffame=self.best, verbose=False,
        )  # fmt: skip
        return (time.perf_counter() - started) / count


class Ours:
    """The same by our engine."""

    def __init__(self, song: np.ndarray, settings: GridSettings) -> None:
        self.engine = GridGA(settings, seed=0)
        self.fitness = Likeness(song)
        self.evaluator = Serial(0, common.CHUNK_SIZE)

    def generations(self, count: int) -> float:
        """Seconds a generation, the median of `count`."""
        seconds = []
        for _ in range(count):
            started = time.perf_counter()
            performers = self.engine.ask()
            scores = self.evaluator.evaluate(self.fitness, performers, self.engine.generation)
            self.engine.tell(scores)
            seconds.append(time.perf_counter() - started)
        return float(np.median(seconds))


def speed(rounds: int) -> dict[str, float]:
    """Ratios of DEAP's generation to ours."""
    random.seed(0)
    song = tune(TUNES[0]).onsets
    settings = changed(
        GridGA.of_shape(GridSettings(), STEPS, KEYS),
        {"population": {"size": POPULATION, "elitism": 0}},  # eaSimple has no elitism
    )
    ours = Ours(song, settings)
    ours.generations(5)  # compiles
    figures = {}
    for name, quick in (("generation_ratio", False), ("generation_ratio_cloning", True)):
        theirs = Theirs(song, settings, quick)
        ratios, mine = [], []
        for _ in range(rounds):
            mine.append(ours.generations(25))
            other = theirs.generations(2)
            ratios.append(other / mine[-1])
            print(
                f"{name}: ours {1e3 * mine[-1]:.2f} ms, DEAP {1e3 * other:.0f} ms, "
                f"ratio {ratios[-1]:.0f}"
            )
        figures[name] = float(np.median(ratios))
        figures["ours_milliseconds"] = 1e3 * float(np.median(mine))
    return figures


# Copying a song


# Changes of the settings of `evo run memorize --genome grid`, by the way of breeding.
ELITES = {
    "crossover": dict.fromkeys(CROSSOVERS, 1.0) | {"rate": 0.7, "credit": 0.0},
    "mutation": {"edits": 1.5},
}
WAYS: dict[str, dict[str, Any]] = {
    "credit": {},
    "elites": ELITES,
    "plus": ELITES
    | {
        "population": {"survival": "plus", "parents": 10, "size": 20},
        "selection": {"kind": "tournament"},
    },
}


def bred(song: Song, fitness: Memorization, way: str, seed: int) -> int:
    """Return the evaluations until the engine has copied the song, at most the maximum."""
    settings = ["stop.generations=0", f"stop.evaluations={MAX_EVALUATIONS}"]
    config, _ = common.configured("memorize", settings, [song], genome="grid", seed=seed)
    for _, record in common.evolve(config.changed({"ga": WAYS[way]}), fitness):
        evaluations, solved = record["evaluations"], record["figures"]["solved"]
    return evaluations if solved else MAX_EVALUATIONS


def one_plus_one(song: Song, fitness: Memorization, seed: int) -> int:
    """Return the evaluations until the (1+1) evolutionary algorithm has copied the song."""
    generator = np.random.default_rng(seed)
    parent = np.zeros((1, *song.onsets.shape), np.bool_)
    best = fitness.evaluate(Grids(parent), ()).total[0]
    for evaluations in range(2, MAX_EVALUATIONS):
        flips = generator.random(parent.shape) < 1 / parent.size
        child = parent ^ flips
        score = fitness.evaluate(Grids(child), ()).total[0]
        if score > best and fitness.figures(Grids(child))["solved"]:
            return evaluations
        if score >= best:
            parent, best = child, score
    return MAX_EVALUATIONS


def copying(songs: list[Song], seeds: int, ways: list[str]) -> dict[str, Any]:
    """Return figures of the evaluations of every way on all songs."""
    figures: dict[str, Any] = {}
    for way in ways:
        everything = []
        for song in songs:
            fitness = Memorization([song])
            run: Callable[[int], int]
            if way == "1+1":
                run = lambda seed: one_plus_one(song, fitness, seed)  # noqa: B023, E731
            else:
                run = lambda seed: bred(song, fitness, way, seed)  # noqa: B023, E731
            needed = [run(seed) for seed in range(seeds)]
            solved = sum(count < MAX_EVALUATIONS for count in needed)
            everything += needed
            print(
                f"{way:7} {song.name:30} median {statistics.median(needed):>8,.0f}, "
                f"{solved} of {seeds}: {' '.join(map(str, sorted(needed)))}",
                flush=True,
            )
        figures[f"copying, {way}"] = {
            "median_evaluations": statistics.median(everything),
            "most_evaluations": max(everything),
            "solved": sum(count < MAX_EVALUATIONS for count in everything),
            "runs": len(everything),
        }
    return figures


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--songs", help="a folder of MIDI files; by default four embedded tunes")
    parser.add_argument("--ways", default="credit,elites,plus,1+1", help="of copying; or none")
    options = parser.parse_args()
    figures: dict[str, Any] = {"deap": version("deap")}
    if options.rounds:
        figures |= speed(options.rounds)
    songs = common.find_songs(options.songs) if options.songs else [tune(name) for name in TUNES]
    ways = [way for way in options.ways.split(",") if way != "none"]
    figures |= copying(songs, options.seeds, ways)
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
