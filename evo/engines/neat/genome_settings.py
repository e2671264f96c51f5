"""The section DefaultGenome: initial networks and their mutation, for the kernels."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings
from genomes.network import own_functions
from genomes.network.functions import ACTIVATIONS, AGGREGATIONS
from genomes.network.rates import Attribute, Choice, Rates

Chance = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[float, Meta(ge=-1e12, le=1e12)]
Size = Annotated[float, Meta(ge=0, le=1e12)]
_CONNECTED = (
    "unconnected", "fs_neat", "fs_neat_nohidden", "fs_neat_hidden", "full", "full_nodirect",
    "full_direct", "partial", "partial_nodirect", "partial_direct",
)  # fmt: skip
# neat-python's words for a default drawn from the options.
_DRAWN = ("random", "none")


class Structure(Settings, frozen=True):
    """Initial networks and structural mutation; `Genome` adds values of genes."""

    num_inputs: Annotated[int, Meta(ge=1, le=1 << 20, description="Inputs of a network.")] = 2
    num_outputs: Annotated[int, Meta(ge=1, le=1 << 20, description="Outputs of a network.")] = 1
    num_hidden: Annotated[
        int, Meta(ge=0, le=100_000, description="Hidden nodes of a first network.")
    ] = 0
    feed_forward: Annotated[bool, Meta(description="Allow no recurrent connections.")] = True
    initial_connection: Annotated[
        str,
        Meta(
            description="How first networks are connected: unconnected, fs_neat, full_direct, "
            "partial_direct 0.5, ..."
        ),
    ] = "full_direct"
    compatibility_disjoint_coefficient: Annotated[
        Size, Meta(description="Weight of disjoint and excess genes in the distance.")
    ] = 1.0
    compatibility_weight_coefficient: Annotated[
        Size, Meta(description="Weight of differences of matching genes in the distance.")
    ] = 0.5
    conn_add_prob: Annotated[Chance, Meta(description="Chance of a new connection.")] = 0.5
    conn_delete_prob: Annotated[Chance, Meta(description="Chance of removing a connection.")] = 0.5
    node_add_prob: Annotated[Chance, Meta(description="Chance of splitting a connection.")] = 0.2
    node_delete_prob: Annotated[Chance, Meta(description="Chance of removing a node.")] = 0.2
    single_structural_mutation: Annotated[
        bool, Meta(description="At most one structural mutation per child.")
    ] = False
    structural_mutation_surer: Annotated[
        Literal["default", "true", "false"],
        Meta(description="Replace an impossible mutation by another; default: when single."),
    ] = "default"
    activation_default: Annotated[str, Meta(description="Activation of new nodes, or random.")] = (
        "sigmoid"
    )
    activation_options: Annotated[
        tuple[str, ...], Meta(description="Activations that a mutation chooses from.")
    ] = ("sigmoid",)
    activation_mutate_rate: Annotated[Chance, Meta(description="Chance of another activation.")] = (
        0.0
    )
    aggregation_default: Annotated[
        str, Meta(description="Aggregation of new nodes, or random.")
    ] = "sum"
    aggregation_options: Annotated[
        tuple[str, ...], Meta(description="Aggregations that a mutation chooses from.")
    ] = ("sum",)
    aggregation_mutate_rate: Annotated[
        Chance, Meta(description="Chance of another aggregation.")
    ] = 0.0
    enabled_default: Annotated[
        Literal["True", "False", "random"], Meta(description="Whether new connections are enabled.")
    ] = "True"
    enabled_mutate_rate: Annotated[
        Chance, Meta(description="Chance of enabling or disabling a connection at random.")
    ] = 0.01
    enabled_rate_to_true_add: Annotated[
        Chance, Meta(description="Added to this chance where a connection is disabled.")
    ] = 0.0
    enabled_rate_to_false_add: Annotated[
        Chance, Meta(description="Added to this chance where a connection is enabled.")
    ] = 0.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.named("aggregation") if name not in AGGREGATIONS]
        if unknown:
            raise InputError(f"aggregation {unknown[0]!r} is not one of {', '.join(AGGREGATIONS)}")
        for kind, known in (("activation", ACTIVATIONS), ("aggregation", AGGREGATIONS)):
            if not getattr(self, f"{kind}_options"):
                raise InputError(f"{kind}_options must name at least one of {', '.join(known)}")
        if self.connection not in _CONNECTED or not 0 <= self.connection_fraction <= 1:
            raise InputError(
                f"initial_connection must be one of {', '.join(_CONNECTED)}, and partial ones "
                f"need a share from 0.0 to 1.0, got {self.initial_connection!r}"
            )

    def named(self, kind: str) -> tuple[str, ...]:
        """Return the names of all functions that nodes can have.

        Args:
            kind: "activation" or "aggregation".
        """
        options: tuple[str, ...] = getattr(self, f"{kind}_options")
        default: str = getattr(self, f"{kind}_default")
        return options if default.lower() in _DRAWN else (*options, default)

    def check_activations(self) -> None:
        """Check that all activation functions are known.

        A user's functions are known only where they were registered. So settings can be read
        without them, but no engine can be made.

        Raises:
            InputError: If one is not.
        """
        known = own_functions.names()
        unknown = [name for name in self.named("activation") if name not in known]
        if unknown:
            raise InputError(
                f"activation {unknown[0]!r} is not one of {', '.join(known)}; register a function "
                f'of your own: evo.activation("{unknown[0]}", function)'
            )

    @property
    def connection(self) -> str:
        """The mode of initial connections, without the share of partial ones."""
        return self.initial_connection.split(" ")[0]

    @property
    def connection_fraction(self) -> float:
        """The share of partial connections: 1 in other modes, -1 if invalid."""
        mode, _, share = self.initial_connection.partition(" ")
        if not mode.startswith("partial"):
            return -1.0 if share else 1.0
        try:
            return float(share)
        except ValueError:
            return -1.0

    @property
    def first_connections(self) -> int:
        """Approximate number of connections of an initial network."""
        if self.connection == "unconnected":
            return 0
        inputs, hidden, outputs = self.num_inputs, self.num_hidden, self.num_outputs
        return inputs * hidden + hidden * outputs + inputs * outputs


# Settings per value of a gene: name, type, help, and defaults for weight, bias and response.
_VALUES: tuple[tuple[str, Any, str, tuple[Any, Any, Any]], ...] = (
    ("init_mean", Number, "Mean of initial values.", (0.0, 0.0, 1.0)),
    ("init_stdev", Size, "Standard deviation of initial values.", (1.0, 1.0, 0.0)),
    ("init_type", str, "Distribution of initial values: gaussian or uniform.", ("gaussian",) * 3),
    ("max_value", Number, "Maximum value.", (30.0, 30.0, 30.0)),
    ("min_value", Number, "Minimum value.", (-30.0, -30.0, -30.0)),
    ("mutate_power", Size, "Standard deviation of a mutation.", (0.5, 0.5, 0.0)),
    ("mutate_rate", Chance, "Chance of a mutation.", (0.8, 0.7, 0.0)),
    ("replace_rate", Chance, "Chance of a new value.", (0.1, 0.1, 0.0)),
)
# Defaults of time constants: all are 1, so that networks have none.
_TIME_CONSTANT = (1.0, 0.0, "gaussian", 10.0, 0.01, 0.0, 0.0, 0.0)


class _Values(Structure, frozen=True):
    """Checks between the values of one gene."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for gene in ("weight", "bias", "response", "time_constant"):
            kind = getattr(self, f"{gene}_init_type").lower()
            if not any(known in kind for known in ("gauss", "normal", "uniform")):
                raise InputError(f"{gene}_init_type {kind!r} is not gaussian or uniform")
            if getattr(self, f"{gene}_max_value") < getattr(self, f"{gene}_min_value"):
                raise InputError(f"{gene}_max_value must not be below {gene}_min_value")
        values: Any = self
        if self.timed and values.time_constant_min_value <= 0:
            raise InputError("time_constant_min_value must be above 0 where time constants vary")

    @property
    def timed(self) -> bool:
        """Whether time constants differ from 1, or may come to."""
        values: Any = self
        one = values.time_constant_min_value <= 1.0 <= values.time_constant_max_value
        return not (
            one
            and values.time_constant_init_mean == 1.0
            and values.time_constant_init_stdev == 0.0
            and values.time_constant_mutate_rate * values.time_constant_mutate_power == 0.0
        )


