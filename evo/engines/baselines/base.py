"""What the baselines share: each searches with the operators of another engine.

    random_search   every generation is drawn independently
    one_plus_one    mutants of the best so far

A baseline is a simple search to compare engines with. It searches the genome kind of one of them,
its base engine, and uses that engine's settings, initial individuals and mutations (`Operators`).
So an experiment needs no code for baselines.
"""

from typing import Any, ClassVar, Self

import msgspec

from evo.core.config import Config
from evo.core.settings import Changes, changed, tables
from evo.engines.base import Engine
from evo.engines.operators import Operators
from evo.engines.own_functions import Functions
from genomes.player import Player


class Baseline(Engine[Any]):
    """A search with the operators of another engine, its base engine.

    Attributes:
        base: The class of the base engine.
        own_tables: Tables of settings that the search adds to those of the base engine, by name.
    """

    base: ClassVar[type[Engine[Any]]]
    own_tables: ClassVar[dict[str, msgspec.Struct]] = {}

    @classmethod
    def over(cls, base: type[Engine[Any]]) -> type[Self]:
        """Return a subclass of this search, with `base` as its base engine."""
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

    def __init__(
        self,
        settings: Any | Changes,
        *,
        seed: int,
        player: Player | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(settings, seed=seed, player=player, functions=functions)
        self.base(self.of_base(self.settings), seed=seed, player=player)  # checks the player
        self._operators = self.operators_for(self.settings, player)

    @classmethod
    def of_base(cls, settings: Any) -> Any:
        """Return the settings of the base engine, without the search's own tables."""
        given = {k: v for k, v in tables(settings).items() if k not in cls.own_tables}
        return changed(cls.base.settings_type(), given)

    @classmethod
    def operators_for(cls, settings: Any, player: Player | None = None) -> Operators[Any]:
        """Return the base engine's operators, which draw and mutate individuals.

        Args:
            settings: Settings of the baseline, with those of the base engine.
            player: How the performers play.
        """
        assert cls.base.operators is not None
        return cls.base.operators(cls.of_base(settings), player)

    @classmethod
    def of_shape(cls, settings: Any, inputs: int, outputs: int) -> Any:
        """See `Engine.of_shape`.

        Args:
            settings: The settings to change.
            inputs: First number of the shape.
            outputs: Second number of the shape.
        """
        shaped = tables(cls.base.of_shape(cls.of_base(settings), inputs, outputs))
        return changed(settings, shaped)

    @classmethod
    def limits(cls, config: Config) -> Changes:
        """Return changes of [stop] and [checkpoints], for as many evaluations as the base engine.

        Args:
            config: The run's configuration, with the limits of its base.
        """
        return {}
