"""Random programs, crossover and mutation."""

import numpy as np
import pytest
from breeding import same_arrays

from genomes.errors import GenomeError
from genomes.program.edits import ProgramRates, breed_programs, first_programs
from genomes.program.operations import MAX_LENGTH
from genomes.program.programs import Programs

KEY = np.uint64(11)


def pool(count: int = 30) -> Programs:
    return first_programs(ProgramRates(first=8), count, KEY)


def test_random_programs_are_valid_and_of_all_lengths_and_instructions() -> None:
    programs = Programs.from_arrays(first_programs(ProgramRates(first=5), 2000, KEY).to_arrays())
    assert set(programs.lengths.tolist()) == {1, 2, 3, 4, 5}
    used = np.arange(MAX_LENGTH) < programs.lengths[:, None]
    assert len(np.unique(programs.operations[used])) == 18
    assert len(np.unique(programs.scopes[used])) == 14
    assert set(np.unique(programs.amounts[used])) == {-4, -3, -2, -1, 1, 2, 3, 4}


def test_an_individual_is_the_same_in_every_batch() -> None:
    few, many = first_programs(ProgramRates(), 5, KEY), first_programs(ProgramRates(), 50, KEY)
    assert same_arrays(few.to_arrays(), many.take(range(5)).to_arrays())
    parents = np.random.default_rng(1).integers(30, size=(60, 2))
    children = breed_programs(ProgramRates(), pool(), parents, KEY)
    part = breed_programs(ProgramRates(), pool(), parents[:9], KEY)
    assert same_arrays(part.to_arrays(), children.take(range(9)).to_arrays())


@pytest.mark.parametrize("crossover", [0.0, 1.0])
def test_children_are_valid_programs_that_differ_from_their_parents(crossover: float) -> None:
    parents = np.random.default_rng(1).integers(30, size=(500, 2))
    rates = ProgramRates(longest=6, crossover=crossover)
    short = first_programs(rates, 30, KEY)
    children = Programs.from_arrays(breed_programs(rates, short, parents, KEY).to_arrays())
    assert 1 <= children.lengths.min() <= children.lengths.max() <= 6
    written, made = short.instructions(), children.instructions()
    same = [child == written[first] for child, (first, _) in zip(made, parents, strict=True)]
    assert np.mean(same) < 0.1
    kept = [
        bool({*child} & {*written[first]}) for child, (first, _) in zip(made, parents, strict=True)
    ]
    assert np.mean(kept) > (0.7 if crossover == 0 else 0.3)
    if crossover:
        own = [
            bool({*child} & ({*written[second]} - {*written[first]}))
            for child, (first, second) in zip(made, parents, strict=True)
        ]
        assert np.mean(own) > 0.4


def test_what_does_not_fit_together_is_refused() -> None:
    for parents in ([[0, 30]], [[-1, 0]], [[0, 1, 2]], [0, 1]):
        with pytest.raises(GenomeError, match="parents must be"):
            breed_programs(ProgramRates(), pool(), np.array(parents), KEY)
    for rates in (ProgramRates(longest=9), ProgramRates(first=5, longest=4)):
        with pytest.raises(GenomeError, match="rates must have"):
            first_programs(rates, 1, KEY)
    with pytest.raises(GenomeError, match="another_edit"):
        first_programs(ProgramRates(another_edit=1.0), 1, KEY)
