"""Where nothing is compiled (NUMBA_DISABLE_JIT) the genomes work all the same, slowly.

This file is also the script that both processes run.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from evo.engines.neat.innovations import Innovations
from genomes.formula.edits import EditRates as RuleRates
from genomes.formula.edits import edit_lists
from genomes.formula.formulas import Formulas
from genomes.formula.lists import formulas_in, lists_of
from genomes.formula.packing import pack_lessons
from genomes.formula.player import FormulaPlayer
from genomes.formula.search import Annealing, search_lists
from genomes.grid.cells import GridRates
from genomes.grid.grids import Grids
from genomes.grid.operators import breed_grids, cross_grids, first_grids
from genomes.history_user.networks import ARCHITECTURES, HistoryUsers, Shape
from genomes.lessons import Lessons, Taught
from genomes.network.assembly.edits import Rates as EditRates
from genomes.network.assembly.from_network import parts_of_network
from genomes.network.assembly.offspring import (
    draw_children,
    genes_of_parts,
    merge_children,
    parts_of_children,
)
from genomes.network.assembly.parts import silent
from genomes.network.assembly.reading import Reading
from genomes.network.assembly.rounds import Search, improve
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.genes import Genes
from genomes.network.networks import Networks, genes_of
from genomes.network.rates import Attribute, Choice, Rates
from genomes.network.single import Network
from genomes.network.speciation import speciate
from genomes.network.variation import breed
from genomes.player import Player
from genomes.program.edits import ProgramRates, breed_programs, first_programs
from genomes.program.themes import Themes
from genomes.reader.corpus import Corpus
from genomes.reader.player import PRIORS, ReaderPlayer
from genomes.reader.readers import Readers

Results = dict[str, np.ndarray]

PLAYER = Player(keys=3, lags=(1, 2))
INPUTS, KEYS = PLAYER.inputs, PLAYER.keys
KEY = np.uint64(1 << 63)
ROLL = np.random.default_rng(1).random((9, KEYS)) < 0.3


def streams(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng(i) for i in range(n)]


def genes(n: int, outputs: int, links: int) -> Genes:
    """Return n networks whose first inputs lead to all outputs."""
    random = np.random.default_rng(2)
    return Genes(
        node_offsets=np.arange(n + 1) * outputs,
        node_id=np.tile(np.arange(outputs), n),
        bias=random.standard_normal(n * outputs),
        response=np.ones(n * outputs),
        activation=np.zeros(n * outputs, np.uint8),
        aggregation=np.zeros(n * outputs, np.uint8),
        connection_offsets=np.arange(n + 1) * links * outputs,
        innovation=np.tile(np.arange(links * outputs), n),
        source=np.tile(-1 - np.arange(links), n * outputs),
        target=np.tile(np.repeat(np.arange(outputs), links), n),
        weight=random.standard_normal(n * links * outputs),
        enabled=np.ones(n * links * outputs, np.bool_),
    )


def networks(feed_forward: bool) -> Results:
    """Return a population after some generations, its performances and its species."""
    n, results = 4, {}
    number = Attribute(0.0, 1.0, False, -30.0, 30.0, 0.5, 0.5, 0.1)
    codes = [Choice(-1, np.arange(len(table), dtype=np.uint8), 0.3)
             for table in (ACTIVATIONS, AGGREGATIONS)]  # fmt: skip
    rates = Rates(
        INPUTS, KEYS, feed_forward, 0.5, 0.2, 0.5, 0.2, False, False, 1, 0.1, 0.0, 0.0,
        number, number, number, *codes, np.empty(0),
    )  # fmt: skip
    now, innovations = genes(n, KEYS, INPUTS), Innovations(100, 1000)
    for generation in range(6):
        parents = np.random.default_rng(generation).integers(0, n, (2, n))
        now, split = breed(
            rates, now, *parents, np.ones(n, np.bool_), KEY + np.uint64(generation)
        )  # fmt: skip
        innovations.number(now, split)
    batch = Networks(INPUTS, KEYS, feed_forward, **now._asdict(), player=PLAYER)
    results |= batch.to_arrays()
    results["follow"] = batch.follow(ROLL)
    for temperature in (0.0, 0.7):
        results[f"played {temperature}"] = batch.perform(ROLL[:3], 9, streams(n), temperature)
    inputs = np.random.default_rng(3).standard_normal((5, n, INPUTS))
    for time_step in (None, 0.1):
        stepper = batch.stepper(time_step)
        results[f"steps {time_step}"] = np.stack([stepper.step(rows) for rows in inputs])
    one = Network.each(batch)[1]
    results["steps of one"] = np.array([one.step(rows[1]) for rows in inputs])
    species = speciate(genes_of(batch), genes_of(batch.take([0])), 1.0, 1.0, 0.5)
    return results | {"species": species[0], "representatives": species[1]}


def assemblies() -> Results:
    """Return parts with edits, the networks they are, and parts improved by lessons."""
    edits = EditRates(0.1, 0.4, 0.3, 0.1, 0.5, 0.2, 0.2, 0.1, 0.3, 0.3, 0.05, 2.0, 0.5,
                      np.empty(0), False)  # fmt: skip
    parts = silent(INPUTS, 2 * KEYS, -1.0)
    rows = np.arange(2 * KEYS).reshape(2, KEYS)
    for generation in range(12):
        children = draw_children(edits, parts, rows, rows >= 0, KEY + np.uint64(generation))
        parts = parts_of_children(parts, children, False)
    windows = np.random.default_rng(3).random((INPUTS, 40)) < 0.4
    lessons = Lessons.of(windows, np.random.default_rng(4).random((KEYS, 40)) < 0.3)
    one = Networks(INPUTS, KEYS, True, **genes_of_parts(parts, KEYS)._asdict()).take([0])
    better = parts_of_network(one)
    for temperature in (0.0, 0.2):
        better, right, judged = improve(
            Search(edits, 12, 5, 0.1, 1.0, 0.0, temperature), Reading.of(lessons.inputs),
            lessons.wanted, better, np.arange(KEYS) == 1, KEY,
        )  # fmt: skip
    merged = merge_children(
        parts, children, np.zeros(KEYS, np.int64), np.ones(KEYS, np.int64),
        np.zeros(KEYS, np.int64), np.arange(KEYS + 1), edits,
    )  # fmt: skip
    return {"right": right, "judged": judged} | {
        f"{kind} {name}": array
        for kind, found in (("child", parts), ("better", better), ("merged", merged))
        for name, array in found._asdict().items()
    }


def grids() -> Results:
    """Return grids bred by every operator, and their outputs."""
    quarters, evenly = np.linspace(0.25, 1.0, 4), np.linspace(0.1, 1.0, 10)
    rates = GridRates(8, KEYS, 4, 2, 2, 0.2, 0.6, 0.7, quarters, 0.5, 0.5, evenly, 0.5)
    pool = first_grids(rates, 6, KEY)
    cases = np.random.default_rng(3).random((6, 8)).astype(np.float32)
    parents = np.random.default_rng(4).integers(0, 6, (30, 2))
    bred = Grids(breed_grids(rates, pool, cases, parents, 2, KEY).reshape(30, 8, KEYS))
    crossed = cross_grids(rates, pool, cases, parents, KEY)
    return {"notes": bred.notes, "follow": bred.follow(ROLL), "crossed": crossed}


def formulas() -> Results:
    """Return formulas edited and annealed, and their performances."""
    results: Results = {}
    for relative in (False, True):
        player = FormulaPlayer(KEYS, (1, 2, 5), bar=4, relative=relative)
        lists = lists_of(Formulas.silent(player, 2), 5, 3)
        rates, count = RuleRates(player.inputs, 0.2, 0.3, 0.2), len(lists.counts)
        edit_lists(rates, lists, np.full(count, 4), KEY)
        best, lessons = lists.copy(), pack_lessons(player.lessons(Taught((ROLL,), 2)))
        cooling = Annealing(0.8, 0.1, 6.0, 0.9, 0.2)
        wrong = search_lists(lessons, cooling, np.full(count, 60), lists, best, KEY)
        batch = formulas_in(best, player)
        results |= {f"{relative} {name}": array for name, array in batch.to_arrays().items()}
        results |= {f"wrong {relative}": wrong, f"follow {relative}": batch.follow(ROLL)}
        for temperature in (0.0, 0.7):
            played = batch.perform(ROLL[:3], 9, streams(2), temperature)
            results[f"played {temperature} {relative}"] = played
    return results


def history_users() -> Results:
    """Return the outputs and performances of HistoryUsers of every architecture."""
    results: Results = {}
    for kind in ARCHITECTURES:
        shape = Shape(KEYS, 0, (5, 17), (1, 3, 4), kind, 6)
        users = HistoryUsers.initial(shape, np.random.default_rng(5), 2, scale=2.0)
        sequences = np.random.default_rng(6).random((1, 17, 7, KEYS)).astype(np.float32)
        results[f"near forward {kind}"] = users.forward(sequences)
        results[f"near follow {kind}"] = users.follow(ROLL)
        results[f"played {kind}"] = users.perform(ROLL[:3], 9, streams(2), 0.01)
        if kind != "lstm":
            results[f"near attention {kind}"] = users.attention(sequences)
    return results


def programs() -> Results:
    """Return bred programs, and their variations of melodies."""
    rates = ProgramRates(first=8)
    pool = first_programs(rates, 20, KEY)
    parents = np.random.default_rng(4).integers(0, 20, (30, 2))
    bred = breed_programs(rates, pool, parents, KEY)
    onsets = np.random.default_rng(5).random((2, 70, 13)) < 0.06
    themes = Themes.of(onsets, [2, 7], [1, 0], lead=6, bar=8, beat=2)
    return bred.to_arrays() | {"varied": bred.vary(themes)}


def readers() -> Results:
    """Return the probabilities and performances of readers with every prior."""
    results: Results = {}
    songs = tuple(np.random.default_rng(seed).random((24, KEYS)) < 0.2 for seed in range(3))
    for prior in PRIORS:
        for melody in (False, True):
            player = ReaderPlayer(KEYS, bar=4, prior=prior, melody=melody, transposed=melody)
            weights = np.random.default_rng(7).standard_normal((2, player.weights))
            batch = Readers(Corpus.of(player, songs), weights.astype(np.float32))
            results[f"chances {prior} {melody}"] = batch.probabilities([songs[0]])[0]
            results[f"follow {prior} {melody}"] = batch.follow(ROLL)
            for temperature in (0.0, 0.7):
                played = batch.perform(ROLL[:3], 20, streams(2), temperature)
                results[f"played {prior} {melody} {temperature}"] = played
    return results


def computed(path: Path, disabled: str) -> Results:
    """Return the results of a separate process."""
    subprocess.run(
        [sys.executable, "-W", "error", __file__, str(path)],
        env=os.environ | {"NUMBA_DISABLE_JIT": disabled},
        check=True,
    )
    with np.load(path) as arrays:
        return dict(arrays)


def test_nothing_differs_where_nothing_is_compiled(tmp_path: Path) -> None:
    compiled, uncompiled = (computed(tmp_path / f"{off}.npz", off) for off in "01")
    assert compiled.keys() == uncompiled.keys()
    for name, array in compiled.items():
        if "near" in name:
            np.testing.assert_allclose(uncompiled[name], array, rtol=2e-4, atol=2e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(uncompiled[name], array, err_msg=name)


if __name__ == "__main__":
    parts = {
        "feed-forward": networks(True),
        "recurrent": networks(False),
        "assemblies": assemblies(),
        "grids": grids(),
        "formulas": formulas(),
        "programs": programs(),
        "readers": readers(),
        "history users": history_users(),
    }
    everything = {f"{kind}: {name}": a for kind, part in parts.items() for name, a in part.items()}
    np.savez(sys.argv[1], **everything)
