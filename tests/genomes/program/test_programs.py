"""Programs: what operations do, on melodies of every shape, and what their arrays may be."""

import json
from itertools import product
from typing import Any

import numpy as np
import pytest

from genomes.errors import GenomeError
from genomes.individual import individuals
from genomes.program.edits import ProgramRates, first_programs
from genomes.program.operations import MAX_AMOUNT, MAX_LENGTH, OPERATIONS, SCOPES
from genomes.program.programs import Programs
from genomes.program.text import program_of_json, program_text
from genomes.program.themes import Themes

# Two phrases of four bars of four steps in C major, on 13 keys from C. A dot is no note.
THEME = "C.E. GEC. D.D. G... | C.E. GECD EDC. C..."
NAMES = dict(zip("CdDeEFgGaAbBc", range(13), strict=True))


def line(text: str) -> list[int]:
    return [NAMES.get(letter, -1) for letter in text if letter not in " |"]


def written(roll: Any) -> str:
    keys = ["".join("CdDeEFgGaAbBc"[key] for key in np.flatnonzero(row)) or "." for row in roll]
    bars = ["".join(keys[start : start + 4]) for start in range(0, len(keys), 4)]
    return " ".join(bars[:4]) + (" | " + " ".join(bars[4:]) if len(bars) > 4 else "")


def themes(text: str = THEME, tonic: int = 0, minor: int = 0, lead: int = 0) -> Themes:
    notes = line(text)
    roll = np.zeros((1, len(notes), 13), np.bool_)
    for step, key in enumerate(notes):
        if key >= 0:
            roll[0, step, key] = True
    return Themes.of(roll, [tonic], [minor], lead, bar=4, beat=1)


def varied(*program: tuple[str, str, int], **theme: Any) -> str:
    return written(Programs.of([program]).vary(themes(**theme))[0, 0])


def random_themes(steps: int, keys: int, bar: int, beat: int, lead: int = 0) -> Themes:
    random = np.random.default_rng(steps + keys)
    onsets = random.random((5, steps, keys)) < 1.5 / keys
    onsets &= random.random((5, steps, 1)) < 0.7
    return Themes.of(
        onsets, random.integers(12, size=5), random.integers(2, size=5), lead, bar, beat
    )


# Themes of unusual metres, lengths and instruments.
SHAPES = [
    (128, 13, 8, 2, 0), (136, 17, 8, 2, 8), (72, 13, 6, 2, 5), (90, 25, 9, 3, 0), (5, 13, 8, 2, 0),
    (40, 1, 5, 1, 0), (33, 2, 7, 7, 3), (1, 128, 1, 1, 0), (64, 7, 16, 4, 70),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (("transpose", "odd bars", 1), "D.F. GEC. E.E. G... | D.F. GECD FED. C..."),
        (("transpose", "everywhere", -2), "A.C. ECA. B.B. G... | A.C. ECAB CBA. C..."),
        (("invert", "even bars", 1), "C.E. GBD. D.D. G... | C.E. GBDc EDC. C..."),
        (("retrograde", "everywhere", 2), "E.C. CEG. D.D. G... | E.C. DCEG CDE. C..."),
        (("rotate", "everywhere", 1), "E.C. CGE. D.D. G... | E.C. DGEC CED. C..."),
        (("swap", "odd bars", 1), "E.C. GEC. D.D. G... | E.C. GECD C.ED C..."),
        (("swap", "everywhere", 3), "GEC. C.E. D.D. G... | GECD C.E. EDC. C..."),
        (("passing", "everywhere", 1), "CDEF GEC. D.D. G... | CDEF GECD EDC. C..."),
        (("neighbour", "everywhere", 1), "C.E. GEC. DED. G... | C.E. GECD EDCD C..."),
        (("simplify", "even bars", 3), "C.E. G.C. D.D. G... | C.E. G.C. EDC. C..."),
        (("mode", "everywhere", 1), "C.e. GeC. D.D. G... | C.e. GeCD eDC. C..."),
        (("repeat", "everywhere", 1), "C.E. C.E. D.D. G... | C.E. C.E. EDC. C..."),
        (("sequence", "everywhere", 1), "C.E. D.F. D.D. G... | C.E. D.F. EDC. C..."),
        (("diminish", "odd bars", 1), "CECE GEC. DDDD G... | CECE GECD ECEC C..."),
        (("augment", "odd bars", 1), "C... GEC. D... G... | C... GECD E.D. C..."),
        (("rhythm", "everywhere", 1), "C.E. G.E. D.D. G... | C.E. G.C. E.D. C..."),
        (("echo", "everywhere", 1), "CCEE GECC DDDD G... | CCEE GECD EDCC C..."),
        (("arpeggio", "everywhere", 1), "CEEG GECE DFDF G... | CEEG GECD EDCE C..."),
    ],
)  # fmt: skip
def test_every_operation_does_what_it_is_called(program: Any, expected: str) -> None:
    assert varied(program) == expected


