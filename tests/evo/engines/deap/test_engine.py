"""DEAP's algorithms and users' toolboxes, beyond the contract in `test_engines.py`."""

import copy
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays
from deap import algorithms, base, tools

from evo.core.errors import BreedingError, InputError
from evo.core.scores import Scores, Status
from evo.core.seeds import Role, global_random
from evo.engines import engine_class

KINDS = ("deap-grid", "deap-history-user")
SHAPES: dict[str, dict[str, Any]] = {
    "deap-grid": {"grid": {"steps": 6, "keys": 3, "bar": 2}},
    "deap-history-user": {"network": {"keys": 2, "layers": [2], "history": 3}},
}
BY_KIND = pytest.mark.parametrize("name", KINDS)
SIMPLE = {"algorithm": {"kind": "eaSimple", "cxpb": 0.6, "mutpb": 0.4}}


def new(name: str = "deap-grid", functions: Any = None, **tables: Any) -> Any:
    tables = {"population": {"size": 10, "elitism": 0}, **tables}
    return engine_class(name)(SHAPES[name] | tables, seed=4, functions=functions)


def genes(engine: Any) -> Any:
    """Return the population as a matrix."""
    arrays = engine.ask()
    rows = arrays.notes if hasattr(arrays, "notes") else arrays.weights
    return rows.reshape(len(rows), -1).astype(np.float64)


def judge(engine: Any, goals: int = 2) -> Scores:
    """Return scores by the sums of parts of the genes."""
    parts = np.array_split(genes(engine), goals, axis=1)
    cases = np.stack([part.sum(axis=1) for part in parts], axis=1)
    return Scores.of(cases.sum(axis=1), cases)


def climb(engine: Any, generations: int = 4) -> Any:
    for _ in range(generations):
        engine.tell(judge(engine))
    return genes(engine)


def in_deap(name: str, rows: Any, totals: Any, toolbox: Any) -> list[Any]:
    """Return a population as in a DEAP script, evaluated."""
    fitness = type("Max", (base.Fitness,), {"weights": (1.0,)})
    kind = type("Individual", (list,), {})
    population = []
    for row, total in zip(rows, totals, strict=True):
        individual = kind(int(x) if name == "deap-grid" else x for x in row.tolist())
        individual.fitness = fitness((total,))
        population.append(individual)
    return population


def toolbox_of(name: str) -> Any:
    toolbox = base.Toolbox()
    toolbox.register("mate", tools.cxTwoPoint)
    if name == "deap-grid":
        toolbox.register("mutate", tools.mutFlipBit, indpb=0.1)
    else:
        toolbox.register("mutate", tools.mutGaussian, mu=0, sigma=0.3, indpb=0.5)
    toolbox.register("select", tools.selTournament, tournsize=2)
    return toolbox


@BY_KIND
def test_a_generation_is_that_of_deap_itself(name: str) -> None:
    toolbox = toolbox_of(name)
    engine = new(name, toolbox, **SIMPLE)
    rows, scores = genes(engine), judge(engine)
    engine.tell(scores)
    population = in_deap(name, rows, scores.total.tolist(), toolbox)
    with global_random(4, Role.BREED, 0):
        chosen = toolbox.select(population, len(population))
        wanted = algorithms.varAnd(chosen, toolbox, 0.6, 0.4)
    np.testing.assert_array_equal(genes(engine), np.array(wanted, np.float32))


@BY_KIND
@pytest.mark.parametrize("kind", ["eaMuPlusLambda", "eaMuCommaLambda"])
def test_two_generations_of_the_mu_algorithms_are_those_of_deap(name: str, kind: str) -> None:
    toolbox = toolbox_of(name)
    engine = new(name, toolbox, algorithm={"kind": kind, "mu": 4, "cxpb": 0.3})
    parents: list[Any] = []
    for generation in range(2):
        rows, scores = genes(engine), judge(engine)
        engine.tell(scores)
        told = in_deap(name, rows, scores.total.tolist(), toolbox)
        with global_random(4, Role.BREED, generation):
            pool = parents + told if kind == "eaMuPlusLambda" else told
            parents = toolbox.select(pool, 4)
            wanted = algorithms.varOr(parents, toolbox, 10, 0.3, 0.5)
        np.testing.assert_array_equal(genes(engine), np.array(wanted, np.float32))


