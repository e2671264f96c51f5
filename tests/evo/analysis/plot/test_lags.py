"""The picture of where a history is read in many songs."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo.analysis.plot import lags_figure, png_bytes
from evo.analysis.plot.lags import MOST_SECTIONS, MOST_SONGS
from evo.music.song import Song

DISTANCES = [2, 3, 8, 16, 33]


def song_of(steps: int = 128, seed: int = 3) -> Song:
    """A phrase of 16 steps again and again."""
    random = np.random.default_rng(seed)
    phrase = np.zeros((16, 13), np.bool_)
    phrase[np.arange(0, 16, 2), random.integers(0, 13, 8)] = True
    return Song(np.tile(phrase, (-(-steps // 16), 1))[:steps], name=f"song {seed}")


def weights_of(song: Song, distances: list[int] = DISTANCES) -> np.ndarray:
    random = np.random.default_rng(4)
    return random.dirichlet(np.ones(len(distances)), song.steps).astype(np.float32)


def drawn(songs: list[Song], **options: Any) -> Figure:
    return lags_figure(songs, [weights_of(song) for song in songs], DISTANCES, **options)


def panels(figure: Figure) -> list[tuple[Axes, Axes]]:
    """The histogram and the map of every section, in their order."""
    above = [axes for axes in figure.axes if axes.get_title(loc="left")]
    below = [axes for axes in figure.axes if axes.images]
    return list(zip(above, below, strict=True))


def cells(axes: Axes) -> np.ndarray:
    (image,) = axes.images
    return np.asarray(image.get_array())


def test_every_phrase_has_a_map_of_the_mean_weights_of_every_song() -> None:
    songs = [song_of(seed=seed) for seed in (1, 2, 3)]
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
    songs = [song_of(64, seed=seed) for seed in (1, 2)]
    tables = []
    for reads in ([3, 3, 3, 0, 4, 4, 4, 4], [3, 1, 3, 3, 4, 4, 4, 4]):
        tables.append(np.repeat(np.eye(5, dtype=np.float32)[reads], 8, axis=0))
    figure = lags_figure(songs, tables, DISTANCES)
    (first, _), (second, _) = panels(figure)
    shares = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in first.patches}
    assert shares == {2: 1 / 8, 3: 1 / 8, 16: 6 / 8}
    assert [bar.get_height() for bar in second.patches] == [1.0]
    assert [text.get_text() for text in second.texts] == ["33"]


def test_rings_stand_where_a_song_repeats_itself() -> None:
    _, below = panels(drawn([song_of(seed=1), song_of(seed=2)]))[0]
    (rings,) = (line for line in below.lines if line.get_gid() == "repeats")
    points = set(zip(rings.get_xdata(), rings.get_ydata(), strict=True))
    assert points == {(16, 0), (32, 0), (16, 1), (32, 1)}


def test_songs_are_named_and_those_held_out_have_another_colour() -> None:
    figure = drawn([song_of(seed=seed) for seed in (1, 2, 3)], held_out=1)
    _, below = panels(figure)[0]
    labels = below.get_yticklabels()
    assert [text.get_text() for text in labels] == ["song 1", "song 2", "song 3"]
    colours = [text.get_color() for text in labels]
    assert colours[0] == colours[1] != colours[2]
    assert any("the last one (orange) was" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("lengths", [[8], [128, 136, 40], [2000, 128]])
def test_songs_of_any_lengths_have_no_more_than_eight_sections(lengths: list[int]) -> None:
    figure = drawn([song_of(steps, seed=place) for place, steps in enumerate(lengths)])
    assert 1 <= len(panels(figure)) <= MOST_SECTIONS
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_of_very_many_songs_some_have_a_row_and_the_histogram_has_all() -> None:
    songs = [song_of(8, seed=seed) for seed in range(MOST_SONGS + 40)]
    figure = drawn(songs)
    ((above, below),) = panels(figure)
    assert len(cells(below)) == MOST_SONGS
    labels = [text.get_text() for text in below.get_yticklabels()]
    assert (labels[0], labels[-1]) == ("song 0", f"song {MOST_SONGS + 39}")
    assert sum(bar.get_height() for bar in above.patches) == pytest.approx(1.0)


def test_what_does_not_fit_is_refused() -> None:
    song = song_of()
    with pytest.raises(ValueError, match="expected those of 2 songs, got 1"):
        lags_figure([song, song], [weights_of(song)], DISTANCES)
    with pytest.raises(ValueError, match="expected those of 0 songs"):
        lags_figure([], [], DISTANCES)
    with pytest.raises(ValueError, match="distances: expected rising"):
        lags_figure([song], [weights_of(song)], DISTANCES[::-1])
    with pytest.raises(ValueError, match=r"weights: expected float \(128, 5\)"):
        lags_figure([song], [weights_of(song)[:9]], DISTANCES)
