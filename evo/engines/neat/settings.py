"""The settings of our NEAT: neat-python's configuration as the kernels read it.

The sections are those of neat-python's files, checked by neat-python itself; `rates_of` packs what
says how networks vary.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.rates import Attribute, Choice, Rates

_WORDS = {"true": 1, "yes": 1, "on": 1, "1": 1, "false": 0, "no": 0, "off": 0, "0": 0}


def _attribute(genome: Any, name: str) -> Attribute:
    entry = {
        item: getattr(genome, f"{name}_{item}")
        for item in (
            "init_mean", "init_stdev", "init_type", "min_value", "max_value",
            "mutate_rate", "mutate_power", "replace_rate",
        )
    }  # fmt: skip
    kind = entry["init_type"].lower()
    if not any(known in kind for known in ("gauss", "normal", "uniform")):
        raise ValueError(f"neat: {name}_init_type {kind!r} is not gaussian or uniform")
    return Attribute(
        float(entry["init_mean"]),
        float(entry["init_stdev"]),
        "uniform" in kind,
        float(entry["min_value"]),
        float(entry["max_value"]),
        float(entry["mutate_rate"]),
        float(entry["mutate_power"]),
        float(entry["replace_rate"]),
    )


def _choice(genome: Any, name: str, known: tuple[str, ...]) -> Choice:
    default = getattr(genome, f"{name}_default")
    options = [known.index(option) for option in getattr(genome, f"{name}_options")]
    return Choice(
        -1 if default.lower() in ("random", "none") else known.index(default),
        np.array(options, np.uint8),
        float(getattr(genome, f"{name}_mutate_rate")),
    )


def rates_of(genome: Any, alphabet: Sequence[float] = ()) -> Rates:
    """The kernels' `Rates` of a neat-python `genome_config`; `alphabet` as in `neat_selection`."""
    return Rates(
        genome.num_inputs,
        genome.num_outputs,
        bool(genome.feed_forward),
        float(genome.node_add_prob),
        float(genome.node_delete_prob),
        float(genome.conn_add_prob),
        float(genome.conn_delete_prob),
        bool(genome.single_structural_mutation),
        bool(genome.check_structural_mutation_surer()),
        _WORDS.get(str(genome.enabled_default).lower(), -1),
        float(genome.enabled_mutate_rate),
        float(genome.enabled_rate_to_true_add),
        float(genome.enabled_rate_to_false_add),
        _attribute(genome, "weight"),
        _attribute(genome, "bias"),
        _attribute(genome, "response"),
        _choice(genome, "activation", ACTIVATIONS),
        _choice(genome, "aggregation", AGGREGATIONS),
        np.array(alphabet, np.float64),
    )
