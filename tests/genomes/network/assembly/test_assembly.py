"""Parts play as their networks do, edits change what they say, and rounds only improve.

The random numbers are fixed by their keys, so a statistical test here passes always or never.
"""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest

from evo.engines.neat.settings import ModuleSettings
from genomes.arrays import FloatArray
from genomes.errors import GenomeError
from genomes.lessons import Lessons
from genomes.network.assembly import edits
from genomes.network.assembly.edited import EditedNetworks
from genomes.network.assembly.edits import Rates
from genomes.network.assembly.from_network import parts_of_network
from genomes.network.assembly.offspring import (
    Children,
    draw_children,
    genes_of_parts,
    merge_children,
    parts_of_children,
    same_rows,
    sizes_of_parts,
    unedited,
)
from genomes.network.assembly.parts import CONDITIONS, QUANTUM, Parts, silent
from genomes.network.assembly.reading import Reading
from genomes.network.assembly.rounds import Search, improve
from genomes.network.networks import Networks
from genomes.player import Player

INPUTS, OUTPUTS = 24, 3
KEY = np.uint64(7)
PLAYER = Player(OUTPUTS, tuple(range(1, 9)), off=0.0, before_start=0.0)
NAMES = Rates._fields[: Rates._fields.index("negative")]
USUAL = ModuleSettings().rates(np.empty(0))
EVENLY = USUAL._replace(**dict.fromkeys(NAMES, 1.0), negative=0.4, further=0.5)
LETTERS = np.array([-1.0, 1.0])
STILL = np.zeros(OUTPUTS, np.bool_)


def only(**rates: float) -> Rates:
    return EVENLY._replace(**(dict.fromkeys(NAMES, 0.0) | rates))


def grown(rates: Rates = EVENLY, generations: int = 40, n: int = 12, key: int = 1) -> Parts:
    """Return the parts of n networks after as many edits of every output."""
    parts = silent(INPUTS, n * OUTPUTS, -1.0)
    rows = np.arange(n * OUTPUTS).reshape(n, OUTPUTS)
    for generation in range(generations):
        address = np.uint64(1000 * key + generation)
        children = draw_children(rates, parts, rows, np.ones(rows.shape, np.bool_), address)
        parts = parts_of_children(parts, children, rates.strict)
    return parts


def outputs_of(parts: Parts, inputs: Any) -> FloatArray:
    """Return the outputs by the definition: float64 (rows of parts, rows)."""
    inputs = np.asarray(inputs, np.float64)
    sums = parts.bias[:, None] + parts.weight @ inputs
    for row in range(len(parts.bias)):
        for unit in range(parts.unit_offsets[row], parts.unit_offsets[row + 1]):
            total = np.zeros(inputs.shape[1])
            for condition in parts.conditions[unit]:
                if condition:
                    total += np.sign(condition) * inputs[abs(condition) - 1]
            sums[row] += parts.unit_weight[unit] * (total > parts.threshold[unit])
    return sums


def described(parts: Parts, row: int) -> tuple[Any, ...]:
    """Return bias, weights and units of a part."""
    units = slice(*parts.unit_offsets[row : row + 2])
    weights = {int(i): float(parts.weight[row, i]) for i in np.flatnonzero(parts.weight[row])}
    rows = (parts.unit_weight[units], parts.threshold[units], parts.conditions[units])
    return (
        float(parts.bias[row]),
        weights,
        [
            (float(weight), int(threshold), tuple(conditions.tolist()))
            for weight, threshold, conditions in zip(*rows, strict=True)
        ],
    )


