"""Claim a directory for a run, so that no other run or unrelated file is overwritten.

A new run gets a directory of its own (`claimed_path`), or an empty one named by the user
(`refuse_other`). A resumed run writes to no link (`refuse_links`). The lock that admits one process
per run is in `evo.runs.directory`.
"""

from collections.abc import Iterable
from pathlib import Path

from evo.core.config import Config
from evo.core.errors import RunError
from evo.core.user_files import user_file
from evo.music.names import MAX_NAME, name_of
from evo.runs.description import read_description, taken

# Files that exist before run.json has the status PREPARING.
_FIRST = {".lock", ".tmp-run.json"}
PREPARING = "preparing"  # the status until the run has its configuration
# Everything a run writes. If one of them is a link, the run can be read but not resumed.
_WRITTEN = (
    ".lock", "config.toml", "run.json", "log.jsonl", "result.json", "checkpoints", "champion",
    "pieces", "songs", "held-out", "critics.npz", "start.npz",
)  # fmt: skip


def claimed_path(config: Config, seeds: bool = False) -> Path:
    """Create a new directory below runs/, named after the run.

    It is created at once, so that concurrent processes get different directories.

    Args:
        config: The run's configuration.
        seeds: Whether it is for the runs of several seeds.
    """
    name = name_of_run(config, seeds)
    path, number = Path("runs") / name, 2
    with user_file(path, "cannot be written"):
        while True:
            try:
                path.mkdir(parents=True)
                return path
            except FileExistsError:
                if not path.parent.is_dir():
                    raise
                path, number = Path("runs") / f"{name}-{number}", number + 1


def name_of_run(config: Config, seeds: bool = False) -> str:
    """Return the name of a run: its experiment, song, engine and seed.

    Args:
        config: The run's configuration.
        seeds: Whether it is for the runs of several seeds.
    """
    seed = "" if seeds else f"seed{config.run.seed}"
    parts = [config.run.experiment, "", config.run.engine, seed]
    parts[1] = name_of(getattr(config.task, "song", ""), MAX_NAME - len("-".join(parts)))
    return "-".join(part for part in parts if part)


def refuse_links(path: Path, names: Iterable[str] = _WRITTEN) -> None:
    """Check that no link replaces a file or folder that is written.

    A link's target is not part of the run, so writing there could change anything.

    Args:
        path: The directory.
        names: Names of its entries; by default those of a run.

    Raises:
        RunError: If one of them is a link.
    """
    for name in names:
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
