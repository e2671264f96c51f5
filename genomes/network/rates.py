"""Rates of mutations and distributions of new genes, as in neat-python's configuration."""

from typing import NamedTuple

from genomes.arrays import Codes, FloatArray
from genomes.kernels import device
from genomes.randomness import Stream, below, normal, uniform


class Attribute(NamedTuple):
    """Initialisation and mutation of a float attribute of a gene.

    Attributes:
        init_mean: Mean of new values.
        init_stdev: Standard deviation of new values.
        init_uniform: Draw new values uniformly within two standard deviations, not normally.
        lowest: Minimum value.
        highest: Maximum value.
        mutate_rate: Probability of adding noise.
        mutate_power: Standard deviation of that noise.
        replace_rate: Probability of drawing a new value instead.
    """

    init_mean: float
    init_stdev: float
    init_uniform: bool
    lowest: float
    highest: float
    mutate_rate: float
    mutate_power: float
    replace_rate: float


# A time constant that is always 1, with neat-python's limits.
_CONSTANTLY_ONE = Attribute(1.0, 0.0, False, 0.01, 10.0, 0.0, 0.0, 0.0)


class Choice(NamedTuple):
    """Initialisation and mutation of a node's function.

    Attributes:
        default: Code of new nodes' function, or -1 for a random one of `options`.
        options: Codes that a mutation draws from.
        mutate_rate: Probability of drawing a function.
    """

    default: int
    options: Codes
    mutate_rate: float


class Rates(NamedTuple):
    """All parameters of the variation of networks; probabilities are per child and kind.

    Attributes:
        inputs: Inputs of every network.
        outputs: Outputs of every network.
        feed_forward: Whether networks must have no cycle.
        node_add: Probability of splitting a connection by a new node.
        node_delete: Probability of deleting a hidden node.
        connection_add: Probability of adding a connection.
        connection_delete: Probability of deleting a connection.
        single_structural: Whether at most one of these mutations happens to a child.
        structural_surer: Whether a mutation that is impossible is replaced: a split without
            connections by a new one, adding an existing connection by enabling it.
        enabled_default: 1 if new connections are enabled, 0 if disabled, -1 for random.
        enabled_mutate: Probability per connection of drawing anew whether it is enabled.
        enabled_to_true_add: Added to that probability for a disabled connection.
        enabled_to_false_add: Added to that probability for an enabled connection.
        weight: Values of weights.
        bias: Values of biases.
        response: Values of responses.
        activation: Activation functions.
        aggregation: Aggregation functions.
        alphabet: The only values of weights, float64 (letters,); empty for any number.
        timed: Whether first networks have time constants; children have what their parents have.
        time_constant: Values of time constants.
    """

    inputs: int
    outputs: int
    feed_forward: bool
    node_add: float
    node_delete: float
    connection_add: float
    connection_delete: float
    single_structural: bool
    structural_surer: bool
    enabled_default: int
    enabled_mutate: float
    enabled_to_true_add: float
    enabled_to_false_add: float
    weight: Attribute
    bias: Attribute
    response: Attribute
    activation: Choice
    aggregation: Choice
    alphabet: FloatArray
    timed: bool = False
    time_constant: Attribute = _CONSTANTLY_ONE


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
    """Return whether a new connection is enabled, by default or at random.

    Args:
        rates: Parameters of the networks.
        stream: Random stream.
    """
    if rates.enabled_default >= 0:
        return rates.enabled_default == 1
    return uniform(stream) < 0.5
