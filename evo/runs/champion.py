"""Load the champion that a run has written."""

from pathlib import Path

from evo.core.errors import DAMAGE, RunError
from evo.engines import engine_class
from evo.runs.checkpoint import read_arrays
from evo.runs.description import resume_command
from genomes.base import Performers


def load_champion(path: Path, engine: str) -> Performers:
    """Return a run's champion as a batch of one.

    Args:
        path: The run's directory.
        engine: The run's engine.

    Raises:
        RunError: If there is none, or its file is damaged.
    """
    try:
        arrays = read_arrays(path / "champion" / "arrays.npz")
        performers = engine_class(engine).genome.from_arrays(arrays)
    except FileNotFoundError:
        raise RunError(
            f"{path}: it has no champion; finish it by `{resume_command(path)}`"
        ) from None
    except DAMAGE as damage:
        raise RunError(f"{path}: its champion is damaged: {damage}") from None
    if len(performers) != 1:
        raise RunError(f"{path}: its champion is damaged: {len(performers)} individuals, not one")
    return performers
