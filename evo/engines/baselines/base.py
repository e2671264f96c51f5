"""What the searches without breeding share, which others are compared with.

    random_search   every generation is drawn anew
    one_plus_one    mutants of the best so far

A baseline searches the genome kind of any engine that has `operators`, its base: with the base's
settings, first individuals and mutations. So an experiment need not know of baselines.
"""

from typing import Any, ClassVar, Self

import msgspec

from evo.core.config import Config
from evo.core.settings import Changes, changed, tables
from evo.engines.base import Engine, Operators
from genomes.player import Player


class Baseline(Engine[Any]):
    """A search by the operators of another engine, its `base`."""

    base: ClassVar[type[Engine[Any]]]
    # Tables of settings beside those of the base: name -> default.
    own_tables: ClassVar[dict[str, msgspec.Struct]] = {}

    @classmethod
    def over(cls, base: type[Engine[Any]]) -> type[Self]:
        """Return the search among the individuals of another engine."""
        own = [(name, type(table), table) for name, table in cls.own_tables.items()]
        settings = msgspec.defstruct(
            f"{cls.__name__}{base.settings_type.__name__}",
            own,
            bases=(base.settings_type,),
            frozen=True,
            kw_only=True,
        )
        attributes = {
            "base": base,
            "settings_type": settings,
            "genome": base.genome,
            "kernels": base.kernels,
            "population": cls.__dict__.get("population", base.population),
        }
        return type(f"{cls.__name__}Over{base.__name__}", (cls,), attributes)

    def __init__(self, settings: Any | Changes, *, seed: int, player: Player | None = None) -> None:
        super().__init__(settings, seed=seed, player=player)
        self.base(self.of_base(self.settings), seed=seed, player=player)  # checks the player
        self._operators = self.operators_for(self.settings, player)

    @classmethod
    def of_base(cls, settings: Any) -> Any:
        """Return the settings of the base that are in these."""
        given = {k: v for k, v in tables(settings).items() if k not in cls.own_tables}
        return changed(cls.base.settings_type(), given)

    @classmethod
    def operators_for(cls, settings: Any, player: Player | None = None) -> Operators[Any]:
        """Return the operators of the base, by these settings."""
        assert cls.base.operators is not None
        return cls.base.operators(cls.of_base(settings), player)

    @classmethod
    def of_shape(cls, settings: Any, inputs: int, outputs: int) -> Any:
        """See `Engine.of_shape`."""
        shaped = tables(cls.base.of_shape(cls.of_base(settings), inputs, outputs))
        return changed(settings, shaped)

    @classmethod
    def limits(cls, config: Config) -> Changes:
        """Return changes of a run's limits that give it as many evaluations as its base.

        Args:
            config: The run's configuration, with the limits of its base.
        """
        return {}
