"""Networks are read from their exports, and from anything else comes one line."""

import json
import os
import random
from functools import partial
from pathlib import Path
from typing import Any

import neat
import numpy as np
import pytest
from breeding import NEAT_ACTIVATIONS, TIMED, evolved, network, varied_config
from neat.export import export_network_json

from genomes.errors import GenomeError
from genomes.network.functions import ACTIVATIONS
from genomes.network.networks import Networks
from genomes.network.reading import LARGEST_FILE, load_network, read_network

ROWS = np.random.default_rng(1).normal(size=(6, 4))

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def document(**changes: Any) -> dict[str, Any]:
    """Return a document of 2 inputs, a hidden node and an output, with changes."""
    one = network(2, 1, [(-1, 5, 0.5), (-2, 5, -1.5), (5, 0, 2.0)], activation="tanh")
    whole: dict[str, Any] = json.loads(one.export({})["network.json"])
    return whole | changes


def read(whole: Any) -> Any:
    return read_network(json.dumps(whole).encode())


@pytest.mark.parametrize("kind", ["feedforward", "recurrent", "ctrnn"])
def test_neat_pythons_own_export_is_read_with_equal_outputs(kind: str) -> None:
    config = varied_config(4, 2, kind == "feedforward", **(TIMED if kind == "ctrnn" else {}))
    compared = 0
    for genome in evolved(config, seed=21):
        if kind == "ctrnn":
            theirs = neat.ctrnn.CTRNN.create(genome, config)
            function = partial(theirs.advance, advance_time=0.1, time_step=0.1)
        elif kind == "recurrent":
            theirs = neat.nn.RecurrentNetwork.create(genome, config)
            function = theirs.activate
        else:
            theirs = neat.nn.FeedForwardNetwork.create(genome, config)
            function = theirs.activate
        ours = read_network(export_network_json(theirs, metadata={"fitness": 1.0}).encode())
        if kind == "ctrnn":
            ours.reset(time_step=0.1)
        try:
            wanted = np.array([function(row) for row in ROWS.tolist()])
        except (OverflowError, ValueError):  # their arithmetic raises where ours is infinite
            continue
        if np.isfinite(wanted).all():
            outputs = [ours.step(row) for row in ROWS.tolist()]
            np.testing.assert_allclose(outputs, wanted, rtol=1e-9, atol=1e-12)
            compared += 1
    assert compared > 30


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_read(name: str) -> None:
    one = network(4, 1, [(-1, 0, 0.7), (-3, 0, 0.2)], activation=name)
    again = read_network(one.export({})["network.json"])
    np.testing.assert_array_equal(again.activate(ROWS), one.activate(ROWS)[0])


def test_outputs_and_recurrent_nodes_that_are_left_out_stay_0() -> None:
    whole = document(network_type="recurrent", nodes=[], connections=[])
    assert read(whole).step([1.0, 2.0]) == [0.0]
    links = [{"from": 9, "to": 0, "weight": 1.0, "enabled": True}]
    nodes = [node for node in document()["nodes"] if node["type"] == "output"]
    nodes[0]["bias"] = 0.5
    ours = read(document(network_type="recurrent", nodes=nodes, connections=links))
    assert ours.step([1.0, 2.0]) == [pytest.approx(np.tanh(2.5 * 0.5))]


def test_disabled_connections_have_no_effect() -> None:
    whole = document()
    whole["connections"][0]["enabled"] = False
    assert read(whole).step([1.0, 0.0]) == [0.0]


def changed_node(**changes: Any) -> dict[str, Any]:
    whole = document()
    whole["nodes"][0] |= changes
    return whole


def changed_link(**changes: Any) -> dict[str, Any]:
    whole = document()
    whole["connections"][0] |= changes
    return whole


def changed_topology(**changes: Any) -> dict[str, Any]:
    whole = document()
    whole["topology"] |= changes
    return whole


