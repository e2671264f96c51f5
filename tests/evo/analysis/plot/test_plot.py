"""Figures: marks and texts, and that any run can be drawn."""

import io
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
import pytest
from figures import shapes, words

from evo.analysis.plot import (
    fitness_figure,
    network_figure,
    png_bytes,
    rolls_figure,
    save_figure,
    species_figure,
)
from evo.analysis.plot.records import held, series, thinned
from evo.analysis.plot.species import colour_of, species_table
from evo.core.registry import experiment
from evo.music.song import Song
from genomes.network.layout import lay_out
from genomes.network.networks import Networks
from genomes.player import Player

PLAYER = Player(13, (1, 2, 4))


def record(generation: int, champion: float | None = 1.0, **more: Any) -> dict[str, Any]:
    scores = None if champion is None else champion - 1.0
    return {
        "generation": generation,
        "best": scores,
        "mean": scores,
        "worst": scores,
        "quartiles": None if scores is None else [scores - 1, scores, scores + 1],
        "champion": champion,
        "champion_generation": generation,
        "figures": {},
        "engine": {},
        **more,
    }


def networks(
    connections: list[tuple[int, int, float]],
    nodes: int = 13,
    feed_forward: bool = True,
    player: Player | None = PLAYER,
    inputs: int = 39,
    outputs: int = 13,
    enabled: list[bool] | None = None,
) -> Networks:
    genes = np.array(connections, np.float64).reshape(-1, 3)
    count = len(genes)
    return Networks(
        inputs,
        outputs,
        feed_forward,
        np.array([0, nodes]),
        np.arange(nodes),
        np.zeros(nodes),
        np.ones(nodes),
        np.zeros(nodes, np.uint8),
        np.zeros(nodes, np.uint8),
        np.array([0, count]),
        np.arange(count),
        genes[:, 0].astype(np.int64),
        genes[:, 1].astype(np.int64),
        genes[:, 2].copy(),
        np.ones(count, np.bool_) if enabled is None else np.array(enabled),
        player=player,
    )


# Logs


def test_one_run_is_summed_up_in_the_title() -> None:
    figures = {"steps_correct": 60, "follow_correct": 80, "steps_total": 120, "solved": False}
    text = words(fitness_figure({"first": [record(g, g / 2, figures=figures) for g in range(5)]}))
    assert "first" in text
    assert "5 generations; champion 2, found in generation 4; 60 of 120 steps right" in text


def test_a_panel_is_drawn_for_what_the_log_holds_and_for_no_more() -> None:
    plain = [record(g) for g in range(3)]
    bred = [record(g, engine={"species": 2, "mean_nodes": 3.0}) for g in range(3)]
    assert len(fitness_figure({"a": plain}).axes) == 1
    assert len(fitness_figure({"a": bred}).axes) == 3
    assert len(fitness_figure({"a": plain, "b": bred}).axes) == 3


def test_panels_are_those_of_the_experiments_of_which_the_log_has_figures() -> None:
    panels = [*experiment("memorize").panels, *experiment("guess").panels]
    learnt = {"steps_correct": 60, "follow_correct": 80, "steps_total": 120}
    records = [record(g, g / 2, figures=learnt) for g in range(3)]
    for runs, lines in (({"a": records}, 2), ({"a": records, "b": records[:2]}, 2)):
        scores, steps = fitness_figure(runs, panels).axes
        assert (scores.get_ylabel(), steps.get_ylabel()) == ("score", "steps right")
        assert len([line for line in steps.lines if len(line.get_xdata()) > 1]) >= lines
        assert steps.get_ylim()[1] >= 120
    text = words(fitness_figure({"a": records}, panels))
    assert "champion, closed loop" in text
    assert "champion, teacher forcing" in text
    assert len(fitness_figure({"a": records}).axes) == 1
    guessed = [
        record(g, 0.5, figures={"panel_score": 0.5, "guesser_accuracy": 0.7}) for g in (0, 1)
    ]
    assert [axes.get_ylabel() for axes in fitness_figure({"a": guessed}, panels).axes] == [
        "score", "guessed",
    ]  # fmt: skip
    other = [record(g, 0.5, figures={"panel_score": 0.1 * g}) for g in range(3)]
    assert "panel's score" in words(fitness_figure({"a": other}, panels))