def test_dotted_and_delayed_rhythms_move_notes_within_their_beats() -> None:
    onsets = np.zeros((1, 64, 13), np.bool_)
    onsets[0, ::2, 0] = True
    theme = Themes.of(onsets, [0], [0], bar=16, beat=4)
    for amount, second in ((1, 3), (-1, 1)):
        notes = Programs.of([[("dotted", "odd bars", amount)]]).vary(theme)[0, 0].any(axis=1)
        assert np.flatnonzero(notes[:16]).tolist() == [
            beat + place for beat in (0, 4, 8, 12) for place in (0, second)
        ]
    onsets[0, :, 0] = np.arange(64) % 4 == 0
    theme = Themes.of(onsets, [0], [0], bar=16, beat=4)
    notes = Programs.of([[("delay", "odd bars", 1)]]).vary(theme)[0, 0].any(axis=1)
    assert np.flatnonzero(notes[:16]).tolist() == [0, 6, 10, 14]


def test_a_program_without_instructions_leaves_the_melody() -> None:
    assert written(Programs.of([[]]).vary(themes())[0, 0]) == THEME


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_melody_is_varied_and_keeps_its_cadences_and_bars(shape: Any) -> None:
    given = random_themes(*shape)
    programs = first_programs(ProgramRates(first=8), 150, np.uint64(7))
    played = programs.vary(given)
    assert played.shape == (150, *given.onsets.shape)
    assert played.sum(axis=-1).max() <= 1
    melody = Programs.of([[]]).vary(given)[0]
    steps = given.onsets.shape[1]
    has_mode = np.array(["mode" in program_text(one) for one in programs.instructions()])
    pickups = [_pickup(roll, given) for roll in melody]
    for index, (roll, pickup) in enumerate(zip(melody, pickups, strict=True)):
        start = 0
        for end in (*range(given.lead - pickup + 4 * given.bar, steps, 4 * given.bar), steps):
            notes = np.flatnonzero(roll[start:end].any(axis=1))
            if len(notes) and given.lead < steps:
                last = start + int(notes[-1])
                # The last note of a phrase stays, and nothing follows it there.
                assert played[:, index, last].any(axis=-1).all()
                assert not played[:, index, last + 1 : end].any()
                assert (played[~has_mode, index, last] == roll[last]).all()
            start = end
        for start in range(given.lead, steps, given.bar):
            if roll[start : start + given.bar].any():
                assert played[:, index, start : start + given.bar].any(axis=(1, 2)).all()


def _pickup(roll: Any, theme: Themes) -> int:
    first = np.flatnonzero(roll[: theme.lead].any(axis=1))
    return min(theme.lead - int(first[0]), theme.bar - 1) if len(first) else 0


def test_notes_that_are_changed_are_of_the_melodys_own_scale() -> None:
    dorian = "D.F. AcB. A.F. D... | D.EF G.AB c.A. D..."  # the sixth is raised
    programs = first_programs(ProgramRates(first=8), 300, np.uint64(1))
    is_plain = ["mode" not in program_text(one) for one in programs.instructions()]
    plain = programs.take(np.flatnonzero(is_plain))
    keys = set(np.flatnonzero(plain.vary(themes(dorian, tonic=2, minor=1)).any(axis=(0, 1, 2))))
    assert keys <= {NAMES[name] for name in "CDEFGABc"}
    assert NAMES["b"] not in keys


def test_mode_exchanges_major_and_minor_and_back() -> None:
    assert varied(("mode", "everywhere", 1), ("mode", "odd bars", 1)) == THEME
    minor = varied(("mode", "everywhere", 3), ("transpose", "odd bars", 2))
    assert not set("EAB") & set(minor)


def test_a_phrase_begins_with_its_pickup() -> None:
    text = "...G C.E. GEC. D.D. G..G C.E. GECD EDC. C..."
    roll = Programs.of([[("transpose", "everywhere", 1)]]).vary(themes(text, lead=4))[0, 0]
    assert written(roll).replace(" | ", " ") == "...A D.F. AFD. E.E. G..A D.F. AFDE FED. C..."


def test_the_variation_of_a_program_does_not_depend_on_the_batch() -> None:
    programs = first_programs(ProgramRates(), 40, np.uint64(3))
    given = random_themes(*SHAPES[0])
    whole = programs.vary(given)
    order = np.random.default_rng(1).permutation(40)
    assert (programs.take(order).vary(given) == whole[order]).all()
    assert (individuals(programs)[7].vary(given) == whole[7]).all()
    assert (programs.joined(programs.take([3])).vary(given)[40] == whole[3]).all()


