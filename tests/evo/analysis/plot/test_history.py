"""Figures of the read history: a panel per section, mean weights, repeats."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from figures import words
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch
from rolls import held
from running import configured, start

from evo.analysis.plot import lags_figure, png_bytes, reading_figure
from evo.analysis.plot.history import MAX_SECTIONS, section_starts
from evo.analysis.plot.lags import MAX_SONGS
from evo.music.repetition import repeat_shares
from evo.music.song import Song
from evo.music.tunes import tune
from evo.runs import checkpoint
from genomes.history_user.networks import HistoryUsers, delayed

DISTANCES = [2, 3, 8, 16, 33]


def song_of(steps: int = 128, **more: Any) -> Song:
    """Return a song in which every step has one note or none."""
    random = np.random.default_rng(3)
    grid = np.zeros((steps, 13), np.bool_)
    grid[np.arange(0, steps, 2), random.integers(0, 13, -(-steps // 2))] = True
    return Song(grid, **more)


def periodic(period: int = 12, times: int = 8) -> Song:
    """Return a song with another key at every step of a period.

    So a note returns only after a whole period.
    """
    return Song(np.tile(np.eye(period, dtype=np.bool_), (times, 1)))


def weights_of(song: Song, distances: list[int] = DISTANCES) -> np.ndarray:
    random = np.random.default_rng(4)
    return random.dirichlet(np.ones(len(distances)), song.steps).astype(np.float32)


def charts(figure: Figure) -> dict[str, tuple[Axes, Axes]]:
    """Return the charts of the song and the reading, by section title."""
    columns: dict[tuple[int, int], Axes] = {}
    for axes in figure.axes:
        place = axes.get_subplotspec()
        assert place is not None
        columns[place.rowspan.start, place.colspan.start] = axes
    return {
        str(axes.get_title(loc="left")): (axes, columns[row + 1, column])
        for (row, column), axes in columns.items()
        if row % 2 == 0
    }


def bars(axes: Axes) -> dict[float, float]:
    """Return the bars' heights by position."""
    (container,) = axes.containers
    return {
        round(float(bar.get_x() + bar.get_width() / 2), 6): float(bar.get_height())
        for bar in container.get_children()
        if isinstance(bar, Rectangle)
    }


def silhouette(axes: Axes) -> np.ndarray:
    (drawn,) = (patch for patch in axes.patches if isinstance(patch, StepPatch))
    values, edges, _ = drawn.get_data()
    assert edges[0] == 0.5
    return np.asarray(values)


