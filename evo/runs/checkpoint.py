"""Checkpoints: arrays and JSON in a folder, written atomically, verified before they are believed.

    gen-000120/
      arrays.npz      every array, uncompressed, never pickled
      state.json      JSON values
      MANIFEST.json   schema, engine, generation, configuration hash, platform, score; the dtype and
                      shape of every array; length and SHA-256 of the other files and of itself

A checkpoint is read from the outside in, as something that anybody may have written: hashes show
what was damaged, and anybody can compute them. The manifest must be byte for byte what its own
hash and canonical form say, and describe nothing but these files; then every file must be a
regular one of the length and the hash it says; then every array must have the dtype and shape it
says, before memory is taken for it. Whatever does not fit is `CheckpointError`, and the checkpoint
before is used.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import CheckpointError, StateTooLargeError
from evo.core.files import open_regular, replace_folder, to_json
from evo.core.state import State
from genomes.arrays import Arrays

SCHEMA = 1
FILES = ("arrays.npz", "state.json")
# No manifest is longer; a file that claims to be one is not read further.
_LONGEST_MANIFEST = 1 << 20
# Nor is any other file: parsed JSON takes several times its length, zipfile counts in 32 bits.
_LONGEST = {"arrays.npz": (1 << 32) - 1, "state.json": 1 << 25}
_MOST_CONTAINERS = 500_000  # lists and objects in JSON; an empty one takes 64 bytes for two
_LONGEST_DIRECTORY = 1 << 20  # of an archive, in bytes
_END_OF_ARCHIVE = 22  # bytes, which say where its directory is
_ARRAY_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Stamp:
    """What a checkpoint says about itself."""

    engine: str
    generation: int  # generations done
    config_hash: str
    platform: str
    score: float | None  # the champion's, by which the best checkpoint is kept


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of an `.npz` file; the same arrays are the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            contiguous = np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape)
            np.lib.format.write_array(member, contiguous, allow_pickle=False)
            # A fixed date, where zipfile would put the clock's.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    return buffer.getvalue()


def unpack_arrays(content: bytes | BinaryIO, layout: Mapping[str, Any] | None = None) -> Arrays:
    """The arrays of `pack_arrays`; with a `layout`, exactly those with those dtypes and shapes.

    Raises CheckpointError for anything else, before memory is taken for what the content claims.
    """
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    arrays: Arrays = {}
    try:
        left = _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if not _ARRAY_NAME.fullmatch(name) or name in arrays:
                    raise CheckpointError(f"array {name[:80]!r} has a name that none is saved by")
                left -= member.file_size
                if left < 0 or member.compress_type != zipfile.ZIP_STORED:
                    raise CheckpointError(f"array {name!r} is not as long as it claims")
                with archive.open(member) as packed:
                    version = np.lib.format.read_magic(packed)
                    if version != (1, 0):
                        raise CheckpointError(f"array {name!r} has format {version}")
                    shape, _, dtype = np.lib.format.read_array_header_1_0(packed)
                size = int(np.prod(shape, dtype=object)) * dtype.itemsize
                if dtype.hasobject or not dtype.itemsize or size > member.file_size:
                    raise CheckpointError(f"array {name!r} claims more than it holds")
                if layout is not None and layout.get(name) != _layout_entry(dtype, shape):
                    raise CheckpointError(f"array {name!r} is not of the recorded dtype and shape")
                with archive.open(member) as packed:
                    arrays[name] = np.lib.format.read_array(packed, allow_pickle=False)
    except CheckpointError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and numpy raise a dozen kinds
        raise CheckpointError(f"its arrays cannot be read: {_line(error)}") from None
    if layout is not None and set(arrays) != set(layout):
        raise CheckpointError("it lacks arrays that it lists")
    return arrays


def _check_directory(file: BinaryIO) -> int:
    """How long an archive is; CheckpointError if its directory, read as a whole, is long or not at
    the end.

    zipfile makes a dozen times as much memory of a directory as it is long.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _END_OF_ARCHIVE))
    end = file.read()
    if len(end) != _END_OF_ARCHIVE or not end.startswith(b"PK\x05\x06"):
        raise CheckpointError("its arrays cannot be read: no archive, or not its end")
    if int.from_bytes(end[12:16], "little") > _LONGEST_DIRECTORY:
        raise CheckpointError("its arrays cannot be read: the archive's directory is too long")
    return length


def read_arrays(path: Path) -> Arrays:
    """The arrays of a file by itself, such as a champion's; OSError or CheckpointError."""
    with open_regular(path) as file:
        return unpack_arrays(file)


def _line(error: Exception) -> str:
    """What a foreign error says, as a line that is no longer than a line."""
    return " ".join(f"{error or type(error).__name__}".split())[:200]


def _layout_entry(dtype: np.dtype[Any], shape: tuple[int, ...]) -> list[Any]:
    return [dtype.str, list(shape)]


def _seal(manifest: dict[str, Any]) -> bytes:
    """The manifest's bytes, with its own hash in it."""
    return to_json(manifest | {"sha256": hashlib.sha256(to_json(manifest)).hexdigest()})


def name_of(generation: int) -> str:
    """The folder of the checkpoint after so many generations."""
    return f"gen-{generation:06d}"


