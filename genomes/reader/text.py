"""A reader as JSON and as text: its weights by the names of their features."""

import json
from collections.abc import Mapping
from typing import Any

from genomes.arrays import Singles
from genomes.reader.player import ReaderPlayer

FORMAT = "reader-1"


def export_reader(
    player: ReaderPlayer, weights: Singles, songs: int, about: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return the files of a batch of one: reader.json and reader.txt.

    Args:
        player: What is read.
        weights: Float32 (1, weights).
        songs: Number of learned songs.
        about: Stored unchanged (fitness, generation).

    Raises:
        ValueError: If there is not exactly one reader.
    """
    if len(weights) != 1:
        raise ValueError(f"one reader is exported at a time, got {len(weights)}")
    named = {
        name: round(float(weight), 6) for name, weight in zip(player.names, weights[0], strict=True)
    }
    document = {
        "format": FORMAT,
        "keys": player.keys,
        "bar": player.bar,
        "planes": player.planes,
        "melody": player.melody,
        "prior": player.prior,
        "transposed": player.transposed,
        "reach": player.reach,
        "learned_songs": songs,
        "metadata": dict(about),
        "weights": named,
    }
    return {
        "reader.json": json.dumps(document, indent=1).encode() + b"\n",
        "reader.txt": "\n".join([*_HEAD, *_lines(named), ""]).encode(),
    }


_HEAD = (
    "What is played next is drawn from what followed at earlier steps. The weight of an earlier",
    "step is e to the sum of the weights of its features. 'keys 4' holds if the 4 steps before it",
    "equal the 4 last ones; 'rhythm 4' if their onsets do. The prior counts as one more step.",
    "",
)


def _lines(named: Mapping[str, float]) -> list[str]:
    width = max(len(name) for name in named)
    return [f"{name:{width}}  {weight:+8.3f}" for name, weight in named.items()]