@BY_KIND
@pytest.mark.parametrize("form", ["list", "array"])
def test_operators_take_the_form_of_the_settings(name: str, form: str) -> None:
    seen: list[Any] = []

    def mutate(individual: Any) -> Any:
        seen.append(individual)
        assert individual.fitness.valid is (len(individual.fitness.values) == 1)
        return (individual,)

    tables = {"population": {"size": 6, "individual": form}, "algorithm": {"cxpb": 0, "mutpb": 1}}
    engine = new(name, {"mutate": mutate, "mate": lambda a, b: (a, b)}, **tables)
    engine.tell(judge(engine))
    if form == "list":
        assert {(type(gene), len(one)) for one in seen for gene in one} == {
            (int if name == "deap-grid" else float, genes(engine).shape[1])
        }
    else:
        wanted = (6, 3) if name == "deap-grid" else (genes(engine).shape[1],)
        assert {(one.dtype.kind, one.shape) for one in seen} == {
            ("b" if name == "deap-grid" else "f", wanted)
        }


@BY_KIND
@pytest.mark.parametrize("form", ["list", "array"])
def test_individuals_can_be_copied_and_made_as_in_deap(name: str, form: str) -> None:
    def mutate(individual: Any) -> Any:
        individual.strategy = [1, 2]
        clone, twin = copy.deepcopy(individual), copy.copy(individual)
        for made in (clone, twin):
            assert made.fitness is not individual.fitness
            assert made.fitness.values == individual.fitness.values
            assert made.strategy == [1, 2]
            assert np.array_equal(made, individual)
        fresh = type(individual)(individual)
        assert not fresh.fitness.valid
        fresh.fitness.values = (3.0,)
        assert fresh.fitness.wvalues == (3.0,)
        assert type(individual).fitness_type.weights == (1.0,)
        return (fresh,)

    tables = {"population": {"size": 6, "individual": form}, "algorithm": {"cxpb": 0, "mutpb": 1}}
    engine = new(name, {"mutate": mutate, "mate": lambda a, b: (a, b)}, **tables)
    engine.tell(judge(engine))


