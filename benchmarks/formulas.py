"""Measure formulas: exact songs, their size beside a greedy rule list and genetic programming.

    python benchmarks/formulas.py song --songs FOLDER --seeds 10
    python benchmarks/formulas.py songs --songs FOLDER     every song by itself, and greedy
    python benchmarks/formulas.py book --songs FOLDER      all songs in one formula
    python benchmarks/formulas.py keys --songs FOLDER      all songs in all transpositions
    python benchmarks/formulas.py deap --songs FOLDER --seconds 10
    python benchmarks/formulas.py held-out --songs FOLDER  five folds, F1 of onsets

Songs are whole bars of 13 keys, and their first 8 steps are given. With --steps 128, every song is
repeated or cut to that length. Seconds are processor time. A song counts as exact if
`formula.json`, read by the lines in `genomes.formula.text`, plays it in closed loop. Greedy is the
rule list that adds, step after step, the shortest conjunction that corrects the first wrong step.
"""

import common  # first: it arranges the import path

# isort: split
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evo.core.scores import Scores
from evo.engines.anneal.engine import Anneal
from evo.engines.deap.formula import FormulaDeap
from genomes.formula.formulas import Formulas
from genomes.formula.player import FormulaPlayer
from genomes.lessons import Lessons, Taught

KEYS, PROMPT, BAR = 13, 8, 8
PLAYER = FormulaPlayer(KEYS, tuple(range(1, 65)), bar=BAR)
FOLDS, PATIENCE = 5, 10


