"""Evolution strategies: addressed noise, rank shaping, the update of each strategy, the engine."""

import copy
import json
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores, Status
from evo.core.seeds import Role, stream
from evo.core.settings import changed, tables
from evo.core.state import State
from evo.engines.es.engine import EvolutionStrategy
from evo.engines.es.noise import Noise, noise_of
from evo.engines.es.openai import OpenAI
from evo.engines.es.sep_cma import Constants, SepCMA
from evo.engines.es.settings import STRATEGIES, StrategySettings
from evo.engines.es.snes import SNES, default_sigma_rate, utilities
from evo.engines.es.strategy import Strategy, centred_ranks, shaped
from evo.engines.es.weighted_mean import WeightedMean, score_weights
from evo.runs.checkpoint import pack_arrays, unpack_arrays
from genomes.history_user.networks import HistoryUsers, Shape
from genomes.player import Player

WEIGHTS, SIZE = 7, 12
KINDS = list(STRATEGIES)
RANKED = [kind for kind in KINDS if kind != "weighted-mean"]


def new(kind: str, weights: int = WEIGHTS, size: int = SIZE, **own: Any) -> Strategy:
    if kind == "openai":
        own = {"learning_rate": 0.05} | own
    return STRATEGIES[kind](np.linspace(-1.0, 1.0, weights), 0.3, size, **own)


def drawn(strategy: Strategy, generation: int = 0, seed: int = 5) -> Noise:
    size = strategy.individuals
    return Noise.draw(seed, generation, size, len(strategy.mean), strategy.antithetic)


def sphere(strategy: Strategy, noise: Noise) -> Any:
    return np.array([-np.square(point).sum() for point in strategy.points(noise)])


def step(strategy: Strategy, generation: int = 0, transform: Any = None) -> None:
    noise = drawn(strategy, generation)
    scores = sphere(strategy, noise)
    strategy.update(noise, scores if transform is None else transform(scores))


def through_bytes(state: State) -> State:
    return State(unpack_arrays(pack_arrays(state.arrays)), json.loads(json.dumps(state.values)))


def same_state(one: Strategy, other: Strategy) -> bool:
    states = one.state(), other.state()
    return same_arrays(states[0].arrays, states[1].arrays) and states[0].values == states[1].values


# Noise


@pytest.mark.parametrize("antithetic", [False, True])
def test_an_individual_can_be_made_again_from_its_address(antithetic: bool) -> None:
    rows = list(Noise.draw(3, 8, 6, 40, antithetic).rows())
    assert len(rows) == 6
    for place, row in enumerate(rows):
        assert row.dtype == np.float32
        assert np.array_equal(noise_of(3, 8, place, 40, antithetic), row)


def test_noise_differs_between_seeds_generations_and_individuals() -> None:
    addresses = [(3, 8, 0), (4, 8, 0), (3, 9, 0), (3, 8, 1)]
    rows = {noise_of(*address, 40, False).tobytes() for address in addresses}
    assert len(rows) == len(addresses)


def test_noise_is_standard_normal() -> None:
    noise = Noise.draw(1, 0, 20, 5000, False).drawn.astype(np.float64)
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1.0) < 0.01
    assert abs((noise**4).mean() - 3.0) < 0.1


def test_antithetic_pairs_sum_to_twice_the_mean() -> None:
    strategy = new("openai")
    points = np.stack(list(strategy.points(drawn(strategy))))
    assert np.allclose(points[0::2] + points[1::2], 2.0 * strategy.mean, atol=1e-15)
    assert not np.allclose(points[0], points[2])


@pytest.mark.parametrize("antithetic", [False, True])
def test_sums_over_noise_are_those_of_the_rows(antithetic: bool) -> None:
    noise = Noise.draw(3, 8, 6, 40, antithetic)
    rows = np.stack(list(noise.rows())).astype(np.float64)
    shares = np.array([0.5, -0.25, 0.0, 2.0, -1.0, 0.125])
    assert np.allclose(noise.weighted(shares), shares @ rows, rtol=1e-14, atol=1e-14)
    squares = noise.weighted_squares(shares)
    assert np.allclose(squares, shares @ np.square(rows), rtol=1e-14, atol=1e-14)


