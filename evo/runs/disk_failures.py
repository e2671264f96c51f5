"""Turn failures of the disk and of memory into one line that says how to continue."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evo.core.errors import RunInterruptedError
from evo.runs.description import resume_command


@contextmanager
def disk_failures(path: Path) -> Iterator[None]:
    """Turn an OSError into a RunInterruptedError with one line of advice."""
    try:
        yield
    except BrokenPipeError:  # of the output, not of a file
        raise
    except (OSError, MemoryError) as error:
        again = resume_command(path)
        if not (path / "config.toml").exists():
            again = "the same command again"
        raise RunInterruptedError(
            f"{_place_and_cause(error, path)}; the run was interrupted. "
            f"Fix the problem, then run: {again}"
        ) from error


def _place_and_cause(error: OSError | MemoryError, path: Path) -> str:
    if isinstance(error, MemoryError):
        return f"{path}: there is not enough memory"
    return f"{error.filename or path}: {error.strerror or error}"
