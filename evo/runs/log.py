"""A run's log: one record per generation, appended; truncated when a run resumes."""

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from evo.core.errors import CheckpointError, RunError
from evo.core.files import naming, open_regular, replace_file, to_json, without_links
from evo.runs.checkpoint import reading
from evo.runs.description import read_log
from evo.runs.record import parse_record

_MAX_LENGTH = 1 << 40  # bytes
_BLOCK = 1 << 20


@dataclass
class Kept:
    """The part of a log that a resumed run keeps.

    Attributes:
        length: Length in bytes.
        hash: SHA-256 of these bytes.
        content: Replacement of the log, or None to keep the file.
        is_short: Whether it ends before the checkpoint.
        message: Message for the user, or "" if the log is unchanged.
    """

    length: int = 0
    hash: Any = field(default_factory=hashlib.sha256)
    content: bytes | None = None
    message: str = ""
    is_short: bool = False

    @classmethod
    def of(cls, content: bytes, message: str, is_short: bool = False) -> "Kept":
        """Return a log that replaces the existing one.

        Args:
            content: The new log.
            message: Message for the user.
            is_short: Whether the existing log ends before the checkpoint.
        """
        return cls(len(content), hashlib.sha256(content), content, message, is_short)


class Log:
    """The log of an open run; the file is opened by the first write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: io.FileIO | None = None
        self._hash = hashlib.sha256()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    @property
    def _opened(self) -> Any:
        if self._file is None:
            # Unbuffered: a failed write is not repeated when the file is closed.
            file: Any = open(  # noqa: SIM115 - open for as long as the run
                self.path, "ab", buffering=0, opener=without_links
            )
            self._file = file
            return file
        return self._file

    @property
    def is_written(self) -> bool:
        """Whether this process has written to the log."""
        return self._file is not None and self._file.tell() > 0

    def append(self, record: dict[str, Any]) -> None:
        """Append a generation's record."""
        line = to_json(record)
        written = 0
        with naming(self.path):
            while written < len(line):  # a disk that fills up may write a part
                written += self._opened.write(line[written:])
        self._hash.update(line)

    def synced(self) -> dict[str, Any]:
        """Flush the log to disk and return its length and hash for a checkpoint."""
        with naming(self.path):
            os.fsync(self._opened.fileno())
        return {"log_length": self._opened.tell(), "log_sha256": self._hash.hexdigest()}

    def records(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the first `limit` records (default: all), or [] without a file."""
        return list(islice(read_log(self.path), limit)) if self.path.exists() else []

    def digest(self) -> str:
        """Return the SHA-256 of the records without wall times: equal for equal runs."""
        total = hashlib.sha256()
        for record in self.records():
            total.update(to_json({k: v for k, v in record.items() if k != "wall_seconds"}))
        return total.hexdigest()

    def as_written(self, values: dict[str, Any]) -> Kept:
        """Return the log as it was when a checkpoint was written.

        A changed log is restored if its records are unchanged. Otherwise the records before the
        first unreadable one are kept: the engine's state is intact, and worth more than the log.

        Args:
            values: The checkpoint's values: those of `synced`, and the engine's generation.

        Raises:
            CheckpointError: If the values do not describe a log.
        """
        length, expected = values.get("log_length"), values.get("log_sha256")
        if (
            type(length) is not int
            or not 0 <= length < _MAX_LENGTH
            or not isinstance(expected, str)
        ):
            raise CheckpointError("it does not record the length of log.jsonl")
        if not os.path.lexists(self.path):
            text = "log.jsonl is missing; the run resumes from the checkpoint with a new log"
            return Kept.of(b"", text)
        with reading("log.jsonl"):
            found = self._hash_of(length)
        if found.hexdigest() == expected:
            return Kept(length, found)
        generation = values.get("engine", {}).get("generation")
        lines = [to_json(record) for record in _readable(self.path, generation)]
        content = b"".join(lines)
        if hashlib.sha256(content).hexdigest() == expected:
            text = "log.jsonl was changed; its records are whole and were restored"
            return Kept.of(content, text)
        short = self.path.stat().st_size < length
        change = "shorter than" if short else "not what it was"
        return Kept.of(
            content,
            f"log.jsonl is {change} when the checkpoint was written; the run resumes from "
            f"the checkpoint with the {len(lines)} records that can be read, and the old log is "
            "kept as log-damaged.jsonl",
            short,
        )

    def last(self, length: int) -> int:
        """Return the generation of the last record within `length` bytes, or -1.

        Raises:
            CheckpointError: If the record cannot be read.
        """
        start = max(0, length - _BLOCK)
        with open_regular(self.path) as file:
            file.seek(start)
            lines = file.read(length - start).splitlines()
        try:
            return int(parse_record(lines[-1])["generation"]) if lines else -1
        except RunError as error:
            raise CheckpointError(f"log.jsonl: its last record cannot be read: {error}") from None

    def _hash_of(self, length: int) -> "hashlib._Hash":
        """Return the SHA-256 of the file's first `length` bytes, or of all bytes."""
        found = hashlib.sha256()
        with open_regular(self.path) as file:
            while length and (block := file.read(min(length, _BLOCK))):
                found.update(block)
                length -= len(block)
        return found

    def cut(self, kept: Kept) -> None:
        """Replace or truncate the log; a replaced log is kept as log-damaged.jsonl."""
        if kept.content is not None:
            if self.path.exists():
                self.path.replace(_free_name(self.path.with_name("log-damaged.jsonl")))
            replace_file(self.path, kept.content)
        with naming(self.path):
            self._opened.truncate(kept.length)
            self._opened.seek(kept.length)
        self._hash = kept.hash


def _free_name(path: Path) -> Path:
    """Return the first of NAME, NAME-2, ... that does not exist."""
    free, number = path, 2
    while os.path.lexists(free):
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free


def _readable(path: Path, generation: Any) -> Iterator[dict[str, Any]]:
    """Yield a log's records before `generation`, up to the first unreadable one."""
    try:
        for number, record in enumerate(read_log(path)):
            if record["generation"] != number or number == generation:
                return
            yield record
    except RunError:
        return
