"""A search starts at the champion of another run, which it needs only once."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import Killed, Watcher, configured, outcome, resume, start

from evo.core.errors import InputError
from evo.runs.checkpoint import pack_arrays, read_arrays
from genomes.history_user.networks import HistoryUsers, Shape

TUNE = "bingo"
SMALL = {"layers": [4], "last": 4, "history": 9}


def config(architecture: str, engine: str = "es", **task: Any) -> Any:
    own = {"population": {"size": 4}, "network": SMALL | {"architecture": architecture}}
    tables = {"es": own} if engine == "es" else {}
    return configured(
        "memorize", engine, memorize={"song": TUNE, "mode": "likelihood"} | task,
        stop={"generations": 3}, checkpoints={"every": 1}, **tables,
    )  # fmt: skip


@pytest.mark.usefixtures("undrawn")
def test_a_run_starts_at_the_champion_of_another_and_is_resumed_without_it(tmp_path: Path) -> None:
    first = tmp_path / "first"
    start(first, config("lstm"))
    begun = config("content", start=str(first))
    with pytest.raises(Killed):
        start(tmp_path / "killed", begun, Watcher(kill_after=2))
    whole = start(tmp_path / "whole", begun)
    champion = read_arrays(first / "champion" / "arrays.npz")
    assert read_arrays(tmp_path / "whole" / "start.npz").keys() == champion.keys()
    shutil.rmtree(first)
    again = resume(tmp_path / "killed")
    assert outcome(tmp_path / "killed", again) == outcome(tmp_path / "whole", whole)


def test_what_is_no_champion_of_this_kind_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    two = tmp_path / "two.npz"
    users = HistoryUsers.initial(Shape(13, layers=(4,)), np.random.default_rng(1), 2)
    two.write_bytes(pack_arrays(users.to_arrays()))
    one = tmp_path / "one.npz"
    one.write_bytes(pack_arrays(users.take([0]).to_arrays()))
    other = tmp_path / "other.npz"
    other.write_bytes(b"PK no archive")
    for given, engine, words in (
        (tmp_path / "none", "es", "there is no such champion to start from"),
        (tmp_path, "es", "there is no such champion to start from"),
        (other, "es", "holds no champion of engine es"),
        (two, "es", "holds 2 individuals, not a champion alone"),
        (one, "es-reader", "engine es-reader cannot start from another run"),
        (one, "deap-history-user", "cannot start from another run"),
    ):
        with pytest.raises(InputError, match=words):
            start(tmp_path / "run", config("lstm", engine, start=str(given)))
        assert not any((tmp_path / "run").glob("*"))
