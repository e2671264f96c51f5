"""Read the files that describe a run: configuration, log, run.json, result.json.

They are untrusted input. The length of each file is bounded, and that of the log per record. A
pipe or a device in place of a file is refused, as it might never end. Links to files are followed.
"""

import json
import platform
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evo.core.errors import RunError
from evo.core.files import open_regular
from evo.runs.record import check_result, parse_record

# A configuration as parsed from its file: nested dictionaries.
Tables = dict[str, Any]
BATCH_FILE = "batch.toml"
# Maximum lengths in bytes: of a configuration, run.json or result.json, and of a log's record.
_MAX_DESCRIPTION, _MAX_RECORD = 1 << 20, 1 << 24


def resume_command(path: Path, script: str | None = None) -> str:
    """Return the shell command that resumes a run or a batch.

    Args:
        path: Its directory.
        script: The script that defines its experiment; "" for none, None for what run.json names.
    """
    if script is None:
        script = somewhere(defined_in(path).get("script", ""))
    command = f"evo resume {shlex.quote(str(path))}"
    return f"{command} --script {shlex.quote(script)}" if script else command


def defined_in(path: Path) -> dict[str, str]:
    """Return where a user's experiment was defined, as a run's run.json says; {} if it does not."""
    try:
        found = (read_description(path / "run.json") or {}).get("defined_in")
    except RunError:
        return {}
    texts = found.items() if isinstance(found, dict) else ()
    return {name: text[:200] for name, text in texts if isinstance(text, str)}


def somewhere(script: str) -> str:
    """Return the name of a script with a folder that the user has to fill in."""
    return f"PATH/{script}" if script and "/" not in script else script


def is_batch(path: Path) -> bool:
    """Return whether a folder holds the runs of several seeds (`evo.runs.batch`)."""
    return (path / BATCH_FILE).is_file()


def taken(path: Path) -> RunError:
    """Return the exception for a new run's directory that is not empty."""
    begun = (path / "config.toml").is_file() or is_batch(path)
    resuming = f"resume it by `{resume_command(path)}`, or " if begun else ""
    return RunError(f"{path}: exists and is not empty; {resuming}choose another directory by --out")


@cache
def platform_fingerprint() -> str:
    """Return the versions on which bit-identical results depend."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "neat-python"))
    return f"Python {platform.python_version()}, {libraries}, {platform.platform()}"


@cache
def _own_version() -> str:
    return version("kuznechik")


@cache
def _git_commit() -> str | None:
    """Return the commit of the source checkout, or None if there is none."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(source), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def versions() -> dict[str, Any]:
    """Return everything besides the configuration that a run's results depend on."""
    return {
        "version": _own_version(),
        "platform": platform_fingerprint(),
        "git_commit": _git_commit(),
    }


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a log, without an incomplete last line.

    Raises:
        RunError: If the log cannot be read.
    """
    last = -1
    for number, line in enumerate(_lines(path), start=1):
        try:
            record = parse_record(line)
        except RunError as error:
            raise RunError(f"{path}: line {number}: {error}") from None
        if record["generation"] <= last:
            raise RunError(f"{path}: line {number}: its generation is not above the one before")
        last = record["generation"]
        yield record


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the complete lines of a log."""
    try:
        with open_regular(path) as file:
            while (line := file.readline(_MAX_RECORD)).endswith(b"\n"):
                yield line
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    if len(line) == _MAX_RECORD:
        raise RunError(f"{path}: a record is longer than {_MAX_RECORD:,} bytes")


def _content(path: Path, too_long: str, pipes: bool = False) -> bytes | None:
    """Return the content of a file of bounded length, or None if there is no such file."""
    try:
        with path.open("rb") if pipes else open_regular(path) as file:
            content = file.read(_MAX_DESCRIPTION + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    if len(content) > _MAX_DESCRIPTION:
        raise RunError(f"{path}: {too_long}")
    return content


def read_description(path: Path) -> dict[str, Any] | None:
    """Return the content of a run.json or result.json, or None if missing.

    Raises:
        RunError: If the file is damaged.
    """
    content = _content(path, "is too long")
    if content is None:
        return None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RunError(f"{path}: is no JSON object")
    return found


def read_result(path: Path) -> dict[str, Any] | None:
    """Return the result of the run in `path`, or None if it has not ended.

    Raises:
        RunError: If result.json is damaged.
    """
    result = read_description(path / "result.json")
    if result is None:
        return None
    try:
        check_result(result)
    except RunError as error:
        raise RunError(f"{path / 'result.json'}: {error}") from None
    return result


def load_config(path: Path, pipes: bool = False) -> Tables | None:
    """Return a TOML file's tables, or None if there is no such file.

    Args:
        path: The file.
        pipes: Whether it may be a pipe, such as the shell's `<(...)`; reading may wait for it.

    Raises:
        RunError: If the file cannot be read, is too long, or is not TOML.
    """
    content = _content(path, "is too long for a configuration", pipes)
    if content is None:
        return None
    try:
        return tomllib.loads(content.decode())
    except ValueError as error:  # of tomllib and decode, and int for too many digits
        raise RunError(f"{path}: is no TOML: {error}") from None
    except RecursionError:
        raise RunError(f"{path}: is nested too deeply") from None


def command_line() -> list[str]:
    """Return this process's command line, with the program's name without its path."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