def taught(steps: int = 60, seed: int = 3, before: bool = False) -> Lessons:
    """Return random lessons; with `before`, half of the inputs are -1 at some rows."""
    random = np.random.default_rng(seed)
    windows = (random.random((INPUTS, steps)) < 0.3).astype(np.int8)
    if before:
        windows[: INPUTS // 2, : steps // 3] = -1
    return Lessons.of(windows, random.random((OUTPUTS, steps)) < 0.4)


def search(rates: Rates = USUAL, **changes: Any) -> Search:
    return Search(rates, 50, 30, 0.1, 1.0, 0.0, 0.0)._replace(**changes)


def loss(parts: Parts, lessons: Lessons, how: Search) -> FloatArray:
    sign = np.where(lessons.wanted, 1.0, -1.0)
    short = how.margin - sign * (outputs_of(parts, lessons.inputs) - how.centre)
    return (np.maximum(short, 0.0) ** 2).sum(axis=1) + how.parsimony * sizes_of_parts(parts)


@pytest.mark.parametrize("strict", [False, True])
def test_networks_play_as_their_parts_are_defined(strict: bool) -> None:
    parts = grown(EVENLY._replace(strict=strict, letters=LETTERS if strict else np.empty(0)))
    assert np.diff(parts.unit_offsets).min() >= 0
    assert len(parts.unit_weight) > 100
    assert (parts.conditions < 0).any()
    genes = genes_of_parts(parts, OUTPUTS)
    networks = Networks(INPUTS, OUTPUTS, True, **genes._asdict())
    inputs = np.random.default_rng(2).integers(-1, 2, (INPUTS, 50))
    np.testing.assert_array_equal(
        networks.activate(inputs.T.astype(float)).transpose(0, 2, 1).reshape(-1, 50),
        outputs_of(parts, inputs),
    )
    np.testing.assert_array_equal(
        networks.sizes().sum(axis=1), sizes_of_parts(parts).reshape(-1, OUTPUTS).sum(axis=1)
    )
    for place in range(0, len(networks), 5):
        again = parts_of_network(networks.take([place]))
        for output in range(OUTPUTS):
            assert described(again, output) == described(parts, place * OUTPUTS + output)


def test_other_networks_are_no_parts() -> None:
    networks = Networks(INPUTS, OUTPUTS, True, **genes_of_parts(grown(), OUTPUTS)._asdict()).take(
        [0]
    )
    arrays = networks.to_arrays()
    for name, change in (("response", 2.0), ("aggregation", 1), ("activation", 0), ("weight", 0.3)):
        other = Networks.from_arrays(arrays | {name: np.full_like(arrays[name], change)})
        with pytest.raises(GenomeError):
            parts_of_network(other)


def test_strict_networks_have_letters_for_weights_and_no_bias() -> None:
    parts = grown(EVENLY._replace(strict=True, letters=LETTERS), 60)._replace()
    assert set(np.unique(parts.weight)) == {-1.0, 0.0, 1.0}
    assert set(np.unique(parts.unit_weight)) == {-1.0, 1.0}
    assert not parts.threshold.any()
    genes = genes_of_parts(parts._replace(bias=np.zeros(len(parts.bias))), OUTPUTS)
    assert not genes.bias.any()
    assert set(np.unique(genes.weight)) == {-1.0, 1.0}


@pytest.mark.parametrize("rate", NAMES)
def test_an_edit_changes_what_it_says_and_nothing_else(rate: str) -> None:
    parts = grown(EVENLY._replace(remove_connection=0.2, further=0.7), 60)
    rows = np.arange(len(parts.bias)).reshape(-1, OUTPUTS)
    children = draw_children(only(**{rate: 1.0}), parts, rows, rows >= 0, KEY)
    after = parts_of_children(parts, children, False)
    changed = 0
    for row in range(len(parts.bias)):
        (bias, weights, units), (new_bias, new_weights, new_units) = (
            described(parts, row), described(after, row),
        )  # fmt: skip
        differing = {
            source
            for source in weights.keys() | new_weights.keys()
            if weights.get(source) != new_weights.get(source)
        }
        gone, come = Counter(units) - Counter(new_units), Counter(new_units) - Counter(units)
        changed += described(parts, row) != described(after, row)
        if rate == "move_bias":
            assert bias != new_bias
            assert not differing
            assert not gone
            assert not come
            continue
        assert bias == new_bias
        assert len(differing) + max(gone.total(), come.total()) <= 1
        if rate == "add_connection":
            assert len(differing) == 1
        elif rate == "remove_connection":
            assert len(new_weights) + len(new_units) == len(weights) + len(units) - 1
        elif rate in ("add_conjunction", "split_connection"):
            assert not differing
            assert not gone
            ((_, threshold, conditions),) = come
            assert threshold == sum(condition > 0 for condition in conditions) - 1
            if rate == "split_connection":
                assert conditions[0] - 1 in weights
        elif rate in ("add_condition", "remove_condition") and come:
            ((weight, threshold, conditions),) = come
            ((old_weight, _, old),) = gone
            assert weight == old_weight
            assert threshold == sum(condition > 0 for condition in conditions) - 1
            step = 1 if rate == "add_condition" else -1
            assert np.count_nonzero(conditions) == np.count_nonzero(old) + step
            assert not set(old if step < 0 else conditions) < set(old if step > 0 else conditions)
    assert changed > len(parts.bias) * 0.6


def test_edits_are_drawn_in_proportion_to_their_rates() -> None:
    parts = grown()
    rows = np.tile(np.arange(OUTPUTS), (3000, 1))
    kind = draw_children(USUAL, parts, rows, rows >= 0, KEY).kind
    share = [(kind == code).mean() for code in range(edits.NOTHING + 1)]
    total = sum(USUAL[: len(NAMES)])
    wanted = {
        edits.BIAS: USUAL.move_bias,
        edits.NEW_UNIT: USUAL.add_conjunction + USUAL.split_connection,
        edits.ADD_CONDITION: USUAL.add_condition,
        edits.REMOVE_CONDITION: USUAL.remove_condition,
    }
    for code, rate in wanted.items():
        assert share[code] == pytest.approx(rate / total, abs=0.006)
    assert share[edits.NOTHING] == 0


def test_moves_are_as_often_up_as_down_and_log_uniform_over_the_decades() -> None:
    parts = grown()
    rows = np.tile(np.arange(OUTPUTS), (4000, 1))
    size = draw_children(only(add_connection=1.0), parts, rows, rows >= 0, KEY).size.ravel()
    assert not (size % QUANTUM).any()
    assert (size > 0).mean() == pytest.approx(0.5, abs=0.02)
    decades = np.log10(np.abs(size) / USUAL.smallest) / USUAL.decades
    shares = np.histogram(decades, 4, (0, 1))[0] / len(size)
    assert shares == pytest.approx([0.25] * 4, abs=0.03)


def test_a_child_depends_on_its_place_alone_and_what_is_not_edited_is_a_copy() -> None:
    parts = grown()
    rows = np.arange(len(parts.bias)).reshape(-1, OUTPUTS)
    chosen = np.random.default_rng(1).random(rows.shape) < 0.5
    some, everything = (
        draw_children(EVENLY, parts, rows, which, KEY) for which in (chosen, rows >= 0)
    )
    for name in ("kind", "where", "size", "conditions"):
        np.testing.assert_array_equal(
            getattr(some, name)[chosen], getattr(everything, name)[chosen]
        )
    after = parts_of_children(parts, some, False)
    for row in np.flatnonzero(~chosen.ravel()):
        assert described(after, row) == described(parts, row)


def test_merging_applies_the_edits_of_the_best_children_to_the_parent() -> None:
    parts = grown(n=1)
    rows = np.tile(np.arange(OUTPUTS), (6, 1))
    children = draw_children(only(add_connection=1.0), parts, rows, rows >= 0, KEY)
    children.kind[:2] = edits.NOTHING
    elites, parents = np.array([3, 0, 5]), np.array([1, 1, 1])
    merged = merge_children(
        parts, children, elites, parents, np.array([2, 4, 5]), np.array([0, 2, 2, 3]), EVENLY
    )
    single = parts_of_children(parts, children, False)
    for output, elite in enumerate(elites):
        assert described(merged, output) == described(single, elite * OUTPUTS + output)
    for output, gains in enumerate([[2, 4], [], [5]]):
        row = parts.weight[output].copy()
        for child in gains:
            row[children.where[child, output]] += children.size[child, output]
        np.testing.assert_array_equal(merged.weight[OUTPUTS + output], row)


# Rounds


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("aimed", [0.0, 0.7])
def test_rounds_only_improve_and_end_when_all_rows_are_right(aimed: float, before: bool) -> None:
    lessons = taught(before=before)
    reading = Reading.of(lessons.inputs)
    how = search(EVENLY._replace(aimed=aimed), rounds=1)
    parts = silent(INPUTS, OUTPUTS, -1.0)
    before, right = loss(parts, lessons, how), np.zeros(OUTPUTS, np.bool_)
    for generation in range(300):
        parts, right, judged = improve(
            how, reading, lessons.wanted, parts, STILL, np.uint64(generation)
        )
        after = loss(parts, lessons, how)
        assert (after <= before).all()
        before = after
        played = outputs_of(parts, lessons.inputs) > how.centre
        assert right.tolist() == (played == lessons.wanted).all(axis=1).tolist()
        if right.all():
            break
    assert right.all()
    again, _, judged = improve(how, reading, lessons.wanted, parts, STILL, KEY)
    assert not judged.any()
    assert [described(again, k) for k in range(OUTPUTS)] == [
        described(parts, k) for k in range(OUTPUTS)
    ]


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("temperature", [0.0, 0.2])
def test_rounds_of_strict_networks_keep_their_letters(temperature: float, before: bool) -> None:
    lessons = taught(30, before=before)
    rates = EVENLY._replace(strict=True, letters=LETTERS, aimed=0.5)
    how = search(rates, rounds=40, margin=0.5, centre=0.5, temperature=temperature)
    parts, reading = silent(INPUTS, OUTPUTS, 0.0), Reading.of(lessons.inputs)
    before = loss(parts, lessons, how)
    parts, right, _ = improve(how, reading, lessons.wanted, parts, STILL, KEY)
    assert (loss(parts, lessons, how) < before).all()
    assert not parts.bias.any()
    assert not parts.threshold.any()
    assert set(np.unique(parts.weight)) <= {-1.0, 0.0, 1.0}
    assert set(np.unique(parts.unit_weight)) <= {-1.0, 1.0}
    played = outputs_of(parts, lessons.inputs) > 0
    assert right.tolist() == (played == lessons.wanted).all(axis=1).tolist()


def test_a_part_that_no_edit_improves_changes_only_when_it_is_shaken() -> None:
    """Two rows with equal inputs want different outputs: the best is half-way between."""
    reading = Reading.of(np.zeros((INPUTS, 2), np.int8))
    wanted = np.tile([True, False], (OUTPUTS, 1))
    parts = silent(INPUTS, OUTPUTS, -1.0)
    for generation in range(20):
        parts, right, _ = improve(
            search(), reading, wanted, parts, STILL, np.uint64(generation)
        )  # fmt: skip
    assert not right.any()
    assert (np.abs(parts.bias) < 0.01).all()
    again, _, _ = improve(search(), reading, wanted, parts, STILL, KEY)
    assert same_rows(parts, again).all()
    shaken = np.arange(OUTPUTS) == 1
    other, _, judged = improve(search(EVENLY), reading, wanted, parts, shaken, KEY)
    assert same_rows(parts, other).tolist() == [True, False, True]
    assert (judged > 0).all()


def test_an_output_is_improved_without_regard_to_the_others() -> None:
    lessons = taught()
    reading, parts = Reading.of(lessons.inputs), silent(INPUTS, OUTPUTS, -1.0)
    one, _, _ = improve(search(), reading, lessons.wanted, parts, STILL, KEY)
    turned = lessons.wanted.copy()
    turned[1] = ~turned[1]
    other, _, _ = improve(search(), reading, turned, parts, STILL, KEY)
    assert described(one, 0) == described(other, 0)
    assert described(one, 2) == described(other, 2)
    assert described(one, 1) != described(other, 1)
    with pytest.raises(GenomeError, match="same inputs"):
        improve(search(), reading, lessons.wanted[:2], parts, STILL, KEY)


# The batch


def batch(n: int = 5) -> EditedNetworks:
    parts = grown(n=2)
    rows = np.tile(np.arange(OUTPUTS, 2 * OUTPUTS), (n, 1))
    rows[0] -= OUTPUTS
    return EditedNetworks(parts, draw_children(EVENLY, parts, rows, rows >= 0, KEY), False, PLAYER)


def test_a_batch_plays_as_its_networks_whole_in_parts_and_after_a_journey() -> None:
    networks = batch()
    roll = np.random.default_rng(5).random((20, OUTPUTS)) < 0.4
    alone = parts_of_children(networks.parts, networks.children, False)
    windows = PLAYER.input_rows(roll) == 1
    wanted = outputs_of(alone, windows).reshape(5, OUTPUTS, 20).transpose(0, 2, 1)
    np.testing.assert_array_equal(networks.follow(roll), wanted.astype(np.float32))
    for trusted in (False, True):
        copy = EditedNetworks.from_arrays(networks.to_arrays(), trusted=trusted)
        assert copy.player == PLAYER
        np.testing.assert_array_equal(copy.follow(roll), networks.follow(roll))
        np.testing.assert_array_equal(
            copy.take([3, 1]).perform(roll[:4], 20), networks.perform(roll[:4], 20)[[3, 1]]
        )


def test_arrays_in_another_memory_order_become_contiguous() -> None:
    arrays = batch().to_arrays()
    turned = {
        name: np.asfortranarray(array) if array.ndim else array for name, array in arrays.items()
    }
    networks = EditedNetworks.from_arrays(turned)
    for array in (*networks.parts, *networks.children):
        assert array.flags.c_contiguous


def test_the_parents_are_sent_once() -> None:
    parts = grown(n=1, generations=400)
    rows = np.tile(np.arange(OUTPUTS), (150, 1))
    networks = EditedNetworks(parts, draw_children(EVENLY, parts, rows, rows >= 0, KEY))
    size = sum(array.nbytes for array in networks.to_arrays().values())
    whole = sum(array.nbytes for array in networks.networks.to_arrays().values())
    assert size < whole / 20


def changed(arrays: dict[str, Any], name: str, value: Any, place: Any = 0) -> dict[str, Any]:
    array = arrays[name].copy()
    array.ravel()[place] = value
    return arrays | {name: array}


@pytest.mark.parametrize(("name", "value"), [
    ("part_bias", np.nan), ("part_bias", 0.3), ("part_weight", np.inf), ("part_weight", 1e9),
    ("part_unit_weight", 0.0), ("part_unit_weight", 1e-9), ("part_unit_offsets", 1),
    ("part_threshold", 9), ("part_threshold", -1), ("part_conditions", INPUTS + 1),
    ("part_conditions", 0), ("part_conditions", -(2**63)), ("child_parent", -1),
    ("child_parent", 6), ("child_kind", 7), ("child_kind", -1), ("child_where", 2**62),
    ("child_where", -1), ("child_size", np.nan), ("child_size", 0.001),
])  # fmt: skip
def test_arrays_that_are_no_batch_are_refused(name: str, value: float) -> None:
    arrays = batch().to_arrays()
    with pytest.raises(GenomeError):
        EditedNetworks.from_arrays(changed(arrays, name, value))
    with pytest.raises(GenomeError, match=name):
        EditedNetworks.from_arrays({key: a for key, a in arrays.items() if key != name})
    with pytest.raises(GenomeError):
        EditedNetworks.from_arrays(arrays | {name: arrays[name].astype(np.float32)})


@pytest.mark.parametrize(("kind", "condition"), [
    (edits.ADD_CONDITION, 0), (edits.ADD_CONDITION, INPUTS + 1), (edits.ADD_CONDITION, -(2**63)),
    (edits.REMOVE_CONDITION, CONDITIONS), (edits.REMOVE_CONDITION, -1), (edits.NEW_UNIT, -3),
    (edits.NEW_UNIT, INPUTS + 1),
])  # fmt: skip
def test_edits_with_impossible_conditions_are_refused(kind: int, condition: int) -> None:
    networks = batch()
    children = Children(*(array.copy() for array in networks.children))
    children.kind[2, 1], children.where[2, 1] = kind, 0
    children.conditions[2, 1] = [condition] + [0] * (CONDITIONS - 1)
    with pytest.raises(GenomeError):
        EditedNetworks(networks.parts, children)


@pytest.mark.parametrize("strict", [True, False])
def test_the_export_says_how_networks_of_minus_and_plus_one_decide(strict: bool) -> None:
    rates = EVENLY._replace(strict=strict, letters=LETTERS, move_bias=0.0)
    parts = grown(rates, n=1)._replace(bias=np.zeros(OUTPUTS))
    networks = EditedNetworks(parts, unedited(1, OUTPUTS), strict)
    about = json.loads(networks.export({"fitness": 1})["network.json"])["metadata"]
    assert about["weights"] == "-1 and 1"
    assert about["thresholds"].startswith("strict: " if strict else "free: ")
    other = EditedNetworks(grown(n=1), unedited(1, OUTPUTS))
    assert json.loads(other.export({})["network.json"])["metadata"] == {}