def test_what_does_not_fit_the_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="even number, got 5"):
        Noise.draw(1, 0, 5, 3, True)
    noise = Noise.draw(1, 0, 6, 3, False)
    with pytest.raises(ValueError, match="4 shares came for 6"):
        noise.weighted(np.zeros(4))
    for kind in KINDS:
        with pytest.raises(ValueError, match="3 scores came for 12"):
            new(kind).update(drawn(new(kind)), np.zeros(3))
        with pytest.raises(ValueError, match="at least"):
            new(kind, size=1)
    with pytest.raises(ValueError, match="even"):
        new("openai", size=7)


# Shaping


def test_centred_ranks_are_evenly_spaced_and_sum_to_0() -> None:
    assert centred_ranks(np.array([3.0, -7.0, 5.0, 4.0, 1e9])).tolist() == [
        -0.25,
        -0.5,
        0.25,
        0,
        0.5,
    ]
    for size in (2, 5, 32):
        assert abs(centred_ranks(np.random.default_rng(1).random(size)).sum()) < 1e-14


def test_individuals_that_are_alike_have_the_average_rank() -> None:
    ranks = centred_ranks(np.array([1.0, 2.0, 1.0, 2.0, 0.0]))
    assert ranks.tolist() == [-0.125, 0.375, -0.125, 0.375, -0.5]
    assert np.allclose(centred_ranks(np.ones(6)), 0.0)


def test_failures_share_the_last_ranks() -> None:
    ranks = centred_ranks(np.array([-np.inf, 2.0, -np.inf, -1e300, 0.0]))
    assert ranks.tolist() == [-0.375, 0.5, -0.375, 0.0, 0.25]


def test_shaping_keeps_the_sum_and_follows_the_individuals() -> None:
    random = np.random.default_rng(2)
    scores = random.integers(0, 5, 20).astype(float)
    falling = utilities(20)
    shares = shaped(scores, falling)
    assert np.isclose(shares.sum(), falling.sum())
    order = random.permutation(20)
    assert np.array_equal(shaped(scores[order], falling), shares[order])
    assert np.all(np.diff(shares[np.argsort(-scores)]) <= 0)


def test_utilities_of_snes_sum_to_0_and_are_those_published() -> None:
    logs = np.log(3.0) - np.log([1.0, 2.0])
    assert np.allclose(utilities(4), [*(logs / logs.sum() - 0.25), -0.25, -0.25])
    for size in (2, 9, 50):
        assert abs(utilities(size).sum()) < 1e-14
        assert np.all(np.diff(utilities(size)) <= 0)
    assert np.isclose(default_sigma_rate(10), (3 + np.log(10)) / (5 * np.sqrt(10)))


# What every strategy promises


@pytest.mark.parametrize("kind", KINDS)
def test_every_strategy_comes_20_times_closer_to_the_best_point_of_the_sphere(kind: str) -> None:
    strategy = new(kind)
    for generation in range(60):
        step(strategy, generation)
    assert np.square(strategy.mean).sum() < 0.05 * np.square(np.linspace(-1, 1, WEIGHTS)).sum()


