"""Invalid network arrays are refused on entry, and elsewhere harm no kernel.

Tests of kernels that write beside counting also run with every index checked.
"""

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from breeding import joined, network

from genomes.errors import GenomeError
from genomes.lessons import Lessons
from genomes.network.assembly.edits import Rates as EditRates
from genomes.network.assembly.offspring import draw_children, merge_children
from genomes.network.assembly.parts import silent
from genomes.network.assembly.reading import Reading
from genomes.network.assembly.rounds import Search, improve
from genomes.network.genes import UNNUMBERED, Genes
from genomes.network.networks import Networks, genes_of
from genomes.network.rates import Attribute, Choice, Rates
from genomes.network.validation import check_sorted
from genomes.network.variation import breed
from genomes.player import Player

PLAYER = Player(keys=2, lags=(1, 2), extra_inputs=(1.0,))
LINKS = [(-1, 7, 0.5), (-5, 7, 1.0), (7, 0, -1.0), (-2, 1, 2.0), (0, 1, 1.0)]
KEY = np.uint64(3)


def arrays(feed_forward: bool = True) -> dict[str, np.ndarray]:
    """Return two networks' arrays: nodes 0, 1, 7 and five connections each."""
    one = network(5, 2, LINKS, feed_forward=feed_forward, player=PLAYER)
    return joined([one, one]).to_arrays()


def changed(name: str, place: Any, value: Any) -> dict[str, np.ndarray]:
    array = arrays()[name].copy()
    array[place] = value
    return {name: array}


REFUSED = [
    *[(name, {name: None}, "lack") for name in arrays() if name != "player_voices"],
    *[(name, {name: arrays()[name][..., None]}, "must be") for name in arrays()],
    *[(name, {name: arrays()[name].astype(np.float16)}, "must be") for name in arrays()],
    ("node_offsets", {"node_offsets": np.array([0, 2**62, -(2**63), -(2**62), 0, 1])}, "fall"),
    ("node_offsets", {"node_offsets": np.array([0, 4, 3, 6])}, "fall"),
    ("connection_offsets", {"connection_offsets": np.array([0, 2**63 - 1, 10])}, "fall"),
    ("connection_offsets", {"connection_offsets": np.array([0, 10])}, r"must be \(3,\), got"),
    ("connection_offsets", {"connection_offsets": np.array([], np.int64)}, "must be"),
    ("node_id", {"node_offsets": np.array([0, 3, 7])}, r"must be int64 \(7,\)"),
    ("innovation", {"connection_offsets": np.array([0, 5, 9])}, r"must be int64 \(9,\)"),
    ("node_id", changed("node_id", 5, 1), "network 1 of 2 .* twice"),
    ("node_id", changed("node_id", 2, -7), "network 0 of 2 .* below 0"),
    ("node_id", changed("node_id", 2, UNNUMBERED), "network 0 of 2"),
    ("node_id", changed("node_id", 4, 3), "network 1 of 2 .* lacks a node for an output"),
    ("innovation", changed("innovation", 6, 1), "network 1 of 2 .* twice"),
    ("innovation", changed("innovation", 0, -1), "network 0 of 2"),
    ("innovation", changed("innovation", 0, 2**63 - 1), "network 0 of 2"),
    ("source", changed("source", 9, 8), "network 1 of 2 .* lacks a node or input"),
    ("source", changed("source", 0, -6), "network 0 of 2 .* lacks a node or input"),
    ("source", changed("source", 0, -(2**63)), "lacks a node or input"),
    ("target", changed("target", 0, 2**62), "network 0 of 2 .* lacks a node"),
    ("target", changed("target", 0, -1), "network 0 of 2 .* lacks a node"),
    ("target", changed("source", 0, -5), "join the same nodes"),
    ("activation", changed("activation", 3, 19), "codes below 19, got 19"),
    ("aggregation", changed("aggregation", 0, 255), "codes below 7, got 255"),
    ("bias", changed("bias", 0, np.nan), "finite"),
    ("response", changed("response", 5, np.inf), "finite"),
    ("weight", changed("weight", 5, -np.inf), "finite"),
    ("enabled", {"enabled": np.full(10, 2, np.uint8).view(np.bool_)}, "0 or 1"),
    ("feed_forward", changed("source", 5, 1), "network 1 of 2 .* cycle"),
    ("inputs", {"shape": np.array([-1, 2, 1, 0])}, "from 0"),
    ("inputs", {"shape": np.array([1 << 40, 2, 1, 0])}, "to 1,048,576"),
    ("keys", changed("shape", 1, 0), "at least 1"),
    ("outputs", {"shape": np.array([5, 0, 1, 0])}, "from 1"),
    ("shape", changed("shape", 2, 2), "0 or 1"),
    ("shape", changed("shape", 3, -1), "0 or 1"),
    ("keys", changed("shape", 0, 4), "the networks 4 inputs"),
    ("off", changed("player_levels", 0, np.nan), "finite"),
    ("threshold", changed("player_levels", 3, np.inf), "finite"),
    ("lags", changed("player_lags", 0, 0), "whole numbers from 1"),
    ("longest lag", changed("player_lags", 0, 2**62), "at most"),
    ("extra_inputs", changed("player_extra_inputs", 0, np.nan), "finite"),
    ("voices", {"player_voices": np.array(2)}, "fewer than"),
    ("time_constant", {"time_constant": np.ones(5)}, r"must be float64 \(6,\)"),
    ("time_constant", {"time_constant": np.ones(6, np.float32)}, "must be float64"),
    ("time_constant", {"time_constant": [1.0] * 6}, "must be float64"),
    *[
        ("time_constant", {"time_constant": np.array([1.0] * 5 + [wrong])}, "above 0")
        for wrong in (0.0, -1.0, np.nan, np.inf)
    ],
]


