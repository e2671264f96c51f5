"""`evo export`: a song or a champion's music as a file of another format."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from evo.cli.main import main
from evo.music.abc.songs import songs_of_abc
from evo.music.song import Song
from evo.music.tunes import tune


def evo(*arguments: object) -> tuple[int, str]:
    """Run a command; return the exit code and the output."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.output.strip()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_tune_is_written_into_the_current_directory_and_read_again() -> None:
    assert evo("export", "ode-to-joy", "--to", "abc") == (0, "ode-to-joy.abc")
    assert songs_of_abc("ode-to-joy.abc") == [tune("ode-to-joy")]
    assert evo("export", "ode-to-joy.abc", "--to", "mid", "--output", "joy.mid") == (0, "joy.mid")
    assert Song.load("joy.mid") == tune("ode-to-joy")
    assert evo("export", "joy.mid", "--to", "musicxml") == (0, "joy.musicxml")
    assert Path("joy.musicxml").read_text().startswith("<?xml")


def test_a_song_is_not_written_over_itself() -> None:
    tune("bingo").save("bingo.mid")
    code, line = evo("export", "./bingo.mid", "--to", "mid")
    assert code == 2
    assert "this is the song itself; give another file by --output" in line


def test_several_songs_and_unwritable_files_are_refused() -> None:
    Path("two.abc").write_text("X:1\nK:C\nC|\n\nX:2\nK:C\nD|\n")
    assert "it has 2 songs" in evo("export", "two.abc", "--to", "mid")[1]
    code, line = evo("export", "bingo", "--to", "abc", "--output", "no/such.abc")
    assert (code, "cannot be written" in line) == (2, True)
    assert evo("export", "bingo", "--to", "pdf")[0] == 2


def test_a_bad_line_of_abc_is_named() -> None:
    Path("bad.abc").write_text("X:1\nK:C\nC^|\n")
    assert evo("export", "bad.abc", "--to", "mid")[1] == "evo: bad.abc: line 3: cannot read '^|'"
