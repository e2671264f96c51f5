"""A run reads the user's songs once, and its own copies afterwards."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from disturbing import undrawn
from failing_disk import exit_code, in_child
from running import PLAYING

from evo.cli.main import main
from evo.core.registry import short_name
from evo.engines import genome_of
from evo.music.tunes import tune

SMALL = ("--population", "12", "--generations", "2", "--set", "checkpoints.every=1")
TUNES = ("ode-to-joy", "bingo", "london-bridge")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of a user's songs."""
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in TUNES:
        tune(name).save(folder / f"{name}.mid")
    return folder


def opened(folder: Path, *arguments: object) -> Counter[str]:
    """Count how often a command opens each file of a folder."""
    told = folder.parent / "told.json"

    def work() -> int:
        count: Counter[str] = Counter()

        def hear(event: str, given: tuple[Any, ...]) -> None:
            if event == "open" and isinstance(given[0], str | Path):
                path = Path(given[0]).absolute()
                if path.parent == folder and path.suffix == ".mid":
                    count[path.name] += 1

        sys.addaudithook(hear)  # for the rest of this process, which is a copy
        try:
            main([str(argument) for argument in arguments], standalone_mode=False)
        finally:
            told.write_text(json.dumps(count))
        return 0

    assert exit_code(in_child(work)) == 0
    return Counter(json.loads(told.read_text()))


def by_option(engine: str) -> tuple[str, ...]:
    """Return the options that choose an engine."""
    few = ("--set", "anneal.annealing.edits=50") if engine == "anneal" else ()
    return "--engine", short_name(engine), "--genome", genome_of(engine), *few


@pytest.mark.parametrize("engine", PLAYING)
def test_a_song_is_read_once(mine: Path, engine: str) -> None:
    path = mine / "bingo.mid"
    assert opened(mine, "run", "memorize", *by_option(engine), "--song", path, *SMALL) == {
        "bingo.mid": 1
    }


@pytest.mark.parametrize("engine", [one for one in PLAYING if genome_of(one) != "grid"])
def test_every_song_of_a_folder_is_read_once(mine: Path, engine: str) -> None:
    once = {f"{name}.mid": 1 for name in TUNES}
    assert opened(mine, "run", "memorize", *by_option(engine), "--song", mine, *SMALL) == once


def test_a_resume_reads_the_runs_own_copy_alone(mine: Path) -> None:
    path = mine / "bingo.mid"
    opened(mine, "run", "memorize", "--song", path, *SMALL, "--out", "run")
    assert opened(mine, "resume", "run", "--generations", 3) == {}


def test_measuring_reads_every_song_once(mine: Path) -> None:
    result = opened(mine, "songs", "measure", mine)
    assert set(result) == {f"{name}.mid" for name in TUNES}
    assert set(result.values()) == {1}
