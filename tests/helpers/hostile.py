"""Malicious checkpoints, archives and MIDI files; shared with `benchmarks`.

Anyone can compute SHA-256: every hash is right unless noted otherwise.
"""

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.files import to_json
from evo.runs import checkpoint
from evo.runs.checkpoint import Stamp, pack_arrays

STAMP = Stamp("neat", 120, "c0ffee", "Python 3.11, numpy 2.4", 87.25)
GOOD = pack_arrays({"x": np.zeros(2)})
GOOD_LAYOUT: dict[str, Any] = {"x": ["<f8", [2]]}


def write(
    folder: Path,
    arrays: bytes = GOOD,
    layout: Any = GOOD_LAYOUT,
    state: bytes = b"{}\n",
    **changes: Any,
) -> None:
    """Write a checkpoint with arbitrary contents and correct hashes."""
    manifest = {
        "schema": checkpoint.SCHEMA,
        "stamp": vars(STAMP),
        "arrays": layout,
        "files": {
            name: {"length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in (("arrays.npz", arrays), ("state.json", state))
        },
    } | changes
    folder.mkdir(parents=True)
    (folder / "arrays.npz").write_bytes(arrays)
    (folder / "state.json").write_bytes(state)
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    manifest["sha256"] = hashlib.sha256(text).hexdigest()
    sealed = json.dumps(manifest, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    (folder / "MANIFEST.json").write_bytes(sealed)


def member(header: str, data: bytes = b"\0" * 16) -> bytes:
    """Return an array file with this header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def header_of(dtype: str, shape: str) -> str:
    return f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}"


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, content in members.items():
            made.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def bomb() -> bytes:
    """Return a small archive whose header claims 1 GB of zeros.

    An eighth of them is there.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made, made.open("x.npy", "w") as to:
        to.write(member(header_of("'<f8'", f"({1 << 27},)"), b""))
        for _ in range(1 << 3):
            to.write(bytes(1 << 24))
    return buffer.getvalue()


def trap(path: Path) -> bytes:
    """Return an array whose objects make a folder when they are unpickled."""

    class Trap:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(path),))

    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([Trap()], object))
    return buffer.getvalue()


def overlapping() -> bytes:
    """Return an archive with many entries that share the same bytes."""
    content = member(header_of("'<f8'", "(100000,)"), bytes(800_000))
    packed = archive({"x00.npy": content})
    start = packed.rindex(b"PK\x01\x02")
    entry, end = packed[start : packed.rindex(b"PK\x05\x06")], packed[-22:]
    entries = b"".join(entry.replace(b"x00.npy", f"x{n:02d}.npy".encode()) for n in range(100))
    counts = struct.pack("<HHL", 100, 100, len(entries))
    return packed[:start] + entries + end[:8] + counts + end[16:]


ARCHIVES: dict[str, Callable[[Path], bytes]] = {
    "a pickle": lambda folder: trap(folder.parent / "sprung"),
    "an object array": lambda _: archive({"x.npy": member(header_of("'|O'", "(1,)"))}),
    "a pickle without zip": lambda _: b"cos\nsystem\n(S'true'\ntR.",
    "a huge shape": lambda _: archive({"x.npy": member(header_of("'<f8'", f"({10**15},)"))}),
    "a huge item": lambda _: archive({"x.npy": member(header_of("'|V2000000000'", "(1,)"))}),
    "items of no length": lambda _: archive({"x.npy": member(header_of("'|S0'", f"({10**18},)"))}),
    "a negative shape": lambda _: archive({"x.npy": member(header_of("'<f8'", "(-1,)"))}),
    "a deep header": lambda _: archive({"x.npy": member("-" * 9000 + "1")}),
    "a header of brackets": lambda _: archive({"x.npy": member("[" * 9000)}),
    "a header that calls": lambda _: archive({"x.npy": member("__import__('os').abort()")}),
    "a long header": lambda _: archive({"x.npy": member("(" + "1," * 30_000 + ")")}),
    "a bomb": lambda _: bomb(),
    "overlapping entries": lambda _: overlapping(),
    "twice the same name": lambda _: archive({"x.npy": member("{}")}) * 2,
    "a name outside": lambda _: archive({"../x.npy": GOOD}),
    "an absolute name": lambda _: archive({"/etc/x.npy": GOOD}),
    "many members": lambda _: archive({f"x{n}.npy": b"" for n in range(40_000)}),
    "no archive": lambda _: bytes(1000),
    "an empty file": lambda _: b"",
    "a comment": lambda _: GOOD[:-2] + b"\x05\x00hello",
}

DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n"

STATES: dict[str, bytes] = {
    "deeply nested": DEEP,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "not a number": b'{"engine": NaN}\n',
    "infinity": b'{"engine": -Infinity}\n',
    "no object": b"[1, 2]\n",
    "no UTF-8": b'{"a": "\xff\xfe"}\n',
    "a long number": b'{"a": ' + b"9" * 1_000_000 + b"}\n",
    "ten million lists": b'{"a": [' + b"[]," * 10_000_000 + b"1]}",
    "empty": b"",
}

_FILES = {name: {"length": 3, "sha256": "0" * 64} for name in ("arrays.npz", "state.json")}

