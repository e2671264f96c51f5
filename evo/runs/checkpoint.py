"""Checkpoints: arrays and JSON in a folder, written atomically and verified when read.

    gen-000120/
      arrays.npz      every array, uncompressed, never pickled
      state.json      JSON values
      MANIFEST.json   schema, engine, generation, configuration hash, platform, score; dtype and
                      shape of every array; length and SHA-256 of the other files and of itself

A checkpoint is untrusted input. Hashes reveal damage, but not forgery, as anyone can compute them.
The manifest must match its own hash and canonical form, and describe exactly these files. Each file
must be a regular file of the recorded length and hash. Each array must have the recorded dtype and
shape, which is checked before allocating. Anything else raises `CheckpointError`, and the previous
checkpoint is used.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import CheckpointError, InputError, StateTooLargeError
from evo.core.files import open_regular, replace_folder, to_json
from evo.core.platform import is_machine_error
from evo.core.state import State
from genomes.arrays import Arrays

Read = TypeVar("Read")

SCHEMA = 1
FILES = ("arrays.npz", "state.json")
# Limits in bytes, checked before reading.
_MAX_MANIFEST = 1 << 20
# Parsed JSON takes several times its length; zipfile uses 32-bit sizes.
_MAX_LENGTH = {"arrays.npz": (1 << 32) - 1, "state.json": 1 << 25}
_MAX_CONTAINERS = 500_000  # lists and objects in JSON; an empty one takes 64 bytes for two
_MAX_DIRECTORY = 1 << 20  # of an archive, in bytes
_END_OF_ARCHIVE = 22  # bytes of the record that locates the directory
_ARRAY_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Stamp:
    """Which run and generation a checkpoint belongs to.

    Attributes:
        engine: The engine's name.
        generation: Number of generations done.
        config_hash: Hash of the run's configuration (`evo.core.config.config_hash`).
        platform: Versions on which bit-identical results depend.
        score: The champion's score, by which the best checkpoint is kept; None without champion.
    """

    engine: str
    generation: int
    config_hash: str
    platform: str
    score: float | None

    @property
    def order(self) -> tuple[float, int]:
        """Order of checkpoints: the first with the best champion is the highest."""
        score = float("-inf") if self.score is None else self.score
        return score, -self.generation


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an `.npz` file; equal arrays give equal bytes.

    Args:
        arrays: Arrays of any dtype and shape except object, by name.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            contiguous = np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape)
            np.lib.format.write_array(member, contiguous, allow_pickle=False)
            # A fixed date instead of the current one keeps the bytes reproducible.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    return buffer.getvalue()


def unpack_arrays(content: bytes | BinaryIO, layout: Mapping[str, Any] | None = None) -> Arrays:
    """Return the arrays of `pack_arrays`, checked before allocating memory.

    Args:
        content: The bytes, or an open binary file.
        layout: The expected [dtype, shape] by name; None to accept any.

    Returns:
        The arrays by name.

    Raises:
        CheckpointError: If the content is not such an archive, or does not match `layout`.
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
    except Exception as error:
        if is_machine_error(error):
            raise
        raise CheckpointError(f"its arrays cannot be read: {_line(error)}") from None
    if layout is not None and set(arrays) != set(layout):
        raise CheckpointError("it lacks arrays that it lists")
    return arrays


def _check_directory(file: BinaryIO) -> int:
    """Check an archive's directory and return the archive's length in bytes.

    The directory must be a single short block at the end: zipfile needs a dozen times its size.

    Raises:
        CheckpointError: If it is not.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _END_OF_ARCHIVE))
    end = file.read()
    if len(end) != _END_OF_ARCHIVE or not end.startswith(b"PK\x05\x06"):
        raise CheckpointError("its arrays cannot be read: no archive, or not its end")
    if int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY:
        raise CheckpointError("its arrays cannot be read: the archive's directory is too long")
    return length


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a standalone file, such as a champion's.

    Raises:
        OSError: If the file cannot be read.
        CheckpointError: If it is not a valid archive.
    """
    with open_regular(path) as file:
        return unpack_arrays(file)


