"""The check of songs names each fault, accepts similar faultless songs, and never stops."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from judged_pieces import JUDGED
from midi_files import (
    DAMAGED,
    FAULTY,
    INNOCENT,
    LIVE,
    Voice,
    jittered,
    melody,
    moved,
    odd_tree,
    swung,
    write_piece,
)

from evo.core.errors import InputError
from evo.music.midi.read import read_piece
from evo.music.screening.check import Check, Report
from evo.music.screening.demands import PROFILES, Demands, demands_of
from evo.music.screening.faults import FAULTS
from evo.music.screening.timing import best_grid
from evo.music.song import Song
from evo.music.song_finder import midi_files


def check(path: Path, **demands: int) -> Report:
    return Check(demands_of(None, demands)).file(str(path))


def kinds(report: Report) -> list[str]:
    return [fault.kind for fault in report.faults]


# One fault each


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_is_named_and_no_other(name: str, tmp_path: Path) -> None:
    kind, write = FAULTY[name]
    write(tmp_path / "song.mid")
    report = check(tmp_path / "song.mid")
    assert kinds(report) == [kind], str(report)
    assert not report.fit
    assert len(str(report).splitlines()) == 1
    assert FAULTS[kind] in str(report)


@pytest.mark.parametrize("name", INNOCENT)
def test_what_is_innocent_is_fit_and_can_be_loaded(name: str, tmp_path: Path) -> None:
    INNOCENT[name](tmp_path / "song.mid")
    report = check(tmp_path / "song.mid")
    assert report.fit, str(report)
    assert report.facts is not None
    song = Song.load(tmp_path / "song.mid", steps_per_beat=report.facts.steps_per_beat)
    assert song.onsets.any()


def test_every_fault_has_its_file() -> None:
    assert {kind for kind, _ in FAULTY.values()} == set(FAULTS) - {
        "damaged", "large", "several", "fine-grid", "duplicate",
    }  # fmt: skip


def test_no_live_recording_finds_a_grid_and_no_exact_piece_misses_its_own() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        notes = int(chance.uniform(16, 200))
        free = np.sort([chance.uniform(0, notes / 2) for _ in range(notes)])
        for ticks in (96, 480, 960):
            assert not best_grid(np.round(free * ticks) / ticks, ticks).fits
        step = chance.choice((1 / 2, 1 / 4, 1 / 3, 1 / 6, 1 / 8))
        onsets = np.array([onset for onset, _, _ in melody(seed, step=step)])
        second = chance.uniform(0.5, 0.7)
        off_beat = np.array([onset for onset, _, _ in swung(melody(seed), second)])
        for ticks in (96, 120, 480, 1024):
            for exact in (onsets, off_beat):
                assert best_grid(np.round(exact * ticks) / ticks, ticks).fits, (step, ticks)


@pytest.mark.parametrize("beats", [0.035, 0.05, 0.08])  # 18 to 40 ms at 120 beats a minute
def test_the_errors_of_a_player_are_no_grid(beats: float) -> None:
    for seed in range(20):
        onsets = np.sort([on for on, _, _ in jittered(melody(seed), beats, seed)])
        assert not best_grid(onsets, 480).fits


def test_the_grid_says_how_fine_a_piano_roll_must_be(tmp_path: Path) -> None:
    for step, steps in ((0.5, 2), (0.25, 4), (1 / 3, 3)):
        write_piece(tmp_path / "song.mid", Voice(melody(step=step)))
        facts = check(tmp_path / "song.mid").facts
        assert facts is not None
        assert facts.steps_per_beat == steps
        refused = check(tmp_path / "song.mid", steps_per_beat=2)
        assert kinds(refused) == ([] if steps == 2 else ["fine-grid"])
    write_piece(tmp_path / "song.mid", Voice(swung(melody(), 0.62)))
    assert check(tmp_path / "song.mid", steps_per_beat=2).fit


def test_a_larger_instrument_takes_more_music(tmp_path: Path) -> None:
    for name in ("over three octaves", "chords of six", "six notes a beat"):
        FAULTY[name][1](tmp_path / "song.mid")
        assert check(tmp_path / "song.mid", keys=88).fit
    INNOCENT["eighths"](tmp_path / "song.mid")
    assert kinds(check(tmp_path / "song.mid", keys=12)) == ["complex"]


def test_faults_come_together(tmp_path: Path) -> None:
    write_piece(tmp_path / "song.mid", Voice(LIVE, program=40), metres=((0, 5, 4),))
    assert kinds(check(tmp_path / "song.mid")) == ["not-piano", "off-grid", "metre"]


# Profiles


@pytest.mark.parametrize("name", JUDGED)
def test_the_profile_of_pianos_judges_as_a_teacher_does(name: str, tmp_path: Path) -> None:
    fit, write = JUDGED[name]
    write(tmp_path / "song.mid")
    report = Check(PROFILES["piano"]).file(str(tmp_path / "song.mid"))
    assert report.fit == fit, str(report)


def test_every_piece_with_notes_is_fit_for_anything(tmp_path: Path) -> None:
    for name, (_, write) in (FAULTY | JUDGED).items():
        if "hour" in name:
            continue  # slow to write
        write(tmp_path / "song.mid")
        report = Check(PROFILES["any"]).file(str(tmp_path / "song.mid"))
        assert kinds(report) in ([], ["empty"]), str(report)


def test_demands_are_a_profile_and_changes() -> None:
    assert demands_of(None, {}) == PROFILES["melody"]
    assert demands_of(None, {"keys": 88}) == PROFILES["piano"]
    assert demands_of("piano", {"keys": 13}).keys == 13
    assert demands_of("melody", {}, ["odd_metres=true", "beyond = 0.5"]).beyond == 0.5
    for wrong in ("odd_metre=true", "beyond=2", "beyond"):
        with pytest.raises(InputError, match=r"beyond|odd_metre"):
            demands_of("melody", {}, [wrong])


def test_every_reason_gives_what_was_measured_and_what_is_allowed(tmp_path: Path) -> None:
    reasons = {
        "with drums": "play 27% of the notes, at most 2%",
        "a live recording": "of the onsets, at most 10%",
        "another metre in the middle": "8 of 19 bars are not in 3/4, at most 10%: 4/4, 3/4",
        "chords of six": "up to 7 notes struck together, over 4 in 14% of the moments, at most 3%",
        "over three octaves": "needs 38 keys, C4 to C#7, of 25",
        "a tempo for every bar": "13 changes, at most 5, in 13 of 16 bars, at most 5; 114 to 130",
        "five notes": "5 notes in 33 beats, at least 12 notes and 8 beats",
    }
    path = tmp_path / "song.mid"
    for name, reason in reasons.items():
        FAULTY[name][1](path)
        assert reason in str(check(path))
    JUDGED["four hands"][1](path)
    hands = "hands of up to 36 semitones, over 16 in 32% of the moments, at most 5%"
    assert hands in str(Check(PROFILES["piano"]).file(str(path)))


def test_the_beat_of_a_file_is_found(tmp_path: Path) -> None:
    INNOCENT["another beat"](tmp_path / "song.mid")
    facts = check(tmp_path / "song.mid").facts
    assert facts is not None
    assert (facts.beat_ticks, facts.grid, round(facts.tempo, 1)) == (512, "eighths", 112.5)


def test_several_pieces_in_a_file_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "song.mid"
    write_piece(path, Voice(melody(1)), Voice(melody(2)))
    content = bytearray(path.read_bytes())
    content[9] = 2
    path.write_bytes(content)
    report = check(path)
    assert kinds(report) == ["several"]
    assert "choose one, --track 2, 3" in str(report)


# Duplicates


def test_a_melody_is_known_again_in_another_key_at_another_tempo_after_another_silence(
    tmp_path: Path,
) -> None:
    notes = melody(5)
    doubled = [(2 * onset, 2 * length, pitch) for onset, length, pitch in notes]
    short = [(onset, length / 2, pitch) for onset, length, pitch in notes]
    accompanied = [Voice(notes), Voice([(2.0 * n, 2.0, 48) for n in range(32)], channel=1)]
    write_piece(tmp_path / "a.mid", Voice(notes))
    write_piece(tmp_path / "b.mid", Voice(moved(notes, semitones=5)), ticks_per_beat=96)
    write_piece(tmp_path / "c.mid", Voice(moved(notes, beats=5.5)), tempos=((0, 77),))
    write_piece(tmp_path / "d.mid", Voice(moved(doubled, semitones=-12)))
    write_piece(tmp_path / "e.mid", Voice(short))
    write_piece(tmp_path / "f.mid", Voice(jittered(notes, 0.01)))
    write_piece(tmp_path / "g.mid", Voice(swung(notes, 0.6)))
    check = Check(demands_of("piano", {}))
    reports = [check.file(path) for path in midi_files(tmp_path, below=True)]
    assert [kinds(report) for report in reports] == [[], *[["duplicate"]] * 6]
    assert all(report.same_as == str(tmp_path / "a.mid") for report in reports[1:])
    assert all("a.mid" in str(report) for report in reports[1:])

    write_piece(tmp_path / "h.mid", *accompanied)
    assert check.file(str(tmp_path / "h.mid")).same_as is None  # it begins between the bass notes


def test_one_note_one_length_or_one_rest_more_make_another_melody(tmp_path: Path) -> None:
    notes = melody(5)
    onset, length, pitch = notes[20]
    changed = [*notes[:20], (onset, length, pitch + 1), *notes[21:]]
    paused = notes[:20] + moved(notes[20:], beats=0.5)
    check = Check(demands_of("piano", {}))
    for name, voice in (("a", notes), ("b", changed), ("c", paused), ("d", notes[:-1])):
        write_piece(tmp_path / f"{name}.mid", Voice(voice))
        assert check.file(str(tmp_path / f"{name}.mid")).same_as is None


def test_a_fit_piece_is_no_duplicate_of_one_that_is_not(tmp_path: Path) -> None:
    notes = melody(5)
    write_piece(tmp_path / "a.mid", Voice(notes, program=40))
    write_piece(tmp_path / "b.mid", Voice(notes))
    write_piece(tmp_path / "c.mid", Voice(notes))
    check = Check(Demands())
    reports = [check.file(path) for path in midi_files(tmp_path, below=True)]
    assert [kinds(report) for report in reports] == [["not-piano"], [], ["duplicate"]]
    assert reports[1].same_as == str(tmp_path / "a.mid")
    assert reports[2].same_as == str(tmp_path / "b.mid")


# Folders and damage


def test_links_and_what_is_no_file_do_no_harm(tmp_path: Path) -> None:
    names = odd_tree(tmp_path, INNOCENT["eighths"])
    check = Check(Demands())
    reports = {
        os.path.relpath(path, tmp_path): check.file(path)
        for path in midi_files(tmp_path, below=True)
    }
    odd = ["folder.mid", "itself.mid", "nowhere.mid", "pipe.mid"]
    assert sorted(reports) == sorted([*names, *odd])
    assert all(kinds(reports[name]) == ["damaged"] for name in odd)
    assert "directory" in str(reports["folder.mid"])
    assert "not a regular file" in str(reports["pipe.mid"])
    assert (check.pieces, check.fit, check.faults["duplicate"]) == (8, 1, 3)


@pytest.mark.parametrize("name", DAMAGED)
def test_what_cannot_be_read_is_named_with_the_reason(name: str, tmp_path: Path) -> None:
    DAMAGED[name](tmp_path / "song.mid")
    report = check(tmp_path / "song.mid")
    assert report.facts is None
    too_large = name in ("two megabytes of notes", "a file without an end")
    assert kinds(report) == ["large" if too_large else "damaged"]
    title = FAULTS[kinds(report)[0]]
    assert str(report).startswith(f"{tmp_path}/song.mid: {title} (")


def test_mutations_of_files_are_judged_or_named_as_damaged(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "song.mid"
    verdicts = set()
    for write in (INNOCENT["an upbeat bar and the last one"], FAULTY["a tempo for every bar"][1]):
        write(path)
        whole = path.read_bytes()
        for _ in range(150):
            mutation = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
            for _ in range(chance.randrange(1, 5)):
                if mutation:
                    mutation[chance.randrange(len(mutation))] ^= 1 << chance.randrange(8)
            path.write_bytes(mutation)
            report = check(path)
            assert len(str(report).splitlines()) == 1
            verdicts |= set(kinds(report)) or {"fit"}
    assert {"damaged", "fit", "metre"} <= verdicts


def test_a_piece_is_read_with_its_parts_tempos_and_metres(tmp_path: Path) -> None:
    write_piece(
        tmp_path / "song.mid", Voice([(0, 1, 60)], program=3), Voice([(1, 1, 64)], 1, None),
        Voice([(2, 1, 38)], 9, None), tempos=((0, 120), (2, 60)), metres=((0, 3, 4),),
        ticks_per_beat=96,
    )  # fmt: skip
    piece = read_piece(tmp_path / "song.mid")
    assert piece.notes.tolist() == [[0, 96, 60, 0], [96, 192, 64, 1]]
    assert [(part.track, part.channel, part.programs) for part in piece.parts] == [
        (1, 0, (3,)), (2, 1, (0,)),
    ]  # fmt: skip
    assert piece.percussion == 1
    assert piece.tempos == ((0, 500_000), (192, 1_000_000))
    assert piece.metres == ((0, 3, 4),)
    assert (piece.ticks_per_beat, piece.end_tick) == (96, 288)


def test_a_check_of_files_loads_no_compiler() -> None:
    program = "import sys, evo.music.screening.report; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