def save(folder: Path, state: State, stamp: Stamp) -> None:
    """Write a checkpoint into `folder`.

    Atomically; StateTooLargeError for what would not be read back.
    """
    files = {"arrays.npz": pack_arrays(state.arrays), "state.json": to_json(state.values)}
    for name, content in files.items():
        if len(content) > _LONGEST[name]:
            raise StateTooLargeError(
                f"{name} would be {len(content):,} bytes long, which is not read back"
            )
    manifest = {
        "schema": SCHEMA,
        "stamp": vars(stamp),
        "arrays": {
            name: _layout_entry(array.dtype, array.shape) for name, array in state.arrays.items()
        },
        "files": {
            name: {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
    }
    replace_folder(folder, files | {"MANIFEST.json": _seal(manifest)})


def _open(folder: Path, name: str) -> io.BufferedReader:
    """A file of a checkpoint, if it is a regular file in a real folder."""
    if folder.is_symlink():
        raise CheckpointError("it is a link to another place")
    try:
        return open_regular(folder / name, follow=False)
    except OSError as error:
        raise CheckpointError(f"{name}: {error.strerror}") from None


def _parse(name: str, content: bytes) -> dict[str, Any]:
    """The JSON object that a file holds."""
    if content.count(b"[") + content.count(b"{") > _MOST_CONTAINERS:
        raise CheckpointError(f"{name} holds too many lists and objects")

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no number")

    try:
        value = json.loads(content, parse_constant=no_number)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise CheckpointError(f"{name} is no JSON object")
    return value


def read_manifest(folder: Path) -> tuple[Stamp, dict[str, Any]]:
    """The stamp of a checkpoint and its whole manifest.

    CheckpointError if it is not to be believed.
    """
    with _open(folder, "MANIFEST.json") as file:
        content = file.read(_LONGEST_MANIFEST + 1)
    if len(content) > _LONGEST_MANIFEST:
        raise CheckpointError("MANIFEST.json is too long")
    manifest = _parse("MANIFEST.json", content)
    try:
        sealed = _seal({name: value for name, value in manifest.items() if name != "sha256"})
    except (ValueError, RecursionError):  # an infinite number, half a surrogate, depth
        sealed = b""
    if sealed != content:
        raise CheckpointError("MANIFEST.json does not have the hash it says")
    schema = manifest.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        raise CheckpointError(f"it has schema {str(schema)[:80]}, this version reads {SCHEMA}")
    if not _describes_a_checkpoint(manifest):
        raise CheckpointError("MANIFEST.json does not describe a checkpoint")
    return Stamp(**manifest["stamp"]), manifest


def folders(path: Path) -> list[Path]:
    """The checkpoints in a folder, oldest first, whatever state they are in."""
    return sorted(path.glob("gen-*"), key=lambda one: (len(one.name), one.name))


def check_lengths(folder: Path) -> None:
    """CheckpointError for a checkpoint with a wrong manifest.

    Or a file of another length than it says.
    """
    for name, expected in read_manifest(folder)[1]["files"].items():
        with _open(folder, name) as file:
            if file.seek(0, io.SEEK_END) != expected["length"]:
                raise CheckpointError(f"{name} is not {expected['length']} bytes long")


def _describes_a_checkpoint(manifest: dict[str, Any]) -> bool:
    """Whether every entry is there and of the type that it is written with."""
    stamp, layout, files = (manifest.get(name) for name in ("stamp", "arrays", "files"))
    if not (isinstance(stamp, dict) and isinstance(layout, dict) and isinstance(files, dict)):
        return False
    texts = ("engine", "config_hash", "platform")
    generation, score = stamp.get("generation"), stamp.get("score")
    return (
        set(stamp) == {*texts, "generation", "score"}
        and all(isinstance(stamp[name], str) for name in texts)
        and type(generation) is int
        and generation >= 0
        and (score is None or type(score) in (int, float))
        and set(files) == set(FILES)
        and all(
            isinstance(one, dict) and type(one.get("length")) is int and one["length"] >= 0
            for one in files.values()
        )
    )


def _verified(folder: Path, name: str, expected: dict[str, Any]) -> io.BufferedReader:
    """A file at its beginning, once its length and its hash are what the manifest says."""
    length = expected["length"]
    if length > _LONGEST[name]:
        raise CheckpointError(f"{name} is too long")
    file = _open(folder, name)
    try:
        # The length first: of what it is not, nothing is read.
        if file.seek(0, io.SEEK_END) != length:
            raise CheckpointError(f"{name} is not {length} bytes long")
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != expected.get("sha256"):
            raise CheckpointError(f"{name} does not have the hash it was written with")
        file.seek(0)
    except OSError as error:
        file.close()
        raise CheckpointError(f"{name}: {error.strerror}") from None
    except CheckpointError:
        file.close()
        raise
    return file


def load(folder: Path) -> tuple[State, Stamp]:
    """Read a checkpoint.

    Raises CheckpointError with the reason if anything about it is not as written.
    """
    stamp, manifest = read_manifest(folder)
    with (
        _verified(folder, "arrays.npz", manifest["files"]["arrays.npz"]) as packed,
        _verified(folder, "state.json", manifest["files"]["state.json"]) as values,
    ):
        return (
            State(unpack_arrays(packed, manifest["arrays"]), _parse("state.json", values.read())),
            stamp,
        )