def read_given(path: Path, of: Callable[[Arrays], Read], missing: str, wrong: str) -> Read:
    """Return what the arrays of a file that the user named are.

    Args:
        path: The file.
        of: Makes it of the arrays; raises ValueError if they are something else.
        missing: Words after "there is no such", if there is no file.
        wrong: Words after "holds no", if the arrays are something else.

    Raises:
        InputError: If it cannot be read.
    """
    try:
        return of(read_arrays(path))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such {missing}") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (CheckpointError, ValueError) as error:
        raise InputError(f"{path}: holds no {wrong}: {error}") from None


def _line(error: Exception) -> str:
    """Return the message of a library's error, in one line of limited length."""
    return " ".join(f"{error or type(error).__name__}".split())[:200]


def _layout_entry(dtype: np.dtype[Any], shape: tuple[int, ...]) -> list[Any]:
    return [dtype.str, list(shape)]


def _seal(manifest: dict[str, Any]) -> bytes:
    """Return the manifest's bytes, including its own hash."""
    return to_json(manifest | {"sha256": hashlib.sha256(to_json(manifest)).hexdigest()})


def name_of(generation: int) -> str:
    """Return the folder name of the checkpoint after `generation` generations."""
    return f"gen-{generation:06d}"


def save(folder: Path, state: State, stamp: Stamp) -> None:
    """Write a checkpoint atomically.

    Args:
        folder: The checkpoint's folder.
        state: Arrays and JSON values.
        stamp: Identity of the checkpoint.

    Raises:
        StateTooLargeError: If the state exceeds the size limits of reading.
    """
    files = {"arrays.npz": pack_arrays(state.arrays), "state.json": to_json(state.values)}
    for name, content in files.items():
        if len(content) > _MAX_LENGTH[name]:
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


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Convert an OSError while reading a run's file to a CheckpointError.

    A fault of the machine, such as a disk that fails, stays an OSError: the file may be whole.

    Args:
        name: The file, for the message.

    Raises:
        CheckpointError: If the file cannot be read, and the machine is not the cause.
    """
    try:
        yield
    except OSError as error:
        if is_machine_error(error):
            raise
        raise CheckpointError(f"{name}: {error.strerror}") from None


def _open(folder: Path, name: str) -> io.BufferedReader:
    """Open a checkpoint's file if it is a regular file in a real folder."""
    if folder.is_symlink():
        raise CheckpointError("it is a link to another place")
    with reading(name):
        return open_regular(folder / name, follow=False)


def _parse(name: str, content: bytes) -> dict[str, Any]:
    """Return the JSON object in a file's content."""
    if content.count(b"[") + content.count(b"{") > _MAX_CONTAINERS:
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
    """Return the stamp of a checkpoint and its whole manifest.

    Raises:
        CheckpointError: If the manifest is not valid.
    """
    with _open(folder, "MANIFEST.json") as file:
        content = file.read(_MAX_MANIFEST + 1)
    if len(content) > _MAX_MANIFEST:
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
    """Return the checkpoint folders in `path`, oldest first, damaged ones included."""
    return sorted(path.glob("gen-*"), key=lambda one: (len(one.name), one.name))


def check_lengths(folder: Path) -> None:
    """Check a checkpoint's manifest and the lengths of its files.

    Raises:
        CheckpointError: If the manifest is not valid or a length differs.
    """
    for name, expected in read_manifest(folder)[1]["files"].items():
        with _open(folder, name) as file:
            if file.seek(0, io.SEEK_END) != expected["length"]:
                raise CheckpointError(f"{name} is not {expected['length']} bytes long")


def _describes_a_checkpoint(manifest: dict[str, Any]) -> bool:
    """Return whether every manifest entry is present and of its type."""
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
    """Open a file at its beginning after checking its length and hash."""
    length = expected["length"]
    if length > _MAX_LENGTH[name]:
        raise CheckpointError(f"{name} is too long")
    file = _open(folder, name)
    with ExitStack() as closing, reading(name):
        closing.enter_context(file)
        # The length is checked first, so that no other file is read.
        if file.seek(0, io.SEEK_END) != length:
            raise CheckpointError(f"{name} is not {length} bytes long")
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != expected.get("sha256"):
            raise CheckpointError(f"{name} does not have the hash it was written with")
        file.seek(0)
        closing.pop_all()
    return file


def load(folder: Path) -> tuple[State, Stamp]:
    """Read a checkpoint.

    Returns:
        The state and the stamp.

    Raises:
        CheckpointError: If anything differs from the checkpoint as written.
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