def rolls_of(folder: str | None, steps: int) -> list[Any]:
    """Return the songs as bool (steps, 13).

    Args:
        folder: Folder of MIDI files; None for the embedded tunes.
        steps: Steps to repeat or cut every song to; 0 for its own.
    """
    rolls = []
    for song in common.find_songs(folder):
        if song.keys > KEYS:
            continue
        roll = np.pad(song.onsets, ((0, 0), (0, KEYS - song.keys)))
        rolls.append(np.concatenate([roll] * -(-steps // len(roll)))[:steps] if steps else roll)
    return rolls


def transpositions(rolls: Sequence[Any]) -> list[Any]:
    """Return every song in all keys in which it fits."""
    found = []
    for roll in rolls:
        used = np.flatnonzero(roll.any(axis=0))
        found += [np.roll(roll, by, axis=1) for by in range(-used[0], KEYS - used[-1])]
    return found


# The evaluation of formula.json, as in the docstring of `genomes.formula.text`.
def plays(document: Any, played: Any, step: int, key: int) -> bool:
    """Return whether a key sounds at a step."""
    span = document["keys"] // document["planes"]
    relative, sounds = document["relative"], False
    for rule in document["lists"][key // span if relative else key]:
        if all(holds(document, played, step, key % span, one) for one in rule["if"]):
            sounds = rule["sounds"]
    return sounds


def holds(document: Any, played: Any, step: int, key: int, literal: Any) -> bool:
    """Return whether a literal is true at a step."""
    if "position" in literal:
        true = step % document["bar"] == literal["position"]
    else:
        span = document["keys"] // document["planes"]
        read, back = literal.get("key"), step - literal["ago"]
        if read is None and 0 <= key + literal["interval"] < span:
            read = literal["plane"] * span + key + literal["interval"]
        true = back >= 0 and read is not None and bool(played[back][read])
    return true != literal.get("not", False)


def is_exact(formula: Formulas, roll: Any) -> bool:
    """Return whether the exported text plays a song in closed loop."""
    document = json.loads(formula.export({})["formula.json"])
    played = roll[:PROMPT].tolist()
    for step in range(PROMPT, len(roll)):
        played.append([plays(document, played, step, key) for key in range(KEYS)])
    return bool((np.array(played) == roll).all())


def searched(
    rolls: Sequence[Any], seed: int, player: FormulaPlayer = PLAYER, **annealing: Any
) -> Iterator[tuple[Anneal, dict[str, Any]]]:
    """Yield the engine and its figures after every generation, with the preset of memorize.

    Args:
        rolls: The songs.
        seed: Random seed.
        player: What formulas read.
        annealing: Settings of the search.
    """
    settings = {
        "formula": {"inputs": player.inputs, "keys": player.keys, "rules": 1024},
        "population": {"size": 1},
        "annealing": annealing,
    }
    engine = Anneal(settings, seed=seed, player=player)
    start = time.process_time()
    engine.teach(Taught(tuple(rolls), PROMPT, BAR))
    while True:
        engine.tell(Scores.of(np.zeros(1)))
        yield engine, engine.statistics() | {"seconds": time.process_time() - start}


def shortest(rolls: Sequence[Any], seed: int, **annealing: Any) -> tuple[Formulas, dict[str, Any]]:
    """Return the formula of a search that stopped by the preset of memorize, and figures.

    `exact` is the time until it was exact, `seconds` that until the last shorter one was found,
    `total` that of the whole search.
    """
    best, since, exact = (10**9, 10**9), 0, None
    for engine, figures in searched(rolls, seed, **annealing):  # noqa: B007
        cost = (figures["wrong"], figures["literals"])
        if figures["wrong"] == 0 and exact is None:
            exact = figures["seconds"]
        if cost < best:
            best, since, found = cost, 0, figures
        since += 1
        if since > PATIENCE:
            break
    return engine.ask().take([0]), found | {"exact": exact, "total": figures["seconds"]}


def right_steps(formula: Formulas, rolls: Sequence[Any]) -> int:
    """Return the steps that are right after the true past."""
    total = 0
    for roll in rolls:
        said = formula.follow(roll)[0, PROMPT:] > 0
        total += int((said == roll[PROMPT:]).all(axis=1).sum())
    return total


def greedy(lessons: Lessons) -> tuple[int, int]:
    """Return literals and rules of the greedy rule lists, one per output.

    Step after step, the first wrong one is corrected by the shortest conjunction of inputs that are
    true there, which holds at no earlier step that it would spoil.
    """
    size = rules = 0
    read = lessons.inputs.T
    for wanted in lessons.wanted:
        value = np.zeros(len(read), np.bool_)
        for step in range(len(read)):
            if value[step] == wanted[step]:
                continue
            true = np.flatnonzero(read[step])
            before = read[:step][wanted[:step] != wanted[step]][:, true]
            chosen = shortest_conjunction(before)
            if chosen is None:  # an earlier window contains this one: negated inputs, too
                both = np.concatenate([read, ~read], axis=1)
                true = np.flatnonzero(both[step])
                chosen = shortest_conjunction(both[:step][wanted[:step] != wanted[step]][:, true])
                held = both[:, true[chosen]].all(axis=1)
            else:
                held = read[:, true[chosen]].all(axis=1)
            value[held] = wanted[step]
            size, rules = size + len(chosen), rules + 1
    return size, rules


def shortest_conjunction(spoiled: Any) -> list[int] | None:
    """Return the fewest columns that are never all true: exact up to 2, then greedy; or None."""
    count = spoiled.sum(axis=0)
    if (count == 0).any():
        return [int(np.argmin(count))]
    table = spoiled.astype(np.float32)
    pairs = table.T @ table
    if (pairs == 0).any():
        return [int(place) for place in np.argwhere(pairs == 0)[0]]
    chosen: list[int] = []
    left = np.ones(len(spoiled), np.bool_)
    while left.any():
        count = spoiled[left].sum(axis=0)
        best = int(np.argmin(count))
        if count[best] == left.sum():
            return None
        chosen.append(best)
        left &= spoiled[:, best]
    return chosen


def song(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Measure the first song with every seed."""
    found = [shortest(rolls[:1], seed) for seed in common.seeds_of(options)]
    figures = {name: [one[name] for _, one in found] for name in ("literals", "exact", "seconds")}
    for seed, (_, one) in zip(common.seeds_of(options), found, strict=True):
        print(f"seed {seed}: " + ", ".join(f"{k} {one[k]:.4g}" for k in (*figures, "total")))
    return {
        "exact in closed loop, by the JSON": sum(is_exact(one, rolls[0]) for one, _ in found),
        "literals, least": min(figures["literals"]),
        "literals, most": max(figures["literals"]),
        "seconds until exact, most": max(figures["exact"]),
        "seconds until the last shorter one, median": float(np.median(figures["seconds"])),
        "seconds until the last shorter one, most": max(figures["seconds"]),
        "greedy literals": greedy(PLAYER.lessons(Taught(tuple(rolls[:1]), PROMPT)))[0],
    }


def songs(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Measure every song by itself."""
    exact = achieved = literals = by_greedy = 0
    seconds = 0.0
    for number, roll in enumerate(rolls, start=1):
        lessons = PLAYER.lessons(Taught((roll,), PROMPT))
        formula, figures = shortest([roll], options.first_seed)
        by_greedy += greedy(lessons)[0]
        right = right_steps(formula, [roll])
        achieved += right == lessons.achievable
        exact += is_exact(formula, roll)
        literals, seconds = literals + figures["literals"], seconds + figures["total"]
        print(f"song {number}: {figures['literals']} literals, {right} of {lessons.steps} right")
    return {
        "songs": len(rolls),
        "all achievable steps right": achieved,
        "exact in closed loop, by the JSON": exact,
        "literals": literals,
        "greedy literals": by_greedy,
        "share of greedy": literals / by_greedy,
        "seconds": seconds,
    }


def book(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Measure all songs in one formula, and print how it goes."""
    lessons, reached = PLAYER.lessons(Taught(tuple(rolls), PROMPT)), None
    for engine, figures in searched(rolls, options.first_seed):
        right = right_steps(engine.ask().take([0]), rolls)
        share = right / lessons.achievable
        print(
            f"{figures['seconds']:7.1f} s: {right} of {lessons.achievable} achievable, "
            f"{figures['literals']} literals, {figures['wrong']} wrong keys",
            flush=True,
        )
        if share >= 0.993 and reached is None:
            reached = (figures["seconds"], figures["literals"])
        if figures["seconds"] > options.seconds or engine.generation >= options.generations:
            break
    of_greedy, _ = greedy(lessons) if options.greedy else (0, 0)
    return {
        "steps": lessons.steps,
        "right": right,
        "achievable": lessons.achievable,
        "literals": figures["literals"],
        "seconds": figures["seconds"],
        "seconds, literals at 99.3 %": reached,
        "greedy literals": of_greedy or "not measured",
    }


def keys(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Measure all songs in all transpositions in one formula."""
    return book(options, transpositions(rolls))


def deap(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Compare with DEAP's genetic programming at equal processor time, one song."""
    from evo.fitness.memorization import Memorization

    first = common.find_songs(options.songs)[0]
    fitness = Memorization([first], PROMPT)
    player = FormulaPlayer(first.keys, PLAYER.lags, bar=BAR)
    settings = {
        "formula": {"inputs": player.inputs, "keys": player.keys},
        "population": {"size": 200},
        "algorithm": {"cxpb": 0.6, "mutpb": 0.35},
    }
    figures: dict[str, Any] = {}
    for seed in common.seeds_of(options):
        engine = FormulaDeap(settings, seed=seed, player=player)
        start = time.process_time()
        while time.process_time() - start < options.seconds:
            engine.tell(fitness.evaluate(engine.ask(), ()))
        champion = engine.champion.performers
        right = right_steps(champion, [first.onsets])
        _, ours = shortest([first.onsets], seed, player=player)
        figures[f"seed {seed}"] = (
            f"DEAP {right} of {first.steps - PROMPT} steps, {len(champion.literal)} literals, "
            f"{engine.generation} generations; anneal {ours['wrong']} wrong keys, "
            f"{ours['literals']} literals, exact after {ours['exact']:.2f} s"
        )
    return figures


def held_out(options: Any, rolls: list[Any]) -> dict[str, Any]:
    """Measure formulas on songs that they have not learned."""
    figures: dict[str, Any] = {}
    for lag in (16, 32, 64):
        said = [np.concatenate([np.zeros((lag, KEYS), np.bool_), roll[:-lag]]) for roll in rolls]
        figures[f"F1 of repeating {lag} steps ago"] = f1(said, rolls)
    ways = {
        "one list for all keys, intervals": (True, 0.25, 1),
        "the same, steps with onsets count twice": (True, 0.25, 2),
        "the same, three times": (True, 0.25, 3),
        "a list per key": (False, 0.5, 1),
    }
    for name, (relative, error, sounding) in ways.items():
        player = FormulaPlayer(KEYS, PLAYER.lags, bar=BAR, relative=relative)
        said, tested, sizes = [], [], []
        for fold in range(FOLDS):
            learned = [roll for place, roll in enumerate(rolls) if place % FOLDS != fold]
            search = searched(
                learned, options.first_seed, player, error=error, hot=0.3, reheated=0.3,
                cold=0.05, growth=1.0, edits=options.edits, sounding=sounding,
            )  # fmt: skip
            engine, found = next(itertools.islice(search, 9, None))
            test = rolls[fold::FOLDS]
            said += [engine.ask().follow(roll)[0] > 0 for roll in test]
            tested += test
            sizes.append(found["literals"])
        figures[f"F1 of {name}"] = f"{f1(said, tested):.3f}, {sizes} literals"
    return figures


def f1(said: Sequence[Any], rolls: Sequence[Any]) -> float:
    """Return the F1 of onsets after the prompts."""
    pairs = [(a[PROMPT:], b[PROMPT:]) for a, b in zip(said, rolls, strict=True)]
    hit = sum(int((a & b).sum()) for a, b in pairs)
    return 2 * hit / max(sum(int(a.sum() + b.sum()) for a, b in pairs), 1)


def main() -> None:
    """Measure one part, and print its figures."""
    parts = {
        "song": song, "songs": songs, "book": book, "keys": keys, "deap": deap,
        "held-out": held_out,
    }  # fmt: skip
    parser = common.parser(__doc__, seeds=1, first_seed=1)
    parser.add_argument("part", choices=list(parts))
    parser.add_argument("--songs", help="folder of MIDI files; the embedded tunes by default")
    parser.add_argument("--steps", type=int, default=0, help="repeat or cut songs to this length")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of processor time")
    parser.add_argument("--generations", type=int, default=20, help="limit, of book and keys")
    parser.add_argument("--edits", type=int, default=20_000, help="per generation, of held-out")
    parser.add_argument("--greedy", action="store_true", help="the greedy list of book and keys")
    options = parser.parse_args()
    for _ in searched([np.eye(KEYS, dtype=np.bool_)], 0, edits=1):  # compile first
        break
    figures = parts[options.part](options, rolls_of(options.songs, options.steps))
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
