"""Find the stored music of a run's champion, for `evo play` and `evo export`."""

import shlex
from pathlib import Path
from typing import Any

CHAMPIONS_SONG = "champion/song.mid"


def is_run(path: Path) -> bool:
    """Return whether a path is a run.

    Raises:
        RunError: If it is a folder of seeds, which has no champion of its own.
    """
    from evo.core.errors import RunError
    from evo.runs.description import is_batch

    if is_batch(path):
        runs = sorted(folder.name for folder in path.glob("seed*"))
        raise RunError(
            f"{path}: it holds the runs {', '.join(runs)}; play one of them"
            if runs
            else f"{path}: none of its runs has begun"
        )
    return (path / "config.toml").exists()


def champions_song(path: Path) -> Any:
    """Return the stored performance of a run's champion.

    Raises:
        RunError: If there is none.
    """
    from evo.core.errors import RunError
    from evo.music.song import Song
    from evo.runs.description import resume_command
    from evo.runs.loading import load_run

    performance = path / CHAMPIONS_SONG
    _, experiment = load_run(path)
    if experiment.resolution is None:
        raise RunError(
            f"{path}: its experiment {experiment.name} makes no music; look at the run by "
            f"`evo plot {shlex.quote(str(path))}`"
        )
    if not performance.exists():
        raise RunError(
            f"{path}: it has no champion's song; finish the run by `{resume_command(path)}`"
        )
    return Song.load(performance)
