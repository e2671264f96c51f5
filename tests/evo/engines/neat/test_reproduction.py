"""Species share offspring and die out as neat-python's do."""

import math
from collections import Counter
from types import SimpleNamespace
from typing import Any

import neat
import numpy as np
import pytest

from evo.engines.neat.reproduction import Species, offspring_counts, survivors

SUMMARIES = ["max", "min", "mean", "median", "median2"]


def species_of(sizes: list[int]) -> list[Species]:
    """Return species of these sizes, one after the other in the population."""
    ends = np.cumsum([0, *sizes])
    return [
        Species(key, 0, 0, None, np.arange(ends[key - 1], ends[key]))
        for key in range(1, len(sizes) + 1)
    ]


def neats_counts(sizes: list[int], fitness: Any, population: int, smallest: int) -> list[int]:
    """Return neat-python's offspring per species, before it makes the sum exact."""
    worst, spread = fitness.min(), max(1.0, fitness.max() - fitness.min())
    adjusted = [
        (neat.math_util.mean(fitness[one.members]) - worst) / spread for one in species_of(sizes)
    ]
    counts: list[int] = neat.DefaultReproduction.compute_spawn(
        adjusted, sizes, population, smallest
    )
    return counts


class Childless:
    """A genome for neat-python's reproduction, which uses only the count."""

    def __init__(self, key: int) -> None:
        self.key = key

    def configure_crossover(self, *parents: Any) -> None:
        pass

    def mutate(self, config: Any) -> None:
        pass


def neats_children(sizes: list[int], fitness: Any, population: int, smallest: int) -> list[int]:
    """Return the number of children per species when neat-python reproduces a population."""
    config = SimpleNamespace(min_species_size=smallest, elitism=0, survival_threshold=1.0)
    parents = [
        SimpleNamespace(
            key=one.key, members={int(i): SimpleNamespace(fitness=fitness[i]) for i in one.members}
        )
        for one in species_of(sizes)
    ]
    stagnation = SimpleNamespace(
        update=lambda species, generation: [(one.key, one, False) for one in parents]
    )
    reproduction = neat.DefaultReproduction(config, neat.reporting.ReporterSet(), stagnation)
    reproduction.reproduce(
        SimpleNamespace(genome_config=SimpleNamespace(), genome_type=Childless),
        SimpleNamespace(species={}),
        population,
        0,
    )
    ends = np.cumsum(sizes)
    counted = Counter(
        int(np.searchsorted(ends, mother, side="right"))
        for mother, _ in reproduction.ancestors.values()
    )
    return [counted[place] for place in range(len(sizes))]


def random_cases(count: int) -> Any:
    """Return sizes, fitness, population and minimum of random species."""
    random = np.random.default_rng(6)
    for _ in range(count):
        sizes = random.integers(1, 30, size=random.integers(1, 13)).tolist()
        fitness = random.normal(size=sum(sizes)) * 10.0 ** random.integers(-2, 3)
        smallest = int(random.integers(1, 4))
        population = max(len(sizes) * smallest, int(random.integers(10, 200)))
        yield sizes, fitness, population, smallest


def test_offspring_sum_to_the_population_and_respect_the_minimum() -> None:
    for sizes, fitness, population, smallest in random_cases(400):
        counts = offspring_counts(species_of(sizes), fitness, population, smallest)
        assert len(counts) == len(sizes)
        assert sum(counts) == population
        assert min(counts) >= smallest


def test_offspring_are_shared_by_neat_pythons_formula() -> None:
    """If neat-python's shares sum to the population exactly, ours are the same.

    Otherwise both add missing offspring to the smallest species and remove surplus from the
    largest, one by one. Among equally small or large species the choice may differ. With more than
    one to add, neat-python cycles through all species in their first order. It gives up if too many
    have the minimum size. Here the smallest and largest species are found anew each time.
    """
    exact = adjusted = 0
    for sizes, fitness, population, smallest in random_cases(400):
        before = neats_counts(sizes, fitness, population, smallest)
        counts = offspring_counts(species_of(sizes), fitness, population, smallest)
        difference = population - sum(before)
        if difference == 0:
            assert counts == before
            exact += 1
        elif abs(difference) == 1:
            after = neats_children(sizes, fitness, population, smallest)
            end = min(before) if difference > 0 else max(before)
            if before.count(end) == 1:
                assert counts == after
            assert Counter(counts) == Counter(after)
            adjusted += 1
        else:
            # Nobody gets away from its share in the wrong direction.
            steps = [
                (new - old) * np.sign(difference) for old, new in zip(before, counts, strict=True)
            ]
            assert min(steps) >= 0
            assert sum(steps) == abs(difference)
    assert exact > 100
    assert adjusted > 50


def test_what_rounding_gave_too_much_is_taken_from_the_large_and_the_rest_given_to_the_small() -> (
    None
):
    for sizes, fitness, population, smallest in random_cases(400):
        before = neats_counts(sizes, fitness, population, smallest)
        counts = offspring_counts(species_of(sizes), fitness, population, smallest)
        for old, new in zip(before, counts, strict=True):
            if new > old:  # it was among the smallest when it got one
                assert new <= min(counts) + 1
            if new < old:
                assert new >= max(counts) - 1