@pytest.mark.parametrize(("field", "changes", "words"), REFUSED)
def test_arrays_that_make_no_networks_are_refused_in_one_line_that_names_the_field(
    field: str, changes: dict[str, Any], words: str
) -> None:
    given = {**arrays(), **changes}
    given = {name: array for name, array in given.items() if array is not None}
    with pytest.raises(GenomeError, match=words) as caught:
        Networks.from_arrays(given)
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("field", "value"), [
    ("source", np.array([-1, -5, 10**6, -2, 0])),
    ("node_id", np.array([0, 1, 10**18 * 9])),
    ("node_offsets", np.array([1, 3])),
    ("connection_offsets", np.array([5, 0])),
    ("activation", np.full(3, 99, np.uint8)),
    ("weight", [0.5, 1.0, -1.0, 2.0, 1.0]),
    ("inputs", "5"),
    ("outputs", 2.0),
])  # fmt: skip
def test_a_constructor_call_is_checked_as_completely(field: str, value: Any) -> None:
    one = network(5, 2, LINKS)
    fields = {"inputs": 5, "outputs": 2, "feed_forward": True, **genes_of(one)._asdict()}
    assert len(Networks(**fields)) == 1
    with pytest.raises(GenomeError, match=field):
        Networks(**{**fields, field: value})


def test_a_cycle_through_a_disabled_connection_is_refused_as_breeding_may_enable_it() -> None:
    links = [*LINKS, (1, 7, 1.0)]
    recurrent = network(5, 2, links, feed_forward=False, player=PLAYER).to_arrays()
    recurrent["enabled"][5] = False
    Networks.from_arrays(recurrent)
    with pytest.raises(GenomeError, match="cycle"):
        Networks.from_arrays(recurrent | {"shape": np.array([5, 2, 1, 1])})


def test_genes_may_stand_in_any_order_and_keep_it() -> None:
    one = network(5, 2, LINKS, player=PLAYER)
    order, links = np.array([2, 0, 1]), np.array([4, 0, 3, 1, 2])
    given = one.to_arrays()
    for name in ("node_id", "bias", "response", "activation", "aggregation"):
        given[name] = given[name][order]
    for name in ("innovation", "source", "target", "weight", "enabled"):
        given[name] = given[name][links]
    shuffled = Networks.from_arrays(given)
    assert shuffled.node_id.tolist() == [7, 0, 1]
    assert shuffled.innovation.tolist() == [5, 1, 4, 2, 3]
    inputs = np.random.default_rng(1).random((4, 5))
    np.testing.assert_allclose(shuffled.activate(inputs), one.activate(inputs), rtol=1e-12)


def test_what_a_process_of_the_run_sends_is_trusted() -> None:
    given = arrays()
    assert len(Networks.from_arrays(given, trusted=True)) == 2
    given["bias"][0] = np.nan
    assert np.isnan(Networks.from_arrays(given, trusted=True).bias[0])


def test_no_order_of_the_ids_is_slow() -> None:
    """100,000 nodes in descending order take an insertion sort minutes."""
    count = 100_000
    one = network(1, 1, [(-1, 0, 1.0)]).to_arrays()
    given = one | {
        "node_offsets": np.array([0, count]),
        "node_id": np.arange(count)[::-1].copy(),
        "bias": np.zeros(count),
        "response": np.ones(count),
        "activation": np.zeros(count, np.uint8),
        "aggregation": np.zeros(count, np.uint8),
    }
    Networks.from_arrays(one).activate(np.ones((1, 1)))  # compiles
    began = time.perf_counter()
    Networks.from_arrays(given).activate(np.ones((1, 1)))
    assert time.perf_counter() - began < 5.0


def test_checking_a_large_population_takes_milliseconds() -> None:
    n, inputs, outputs = 1500, 40, 10
    links = [(-1 - i, k, 1.0) for k in range(outputs) for i in range(inputs)]
    batch = network(inputs, outputs, links)
    given = batch.take(np.zeros(n, np.int64)).to_arrays()
    Networks.from_arrays(given)
    seconds = []
    for _ in range(7):
        began = time.process_time()
        Networks.from_arrays(given)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.05


