"""Rates of mutations and distributions of new genes, as in neat-python's configuration."""

from typing import NamedTuple

from genomes.arrays import Codes, FloatArray
from genomes.kernels import device
from genomes.randomness import Stream, below, normal, uniform


class Attribute(NamedTuple):
    """Initialisation and mutation of a float attribute of a gene."""

    init_mean: float
    init_stdev: float
    init_uniform: bool
    lowest: float
    highest: float
    mutate_rate: float
    mutate_power: float
    replace_rate: float


class Choice(NamedTuple):
    """Initialisation and mutation of a function; the default is a code, or -1 for random."""

    default: int
    options: Codes
    mutate_rate: float


class Rates(NamedTuple):
    """All parameters of the variation of networks."""

    inputs: int
    outputs: int
    feed_forward: bool
    node_add: float
    node_delete: float
    connection_add: float
    connection_delete: float
    single_structural: bool
    structural_surer: bool
    enabled_default: int  # 1, 0, or -1 for random
    enabled_mutate: float
    enabled_to_true_add: float
    enabled_to_false_add: float
    weight: Attribute
    bias: Attribute
    response: Attribute
    activation: Choice
    aggregation: Choice
    # Allowed values of weights; empty for any.
    alphabet: FloatArray


@device
def initial_value(attribute: Attribute, stream: Stream) -> float:
    """Return a new value of a float attribute.

    Args:
        attribute: Distribution and limits.
        stream: Random stream.
    """
    if attribute.init_uniform:
        low = max(attribute.lowest, attribute.init_mean - 2 * attribute.init_stdev)
        high = min(attribute.highest, attribute.init_mean + 2 * attribute.init_stdev)
        return low + (high - low) * uniform(stream)
    value = attribute.init_mean
    if attribute.init_stdev != 0.0:
        value += attribute.init_stdev * normal(stream)
    return max(attribute.lowest, min(attribute.highest, value))


@device
def initial_weight(rates: Rates, stream: Stream) -> float:
    """Return a new weight, from the alphabet if there is one.

    Args:
        rates: Parameters of the networks.
        stream: Random stream.
    """
    if len(rates.alphabet) > 0:
        return float(rates.alphabet[below(stream, len(rates.alphabet))])
    return initial_value(rates.weight, stream)


@device
def neutral_weight(rates: Rates) -> float:
    """Return the weight that passes a value on: 1, or the nearest in the alphabet."""
    weight = 1.0
    if len(rates.alphabet) > 0:
        weight = rates.alphabet[0]
        for letter in rates.alphabet:
            if abs(letter - 1.0) < abs(weight - 1.0):
                weight = letter
    return weight


@device
def initial_choice(choice: Choice, stream: Stream) -> int:
    """Return a new function code.

    Args:
        choice: Default and options.
        stream: Random stream.
    """
    if choice.default >= 0:
        return int(choice.default)
    return int(choice.options[below(stream, len(choice.options))])


@device
def initial_enabled(rates: Rates, stream: Stream) -> bool:
    """Return whether a new connection is enabled.

    Args:
        rates: Parameters of the networks.
        stream: Random stream.
    """
    if rates.enabled_default >= 0:
        return rates.enabled_default == 1
    return uniform(stream) < 0.5
