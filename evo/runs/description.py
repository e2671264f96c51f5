"""What the files of a run say of it: configuration, log, run.json, result.json.

They are read as data that anybody may have written: bounded, without following links.
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

# A configuration as its file has it: nested dictionaries.
Tables = dict[str, Any]
BATCH_FILE = "batch.toml"
# What every run's result says.
_OF_ANY_RESULT = {
    "status", "reason", "solved", "seed", "generations", "evaluations", "wall_seconds",
    "best_fitness",
}  # fmt: skip
# No configuration and no run.json is longer; what claims to be one is not read further.
_LONGEST_DESCRIPTION = 1 << 20


def resume_command(path: Path) -> str:
    """What to type to go on with the run, or the folder of seeds, in `path`."""
    return f"evo resume {shlex.quote(str(path))}"


def is_batch(path: Path) -> bool:
    """Whether a folder holds the runs of several seeds (`evo.runs.batch`)."""
    return (path / BATCH_FILE).is_file()


def taken(path: Path) -> RunError:
    """The exception for a place of a new run where there is something already."""
    begun = (path / "config.toml").is_file() or is_batch(path)
    go_on = f"go on with it by `{resume_command(path)}`, or " if begun else ""
    return RunError(f"{path}: exists and is not empty; {go_on}choose another place by --out")


def platform_fingerprint() -> str:
    """What has to be the same for a run to be the same to the last bit."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "neat-python"))
    return f"Python {platform.python_version()}, {libraries}, {platform.platform()}"


@cache
def _git_commit() -> str | None:
    """The commit of the source this runs from, None when it is no checkout."""
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
    """Return what the results of a run depend on beside its configuration."""
    return {
        "version": version("kuznechik"),
        "platform": platform_fingerprint(),
        "git_commit": _git_commit(),
    }


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a log; a last line that a crash cut short is left out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise RunError(f"{path}: line {number} is no JSON") from None
        if not isinstance(record, dict) or "generation" not in record:
            raise RunError(f"{path}: line {number} is no record of a generation")
        yield record


def read_description(path: Path) -> dict[str, Any] | None:
    """What is in a run.json or result.json, None if there is none; RunError if it is damaged."""
    try:
        with open_regular(path) as file:
            content = file.read(_LONGEST_DESCRIPTION + 1)
        if len(content) > _LONGEST_DESCRIPTION:
            raise RunError(f"{path}: is too long")
        found = json.loads(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RunError(f"{path}: is no JSON object")
    return found


def read_result(path: Path) -> dict[str, Any] | None:
    """How the run in `path` ended, None if it has not; RunError if its result.json is damaged."""
    result = read_description(path / "result.json")
    if result is None:
        return None
    missing = sorted(_OF_ANY_RESULT - set(result))
    if missing:
        raise RunError(f"{path / 'result.json'}: it does not say {missing[0]}")
    return result


def load_config(path: Path) -> Tables | None:
    """A TOML file's tables, None if there is no such file; RunError if it is no TOML."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_DESCRIPTION + 1)
        if len(content) > _LONGEST_DESCRIPTION:
            raise RunError(f"{path}: is too long for a configuration")
        return tomllib.loads(content.decode())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # of tomllib and decode, and int for too many digits
        raise RunError(f"{path}: is no TOML: {error}") from None
    except RecursionError:
        raise RunError(f"{path}: is nested too deeply") from None


def command_line() -> list[str]:
    """This process's command, the program by its name alone."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
