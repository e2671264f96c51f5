"""The picture of several pieces: a panel each, every note in it, a title with its note."""

import io

import numpy as np
import pytest
from critics import melody, tunes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import imread

from evo.analysis.plot import pieces_figure, png_bytes
from evo.analysis.plot.rolls import ROW_STEPS
from evo.music.song import Song


def pieces(count: int = 3) -> list[Song]:
    return [Song(tunes()[n], name=f"piece-{n}") for n in range(count)]


def drawn(figure: Figure, panel: int) -> set[tuple[int, int]]:
    """The notes (step, key) in a panel."""
    notes = [
        path.get_extents()
        for collection in figure.axes[panel].collections
        if isinstance(collection, PolyCollection) and collection.get_gid() == "notes"
        for path in collection.get_paths()
    ]
    return {(int(box.x0), int(box.y0)) for box in notes}


def title_of(figure: Figure, panel: int) -> str:
    return str(figure.axes[panel].get_title(loc="left"))


def test_every_piece_has_a_panel_with_all_its_notes() -> None:
    figure = pieces_figure(pieces(), ["a", "b", "c"])
    assert len(figure.axes) == 3
    for place, piece in enumerate(pieces()):
        assert drawn(figure, place) == {(int(t), int(k)) for t, k in np.argwhere(piece.grid)}


def test_a_panel_says_the_pieces_name_and_its_note() -> None:
    figure = pieces_figure(pieces(2), ["as good as a song", "not quite"])
    assert title_of(figure, 0) == "piece-0   as good as a song"
    assert title_of(figure, 1) == "piece-1   not quite"


def test_a_long_or_broken_name_stays_in_its_line() -> None:
    grid = melody([(0, 0)])
    figure = pieces_figure([Song(grid, name="$x\ny" + "z" * 500)], ["n"])
    said = title_of(figure, 0)
    assert said.startswith("$x yz")
    assert "\n" not in said
    assert len(said) < 100
    assert png_bytes(figure)[:4] == b"\x89PNG"


def test_only_the_first_steps_of_a_long_piece_are_drawn() -> None:
    long = melody([(t, t % 13) for t in range(300)], 300)
    assert {t for t, _ in drawn(pieces_figure([Song(long)], [""]), 0)} == set(range(ROW_STEPS))


@pytest.mark.parametrize("grid", [
    np.zeros((128, 13), np.bool_), np.ones((1, 1), np.bool_), np.ones((40, 60), np.bool_),
    melody([(5, 80)], 40, 88),
])  # fmt: skip
def test_pieces_of_every_shape_can_be_drawn(grid: np.ndarray) -> None:
    figure = pieces_figure([Song(grid, 20)], ["note"])
    assert len(drawn(figure, 0)) == grid.sum()
    assert png_bytes(figure)[:4] == b"\x89PNG"


def test_pieces_of_different_shapes_stand_in_one_picture() -> None:
    both = [Song(tunes()[0]), Song(melody([(3, 70)], 60, 88), 21)]
    figure = pieces_figure(both, ["a", "b"])
    assert [len(drawn(figure, panel)) for panel in (0, 1)] == [tunes()[0].sum(), 1]


def test_rows_of_a_width_have_one_scale_however_long_their_pieces_are() -> None:
    rows = [Song(melody([(t, 3) for t in range(steps)], steps)) for steps in (128, 64)]
    for width, wanted in ((128, [128, 128]), (0, [128, 64])):
        figure = pieces_figure(rows, ["", ""], width)
        assert [axes.get_xlim()[1] for axes in figure.axes] == wanted


def test_there_is_no_room_above_the_first_name() -> None:
    picture = imread(io.BytesIO(png_bytes(pieces_figure(pieces(2), ["a", "b"]))))[:, :, :3]
    inked = np.flatnonzero((picture < 0.9).any(axis=(1, 2)))
    assert inked[0] < 0.2 * picture.shape[1] / 14  # inches


def test_the_same_pieces_make_the_same_picture_taller_for_more() -> None:
    one, again = (png_bytes(pieces_figure(pieces(2), ["a", "b"])) for _ in range(2))
    assert one == again
    more = png_bytes(pieces_figure(pieces(4), list("abcd")))
    heights = [imread(io.BytesIO(data)).shape[0] for data in (one, more)]
    assert heights[1] > 1.5 * heights[0]


@pytest.mark.parametrize(("count", "notes"), [(0, 0), (0, 1), (2, 1), (1, 2)])
def test_pieces_without_a_note_each_are_refused(count: int, notes: int) -> None:
    with pytest.raises(ValueError, match=f"one for each of {count} pieces, got {notes}"):
        pieces_figure(pieces(count), ["note"] * notes)