@pytest.mark.parametrize(
    "records",
    [
        [record(0)],
        [record(0, None)],
        [record(g, None) for g in range(4)],
        [record(g, None if g % 2 else 1.0) for g in range(7)],
        [record(g, engine={"species": 0, "mean_connections": None}) for g in range(2)],
        [record(g, float(g), worst=-1e9) for g in range(3)],
        [record(g, 1e300 * g) for g in range(3)],
        [{"generation": 0}],
    ],
)
def test_odd_logs_are_drawn_alone_and_among_others(records: list[dict[str, Any]]) -> None:
    for figure in (
        fitness_figure({"_odd $": records}),
        fitness_figure({"odd": records, "plain": [record(g) for g in range(9)], "empty": []}),
        species_figure(records),
    ):
        assert png_bytes(figure).startswith(b"\x89PNG")


def test_generations_in_which_all_failed_are_marked() -> None:
    figure = fitness_figure({"a": [record(g, None if g in (2, 5) else 1.0) for g in range(8)]})
    (marks,) = (line for line in figure.axes[0].lines if line.get_marker() == "|")
    assert np.asarray(marks.get_xdata()).tolist() == [2, 5]
    assert "all failed" in words(figure)
    assert "every individual failed" in words(fitness_figure({"a": [record(0, None)]}))


def test_a_run_that_ended_early_counts_on_with_its_last_value() -> None:
    short = [record(g, 4.0) for g in range(2)]
    assert held(short, ("champion",), 4).tolist() == [4.0] * 6
    figure = fitness_figure({"short": short, "long": [record(g, 2.0) for g in range(5)]})
    median = max(figure.axes[0].lines, key=lambda line: line.get_linewidth())
    assert np.asarray(median.get_ydata()).tolist() == [3.0] * 5
    assert "1 of 2 runs ended early" in words(figure)


def test_nothing_to_draw_is_an_error_of_one_line() -> None:
    nothing: list[dict[str, list[Any]]] = [{}, {"a": []}]
    for runs in nothing:
        with pytest.raises(ValueError, match="none has a record"):
            fitness_figure(runs)
    with pytest.raises(ValueError, match="none yet"):
        species_figure([])


def test_thousands_of_generations_become_a_thousand_points_of_the_same_mean() -> None:
    line = series([record(g, g % 7) for g in range(7000)], "champion")
    short = thinned(line)
    assert len(short.values) == 1000
    np.testing.assert_allclose(short.values, 3.0)
    assert len(fitness_figure({"long": [record(g) for g in range(5000)]}).axes) == 1


def test_what_is_no_finite_number_is_missing() -> None:
    values: list[Any] = [1, 2.5, None, float("nan"), float("inf"), "many", [3]]
    found = series([record(g, x=value) for g, value in enumerate(values)], "x").values
    np.testing.assert_array_equal(found, [1, 2.5] + [np.nan] * 5)


def test_the_engines_figures_stand_at_the_generation_they_are_of() -> None:
    records = [record(g, engine={"species": g}) for g in range(3)]
    assert series(records, "engine", "species").generations.tolist() == [1, 2, 3]
    assert series(records, "champion").generations.tolist() == [0, 1, 2]


def test_species_are_bands_as_high_as_their_members() -> None:
    sizes = [{"1": 5}, {"1": 3, "2": 2}, {"2": 4, "10": 1}]
    records = [record(g, engine={"species_sizes": now}) for g, now in enumerate(sizes)]
    numbers, table = species_table(records)
    assert numbers == [1, 2, 10]
    assert table.tolist() == [[5, 0, 0], [3, 2, 0], [0, 4, 1]]
    figure = species_figure(records, "run")
    bands = {collection.get_gid() for collection in figure.axes[0].collections}
    assert bands == {"species 1", "species 2", "species 10"}
    assert "3 species lived, 2 in the last generation" in words(figure)


def test_a_species_has_the_same_colour_in_every_figure_and_not_its_neighbours() -> None:
    colours = [colour_of(number) for number in range(100)]
    assert all(one != other for one, other in pairwise(colours))


def test_without_sizes_the_number_of_species_is_drawn() -> None:
    figure = species_figure([record(g, engine={"species": 3}) for g in range(4)])
    assert len(figure.axes) == 1
    assert "no sizes" in words(figure)
    assert "keeps no species" in words(species_figure([record(0)]))


# Networks


def test_only_connections_that_reach_an_output_are_drawn() -> None:
    connections = [(-1, 0, 1.0), (-2, 13, 1.0), (13, 1, -2.0), (-3, 14, 1.0), (-4, 2, 9.0)]
    batch = networks(connections, nodes=15, enabled=[True, True, True, True, False])
    figure = network_figure(batch)
    assert len(shapes(figure, "forward")) == 3
    text = words(figure)
    assert "3 connections, 1 hidden node, 2 of 39 inputs used" in text
    assert "1 connection without a way to an output, 1 disabled connection" in text


