"""Networks with evolved topology, stored as a struct of arrays for a population.

The genes are those of NEAT (Stanley & Miikkulainen 2002). A node gene has an id, bias, response,
activation, aggregation, and optionally a time constant. A connection gene has an innovation
number, source and target ids, a weight and an enabled flag. As in neat-python, output k is node k,
input i is source -1 - i without a gene, and hidden nodes have ids from `outputs`.

Memory order: genes of all networks are concatenated. Network g owns nodes
`node_offsets[g]:node_offsets[g + 1]`, and connections likewise. The order of the genes is
preserved; it is the order in which a node's inputs are summed.

A network maps numbers to numbers (`activate`). With a `Player` it is a performer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import (
    Arrays,
    BoolArray,
    Codes,
    FloatArray,
    Indices,
    Singles,
    checked_field,
    offsets_of,
    rows_taken,
)
from genomes.base import Streams, draw_chances, prompted, selected, short_repr, unchecked
from genomes.errors import GenomeError
from genomes.individual import Individuals
from genomes.network.activation import Program, activate_rows
from genomes.network.closed_loop import PlayerValues, play_rows
from genomes.network.columns import Columns, columns_of, columns_of_roll
from genomes.network.compilation import compile_networks
from genomes.network.export import export_network, threshold_units
from genomes.network.functions import ACTIVATIONS
from genomes.network.genes import GENES, NO_TIME_CONSTANTS, Genes
from genomes.network.own_functions import addresses
from genomes.network.stepper import Stepper
from genomes.network.validation import check_networks
from genomes.player import Player, PlayerSettings
from genomes.sampling import PLAIN, Sampling


@dataclass(frozen=True, eq=False)
class Networks(Individuals):
    """A batch of n networks with equal inputs, outputs and player.

    Raises:
        GenomeError: If the arrays are inconsistent (`genomes.network.validation`).
    """

    settings_type: ClassVar[Any] = PlayerSettings
    fixed_length: ClassVar[bool] = False

    inputs: int
    outputs: int
    feed_forward: bool
    node_offsets: Indices  # (n + 1,)
    node_id: Indices  # (nodes,) like the next four
    bias: FloatArray
    response: FloatArray
    activation: Codes  # index in genomes.network.functions.ACTIVATIONS, or own_functions.code_of
    aggregation: Codes  # index in genomes.network.functions.AGGREGATIONS
    connection_offsets: Indices  # (n + 1,)
    innovation: Indices  # (connections,) like the next four
    source: Indices
    target: Indices
    weight: FloatArray
    enabled: BoolArray
    time_constant: FloatArray = field(default_factory=lambda: NO_TIME_CONSTANTS)  # or (nodes,)
    player: Player | None = None

    def __post_init__(self) -> None:
        if self.player is not None:
            expected = (self.player.inputs, self.player.keys)
            if expected != (self.inputs, self.outputs):
                raise GenomeError(
                    f"the player has {expected[0]} inputs and {expected[1]} keys, "
                    f"the networks {self.inputs} inputs and {self.outputs} outputs"
                )
        genes = {name: getattr(self, name) for name in Genes._fields}
        checked = check_networks(self.inputs, self.outputs, self.feed_forward, genes)
        vars(self).update(checked)

    @classmethod
    def player_of(cls, settings: PlayerSettings, keys: int) -> Player:
        """See `Performers.player_of`.

        Args:
            settings: The player's settings.
            keys: Keys of the instrument.
        """
        return settings.player(keys)

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: inputs and outputs.

        Args:
            keys: Ignored.
            steps: Ignored.
            player: How the networks are played.
        """
        assert player is not None
        return player.inputs, player.keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`: network.json, in neat-python's format."""
        document = export_network(self, {**about, **threshold_units(self)})
        return {"network.json": json.dumps(document, indent=2).encode() + b"\n"}

    def improvising(self) -> Self:
        """See `Performers.improvising`: the extra input is 0 instead of 1."""
        if self.player is None or not self.player.extra_inputs:
            raise ValueError(
                "learned without the input that lets it improvise (network.extra_inputs=1)"
            )
        return replace(self, player=replace(self.player, extra_inputs=(0.0,)))

    def __len__(self) -> int:
        return len(self.node_offsets) - 1

    def __repr__(self) -> str:
        return short_repr(self, network=len(self), input=self.inputs, output=self.outputs)

    def _repr_svg_(self) -> str | None:
        from genomes.network.svg import network_svg

        return network_svg(self)

    def _repr_html_(self) -> str | None:
        from genomes.network.svg import sizes_html

        return sizes_html(self)

    @cached_property
    def program(self) -> Program:
        """The batch compiled for activation."""
        problem, compiled = compile_networks(
            self.inputs, self.outputs, self.feed_forward, genes_of(self)
        )
        if problem >= 0:
            raise GenomeError(
                f"network {problem} of {len(self)} cannot be activated: it lacks a node that "
                "a connection names, or is feed-forward and has a cycle"
            )
        if compiled.activation.max(initial=0) >= len(ACTIVATIONS):
            compiled = compiled._replace(activation=addresses(compiled.activation))
        return Program(self.inputs, self.feed_forward, *compiled)

    def activate(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs for rows of inputs.

        Args:
            inputs: Float64 (rows, inputs). For recurrent networks the rows are consecutive steps;
                their initial state is 0.

        Returns:
            Float64 (n, rows, outputs).

        Raises:
            ValueError: If the shape does not fit.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.inputs:
            raise ValueError(f"inputs must be (rows, {self.inputs}), got {inputs.shape}")
        rows = np.ascontiguousarray(inputs, np.float64)
        return self._activate_columns(columns_of(rows, self.program.source))

    def _activate_columns(self, columns: Columns) -> FloatArray:
        result = np.empty((len(self), columns.steps, self.outputs))
        activate_rows(self.program, columns, result)
        return result

    def stepper(self, time_step: float | None = None, advance_time: float | None = None) -> Stepper:
        """Return a stepper: one row of inputs per network and step, with the state kept.

        Args:
            time_step: Integrate the networks as CTRNNs, with Euler steps of this time (in the unit
                of the time constants). None to activate each node once per step.
            advance_time: Time of a step; None for one Euler step.

        Raises:
            GenomeError: If a time is no positive number, or recurrent networks with time constants
                get no time step.
        """
        return Stepper(self.program, time_step, advance_time)

    def to_neat_python(self, config: Any, keys: Sequence[int] | None = None) -> list[Any]:
        """Return `DefaultGenome`s of neat-python.

        Args:
            config: neat-python's `neat.Config`, or its `genome_config`.
            keys: Genome keys; None for 1, 2, ...

        Raises:
            GenomeError: If the networks do not fit the configuration.
        """
        # That module converts both ways, so it imports this one.
        from genomes.network.neat_python import to_neat_python

        return to_neat_python(self, config, keys)

    def _required_player(self) -> Player:
        if self.player is None:
            raise ValueError("these networks play no instrument: they were made without a player")
        return self.player

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`; activations are those of `Player.activations`."""
        player = self._required_player()
        activations = player.activations(self._activate_columns(columns_of_roll(player, grid)))
        with np.errstate(over="ignore"):  # beyond float32 they are infinite
            result = activations.astype(np.float32)
        # A positive number too small for float32 still sounds.
        zero = result == 0
        if zero.any():
            result[zero & (activations > 0)] = np.finfo(np.float32).tiny
        return result

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
        sampling: Sampling = PLAIN,
    ) -> BoolArray:
        """See `Performers.perform`.

        Voices sound one after the other, each the highest remaining output (ties: lower key). Above
        temperature 0 each is sampled from the remaining keys by the softmax of outputs /
        temperature. Voice i is the first key whose cumulative sum from the lowest key exceeds the
        step's i-th chance times the total.

        Args:
            prompt: See `Performers.perform`.
            steps: Steps to play.
            streams: See `Performers.perform`.
            temperature: Sampling temperature.
            sampling: See `Performers.perform`; a player with voices ignores it.

        Returns:
            Bool (n, steps, keys).
        """
        player = self._required_player()
        prompt_steps, played = prompted(prompt, steps, len(self), player.keys)
        chances = draw_chances(streams, temperature, len(self), steps, player.keys)
        values = PlayerValues(
            np.asarray(player.lags, np.int64),
            player.off,
            player.on,
            player.before_start,
            player.threshold,
            player.voices,
            np.asarray(player.extra_inputs, np.float64),
            sampling,
        )
        play_rows(self.program, values, prompt_steps, temperature, chances, played)
        return played

    def individuals(self) -> Sequence[Any]:
        """Return every network alone: to step and activate, or to play with a player."""
        from genomes.network.single import Network

        if self.player is None:
            return Network.each(self)
        return super().individuals()

    def sizes(self) -> Indices:
        """Return nodes and enabled connections of every network, int64 (n, 2)."""
        enabled_before = offsets_of(self.enabled)
        return np.stack(
            [np.diff(self.node_offsets), np.diff(enabled_before[self.connection_offsets])], axis=1
        )

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        chosen = selected(len(self), indices)
        genes: dict[str, Any] = {}
        for offsets_name, kinds in GENES.items():
            offsets = getattr(self, offsets_name)
            rows: slice | Indices
            if isinstance(chosen, slice):  # the genes are contiguous already
                rows = slice(offsets[chosen.start], offsets[chosen.stop])
                genes[offsets_name] = offsets[chosen.start : chosen.stop + 1] - rows.start
            else:
                rows, genes[offsets_name] = rows_taken(offsets, chosen)
            genes |= {name: getattr(self, name)[rows] for name in kinds}
            if offsets_name == "node_offsets" and len(self.time_constant):
                genes["time_constant"] = self.time_constant[rows]
        return unchecked(
            type(self), inputs=self.inputs, outputs=self.outputs,
            feed_forward=self.feed_forward, player=self.player,
            **{"time_constant": NO_TIME_CONSTANTS} | genes,
        )  # fmt: skip

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`; time constants that are all 1 are left out."""
        player = self.player
        shape = [self.inputs, self.outputs, int(self.feed_forward), int(player is not None)]
        arrays: Arrays = {"shape": np.asarray(shape, np.int64)}
        arrays |= genes_of(self)._asdict()
        if bool(np.all(self.time_constant == 1.0)):  # or there are none
            del arrays["time_constant"]
        if player is not None:
            arrays |= player.to_arrays()
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, trusted: bool = False) -> Self:
        """See `Performers.from_arrays`.

        Args:
            arrays: The arrays by name.
            trusted: Skip checks.
        """
        shape = checked_field(arrays, "shape", np.int64, (4,)).tolist()
        inputs, outputs, feed_forward, has_player = shape
        if not (feed_forward in (0, 1) and has_player in (0, 1)):
            raise GenomeError(f"shape must be inputs, outputs and twice 0 or 1, got {shape}")
        genes = {"time_constant": NO_TIME_CONSTANTS} | {
            name: arrays[name] for name in Genes._fields if name in arrays
        }
        missing = [name for name in Genes._fields if name not in genes]
        if missing:
            raise GenomeError(f"the arrays of networks lack {missing[0]}")
        make = partial(unchecked, cls) if trusted else cls
        return make(
            inputs=inputs,
            outputs=outputs,
            feed_forward=bool(feed_forward),
            player=Player.from_arrays(arrays, outputs) if has_player else None,
            **genes,
        )


def genes_of(networks: Networks) -> Genes:
    """Return the genes of a batch of networks, without copying."""
    return Genes(*(getattr(networks, name) for name in Genes._fields))


def with_time_constants(networks: Networks) -> Networks:
    """Return the networks with a time constant of 1 per node, if they have none."""
    if len(networks.time_constant):
        return networks
    return replace(networks, time_constant=np.ones(len(networks.node_id)))
