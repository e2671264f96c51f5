"""A run's log: one record per generation, appended, and cut to a checkpoint at a resume."""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from evo.core.errors import CheckpointError, RunError
from evo.core.files import naming, open_regular, replace_file, to_json, without_links
from evo.runs.description import read_log

_LONGEST = 1 << 40  # bytes
_BLOCK = 1 << 20


@dataclass
class Kept:
    """What of a log a resume goes on from.

    Attributes:
        length: Bytes.
        hash: SHA-256 of them.
        content: What the log is replaced by, None if it stays.
        message: What is to be said of it, "" for a log that is as it was written.
    """

    length: int = 0
    hash: Any = field(default_factory=hashlib.sha256)
    content: bytes | None = None
    message: str = ""

    @classmethod
    def of(cls, content: bytes, message: str) -> "Kept":
        """Return a log that replaces the one there is."""
        return cls(len(content), hashlib.sha256(content), content, message)


class Log:
    """The log of a run that is open; it is opened when it is first written to."""

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
            # Without a buffer: what could not be written is not tried again when it is closed.
            file: Any = open(  # noqa: SIM115 - open for as long as the run
                self.path, "ab", buffering=0, opener=without_links
            )
            self._file = file
            return file
        return self._file

    @property
    def is_written(self) -> bool:
        """Whether anything was written to it by this process."""
        return self._file is not None and self._file.tell() > 0

    def append(self, record: dict[str, Any]) -> None:
        """Add a generation's record."""
        line = to_json(record)
        written = 0
        with naming(self.path):
            while written < len(line):  # a disk that fills up takes a part
                written += self._opened.write(line[written:])
        self._hash.update(line)

    def synced(self) -> dict[str, Any]:
        """Wait until the log is on the disk; return what a checkpoint keeps of it."""
        with naming(self.path):
            os.fsync(self._opened.fileno())
        return {"log_length": self._opened.tell(), "log_sha256": self._hash.hexdigest()}

    def records(self, most: int | None = None) -> list[dict[str, Any]]:
        """Return the records, or the first of them; none without a file."""
        return list(islice(read_log(self.path), most)) if self.path.exists() else []

    def as_written(self, values: dict[str, Any]) -> Kept:
        """Return the log as it was when a checkpoint was written.

        A log that differs, but whose records are those that were written, is restored. Otherwise
        its records up to the first that cannot be read are kept: the engine's state is whole, and
        is worth more than the log.

        Args:
            values: What the checkpoint keeps, as from `synced`, and the engine's generation.

        Raises:
            CheckpointError: If the checkpoint does not say what the log was.
        """
        length, expected = values.get("log_length"), values.get("log_sha256")
        if type(length) is not int or not 0 <= length < _LONGEST or not isinstance(expected, str):
            raise CheckpointError("it does not say where in log.jsonl it was written")
        try:
            found = self._hash_of(length)
        except FileNotFoundError:
            text = "log.jsonl is missing; the run goes on from the checkpoint with a new log"
            return Kept.of(b"", text)
        except OSError as error:
            raise CheckpointError(f"log.jsonl: {error.strerror}") from None
        if found.hexdigest() == expected:
            return Kept(length, found)
        generation = values.get("engine", {}).get("generation")
        lines = [to_json(record) for record in _readable(self.path, generation)]
        content = b"".join(lines)
        if hashlib.sha256(content).hexdigest() == expected:
            return Kept.of(
                content, "log.jsonl was changed; its records are whole and were restored"
            )
        return Kept.of(
            content,
            "log.jsonl is not what it was when the checkpoint was written; the run goes on from "
            f"the checkpoint with the {len(lines)} records that can be read, and the old log is "
            "kept as log-damaged.jsonl",
        )

    def last(self, length: int) -> int:
        """Return the generation of the last record in the first bytes; -1 without any."""
        start = max(0, length - _BLOCK)
        with open_regular(self.path) as file:
            file.seek(start)
            lines = file.read(length - start).splitlines()
        try:
            return int(json.loads(lines[-1])["generation"]) if lines else -1
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise CheckpointError(f"log.jsonl: its last record cannot be read: {error}") from None

    def _hash_of(self, length: int) -> "hashlib._Hash":
        """Return the SHA-256 of the first bytes of the file, or of all if there are fewer."""
        found = hashlib.sha256()
        with open_regular(self.path) as file:
            while length and (block := file.read(min(length, _BLOCK))):
                found.update(block)
                length -= len(block)
        return found

    def cut(self, kept: Kept) -> None:
        """Go on from what is kept; a log that is replaced stays beside."""
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
    """Yield the records of a log before a generation, up to the first that cannot be read."""
    try:
        for number, record in enumerate(read_log(path)):
            if record["generation"] != number or number == generation:
                return
            yield record
    except RunError:
        return
