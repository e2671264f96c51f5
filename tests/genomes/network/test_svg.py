"""Pictures of networks for notebooks: whole, small, and safe with any text."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from genomes.grid.grids import Grids
from genomes.history_user.networks import HistoryUsers, Shape
from genomes.individual import Individual
from genomes.network.layout import lay_out
from genomes.network.networks import Networks
from genomes.network.single import Network
from genomes.network.svg import MAX_GENES, MAX_LINKS, network_svg
from genomes.player import Player

SVG = "{http://www.w3.org/2000/svg}"


def network(
    links: list[tuple[int, int, float]],
    nodes: int = 1,
    inputs: int = 2,
    outputs: int = 1,
    feed_forward: bool = True,
    player: Player | None = None,
) -> Networks:
    source, target, weight = zip(*links, strict=True) if links else ((), (), ())
    return Networks(
        inputs, outputs, feed_forward,
        node_offsets=np.array([0, nodes]), node_id=np.arange(nodes),
        bias=np.zeros(nodes), response=np.ones(nodes),
        activation=np.zeros(nodes, np.uint8), aggregation=np.zeros(nodes, np.uint8),
        connection_offsets=np.array([0, len(links)]),
        innovation=np.arange(len(links)), source=np.array(source, np.int64),
        target=np.array(target, np.int64), weight=np.array(weight, np.float64),
        enabled=np.ones(len(links), np.bool_), player=player,
    )  # fmt: skip


def parsed(shown: Any) -> tuple[ElementTree.Element, list[str]]:
    """Return the picture of an object, and its texts."""
    drawn = shown._repr_svg_()
    assert drawn is not None
    root = ElementTree.fromstring(drawn)
    assert root.tag == f"{SVG}svg"
    return root, ["".join(element.itertext()) for element in root.iter()]


def test_every_link_and_node_is_drawn_with_its_title() -> None:
    one = network([(-1, 1, 0.5), (1, 0, -2.0), (-2, 0, 1.0)], nodes=2)
    root, texts = parsed(one)
    paths = root.findall(f".//{SVG}path")
    assert [path.get("stroke") for path in paths] == ["#0072B2", "#0072B2", "#D55E00"]
    widths = [float(path.get("stroke-width", "0")) for path in paths]
    assert widths == sorted(widths)
    assert len(root.findall(f".//{SVG}circle")) == 2
    assert "3 connections, 1 hidden node, feed-forward" in texts
    assert {"input 0 → node 1, weight 0.5", "node 1 → output 0, weight -2"} <= set(texts)
    assert {"input 0", "input 1", "output 0 sigmoid", "node 1: sigmoid"} <= set(texts)


def test_links_that_lead_back_are_dashed_and_nothing_leaves_the_picture() -> None:
    links = [(-1, 1, 1.0), (1, 2, 1.0), (2, 1, 1.0), (2, 0, 1.0), (0, 0, 1.0)]
    root, texts = parsed(network(links, nodes=3, feed_forward=False))
    paths = root.findall(f".//{SVG}path")
    assert len([path for path in paths if path.get("stroke-dasharray")]) == 1
    assert len([path for path in paths if "a7 7" in path.get("d", "")]) == 1
    assert "5 connections, 2 hidden nodes, recurrent" in texts
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for circle in root.findall(f".//{SVG}circle"):
        assert 4 <= float(circle.get("cx", "-1")) <= width - 4
        assert 4 <= float(circle.get("cy", "-1")) <= height - 4


def test_a_player_names_keys_and_lags() -> None:
    player = Player(3, (1, 2), extra_inputs=(1.0,))
    links = [(-1, 0, 1.0), (-7, 2, 1.0)]
    texts = parsed(network(links, nodes=3, inputs=7, outputs=3, player=player))[1]
    assert {"key 0 → key 0, weight 1", "constant 1 → key 2, weight 1", "1 step ago"} <= set(texts)
    assert "2 steps ago" in texts


def test_of_a_crowded_network_the_strongest_links_are_drawn_and_none_ends_nowhere() -> None:
    rng = np.random.default_rng(2)
    links = [(-1 - i, 30 + i % 50, rng.normal()) for i in range(400)]
    links += [(30 + i, i % 30, 0.001 * rng.normal()) for i in range(50)]
    player = Player(30, tuple(range(1, 15)))
    batch = network(links, nodes=80, inputs=420, outputs=30, player=player)
    layout = lay_out(batch, 100)
    assert layout.total == 450
    largest = np.sort(np.abs([weight for _, _, weight in links]))[-100:]
    assert set(np.round(largest, 9)) <= set(np.round(np.abs(layout.weight), 9))
    hidden = [node for node in set(layout.target.tolist()) if node in set(layout.source.tolist())]
    assert 100 < len(layout.weight) == 100 + len(hidden)
    assert set(layout.target.tolist()) - set(hidden) <= set(
        (batch.program.outputs[0] + 420).tolist()
    )
    names = [f"note <{key}>" for key in range(30)]
    drawn = network_svg(batch, names)
    assert drawn is not None
    assert "note &lt;3&gt; → node " in drawn


def test_names_of_functions_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<script>&\x00\ud800\"'"
    monkeypatch.setattr("genomes.network.svg.name_of", lambda code: name)
    drawn = network([(-1, 0, 1.0)])._repr_svg_()
    assert drawn is not None
    assert "<script" not in drawn
    drawn.encode()
    assert "output 0: <script>&??\"'" in parsed(network([(-1, 0, 1.0)]))[1]


@pytest.mark.parametrize("weight", [0.0, -1e308, 1.7e308, 5e-324])
def test_weights_of_any_size_are_drawn(weight: float) -> None:
    root, _ = parsed(network([(-1, 0, weight), (-2, 0, 1.0)]))
    for path in root.findall(f".//{SVG}path"):
        assert 0 < float(path.get("stroke-width", "0")) < 5


def test_a_large_network_has_a_picture_of_bounded_size() -> None:
    rng = np.random.default_rng(1)
    links = [(-1 - i, j, rng.normal()) for i in range(100) for j in range(60)]
    root, texts = parsed(network(links, nodes=60, inputs=100, outputs=60))
    assert len(root.findall(f".//{SVG}path")) == MAX_LINKS
    assert f"{MAX_LINKS} of them are drawn, the strongest" in "".join(texts)
    drawn = network(links, nodes=60, inputs=100, outputs=60)._repr_svg_()
    assert drawn is not None
    assert len(drawn) < 100_000


def test_what_cannot_be_drawn_is_shown_as_text() -> None:
    recurrent = network([(0, 0, 1.0)], feed_forward=False).to_arrays()
    recurrent["shape"][2] = 1
    cyclic = Networks.from_arrays(recurrent, trusted=True)
    assert cyclic._repr_svg_() is None
    assert network([], inputs=MAX_GENES + 1)._repr_svg_() is None
    grid = Individual(Grids(np.zeros((1, 2, 3), np.bool_)))
    assert grid._repr_svg_() is None


def test_one_network_of_a_batch_and_an_individual_show_the_same() -> None:
    batch = network([(-1, 0, 1.0)])
    drawn = batch._repr_svg_()
    assert Network(batch)._repr_svg_() == Network.each(batch)[0]._repr_svg_() == drawn
    assert Individual(batch)._repr_svg_() == drawn
    assert batch._repr_html_() is None


def test_a_batch_is_a_table_of_its_sizes() -> None:
    small = network([(-1, 0, 1.0)])
    several = small.take([0, 0, 0])
    assert several._repr_svg_() is None
    table = several._repr_html_()
    assert table is not None
    assert "Networks(3 networks, 2 inputs, 1 output)" in table
    assert "<th>enabled connections</th><td>1</td><td>1</td><td>1</td>" in table
    empty = small.take([])._repr_html_()
    assert empty == "<div><b>Networks(0 networks, 2 inputs, 1 output)</b></div>"


def test_a_batch_prints_its_sizes_and_no_arrays() -> None:
    users = HistoryUsers.initial(Shape(3, layers=(4,), lags=(1, 2)), np.random.default_rng(1), 5)
    assert repr(network([])) == "Networks(1 network, 2 inputs, 1 output)"
    assert repr(Grids(np.zeros((2, 64, 13), np.bool_))) == "Grids(2 grids, 64 steps, 13 keys)"
    assert repr(users) == f"HistoryUsers(5 individuals, 3 keys, {users.shape.weights:,} weights)"
    assert repr(Individual(users.take([0]))).startswith("Individual(HistoryUsers(1 individual, ")
