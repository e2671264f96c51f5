"""Checkpoints: arrays and JSON in a folder, written atomically, verified before they are believed.

    gen-000120/
      arrays.npz      every array, uncompressed, never pickled
      state.json      JSON values
      MANIFEST.json   schema, engine, generation, configuration hash, platform, score; the dtype and
                      shape of every array; length and SHA-256 of the other files and of itself

A checkpoint is read from the outside in. The manifest must be byte for byte what its own hash and
canonical form say; then every file must have the length and the hash it says; then every array
must have the dtype and shape it says, before memory is taken for it. Whatever does not fit is
`Damaged`, and the checkpoint before is used.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo.files import replace_folder, to_json
from evo.state import State
from genomes.performers import Arrays

SCHEMA = 1
# No manifest is longer; a file that claims to be one is not read further.
_LONGEST_MANIFEST = 1 << 20


class Damaged(Exception):
    """A checkpoint that must not be used; the text says which and why."""


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


def unpack_arrays(content: bytes, layout: Mapping[str, Any] | None = None) -> Arrays:
    """The arrays of `pack_arrays`; with a `layout`, exactly those with those dtypes and shapes.

    Raises Damaged for anything else, before memory is taken for what the content claims.
    """
    arrays: Arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if member.file_size > len(content) or member.compress_type != zipfile.ZIP_STORED:
                    raise Damaged(f"array {name!r} is not as long as it claims")
                with archive.open(member) as file:
                    version = np.lib.format.read_magic(file)
                    if version != (1, 0):
                        raise Damaged(f"array {name!r} has format {version}")
                    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                size = int(np.prod(shape, dtype=object)) * dtype.itemsize
                if dtype.hasobject or size > member.file_size:
                    raise Damaged(f"array {name!r} claims more than it holds")
                if layout is not None and layout.get(name) != _layout_entry(dtype, shape):
                    raise Damaged(f"array {name!r} is not of the recorded dtype and shape")
                with archive.open(member) as file:
                    arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    except Damaged:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile and numpy raise a dozen kinds
        raise Damaged(f"its arrays cannot be read: {error}") from None
    if layout is not None and set(arrays) != set(layout):
        raise Damaged("it lacks arrays that it lists")
    return arrays


def _layout_entry(dtype: np.dtype[Any], shape: tuple[int, ...]) -> list[Any]:
    return [dtype.str, list(shape)]


def _seal(manifest: dict[str, Any]) -> bytes:
    """The manifest's bytes, with its own hash in it."""
    return to_json(manifest | {"sha256": hashlib.sha256(to_json(manifest)).hexdigest()})


def name_of(generation: int) -> str:
    """The folder of the checkpoint after so many generations."""
    return f"gen-{generation:06d}"


def save(folder: Path, state: State, stamp: Stamp) -> None:
    """Write a checkpoint into `folder`, atomically."""
    files = {"arrays.npz": pack_arrays(state.arrays), "state.json": to_json(state.values)}
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


def _read(path: Path, length: int) -> bytes:
    """A file that must be `length` bytes long, without reading more than that."""
    try:
        with path.open("rb") as file:
            content = file.read(length + 1)
    except OSError as error:
        raise Damaged(f"{path.name}: {error.strerror}") from None
    if len(content) != length:
        raise Damaged(f"{path.name} is not {length} bytes long")
    return content


def read_manifest(folder: Path) -> tuple[Stamp, dict[str, Any]]:
    """The stamp of a checkpoint and its whole manifest; Damaged if it is not to be believed."""
    try:
        size = (folder / "MANIFEST.json").stat().st_size
    except OSError as error:
        raise Damaged(f"MANIFEST.json: {error.strerror}") from None
    if size > _LONGEST_MANIFEST:
        raise Damaged("MANIFEST.json is too long")
    content = _read(folder / "MANIFEST.json", size)
    try:
        manifest = json.loads(content)
        body = {name: value for name, value in manifest.items() if name != "sha256"}
        sealed = _seal(body)
    except (ValueError, AttributeError, RecursionError):
        raise Damaged("MANIFEST.json is no JSON object") from None
    if sealed != content:
        raise Damaged("MANIFEST.json does not have the hash it says")
    schema = manifest.get("schema")
    if schema != SCHEMA:
        raise Damaged(f"it has schema {schema}, this version reads {SCHEMA}")
    return Stamp(**manifest["stamp"]), manifest


def load(folder: Path) -> tuple[State, Stamp]:
    """Read a checkpoint; raises Damaged with the reason if anything about it is not as written."""
    stamp, manifest = read_manifest(folder)
    contents = {}
    for name, expected in manifest["files"].items():
        contents[name] = _read(folder / name, expected["length"])
        if hashlib.sha256(contents[name]).hexdigest() != expected["sha256"]:
            raise Damaged(f"{name} does not have the hash it was written with")
    arrays = unpack_arrays(contents["arrays.npz"], manifest["arrays"])
    return State(arrays, json.loads(contents["state.json"])), stamp