def named(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_every_phrase_has_a_panel_whose_bars_are_its_mean_weights() -> None:
    song = song_of(112)
    weights = weights_of(song)
    found = charts(reading_figure(song, weights, DISTANCES))
    spans = {"steps 0 to 31": (0, 32), "steps 32 to 63": (32, 64), "steps 64 to 95": (64, 96)}
    spans |= {"steps 96 to 111": (96, 112)}
    assert found.keys() == spans.keys()
    for title, (start_step, stop) in spans.items():
        drawn = bars(found[title][1])
        assert list(drawn) == DISTANCES
        np.testing.assert_allclose(
            list(drawn.values()), weights[start_step:stop].mean(axis=0), rtol=1e-6
        )


def test_the_highest_distance_of_a_panel_is_named() -> None:
    song = song_of(64)
    weights = np.full((64, len(DISTANCES)), 0.1)
    weights[:32, 3], weights[32:, 0] = 0.6, 0.6
    read = [below for _, below in charts(reading_figure(song, weights, DISTANCES)).values()]
    assert [named(axes) for axes in read] == [["16"], ["2"]]


@pytest.mark.parametrize("count", [2, 5, 81])
def test_no_distance_of_an_untrained_network_is_named(count: int) -> None:
    song, distances = song_of(64), list(range(1, count + 1))
    weights = np.random.default_rng(1).uniform(0.8, 1.2, (64, count)) / count
    figure = reading_figure(song, weights, distances)
    assert [named(below) for _, below in charts(figure).values()] == [[], []]
    assert "no distance stands out" in words(figure)


def test_over_the_bars_stands_the_songs_own_autocorrelation() -> None:
    song = periodic(12, 8)
    distances = list(range(1, 31))
    figure = reading_figure(song, weights_of(song, distances), distances, section=24)
    found = charts(figure)
    assert len(found) == 4
    for title, (above, _) in found.items():
        first = title == "steps 0 to 23"
        expected = np.zeros(30)
        expected[11] = 0.5 if first else 1.0  # of the first two periods one has one before it
        expected[23] = 0.0 if first else 1.0
        np.testing.assert_array_equal(silhouette(above), expected)
        assert named(above) == ["12"]


def test_the_autocorrelation_counts_notes_not_steps() -> None:
    grid = np.zeros((8, 13), np.bool_)
    grid[0, 4] = grid[5, 4] = grid[5, 7] = grid[7, 1] = True
    shares = repeat_shares(Song(grid), 7, np.array([0, 4]))
    expected = np.zeros((2, 7))
    expected[1, 4] = 1 / 3  # of the three notes of the second section one is five steps old
    np.testing.assert_array_equal(shares, expected)


def test_of_held_notes_only_the_beginnings_count() -> None:
    grid = np.zeros((16, 13), np.bool_)
    grid[0:4, 5] = grid[8:10, 5] = True
    shares = repeat_shares(held(grid), 15, np.array([0]))[0]
    assert np.flatnonzero(shares).tolist() == [7]
    assert shares[7] == 0.5


def test_a_silent_section_repeats_nothing() -> None:
    silent = Song(np.zeros((32, 13), np.bool_))
    ((above, _),) = charts(reading_figure(silent, weights_of(silent), DISTANCES)).values()
    assert not silhouette(above).any()
    assert named(above) == []


@pytest.mark.parametrize(("steps", "beat", "section", "length", "count"), [
    (128, 2, None, 32, 4), (256, 2, None, 32, 8), (257, 2, None, 64, 5), (600, 2, None, 96, 7),
    (128, 4, None, 64, 2), (20, 2, None, 32, 1), (128, 2, 16, 16, 8), (136, 2, 16, 32, 5),
])  # fmt: skip
def test_a_long_song_has_longer_sections(
    steps: int, beat: int, section: int | None, length: int, count: int
) -> None:
    song = song_of(steps, steps_per_beat=beat)
    starts = section_starts(song, section)
    assert starts.tolist() == [length * number for number in range(count)]
    assert count <= MAX_SECTIONS
    figure = reading_figure(song, weights_of(song), DISTANCES, section)
    assert len(charts(figure)) == count
    assert len(figure.axes) == 2 * count  # no empty panel is left


@pytest.mark.parametrize(("song", "distances"), [
    (Song(np.ones((1, 1), np.bool_), 61), [1]),
    (Song(np.zeros((5, 13), np.bool_), name="$_{ \n not math"), [9_000]),
    (song_of(140, steps_per_beat=1000), list(range(2, 82))),
    (song_of(300), [2**n for n in range(1, 11)]),
])  # fmt: skip
def test_odd_songs_and_distances_are_drawn(song: Song, distances: list[int]) -> None:
    data = png_bytes(reading_figure(song, weights_of(song, distances), distances))
    assert data.startswith(b"\x89PNG")
    assert data == png_bytes(reading_figure(song, weights_of(song, distances), distances))


@pytest.mark.parametrize("weights", [
    np.ones((128, 4)), np.ones((127, 5)), np.ones(128), np.ones((1, 128, 5)),
    np.ones((128, 5), np.int64), np.full((128, 5), np.nan), np.full((128, 5), -0.1),
])  # fmt: skip
def test_weights_that_do_not_fit_the_song_are_refused(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights: expected"):
        reading_figure(song_of(), weights, DISTANCES)


@pytest.mark.parametrize("distances", [[], [0, 1], [3, 2], [2, 2], [[1, 2]], [1.5, 2.5]])
def test_distances_that_are_none_are_refused(distances: Any) -> None:
    with pytest.raises(ValueError, match="distances: expected"):
        reading_figure(song_of(), np.ones((128, len(distances))), distances)


@pytest.mark.parametrize("section", [0, -8])
def test_a_section_without_a_step_is_refused(section: int) -> None:
    with pytest.raises(ValueError, match=f"section: expected at least 1 step, got {section}"):
        reading_figure(song_of(), weights_of(song_of()), DISTANCES, section)


def tiny_run(path: Path, **network: Any) -> Path:
    """Return the champion's folder of a run of two generations."""
    network = {"layers": [4], "last": 4, "lags": [7, 15, 31]} | network
    config = configured(
        "memorize",
        "es",
        memorize={"song": "twinkle-twinkle-little-star"},
        stop={"generations": 2},
        es={"network": network},
    )
    start(path, config)
    return path / "champion"


def test_a_run_leaves_where_its_champion_reads_the_song_it_follows(tmp_path: Path) -> None:
    folder = tiny_run(tmp_path / "run")
    arrays = checkpoint.unpack_arrays((folder / "arrays.npz").read_bytes())
    champion = HistoryUsers.from_arrays(arrays)
    song = tune("twinkle-twinkle-little-star")
    weights = champion.attention(delayed(song.onsets))[0, 0]
    kept = Song.load(folder.parent / "songs" / "twinkle-twinkle-little-star.mid")
    expected = png_bytes(reading_figure(kept, weights, [8, 16, 32]))
    assert (folder / "reading.png").read_bytes() == expected


def test_a_run_without_a_history_leaves_no_reading(tmp_path: Path) -> None:
    folder = tiny_run(tmp_path / "run", architecture="lstm")
    assert (folder / "roll.png").exists()
    assert not (folder / "reading.png").exists()


# Many songs


def phrases(steps: int = 128, seed: int = 3) -> Song:
    """Return a song that repeats a phrase of 16 steps."""
    random = np.random.default_rng(seed)
    phrase = np.zeros((16, 13), np.bool_)
    phrase[np.arange(0, 16, 2), random.integers(0, 13, 8)] = True
    return Song(np.tile(phrase, (-(-steps // 16), 1))[:steps], name=f"song {seed}")


def drawn(songs: list[Song], **options: Any) -> Figure:
    return lags_figure(songs, [weights_of(song) for song in songs], DISTANCES, **options)


def panels(figure: Figure) -> list[tuple[Axes, Axes]]:
    """Return the histogram and the map of every section, in their order."""
    above = [axes for axes in figure.axes if axes.get_title(loc="left")]
    below = [axes for axes in figure.axes if axes.images]
    return list(zip(above, below, strict=True))


def cells(axes: Axes) -> np.ndarray:
    (image,) = axes.images
    return np.asarray(image.get_array())


def test_every_phrase_has_a_map_of_the_mean_weights_of_every_song() -> None:
    songs = [phrases(seed=seed) for seed in (1, 2, 3)]
    found = panels(drawn(songs))
    titles = [above.get_title(loc="left") for above, _ in found]
    assert titles == [f"steps {start} to {start + 31}" for start in (0, 32, 64, 96)]
    for section, (_, below) in enumerate(found):
        here = slice(32 * section, 32 * section + 32)
        wanted = np.zeros((3, 33))
        for row, song in enumerate(songs):
            wanted[row, np.array(DISTANCES) - 1] = weights_of(song)[here].mean(axis=0)
        np.testing.assert_allclose(cells(below), wanted, atol=1e-7)


def test_the_histogram_counts_the_bars_that_read_most_at_a_distance() -> None:
    songs = [phrases(64, seed=seed) for seed in (1, 2)]
    tables = []
    for reads in ([3, 3, 3, 0, 4, 4, 4, 4], [3, 1, 3, 3, 4, 4, 4, 4]):
        tables.append(np.repeat(np.eye(5, dtype=np.float32)[reads], 8, axis=0))
    figure = lags_figure(songs, tables, DISTANCES)
    (first, _), (second, _) = panels(figure)
    shares = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in first.patches}
    assert shares == {2: 1 / 8, 3: 1 / 8, 16: 6 / 8}
    assert [bar.get_height() for bar in second.patches] == [1.0]
    assert [text.get_text() for text in second.texts] == ["33"]


def test_a_song_that_has_ended_is_grey_and_a_short_end_has_no_section() -> None:
    figure = drawn([phrases(64, seed=1), phrases(66, seed=2), phrases(32, seed=3)])
    (first, _), (second, below) = panels(figure)
    assert [axes.get_title(loc="left") for axes in (first, second)] == [
        "steps 0 to 31", "steps 32 to 65",
    ]  # fmt: skip
    assert np.isnan(cells(below)).all(axis=1).tolist() == [False, False, True]
    (rings,) = (line for line in below.lines if line.get_gid() == "repeats")
    assert set(rings.get_ydata()) == {0, 1}
    assert "ended" in words(figure)


def test_rings_stand_where_a_song_repeats_itself() -> None:
    _, below = panels(drawn([phrases(seed=1), phrases(seed=2)]))[0]
    (rings,) = (line for line in below.lines if line.get_gid() == "repeats")
    points = set(zip(rings.get_xdata(), rings.get_ydata(), strict=True))
    assert points == {(16, 0), (32, 0), (16, 1), (32, 1)}


def test_songs_are_named_and_those_held_out_have_another_colour() -> None:
    figure = drawn([phrases(seed=seed) for seed in (1, 2, 3)], held_out=1)
    _, below = panels(figure)[0]
    labels = below.get_yticklabels()
    assert [text.get_text() for text in labels] == ["song 1", "song 2", "song 3"]
    colours = [text.get_color() for text in labels]
    assert colours[0] == colours[1] != colours[2]
    assert any("the last one (orange) was" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("lengths", [[8], [128, 136, 40], [2000, 128]])
def test_songs_of_any_lengths_have_no_more_than_eight_sections(lengths: list[int]) -> None:
    figure = drawn([phrases(steps, seed=place) for place, steps in enumerate(lengths)])
    assert 1 <= len(panels(figure)) <= MAX_SECTIONS
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_of_very_many_songs_some_have_a_row_and_the_histogram_has_all() -> None:
    songs = [phrases(8, seed=seed) for seed in range(MAX_SONGS + 40)]
    figure = drawn(songs)
    ((above, below),) = panels(figure)
    assert len(cells(below)) == MAX_SONGS
    labels = [text.get_text() for text in below.get_yticklabels()]
    assert (labels[0], labels[-1]) == ("song 0", f"song {MAX_SONGS + 39}")
    assert sum(bar.get_height() for bar in above.patches) == pytest.approx(1.0)


def test_what_does_not_fit_is_refused() -> None:
    song = phrases()
    with pytest.raises(ValueError, match="expected those of 2 songs, got 1"):
        lags_figure([song, song], [weights_of(song)], DISTANCES)
    with pytest.raises(ValueError, match="expected those of 0 songs"):
        lags_figure([], [], DISTANCES)
    with pytest.raises(ValueError, match="distances: expected rising"):
        lags_figure([song], [weights_of(song)], DISTANCES[::-1])
    with pytest.raises(ValueError, match=r"weights: expected float \(128, 5\)"):
        lags_figure([song], [weights_of(song)[:9]], DISTANCES)
