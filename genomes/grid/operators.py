"""Variation of note grids: crossover at bar lines, and musical mutation.

A child begins as a copy of its first parent. Crossover is one of:

    one point       everything after a bar line comes from the second parent
    two points      the bars between two bar lines come from the second parent
    uniform         every bar comes from either parent at random
    credit          every step comes from the parent with the highest case score there (ties: the
                    earlier parent); any number of parents. This is the gene pool recombination
                    of Mühlenbein & Voigt (1995) with a score per locus.

Mutation applies edits of `genomes.grid.mutation`, with a geometrically distributed number.

Memory order: grids are rows of a bool array (n, steps * keys). A child draws from its own stream
under the generation's key. A whole generation is bred by one kernel call.
"""

import numpy as np

from genomes.arrays import BoolArray, Indices, Singles
from genomes.errors import GenomeError
from genomes.grid.cells import (
    GridRates,
    Row,
    are_possible,
    copy_cells,
    draw_kind,
    random_step,
    steps_of,
)
from genomes.grid.durations import lay_until_next
from genomes.grid.mutation import edits_lengths, mutate
from genomes.kernels import device, kernel, within
from genomes.randomness import Stream, below, start_stream, uniform

CROSSOVERS = ("one_point", "two_points", "uniform", "credit")
ONE_POINT, TWO_POINTS, UNIFORM, CREDIT = range(4)


@device
def _cross(
    rates: GridRates,
    pool: BoolArray,
    cases: Singles,
    parents: Indices,
    child: Row,
    stream: Stream,
) -> bool:
    """Cross the other parents into a copy of the first; return whether it changed."""
    kind = draw_kind(rates.crossovers, stream)
    if kind == CREDIT:
        before, crossed = rates.steps - cases.shape[1], False
        for case in range(cases.shape[1]):
            best = parents[0]
            for index in range(1, len(parents)):
                if cases[parents[index], case] > cases[best, case]:
                    best = parents[index]
            if best != parents[0]:
                step = before + case
                copy_cells(
                    steps_of(rates, pool[best], step, step + 1),
                    steps_of(rates, child, step, step + 1),
                )
                crossed = True
        return crossed
    segments = (rates.steps + rates.bar - 1) // rates.bar  # the last may be part of a bar
    other = pool[parents[1]]
    if segments < 2 or parents[0] == parents[1]:
        return False
    if kind == UNIFORM:
        for segment in range(segments):
            if below(stream, 2) == 0:
                first = segment * rates.bar
                last = min(first + rates.bar, rates.steps)
                copy_cells(steps_of(rates, other, first, last), steps_of(rates, child, first, last))
        return True
    start = 1 + below(stream, segments - 1)
    end = segments
    if kind == TWO_POINTS:
        # Any range of bars except the whole; it may start at the beginning.
        length = 1 + below(stream, segments - 1)
        start = below(stream, segments - length + 1)
        end = start + length
    first, last = start * rates.bar, min(end * rates.bar, rates.steps)
    copy_cells(steps_of(rates, other, first, last), steps_of(rates, child, first, last))
    return True


@kernel
def first_grids(rates: GridRates, count: int, key: np.uint64) -> BoolArray:
    """Return random initial grids, each with a random density.

    Args:
        rates: Parameters of the grids.
        count: Number of grids.
        key: Key of the random streams.

    Returns:
        Bool (count, steps * keys).

    Raises:
        GenomeError: If the sizes in `rates` are invalid.
    """
    if not are_possible(rates):
        raise GenomeError("rates.keys must be at least 1, and rates.bar from 1 to rates.steps")
    grids = np.empty((count, rates.steps * rates.keys), np.bool_)
    stream = np.zeros(1, np.uint64)
    for i in range(count):
        start_stream(stream, key, i)
        density = rates.density_low + uniform(stream) * (rates.density_high - rates.density_low)
        for step in range(rates.steps):
            random_step(rates, grids[i], step, density, stream)
        if edits_lengths(rates):
            for step in range(rates.steps):
                lay_until_next(rates, grids[i], step)
    return grids


@kernel
def breed_grids(
    rates: GridRates,
    pool: BoolArray,
    cases: Singles,
    parents: Indices,
    copies: int,
    key: np.uint64,
) -> BoolArray:
    """Return children of parents in a pool.

    Children without crossover are always mutated. Child i draws from stream i under `key`.

    Args:
        rates: Parameters of the grids.
        pool: Bool (p, steps * keys).
        cases: Float32 (p, m), scores for credit, one for each of the last m steps.
        parents: Int64 (children, at least 2), indices in the pool. A child begins as its first
            parent.
        copies: The first `copies` children are copies of their first parents.
        key: Key of the random streams.

    Returns:
        Bool (children, steps * keys).

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    if not are_possible(rates):
        raise GenomeError("rates.keys must be at least 1, and rates.bar from 1 to rates.steps")
    if pool.shape[1] != rates.steps * rates.keys:
        raise GenomeError("pool must be (p, steps * keys)")
    if len(cases) != len(pool) or cases.shape[1] > rates.steps:
        raise GenomeError("cases must be (p, m), one for each of the last m of the steps")
    known = parents.shape[1] > 1
    for i in range(len(parents)):
        known &= within(parents[i], len(pool))
    if not known:
        raise GenomeError("parents must be (children, at least 2) indices into the pool")
    children = np.empty((len(parents), pool.shape[1]), np.bool_)
    stream = np.zeros(1, np.uint64)
    for i in range(len(parents)):
        child = children[i]
        copy_cells(pool[parents[i, 0]], child)
        if i < copies:
            continue
        start_stream(stream, key, i)
        crossed = uniform(stream) < rates.crossover
        if crossed:
            crossed = _cross(rates, pool, cases, parents[i], child, stream)
        if not crossed or uniform(stream) < rates.mutation:
            mutate(rates, child, stream)
            while uniform(stream) < rates.another_edit:
                mutate(rates, child, stream)
    return children


@kernel
def cross_grids(
    rates: GridRates, pool: BoolArray, cases: Singles, parents: Indices, key: np.uint64
) -> BoolArray:
    """Return children of parents in a pool by crossover alone.

    Args:
        rates: Parameters of the grids.
        pool: Bool (p, steps * keys).
        cases: Float32 (p, m); see `breed_grids`.
        parents: Int64 (children, at least 2); see `breed_grids`.
        key: Key of the random streams.

    Returns:
        Bool (children, steps * keys).

    Raises:
        GenomeError: If the arguments do not fit each other.
    """
    fits = are_possible(rates) and pool.shape[1] == rates.steps * rates.keys
    fits = fits and len(cases) == len(pool) and cases.shape[1] <= rates.steps
    fits = fits and parents.shape[1] > 1
    for i in range(len(parents)):
        fits &= within(parents[i], len(pool))
    if not fits:
        raise GenomeError("pool, cases and parents must be of the sizes in rates")
    children = np.empty((len(parents), pool.shape[1]), np.bool_)
    stream = np.zeros(1, np.uint64)
    for i in range(len(parents)):
        copy_cells(pool[parents[i, 0]], children[i])
        start_stream(stream, key, i)
        _cross(rates, pool, cases, parents[i], children[i], stream)
    return children