# Kernels


def modules(counts: list[int], weight: float = 0.0) -> Genes:
    """Return networks of one output, each connected to its first inputs."""
    nodes, links = len(counts), sum(counts)
    return Genes(
        node_offsets=np.arange(nodes + 1),
        node_id=np.zeros(nodes, np.int64),
        bias=np.zeros(nodes),
        response=np.ones(nodes),
        activation=np.zeros(nodes, np.uint8),
        aggregation=np.zeros(nodes, np.uint8),
        connection_offsets=np.concatenate([[0], np.cumsum(counts)]),
        innovation=np.concatenate([np.arange(count) for count in counts]),
        source=np.concatenate([-1 - np.arange(count) for count in counts]),
        target=np.zeros(links, np.int64),
        weight=np.full(links, weight),
        enabled=np.ones(links, np.bool_),
    )


def rates(**changes: Any) -> Rates:
    number = Attribute(0.0, 1.0, False, -30.0, 30.0, 0.5, 0.5, 0.1)
    none = Choice(0, np.zeros(1, np.uint8), 0.0)
    return Rates(
        5, 1, True, 0.5, 0.0, 1.0, 0.0, False, False, 1, 0.0, 0.0, 0.0,
        number, number, number, none, none, np.empty(0),
    )._replace(**changes)  # fmt: skip


def test_kernels_that_write_breed_networks_that_lead_to_a_hundred_missing_nodes() -> None:
    """Such networks are refused where they enter; if they get in, the cycle check ends early."""
    genes = modules([100])._replace(
        node_offsets=np.array([0, 2]),
        node_id=np.array([0, 1]),
        bias=np.zeros(2),
        response=np.ones(2),
        activation=np.zeros(2, np.uint8),
        aggregation=np.zeros(2, np.uint8),
        source=np.repeat([0, 1], 50),
        target=np.arange(1000, 1100),
    )
    parents = np.zeros(300, np.int64)
    children, _ = breed(rates(), genes, parents, parents, np.ones(300, np.bool_), KEY)
    assert len(children.node_offsets) == 301


def test_kernels_that_write_units_until_their_room_is_used_up() -> None:
    """More units are wanted than there is room for, each with as many conditions as it can have."""
    edits = EditRates(
        0.1, 0.1, 0.1, 0.0, 1.0, 0.5, 1.0, 0.1, 0.3, 1.0, 0.05, 2.0, 0.5, np.empty(0), False
    )
    random = np.random.default_rng(1)
    lessons = Lessons.of(random.random((40, 300)) < 0.5, random.random((2, 300)) < 0.5)
    parts, still = silent(40, 2, -1.0), np.zeros(2, np.bool_)
    for search in (
        Search(edits, 40, 40, 0.0, 1.0, 0.0, 0.0),
        Search(edits, 200, 9, 0.0, 1.0, 0.0, 0.2),
    ):
        parts, _, _ = improve(search, Reading.of(lessons.inputs), lessons.wanted, parts, still, KEY)
    assert len(parts.unit_weight) > 100
    assert (parts.conditions != 0).all(axis=1).any()
    rows = np.tile(np.arange(2), (300, 1))
    children = draw_children(edits, parts, rows, rows >= 0, KEY)
    again = merge_children(
        parts, children, np.zeros(2, np.int64), np.ones(2, np.int64),
        np.tile(np.arange(300), 2), np.array([0, 300, 600]), edits,
    )  # fmt: skip
    assert len(again.unit_weight) > len(parts.unit_weight)


@pytest.mark.parametrize("wrong", [1, -1, 2**62, -(2**63)])
def test_kernels_refuse_indices_that_are_not_there(wrong: int) -> None:
    genes, right, bad = modules([3]), np.array([0]), np.array([wrong])
    mutate = np.ones(1, np.bool_)
    for call, words in (
        (lambda: breed(rates(), genes, bad, right, mutate, KEY), "fitter and other"),
        (lambda: breed(rates(), genes, right, bad, mutate, KEY), "fitter and other"),
        (lambda: breed(rates(), genes, right, right, mutate[:0], KEY), "one length"),
    ):
        with pytest.raises(GenomeError, match=words):
            call()


def test_no_kernel_leaves_its_arrays() -> None:
    """Two tests above, uncompiled: NumPy checks every index as numba's own check does.

    Compiling these kernels with that check would take ten times as long.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", __file__, "-k", "that_write"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "2 passed" in ran.stdout


# What breeding needs besides


def test_genes_that_do_not_rise_are_refused_where_they_are_bred() -> None:
    genes = genes_of(Networks.from_arrays(arrays()))
    check_sorted(genes)
    check_sorted(modules([0, 3, 0, 0, 2, 0]))
    for name in ("node_id", "innovation"):
        turned = getattr(genes, name)[::-1]
        with pytest.raises(GenomeError, match=f"{name} must rise"):
            check_sorted(genes._replace(**{name: turned}))