def test_every_instruction_works_on_every_melody() -> None:
    all_of = product(OPERATIONS, SCOPES, (-4, -3, -2, -1, 1, 2, 3, 4))
    programs = Programs.of([[instruction] for instruction in all_of])
    given = random_themes(*SHAPES[1])
    played = programs.vary(given)
    assert played.any(axis=(2, 3)).all()
    changed = (played != Programs.of([[]]).vary(given)).any(axis=(1, 2, 3)).reshape(18, -1)
    assert changed.any(axis=1).all()


def test_programs_are_the_same_through_text_and_arrays() -> None:
    programs = first_programs(ProgramRates(first=8), 50, np.uint64(2))
    again = Programs.from_arrays(programs.to_arrays())
    assert again.instructions() == programs.instructions()
    assert Programs.of(programs.instructions()).to_arrays().keys() == programs.to_arrays().keys()
    for program in programs:
        files = program.batch.export({"fitness": 1.5})
        instructions = program_of_json(files["program.json"])
        assert [instructions] == program.batch.instructions()
        assert json.loads(files["program.json"])["fitness"] == 1.5
        assert str(program) == files["program.txt"].decode().strip()
    assert program_text([]) == "nothing"


def test_a_program_is_no_performer() -> None:
    programs = first_programs(ProgramRates(), 2, np.uint64(2))
    assert not hasattr(programs, "follow")
    assert not hasattr(programs, "perform")


def arrays(**changes: Any) -> dict[str, Any]:
    program = Programs.of([[("transpose", "everywhere", 1)], [("mode", "odd bars", -4)] * 3])
    return {name: array.copy() for name, array in program.to_arrays().items()} | changes


def broken(name: str, index: Any, value: int) -> dict[str, Any]:
    made = arrays()
    made[name][index] = value
    return made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (arrays(lengths=np.array([1, 3])[:, None]), "lengths must be int64"),
        (arrays(lengths=np.array([1, 2, 3])), "operations must be uint8"),
        (arrays(amounts=np.zeros((2, 8), np.int64)), "amounts must be int8"),
        (broken("lengths", 0, -1), "lengths must be from 0"),
        (broken("lengths", 1, MAX_LENGTH + 1), "lengths must be from 0"),
        (broken("lengths", 0, 2), "amounts must be from"),
        (broken("lengths", 1, 2), "must be 0 beyond"),
        (broken("operations", (0, 5), 1), "operations must be 0 beyond"),
        (broken("operations", (0, 0), len(OPERATIONS)), "operations must be from 0"),
        (broken("scopes", (1, 2), 255), "scopes must be from 0"),
        (broken("amounts", (1, 2), MAX_AMOUNT + 1), "amounts must be from"),
        (broken("amounts", (1, 2), -128), "amounts must be from"),
        (broken("amounts", (1, 1), 0), "amounts must be from"),
        ({"lengths": np.zeros(1, np.int64)}, "lack operations"),
    ],
)
def test_arrays_that_are_no_programs_are_refused_in_one_line(given: Any, message: str) -> None:
    with pytest.raises(GenomeError, match=message) as caught:
        Programs.from_arrays(given, trusted=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "program",
    [
        [("transpose", "first phrases", 1)], [("move", "everywhere", 1)],
        [("mode", "everywhere", 5)], [("mode", "everywhere", 1)] * 9,
    ],
)  # fmt: skip
def test_instructions_that_there_are_not_are_refused(program: Any) -> None:
    with pytest.raises(GenomeError):
        Programs.of([program])


@pytest.mark.parametrize(
    "document",
    [
        b"", b"[]", b'{"format": "program-2", "instructions": []}',
        b'{"format": "program-1", "instructions": [{"do": "x", "where": "everywhere", "by": 1}]}',
        json.dumps({
            "format": "program-1",
            "instructions": [{"do": "mode", "where": "everywhere", "by": 9}],
        }).encode(),
        json.dumps({
            "format": "program-1",
            "instructions": [{"do": "mode", "where": "everywhere", "by": 1}] * 9,
        }).encode(),
    ],
)  # fmt: skip
def test_documents_that_are_no_programs_are_refused(document: bytes) -> None:
    with pytest.raises(GenomeError):
        program_of_json(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"onsets": np.zeros((2, 3), np.bool_)}, "onsets must be bool"),
        ({"onsets": np.zeros((1, 4, 5))}, "onsets must be bool"),
        ({"tonic": [12]}, "tonic must be from 0 to 11"),
        ({"minor": [2]}, "minor must be from 0 to 1"),
        ({"tonic": [0, 0]}, r"tonic must be \(1,\)"),
        ({"lead": -1}, "lead must be at least 0"),
        ({"beat": 9}, "beat from 1 to bar"),
        ({"bar": 0}, "beat from 1 to bar"),
    ],
)
def test_themes_that_do_not_fit_together_are_refused(change: Any, message: str) -> None:
    given = {"onsets": np.zeros((1, 8, 13), np.bool_), "tonic": [0], "minor": [0]} | change
    with pytest.raises(GenomeError, match=message):
        Themes.of(**given)
