"""The champion of a run that has not ended: that of the newest checkpoint."""

from pathlib import Path
from typing import Any, NamedTuple

from evo.core.config import Config
from evo.core.errors import DAMAGE, CheckpointError
from evo.engines import engine_class
from evo.runs import checkpoint
from genomes.base import Performers


class Unfinished(NamedTuple):
    """The champion so far.

    Attributes:
        performers: A batch of one.
        generation: Generation of the checkpoint.
    """

    performers: Performers
    generation: int


def champion_so_far(path: Path, config: Config) -> Unfinished | None:
    """Return the champion of a run's newest valid checkpoint; None if there is none.

    Args:
        path: The run's directory.
        config: Its configuration.
    """
    kind = engine_class(config.run.engine)
    for folder in reversed(checkpoint.folders(path / "checkpoints")):
        try:
            state, stamp = checkpoint.load(folder)
            champion: Any = kind.champion_of(state.part("engine"))
        except (CheckpointError, OSError, *DAMAGE):  # a running run removes old ones
            continue
        if champion is not None:
            return Unfinished(champion.performers, stamp.generation)
    return None
