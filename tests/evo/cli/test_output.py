"""Tables that fit a terminal of any width, and whole lines in a pipe."""

import pytest
from rich.cells import cell_len
from rich.console import Console

from evo.cli.output import print_table, show_text, similar, wrapped

HEAD = ("run", "experiment", "seed", "best")
ROWS = [("a-long-name-of-a-run/seed12", "memorize", "12", "1,234.5"), ("[b] run", "xor", "", "-")]


def printed(width: int, stacked: bool = False) -> list[str]:
    console = Console(width=width, force_terminal=True, color_system=None, _environ={})
    with console.capture() as captured:
        print_table(console, HEAD, ROWS, (2, 3), stacked)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert max(map(cell_len, lines)) <= width
    return lines


def test_a_wide_terminal_has_a_line_per_row() -> None:
    assert printed(80) == [
        "run                          experiment  seed     best",
        "a-long-name-of-a-run/seed12  memorize      12  1,234.5",
        "[b] run                      xor                     -",
    ]


def test_on_a_narrower_one_names_have_lines_of_their_own() -> None:
    expected = [
        "  experiment  seed     best",
        "a-long-name-of-a-run/seed12",
        "  memorize      12  1,234.5",
        "[b] run",
        "  xor                     -",
    ]
    assert printed(40) == expected
    assert printed(120, stacked=True) == expected


@pytest.mark.parametrize("width", [5, 12, 20])
def test_on_a_narrow_one_every_value_has_its_name(width: int) -> None:
    text = "".join(line.strip() for line in printed(width)).replace(" ", "")
    assert "a-long-name-of-a-run/seed12experimentmemorize,seed12,best1,234.5" in text


def test_parts_are_not_broken() -> None:
    assert wrapped(["one 1", "two 2", "three 3"], 13) == ["one 1, two 2,", "three 3"]
    assert wrapped([], 10) == []


def test_characters_that_an_encoding_lacks_are_replaced_by_similar_ones() -> None:
    assert similar("● · … × ♪ é", "ascii") == "# . ... x ? ?"
    assert similar("● ♪", "utf-8") == "● ♪"


TABLE = """piece     score  unusual for the songs
piece-01  -3.07  distinct_keys, key_clarity
piece-02   0.15  -

1 of 2 pieces are above a quarter of the songs;
the second is usual.
"""


@pytest.mark.parametrize("width", [30, 38, 80])
def test_a_text_that_begins_with_a_table_fits_a_terminal_and_is_whole_in_a_pipe(width: int) -> None:
    console = Console(width=width, force_terminal=True, color_system=None, _environ={})
    with console.capture() as captured:
        show_text(console, TABLE)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    assert max(map(cell_len, lines)) <= width
    assert lines[0] == {30: "piece-01", 38: "  score  unusual for the songs"}.get(width, lines[0])
    assert " ".join(captured.get().split()).endswith("quarter of the songs; the second is usual.")
    assert "distinct_keys, key_clarity" in " ".join(captured.get().split())
    pipe = Console(width=width, force_terminal=False)
    with pipe.capture() as captured:
        show_text(pipe, TABLE)
    assert captured.get() == TABLE + "\n"
