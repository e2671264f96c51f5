"""A checkpoint loads exactly as saved, or not at all."""

import hashlib
import io
import json
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from breeding import same_arrays

from evo.core.errors import CheckpointError
from evo.core.files import to_json
from evo.core.state import State
from evo.runs import checkpoint
from evo.runs.checkpoint import Stamp, load, pack_arrays, save, unpack_arrays

STAMP = Stamp("neat-python", 120, "c0ffee", "Python 3.11, numpy 2.4", 87.25)
STATE = State(
    {
        "engine.weight": np.random.default_rng(1).normal(size=40),
        "engine.empty": np.zeros((0, 3), np.int64),
        "engine.enabled": np.array([True, False, True]),
        "engine.scalar": np.array(2.5),
        "engine.small": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "engine.transposed": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "engine.strided": np.arange(20, dtype=np.int32)[::3],
        "engine.odd": np.array([np.nan, np.inf, -0.0, 5e-324]),
    },
    {"engine": {"generation": 120, "third": 1 / 3, "names": ["é", None, True], "big": 2**80}},
)
FILES = ("arrays.npz", "state.json", "MANIFEST.json")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "gen-000120"
    save(folder, STATE, STAMP)
    return folder


def is_the_saved_one(loaded: tuple[State, Stamp]) -> bool:
    state, stamp = loaded
    return (
        same_arrays(state.arrays, STATE.arrays) and state.values == STATE.values and stamp == STAMP
    )


def write_with_honest_hashes(
    folder: Path, arrays: bytes, layout: dict[str, Any], **changes: Any
) -> None:
    """Write a checkpoint with arbitrary contents and correct hashes."""
    state = to_json({})
    manifest = {
        "schema": checkpoint.SCHEMA,
        "stamp": vars(STAMP),
        "arrays": layout,
        "files": {
            name: {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in (("arrays.npz", arrays), ("state.json", state))
        },
    } | changes
    sealed = manifest | {"sha256": hashlib.sha256(to_json(manifest)).hexdigest()}
    folder.mkdir()
    (folder / "arrays.npz").write_bytes(arrays)
    (folder / "state.json").write_bytes(state)
    (folder / "MANIFEST.json").write_bytes(to_json(sealed))


def crafted(header: str, data: bytes = b"\0" * 16) -> bytes:
    """Return an `.npz` file with one array under this header."""
    text = header.encode() + b"\n"
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.npy"), member)
    return buffer.getvalue()


def header_of(dtype: str, shape: str) -> str:
    return f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}"


# What is saved


def test_arrays_and_values_come_back_as_they_were(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    assert is_the_saved_one(load(saved))


def test_an_empty_state_comes_back(tmp_path: Path) -> None:
    save(tmp_path / "gen-000000", State(), STAMP)
    assert load(tmp_path / "gen-000000") == (State(), STAMP)


def test_the_same_state_is_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    reordered = State(dict(reversed(STATE.arrays.items())), dict(STATE.values))
    save(again, reordered, STAMP)
    for name in FILES:
        assert (again / name).read_bytes() == (saved / name).read_bytes()


def test_a_checkpoint_is_replaced_by_one_of_the_same_name(saved: Path) -> None:
    save(saved, State({}, {"other": 1}), STAMP)
    assert load(saved)[0].values == {"other": 1}
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_what_cannot_be_kept_is_refused_when_saved(tmp_path: Path) -> None:
    for wrong in (
        State({"x": np.array([{}], object)}),
        State({}, {"x": float("nan")}),
    ):
        with pytest.raises(ValueError, match=r"pickle|JSON"):
            save(tmp_path / "gen-000001", wrong, STAMP)
    assert not (tmp_path / "gen-000001").exists()


def test_the_names_of_checkpoints_sort_by_generation() -> None:
    names = [checkpoint.name_of(generation) for generation in (0, 7, 120, 99999)]
    assert names[2] == "gen-000120"
    assert names == sorted(names)


# What is damaged


def damage(saved: Path, folder: Path, change: Any) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder)
    path, content = change
    (folder / path).write_bytes(content)
    return folder


