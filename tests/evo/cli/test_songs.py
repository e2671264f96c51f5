"""`evo songs check`: output, written files and exit codes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from midi_files import DAMAGED, FAULTY, INNOCENT, Voice, melody, write_piece

from evo.cli.main import main
from evo.cli.songs import COLLECTION_NAMES, PROFILE_NAMES
from evo.music.screening.demands import PROFILES
from evo.music.screening.essen import FOLDERS
from evo.music.screening.report import MAX_LISTED
from evo.music.song_finder import load_songs


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def evo(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["songs", "check", *map(str, arguments)])


def done(*arguments: object) -> str:
    result = evo(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    result = evo(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def few_songs(folder: Path = Path("songs")) -> Path:
    """Return a folder of four songs.

    Two fit, one of them in a subfolder; one is damaged and one is for a violin.
    """
    (folder / "deep").mkdir(parents=True)
    write_piece(folder / "a.mid", Voice(melody(101)))
    write_piece(folder / "deep" / "b.mid", Voice(melody(102, step=0.25)))
    DAMAGED["a track cut short"](folder / "c.mid")
    FAULTY["for a violin"][1](folder / "d.mid")
    return folder


def many_songs(count: int, folder: Path = Path("many")) -> Path:
    folder.mkdir()
    for number in range(count):
        write_piece(folder / f"{number:03d}.mid", Voice(melody(number, beats=32)))
    DAMAGED["a text"](folder / "bad.mid")
    return folder


def test_the_collections_in_the_help_are_those_there_are() -> None:
    assert tuple(FOLDERS) == COLLECTION_NAMES
    assert tuple(PROFILES) == PROFILE_NAMES


def test_a_profile_and_single_demands_decide_what_is_fit() -> None:
    few_songs()
    assert "2 of 4 are fit to learn from, with 88 keys" in done("songs", "--profile", "piano")
    assert "3 of 4 are fit to learn from, with 128 keys" in done("songs", "--profile", "any")
    assert "3 of 4 are fit" in done("songs", "--set", "others=1")
    assert "0 of 4 are fit" in done("songs", "--keys", 12, "--chord", 1)


def test_few_songs_are_shown_in_a_table_with_the_reasons_below_and_a_summary() -> None:
    text = done(few_songs())
    lines = text.splitlines()
    rows = {line.split()[0]: line.split()[-1] for line in lines[1:5]}
    assert rows == {
        "a.mid": "fit", "c.mid": "damaged", "d.mid": "not-piano", "deep/b.mid": "fit",
    }  # fmt: skip
    assert sum(line.startswith("songs/c.mid: damaged or unreadable (truncated") for line in lines)
    assert (
        "songs/d.mid: not a piano piece (program 41 (strings) plays 100% of the notes, at most 2%"
        in text
    )
    assert ["fit", "to", "learn", "from", "2", "50.0%"] in [line.split() for line in lines]
    assert "1 with steps_per_beat=4" in text
    assert "2 of 4 are fit to learn from, with 25 keys" in text


def test_of_many_songs_only_the_faulty_ones_are_named_in_a_line_each() -> None:
    text = done(many_songs(MAX_LISTED))
    lines = text[: text.index("\nfault")].splitlines()
    assert lines == [
        "many/bad.mid: damaged or unreadable (not a MIDI file: it does not begin with MThd)"
    ]
    assert f"{MAX_LISTED} of {MAX_LISTED + 1} are fit" in text


def test_a_record_a_file_is_written_as_json_and_as_a_table() -> None:
    done(few_songs(), "--json", "r.json", "--csv", "r.csv")
    records = json.loads(Path("r.json").read_text())
    assert [(one["path"], one["fit"]) for one in records] == [
        ("songs/a.mid", True), ("songs/c.mid", False), ("songs/d.mid", False),
        ("songs/deep/b.mid", True),
    ]  # fmt: skip
    assert [fault["fault"] for one in records for fault in one["faults"]] == [
        "damaged",
        "not-piano",
    ]
    assert records[0]["facts"]["grid"] == "eighths"
    assert records[1]["facts"] is None
    with Path("r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [one["path"] for one in records]
    assert [row["faults"] for row in rows] == ["", "damaged", "not-piano", ""]
    assert rows[3]["steps_per_beat"] == "4"


def test_the_fit_ones_are_copied_and_can_all_be_loaded() -> None:
    Path("songs").mkdir()
    for number, write in enumerate([*INNOCENT.values(), *(write for _, write in FAULTY.values())]):
        write(Path(f"songs/{number}.mid"))
    text = done("songs", "--keep", "kept")
    kept = sorted(Path("kept").iterdir())
    assert f"{len(kept)} of {len(INNOCENT) + len(FAULTY)} are fit" in text
    assert len(kept) >= len(INNOCENT)
    assert all(one.read_bytes() == (Path("songs") / one.name).read_bytes() for one in kept)
    assert len(load_songs("kept")) == len(kept)


def test_what_is_copied_from_folders_below_does_not_replace_what_bears_its_name() -> None:
    few_songs()
    write_piece(Path("songs/deep-b.mid"), Voice(melody(9)))
    done("songs", "--keep", "kept")
    assert sorted(os.listdir("kept")) == ["a.mid", "deep-b-2.mid", "deep-b.mid"]
    assert "not empty" in refused("songs", "--keep", "kept")


def test_a_limit_takes_the_first_or_a_sample_that_the_seed_repeats() -> None:
    many_songs(9)
    assert "000.mid" in done("many", "--limit", 2)
    assert (
        done("many", "--limit", 4, "--seed", 5)[:400]
        == done("many", "--limit", 4, "--seed", 5)[:400]
    )
    assert len({done("many", "--limit", 4, "--seed", seed)[:300] for seed in range(5)}) > 1


@pytest.mark.parametrize(("arguments", "named"), [
    ((), "PATH"),
    (("songs", "--corpus", "essen"), "PATH"),
    (("missing",), "missing"),
    (("empty",), "no *.mid"),
    (("--corpus", "bach"), "bach"),
    (("empty", "--keys", "0"), "0"),
    (("empty", "--set", "keys=0"), "keys must be"),
    (("empty", "--set", "hands=2"), "hands"),
    (("empty", "--profile", "band"), "band"),
    (("songs", "--json", "missing/r.json"), "missing"),
    (("songs", "--keep", "songs"), "not empty"),
], ids=" ".join)  # fmt: skip
def test_a_mistake_is_answered_by_one_line(arguments: tuple[str, ...], named: str) -> None:
    few_songs()
    Path("empty").mkdir()
    assert named in refused(*arguments)


@pytest.mark.parametrize("arguments", [
    ("songs", "export", "a.file/folder"),
    ("songs", "measure", "ode-to-joy", "--json", "a.file/m.json"),
    ("songs", "check", "one.mid", "--json", "/dev/full"),
    ("songs", "check", "one.mid", "--csv", "a.file/r.csv"),
    ("songs", "check", "one.mid", "--keep", "a.file/kept"),
], ids=" ".join)  # fmt: skip
def test_a_file_that_cannot_be_written_is_named_in_one_line(arguments: tuple[str, ...]) -> None:
    Path("a.file").write_text("no folder")
    write_piece(Path("one.mid"), Voice(melody(1)))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"evo: {arguments[-1]}: cannot be ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_what_was_found_so_far(number: int, code: int) -> None:
    many_songs(300)
    command = (
        sys.executable,
        "-c",
        "from evo.cli.main import main; main()",
        "songs",
        "check",
        "many",
    )
    # The first line comes from the first of many files.
    DAMAGED["a text"](Path("many/-.mid"))
    with subprocess.Popen(
        [*command, "--json", "r.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert "not a MIDI file" in process.stdout.readline()
        process.send_signal(number)
        text, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors == ""
    assert "stopped after" in text
    records = json.loads(Path("r.json").read_text())
    assert 1 <= len(records) < 302
    assert f"of {len(records)} are fit" in text


def test_nobody_reading_on_is_no_error() -> None:
    many_songs(60)
    command = (
        f"{sys.executable} -c 'from evo.cli.main import main; main()' songs check many | head -n 1"
    )
    ended = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert ended.stderr == ""
