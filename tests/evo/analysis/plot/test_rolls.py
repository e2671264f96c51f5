"""Piano rolls: marks of a played song, and rows of several pieces."""

import io
from typing import Any

import numpy as np
import pytest
from critics import melody, tunes
from figures import shapes, words
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from rolls import held

from evo.analysis.plot import pieces_figure, png_bytes, rolls_figure, song_figure
from evo.analysis.plot.rolls import MAX_STEPS, ROW_STEPS, wrong_steps
from evo.music.song import Song


def song_of(steps: int = 128, keys: int = 13, **more: Any) -> Song:
    rng = np.random.default_rng(1)
    grid = np.zeros((steps, keys), np.bool_)
    grid[np.arange(0, steps, 2), rng.integers(0, keys, -(-steps // 2))] = True
    return Song(grid, **more)


def pieces(count: int = 3) -> list[Song]:
    return [Song(tunes()[n], name=f"piece-{n}") for n in range(count)]


def drawn(figure: Figure, panel: int) -> set[tuple[int, int]]:
    """Return the notes (step, key) in a panel."""
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
        assert drawn(figure, place) == {(int(t), int(k)) for t, k in np.argwhere(piece.onsets)}


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


# A song over what was played of it


def test_every_wrong_step_after_the_prompt_is_marked_once() -> None:
    song = song_of()
    played = song.onsets.copy()
    played[3] ^= True  # in the prompt: given, so not judged
    played[20] = False
    played[21, 5] = True
    played[127, :2] = True
    figure = rolls_figure(song, played, 8)
    marks = sorted(round(float(path.get_extents().x0)) for path in shapes(figure, "wrong"))
    assert marks == [20, 21, 127]
    assert np.flatnonzero(wrong_steps(song, played, 8)).tolist() == marks
    assert len(shapes(figure, "missing")) == 1
    assert len(shapes(figure, "extra")) == 3
    assert len(shapes(figure, "right")) == song.onsets.sum() - 1
    assert len(shapes(figure, "notes")) == song.onsets.sum()


def test_missing_notes_are_hollow_and_extra_ones_are_not() -> None:
    song = song_of()
    figure = rolls_figure(song, ~song.onsets, 0)
    faces = {
        collection.get_gid(): collection.get_facecolor()
        for axes in figure.axes
        for collection in axes.collections
        if isinstance(collection, PolyCollection)
    }
    np.testing.assert_array_equal(faces["missing"][0], [1, 1, 1, 1])
    assert not np.array_equal(faces["extra"][0], faces["notes"][0])


def test_the_title_tells_the_steps_right_and_the_first_wrong_one() -> None:
    song = song_of(name="grasshopper")
    played = song.onsets.copy()
    played[40:48] ^= True
    text = words(rolls_figure(song, played, 8))
    assert "grasshopper: 112 of 120 steps right" in text
    assert "the first wrong step is 40" in text
    assert "120 of 120 steps right" in words(rolls_figure(song, song.onsets, 8))


def test_a_long_song_goes_on_below_and_says_what_is_left_out() -> None:
    song = song_of(600)
    played = song.onsets.copy()
    played[590] ^= True
    figure = rolls_figure(song, played, 8)
    assert len(figure.axes) == 3 * 4
    assert "591 of 592 steps right" in words(figure)
    assert "first 512 of 600 steps" in words(figure)
    assert len(shapes(figure, "notes")) == song.onsets[:512].sum()


def test_a_held_note_is_one_shape() -> None:
    grid = np.zeros((16, 13), np.bool_)
    grid[2:6, 4] = grid[6:7, 5] = True
    assert len(shapes(song_figure(held(grid)), "notes")) == 2
    assert len(shapes(song_figure(Song(grid)), "notes")) == 5
    (long, _) = shapes(song_figure(held(grid)), "notes")
    assert np.ptp(long.vertices[:, 0]) == pytest.approx(4 - 0.12)


def test_a_song_is_drawn_in_rows_with_all_its_notes() -> None:
    song = Song(np.eye(300, 13, k=-290, dtype=np.bool_), name="$a$\n<b>")
    figure = song_figure(song)
    assert len(figure.axes) == 3
    assert len(shapes(figure, "notes")) == len(song.notes()) == 10
    assert {"$a$ <b>", "10 notes, 300 steps, 4/4, 75 s, 120 beats a minute"} <= set(
        words(figure).split("\n")
    )
    long = song_figure(Song(np.ones((1000, 2), np.bool_)))
    assert len(shapes(long, "notes")) == 2 * MAX_STEPS
    assert f"The first {MAX_STEPS} of 1000 steps are drawn." in words(long)


@pytest.mark.parametrize(
    ("song", "prompt"),
    [
        (Song(np.zeros((1, 1), np.bool_), 61), 0),
        (Song(np.zeros((5, 13), np.bool_), name="$_{ \n not math"), 5),
        (song_of(100, 88, lowest_note=21, steps_per_beat=4), 16),
        (song_of(300, 128, lowest_note=0, steps_per_beat=3), 1),
        (song_of(140, steps_per_beat=1000), 8),
    ],
)
def test_songs_of_any_shape_are_drawn_as_a_picture(song: Song, prompt: int) -> None:
    assert png_bytes(rolls_figure(song, ~song.onsets, prompt)).startswith(b"\x89PNG")
    assert song._repr_png_().startswith(b"\x89PNG")


def test_a_roll_that_does_not_fit_the_song_is_refused() -> None:
    song = song_of()
    with pytest.raises(ValueError, match=r"played: expected bool \(128, 13\)"):
        rolls_figure(song, song.onsets[:-1], 8)
    with pytest.raises(ValueError, match="prompt_steps: expected 0 to 128, got 129"):
        rolls_figure(song, song.onsets, 129)
