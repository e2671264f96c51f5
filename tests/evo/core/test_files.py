"""A crash at any instant of a write leaves the old file or the new one."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evo.core import files
from evo.core.files import remove_leftovers, replace_file, replace_folder, to_json


class Crash(BaseException):
    """A simulated power failure."""


def crash_at(monkeypatch: pytest.MonkeyPatch, instant: int) -> Callable[[], int]:
    """Skip the n-th change of the file system, and all after it."""
    done = 0

    def wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == instant:
                raise Crash
            done += 1
            return original(*arguments, **options)

        return call

    for owner, name in (
        (os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"),
        (shutil, "rmtree"), (files, "write_synced"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, wrapped(getattr(owner, name)))
    return lambda: done


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


OLD = {"a": b"old a", "b": b"old b"}
NEW = {"a": b"new a", "c": b"new c"}


def test_replacing_a_folder_leaves_only_the_new_files(tmp_path: Path) -> None:
    folder = tmp_path / "champion"
    replace_folder(folder, OLD)
    assert contents(folder) == OLD
    replace_folder(folder, NEW)
    assert contents(folder) == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["champion"]


def test_a_crash_while_replacing_a_folder_leaves_old_new_or_none_never_a_half(
    tmp_path: Path,
) -> None:
    seen = []
    for instant in range(100):
        folder = tmp_path / str(instant) / "champion"
        replace_folder(folder, OLD)
        with pytest.MonkeyPatch.context() as patch:
            crash_at(patch, instant)
            try:
                replace_folder(folder, NEW)
            except Crash:
                pass
            else:
                break
        remove_leftovers(folder.parent)
        assert {path.name for path in folder.parent.iterdir()} <= {"champion"}
        found = contents(folder) if folder.exists() else None
        assert found in (OLD, NEW, None)
        seen.append(found)
        replace_folder(folder, NEW)  # and it can be written again
        assert contents(folder) == NEW
    assert contents(folder) == NEW
    assert seen[0] == OLD
    assert seen[-1] == NEW


def test_a_crash_while_replacing_a_file_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    seen = []
    for instant in range(100):
        path = tmp_path / str(instant) / "config.toml"
        path.parent.mkdir()
        replace_file(path, b"old")
        with pytest.MonkeyPatch.context() as patch:
            crash_at(patch, instant)
            try:
                replace_file(path, b"new")
            except Crash:
                pass
            else:
                break
        remove_leftovers(path.parent)
        assert [one.name for one in path.parent.iterdir()] == ["config.toml"]
        seen.append(path.read_bytes())
    assert (seen[0], seen[-1]) == (b"old", b"new")
    assert set(seen) == {b"old", b"new"}


def test_leftovers_of_unfinished_writes_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".tmp-folder").mkdir()
    (tmp_path / ".tmp-folder" / "file").write_bytes(b"x")
    (tmp_path / ".tmp-file").write_bytes(b"x")
    (tmp_path / "kept").write_bytes(b"x")
    (tmp_path / ".lock").write_bytes(b"")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"kept", ".lock"}
    remove_leftovers(tmp_path / "no such folder")


def test_json_is_the_same_bytes_for_the_same_value() -> None:
    assert to_json({"b": 1, "a": [0.1, "é", None]}) == '{"a": [0.1, "é", null], "b": 1}\n'.encode()
    assert to_json({"b": 1, "a": 2}) == to_json({"a": 2, "b": 1})


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_json_holds_no_number_that_json_has_not(bad: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"x": bad})