CUSTOM = {"name": "mine", "custom": True}
WRONG = [
    (document(network_type="iznn"), "network_type must be one of feedforward, recurrent, ctrnn"),
    (document(network_type=5), r"network_type"),
    (document(nodes={}), r"Expected `array`"),
    (document(nodes=[5]), r"\$\.nodes\[0\]"),
    (document(connections=None), r"connections"),
    (document(topology=[]), r"topology"),
    ([], "Expected `object`"),
    (None, "Expected `object`"),
    ({}, "missing required field"),
    (changed_node(activation=CUSTOM), "node 5: activation 'mine' is a custom function"),
    (changed_node(activation={"name": "tanh", "custom": True}), "'tanh' is a custom function"),
    (changed_node(activation={"name": "magic"}), "node 5: activation 'magic' is unknown"),
    (changed_node(aggregation=CUSTOM), "node 5: aggregation 'mine' is a custom function"),
    (changed_node(aggregation={"name": "none"}), "node 5: aggregation 'none' is unknown"),
    (changed_node(aggregation="sum"), "Expected `object`"),
    (changed_node(id=0), "node 0 cannot have the type 'hidden'"),
    (changed_node(id=-1, type="hidden"), "node -1 cannot have the type 'hidden'"),
    (changed_node(id=-9, type="input"), "node -9 cannot have the type 'input'"),
    (changed_node(type="x" * 1000), r"node 5 cannot have the type 'x+\.\.\.x+'"),
    (changed_node(id=1 << 60), "nodes"),
    (changed_node(id=10**400), "nodes"),
    (changed_node(id=5.5), "nodes"),
    (changed_node(id=True), "nodes"),
    (changed_node(bias="1"), "bias"),
    (changed_node(bias=None), "bias"),
    (changed_node(bias=10**400), "bias"),
    (changed_node(time_constant=0.0), "time_constant must be finite and above 0"),
    (changed_node(time_constant=-1.0), "time_constant must be finite and above 0"),
    (changed_node(bias=float("nan")), "not a network in JSON"),
    (changed_node(bias=float("inf")), "not a network in JSON"),
    (changed_link(weight=float("-inf")), "not a network in JSON"),
    (changed_link(enabled=1), "enabled"),
    (changed_link(**{"from": 7}), "lacks a node or input that a connection names"),
    (changed_link(**{"from": -3}), "lacks a node or input that a connection names"),
    (changed_link(to=7), "lacks a node that a connection names"),
    (changed_link(to=-1), "lacks a node that a connection names"),
    (changed_link(**{"from": 0}), "cycle"),
    (changed_link(**{"from": 5}), "cycle"),
    (changed_link(**{"from": -2}), "two of its connections join the same nodes"),
    (changed_topology(num_inputs=3), "input_keys must be -1, -2, ..., one for each of 3"),
    (changed_topology(input_keys=[-2, -1]), "input_keys must be"),
    (changed_topology(input_keys=[-1, -1]), "input_keys must be"),
    (changed_topology(output_keys=[1]), "output_keys must be 0, 1, ..., one for each of 1"),
    (changed_topology(num_outputs=1 << 40), "num_outputs"),
    (changed_topology(num_outputs=0, output_keys=[]), "node 0 cannot have the type .output."),
    (changed_topology(num_outputs=-1), "num_outputs"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_what_is_no_network_is_refused_in_one_line(wrong: Any, words: str) -> None:
    with pytest.raises(GenomeError, match=words) as caught:
        read(wrong)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500


def test_a_node_listed_twice_is_refused() -> None:
    whole = document()
    whole["nodes"].append(whole["nodes"][0])
    with pytest.raises(GenomeError, match="node 5 is listed twice"):
        read(whole)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"{", b'{"network_type": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000,
     b'{"network_type": "recurrent", "metadata": ' + b"[" * 100_000,
     b'{"network_type": 1e999}', b"\0" * 50],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(GenomeError, match=r"^not a network in JSON: [^\n]*$"):
        read_network(data)


def test_every_truncated_file_is_refused() -> None:
    data = json.dumps(document()).encode()
    for length in range(len(data)):
        with pytest.raises(GenomeError):
            read_network(data[:length])


def mutated(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with one random part replaced, removed or doubled."""
    odd = [None, True, -1, 0, 1, 5, 2**63, 10**30, 1e308, 0.5, "", "sum", "step", [], {}, [[]]]
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(sorted(value))
        changed = dict(value)
        if draw.random() < 0.1:
            del changed[key]
        else:
            changed[key] = mutated(value[key], draw)
        return changed
    if isinstance(value, list) and value and draw.random() < 0.9:
        place = draw.randrange(len(value))
        if draw.random() < 0.2:
            return [*value, value[place]]
        return [*value[:place], mutated(value[place], draw), *value[place + 1 :]]
    return draw.choice(odd)


def test_random_changes_give_a_network_or_one_line() -> None:
    config = varied_config(3, 2, False, activation_options=NEAT_ACTIVATIONS)
    theirs = neat.nn.RecurrentNetwork.create(evolved(config, seed=2)[5], config)
    starts = [document(), json.loads(export_network_json(theirs)), document(network_type="ctrnn")]
    draw, outcomes = random.Random(5), {"network": 0, "refused": 0}
    for _ in range(6000):
        whole = draw.choice(starts)
        for _ in range(draw.randint(1, 3)):
            whole = mutated(whole, draw)
        try:
            found = read(whole)
        except GenomeError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
            continue
        outcomes["network"] += 1
        found.reset(time_step=0.1)
        assert len(found.step([1.0] * found.inputs)) == found.outputs
        Networks.from_arrays(found.networks.to_arrays())
    assert min(outcomes.values()) > 500, outcomes


def test_errors_of_files_name_the_path(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    with pytest.raises(GenomeError, match=rf"^{wrong}: not a network in JSON: "):
        load_network(wrong)
    with pytest.raises(GenomeError, match=rf"^{tmp_path}/none.json: No such file"):
        load_network(str(tmp_path / "none.json"))
    with pytest.raises(GenomeError, match=rf"^{tmp_path}: "):
        load_network(tmp_path)
    with wrong.open("wb") as file:
        file.truncate(LARGEST_FILE + 2)
    with pytest.raises(GenomeError, match=r"at most 67,108,864 bytes"):
        load_network(wrong)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GenomeError, match="not a regular file"):
        load_network(tmp_path / "pipe")
