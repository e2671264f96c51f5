"""The text and the numbers of `evo songs measure`."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console
from rolls import roll

from evo.core.errors import MidiError
from evo.music.measures.corpus import (
    MEANINGS,
)
from evo.music.measures.report import report
from evo.music.song import Song
from evo.music.tunes import tune, tune_names

TUNES = [tune(name) for name in tune_names()]


def printed(*arguments: str | None, width: int = 80) -> tuple[str, dict]:
    out = io.StringIO()
    document = report(arguments[0], Console(file=out, width=width), *arguments[1:])
    json.dumps(document, allow_nan=False)
    return out.getvalue(), document


def test_the_report_of_a_tune_fits_100_columns() -> None:
    text, document = printed("ode-to-joy")
    table = text.splitlines()[1:-2]
    assert len(table) == 1 + len(MEANINGS)
    assert max(map(len, table)) <= 100
    assert "…" not in text
    assert "form AABA" in text
    (song,) = document["songs"]
    assert song["nearest"] == {"name": "the-blue-bells-of-scotland", "tokens": 5}
    assert list(song["measures"]) == list(document["corpus"]["ranges"]) == list(MEANINGS)
    assert document["corpus"]["songs"] == len(TUNES)


def test_the_report_of_a_file_names_the_song_it_copies_and_marks_it(tmp_path) -> None:
    TUNES[1].transposed(0).save(tmp_path / "mine.mid")
    text, document = printed(str(tmp_path / "mine.mid"))
    assert document["songs"][0]["nearest"] == {"name": "ode-to-joy", "tokens": 61}
    assert "known_run" in document["songs"][0]["outside"]
    assert "above" in next(line for line in text.splitlines() if line.startswith("known run"))


def test_the_report_of_a_folder_skips_and_names_what_is_no_song(tmp_path) -> None:
    for song in TUNES[:3]:
        song.save(tmp_path / f"{song.name}.mid")
    wide = np.zeros((16, 88), np.bool_)
    wide[[0, 3, 8], [0, 87, 40]] = True
    Song(wide, lowest_note=21).save(tmp_path / "wide.mid")
    (tmp_path / "not[red].mid").write_bytes(b"no song")
    (tmp_path / "text.txt").write_text("no MIDI file")
    text, document = printed(str(tmp_path))
    assert "skipped not[red].mid: not a MIDI file" in text
    assert [one["file"] for one in document["unreadable"]] == ["not[red].mid"]
    assert [one["name"] for one in document["songs"]][-1] == "wide"
    assert document["folder"]["outside"]["pitch_range"] == 1
    assert document["folder"]["ranges"]["distinct_keys"]["high"] == 6
    assert document["folder"]["spread"]["folder"]["songs"] == 4
    assert max(map(len, text.splitlines()[2:-10])) <= 100


def test_a_folder_can_be_the_corpus_and_is_then_not_known_to_itself(tmp_path) -> None:
    for song in TUNES[:6]:
        song.save(tmp_path / f"{song.name}.mid")
    _, document = printed(str(tmp_path), str(tmp_path))
    assert document["corpus"]["songs"] == 6
    assert all(song["outside"] == [] for song in document["songs"])
    assert max(song["nearest"]["tokens"] for song in document["songs"]) < 10
    assert document["folder"]["spread"]["folder"] == document["folder"]["spread"]["corpus"]


def test_silence_cannot_be_read_and_a_single_note_can(tmp_path) -> None:
    Song(roll(None, 5)).save(tmp_path / "one.mid")
    _, document = printed(str(tmp_path / "one.mid"))
    assert document["songs"][0]["measures"]["mean_interval"] is None
    assert document["songs"][0]["nearest"] == {"name": None, "tokens": 0}


def test_what_cannot_be_measured_is_said_in_one_line(tmp_path) -> None:
    with pytest.raises(MidiError, match="no embedded tune"):
        printed("no-such-tune")
    with pytest.raises(MidiError, match="no song among its 0 MIDI files"):
        printed(str(tmp_path))
    with pytest.raises(MidiError):
        printed(str(tmp_path / "missing.mid"))
