"""Scripts for neat-python run on our engine by one call."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import neat
import pytest
from disturbing import undrawn
from neat_files import base, text_of, xor
from running import pictureless

import evo
from evo.core.errors import FailedRunError, InputError

# The shape of neat-python's own example, with the last lines exchanged.
SCRIPT = """
import neat

import evo

xor_inputs = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
xor_outputs = [(0.0,), (1.0,), (1.0,), (0.0,)]


def eval_genomes(genomes, config):
    for genome_id, genome in genomes:
        genome.fitness = 4.0
        net = neat.nn.FeedForwardNetwork.create(genome, config)
        for xi, xo in zip(xor_inputs, xor_outputs):
            output = net.activate(xi)
            genome.fitness -= (output[0] - xo[0]) ** 2


run = evo.neat_population("config-feedforward", eval_genomes, seed=6, out="runs/xor")
print(run.result["status"], run.result["best_fitness"])
for xi in xor_inputs:
    print(round(float(run.champion.activate(xi)[0])))
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch.setattr)
    Path("config-feedforward").write_text(text_of(xor()))


def rate(genomes: Any, config: Any) -> None:
    """Set a fitness that depends on the genome alone."""
    for _, genome in genomes:
        weights = [gene.weight for gene in genome.connections.values() if gene.enabled]
        genome.fitness = sum(abs(weight) for weight in weights) - len(genome.nodes)


def own_config(sections: Any = None) -> Any:
    Path("own").write_text(text_of(sections or base("1.1")))
    return neat.Config(
        neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet,
        neat.DefaultStagnation, "own",
    )  # fmt: skip


def test_neat_pythons_example_runs_unchanged_and_solves_xor() -> None:
    Path("evolve.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "evolve.py"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=pictureless(),
    )
    status, *outputs = done.stdout.splitlines()
    assert status.startswith("finished 3.9")
    assert outputs == ["0", "1", "1", "0"]
    assert done.stderr.startswith("config-feedforward: a file of neat-python 0.92; set as it did")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(Path("runs/xor/champion/network.json").read_text())


@pytest.mark.parametrize("engine", ["neat", "neat-python"])
def test_a_resumed_run_is_the_undisturbed_one(engine: str) -> None:
    arguments: dict[str, Any] = {"engine": engine, "changes": {"neat": {}, "stop": {"target": ""}}}
    if engine == "neat-python":
        arguments["changes"].pop("neat")
    whole = evo.neat_population("config-feedforward", rate, generations=6, out="a", **arguments)
    for generations in (3, 6):
        parts = evo.neat_population(
            "config-feedforward", rate, generations=generations, out="b", resume=True, **arguments
        )
    assert parts.result["digest"] == whole.result["digest"]
    assert parts.result["generations"] == 6


def test_population_threshold_and_seed_are_those_of_the_configuration() -> None:
    sections = base("1.1")
    sections["NEAT"] |= {"fitness_threshold": "-1000", "fitness_criterion": "mean", "pop_size": "9"}
    run = evo.neat_population(own_config(sections), rate, out="a")
    assert run.result["reason"] == "mean fitness reached the target -1000"
    assert (run.result["evaluations"], run.result["seed"]) == (9, 5)
    assert evo.neat_population("own", rate, out="b", seed=7).result["seed"] == 7


def test_the_function_gets_your_own_configuration_object_and_the_whole_population() -> None:
    config, calls = own_config(), []

    def note(genomes: Any, theirs: Any) -> None:
        calls.append((theirs is config, len(genomes)))
        rate(genomes, theirs)

    evo.neat_population(config, note, generations=2, target=1e9, out="a")
    assert calls == [(True, 24)] * 2
    assert (config.genome_config.node_indexer, config.genome_config.innovation_tracker) == (
        None, None,
    )  # fmt: skip


def test_the_champion_becomes_a_genome_again() -> None:
    config = own_config()
    run = evo.neat_population(config, rate, generations=3, target=1e9, out="a")
    genome = run.champion.to_neat_python(config)
    rate([(1, genome)], config)
    assert genome.fitness == pytest.approx(run.champion.score)


def test_activation_functions_added_to_the_configuration_are_used() -> None:
    config = own_config()
    config.genome_config.add_activation("halved", lambda z: z / 2)
    config.genome_config.activation_options = ["halved"]
    config.genome_config.activation_default = "halved"
    heard = []

    def outputs(genomes: Any, config: Any) -> None:
        for _, genome in genomes:
            heard.append({node.activation for node in genome.nodes.values()})
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            genome.fitness = network.activate((0.5, 1.0))[0]

    run = evo.neat_population(config, outputs, generations=2, target=1e9, out="a")
    assert all(names == {"halved"} for names in heard)
    assert run.champion.activate((0.5, 1.0))[0] == pytest.approx(run.champion.score)


def test_genomes_without_fitness_end_the_run_in_one_line() -> None:
    def forgetful(genomes: Any, config: Any) -> None:
        genomes[0][1].fitness = 1.0

    with pytest.raises(FailedRunError, match="forgetful left the fitness of genome 2 at None"):
        evo.neat_population("config-feedforward", forgetful, out="a")


def test_what_cannot_be_meant_is_refused_by_name() -> None:
    config = own_config()
    config.genome_config.activation_options = ["nobodys"]
    config.genome_config.activation_default = "nobodys"
    with pytest.raises(InputError, match=r"activation 'nobodys' is not one of .*evo\.activation"):
        evo.neat_population(config, rate)
    with pytest.raises(InputError, match="not 'es'"):
        evo.neat_population("config-feedforward", rate, engine="es")
    with pytest.raises(InputError, match="missing"):
        evo.neat_population("missing", rate)
    with pytest.raises(InputError, match="got int"):
        evo.neat_population(5, rate)