@pytest.mark.parametrize("kind", RANKED)
def test_only_the_order_of_scores_matters(kind: str) -> None:
    plain, bent = new(kind), new(kind)
    for generation in range(5):
        step(plain, generation)
        step(bent, generation, lambda scores: 1e6 * np.tanh(scores / 10) ** 3 - 4)
        assert same_state(plain, bent)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_population_does_not_matter(kind: str) -> None:
    one, other = new(kind), new(kind)
    noise = drawn(one)
    rows = np.random.default_rng(3).permutation(len(noise.drawn))
    mixed = Noise(noise.drawn[rows], noise.antithetic)
    one.update(noise, sphere(one, noise))
    other.update(mixed, sphere(other, mixed))
    assert np.allclose(one.mean, other.mean, rtol=0, atol=1e-12)
    assert np.allclose(one.deviations, other.deviations, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_failures_count_as_the_worst_and_poison_nothing(kind: str) -> None:
    failing, worst = new(kind), new(kind)
    for generation in range(5):
        noise = drawn(failing, generation)
        scores = sphere(failing, noise)
        for strategy, bad in (
            (failing, [-np.inf, np.nan]),
            (worst, [np.min(scores[2:]) - 1e-15] * 2),
        ):
            told = scores.copy()
            told[:2] = bad
            strategy.update(noise, told)
        assert np.isfinite(failing.mean).all()
        assert np.allclose(failing.mean, worst.mean, rtol=0, atol=1e-9)
        assert np.allclose(failing.deviations, worst.deviations)


@pytest.mark.parametrize("kind", KINDS)
def test_one_survivor_is_enough_to_go_on_and_none_changes_nothing(kind: str) -> None:
    strategy = new(kind)
    step(strategy)
    before = copy.deepcopy(strategy)
    strategy.update(drawn(strategy, 1), np.full(SIZE, -np.inf))
    assert same_state(strategy, before)
    told = np.full(SIZE, -np.inf)
    told[4] = -3.0
    strategy.update(drawn(strategy, 1), told)
    assert np.isfinite(strategy.mean).all()
    assert not np.array_equal(strategy.mean, before.mean)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_any_finite_size_are_taken(kind: str) -> None:
    for scale in (5e-324, 1e-300, 1e308):
        strategy = new(kind)
        strategy.update(drawn(strategy), np.linspace(-1.7, 1.7, SIZE) * scale)
        assert np.isfinite(strategy.mean).all()
        assert np.all(strategy.deviations > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_was_saved_goes_on_identically(kind: str) -> None:
    whole = new(kind)
    for generation in range(4):
        step(whole, generation)
    state = whole.state()
    kept = copy.deepcopy(state)
    restored = new(kind)
    restored.restore(through_bytes(state))
    for generation in range(4, 8):
        step(whole, generation)
        step(restored, generation)
        assert same_state(whole, restored)
    assert same_arrays(state.arrays, kept.arrays)  # untouched by what came after
    assert state.values == kept.values


# OpenAI-ES


def test_the_first_step_of_adam_is_the_learning_rate_along_the_gradients_sign() -> None:
    strategy = new("openai", weight_decay=0.0)
    noise = drawn(strategy)
    scores = sphere(strategy, noise)
    sign = np.sign(centred_ranks(scores) @ np.stack(list(noise.rows())))
    before = strategy.mean
    strategy.update(noise, scores)
    assert np.allclose(strategy.mean - before, 0.05 * sign, atol=1e-7)


def test_openai_takes_the_steps_of_a_readable_adam() -> None:
    settings = {"weight_decay": 0.1, "learning_rate_decay": 0.9, "sigma_decay": 0.8}
    strategy = new("openai", **settings, momentum=0.7, second_momentum=0.95)
    mean, sigma = strategy.mean.copy(), strategy.sigma
    m, v = np.zeros(WEIGHTS), np.zeros(WEIGHTS)
    for t in range(1, 7):
        noise = drawn(strategy, t)
        rows = np.stack(list(noise.rows())).astype(np.float64)
        assert np.allclose(list(strategy.points(noise)), mean + sigma * rows)
        scores = sphere(strategy, noise)
        order = np.argsort(np.argsort(scores)) / (SIZE - 1) - 0.5
        for i in range(WEIGHTS):
            g = sum(order[k] * rows[k, i] for k in range(SIZE)) / SIZE - 0.1 * mean[i]
            m[i] = 0.7 * m[i] + 0.3 * g
            v[i] = 0.95 * v[i] + 0.05 * g * g
            rate = 0.05 * 0.9 ** (t - 1)
            mean[i] += rate * (m[i] / (1 - 0.7**t)) / (np.sqrt(v[i] / (1 - 0.95**t)) + 1e-8)
        sigma *= 0.8
        strategy.update(noise, scores)
        assert np.allclose(strategy.mean, mean, rtol=1e-10, atol=1e-12)


def test_weight_decay_alone_pulls_the_mean_to_0() -> None:
    strategy = new("openai", weight_decay=0.1)
    for generation in range(5):
        strategy.update(drawn(strategy, generation), np.ones(SIZE))
    start = np.linspace(-1.0, 1.0, WEIGHTS)
    assert np.all(np.abs(strategy.mean) <= np.abs(start))
    assert np.abs(strategy.mean).sum() < np.abs(start).sum()


# SNES


@pytest.mark.parametrize("antithetic", [False, True])
def test_snes_takes_the_published_step(antithetic: bool) -> None:
    strategy = SNES(
        np.linspace(-1, 1, WEIGHTS), 0.3, SIZE, learning_rate=0.8, antithetic=antithetic
    )
    mean, deviations = strategy.mean.copy(), np.full(WEIGHTS, 0.3)
    for generation in range(4):
        noise = drawn(strategy, generation)
        rows = np.stack(list(noise.rows())).astype(np.float64)
        scores = sphere(strategy, noise)
        best_first = np.argsort(-scores)
        for i in range(WEIGHTS):
            u, z = utilities(SIZE), rows[best_first, i]
            mean[i] += 0.8 * deviations[i] * np.dot(u, z)
            rate = (3 + np.log(WEIGHTS)) / (5 * np.sqrt(WEIGHTS))
            deviations[i] *= np.exp(rate / 2 * np.dot(u, z**2 - 1))
        strategy.update(noise, scores)
        assert np.allclose(strategy.mean, mean, rtol=1e-12, atol=1e-12)
        assert np.allclose(strategy.deviations, deviations, rtol=1e-12)


def test_snes_learns_a_deviation_for_every_weight() -> None:
    strategy = SNES(np.ones(4), 0.3, 10)
    steep = np.array([1e4, 1.0, 1e4, 1.0])
    for generation in range(60):
        noise = drawn(strategy, generation)
        points = np.stack(list(strategy.points(noise)))
        strategy.update(noise, -(steep * points**2).sum(axis=1))
    assert strategy.deviations[[1, 3]].min() > 10 * strategy.deviations[[0, 2]].max()


# Separable CMA-ES

# Printed by cma 4.5.0 with CMA_diagonal=True: weights, individuals; mueff, cs, damping, cc, c1,
# cmu, first and last weight of recombination.
RECORDED = [
    (3, 7, 2.2548150822016, 0.5, 1.5, 0.5842464136842, 0.1385865653275, 0.0857763944488,
     0.5856451065098, -1.0636566969843),
    (10, 10, 3.1672992814107, 0.3196142529106, 1.3196142529106, 0.3636615460253, 0.0600915124685,
     0.0715158183111, 0.4562726469034, -0.6135313842908),
    (10, 200, 52.6015285929663, 0.5, 6.4792882715566, 0.4614630424872, 0.0463290951945,
     0.9536709048055, 0.0473923568354, -0.0187538863355),
    (1000, 24, 7.0263755575922, 0.0089367721240, 1.0089367721240, 0.0318614265320,
     0.0009405102976, 0.0047952883650, 0.2447048868970, -0.1738264457170),
]  # fmt: skip


@pytest.mark.parametrize("recorded", RECORDED)
def test_constants_are_those_of_pycma(recorded: tuple[float, ...]) -> None:
    c = Constants.of(int(recorded[0]), int(recorded[1]))
    ours = [c.mueff, c.cs, c.damping, c.cc, c.c1, c.cmu, c.weights[0], c.weights[-1]]
    assert np.allclose(ours, recorded[2:], rtol=1e-9)
    assert np.isclose(c.weights[c.weights > 0].sum(), 1.0)
    assert np.all(np.diff(c.weights) < 0)


@pytest.mark.parametrize("individuals", [10, 33])
def test_steps_are_those_of_pycma(individuals: int) -> None:
    cma = pytest.importorskip("cma", reason="compares with the package cma where it is installed")
    adapt = cma.sigma_adaptation.CMAAdaptSigmaCSA
    options = {"CMA_diagonal": True, "popsize": individuals, "verbose": -9, "AdaptSigma": adapt}
    theirs = cma.CMAEvolutionStrategy(np.ones(WEIGHTS), 0.5, options)
    ours = SepCMA(np.ones(WEIGHTS), 0.5, individuals)
    for generation in range(30):
        noise = drawn(ours, generation)
        points = list(ours.points(noise))
        values = [float((np.arange(1, 8) ** 3 * point**2).sum()) for point in points]
        theirs.ask()
        theirs.tell([point.copy() for point in points], values, check_points=False)
        ours.update(noise, -np.array(values))
        assert np.allclose(ours.mean, theirs.mean, rtol=1e-7, atol=1e-10)
        assert np.allclose(ours.deviations, theirs.sigma * theirs.sigma_vec.scaling, rtol=1e-7)


def test_sep_cma_learns_a_scale_for_every_weight() -> None:
    strategy = SepCMA(np.ones(4), 0.3, 10)
    steep = np.array([1e4, 1.0, 1e4, 1.0])
    for generation in range(80):
        noise = drawn(strategy, generation)
        points = np.stack(list(strategy.points(noise)))
        strategy.update(noise, -(steep * points**2).sum(axis=1))
    assert strategy.deviations[[1, 3]].min() > 10 * strategy.deviations[[0, 2]].max()


def test_on_a_plateau_sigma_does_not_collapse() -> None:
    """Where all are alike there are as many parents as individuals, and the path knows it."""
    ends = []
    for seed in range(5):
        strategy = SepCMA(np.zeros(10), 0.5, 10)
        for generation in range(150):
            strategy.update(drawn(strategy, generation, seed), np.zeros(10))
        ends.append(np.log(strategy.sigma / 0.5))
    assert abs(np.median(ends)) < 1.5  # with `mueff` for all: about -15


# The weighted mean


def test_the_weighted_mean_is_the_average_by_distance_from_the_worst() -> None:
    assert score_weights(np.array([-3.0, -5.0, -4.0])).tolist() == [2 / 3, 0.0, 1 / 3]
    assert score_weights(np.array([1.0, -np.inf, 1.0])).tolist() == [0.5, 0.0, 0.5]
    assert score_weights(np.array([1.6e308, -1.6e308, 0.0])).tolist() == [2 / 3, 0.0, 1 / 3]
    strategy = new("weighted-mean", sigma_decay=0.5)
    noise = drawn(strategy)
    points, scores = np.stack(list(strategy.points(noise))), sphere(strategy, noise)
    weights = (scores - scores.min()) / (scores - scores.min()).sum()
    strategy.update(noise, scores)
    assert np.allclose(strategy.mean, weights @ points)
    assert strategy.sigma == 0.15


def test_kinds_are_the_strategies_of_their_modules() -> None:
    wanted = {"openai": OpenAI, "snes": SNES, "sep-cma": SepCMA, "weighted-mean": WeightedMean}
    assert wanted == STRATEGIES


# The engine


# Small, of 2 keys and 3 lags; `WIDTH` weights.
NETWORK = {"keys": 2, "inputs": 0, "layers": [2], "history": 3}
WIDTH = Shape(2, layers=(2,), lags=(1, 2, 3)).weights


def settings(kind: str = "openai", **tables: dict[str, Any]) -> StrategySettings:
    small = {"population": {"size": SIZE}, "strategy": {"kind": kind}, "network": NETWORK}
    return changed(changed(StrategySettings(), small), tables)


def engine(kind: str = "openai", seed: int = 3, **tables: dict[str, Any]) -> EvolutionStrategy:
    return EvolutionStrategy(settings(kind, **tables), seed=seed)


def distribution(one: EvolutionStrategy) -> Strategy:
    """Return the strategy that a checkpoint of the engine holds."""
    strategy = one.settings.start(np.zeros(WIDTH))
    strategy.restore(one.state().part("breeder"))
    return strategy


def judge(one: EvolutionStrategy) -> Scores:
    return Scores.of(-np.square(one.ask().weights.astype(float) - 0.5).sum(axis=1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_climbs_with_every_strategy(kind: str) -> None:
    one = engine(kind, strategy={"sigma": 0.3})
    first = judge(one).total.max()
    for _ in range(30):
        one.tell(judge(one))
    assert one.champion.score > 0.5 * first  # scores are negative
    assert len(one.ask()) == SIZE


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_that_was_restored_asks_the_same_bits(kind: str) -> None:
    whole = engine(kind, population={"evaluate_mean": True})
    for _ in range(3):
        whole.tell(judge(whole))
    state = through_bytes(whole.state())
    # The next population needs a few vectors of one individual's length, not the last population.
    assert all(array.size == WIDTH for array in state.part("breeder").arrays.values())
    restored = EvolutionStrategy.restore(whole.settings, state, seed=3)
    assert restored.statistics() == whole.statistics()
    for _ in range(3):
        assert restored.ask().weights.tobytes() == whole.ask().weights.tobytes()
        restored.tell(judge(restored))
        whole.tell(judge(whole))
    assert restored.champion.score == whole.champion.score


def test_individuals_are_the_mean_and_addressed_noise_rounded_to_float32() -> None:
    one = engine("sep-cma")
    one.tell(judge(one))
    strategy, rows = distribution(one), one.ask().weights
    assert rows.dtype == np.float32
    for place, row in enumerate(rows):
        noise = noise_of(3, 1, place, WIDTH, strategy.antithetic)
        assert np.array_equal(row, (strategy.mean + strategy.deviations * noise).astype(np.float32))


def test_the_mean_can_be_judged_and_become_champion_without_breeding() -> None:
    plain, judged = engine(), engine(population={"evaluate_mean": True})
    for _ in range(3):
        scores = judge(plain).total
        assert len(judged.ask()) == SIZE + 1
        assert np.array_equal(judged.ask().weights[1:], plain.ask().weights)
        assert np.array_equal(judged.ask().weights[0], distribution(plain).mean.astype(np.float32))
        plain.tell(Scores.of(scores))
        judged.tell(Scores.of([1e6, *scores]))
    assert judged.champion.score == 1e6
    assert same_state(distribution(plain), distribution(judged))


def test_the_newest_mean_can_be_the_champion_whatever_others_scored() -> None:
    one = engine(population={"evaluate_mean": True, "champion": "mean"})
    for generation, score in enumerate((5.0, -3.0, 1.0)):
        mean = one.ask().weights[0].copy()
        one.tell(Scores.of([score, *np.linspace(9.0, 7.0, SIZE)]))
        assert (one.champion.score, one.champion.generation) == (score, generation)
        np.testing.assert_array_equal(one.champion.performers.weights, mean[None])
    restored = EvolutionStrategy.restore(one.settings, through_bytes(one.state()), seed=3)
    assert restored.champion.generation == 2
    one.tell(Scores.of([np.nan, *np.linspace(0.5, 0.0, SIZE)]))
    assert one.champion.generation == 2  # a mean that failed is none


def test_a_generation_of_failures_leaves_the_distribution_alone() -> None:
    one = engine("snes")
    one.tell(judge(one))
    before, population = distribution(one), one.ask().weights
    one.tell(Scores.failed(SIZE, Status.CRASH, "all died"))
    assert same_state(distribution(one), before)
    assert not np.array_equal(one.ask().weights, population)


def test_a_distribution_that_runs_away_is_still_asked_and_logged() -> None:
    one = engine("weighted-mean")
    state = one.state()
    state.values["breeder"]["sigma"] = 1e300
    one = EvolutionStrategy.restore(one.settings, state, seed=3)
    assert not np.isfinite(one.ask().weights).all()
    one.tell(Scores.failed(SIZE, Status.NAN, "not finite"))
    json.dumps(one.statistics(), allow_nan=False)


def test_the_first_mean_is_a_network_as_they_are_begun() -> None:
    one = engine(seed=3, network={"scale": 0.5, "forget_bias": 2.0})
    wanted = HistoryUsers.initial(one.ask().shape, stream(3, Role.INITIALISE), 1, 0.5, 2.0)
    assert np.array_equal(distribution(one).mean, wanted.weights[0])
    assert not np.array_equal(distribution(one).mean, distribution(engine(seed=4)).mean)


def test_the_shape_is_that_of_the_settings() -> None:
    default = EvolutionStrategy(EvolutionStrategy.of_shape(StrategySettings(), 14, 13), seed=1)
    assert default.settings.shape == Shape(13, inputs=14)
    united = {
        "architecture": "united",
        "lags": [1, 4, 16],
        "layers": [3, 2],
        "last": 4,
        "inputs": 5,
    }
    wanted = Shape(2, 5, (3, 2), (1, 4, 16), "united", 4)
    assert engine(network=united).ask().shape == wanted
    assert engine(network={"lags": ["1", "4"]}).ask().shape.lags == (1, 4)  # from a command line


def test_a_player_must_have_the_same_keys() -> None:
    EvolutionStrategy(settings(), seed=1, player=Player(keys=2, lags=(1,)))
    with pytest.raises(ValueError, match="the player has 9 keys, the networks have 2"):
        EvolutionStrategy(settings(), seed=1, player=Player(keys=9, lags=(1,)))


def test_statistics_say_how_wide_and_how_far() -> None:
    one = engine("snes", strategy={"sigma": 0.2}, network={"scale": 0.0, "forget_bias": 0.0})
    assert np.isclose(one.statistics()["sigma"], 0.2)
    assert one.statistics()["mean_norm"] == one.statistics()["gradient_norm"] == 0.0
    one.tell(judge(one))
    figures = one.statistics()
    assert figures["gradient_norm"] > 0 < figures["mean_norm"]
    assert figures["least_sigma"] < figures["sigma"] < figures["most_sigma"]


MILLION = "1,000,000"
WRONG = [
    (
        {"population": {"size": 11}},
        "es: population.size must be even, as openai has antithetic pairs, got 11",
    ),
    (
        {"population": {"size": 1}},
        f"es.population.size must be a whole number from 2 to {MILLION}, got 1",
    ),
    (
        {"population": {"size": 8.5}},
        f"es.population.size must be a whole number from 2 to {MILLION}, got 8.5",
    ),
    (
        {"population": {"evaluate_mean": 1}},
        "es.population.evaluate_mean must be true or false, got 1",
    ),
    (
        {"population": {"champion": "last"}},
        "es.population.champion must be one of best, mean, got 'last'",
    ),
    (
        {"population": {"champion": "mean"}},
        "es.population: champion mean needs population.evaluate_mean",
    ),
    (
        {"population": {"sise": 8}},
        "there is no setting 'es.population.sise'; did you mean es.population.size? "
        "[es.population] has size, evaluate_mean, champion",
    ),
    ({"population": 8}, "es.population is a table of settings, not a value"),
    (
        {"strategy": {"kind": "cma"}},
        "es.strategy.kind must be one of openai, sep-cma, snes, weighted-mean, got 'cma'",
    ),
    (
        {"strategy": {"sigma": 0.0}},
        f"es.strategy.sigma must be a number above 0 to {MILLION}, got 0.0",
    ),
    (
        {"strategy": {"sigma": "wide"}},
        f"es.strategy.sigma must be a number above 0 to {MILLION}, got 'wide'",
    ),
    (
        {"openai": {"momentum": 1.0}},
        "es.openai.momentum must be a number from 0 to 0.999999, got 1.0",
    ),
    (
        {"openai": {"learning_rate": float("nan")}},
        f"es.openai.learning_rate must be a number from 0 to {MILLION}, got nan",
    ),
    (
        {"snes": {"sigma_rate": -1}},
        f"es.snes.sigma_rate must be a number from 0 to {MILLION}, got -1",
    ),
    (
        {"nework": {}},
        "there is no setting 'es.nework'; did you mean es.network? "
        "[es] has population, strategy, openai, snes, weighted-mean, network",
    ),
    (
        {"network": {"architecture": "deep"}},
        "es.network.architecture must be one of content, content-melody, lstm, melody, plain, "
        "united, got 'deep'",
    ),
    (
        {"network": {"layers": []}},
        "es.network: layers must be the units of at least one LSTM, got none",
    ),
    (
        {"network": {"layers": 70}},
        "es.network.layers must be a list, each a whole number from 1 to 65,536, got 70",
    ),
    (
        {"network": {"lags": [1, 2.5]}},
        "es.network.lags must be a list, each a whole number from 0 to 65,536, got [1, 2.5]",
    ),
    (
        {"network": {"lags": [4, 1]}},
        "es.network: lags must be rising whole numbers from 0 to 65536, got (4, 1)",
    ),
    (
        {"network": {"history": 0}},
        "es.network.history must be a whole number from 1 to 65,536, got 0",
    ),
    ({"network": {"inputs": 3}}, "es.network: inputs (3) must be at least keys (13)"),
    (
        {"strategy": {"kind": "snes"}, "snes": {"antithetic": True}, "population": {"size": 9}},
        "es: population.size must be even, as snes has antithetic pairs, got 9",
    ),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_wrong_settings_are_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(StrategySettings(), changes, "es")
    assert str(caught.value) == message
    with pytest.raises(InputError):
        EvolutionStrategy(changes, seed=1)


def test_an_odd_population_is_welcome_where_there_are_no_pairs() -> None:
    for kind in ("snes", "sep-cma", "weighted-mean"):
        assert len(engine(kind, population={"size": 11}).ask()) == 11


def test_the_default_settings_are_accepted_by_every_strategy() -> None:
    default = tables(StrategySettings())
    for kind in KINDS:
        taken = changed(StrategySettings(), default | {"strategy": {"kind": kind}})
        assert isinstance(taken.start(np.zeros(2)), STRATEGIES[kind])  # type: ignore[arg-type]
        others = tables(taken)
        assert others.pop("strategy") == default["strategy"] | {"kind": kind}
        assert others == {name: one for name, one in default.items() if name != "strategy"}


@pytest.mark.parametrize("kind", ["openai", "snes", "sep-cma", "weighted-mean"])
def test_a_search_that_has_diverged_is_not_restored(kind: str) -> None:
    one = engine(kind)
    state = one.state()
    mean = state.arrays["breeder.mean"].copy()
    mean[0] = np.inf
    forged = State(state.arrays | {"breeder.mean": mean}, state.values)
    with pytest.raises(ValueError, match="mean and deviations must be finite"):
        EvolutionStrategy.restore(one.settings, forged, seed=3)


def test_a_search_that_diverges_ends_with_a_reason() -> None:
    one = engine("sep-cma")
    state = one.state()
    path = np.full_like(state.arrays["breeder.scale_path"], 1e160)
    huge = State(state.arrays | {"breeder.scale_path": path}, state.values)
    one = EvolutionStrategy.restore(one.settings, huge, seed=3)
    with pytest.raises(BreedingError, match="diverged"):
        one.tell(Scores.of(np.arange(float(len(one.ask())))))


@pytest.mark.parametrize("size", [1.0, 1e160, 1e300])
def test_the_figures_of_any_distribution_can_be_logged(size: float) -> None:
    one = engine("snes")
    state = one.state()
    mean = np.full_like(state.arrays["breeder.mean"], size)
    one = EvolutionStrategy.restore(
        one.settings, State(state.arrays | {"breeder.mean": mean}, state.values), seed=3
    )
    json.dumps(one.statistics(), allow_nan=False)
