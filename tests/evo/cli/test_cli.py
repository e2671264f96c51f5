"""The command line: its commands, and one line with exit code 2 for a user's mistake."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from commands import evo
from disturbing import undrawn
from running import Killed, Watcher, configured, pictureless, start

from evo import __version__
from evo.cli.main import main
from evo.core.errors import WorkersLostError
from evo.core.registry import (
    BASELINES,
    ENGINES,
    EXPERIMENTS,
    GENOMES,
    LOGGERS,
    engine_options,
    load,
)
from evo.core.scores import Scores
from evo.core.settings import tables
from evo.engines import default_engine, engine_class, engine_names, genome_of
from evo.engines.neat.settings import NeatPythonSettings
from evo.fitness.xor import Xor
from evo.music.song import Song
from evo.music.tunes import tune
from evo.runs.description import load_config, read_log
from evo.workers.serial import Serial

ENGINE_NAMES = (
    "neat", "neat-python", "ga", "es", "deap", "anneal", "map-elites", "random", "one-plus-one",
)  # fmt: skip
DEFAULT_ENGINE = default_engine("network")
SMALL = ("--population", "12", "--generations", "3", "--set", "stop.solved=false")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)


def done(*arguments: object) -> str:
    result = evo(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    """Return the one-line error of a wrong command."""
    result = evo(*arguments)
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert result.stdout == ""
    return line


def result_of(path: Path | str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((Path(path) / "result.json").read_text())
    return result


# Names and help


@pytest.mark.parametrize("command", ["run", "settings"])
def test_the_names_in_the_help_are_those_of_the_registries(command: str) -> None:
    choices = {
        option.name: tuple(option.type.choices)
        for option in main.commands[command].params
        if isinstance(option.type, click.Choice)
    }
    assert choices == {
        "experiment": tuple(EXPERIMENTS),
        "engine": ENGINE_NAMES,
        "genome": tuple(GENOMES),
        **({"log": tuple(LOGGERS)} if command == "run" else {}),
    }
    assert tuple(engine_options()) == ENGINE_NAMES
    assert DEFAULT_ENGINE in ENGINES


def test_every_engine_breeds_one_genome_kind_and_its_own() -> None:
    bred = {engine: genome_of(engine) for engine in engine_names()}
    assert set(bred.values()) == set(GENOMES)
    for engine, genome in bred.items():
        assert engine_class(engine).genome is load(GENOMES[genome])
    for genome in GENOMES:
        of_kind = [name for name in engine_names() if bred[name] == genome]
        assert default_engine(genome) == of_kind[0]
        assert {f"{baseline}-{genome}" for baseline in BASELINES} < set(of_kind)


@pytest.mark.parametrize("command", [
    (), ("run",), ("resume",), ("plot",), ("play",), ("compare",), ("songs",), ("songs", "list"),
    ("runs",), ("settings",),
])  # fmt: skip
def test_every_command_has_a_help(command: tuple[str, ...]) -> None:
    text = done(*command, "--help")
    assert text == done(*command, "-h")
    assert "Usage:" in text


def test_the_help_names_experiments_and_engines() -> None:
    text = done("run", "--help")
    assert all(name in text for name in (*EXPERIMENTS, *ENGINE_NAMES))
    assert __version__ in done("--version")


def test_the_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from evo.cli.main import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "finally:\n"
        "    heavy = {'numpy', 'numba', 'neat', 'mido', 'matplotlib', 'rich', 'multiprocess'}\n"
        "    print(sorted(heavy & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.stdout.splitlines()[-1] == "[]"


# Running


def test_a_run_says_how_it_ended_and_where_it_is() -> None:
    text = done("run", "xor", *SMALL, "--seed", 3, "--out", "here")
    assert "finished: 3 generations done; 3 generations, 36 evaluations" in text
    assert "the run is in here" in text
    assert result_of("here")["seed"] == 3


def test_runs_without_a_place_go_below_runs_by_what_they_do() -> None:
    for _ in range(2):
        done("run", "xor", *SMALL, "--seed", 3, "--engine", "neat-python")
    names = sorted(path.name for path in Path("runs").iterdir())
    assert names == ["xor-neat-python-seed3", "xor-neat-python-seed3-2"]
    first, second = (result_of(f"runs/{name}") for name in names)
    assert first["digest"] == second["digest"]


def test_population_seed_limits_and_workers_are_in_the_configuration() -> None:
    done("run", "xor", "--population", 14, "--seed", 9, "--generations", 2, "--time-limit", "1.5h",
         "--target", "3.95", "--workers", 1, "--out", "a")  # fmt: skip
    config = load_config(Path("a/config.toml"))
    assert config["run"]["seed"] == 9
    assert config[DEFAULT_ENGINE]["NEAT"]["pop_size"] == 14
    assert config["stop"]["generations"] == 2
    assert config["stop"]["time_limit"] == 5400.0
    assert config["stop"]["target"] == 3.95
    assert result_of("a")["evaluations"] == 28


def test_the_later_source_of_a_setting_overrides_the_earlier() -> None:
    Path("mine.toml").write_text(
        "[run]\nseed = 1\n[stop]\ngenerations = 7\nsolved = false\n"
        f"[{DEFAULT_ENGINE}.NEAT]\npop_size = 30\n"
    )
    done("run", "xor", "--config", "mine.toml", "--population", 20, "--generations", 4,
         "--set", f"{DEFAULT_ENGINE}.NEAT.pop_size=10", "--out", "a")  # fmt: skip
    config = load_config(Path("a/config.toml"))
    assert config["run"]["seed"] == 1
    assert config["stop"]["generations"] == 4
    assert config[DEFAULT_ENGINE]["NEAT"]["pop_size"] == 10
    assert result_of("a")["evaluations"] == 40


@pytest.mark.parametrize("engine", ["neat", "neat-python"])
def test_the_configuration_of_a_run_given_to_another_runs_the_same(engine: str) -> None:
    done("run", "xor", *SMALL, "--seed", 4, "--engine", engine,
         "--set", f"{engine}.DefaultGenome.node_add_prob=0.7", "--out", "a")  # fmt: skip
    done("run", "xor", "--config", "a/config.toml", "--out", "b")
    assert tomllib.loads(Path("a/config.toml").read_text()) == tomllib.loads(
        Path("b/config.toml").read_text()
    )
    assert result_of("a")["digest"] == result_of("b")["digest"]
    assert Path("a/champion/arrays.npz").read_bytes() == Path("b/champion/arrays.npz").read_bytes()
    done("run", "xor", *SMALL, "--seed", 4, "--engine", engine, "--out", "c")
    assert result_of("c")["digest"] != result_of("a")["digest"]  # the setting did something


def test_a_genome_has_an_engine_by_default_and_is_copied_from_its_configuration() -> None:
    small = (*SMALL, "--seed", 4, "--song", "ode-to-joy")
    done("run", "memorize", *small, "--genome", "grid", "--out", "a")
    done("run", "memorize", "--config", "a/config.toml", "--genome", "grid", "--out", "b")
    done("run", "memorize", *small, "--engine", "ga", "--out", "c")
    assert load_config(Path("a/config.toml"))["run"]["engine"] == "ga"
    assert result_of("a")["digest"] == result_of("b")["digest"] == result_of("c")["digest"]
    done("run", "memorize", *small, "--genome", "network", "--out", "d")
    assert genome_of(load_config(Path("d/config.toml"))["run"]["engine"]) == "network"


def test_a_note_grid_plays_by_chance_or_after_another_beginning_but_leaves_no_song() -> None:
    done("run", "memorize", *SMALL, "--genome", "grid", "--out", "a")
    done("play", "a")
    assert Path("a/champion/song.wav").read_bytes()[:4] == b"RIFF"
    done("play", "a", "--temperature", 0.5)
    done("play", "a", "--prompt", "ode-to-joy")
    assert len(list(Path("a/improvisations").glob("*.mid"))) == 2
    assert "a note grid, which has no input" in refused("play", "a", "--improvise")


def test_the_same_command_is_the_same_run_and_a_script_too() -> None:
    done("run", "xor", *SMALL, "--seed", 4, "--out", "a")
    from evo.experiments import xor

    ended = subprocess.run(
        [sys.executable, xor.__file__, *SMALL, "--seed", "4", "--out", "b"],
        capture_output=True, text=True, env=pictureless(),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert result_of("a")["digest"] == result_of("b")["digest"]


def test_memorize_learns_an_embedded_tune_or_a_file_or_a_folder() -> None:
    folder = Path("midi")
    done("songs", "export", folder)
    names = sorted(path.stem for path in folder.iterdir())
    assert len(names) >= 40
    both = Path("two")
    both.mkdir()
    for name in names[:2]:
        (both / f"{name}.mid").write_bytes((folder / f"{name}.mid").read_bytes())
    digests = []
    for place, song in enumerate((names[0], folder / f"{names[0]}.mid", both)):
        done("run", "memorize", *SMALL, "--song", song, "--out", place)
        result = result_of(str(place))
        digests.append(result["digest"])
        assert result["steps_total"] == 120 * (2 if song == both else 1)
    assert digests[0] == digests[1] != digests[2]


def test_a_song_whose_name_is_not_utf8_is_refused_in_one_line_and_learned_by_its_folder() -> None:
    folder = Path("songs")
    folder.mkdir()
    path = os.fsdecode(b"songs/caf\xe9.mid")
    tune("ode-to-joy").save(path)
    line = refused("run", "memorize", "--song", path, *SMALL)
    assert "memorize.song must be UTF-8 text" in line
    assert "songs/caf\\udce9.mid" in line
    assert not Path("runs").exists()
    done("run", "memorize", "--song", folder, *SMALL)


def test_a_song_with_a_long_name_is_learned_into_a_shorter_folder() -> None:
    for letter in ("n", "é"):
        song = Path(letter * (240 // len(letter.encode())) + ".mid")
        tune("ode-to-joy").save(song)
        done("run", "memorize", "--song", song, *SMALL)
        done("run", "memorize", "--song", song, *SMALL)
    found = sorted(Path("runs").iterdir())
    assert len(found) == 4
    for path in found:
        assert path.name.startswith("memorize-")
        assert len(path.name.encode()) <= 124


def test_a_failing_run_ends_with_exit_code_1_and_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Xor,
        "evaluate",
        lambda self, performers, streams: Scores.of(np.full(len(performers), np.nan)),
    )
    result = evo("run", "xor", *SMALL, "--out", "a")
    assert result.exit_code == 1
    assert "failed: 12 of 12 individuals failed in generation 0" in result.output
    assert result_of("a")["status"] == "failed"


def test_a_run_whose_workers_are_lost_ends_with_exit_code_1_and_can_be_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(self: Any, fitness: Any, performers: Any, generation: int) -> Any:
        raise WorkersLostError("they are gone")

    place = "my runs/a"
    with monkeypatch.context() as patch:
        patch.setattr(Serial, "evaluate", lost)
        result = evo("run", "xor", *SMALL, "--out", place)
    assert result.exit_code == 1
    assert "stopped: they are gone" in result.output
    assert result.output.splitlines()[-1] == "resume it with: evo resume 'my runs/a'"
    assert "evo resume 'my runs/a'" in done("runs", "my runs")
    assert "finished: 3 generations done" in done("resume", place)


# neat-python's files


def ini(**neat_section: object) -> Path:
    """Return a configuration file of neat-python, for XOR."""
    found = tables(NeatPythonSettings())
    found["NEAT"] |= neat_section
    found["DefaultGenome"] |= {"num_inputs": 2, "num_outputs": 1}
    lines = ["# XOR, as neat-python's users know it"]
    for name, items in found.items():
        lines += ["", f"[{name}]"]
        for item, value in items.items():
            text = " ".join(value) if isinstance(value, tuple) else value
            lines.append(f"{item:30} = {text}")
    path = Path("config-feedforward")
    path.write_text("\n".join(lines))
    return path


def test_a_neat_python_file_brings_population_threshold_and_seed() -> None:
    path = ini(pop_size=17, fitness_threshold=2.0, no_fitness_termination=False, seed=23)
    done("run", "xor", "--engine", "neat-python", "--neat-config", path, "--out", "a")
    result, config = result_of("a"), load_config(Path("a/config.toml"))
    assert result["reason"] == "best fitness reached the target 2"
    assert result["evaluations"] == 17 * result["generations"]
    assert result["seed"] == config["run"]["seed"] == 23
    assert config["stop"]["target"] == 2.0


def test_options_override_a_neat_python_file() -> None:
    path = ini(pop_size=17, fitness_threshold=2.0, no_fitness_termination=False, seed=23)
    done("run", "xor", "--engine", "neat-python", "--neat-config", path, *SMALL,
         "--seed", 3, "--target", 100, "--out", "a")  # fmt: skip
    result = result_of("a")
    assert (result["seed"], result["evaluations"]) == (3, 36)
    assert result["reason"] == "3 generations done"


def test_a_neat_python_file_without_termination_brings_no_target() -> None:
    path = ini(pop_size=12, fitness_threshold=-100.0, no_fitness_termination=True)
    done("run", "xor", "--engine", "neat-python", "--neat-config", path, "--generations", 2,
         "--out", "a")  # fmt: skip
    assert result_of("a")["reason"] == "2 generations done"


def old_file() -> Path:
    """Write a file of neat-python 0.92, without the entries that it has defaults for."""
    lines = ini(pop_size=12, fitness_threshold=100.0).read_text().splitlines()
    left_out = ("no_fitness", "seed", "time_constant", "single_", "structural_", "min_species")
    path = Path("old")
    path.write_text("\n".join(line for line in lines if not line.startswith(left_out)))
    return path


def test_a_neat_python_file_of_an_earlier_release_says_what_was_filled() -> None:
    for engine in ("neat", "neat-python"):
        shown = done("run", "xor", "--engine", engine, "--neat-config", old_file(),
                     "--generations", 2, "--out", engine)  # fmt: skip
        line = next(line for line in shown.splitlines() if line.startswith("old: "))
        assert line.startswith("old: a file of neat-python 0.92; set as it did: no_fitness_term")
        assert "min_species_size = 2" in line
        assert result_of(engine)["generations"] == 2


@pytest.mark.parametrize(("experiment", "numbers"), [
    ("xor", ("num_inputs = 11, but xor has 2 inputs", "num_outputs = 3, but xor has 1 outputs")),
    ("memorize", ("num_inputs = 11, but memorize has 469", "num_outputs = 3, but memorize has 13")),
    ("guess", ("num_inputs = 11, but guess has", "num_outputs = 3, but guess has 26")),
    ("critic", ("num_inputs = 11, but critic has", "num_outputs = 3, but critic has 13")),
])  # fmt: skip
def test_a_neat_python_file_that_does_not_fit_the_task_is_refused_with_both_numbers(
    experiment: str, numbers: tuple[str, str]
) -> None:
    text = ini().read_text()
    for name, number in (("num_inputs", "11"), ("num_outputs", "3")):
        text = re.sub(rf"{name} *= \d+", f"{name} = {number}", text)
    Path("wide.ini").write_text(text)
    line = refused("run", experiment, "--engine", "neat", "--neat-config", "wide.ini")
    assert "wide.ini: " in line
    assert all(words in line for words in numbers)
    assert not list(Path().glob("runs/*"))


def test_a_wrong_neat_python_file_is_refused_in_one_line() -> None:
    text = ini().read_text()
    Path("wrong").write_text(text.replace("pop_size", "pop_sice"))
    assert "pop_si" in refused("run", "xor", "--engine", "neat-python", "--neat-config", "wrong")
    Path("none").write_text("hello")
    line = refused("run", "xor", "--engine", "neat-python", "--neat-config", "none")
    assert "none" in line
    assert "missing" in refused("run", "xor", "--engine", "neat-python", "--neat-config", "missing")
    assert not list(Path().glob("runs/*"))


# What a user gets wrong


@pytest.mark.parametrize(("arguments", "named"), [
    (("run", "chess"), "chess"),
    (("run",), "memorize"),
    (("walk",), "walk"),
    (("--loud",), "loud"),
    (("run", "xor", "--engine", "tensorneat"), "tensorneat"),
    (("run", "xor", "--colour", "red"), "colour"),
    (("run", "xor", "--genome", "tree"), "tree"),
    (("run", "xor", "--genome", "grid"), "xor is a task for the genome network"),
    (("run", "xor", "--engine", "ga"), "ga breeds the genome grid"),
    (("run", "memorize", "--genome", "grid", "--engine", "neat"),
     "is bred by ga or deap, not by neat"),
    (("run", "memorize", "--genome", "network", "--engine", "deap"),
     "is bred by neat or neat-python, not by deap"),
    (("run", "copy", "--engine", "deap", "--genome", "grid"), "breeds the genome grid"),
    (("run", "xor", "--engine", "deap"), "xor is a task for the genome network, and deap breeds"),
    (("run", "memorize", "--genome", "network", "--engine", "ga"), "or neat-python, not by ga"),
    (("run", "memorize", "--genome", "grid", "--neat-config", "x"), "ga breeds none"),
    (("run", "memorize", "--genome", "grid", "--set", "memorize.lags=1"), "memorize.lags"),
    (("run", "memorize", "--genome", "grid", "--set", "network.lags=1"), "network"),
    (("run", "memorize", "--genome", "grid", "--set", "ga.mutation.edits=0"), "mutation.edits"),
    (("run", "memorize", "--genome", "grid", "--set", "ga.mutation.leap=1"), "leap"),
    (("run", "memorize", "--genome", "grid", "--song", "no-such-tune"), "no-such-tune"),
    (("run", "xor", "--population", "1"), "1"),
    (("run", "xor", "--population", "few"), "few"),
    (("run", "xor", "--seed", "-1"), "-1"),
    (("run", "xor", "--generations", "0"), "0"),
    (("run", "xor", "--workers", "0"), "0"),
    (("run", "xor", "--time-limit", "soon"), "soon"),
    (("run", "xor", "--time-limit", "-3s"), "-3s"),
    (("run", "xor", "--time-limit", "nan"), "nan"),
    (("run", "xor", "--target", "high"), "high"),
    (("run", "xor", "--song", "ode-to-joy"), "xor learns no song"),
    (("run", "xor", "--set", "stop.generations"), "section.key=value"),
    (("run", "xor", "--set", "=3"), "section.key=value"),
    (("run", "xor", "--set", "stop.generation=3"), "stop.generation"),
    (("run", "xor", "--set", "nothing.at.all=3"), "nothing"),
    (("run", "xor", "--set", "stop.generations=many"), "many"),
    (("run", "xor", "--set", "stop.generations=2.5"), "2.5"),
    (("run", "xor", "--set", "stop.solved=perhaps"), "perhaps"),
    (("run", "xor", "--set", "stop.criterion=median"), "median"),
    (("run", "xor", "--set", "stop=3"), "stop"),
    (("run", "xor", "--set", "run.seed=-1"), "-1"),
    (("run", "xor", "--set", "run.chunk_size=0"), "chunk_size"),
    (("run", "xor", "--set", "workers.count=0"), "workers"),
    (("run", "xor", "--set", "run.engine=neat-python"), "engine"),
    (("run", "xor", "--set", "run.experiment=memorize"), "experiment"),
    (("run", "xor", "--set", f"{DEFAULT_ENGINE}.NEAT.pop_size=few"), "pop_size"),
    (("run", "xor", "--set", f"{DEFAULT_ENGINE}.DefaultGenome.initial_connection=x"), "x"),
    (("run", "xor", "--config", "missing.toml"), "missing.toml"),
    (("run", "xor", "--config", "."), "."),
    (("run", "xor", "--neat-config", "missing"), "missing"),
    (("run", "memorize", "--song", "no-such-tune"), "no-such-tune"),
    (("run", "memorize", "--song", "missing.mid"), "missing.mid"),
    (("run", "memorize", "--song", "."), "."),
    (("run", "memorize", "--set", "memorize.mode=listen"), "listen"),
    (("run", "memorize", "--set", "network.lags=0,1"), "lags"),
    (("run", "memorize", "--set", "network.lags=one"), "lags"),
    (("run", "memorize", "--set", "memorize.prompt_steps=128"), "128"),
    (("resume", "missing"), "missing"),
    (("resume", "."), "no run here"),
    (("plot", "missing"), "missing"),
    (("plot",), "RUN"),
    (("play", "no-such-tune"), "no-such-tune"),
    (("songs", "sing"), "sing"),
], ids=" ".join)  # fmt: skip
def test_a_mistake_is_answered_by_one_line_and_leaves_nothing_on_the_disk(
    arguments: tuple[str, ...], named: str
) -> None:
    assert named in refused(*arguments)
    left = [path for path in Path().rglob("*") if path != Path("runs")]
    assert left == []


def test_a_configuration_file_that_is_wrong_is_refused_in_one_line() -> None:
    path = Path("mine.toml")
    for text, named in (
        ("[stop\n", "mine.toml"),
        ("[stop]\ngeneration = 3\n", "stop.generation"),
        ("[stop]\ngenerations = 'many'\n", "many"),
        ("[run]\nexperiment = 'memorize'\n", "memorize"),
        ("[run]\nengine = 'tensorneat'\n", "tensorneat"),
        ("[run]\nengine = 'random'\nseed = 'x'\n", "run.seed"),
        ("stop = 3\n", "stop"),
        ("[memorize]\nsong = 'x'\n", "memorize"),
        ("run = 3\n", "run"),
    ):
        path.write_text(text)
        assert named in refused("run", "xor", "--config", path, "--out", "a")
        path.write_bytes(b"\xff\xfe")
        assert "mine.toml" in refused("run", "xor", "--config", path, "--out", "a")
    assert [one.name for one in Path().iterdir()] == ["mine.toml"]


def test_a_place_that_is_taken_or_cannot_be_is_refused_in_one_line() -> None:
    Path("file").write_text("mine")
    assert "file" in refused("run", "xor", *SMALL, "--out", "file")
    assert "file" in refused("run", "xor", *SMALL, "--out", "file/below")
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    line = refused("run", "xor", *SMALL, "--out", "full")
    assert "full: exists and is not empty; choose another directory by --out" in line
    assert sorted(str(path) for path in Path().rglob("*")) == ["file", "full", "full/mine.txt"]


# Resuming


def killed(path: str = "a") -> None:
    with pytest.raises(Killed):
        start(Path(path), configured(checkpoints={"every": 2}), Watcher(kill_after=5))


def test_resume_goes_on_and_further() -> None:
    killed()
    assert "finished: 12 generations done" in done("resume", "a")
    assert "finished: 14 generations done" in done("resume", "a", "--generations", 14)
    assert len(list(read_log(Path("a/log.jsonl")))) == 14


def test_resume_takes_other_limits_workers_and_checkpoints() -> None:
    killed()
    done("resume", "a", "--set", "checkpoints.every=3", "--set", "stop.stagnation=500",
         "--time-limit", "1h", "--set", "workers.count=1")  # fmt: skip
    config = load_config(Path("a/config.toml"))
    assert config["checkpoints"]["every"] == 3
    assert config["stop"]["stagnation"] == 500
    assert config["stop"]["time_limit"] == 3600.0


@pytest.mark.parametrize(("arguments", "named"), [
    (("--set", "run.seed=9"), "run cannot be changed"),
    (("--set", "neat.NEAT.pop_size=99"), "neat cannot be changed"),
    (("--set", "stop.generations=20", "--set", "neat.NEAT.pop_size=99"), "neat cannot"),
    (("--set", "stop.generation=9"), "stop.generation"),
    (("--set", "stop.generations=many"), "many"),
    (("--set", "checkpoints=2"), "checkpoints"),
    (("--set", "stop.criterion=median"), "median"),
    (("--workers", "0"), "0"),
    (("--set", "workers.count=0"), "workers"),
    (("--seed", "3"), "seed"),
    (("--population", "3"), "population"),
], ids=" ".join)  # fmt: skip
def test_resume_refuses_to_change_what_is_bred_in_one_line_and_changes_nothing(
    arguments: tuple[str, ...], named: str
) -> None:
    killed()
    before = {path: path.read_bytes() for path in Path("a").rglob("*") if path.is_file()}
    assert named in refused("resume", "a", *arguments)
    after = {path: path.read_bytes() for path in Path("a").rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert [path for path in after if after[path] != before[path]] == []


def test_a_run_from_before_there_was_a_setting_goes_on_with_its_default() -> None:
    done("run", "xor", *SMALL, "--out", "a")
    file = Path("a/config.toml")
    whole = file.read_text()
    missing = ("cluster = ", "insecure = ", "timeout = ", "keep_every = ", "stagnation = ")
    lines = [line for line in whole.splitlines() if not line.startswith(missing)]
    assert len(lines) == len(whole.splitlines()) - len(missing)
    file.write_text("\n".join(lines))
    done("resume", "a", "--generations", 4)
    assert load_config(file) == tomllib.loads(whole.replace("generations = 3", "generations = 4"))


# The rest


def test_songs_are_listed_by_the_names_that_song_takes() -> None:
    from evo.music.tunes import tune_names

    text = done("songs", "list")
    assert sum(name in text for name in tune_names()) > 30  # long lines may be folded


def test_runs_are_logged_to_a_table_and_go_on_with_it_when_they_resume() -> None:
    done("run", "xor", *SMALL, "--log", "csv", "--out", "a")
    rows = len(Path("a/log.csv").read_text().splitlines())
    assert rows == len(Path("a/log.jsonl").read_text().splitlines()) + 1
    done("run", "xor", *SMALL, "--seeds", "0,1", "--log", "csv", "--out", "all")
    assert Path("all/seed0/log.csv").exists()
    assert Path("all/seed1/log.csv").exists()
    assert "'excel' is not" in refused("run", "xor", "--log", "excel")


def test_play_shows_a_tune_and_writes_its_sound() -> None:
    text = done("play", "ode-to-joy", "--out", "joy.wav")
    assert "ode-to-joy: 128 steps" in text
    assert Path("joy.wav").read_bytes()[:4] == b"RIFF"


def test_play_changes_tempo_and_pitch_and_loops() -> None:
    text = done("play", "ode-to-joy", "--tempo", 480, "--transpose", -5, "--loop", 2)
    plain = done("play", "ode-to-joy", "--tempo", 480, "--out", "plain.wav")
    seconds = [int(re.search(r"(\d+) s of sound", line)[1]) for line in (text, plain)]
    assert seconds[0] == pytest.approx(2 * seconds[1], abs=1)
    assert text.splitlines()[1:9] != plain.splitlines()[1:9]  # names of keys
    assert "--program needs the instruments" in refused("play", "ode-to-joy", "--program", 40)
    for options in (("--loop", 0), ("--loop", 0, "--listen", "--out", "a.wav")):
        assert "--loop 0 plays without end" in refused("play", "ode-to-joy", *options)
    assert "expected at most 1200 seconds" in refused("play", "ode-to-joy", "--loop", 900)
    for tempo in ("nan", "inf", "0", "-1", "1e30"):
        assert "tempo: expected" in refused("play", "ode-to-joy", "--tempo", tempo)
    assert "transpose: expected" in refused("play", "ode-to-joy", "--transpose", 10**12)


def test_play_listens_and_then_writes_no_file(monkeypatch) -> None:
    heard = []
    monkeypatch.setattr(Song, "listen", lambda song, **options: heard.append(options))
    done("play", "ode-to-joy", "--listen", "--loop", 0)
    assert heard == [{"soundfont": None, "loop": 0}]
    assert not Path("ode-to-joy.wav").exists()


def test_play_names_the_formats_of_sound_and_the_fault_of_a_soundfont() -> None:
    line = refused("play", "ode-to-joy", "--out", "joy.mid")
    assert "joy.mid: a file of sound ends in .wav, .flac, .ogg, .mp3" in line
    Path("text.sf2").write_text("no instruments", encoding="utf-8")
    assert "text.sf2: it is no SoundFont" in refused(
        "play", "ode-to-joy", "--soundfont", "text.sf2"
    )


def test_play_plays_a_runs_champion_and_says_when_there_is_none() -> None:
    done("run", "memorize", *SMALL, "--out", "a")
    done("play", "a")
    assert Path("a/champion/song.wav").read_bytes()[:4] == b"RIFF"
    killed("b")
    assert "its experiment xor makes no music" in refused("play", "b")
    Path("a/champion/song.mid").unlink()
    assert "finish the run by `evo resume a`" in refused("play", "a")


@pytest.mark.parametrize("command", ["play", "plot", "runs", "resume", "compare", "run xor --out"])
def test_a_name_that_is_too_long_is_refused(command: str) -> None:
    assert ": File name too long" in refused(*command.split(), "x" * 300)


def test_what_was_bred_to_be_guessed_plays_anew_four_times_as_long() -> None:
    small = (*SMALL, "--set", "guess.steps=96", "--set", "guess.keys=13")
    for genome, steps in (("network", 384), ("grid", 96)):
        ended = done("run", "guess", *small, "--genome", genome, "--out", genome)
        assert re.search(r" s, (no period|period \d+), \d+ keys?, \d+% guessed$", ended, re.M)
        text = done("play", genome, "--temperature", 0.7, "--seed", 3)
        assert f"melody-t0.7-seed3: {steps} steps" in text
        done("play", genome, "--prompt", "ode-to-joy")
        names = {path.name for path in Path(genome, "improvisations").glob("*.mid")}
        assert names == {"melody-t0.7-seed3.mid", "ode-to-joy-t0-seed0.mid"}
        played = Song.load(Path(genome, "improvisations/ode-to-joy-t0-seed0.mid"), keys=13)
        assert np.array_equal(played.onsets[:8], tune("ode-to-joy").onsets[:8])
        assert "learned no song that it could leave" in refused("play", genome, "--improvise")
    champion = {path.name for path in Path("network/champion").iterdir()}
    assert {"network.json", "player.json"} <= champion
    assert json.loads(Path("network/champion/player.json").read_text())["prompt_steps"] == 0


def test_a_folder_of_seeds_is_plotted_in_one_figure_and_played_by_its_runs() -> None:
    done("run", "memorize", *SMALL, "--seeds", "0,1", "--workers", 1, "--out", "all")
    assert done("plot", "all").split() == ["all/plots/fitness.png"]
    assert done("plot", "all", "--format", "svg").split() == ["all/plots/fitness.svg"]
    assert done("plot", "all", "-o", "x/y.svg").split() == ["x/y.svg"]
    assert Path("x/y.svg").read_bytes() == Path("all/plots/fitness.svg").read_bytes()
    assert done("plot", "all", "-o", "y", "--format", "png").split() == ["y"]
    assert Path("y").read_bytes() == Path("all/plots/fitness.png").read_bytes()
    assert Path("all/plots/fitness.png").read_bytes()[:4] == b"\x89PNG"
    for options in ((), ("--temperature", 1)):
        line = refused("play", "all", *options)
        assert "all: it holds the runs seed0, seed1; play one of them" in line


def test_an_unfinished_run_can_be_plotted_and_one_without_a_log_cannot() -> None:
    killed()
    Path("a/log.jsonl").write_bytes(b"")
    assert "its log is still empty" in refused("plot", "a")


def test_a_folder_of_somebody_is_never_taken_for_a_run_of_ours(tmp_path: Path) -> None:
    for name in ("songs", ".lock"):
        folder = tmp_path / name.strip(".")
        folder.mkdir()
        (folder / "songs").mkdir()
        (folder / "songs" / "mine.mid").write_bytes(b"precious")
        assert "not empty" in refused("run", "memorize", "--out", folder)
        assert (folder / "songs" / "mine.mid").read_bytes() == b"precious"
    empty = tmp_path / "empty"
    empty.mkdir()
    refused("run", "memorize", "--set", "memorize.prompt_steps=500", "--out", empty)
    assert empty.is_dir()
    assert not any(empty.iterdir())


def test_what_a_crash_left_without_a_configuration_is_begun_anew(tmp_path: Path) -> None:
    left = tmp_path / "left"
    (left / "songs").mkdir(parents=True)
    (left / "songs" / "half.mid").write_bytes(b"MThd")
    for name in (".lock", "log.jsonl"):
        (left / name).touch()
    # What a run writes first; without it the folder may be anybody's.
    (left / "run.json").write_text('{"status": "preparing", "config_hash": ""}')
    done("run", "memorize", "--generations", 1, "--population", 10, "--out", left)
    assert [path.name for path in (left / "songs").iterdir()] == ["vo-pole-bereza-stoyala.mid"]


def test_closed_loop_memorising_works_with_every_engine(tmp_path: Path) -> None:
    for engine in ENGINE_NAMES:
        if engine == "map-elites":  # it breeds programs, which play nothing
            continue
        done("run", "memorize", "--engine", engine, "--set", "memorize.mode=perform",
             "--generations", 2, "--population", 10, "--out", tmp_path / engine)  # fmt: skip
        assert result_of(tmp_path / engine)["generations"] == 2


@pytest.mark.parametrize("damage", ["x = 3", "[run]\nexperiment = 'xor'\nengine = 'neat'"])
def test_a_configuration_that_is_no_longer_one_is_refused(tmp_path: Path, damage: str) -> None:
    done("run", "xor", "--generations", 1, "--population", 10, "--out", tmp_path / "run")
    (tmp_path / "run" / "config.toml").write_text(damage)
    assert "config.toml" in refused("resume", tmp_path / "run")


@pytest.mark.parametrize(
    "limit", ["stop.generations=-5", "checkpoints.every=-1", "stop.time_limit=nan"]
)
def test_limits_that_are_none_are_refused(tmp_path: Path, limit: str) -> None:
    assert limit.split("=")[0] in refused("run", "xor", "--set", limit, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()
