"""The options of NEAT's selection work as documented, and wrong values are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores, Status
from evo.core.settings import changed, tables
from evo.core.state import State
from evo.engines.neat.engine import Neat
from evo.engines.neat.genome_settings import rates_of
from evo.engines.neat.parents import choose_pairs
from evo.engines.neat.regulation import Regulation
from evo.engines.neat.settings import NeatSettings, SelectionSettings
from evo.engines.selection.lexicase import lexicase, within_epsilon
from evo.runs import checkpoint

POPULATION = 40
STAMP = checkpoint.Stamp("", 0, "", "", None)
ROWS = np.random.default_rng(2).normal(size=(9, 3))


def settings(options: dict[str, str], **genome: str) -> NeatSettings:
    growing = {"conn_add_prob": "0.8", "node_add_prob": "0.4"}
    changes: dict[str, dict[str, Any]] = {
        "NEAT": {"pop_size": POPULATION},
        "DefaultReproduction": {"min_species_size": 1},
        "DefaultSpeciesSet": {"compatibility_threshold": 1.5},
        "DefaultGenome": growing | genome,
        "Selection": options,
    }
    return changed(Neat.of_shape(NeatSettings(), 3, 2), changes)


def selection_of(**options: str) -> SelectionSettings:
    return changed(SelectionSettings(), options)


def new(seed: int = 1, **options: str) -> Neat:
    return Neat(settings(options), seed=seed)


def judge(engine: Neat) -> Scores:
    """Return scores that depend only on the individuals; one case per row."""
    outputs = engine.ask().activate(ROWS)
    cases = -((outputs[:, :, 0] - 0.2) ** 2 + (outputs[:, :, 1] - (ROWS[:, 0] > 0)) ** 2)
    return Scores.of(cases.sum(axis=1), cases)


def nothing(engine: Neat) -> Scores:
    """Return random scores, independent of the networks."""
    return Scores.of(np.random.default_rng(engine.generation).random(len(engine.ask())))


def mean_genes(engine: Neat) -> float:
    networks = engine.ask()
    return (len(networks.node_id) + len(networks.innovation)) / len(networks)


def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_lexicase_picks_each_specialist_and_never_the_average() -> None:
    # Each of the first three is best at one case; the fourth is second at all, with the best sum.
    cases = np.array([[9, 0, 0], [0, 9, 0], [0, 0, 9], [8, 8, 8]], np.float32)
    counts = np.bincount(lexicase(cases, 3000, random()), minlength=4)
    assert counts[3] == 0
    assert (abs(counts[:3] - 1000) < 120).all()


def test_lexicase_picks_only_individuals_that_no_other_dominates() -> None:
    cases = random().integers(0, 4, (60, 5)).astype(np.float32)
    for chosen in set(lexicase(cases, 500, random()).tolist()):
        better = (cases >= cases[chosen]).all(axis=1) & (cases > cases[chosen]).any(axis=1)
        assert not better.any()
        assert (cases[chosen] == cases.max(axis=0)).any()


def test_lexicase_chooses_as_its_definition_one_case_after_the_other_does() -> None:
    cases = random().integers(0, 3, (12, 4)).astype(np.float32)
    one_by_one = np.zeros(12)
    drawn = random()
    for _ in range(20_000):
        left = np.arange(12)
        for case in drawn.permutation(4):
            left = left[cases[left, case] == cases[left, case].max()]
        one_by_one[left] += 1 / len(left)
    shares = np.bincount(lexicase(cases, 20_000, random()), minlength=12)
    assert abs(shares - one_by_one).max() < 400


def test_as_many_lexicase_selections_as_memory_allows_only_in_batches_are_all_made() -> None:
    """With 2,500,000 pairs of a selection and a candidate there are three batches."""
    cases = np.eye(10, dtype=np.float32)
    counts = np.bincount(lexicase(cases, 250_000, random()), minlength=10)
    assert len(counts) == 10
    assert counts.sum() == 250_000
    assert (abs(counts - 25_000) < 1000).all()


def test_lexicase_of_individuals_that_are_all_alike_is_uniform() -> None:
    counts = np.bincount(lexicase(np.zeros((4, 3), np.float32), 4000, random()), minlength=4)
    assert (abs(counts - 1000) < 150).all()


def test_epsilon_is_the_median_absolute_deviation_of_each_case() -> None:
    cases = np.array([[10, 1], [9, 1], [7, 1], [4, 1], [0, 0]], np.float32)
    # Medians 7 and 1, absolute deviations 3 2 0 3 7 and 0 0 0 0 1: epsilons 3 and 0.
    assert within_epsilon(cases).tolist() == [
        [True, True], [True, True], [True, True], [False, True], [False, False],
    ]  # fmt: skip


def test_failed_individuals_neither_pass_nor_move_epsilon() -> None:
    cases = np.array([[1, 5], [2, 4], [3, 3]], np.float32)
    failed = np.full((4, 2), -np.inf, np.float32)
    passes = within_epsilon(np.concatenate([failed, cases]))
    assert not passes[:4].any()
    assert (passes[4:] == within_epsilon(cases)).all()
    assert not within_epsilon(failed).any()


def test_a_larger_tournament_presses_harder() -> None:
    ranked = np.arange(100, 200)
    means = []
    for size in ("1", "2", "7"):
        selection = selection_of(parents="tournament", tournament_size=size)
        means.append(choose_pairs(selection, ranked, 4000, None, 0.2, random()).mean() - 100)
    # The expected rank of the best of s out of 0 ... 99 is about 100 / (s + 1).
    assert np.allclose(means, [49.5, 32.8, 12.0], atol=1.5)


def test_truncation_takes_the_best_alike_and_at_least_two() -> None:
    ranked, selection = np.arange(50, 150), SelectionSettings()
    pairs = choose_pairs(selection, ranked, 2000, None, 0.1, random())
    assert set(pairs.ravel().tolist()) == set(range(50, 60))
    of_few = choose_pairs(selection, ranked[:5], 100, None, 0.1, random())
    assert set(of_few.ravel().tolist()) == {50, 51}


@pytest.mark.parametrize("parents", ["lexicase", "epsilon-lexicase"])
def test_a_fitness_without_cases_is_refused_in_one_line(parents: str) -> None:
    engine = new(parents=parents)
    with pytest.raises(BreedingError, match="needs a fitness with cases") as caught:
        engine.tell(nothing(engine))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("parents", ["lexicase", "epsilon-lexicase"])
def test_a_generation_that_failed_as_a_whole_breeds_on_without_cases(parents: str) -> None:
    engine = new(parents=parents)
    engine.tell(Scores.failed(POPULATION, Status.ERROR, "no"))
    engine.tell(judge(engine))
    assert len(engine.ask()) == POPULATION


@pytest.mark.parametrize("target", [3, 9])
def test_the_number_of_species_moves_towards_the_target(target: int) -> None:
    engine = new(target_species=str(target))
    counts = []
    for generation in range(60):
        if generation >= 40:
            counts.append(engine.statistics()["species"])
        engine.tell(judge(engine))
    assert abs(np.mean(counts) - target) < 1.5


def test_the_threshold_stays_positive() -> None:
    selection = selection_of(target_species="99", threshold_step="1")
    regulation = Regulation(threshold=1.5)
    for _ in range(5):
        regulation.watch_species(3, selection)
    assert 0 < regulation.threshold < 0.1


def test_networks_that_bloat_are_pruned_where_fitness_rewards_nothing() -> None:
    growing = {"conn_add_prob": "0.8", "node_add_prob": "0.5"}
    growing |= {"conn_delete_prob": "0.0", "node_delete_prob": "0.0"}
    engines = []
    for options in ({"complexity": "none"}, {"complexity": "phased", "complexity_ceiling": "10"}):
        one_species = {"DefaultSpeciesSet": {"compatibility_threshold": 1000}}
        engines.append(Neat(changed(settings(options, **growing), one_species), seed=1))
    free, regulated = engines
    first = mean_genes(regulated)
    largest, phases = 0.0, []
    for _ in range(80):
        free.tell(nothing(free))
        regulated.tell(nothing(regulated))
        largest = max(largest, mean_genes(regulated))
        phases.append(regulated.statistics()["pruning"])
    assert mean_genes(free) > first + 40
    assert largest < first + 15
    # It goes to and fro: networks may grow again when they are small.
    assert np.count_nonzero(np.diff(phases)) >= 4


def test_pruning_ends_where_networks_stop_shrinking_and_growth_begins_from_there() -> None:
    selection = selection_of(complexity="phased", complexity_ceiling="10")
    regulation = Regulation(threshold=1.0)
    for genes in (20.0, 31.0, *[27.0] * 10):
        regulation.watch_complexity(genes, selection)
    assert regulation.lowest is not None
    regulation.watch_complexity(27.0, selection)
    assert regulation.lowest is None
    assert regulation.floor == 27.0
    regulation.watch_complexity(36.0, selection)
    assert regulation.lowest is None


def test_weights_stay_in_the_alphabet_and_all_letters_are_used() -> None:
    letters = ["-1", "0.5", "2"]
    options = {"weights": " ".join(letters)}
    genome = {"activation_default": "step", "activation_options": "step"}
    engine = Neat(settings(options, weight_replace_rate="0.3", **genome), seed=1)
    for _ in range(12):
        weights, counts = np.unique(engine.ask().weight, return_counts=True)
        assert weights.tolist() == [-1.0, 0.5, 2.0]
        assert counts.min() > 0.05 * counts.sum()
        engine.tell(judge(engine))
    assert (engine.ask().sizes()[:, 0] > 0).any()  # connections were split as well


def test_weights_of_an_alphabet_do_mutate() -> None:
    engine = new(weights="-1 1")
    before = engine.ask().weight.copy()
    engine.tell(nothing(engine))
    assert not np.array_equal(before, engine.ask().weight)


def power_after(fitness: list[float], generations: int = 40) -> float:
    """Return the mutation power, initially 0.5, after generations of this fitness.

    All parents have fitness 0. The last two children are copies.
    """
    regulation = Regulation(threshold=1.0, power=0.5)
    regulation.parent_fitness = np.zeros(6)
    regulation.mutated = np.arange(6) < 4
    for _ in range(generations):
        regulation.watch_success(np.array(fitness), selection_of(adaptive_rates="True"))
    return regulation.power


def test_mutations_grow_while_children_succeed_and_shrink_while_they_fail() -> None:
    assert power_after([1, 1, 1, 1, 0, 0], 1) == pytest.approx(0.5 * np.exp(0.4))
    assert power_after([-1, 0, 0, 0, 0, 0], 1) == pytest.approx(0.5 * np.exp(-0.1))
    assert power_after([1, 1, 1, 1, 0, 0]) == 1.0
    assert power_after([0, 0, 0, 0, 0, 0]) == 0.1


def test_a_fitness_that_moves_by_itself_is_no_success_of_the_children() -> None:
    assert power_after([5, 4, 6, 5, 5, 5], 1) == power_after([0, -1, 1, 0, 0, 0], 1)
    assert power_after([-5, -4, -6, -5, -5, -5], 1) == power_after([0, 1, -1, 0, 0, 0], 1)


def test_adapted_power_scales_weight_and_bias_mutations_only() -> None:
    adaptive = settings({"adaptive_rates": "True"})
    rates = rates_of(adaptive.DefaultGenome, adaptive.Selection.weights)
    scaled = Regulation(threshold=1.0, power=0.5).rates(rates)
    assert scaled.weight == rates.weight._replace(mutate_power=rates.weight.mutate_power / 2)
    assert scaled.bias == rates.bias._replace(mutate_power=rates.bias.mutate_power / 2)
    assert scaled.response == rates.response


WAYS = {
    "tournament": {"parents": "tournament"},
    "lexicase": {"parents": "lexicase"},
    "epsilon-lexicase": {"parents": "epsilon-lexicase"},
    "regulated": {
        "target_species": "4", "complexity": "phased", "complexity_ceiling": "1",
        "adaptive_rates": "True",
    },
    "alphabet": {"weights": "-1 1"},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_an_engine_restored_in_any_generation_goes_on_identically(way: str, tmp_path: Path) -> None:
    whole = new(**WAYS[way])
    populations, states = [], []
    for generation in range(13):
        populations.append(whole.ask().to_arrays())
        checkpoint.save(tmp_path / str(generation), whole.state(), STAMP)
        states.append(checkpoint.load(tmp_path / str(generation))[0])
        whole.tell(judge(whole))
    for generation, state in enumerate(states):
        engine = Neat.restore(settings(WAYS[way]), state, seed=1)
        for population in populations[generation:]:
            assert same_arrays(engine.ask().to_arrays(), population)
            engine.tell(judge(engine))
        assert engine.state().values == whole.state().values
        assert engine.statistics() == whole.statistics()
    if way == "regulated":
        assert _regulated(states)


def _regulated(states: list[State]) -> bool:
    """Return whether every kind of regulation took place, and so was tested."""
    seen = [state.values["breeder"]["regulation"] for state in states]
    return (
        len({one["threshold"] for one in seen}) > 2
        and len({one["power"] for one in seen}) > 2
        and any(one["lowest"] is not None for one in seen)
    )


def test_a_configuration_without_the_section_means_the_defaults() -> None:
    without = tables(settings({}))
    del without["Selection"]
    one, other = Neat(without, seed=1), new()
    for _ in range(3):
        one.tell(judge(one))
        other.tell(judge(other))
    assert same_arrays(one.ask().to_arrays(), other.ask().to_arrays())


@pytest.mark.parametrize(("name", "value", "said"), [
    ("parents", "roulette",
     ".parents must be one of epsilon-lexicase, lexicase, tournament, truncation"),
    ("tournament_size", "0", ".tournament_size must be a whole number from 1 to 1,000,000"),
    ("tournament_size", "2.5", ".tournament_size must be a whole number from 1 to 1,000,000"),
    ("target_species", "-1", ".target_species must be a whole number from 0 to 1,000,000"),
    ("threshold_step", "nan", ".threshold_step must be a number from 0 to 1e+12"),
    ("complexity", "cut", ".complexity must be one of none, phased"),
    ("complexity_ceiling", "high", ".complexity_ceiling must be a number from 1 to 1e+12"),
    ("weights", "1", ": weights must be empty or two and more different numbers"),
    ("weights", "1 1", ": weights must be empty or two and more different numbers"),
    ("weights", "a b", ".weights must be a list, each a number from -1e+12 to 1e+12"),
    ("weights", "1 inf", ".weights must be a list, each a number from -1e+12 to 1e+12"),
    ("adaptive_rates", "maybe", ".adaptive_rates must be true or false"),
])  # fmt: skip
def test_wrong_settings_are_refused_in_one_line(name: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        new(**{name: value})
    assert str(caught.value) == f"Selection{said}, got {value!r}"


def test_an_unknown_setting_is_refused_with_the_nearest_known_one() -> None:
    near = r"^there is no setting 'Selection\.parent'; did you mean Selection\.parents\? .*weights"
    with pytest.raises(InputError, match=near):
        new(parent="lexicase")


def test_options_that_modules_would_not_heed_are_refused() -> None:
    lexicase, by_output = settings({"parents": "lexicase"}), {"Modules": {"by_output": "True"}}
    with pytest.raises(InputError, match=r"^Selection\.parents needs Modules\.by_output = false$"):
        changed(lexicase, by_output)
    with pytest.raises(InputError, match=r"^Selection\.parents needs Modules\.by_output = false$"):
        Neat(tables(lexicase) | by_output, seed=1)
    Neat(changed(settings({}), by_output), seed=1)
