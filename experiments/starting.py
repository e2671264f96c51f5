"""Start a search at the champion of another run, which is copied into the new one."""

from collections.abc import Callable
from pathlib import Path

from evo.core.errors import InputError
from evo.core.files import write_synced
from evo.engines import Engine, engine_class
from evo.runs.checkpoint import pack_arrays, read_given
from genomes.base import Performers

FILE = "start.npz"


def keep_start(where: str, engine: str, folder: Path) -> None:
    """Copy the champion of another run into a run; nothing for an empty name.

    Args:
        where: The other run, or the file of its champion's arrays.
        engine: Name of the engine of the run.
        folder: Directory of the run.

    Raises:
        InputError: If there is no such champion, or the engine cannot start from one.
    """
    if where:
        if engine_class(engine).start_from is Engine.start_from:
            raise InputError(
                f"memorize.start: engine {engine} cannot start from another run; --engine es "
                "--genome history-user can"
            )
        path = Path(where)
        if path.is_dir():
            path = path / "champion" / "arrays.npz"
        start = champion_in(path.resolve(), engine)
        write_synced(folder / FILE, pack_arrays(start.to_arrays()))


def kept_start(where: str, engine: str, folder: Path) -> Callable[[], Performers] | None:
    """Return how to read the champion that `keep_start` copied; None for an empty name.

    Args:
        where: The name of the other run, which is not read.
        engine: Name of the engine of the run.
        folder: Directory of the run.
    """
    return (lambda: champion_in(folder / FILE, engine)) if where else None


def champion_in(path: Path, engine: str) -> Performers:
    """Return the individual in a file of arrays, for the genome kind of an engine.

    Args:
        path: The file.
        engine: Name of the engine.

    Raises:
        InputError: If there is none.
    """
    genome: type[Performers] = engine_class(engine).genome
    performers = read_given(
        path, genome.from_arrays, "champion to start from", f"champion of engine {engine}"
    )
    if len(performers) != 1:
        raise InputError(f"{path}: holds {len(performers)} individuals, not a champion alone")
    return performers
