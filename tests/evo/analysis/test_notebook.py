"""HTML for notebooks: all text is escaped, in one line, and of bounded length."""

import numpy as np

from evo.analysis.notebook import facts_html, figure_html, table_html, text
from evo.analysis.plot import song_figure
from evo.music.song import Song


def test_text_is_escaped_in_one_line_and_cut() -> None:
    assert text("<b>&\"'\n\x00") == "&lt;b&gt;&amp;&quot;&#x27;\\n\\x00"
    assert text("\ud800") == "\\ud800"
    assert len(text("x" * 10_000)) == 300
    assert text(1.5) == "1.5"


def test_tables_leave_out_what_is_missing_and_escape_names() -> None:
    facts = facts_html("<t>", {"<n>": "<v>", "missing": None, "zero": 0})
    assert "<t>" not in facts
    assert "<n>" not in facts
    assert "<v>" not in facts
    assert "missing" not in facts
    assert ">0</td>" in facts
    table = table_html("t", ["<n>"], [["<v>"], [None]])
    assert "&lt;n&gt;" in table
    assert "&lt;v&gt;" in table
    assert table.count("<tr>") == 3


def test_a_figure_is_a_picture_with_words_in_its_place() -> None:
    html = figure_html(song_figure(Song(np.eye(4, dtype=np.bool_))), '">')
    assert html.startswith('<img src="data:image/png;base64,iVBOR')
    assert 'alt="&quot;&gt;"' in html
