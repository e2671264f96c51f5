"""Draw piano rolls: a song above its performance, or several pieces.

Time runs to the right, and keys go up. Rows of black keys are shaded. Every beat of the song's
metre has a line, and every bar a darker one.

    rolls_figure   The song is above its performance. A right note is filled, a missing one hollow,
                   and an extra one has the warning colour. A strip below marks every wrong step. A
                   step is right if all its keys are. Steps of the prompt are given and not
                   judged. A row holds up to `ROW_STEPS` steps. Longer songs continue in rows
                   below, up to `MAX_STEPS`.
    pieces_figure  A row per piece, up to `ROW_STEPS` steps of each.
    song_figure    One song in rows of up to `ROW_STEPS` steps, up to `MAX_STEPS`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from evo.analysis.plot.paper import bar_lines, draw_keys, keys_shown
from evo.analysis.plot.records import WIDTH
from evo.analysis.plot.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    PALE,
    VERMILLION,
    caption,
    count,
    label,
    legend_right,
    new_figure,
    style,
    title,
)
from evo.music.planes import notes_of, split
from evo.music.song import Song
from evo.music.text_roll import row_starts
from genomes.arrays import BoolArray

ROW_STEPS = 128
MAX_STEPS = 512
PROMPT_COLOUR = "#FBF0D5"


class _Window(NamedTuple):
    """The part of a song in one row of the figure."""

    start: int
    stop: int
    width: int  # steps per row; the last row may be shorter
    low: int  # keys shown, low to high - 1
    high: int
    prompt: int


def wrong_steps(song: Song, played: BoolArray, prompt_steps: int) -> BoolArray:
    """Mark the wrong steps after the prompt.

    Args:
        song: the target.
        played: bool (steps, keys), or (steps, 2 * keys) with durations, the performance.
        prompt_steps: steps at the beginning, never wrong.

    Returns:
        bool (steps,).
    """
    target = song.roll(durations=played.shape[1] > song.keys)
    wrong: BoolArray = (target != played).any(axis=1)
    wrong[:prompt_steps] = False
    return wrong


def rolls_figure(song: Song, played: BoolArray, prompt_steps: int) -> Figure:
    """Draw a song above its performance.

    Args:
        song: the target.
        played: bool (steps, keys), or (steps, 2 * keys) with durations, the performance.
        prompt_steps: given steps at the beginning; `played` is ignored there.

    Returns:
        The figure, with as many rows as the song needs.

    Raises:
        ValueError: if the roll has another type or shape, or the prompt is longer than the song.
    """
    target = song.roll(durations=played.ndim == 2 and played.shape[1] == 2 * song.keys)
    if played.shape != target.shape or played.dtype != np.bool_:
        raise ValueError(
            f"played: expected bool {target.shape} as the song has, "
            f"got {played.dtype} {played.shape}"
        )
    if not 0 <= prompt_steps <= song.steps:
        raise ValueError(f"prompt_steps: expected 0 to {song.steps}, got {prompt_steps}")
    played = played.copy()
    played[:prompt_steps] = target[:prompt_steps]
    wrong = wrong_steps(song, played, prompt_steps)
    onsets, held = split(played, song.keys)
    sounding = None if held is None else song.sounding

    low, high = keys_shown(song.onsets | onsets)
    windows = _windows(song, low, high, prompt_steps)
    shown = windows[-1].stop
    # Inches; rows of many keys are thinner, down to a readable minimum.
    roll, strip, gap = float(np.clip(0.14 * (high - low), 1.0, 3.2)), 0.13, 0.55
    foot = 0.25 if shown < song.steps else 0.0
    with style():
        figure = new_figure(WIDTH, 0.6 + foot + len(windows) * (2 * roll + strip + gap), foot=foot)
        panels = figure.subplots(
            3 * len(windows), 1, squeeze=False, height_ratios=[roll, roll, strip] * len(windows)
        )[:, 0]
        last = panels[-3]
        for row, window in enumerate(windows):
            above, below, marks = panels[3 * row : 3 * row + 3]
            _draw_paper(above, song, window, "song")
            _draw_paper(below, song, window, "played")
            _draw_notes(above, song.onsets, window, "notes", BLUE, sounding)
            _draw_notes(below, song.onsets & onsets, window, "right", BLUE, held)
            _draw_notes(below, song.onsets & ~onsets, window, "missing", "none", sounding)
            _draw_notes(below, onsets & ~song.onsets, window, "extra", VERMILLION, held)
            _draw_marks(marks, song, wrong, window)
            # An empty label keeps the spacing of rows.
            marks.set_xlabel(f"step, a line at every bar of {song.metre}" if above is last else " ")
        _add_title(figure, song, wrong, prompt_steps)
        _add_legend(figure, prompt_steps)
        if foot:
            caption(figure, f"The first {shown} of {song.steps} steps are drawn, all are counted.")
    return figure


def pieces_figure(pieces: Sequence[Song], notes: Sequence[str], width: int = 0) -> Figure:
    """Draw pieces, each with its name and a note above it.

    Args:
        pieces: songs of any sizes.
        notes: a short text per piece.
        width: steps per row; 0 for the length of each piece.

    Returns:
        The figure, with a row per piece.

    Raises:
        ValueError: if there are no pieces, or another number of notes.
    """
    if not pieces or len(notes) != len(pieces):
        raise ValueError(f"notes: expected one for each of {len(pieces)} pieces, got {len(notes)}")
    shown = [keys_shown(piece.onsets) for piece in pieces]
    heights = [float(np.clip(0.11 * (high - low), 0.8, 2.6)) for low, high in shown]
    with style():
        figure = new_figure(WIDTH, 0.3 + sum(heights) + 0.42 * len(pieces), head=0.0)
        panels = figure.subplots(len(pieces), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, piece, note, (low, high) in zip(panels, pieces, notes, shown, strict=True):
            steps = min(piece.steps, ROW_STEPS)
            window = _Window(0, steps, width or steps, low, high, 0)
            _draw_paper(axes, piece, window, "")
            _draw_notes(axes, piece.onsets, window, "notes", BLUE, piece.sounding)
            axes.set_title(f"{label(piece.name)}   {note}", loc="left", color=INK)
        metres = " or ".join(dict.fromkeys(str(piece.metre) for piece in pieces))
        panels[-1].set_xlabel(f"time, a line at every bar of {metres}")
    return figure


def song_figure(song: Song) -> Figure:
    """Draw one song, with as many rows as it needs."""
    low, high = keys_shown(song.onsets)
    windows = _windows(song, low, high, 0)
    shown = windows[-1].stop
    height = float(np.clip(0.11 * (high - low), 0.8, 2.6))
    foot = 0.25 if shown < song.steps else 0.0
    with style():
        figure = new_figure(WIDTH, 0.5 + foot + len(windows) * (height + 0.15), 0.45, foot)
        panels = figure.subplots(len(windows), 1, squeeze=False)[:, 0]
        for axes, window in zip(panels, windows, strict=True):
            _draw_paper(axes, song, window, "")
            _draw_notes(axes, song.onsets, window, "notes", BLUE, song.sounding)
        title(figure, label(song.name) or "song", _facts(song))
        if foot:
            caption(figure, f"The first {shown} of {song.steps} steps are drawn.")
    return figure


def _facts(song: Song) -> str:
    """Return notes, length and tempo in words."""
    return (
        f"{count(len(song.notes()), 'note')}, {count(song.steps, 'step')}, "
        f"{song.metre}, {song.duration:.0f} s, {song.tempo:.0f} beats a minute"
    )


def _windows(song: Song, low: int, high: int, prompt: int) -> list[_Window]:
    """Return the rows of a figure, which begin at bar lines where possible.

    Args:
        song: The song.
        low: First key shown.
        high: One past the last key shown.
        prompt: Given steps at the beginning.
    """
    starts = [start for start in row_starts(song, ROW_STEPS) if start < MAX_STEPS]
    stops = [*starts[1:], min(song.steps, MAX_STEPS)]
    width = max(stop - start for start, stop in zip(starts, stops, strict=True))
    return [
        _Window(start, stop, width, low, high, prompt)
        for start, stop in zip(starts, stops, strict=True)
    ]


def _draw_paper(axes: Axes, song: Song, window: _Window, axis_label: str) -> None:
    """Draw the background: keys, bars, beats and the prompt."""
    start, stop, width, low, high, prompt = window
    axes.set_xlim(start, start + width)
    draw_keys(axes, song, low, high, start, stop)
    if start < prompt:
        end = min(prompt, stop)
        axes.add_patch(
            Rectangle((start, low), end - start, high - low, color=PROMPT_COLOUR, lw=0, zorder=0.5)
        )
    bars, beats = bar_lines(song, start, stop)
    for steps, colour, line_width in ((beats, "#DDDDDD", 0.5), (bars, "#888888", 0.9)):
        lines = [[(step, low), (step, high)] for step in steps.tolist()]
        axes.add_collection(
            LineCollection(lines, colors=colour, linewidths=line_width, zorder=1), autolim=False
        )
    axes.set_xticks(bars, [])
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)
    axes.set_ylabel(axis_label, fontsize=10, color=INK)


def _draw_notes(
    axes: Axes,
    cells: BoolArray,
    window: _Window,
    kind: str,
    colour: str,
    sounding: BoolArray | None = None,
) -> None:
    """Draw the True cells as notes.

    Args:
        axes: Where to draw.
        cells: Bool (steps, keys), the onsets.
        window: The part to draw.
        kind: Name of the shapes.
        colour: Colour; "none" draws hollow notes.
        sounding: Bool (steps, keys), how long notes last; None for one step.
    """
    part = cells[window.start : window.stop]
    lasting = part if sounding is None else part | sounding[window.start : window.stop]
    steps, ends, keys = np.array(notes_of(part, lasting), np.int64).reshape(-1, 3).T
    left, right = steps + window.start + 0.06, ends + window.start - 0.06
    bottom, top = keys + 0.1, keys + 0.9
    hollow = colour == "none"
    if hollow:  # keep the outline inside the cell
        left, right, bottom, top = left + 0.06, right - 0.06, bottom + 0.06, top - 0.06
    corners = np.stack([left, bottom, left, top, right, top, right, bottom], axis=1).reshape(
        -1, 4, 2
    )
    axes.add_collection(
        PolyCollection(
            list(corners), facecolors="white" if hollow else colour,
            edgecolors=BLUE if hollow else "none", linewidths=1.1 if hollow else 0.0,
            zorder=3, gid=kind,
        ),
        autolim=False,
    )  # fmt: skip


def _draw_marks(axes: Axes, song: Song, wrong: BoolArray, window: _Window) -> None:
    """Draw the strip below a row: marks of wrong steps, and step numbers."""
    start, stop, width, _, _, prompt = window
    axes.set_xlim(start, start + width)
    axes.set_ylim(0, 1)
    axes.add_patch(Rectangle((start, 0), stop - start, 1, color=FAINT, lw=0, zorder=0))
    if start < prompt:
        end = min(prompt, stop)
        axes.add_patch(Rectangle((start, 0), end - start, 1, color=PROMPT_COLOUR, lw=0, zorder=0.5))
        if (end - start) / width > 0.04:  # wide enough for the word
            axes.text(
                (start + end) / 2, 0.46, "given", ha="center", va="center", fontsize=7, color=GREY
            )
    steps = np.flatnonzero(wrong[start:stop]) + start
    marks = [
        [(step + 0.06, 0), (step + 0.06, 1), (step + 0.94, 1), (step + 0.94, 0)]
        for step in steps.tolist()
    ]
    axes.add_collection(
        PolyCollection(marks, facecolors=VERMILLION, linewidths=0.0, zorder=3, gid="wrong"),
        autolim=False,
    )
    axes.set_xticks(bar_lines(song, start, stop)[0])
    axes.tick_params(axis="x", length=2)
    axes.set_yticks([0.5], ["wrong"])
    axes.tick_params(axis="y", length=0, pad=2, labelsize=7.5, labelcolor=VERMILLION)
    axes.spines[:].set_visible(False)


def _add_title(figure: Figure, song: Song, wrong: BoolArray, prompt_steps: int) -> None:
    judged, mistakes = song.steps - prompt_steps, int(wrong.sum())
    headline = f"{judged - mistakes} of {judged} steps right"
    if song.name:
        headline = f"{label(song.name)}: {headline}"
    detail = "every step is right" if judged else "the whole song was given"
    if mistakes:
        detail = f"the first wrong step is {int(np.argmax(wrong))}"
    title(figure, headline, detail)


def _add_legend(figure: Figure, prompt_steps: int) -> None:
    handles = [
        Patch(facecolor=BLUE, label="right"),
        Patch(facecolor="white", edgecolor=BLUE, linewidth=1.1, label="missing"),
        Patch(facecolor=VERMILLION, label="extra"),
    ]
    if prompt_steps:
        given = f"given: {prompt_steps} steps"
        handles.append(Patch(facecolor=PROMPT_COLOUR, edgecolor=PALE, label=given))
    legend_right(figure, handles)
