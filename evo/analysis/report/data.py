"""The content of a report, as plain immutable data: what the templates get.

Coordinates of a drawing are numbers of its SVG. Texts are not escaped: the templates do that.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Fact(NamedTuple):
    """A label and a value, both as text."""

    label: str
    value: str


class Tick(NamedTuple):
    """A mark of an axis: its position, and its label."""

    at: float
    label: str


class Shape(NamedTuple):
    """A path of an SVG: its class in the style sheet, its data, and a tooltip."""

    kind: str
    path: str
    title: str = ""


class Column(NamedTuple):
    """The values of one line of a chart, as text per point; "" where there is none."""

    label: str
    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """A chart over generations, in a square of 1000 by 1000 that is stretched to its place.

    Attributes:
        title: What is drawn.
        summary: The same in one sentence with the last values, for screen readers.
        shapes: Areas and lines, in the order of drawing.
        across: Labels of the axis of generations; positions are percentages.
        up: Labels of the axis of values; positions are percentages from the top.
        at: Position of every point, 0 to 1000.
        generations: Generation of every point.
        columns: Values of every point.
    """

    title: str
    summary: str
    shapes: tuple[Shape, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    at: tuple[float, ...]
    generations: tuple[int, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Pane:
    """One roll of a picture: labels of keys, shaded keys and notes.

    Attributes:
        label: What the roll shows.
        top: Its position in the picture.
        height: Its height.
        shaded: Path of the black keys.
        keys: Labels of keys; positions are from the top of the picture.
        notes: Notes by kind.
    """

    label: str
    top: float
    height: float
    shaded: str
    keys: tuple[Tick, ...]
    notes: tuple[Shape, ...]


@dataclass(frozen=True)
class Roll:
    """A picture of one piano roll, or of a song above its performance.

    Attributes:
        width: Width of the picture.
        height: Height of the picture.
        panes: The rolls.
        beats: Path of the lines of beats.
        bars: Path of the lines of bars.
        numbers: Numbers of bars.
        prompt: Width of the part that was given; 0 for none.
        wrong: Path of the marks of wrong steps; "" for none.
        marks: Vertical position of these marks.
        summary: The picture in one sentence, for screen readers.
        times: (seconds, position) where the tempo changes, and at both ends.
    """

    width: float
    height: float
    panes: tuple[Pane, ...]
    beats: str
    bars: str
    numbers: tuple[Tick, ...]
    prompt: float
    wrong: str
    marks: float
    summary: str
    times: tuple[tuple[float, float], ...]


class Sound(NamedTuple):
    """A sound: its media type, its content in base64, and its length in seconds."""

    media: str
    content: str
    seconds: float


@dataclass(frozen=True)
class Track:
    """A piece of music with its picture and sound.

    Attributes:
        name: Its name.
        note: What is to be said about it.
        roll: Its picture.
        sound: Its sound; None if it is silent.
        original: The sound of the song above it, if that sounds different.
        midi: Its MIDI file in base64.
        file: Name of that file.
        sheet: Its sheet as SVG, compressed by zlib, in base64; "" without.
    """

    name: str
    note: str
    roll: Roll
    sound: Sound | None
    midi: str
    file: str
    original: Sound | None = None
    sheet: str = ""


class Measure(NamedTuple):
    """A measure of a piece beside the usual range of the corpus.

    Attributes:
        name: Name of the measure.
        value: The piece's value as text.
        usual: The range as text; "" if it is unknown.
        place: "within", "below", "above" or "outside".
        at: Positions of low, median, high and the value on a scale of 0 to 100; () without range.
    """

    name: str
    value: str
    usual: str
    place: str
    at: tuple[float, ...]


@dataclass(frozen=True)
class Piece:
    """A piece of a composing run.

    Attributes:
        track: Its music.
        facts: Its figures, the nearest known song among them.
        unusual: Measures outside the corpus's range.
        measures: All measures; empty in a large gallery.
    """

    track: Track
    facts: tuple[Fact, ...]
    unusual: tuple[Measure, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Gallery:
    """The pieces of a composing run.

    Attributes:
        facts: Figures of all pieces together.
        themes: The theme of variations, and theme and variations as one piece; () without.
        pieces: The pieces.
        left_out: Number of pieces that are not shown.
    """

    facts: tuple[Fact, ...]
    themes: tuple[Track, ...]
    pieces: tuple[Piece, ...]
    left_out: int


class Picture(NamedTuple):
    """A picture: its title, a description, its media type and its content in base64."""

    title: str
    description: str
    media: str
    content: str


@dataclass(frozen=True)
class Drawing:
    """A drawing that can be moved: cleaned SVG (`evo.analysis.report.drawing`), and its title."""

    title: str
    svg: Any
    width: float
    height: float


@dataclass(frozen=True)
class Spark:
    """A small line of the champion's fitness, in a square of 100 by 100.

    Attributes:
        generations: Generation of every point.
        values: Fitness of every point.
        summary: The line in words.
        path: Its path, as `evo.analysis.report.charts.scaled` makes it.
    """

    generations: tuple[float, ...]
    values: tuple[float, ...]
    summary: str
    path: str = ""


@dataclass(frozen=True)
class RunReport:
    """Everything that a report tells about one run.

    Attributes:
        number: Number of the run in the report, from 1.
        name: The run's directory.
        status: running, finished, interrupted, stopped, failed or damaged.
        headline: The outcome, what it means to be good first.
        sentence: What was evolved and how it ended.
        task: Experiment and song: runs with the same can be compared.
        facts: The most important figures.
        figures: The task's own figures.
        charts: Charts over generations.
        spark: The champion's fitness.
        tracks: What the champion plays.
        gallery: The pieces of a composing run; None without.
        drawings: Network or formula.
        pictures: Other pictures of the champion.
        texts: The champion as text, with a title each.
        settings: The configuration as TOML.
        commands: Commands that repeat or resume the run, each with what it does.
        versions: Versions on which the results depend.
        problems: What could not be read.
    """

    number: int
    name: str
    status: str
    headline: str
    sentence: str
    task: str = ""
    facts: tuple[Fact, ...] = ()
    figures: tuple[Fact, ...] = ()
    charts: tuple[Chart, ...] = ()
    spark: Spark | None = None
    tracks: tuple[Track, ...] = ()
    gallery: Gallery | None = None
    drawings: tuple[Drawing, ...] = ()
    pictures: tuple[Picture, ...] = ()
    texts: tuple[Fact, ...] = ()
    settings: str = ""
    commands: tuple[Fact, ...] = ()
    versions: tuple[Fact, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The comparison of several runs: a row per group, and remarks."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: Its title.
        runs: The runs.
        comparison: Their comparison; None for one run.
        left_out: Runs that are not shown, with the reasons.
        live: Address of the changes while runs go on; "" for a file.
        overview: Whether each run has a page of its own.
    """

    title: str
    runs: tuple[RunReport, ...]
    comparison: Table | None = None
    left_out: tuple[str, ...] = field(default=())
    live: str = ""
    overview: bool = False