def test_equal_species_share_equally_and_species_of_the_worst_shrink() -> None:
    assert offspring_counts(species_of([10, 10, 10]), np.ones(30), 30, 2) == [10, 10, 10]
    fitness = np.repeat([0.0, 10.0], 10)
    # Halfway from 10 to 2 and to 20, scaled to the population.
    assert offspring_counts(species_of([10, 10]), fitness, 20, 2) == [6, 14]


def test_more_species_than_fit_the_population_are_refused_with_both_numbers() -> None:
    assert offspring_counts(species_of([5, 5]), np.arange(10.0), 6, 3) == [3, 3]
    with pytest.raises(ValueError, match=r"3 species of at least 2 .* population of 5") as caught:
        offspring_counts(species_of([5, 5, 5]), np.arange(15.0), 5, 2)
    assert "\n" not in str(caught.value)


class NeatsSpecies:
    """neat-python's stagnation, given the same fitness as ours."""

    def __init__(self, summary: str, max_stagnation: int, species_elitism: int) -> None:
        settings = SimpleNamespace(
            species_fitness_func=summary,
            max_stagnation=max_stagnation,
            species_elitism=species_elitism,
        )
        self._stagnation = neat.DefaultStagnation(settings, neat.reporting.ReporterSet())
        self._set = SimpleNamespace(species={})

    def survivors(self, members: dict[int, list[float]], generation: int) -> list[int]:
        for key, fitness in members.items():
            one = self._set.species.setdefault(key, neat.species.Species(key, generation))
            one.members = {i: SimpleNamespace(fitness=value) for i, value in enumerate(fitness)}
        kept = [key for key, _, gone in self._stagnation.update(self._set, generation) if not gone]
        self._set.species = {key: self._set.species[key] for key in kept}
        return kept


@pytest.mark.parametrize("summary", SUMMARIES)
@pytest.mark.parametrize(("max_stagnation", "species_elitism"), [(1, 0), (3, 0), (3, 2), (5, 1)])
def test_species_stagnate_as_in_neat_python(
    summary: str, max_stagnation: int, species_elitism: int
) -> None:
    """Same histories of random fitness, a third of them constant; new species appear."""
    random = np.random.default_rng(max_stagnation)
    theirs = NeatsSpecies(summary, max_stagnation, species_elitism)
    ours: list[Species] = []
    next_key, died = 1, 0
    for generation in range(40):
        while len(ours) < 6:
            ours.append(Species(next_key, generation, generation, None, np.arange(0)))
            next_key += 1
        # Whole numbers, so that their mean and ours are the same to the last bit; ties happen.
        fitness = [
            random.integers(0, 5 if one.key % 3 == 0 else 5 + generation, size=1 + one.key % 5)
            for one in ours
        ]
        for one, start, values in zip(
            ours, np.cumsum([0, *map(len, fitness)]), fitness, strict=False
        ):
            one.members = np.arange(start, start + len(values))
        wanted = theirs.survivors(
            {one.key: values.tolist() for one, values in zip(ours, fitness, strict=True)},
            generation,
        )
        everybody = np.concatenate(fitness).astype(np.float64)
        kept = survivors(ours, everybody, generation, summary, max_stagnation, species_elitism)
        assert [one.key for one in kept] == wanted
        died += len(ours) - len(kept)
        ours = sorted(kept, key=lambda one: one.key)
    assert died > 5


def test_a_species_dies_out_after_as_many_generations_without_improvement() -> None:
    (one,) = species_of([3])
    lives = [
        survivors([one], np.array([1.0, 2.0, best]), generation, "max", 4, 0) == [one]
        for generation, best in enumerate([3.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0])
    ]
    assert lives == [True] * 6 + [False]
    assert (one.best, one.last_improved) == (4.0, 2)


@pytest.mark.parametrize("elitism", [0, 1, 2, 3])
def test_the_best_species_are_spared_by_species_elitism(elitism: int) -> None:
    all_of_them = species_of([1, 1, 1])
    fitness = np.array([2.0, 3.0, 1.0])
    survivors(all_of_them, fitness, 0, "max", 2, elitism)
    kept = survivors(all_of_them, fitness, 5, "max", 2, elitism)
    # Worst first.
    assert [one.key for one in kept] == [3, 1, 2][3 - elitism :]


@pytest.mark.parametrize("summary", SUMMARIES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_a_species_is_as_fit_as_neat_python_says(summary: str, count: int) -> None:
    fitness = np.random.default_rng(count).normal(size=count)
    (one,) = species_of([count])
    survivors([one], fitness, 0, summary, 5, 0)
    wanted = neat.math_util.stat_functions[summary](fitness.tolist())
    assert one.best == pytest.approx(wanted, rel=1e-14)


def test_a_species_is_kept_as_json_values() -> None:
    one = Species(4, 2, 7, 0.1 + 0.2, np.arange(3))
    again = Species(**one.to_values(), members=np.arange(3))
    assert again.to_values() == one.to_values()
    assert math.isclose(again.best or 0.0, 0.3)
