"""What the searches without breeding share, which others are compared with.

    random_search   every generation is drawn anew
    one_plus_one    mutants of the best so far

There is one for every genome kind; each has the settings of the engine that breeds the kind by
default (`evo.engines.baselines.operators`), so that an experiment need not know of them.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from evo.engines.base import Engine, Settings
from evo.engines.baselines.operators import Operators
from genomes.player import Player


class Baseline(Engine):
    """A search by the operators of a genome kind."""

    operators: ClassVar[type[Operators]]
    # Tables of settings besides those of the base.
    own_tables: ClassVar[dict[str, dict[str, Any]]] = {}

    def __init_subclass__(cls) -> None:
        if hasattr(cls, "operators"):
            cls.genome, cls.kernels = cls.operators.base.genome, cls.operators.base.kernels

    def __init__(self, settings: Settings, *, seed: int, player: Player | None = None) -> None:
        super().__init__(settings, seed=seed, player=player)
        tables = {name: table for name, table in settings.items() if name not in self.own_tables}
        self.operators.base(tables, seed=seed, player=player)  # says what is wrong with them
        self._operators = self.operators(tables, player)

    @classmethod
    def default_settings(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """See `Engine.default_settings`."""
        return cls.settings_from(cls.operators.base.default_settings(inputs, outputs))

    @classmethod
    def settings_from(cls, tables: dict[str, Any]) -> dict[str, Any]:
        """The settings that the base's tables make."""
        return tables | {name: dict(table) for name, table in cls.own_tables.items()}

    @classmethod
    def limits(cls, config: Mapping[str, Any], tables: Settings, own: Settings) -> dict[str, Any]:
        """The tables of a run's configuration that differ from the base's, which has `tables`.

        `own` are the settings of this engine. None differs where a generation has as many
        individuals as one of the base.
        """
        return {}

    @classmethod
    def shape_setting(cls, inputs: int, outputs: int) -> dict[str, Any]:
        """See `Engine.shape_setting`."""
        return cls.operators.base.shape_setting(inputs, outputs)

    @classmethod
    def population_setting(cls, individuals: int) -> dict[str, Any]:
        """See `Engine.population_setting`."""
        return cls.operators.base.population_setting(individuals)
