"""Checks before writing to a run's directory, so that no unrelated file is changed."""

from pathlib import Path

from evo.core.errors import RunError
from evo.runs.description import read_description, taken

# Files that exist before run.json has the status PREPARING.
_FIRST = {".lock", ".tmp-run.json"}
PREPARING = "preparing"  # the status until the run has its configuration
# Everything a run writes. If one of them is a link, the run can be read but not resumed.
_WRITTEN = (
    ".lock", "config.toml", "run.json", "log.jsonl", "result.json", "checkpoints", "champion",
    "pieces", "songs", "held-out", "critics.npz",
)  # fmt: skip


def refuse_links(path: Path) -> None:
    """Raise RunError if a link replaces a file or folder that a run writes.

    A link's target is not part of the run, so writing there could change anything.
    """
    for name in _WRITTEN:
        if (path / name).is_symlink():
            raise RunError(
                f"{path / name}: is a link; replace it by a copy of its target to resume"
            )


def refuse_other(path: Path) -> None:
    """Raise RunError unless a directory is empty or an unfinished preparation."""
    found = {entry.name for entry in path.iterdir()}
    if found <= _FIRST:
        return
    try:
        about = read_description(path / "run.json") or {}
    except RunError:
        about = {}
    begun = about.get("status") == PREPARING and "config_hash" in about
    if not begun or "config.toml" in found:
        raise taken(path)
