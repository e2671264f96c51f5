"""Initial weights of HistoryUsers, random or of another network.

Weights are uniform within bounds, but for the biases of forget gates and of the query. The query
starts as that of a reader by content that believes its memory: a longer match, in keys or in
rhythm, and more agreement make a step weigh more, and distances are all alike. With a query of 0
all steps would weigh the same, which only adds the frequencies of the piece, and a long match would
weigh no more than any of a hundred steps without. The weights are round numbers, the same for all
features of a kind, chosen on 21 folk tunes that are not embedded (`benchmarks/notes.md`).
"""

import math

import numpy as np

from genomes.arrays import Singles
from genomes.errors import GenomeError
from genomes.history_user.content import QUERY, QUERY_ROWS
from genomes.history_user.shape import Shape

# Weights per class of a match, per unit of agreement, and of the prior.
KEYS, RHYTHM, AGREEMENT, PRIOR = 1.0, 0.25, 1.0, 3.0


def initial_weights(
    shape: Shape, random: np.random.Generator, n: int, scale: float, forget_bias: float
) -> Singles:
    """Return random weights, float32 (n, weights); the first are the same for a larger n.

    Args:
        shape: Sizes of the individuals.
        random: Random generator.
        n: Number of individuals.
        scale: Weights are uniform within +-scale / sqrt(units), or inputs of a linear map.
        forget_bias: Added to forget gates (Jozefowicz, Zaremba & Sutskever 2015).
    """
    weights = random.random((n, shape.weights), np.float32)
    weights *= 2.0
    weights -= 1.0
    bounds = np.empty(shape.weights, np.float32)
    views = shape.views(bounds)
    for name, view in views.items():
        owner = name.rsplit("_", 1)[0]
        if f"{owner}_recurrent" in views:
            fan = views[f"{owner}_recurrent"].shape[0]
        else:
            fan = views[f"{owner}_weights"].shape[0]
        view[:] = scale / math.sqrt(fan)
    weights *= bounds
    for name, view in shape.views(weights).items():
        if name.endswith("_bias") and view.ndim == 3:
            view[:, 1] += np.float32(forget_bias)
        elif name == "query_bias":
            view += first_query()
    return weights


def first_query() -> Singles:
    """Return the initial weights of the features and the prior, float32 (QUERY,)."""
    query = np.zeros(QUERY, np.float32)
    for name, value in (("keys", KEYS), ("rhythm", RHYTHM), ("agreement", AGREEMENT)):
        query[QUERY_ROWS[name]] = value
    query[QUERY_ROWS["prior"]] = PRIOR
    return query


def adopted(shape: Shape, weights: Singles, other: Shape, given: Singles) -> Singles:
    """Return the weights of another network, and a network's own for what is read.

    All parts of both must agree in name and shape. Only a network that reads by content keeps its
    own query and scores of lags. Of a melody network it takes the LSTM of the input as its own, and
    the weights of its units to the outputs; those of the read-out have no counterpart.

    Args:
        shape: Sizes of the network.
        weights: Float32 (weights,), its own weights.
        other: Sizes of the other network.
        given: Float32 (other weights,).

    Raises:
        GenomeError: If a part is missing, the keys differ, or given weights are not finite.
    """
    if (other.keys, other.inputs) != (shape.keys, shape.inputs):
        raise GenomeError(
            f"it has {other.keys} keys and {other.inputs} inputs, not {shape.keys} and "
            f"{shape.inputs}; choose the same keys for both"
        )
    if not np.isfinite(given).all():
        raise GenomeError("its weights are not finite")
    parts = dict(other.views(given))
    if shape.by_content and other.architecture == "melody":
        parts = {
            name.replace("ear_", "lstm0_"): part
            for name, part in parts.items()
            if name.startswith(("ear_", "output_"))
        }
        parts["output_weights"] = parts["output_weights"][: other.last]
    found = weights.copy()
    own = shape.views(found)
    for name, part in own.items():
        if name in parts and parts[name].shape == part.shape:
            part[:] = parts[name]
        elif not (shape.by_content and name.startswith(("query_", "read_"))):
            raise GenomeError(
                f"{name} differs: it is {_described(other)}, and this one {_described(shape)}"
            )
    return found


def _described(shape: Shape) -> str:
    """Return an architecture and its sizes in words."""
    layers = ",".join(map(str, shape.layers))
    return f"{shape.architecture} with layers={layers} last={shape.last} and {len(shape.lags)} lags"