MANIFESTS: dict[str, dict[str, Any]] = {
    "a file outside": {"files": _FILES | {"../../secret": {"length": 6, "sha256": "0" * 64}}},
    "an absolute file": {"files": _FILES | {"/etc/passwd": {"length": 6, "sha256": "0" * 64}}},
    "no files": {"files": {}},
    "files as a list": {"files": ["arrays.npz"]},
    "a huge length": {"files": _FILES | {"state.json": {"length": 1 << 62, "sha256": "0" * 64}}},
    "a length of no number": {"files": _FILES | {"state.json": {"length": "3"}}},
    "a negative length": {"files": _FILES | {"state.json": {"length": -1, "sha256": "0" * 64}}},
    "no stamp": {"stamp": None},
    "a stamp of other things": {"stamp": {"__class__": 1}},
    "a generation of no number": {"stamp": vars(STAMP) | {"generation": "12"}},
    "a negative generation": {"stamp": vars(STAMP) | {"generation": -5}},
    "an infinite score": {"stamp": vars(STAMP) | {"score": float("inf")}},
    "a score of no number": {"stamp": vars(STAMP) | {"score": [1]}},
    "arrays as a list": {"layout": []},
    "a deep schema": {"schema": [[[[1]]]]},
}


def _fifo(folder: Path) -> None:
    write(folder)
    (folder / "state.json").unlink()
    os.mkfifo(folder / "state.json")


def _link(name: str, to: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        write(folder)
        (folder / name).unlink()
        (folder / name).symlink_to(to)

    return make


def _link_of_folder(folder: Path) -> None:
    write(folder.parent / "elsewhere" / "real")
    folder.symlink_to(folder.parent / "elsewhere" / "real")


def _folder_for_file(folder: Path) -> None:
    write(folder)
    (folder / "arrays.npz").unlink()
    (folder / "arrays.npz").mkdir()


def _sparse(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        write(folder)
        with (folder / name).open("r+b") as file:
            file.truncate(1 << 36)

    return make


def _no_folder(folder: Path) -> None:
    folder.write_bytes(b"a file")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "a pipe": _fifo,
    "a link to a device": _link("arrays.npz", "/dev/zero"),
    "a link to a file": _link("state.json", "/etc/passwd"),
    "a manifest that links to a device": _link("MANIFEST.json", "/dev/zero"),
    "a link to itself": _link("MANIFEST.json", "MANIFEST.json"),
    "a folder that is a link": _link_of_folder,
    "a folder for a file": _folder_for_file,
    "a file for a folder": _no_folder,
    "64 GB of arrays": _sparse("arrays.npz"),
    "64 GB of state": _sparse("state.json"),
    "64 GB of manifest": _sparse("MANIFEST.json"),
}


def checkpoints() -> dict[str, Callable[[Path], None]]:
    """Return all hostile checkpoints by name: each value makes a checkpoint folder."""
    made = dict(FOLDERS)
    for name, make in ARCHIVES.items():
        made[f"arrays: {name}"] = lambda folder, make=make: write(folder, make(folder))
    for name, state in STATES.items():
        made[f"state: {name}"] = lambda folder, state=state: write(folder, state=state)
    for name, changes in MANIFESTS.items():
        made[f"manifest: {name}"] = lambda folder, changes=changes: write(folder, **changes)

    def deep(folder: Path) -> None:
        write(folder)
        (folder / "MANIFEST.json").write_bytes(DEEP)

    made["manifest: deeply nested"] = deep
    return made


def _track(events: bytes) -> bytes:
    return struct.pack(">4sL", b"MTrk", len(events)) + events


def _midi(tracks: int, body: bytes, division: int = 96) -> bytes:
    return struct.pack(">4sLHHH", b"MThd", 6, 1, tracks, division) + body


_END = b"\x00\xff\x2f\x00"

MIDI: dict[str, bytes] = {
    "an endless number": _midi(1, _track(b"\xff" * 1_000_000 + _END)),
    "an endless length": _midi(1, _track(b"\x00\xff\x01" + b"\xff" * 100_000)),
    "more tracks than a signed number": _midi(40_000, _track(_END) * 40_000),
    "32,767 empty tracks": _midi(32_767, _track(_END) * 32_767),
    "a track of four gigabytes": _midi(1, struct.pack(">4sL", b"MTrk", 0xFFFFFFFF)),
    "a header of four gigabytes": struct.pack(">4sLHHH", b"MThd", 0xFFFFFFFF, 1, 1, 96),
    "frames": _midi(1, _track(_END), 0xE728),
    "no time": _midi(1, _track(_END), 0),
    "a million events": _midi(1, _track(b"\x00\x90\x40\x40" * 900_000 + _END)),
    "an hour's silence a note": _midi(
        1, _track(b"\xff\xff\xff\x7f\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x00" * 5_000 + _END)
    ),
    "a note of all time": _midi(1, _track(b"\x00\x90\x40\x40\xff\xff\xff\x7f\x80\x40\x00" + _END)),
    "five megabytes": bytes(5_000_000),
    "a velocity above 127": _midi(1, _track(b"\x00\x90\x40\xc0" + _END)),
    "data first": _midi(1, _track(b"\x00\x40\x40" + _END)),
}


def layout_of(manifest: Path) -> Any:
    """Return the layout of a checkpoint's arrays."""
    return json.loads(manifest.read_bytes())["arrays"]


def rewritten(folder: Path, arrays: dict[str, Any], values: Any) -> None:
    """Change the contents of a real checkpoint, and its description of them."""
    manifest = json.loads((folder / "MANIFEST.json").read_bytes())
    packed, state = pack_arrays(arrays), to_json(values)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    layout = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    write(folder, packed, layout, state, stamp=manifest["stamp"])