@BY_KIND
@pytest.mark.parametrize(
    "select",
    [
        partial(tools.selTournament, tournsize=2), tools.selRoulette, tools.selBest,
        tools.selRandom, tools.selStochasticUniversalSampling, tools.selNSGA2, tools.selSPEA2,
        tools.selLexicase, tools.selAutomaticEpsilonLexicase, tools.selWorst,
        partial(tools.selDoubleTournament, fitness_size=3, parsimony_size=1.4, fitness_first=True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("goals", [False, True])
def test_every_selection_of_deap_works(name: str, select: Any, goals: bool) -> None:
    tables = {"algorithm": {"mu": 5}, "select": {"goals": goals}}
    engine = new(name, {"select": select}, **tables)
    for _ in range(3):
        scores = judge(engine)
        engine.tell(Scores.of(scores.total + 1000, scores.cases + 500))
    assert len(genes(engine)) == 10


@BY_KIND
def test_goals_are_the_fitness_values(name: str) -> None:
    seen = []

    def select(individuals: Any, k: int) -> Any:
        seen.extend(one.fitness.values for one in individuals)
        return tools.selNSGA2(individuals, k)

    engine = new(name, {"select": select}, select={"goals": True}, algorithm={"mu": 5})
    scores = judge(engine, 3)
    engine.tell(scores)
    np.testing.assert_array_equal(np.array(seen), scores.cases)
    with pytest.raises(BreedingError, match="need a fitness with cases"):
        engine.tell(Scores.of(scores.total))


def test_the_gallery_of_goals_is_their_first_front() -> None:
    engine = new(select={"kind": "selNSGA2"}, algorithm={"mu": 6})
    climb(engine, 5)
    gallery = engine.gallery()
    rows = gallery.performers.notes.reshape(len(gallery.scores), -1)
    goals = [tuple(part.sum(axis=1)) for part in np.array_split(rows, 2, axis=1)]
    pairs = list(zip(*goals, strict=True))
    assert not any(a[0] >= b[0] and a[1] >= b[1] and a != b for a in pairs for b in pairs)


@BY_KIND
def test_failed_individuals_have_finite_values_below_all_others(name: str) -> None:
    seen: list[Any] = []

    def select(individuals: Any, k: int) -> Any:
        seen[:] = [one.fitness.values[0] for one in individuals]
        return individuals[:k]

    engine = new(name, {"select": select})
    engine.tell(Scores.failed(10, Status.CRASH, "died"))
    assert seen == [np.nextafter(0.0, -np.inf)] * 10
    engine.tell(Scores.of([5.0, np.nan, *range(6, 14)]))
    assert seen[:10] == [np.nextafter(5.0, -np.inf)] * 10
    assert seen[11] == np.nextafter(5.0, -np.inf)
    assert min(seen[12:]) == 6.0


@BY_KIND
def test_operators_of_both_global_generators_are_addressed(name: str) -> None:
    def mutate(individual: Any) -> Any:
        places = np.random.randint(len(individual), size=2)
        for place in [*places.tolist(), random.randrange(len(individual))]:
            individual[place] = int(np.random.random() < 0.5)
        return (individual,)

    functions = {"mutate": mutate, "mate": tools.cxOnePoint}
    wanted = climb(new(name, functions))
    np.random.seed(3)
    random.seed(3)
    before = random.getstate(), np.random.random()
    np.random.seed(3)
    engine = new(name, functions)
    engine.tell(judge(engine))
    assert (random.getstate(), np.random.random()) == before
    kept = engine.state()
    for _ in range(3):
        random.random()
        np.random.random()
        engine = engine_class(name).restore(engine.settings, kept, seed=4, functions=functions)
        engine.tell(judge(engine))
        kept = engine.state()
    np.testing.assert_array_equal(genes(engine), wanted)


@BY_KIND
def test_the_first_individuals_can_be_the_users(name: str) -> None:
    count = genes(new(name)).shape[1]
    toolbox = toolbox_of(name)
    toolbox.register("bit", random.randint, 0, 1)
    toolbox.register("individual", tools.initRepeat, list, toolbox.bit, n=count)
    engine = new(name, toolbox)
    rows = genes(engine)
    assert set(rows.ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(genes(new(name, toolbox)), rows)
    toolbox.register("individual", tools.initRepeat, list, toolbox.bit, n=count + 1)
    with pytest.raises(InputError, match=f"individual returned {count + 1} genes instead of"):
        new(name, toolbox).ask()


def wrong(change: Callable[[Any], Any]) -> dict[str, Any]:
    def my_mutate(individual: Any) -> Any:
        return change(individual)

    return {"mutate": my_mutate}


@pytest.mark.parametrize(("functions", "message"), [
    (wrong(lambda one: 1 / 0), "mutate (my_mutate) raised ZeroDivisionError: division by zero"),
    (wrong(lambda one: None),
     "mutate (my_mutate) returned None instead of a tuple (individual,)"),
    (wrong(lambda one: one),
     "mutate (my_mutate) returned an Individual instead of a tuple (individual,)"),
    (wrong(lambda one: (one, one)),
     "mutate (my_mutate) returned a tuple of 2 instead of a tuple (individual,)"),
    (wrong(lambda one: (one[:-1],)), "mutate (my_mutate) returned 17 genes instead of 18 genes"),
    (wrong(lambda one: ([2] * 18,)),
     "mutate (my_mutate) returned the gene 2; a grid has 0 and 1, or False and True"),
    (wrong(lambda one: ([0.5] * 18,)),
     "mutate (my_mutate) returned the gene 0.5; a grid has 0 and 1, or False and True"),
    (wrong(lambda one: (["a"] * 18,)),
     "mutate (my_mutate) returned the gene 'a'; a grid has 0 and 1, or False and True"),
    (wrong(lambda one: ([[0], [0, 1]],)),
     "mutate (my_mutate) returned a nested list instead of 18 genes"),
    ({"mate": lambda a, b: (a,)},
     "mate (<lambda>) returned a tuple of 1 instead of a tuple (individual, individual)"),
    ({"mate": lambda a: (a, a)}, "mate (<lambda>) raised TypeError"),
    ({"select": lambda all, k: all[:3]},
     "select (<lambda>) returned a list of 3 instead of 10 individuals"),
    ({"select": lambda all, k: None}, "select (<lambda>) returned None instead of 10 individuals"),
    ({"select": lambda all, k: [[0] * 18] * k},
     "select (<lambda>) returned a list of 18, which it was not given"),
    ({"select": partial(tools.selTournament)}, "select (selTournament) raised TypeError"),
])  # fmt: skip
def test_a_wrong_operator_is_named_with_its_result_in_one_line(
    functions: Any, message: str
) -> None:
    engine = new(functions=functions, **SIMPLE)
    with pytest.raises(BreedingError) as caught:
        climb(engine)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("made", [
    lambda one: np.concatenate([one[3:], one[:3]]), lambda one: ~one, lambda one: one.tolist(),
    lambda one: one.astype(float), lambda one: np.array(one),
])  # fmt: skip
def test_a_mutation_of_an_array_may_return_another_array(made: Any) -> None:
    functions = {"mutate": lambda one: (made(one),), "mate": lambda one, other: (other, one)}
    engine = new(functions=functions, population={"size": 10, "individual": "array"})
    assert climb(engine).shape == (10, 18)
    failing = {**functions, "mutate": lambda one: (one[:2],)}
    engine = new(functions=failing, population={"size": 10, "individual": "array"})
    with pytest.raises(BreedingError, match=r"an array of shape \(2, 3\) instead of an array of"):
        climb(engine)


def test_deaps_own_crossover_of_slices_is_refused_for_arrays() -> None:
    """It would give both children the same genes: slices of an array are views."""
    table = {"population": {"individual": "array"}}
    with pytest.raises(InputError, match="cxTwoPoint exchanges slices, which are views"):
        new("deap-history-user", {"mate": tools.cxTwoPoint}, **table)
    with pytest.raises(InputError, match=r"mutate: mutFlipBit is for flat individuals, .* 6 x 3"):
        new(functions={"mutate": partial(tools.mutFlipBit, indpb=0.1)}, **table)
    engine = new("deap-history-user", {"mate": partial(tools.cxBlend, alpha=0.3)}, **table)
    climb(engine)


@BY_KIND
def test_the_operators_of_the_settings_breed_the_same_lists_and_arrays(name: str) -> None:
    lists, arrays = (
        climb(new(name, population={"size": 10, "individual": form})) for form in ("list", "array")
    )
    np.testing.assert_array_equal(lists, arrays)


@pytest.mark.parametrize(("tables", "message"), [
    ({"algorithm": {"cxpb": 0.6}}, "cxpb + mutpb must be at most 1 with eaMuPlusLambda, got 1.1"),
    ({"algorithm": {"mu": 11}}, "algorithm.mu must be at most population.size, 10, got 11"),
    ({"algorithm": {"mu": 1}}, "algorithm.mu must be at least 2 if algorithm.cxpb is above 0"),
    ({"population": {"size": 5, "elitism": 5}}, "elitism (5) must be less than size"),
    ({**SIMPLE, "select": {"kind": "selNSGA2"}}, "selNSGA2 would select every individual once"),
    ({"grid": {"steps": 65_536, "keys": 128}, "population": {"size": 1000}}, "fit in memory"),
])  # fmt: skip
def test_inconsistent_settings_are_refused_in_one_line(tables: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        new(**tables)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@BY_KIND
def test_the_hall_of_fame_survives_the_simple_algorithm(name: str) -> None:
    engine = new(name, **SIMPLE, population={"size": 10, "elitism": 2})
    best = -np.inf
    for _ in range(6):
        scores = judge(engine)
        assert scores.total.max() >= best
        best = scores.total.max()
        engine.tell(scores)
    assert len({row.tobytes() for row in genes(engine)[-2:]}) == 2
    assert judge(engine).total[-2] == best


def test_surplus_notes_of_a_step_are_removed() -> None:
    tables = {"mutate": {"indpb": 0.5}, "grid": SHAPES["deap-grid"]["grid"] | {"most_voices": 2}}
    engine = new(**tables)
    seen = []
    for _ in range(5):
        seen.append(engine.ask().notes.sum(axis=2))
        engine.tell(judge(engine))
    assert np.max(seen[1:]) == 2
    assert {0, 1, 2} == set(np.unique(seen[-1]))


def test_a_toolbox_without_operators_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        new(functions=base.Toolbox())
    assert str(caught.value) == (
        "functions must be a dictionary or a DEAP toolbox with mate or mutate or select or "
        "individual, got a Toolbox"
    )


def test_a_toolbox_for_an_engine_without_functions_is_refused() -> None:
    with pytest.raises(InputError, match="this engine takes no function 'toolbox'"):
        engine_class("es")({}, seed=1, functions=toolbox_of("deap-grid"))


def test_only_engines_with_own_operators_take_functions() -> None:
    for name in ("neat", "neat-python", "es", "random-grid", "one-plus-one-network"):
        with pytest.raises(InputError) as caught:
            engine_class(name)({}, seed=1, functions={"mutate": print})
        assert str(caught.value) == "this engine takes no function 'mutate'; ga and deap do"
    with pytest.raises(InputError, match="takes no function 'evaluate'; it takes mate, mutate"):
        new(functions={"evaluate": print})
    with pytest.raises(InputError, match="mutate must be a function, got 3"):
        new(functions={"mutate": 3})


@BY_KIND
def test_a_damaged_state_is_refused(name: str) -> None:
    engine = new(name, algorithm={"mu": 5})
    climb(engine, 3)
    kind, state = engine_class(name), engine.state()
    assert same_arrays(kind.restore(engine.settings, state, seed=4).state().arrays, state.arrays)
    for entry, array in state.arrays.items():
        changed = dict(state.arrays)
        for made in (array[:-1], array[:0], np.concatenate([array, array]), array.astype("f2")):
            if made.dtype == array.dtype and made.shape == array.shape:
                continue
            changed[entry] = made
            with pytest.raises(ValueError, match=r"\w"):
                kind.restore(engine.settings, type(state)(changed, state.values), seed=4)