def test_hidden_nodes_stand_by_depth_between_inputs_and_outputs() -> None:
    batch = networks([(-1, 13, 1.0), (13, 14, 1.0), (14, 0, 1.0), (-2, 14, 1.0)], nodes=15)
    layout = lay_out(batch)
    x = dict(zip(batch.program.node_id.tolist(), layout.x[39:].tolist(), strict=True))
    assert set(layout.x[:39]) == {0.0}
    assert 0.0 < x[13] < x[14] < x[0] == x[12] == 1.0


def test_loops_are_arcs_that_lead_back() -> None:
    connections = [(-1, 13, 1.0), (13, 14, 1.0), (14, 13, 1.0), (14, 0, 1.0), (0, 0, 1.0)]
    figure = network_figure(networks(connections, nodes=15, feed_forward=False))
    assert len(shapes(figure, "back")) == 1
    assert len(shapes(figure, "forward")) == 4
    assert "leads back" in words(figure)


def test_the_keys_are_named_when_there_is_a_player() -> None:
    text = words(network_figure(networks([(-1, 0, 1.0)])))
    assert {"C4", "C5", "4 steps ago"} <= set(text.split("\n"))
    assert "A2" in words(network_figure(networks([(-1, 0, 1.0)]), lowest_note=45)).split("\n")
    bare = networks([(-1, 0, 1.0)], nodes=1, player=None, inputs=2, outputs=1)
    assert {"input 0", "input 1", "output 0"} <= set(words(network_figure(bare)).split("\n"))


@pytest.mark.parametrize("links", [0, 1, 150, 5000])
def test_networks_of_all_sizes_are_drawn(links: int) -> None:
    rng = np.random.default_rng(links)
    player = Player(13, tuple(range(1, 33)), extra_inputs=(1.0,))
    pairs = rng.choice(player.inputs * 33, links, replace=False)
    sources, targets = pairs // 33 - player.inputs, pairs % 33
    genes = list(zip(sources.tolist(), targets.tolist(), rng.normal(size=links), strict=True))
    fixed = [(hidden, hidden - 20, 1.0) for hidden in range(20, 33)]
    genes = [gene for gene in genes if gene[:2] not in {one[:2] for one in fixed}] + fixed
    batch = networks(genes, 33, player=player, inputs=player.inputs)
    figure = network_figure(batch)
    assert max(figure.get_size_inches()) < 20
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_more_than_one_network_is_refused() -> None:
    batch = networks([(-1, 0, 1.0)])
    with pytest.raises(ValueError, match="batch of one, got 2"):
        network_figure(batch.take([0, 0]))


# Pictures


def test_the_same_figure_gives_the_same_bytes_and_no_metadata() -> None:
    def draw() -> list[bytes]:
        song = Song(np.eye(128, 13, dtype=np.bool_))
        return [
            png_bytes(rolls_figure(song, ~song.onsets, 8)),
            png_bytes(network_figure(networks([(-1, 0, 1.0)]))),
            png_bytes(fitness_figure({"a": [record(g) for g in range(3)]})),
        ]

    first = draw()
    # Neither the settings of the user nor what was drawn before come through.
    with matplotlib.rc_context({"font.size": 30.0, "axes.facecolor": "red", "savefig.dpi": 20}):
        assert draw() == first
    assert not any(chunk in data for data in first for chunk in (b"tEXt", b"iTXt", b"tIME"))


def test_a_figure_is_written_to_a_path_and_to_a_stream(tmp_path: Any) -> None:
    figure = fitness_figure({"a": [record(0)]})
    stream = io.BytesIO()
    save_figure(figure, stream)
    save_figure(figure, tmp_path / "a.png")
    save_figure(figure, str(tmp_path / "b.png"))
    assert (
        stream.getvalue() == (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    )


def test_a_figure_is_shown_by_a_notebook_as_it_is_written() -> None:
    figure: Any = fitness_figure({"a": [record(0)]})
    assert figure._repr_png_() == png_bytes(figure)


def test_the_settings_of_matplotlib_are_left_as_they_were() -> None:
    before = dict(matplotlib.rcParams)
    save_figure(fitness_figure({"a": [record(0)]}), io.BytesIO())
    assert dict(matplotlib.rcParams) == before
