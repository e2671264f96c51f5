"""Networks whose topology evolves: the genes of a whole population as a struct of arrays.

The genes are those of NEAT (Stanley & Miikkulainen 2002): a node gene has an id, bias, response,
activation and aggregation; a connection gene has an innovation number, the ids it leads from and
to, a weight, and is enabled or not. Output k is node k, input i is source -1 - i and has no gene,
hidden nodes have ids from `outputs` up: neat-python's numbering.

Memory order: genes of all networks are concatenated, network g owns nodes
`node_offsets[g]:node_offsets[g + 1]` and connections likewise. The order of the genes is kept as
given; it is the order in which a node's inputs are summed.

A network by itself maps numbers to numbers (`activate`). With a `Player` it is a performer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from genomes.arrays import Arrays, BoolArray, Codes, FloatArray, Indices, Singles
from genomes.base import Streams, draw_chances, prompt_length
from genomes.network.activation import Program, activate_rows
from genomes.network.closed_loop import Hearing, play_rows
from genomes.network.compilation import compile_networks
from genomes.network.export import export_network
from genomes.player import Player, PlayerSettings

_WIDEST = 1 << 20  # inputs or outputs; no task has as many
NODE_GENES = {
    "node_id": np.int64,
    "bias": np.float64,
    "response": np.float64,
    "activation": np.uint8,
    "aggregation": np.uint8,
}
CONNECTION_GENES = {
    "innovation": np.int64,
    "source": np.int64,
    "target": np.int64,
    "weight": np.float64,
    "enabled": np.bool_,
}


@dataclass(frozen=True, eq=False)
class Networks:
    """A batch of n networks of the same inputs, outputs and player."""

    settings_type: ClassVar[Any] = PlayerSettings
    fixed_length: ClassVar[bool] = False

    inputs: int
    outputs: int
    feed_forward: bool
    node_offsets: Indices  # (n + 1,)
    node_id: Indices  # (nodes,) like the next four
    bias: FloatArray
    response: FloatArray
    activation: Codes  # place in genomes.network.functions.ACTIVATIONS
    aggregation: Codes  # place in genomes.network.functions.AGGREGATIONS
    connection_offsets: Indices  # (n + 1,)
    innovation: Indices  # (connections,) like the next four
    source: Indices
    target: Indices
    weight: FloatArray
    enabled: BoolArray
    player: Player | None = None

    def __post_init__(self) -> None:
        if self.player is not None:
            wanted = (self.player.inputs, self.player.keys)
            if wanted != (self.inputs, self.outputs):
                raise ValueError(
                    f"the player has {wanted[0]} inputs and {wanted[1]} keys, "
                    f"the networks {self.inputs} inputs and {self.outputs} outputs"
                )

    @classmethod
    def player_of(cls, settings: PlayerSettings, keys: int) -> Player:
        """See `Performers.player_of`."""
        return settings.player(keys)

    @classmethod
    def shape_of(cls, keys: int, steps: int, player: Player | None) -> tuple[int, int]:
        """See `Performers.shape_of`: inputs and outputs."""
        assert player is not None
        return player.inputs, player.keys

    def export(self, about: Mapping[str, Any]) -> dict[str, bytes]:
        """See `Performers.export`: network.json, in neat-python's format."""
        document = export_network(self, dict(about))
        return {"network.json": json.dumps(document, indent=2).encode() + b"\n"}

    def improvising(self) -> Self:
        """See `Performers.improvising`: the extra input is 0, and not 1 as while learning."""
        if self.player is None or not self.player.extra_inputs:
            raise ValueError(
                "learned without the input that lets it improvise (network.extra_inputs=1)"
            )
        return replace(self, player=replace(self.player, extra_inputs=(0.0,)))

    def __len__(self) -> int:
        return len(self.node_offsets) - 1

    @cached_property
    def program(self) -> Program:
        """The batch compiled for activation.

        Raises ValueError naming the first network that has a connection to a node it lacks, or,
        being feed-forward, a cycle.
        """
        problem, offsets, genes, link_offsets, source, weight, outputs = compile_networks(
            self.inputs,
            self.outputs,
            self.feed_forward,
            self.node_offsets,
            self.node_id,
            self.connection_offsets,
            self.source,
            self.target,
            self.weight,
            self.enabled,
        )
        if problem >= 0:
            raise ValueError(
                f"network {problem} of {len(self)} cannot be activated: it lacks a node that "
                "a connection names, or is feed-forward and has a cycle"
            )
        return Program(
            self.inputs,
            self.feed_forward,
            offsets,
            self.node_id[genes],
            self.bias[genes],
            self.response[genes],
            self.activation[genes],
            self.aggregation[genes],
            link_offsets,
            source,
            weight,
            outputs,
        )

    def activate(self, inputs: FloatArray) -> FloatArray:
        """Outputs for rows of inputs.

        `inputs` is float64 (rows, inputs); the rows are consecutive steps for recurrent networks,
        which start from zero. Returns float64 (n, rows, outputs).
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.inputs:
            raise ValueError(f"inputs must be (rows, {self.inputs}), got {inputs.shape}")
        return self._activate_columns(np.ascontiguousarray(inputs.T, np.float64))

    def _activate_columns(self, columns: FloatArray) -> FloatArray:
        result = np.empty((len(self), columns.shape[1], self.outputs))
        activate_rows(self.program, columns, result)
        return result

    def _players_hearing(self) -> Player:
        if self.player is None:
            raise ValueError("these networks play no instrument: they were made without a player")
        return self.player

    def follow(self, grid: BoolArray) -> Singles:
        """See `Performers.follow`; the activation is what `Player.activations` makes of outputs."""
        player = self._players_hearing()
        activations = player.activations(self._activate_columns(player.hear(grid)))
        said = activations.astype(np.float32)
        # A positive number too small for float32 still sounds.
        said[(said == 0) & (activations > 0)] = np.finfo(np.float32).tiny
        return said

    def perform(
        self,
        prompt: BoolArray,
        steps: int,
        streams: Streams | None = None,
        temperature: float = 0.0,
    ) -> BoolArray:
        """See `Performers.perform`.

        A player's voices sound one after the other, each the highest of the outputs that are left,
        ties to the lower key. Above temperature 0 each is drawn of the keys that are left, by the
        softmax of their outputs / temperature: voice i is the first key at which the sum over the
        keys from the lowest exceeds the step's i-th chance (of as many as there are keys; the
        others are not used) times the whole sum.
        """
        player = self._players_hearing()
        prompt_steps = prompt_length(prompt, steps, len(self), player.keys)
        played = np.zeros((len(self), steps, player.keys), np.bool_)
        played[:, :prompt_steps] = prompt
        chances = np.empty((0, 0, 0))
        if temperature > 0.0:
            chances = draw_chances(streams, len(self), steps, player.keys)
        hearing = Hearing(
            np.asarray(player.lags, np.int64),
            player.off,
            player.on,
            player.before_start,
            player.threshold,
            player.voices,
            np.asarray(player.extra_inputs, np.float64),
        )
        play_rows(self.program, hearing, prompt_steps, temperature, chances, played)
        return played

    def sizes(self) -> Indices:
        """Nodes and enabled connections of every network: int64 (n, 2)."""
        enabled_before = np.concatenate([[0], np.cumsum(self.enabled)])
        return np.stack(
            [np.diff(self.node_offsets), np.diff(enabled_before[self.connection_offsets])], axis=1
        )

    def take(self, indices: Sequence[int] | Indices) -> Self:
        """See `Performers.take`."""
        chosen = np.arange(len(self))[np.asarray(indices, np.int64)]
        consecutive = len(chosen) > 1 and bool(np.all(np.diff(chosen) == 1))
        parts: dict[str, Any] = {}
        for offsets_name, genes in (
            ("node_offsets", NODE_GENES),
            ("connection_offsets", CONNECTION_GENES),
        ):
            offsets = getattr(self, offsets_name)
            if consecutive:  # a worker's chunk: the genes stand together already
                first, last = offsets[chosen[0]], offsets[chosen[-1] + 1]
                parts[offsets_name] = offsets[chosen[0] : chosen[-1] + 2] - first
                parts |= {name: getattr(self, name)[first:last] for name in genes}
                continue
            lengths = np.diff(offsets)[chosen]
            ends = np.cumsum(lengths)
            # Row j of the result is gene (start of its network) + (place within it).
            rows = np.repeat(offsets[chosen] - (ends - lengths), lengths) + np.arange(lengths.sum())
            parts[offsets_name] = np.concatenate([[0], ends]).astype(np.int64)
            parts |= {name: getattr(self, name)[rows] for name in genes}
        return replace(self, **parts)

    def to_arrays(self) -> Arrays:
        """See `Performers.to_arrays`."""
        player = self.player
        shape = [self.inputs, self.outputs, int(self.feed_forward), int(player is not None)]
        arrays: Arrays = {"shape": np.asarray(shape, np.int64)}
        for name in ("node_offsets", *NODE_GENES, "connection_offsets", *CONNECTION_GENES):
            arrays[name] = getattr(self, name)
        if player is not None:
            arrays["player_lags"] = np.asarray(player.lags, np.int64)
            arrays["player_levels"] = np.asarray(
                [player.off, player.on, player.before_start, player.threshold]
            )
            arrays["player_extra_inputs"] = np.asarray(player.extra_inputs, np.float64)
            arrays["player_voices"] = np.asarray(player.voices, np.int64)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """See `Performers.from_arrays`; raises ValueError where the arrays do not fit together."""
        inputs, outputs, feed_forward, has_player = (int(value) for value in arrays["shape"])
        if not (0 <= inputs <= _WIDEST and 1 <= outputs <= _WIDEST):
            raise ValueError(f"shape must be of 1 to {_WIDEST:,} outputs, got {arrays['shape']}")
        genes: dict[str, Any] = {}
        for offsets_name, kinds in (
            ("node_offsets", NODE_GENES),
            ("connection_offsets", CONNECTION_GENES),
        ):
            offsets = np.ascontiguousarray(arrays[offsets_name], np.int64)
            genes[offsets_name] = offsets
            for name, kind in kinds.items():
                genes[name] = np.ascontiguousarray(arrays[name], kind)
                if (
                    offsets.ndim != 1
                    or not len(offsets)
                    or offsets[0] != 0
                    or np.any(np.diff(offsets) < 0)
                ):
                    raise ValueError(f"{offsets_name} must start at 0 and never fall")
                if genes[name].shape != (offsets[-1],):
                    raise ValueError(f"{name} must be ({offsets[-1]},), got {genes[name].shape}")
        if genes["node_offsets"].shape != genes["connection_offsets"].shape:
            raise ValueError(
                f"connection_offsets must be {genes['node_offsets'].shape}, "
                f"got {genes['connection_offsets'].shape}"
            )
        player = None
        if has_player:
            # Arrays of before there were voices have none.
            voices = int(arrays["player_voices"]) if "player_voices" in arrays else 0
            off, on, before_start, threshold = (float(x) for x in arrays["player_levels"])
            player = Player(
                keys=outputs,
                lags=tuple(int(lag) for lag in arrays["player_lags"]),
                off=off,
                on=on,
                before_start=before_start,
                threshold=threshold,
                extra_inputs=tuple(float(x) for x in arrays["player_extra_inputs"]),
                voices=voices,
            )
        return cls(inputs, outputs, bool(feed_forward), player=player, **genes)