def _fields() -> list[tuple[str, Any, Any]]:
    found = []
    for index, gene in enumerate(("weight", "bias", "response", "time_constant")):
        for row, (name, kind, text, defaults) in enumerate(_VALUES):
            default = defaults[index] if index < 3 else _TIME_CONSTANT[row]
            label = "Time constant (CTRNNs)" if gene == "time_constant" else gene.capitalize()
            note = Meta(description=f"{label}: {text.lower()}")
            found.append((f"{gene}_{name}", Annotated[kind, note], default))
    return found


Genome: Any = msgspec.defstruct("Genome", _fields(), bases=(_Values,), frozen=True, kw_only=True)


def _attribute(genome: Any, name: str) -> Attribute:
    value = {item: getattr(genome, f"{name}_{item}") for item, *_ in _VALUES}
    return Attribute(
        value["init_mean"],
        value["init_stdev"],
        "uniform" in value["init_type"].lower(),
        value["min_value"],
        value["max_value"],
        value["mutate_rate"],
        value["mutate_power"],
        value["replace_rate"],
    )


def _choice(genome: Any, name: str, code_of: Callable[[str], int]) -> Choice:
    default = getattr(genome, f"{name}_default")
    options = [code_of(option) for option in getattr(genome, f"{name}_options")]
    return Choice(
        -1 if default.lower() in _DRAWN else code_of(default),
        np.array(options, np.uint8),
        getattr(genome, f"{name}_mutate_rate"),
    )


def rates_of(genome: Any, alphabet: Sequence[float] = ()) -> Rates:
    """Return the parameters of variation, as the kernels read them.

    Args:
        genome: The section DefaultGenome.
        alphabet: The only values of weights; empty for any.

    Raises:
        InputError: If an activation function is unknown.
    """
    genome.check_activations()
    single = genome.single_structural_mutation
    return Rates(
        genome.num_inputs,
        genome.num_outputs,
        genome.feed_forward,
        genome.node_add_prob,
        genome.node_delete_prob,
        genome.conn_add_prob,
        genome.conn_delete_prob,
        single,
        {"true": True, "false": False}.get(genome.structural_mutation_surer, single),
        {"True": 1, "False": 0}.get(genome.enabled_default, -1),
        genome.enabled_mutate_rate,
        genome.enabled_rate_to_true_add,
        genome.enabled_rate_to_false_add,
        _attribute(genome, "weight"),
        _attribute(genome, "bias"),
        _attribute(genome, "response"),
        _choice(genome, "activation", own_functions.code_of),
        _choice(genome, "aggregation", AGGREGATIONS.index),
        np.array(alphabet, np.float64),
        genome.timed,
        _attribute(genome, "time_constant"),
    )
