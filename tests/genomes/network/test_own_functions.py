"""Activation functions of users are computed by the kernels, compiled or not."""

import json
import math
import warnings
from dataclasses import replace
from typing import Any

import neat
import numpy as np
import pytest
from breeding import evolved, varied_config

from evo.engines.neat.engine import Neat
from genomes.errors import GenomeError
from genomes.network import own_functions
from genomes.network.functions import ACTIVATIONS
from genomes.network.neat_python import from_neat_python, to_neat_python
from genomes.network.networks import Networks
from genomes.network.own_functions import SlowFunctionWarning
from genomes.network.reading import read_network

INPUTS = np.random.default_rng(4).normal(size=(7, 3))


def sinc(z: float) -> float:
    return 1.0 if z == 0.0 else math.sin(z) / z


class Scale:
    """A function that numba does not compile."""

    def __call__(self, z: float) -> float:
        return 2.0 * z


def identical(name: str, networks: Networks) -> Networks:
    """Return networks in which every node has one activation."""
    code = own_functions.code_of(name)
    return replace(networks, activation=np.full_like(networks.activation, code))


@pytest.fixture(scope="module")
def networks() -> Networks:
    config = varied_config(3, 2, True)
    return from_neat_python(evolved(config, generations=3), config.genome_config)


def test_a_compiled_function_gives_neat_pythons_outputs(networks: Networks) -> None:
    own_functions.register("own_sinc", sinc)
    batch = identical("own_sinc", networks)
    config = varied_config(3, 2, True)
    config.genome_config.add_activation("own_sinc", sinc)
    outputs = batch.activate(INPUTS)
    genomes = to_neat_python(batch, config.genome_config)
    assert {node.activation for genome in genomes for node in genome.nodes.values()} == {"own_sinc"}
    for genome, rows in zip(genomes, outputs, strict=True):
        network = neat.nn.FeedForwardNetwork.create(genome, config)
        theirs = [network.activate(row) for row in INPUTS]
        np.testing.assert_allclose(rows, theirs, rtol=1e-9, atol=1e-12)
    again = from_neat_python(genomes, config.genome_config)
    assert again.activation.tolist() == batch.activation.tolist()


def test_steps_equal_rows(networks: Networks) -> None:
    own_functions.register("own_sinc", sinc)
    batch = identical("own_sinc", networks)
    stepper, rows = batch.stepper(), batch.activate(INPUTS)
    for t, row in enumerate(INPUTS):
        assert (stepper.step(np.tile(row, (len(batch), 1))) == rows[:, t]).all()


def test_a_function_that_cannot_be_compiled_gives_a_warning_and_the_same_outputs(
    networks: Networks,
) -> None:
    with pytest.warns(SlowFunctionWarning, match="'doubled' cannot be compiled"):
        own_functions.register("doubled", Scale())
    own_functions.register("doubled_too", lambda z: 2.0 * z)
    slow, fast = (identical(name, networks) for name in ("doubled", "doubled_too"))
    assert (slow.activate(INPUTS) == fast.activate(INPUTS)).all()


@pytest.mark.parametrize("compiled", [True, False])
def test_an_exception_of_a_function_gives_nan(networks: Networks, compiled: bool) -> None:
    def broken(z: float) -> float:
        if z != 0.5:
            raise ValueError("only 0.5")
        return z

    class Broken:
        def __call__(self, z: float) -> float:
            return broken(z)

    with warnings.catch_warnings():
        warnings.simplefilter("error" if compiled else "ignore", SlowFunctionWarning)
        own_functions.register("broken", broken if compiled else Broken())
    assert np.isnan(identical("broken", networks).activate(INPUTS)).any()


def test_compiled_functions_and_numpys_can_be_registered(networks: Networks) -> None:
    own_functions.register("numpys", np.tanh)
    outputs = identical("numpys", networks).activate(INPUTS)
    assert np.isfinite(outputs).all()


def test_a_later_function_of_the_name_is_used_instead(networks: Networks) -> None:
    own_functions.register("again", lambda z: z)
    first = identical("again", networks).activate(INPUTS)
    assert (first == identical("identity", networks).activate(INPUTS)).all()
    own_functions.register("again", lambda z: z * z)
    second = identical("again", networks).activate(INPUTS)
    assert (second == identical("square", networks).activate(INPUTS)).all()


@pytest.mark.parametrize(("name", "function", "words"), [
    ("tanh", math.tanh, "exists"),
    ("two words", math.tanh, "letters and digits"),
    ("random", math.tanh, "letters and digits"),
    ("", math.tanh, "letters and digits"),
    ("nothing", lambda z: None, "must return a number"),
    ("raises", lambda z: 1 / 0, "ZeroDivisionError"),
])  # fmt: skip
def test_what_is_no_function_is_refused(name: str, function: Any, words: str) -> None:
    with pytest.raises(GenomeError, match=words):
        own_functions.register(name, function)
    assert name in ACTIVATIONS or name not in own_functions.names()


def test_arrays_with_a_function_that_is_missing_are_refused(networks: Networks) -> None:
    arrays = networks.to_arrays()
    arrays["activation"] = np.full_like(networks.activation, own_functions.code_of("unheard_of"))
    with pytest.raises(GenomeError, match=r"register it: evo\.activation"):
        Networks.from_arrays(arrays)
    arrays["activation"][0] = len(ACTIVATIONS)
    with pytest.raises(GenomeError, match="codes below"):
        Networks.from_arrays(arrays)


def test_an_export_names_the_function_and_is_read_again(networks: Networks) -> None:
    own_functions.register("own_sinc", sinc)
    one = identical("own_sinc", networks.take([0]))
    text = one.export({})["network.json"]
    kinds = [node["activation"] for node in json.loads(text)["nodes"] if node["type"] == "output"]
    assert kinds[0] == {"name": "own_sinc", "custom": True}
    assert (read_network(text).networks.activate(INPUTS) == one.activate(INPUTS)).all()


def test_an_engine_breeds_them_by_name() -> None:
    own_functions.register("own_sinc", sinc)
    genome = {"num_inputs": 3, "num_outputs": 1, "activation_options": "own_sinc tanh",
              "activation_default": "random"}  # fmt: skip
    codes = set(Neat({"DefaultGenome": genome}, seed=1).ask().activation.tolist())
    assert codes == {own_functions.code_of("own_sinc"), ACTIVATIONS.index("tanh")}
