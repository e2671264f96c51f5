"""Results kept between runs: found again, bounded, and never in the way."""

import errno
import os
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from evo.core import user_cache
from evo.core.user_cache import cache_folder, kept


class Computation:
    """A value that takes long, with the messages that were shown about it."""

    def __init__(self, value: bytes = b"value") -> None:
        self.value, self.times, self.said = value, 0, list[str]()

    def compute(self) -> bytes:
        self.times += 1
        return self.value

    def ask(self, key: str = "aa") -> bytes:
        return kept("values", key, self.compute, bytes, self.unpack, self.said.append)

    def unpack(self, content: bytes) -> bytes:
        if content == b"unreadable":
            raise ValueError("no value")
        return content


def test_a_value_is_computed_once() -> None:
    one = Computation()
    assert [one.ask(), one.ask()] == [b"value"] * 2
    assert (one.times, one.said) == (1, [])
    assert one.ask("bb") == b"value"
    assert one.times == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not have the hash"),
        (b"value", "does not have the hash"),
        (b"valug" + bytes(32), "does not have the hash"),
        (None, "no value"),
    ],
)
def test_a_damaged_entry_is_computed_again_with_one_message(
    content: bytes | None, reason: str
) -> None:
    if content is None:
        Computation(b"unreadable").ask()
    else:
        Computation().ask()
        (cache_folder() / "values" / "aa").write_bytes(content)
    one = Computation()
    assert [one.ask(), one.ask()] == [b"value"] * 2
    assert one.times == 1
    assert len(one.said) == 1
    assert reason in one.said[0]


def test_a_disk_that_cannot_be_written_costs_the_cache_alone() -> None:
    one = Computation()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with patch.object(user_cache, "write_synced", side_effect=full):
        assert one.ask() == b"value"
    assert one.said == ["values are not kept for the next run: No space left on device"]
    assert list((cache_folder() / "values").iterdir()) == []


@pytest.mark.parametrize("what", ["file", "pipe"])
def test_a_folder_that_is_none_or_an_entry_that_is_no_file_costs_the_cache_alone(
    what: str,
) -> None:
    place = cache_folder() if what == "file" else cache_folder() / "values" / "aa"
    place.parent.mkdir(parents=True, exist_ok=True)
    if what == "file":
        place.write_bytes(b"")
    elif hasattr(os, "mkfifo"):
        os.mkfifo(place)
    else:
        pytest.skip("this system has no pipes among its files")
    one = Computation()
    assert [one.ask(), one.ask()] == [b"value"] * 2
    assert one.times == 2
    assert len(one.said) == 2
    assert "are not kept between runs" in one.said[0]


def test_the_longest_unused_entries_are_removed_and_what_killed_processes_left() -> None:
    one, folder = Computation(), cache_folder() / "values"
    with patch.multiple(user_cache, MAX_ENTRIES=3):
        for number, key in enumerate(("aa", "bb", "cc")):
            one.ask(key)
            os.utime(folder / key, (number, number))
        (folder / ".tmp-1-dd").write_bytes(b"left")
        os.utime(folder / ".tmp-1-dd", (0, 0))
        (folder / ".tmp-2-ee").write_bytes(b"being written")
        one.ask("aa")  # and so it is the newest
        one.ask("dd")
    assert {path.name for path in folder.iterdir()} == {"aa", "cc", "dd", ".tmp-2-ee"}
    with patch.multiple(user_cache, MAX_BYTES=80):
        one.ask("ff")
    assert {path.name for path in folder.iterdir()} == {"dd", "ff", ".tmp-2-ee"}


def test_two_processes_may_write_one_entry() -> None:
    inner, outer = Computation(), Computation()
    with patch.object(outer, "compute", lambda: inner.ask()):
        assert outer.ask() == b"value"
    assert outer.ask() == b"value"
    assert (inner.said, outer.said) == ([], [])


def test_the_folder_is_the_users_choice_or_the_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    assert cache_folder() == Path(os.environ["KUZNECHIK_CACHE"])
    monkeypatch.delenv("KUZNECHIK_CACHE")
    assert cache_folder() == tmp_path / "shared" / "kuznechik"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for system, place in (("linux", ".cache"), ("darwin", "Library/Caches")):
        monkeypatch.setattr(sys, "platform", system)
        assert cache_folder() == tmp_path / place / "kuznechik"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "kuznechik"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in ("KUZNECHIK_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    one = Computation()
    assert one.ask() == b"value"
    assert "set KUZNECHIK_CACHE" in one.said[0]
