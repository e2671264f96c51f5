"""Compare the forward pass of HistoryUsers with the same networks in PyTorch; measure peak memory.

    python benchmarks/history_user.py [--json FILE] [--rounds 10] [--individuals 4]
    python benchmarks/history_user.py --memory-only      needs no PyTorch

The original's copy task: 128 sequences of 192 steps of 13 random bits, LSTMs of 70 and 50 units, a
history of 80. PyTorch runs one individual after another (`torch.nn.LSTM` twice, a linear map, a
softmax, the read-out; `torch.inference_mode`). Both have one thread and the same weights; the
largest difference of the outputs is printed. The read-out in PyTorch is written in two ways:

    windows   as one would write it: windows of the past as a view (`unfold`), one `einsum`
    banded    the fastest of five that were tried: the weights are written into a band matrix of
              all steps by all steps, for one matrix product (`bmm`)

Ratios are PyTorch's seconds over ours, medians over rounds that ran one after the other. The
seconds are the minima over the rounds. Peak memory is that of a process of its own that holds 200
individuals (41 MB of weights) and computes their outputs (`forward`, 244 MiB of results), those of
the 128 scored steps (`forward` from step 64), or their errors (`mean_squared_error`). That of the
process before it has computed anything is given too.
"""

import common  # first: it arranges the import path

# isort: split
import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from typing import Any

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

from genomes.history_user.networks import HistoryUsers, Shape

SHAPE = Shape(13)
SEQUENCES, STEPS, DELAY = 128, 192, 64


def problem(n: int) -> tuple[HistoryUsers, np.ndarray]:
    """Return n individuals, and the inputs that they share."""
    users = HistoryUsers.initial(SHAPE, np.random.default_rng(0), n, scale=2.0)
    bits = np.random.default_rng(1).random((1, SEQUENCES, STEPS, SHAPE.inputs)) < 0.5
    return users, bits.astype(np.float32)


def torch_network(torch: Any, weights: np.ndarray) -> dict[str, Any]:
    """Return PyTorch's modules with an individual's weights: `stack` of LSTMs, then `scores`."""
    views = SHAPE.views(weights)
    torch_order = [0, 1, 3, 2]  # input, forget, candidate, output

    def tensor(array: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(array))

    stack, inputs = [], SHAPE.inputs
    for index, units in enumerate(SHAPE.layers):
        layer = torch.nn.LSTM(inputs, units, batch_first=True)
        state = {"bias_hh_l0": torch.zeros(4 * units)}
        for ours, theirs in (("input", "weight_ih_l0"), ("recurrent", "weight_hh_l0")):
            rows = views[f"lstm{index}_{ours}"][:, torch_order]
            state[theirs] = tensor(rows.reshape(len(rows), 4 * units).T)
        state["bias_ih_l0"] = tensor(views[f"lstm{index}_bias"][torch_order].reshape(-1))
        layer.load_state_dict(state)
        stack.append(layer)
        inputs = units
    scores = torch.nn.Linear(inputs, len(SHAPE.lags))
    scores.load_state_dict(
        {"weight": tensor(views["read_weights"].T), "bias": tensor(views["read_bias"])}
    )
    return {"stack": stack, "scores": scores}


def torch_forward(torch: Any, network: dict[str, Any], x: Any, banded: bool) -> Any:
    """Return the read-out of one network for (sequences, steps, inputs)."""
    outputs = x
    for layer in network["stack"]:
        outputs, _ = layer(outputs)
    history = len(SHAPE.lags)
    # The oldest input comes first in a window, and the highest lag is the oldest.
    shares = torch.softmax(network["scores"](outputs), -1).flip(-1)
    past = torch.nn.functional.pad(x, (0, 0, history, 0))
    sequences, steps = x.shape[:2]
    if not banded:
        windows = past.unfold(1, history, 1)[:, :steps]
        return torch.einsum("stkh,sth->stk", windows, shares)
    length = steps + history
    band = torch.zeros(sequences, steps, length)
    strides = (steps * length, length + 1, 1)
    band.as_strided((sequences, steps, history), strides).copy_(shares)
    return torch.bmm(band, past)


def speed(rounds: int, individuals: int) -> dict[str, Any]:
    """Return the ratios of PyTorch's time to ours."""
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is missing: pip install torch (a CPU build), into an environment apart")
    torch.set_num_threads(1)
    users, inputs = problem(individuals)
    networks = [torch_network(torch, weights) for weights in users.weights]
    x = torch.from_numpy(inputs[0])
    users.take([0]).forward(inputs)  # compiles

    def ours() -> np.ndarray:
        return users.forward(inputs)

    def theirs(banded: bool) -> np.ndarray:
        with torch.inference_mode():
            outputs = [torch_forward(torch, network, x, banded) for network in networks]
        return np.stack([one.numpy() for one in outputs])

    ways = {"ours": ours, "windows": lambda: theirs(False), "banded": lambda: theirs(True)}
    worst = max(float(np.abs(ways[way]() - ours()).max()) for way in ("windows", "banded"))
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, compute in ways.items():
            started = time.perf_counter()
            compute()
            seconds[way].append((time.perf_counter() - started) / individuals)
        now = {way: 1e3 * times[-1] for way, times in seconds.items()}
        print(
            f"round {number + 1}: ours {now['ours']:.1f} ms per individual, "
            f"windows {now['windows']:.1f} ms, banded {now['banded']:.1f} ms, "
            f"ratios {now['windows'] / now['ours']:.2f} and {now['banded'] / now['ours']:.2f}"
        )
    mine = np.array(seconds["ours"])
    figures: dict[str, Any] = {"torch": torch.__version__, "largest_difference": worst}
    for way in ("windows", "banded"):
        figures[f"ratio_{way}"] = float(np.median(np.array(seconds[way]) / mine))
    for way, times in seconds.items():
        figures[f"{way}_milliseconds"] = 1e3 * min(times)
    print(
        f"median ratio {figures['ratio_windows']:.2f} (windows), {figures['ratio_banded']:.2f} "
        f"(banded) against PyTorch {torch.__version__}, largest difference {worst:.1e}"
    )
    return figures


def measure_memory(what: str) -> None:
    """Compute for 200 individuals and print the peak of this process in MiB."""
    users, inputs = problem(200)
    if what == "outputs":
        users.forward(inputs)
    elif what == "scored_outputs":
        users.forward(inputs, DELAY)
    elif what == "errors":
        users.mean_squared_error(inputs, inputs[:, :, : STEPS - DELAY], DELAY)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory() -> dict[str, float]:
    """Return the peak MiB of processes that compute for 200 individuals."""
    figures = {}
    # The first may compile, and is run again. A process starts with the peak of its parent, so that
    # this must come before anything large.
    for what in ("errors", "nothing", "errors", "scored_outputs", "outputs"):
        call = [sys.executable, __file__, "--measure", what]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        figures[f"peak_mebibytes_{what}"] = float(done.stdout)
    for what in ("nothing", "errors", "scored_outputs", "outputs"):
        print(f"peak memory, {what}: {figures[f'peak_mebibytes_{what}']:.0f} MiB")
    return figures


def main() -> None:
    """Measure and print."""
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--individuals", type=int, default=4)
    parser.add_argument("--memory-only", action="store_true")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_memory(options.measure)
        return
    figures: dict[str, Any] = {"python": platform.python_version(), "numpy": np.__version__}
    figures |= memory()
    if not options.memory_only:
        figures |= speed(options.rounds, options.individuals)
    common.report(figures, options.json)


if __name__ == "__main__":
    main()