def test_no_flipped_bit_loads_as_anything_else(saved: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    refused = 0
    for _ in range(300):
        name = FILES[generator.integers(3)]
        content = bytearray((saved / name).read_bytes())
        content[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
        folder = damage(saved, tmp_path / "damaged", (name, bytes(content)))
        with pytest.raises(CheckpointError) as caught:
            load(folder)
        assert str(caught.value)
        refused += 1
    assert refused == 300


def test_no_truncated_file_loads_as_anything_else(saved: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    for _ in range(300):
        name = FILES[generator.integers(3)]
        content = (saved / name).read_bytes()
        cut = content[: generator.integers(len(content))]
        folder = damage(saved, tmp_path / "damaged", (name, cut))
        with pytest.raises(CheckpointError):
            load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_grew_is_refused(saved: Path, name: str) -> None:
    with (saved / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(CheckpointError, match=name):
        load(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_its_name(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load(saved)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"MANIFEST\.json"):
        load(tmp_path / "gen-000001")


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"{" * 100_000, b"\xff", b"1"])
def test_a_manifest_that_is_none_is_refused(saved: Path, content: bytes) -> None:
    (saved / "MANIFEST.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"MANIFEST\.json"):
        load(saved)


def test_a_manifest_of_a_gigabyte_is_not_read(saved: Path) -> None:
    with (saved / "MANIFEST.json").open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(CheckpointError, match="too long"):
        load(saved)


def test_a_manifest_written_otherwise_with_the_same_values_is_refused(saved: Path) -> None:
    manifest = json.loads((saved / "MANIFEST.json").read_bytes())
    (saved / "MANIFEST.json").write_text(json.dumps(manifest, indent=1))
    with pytest.raises(CheckpointError, match="hash"):
        load(saved)


@pytest.mark.parametrize("schema", [0, checkpoint.SCHEMA + 1, "1", None])
def test_another_schema_is_refused_by_its_number(tmp_path: Path, schema: Any) -> None:
    folder = tmp_path / "gen-000001"
    write_with_honest_hashes(folder, pack_arrays({}), {}, schema=schema)
    with pytest.raises(
        CheckpointError, match=f"schema {schema}, this version reads {checkpoint.SCHEMA}"
    ):
        load(folder)


# What claims to be more than it is, with every hash right


@pytest.mark.parametrize("shape", ["(1000000000000000,)", "(4294967296, 4294967296, 2)"])
def test_a_huge_shape_is_refused_before_memory_is_taken(tmp_path: Path, shape: str) -> None:
    arrays = crafted(header_of("'<f8'", shape))
    layout = {"x": ["<f8", [int(part) for part in shape.strip("(),").split(",")]]}
    write_with_honest_hashes(tmp_path / "gen-000001", arrays, layout)
    with pytest.raises(CheckpointError, match="claims more than it holds"):
        load(tmp_path / "gen-000001")


def test_a_compressed_array_is_refused(tmp_path: Path) -> None:
    """Little on the disk could be much in memory."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.zeros(10**6))
    layout = {"x": ["<f8", [10**6]]}
    write_with_honest_hashes(tmp_path / "gen-000001", buffer.getvalue(), layout)
    with pytest.raises(CheckpointError, match="not as long as it claims"):
        load(tmp_path / "gen-000001")


def test_a_pickle_is_refused_and_not_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path(tmp_path / "sprung").touch, ())

    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([Trap()], object))
    write_with_honest_hashes(tmp_path / "gen-000001", buffer.getvalue(), {"x": ["|O", [1]]})
    with pytest.raises(CheckpointError, match="claims more than it holds"):
        load(tmp_path / "gen-000001")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("layout", [
    {"x": ["<f8", [3]]}, {"x": ["<i8", [2]]}, {"y": ["<f8", [2]]}, {},
    {"x": ["<f8", [2]], "y": ["<f8", [2]]},
])  # fmt: skip
def test_arrays_that_are_not_those_of_the_manifest_are_refused(
    tmp_path: Path, layout: dict[str, Any]
) -> None:
    write_with_honest_hashes(tmp_path / "gen-000001", pack_arrays({"x": np.zeros(2)}), layout)
    with pytest.raises(CheckpointError):
        load(tmp_path / "gen-000001")


@pytest.mark.parametrize("header", [
    "(" * 3000, "(" * 200 + ")" * 200, "{", "'''", "\\", "{1: 2}", "", "x" * 20_000,
    header_of("'<f8'", "(-1,)"), header_of("'<f8'", "(True,)"), header_of("'<f8'", "2"),
    header_of("'<f8'", "(4611686018427387904, 4611686018427387904, 0)"),
    header_of("[('a', '|O')]", "(1,)"), header_of("5", "(1,)"),
    header_of("[('a', '<f8', (1000000000000,))]", "(1,)"),
])  # fmt: skip
def test_a_nonsensical_array_header_is_damage(header: str) -> None:
    with pytest.raises(CheckpointError):
        unpack_arrays(crafted(header))


def test_packed_arrays_with_a_flipped_bit_are_damage_or_whole_without_any_hash() -> None:
    """Other files hold packed arrays too; with a layout they are all there or refused."""
    content = pack_arrays(STATE.arrays)
    layout = {name: [array.dtype.str, list(array.shape)] for name, array in STATE.arrays.items()}
    generator = np.random.default_rng(4)
    refused = 0
    for _ in range(300):
        flipped = bytearray(content)
        flipped[generator.integers(len(content))] ^= 1 << int(generator.integers(8))
        try:
            loaded = unpack_arrays(bytes(flipped), layout)
        except CheckpointError:
            refused += 1
        else:
            assert same_arrays(loaded, STATE.arrays)
    assert refused > 100
