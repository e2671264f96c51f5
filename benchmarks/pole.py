"""Measure pole balancing: learning over many seeds, and speed beside neat-python's own loop.

    python benchmarks/pole.py speed                      cart-pole: whole runs, side by side
    python benchmarks/pole.py velocities --seeds 50      double pole with velocities
    python benchmarks/pole.py positions --seeds 20       double pole without velocities
    python benchmarks/pole.py gymnasium --seeds 10       CartPole-v1 of gymnasium

A seed is the run of `evo run pole --seed N`, in memory; CartPole-v1 is a run of engine neat with
its default settings. Means are over all seeds: one that is not solved counts with all of its
evaluations, and with no start generalised. An evaluation is one network scored on the task;
whole generations are counted, including the last one. The test of a champion is not counted, as in
Stanley & Miikkulainen (2002).

`speed` balances one pole for up to 1,000 steps, on one core. neat-python's side is its own
`Population.run` with a Python function that loops over the genomes. Both sides have the same
settings and the same number of evaluations, and no run ends early. Seconds are of the processor.

    function       the same Python function for each network on our side (Euler's method)
    batch          pole balancing in batches on our side, the same physics in Python on the other
    batch_to_euler the same, to neat-python's loop with the simpler physics of `function`
"""

import common  # first: it arranges the import path

# isort: split
import math
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import neat

from evo.core.scores import Scores
from evo.core.settings import changed
from evo.engines.neat.engine import Neat
from evo.engines.neat_python.config import build_config
from evo.fitness.gymnasium import GymnasiumFitness
from evo.fitness.pole.balancing import PoleBalancing
from evo.runs.loop import Progress, generations
from evo.workers.serial import Serial
from genomes.network.networks import Networks
from genomes.network.single import Network

STEPS = 1000
TEST_EPISODES = 100
# Only CartPole-v1's maximum counts as solved.
CART_POLE_TARGET = 500.0

Step = Callable[[Sequence[float]], Sequence[float]]
State = tuple[float, float, float, float]


def slopes(state: State, force: float) -> State:
    """Return the derivative of a cart with one pole, as in `evo.fitness.pole.physics`."""
    _, velocity, angle, spin = state
    sine, cosine = math.sin(angle), math.cos(angle)
    pull = 4e-5 * spin - 9.8 * sine
    total = force + 0.05 * spin * spin * sine + 0.075 * cosine * pull
    if velocity:
        total -= math.copysign(0.0005, velocity)
    x = total / (1.0 + 0.1 * (1.0 - 0.75 * cosine * cosine))
    return velocity, x, spin, -1.5 * (x * cosine + pull)


def euler(state: State, force: float) -> State:
    """Return the state after 0.02 seconds, by one step of Euler's method."""
    a, b, c, d = slopes(state, force)
    x, v, t, w = state
    return x + 0.02 * a, v + 0.02 * b, t + 0.02 * c, w + 0.02 * d


def runge_kutta(state: State, force: float) -> State:
    """Return the state after 0.02 seconds, by two steps of the Runge-Kutta method."""
    for _ in range(2):
        x, v, t, w = state
        a = slopes(state, force)
        b = slopes((x + 0.005 * a[0], v + 0.005 * a[1], t + 0.005 * a[2], w + 0.005 * a[3]), force)
        c = slopes((x + 0.005 * b[0], v + 0.005 * b[1], t + 0.005 * b[2], w + 0.005 * b[3]), force)
        d = slopes((x + 0.01 * c[0], v + 0.01 * c[1], t + 0.01 * c[2], w + 0.01 * c[3]), force)
        state = (
            x + 0.01 / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0]),
            v + 0.01 / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1]),
            t + 0.01 / 6 * (a[2] + 2 * b[2] + 2 * c[2] + d[2]),
            w + 0.01 / 6 * (a[3] + 2 * b[3] + 2 * c[3] + d[3]),
        )
    return state


def balanced_steps(step: Step, move: Callable[[State, float], State]) -> int:
    """Return the steps until one pole falls or the cart leaves its track."""
    x, v, t, w = 0.0, 0.0, 0.07, 0.0
    limit = math.radians(12)
    for count in range(STEPS):
        push = step((x / 4.8, v / 2, t / 0.52, w / 2))[0]
        x, v, t, w = move((x, v, t, w), 10.0 * max(-1.0, min(1.0, push)))
        if abs(x) > 2.4 or abs(t) > limit:
            return count
    return STEPS


class Function:
    """A fitness of ours that calls a Python function for every network."""

    reusable = True

    def evaluate(self, performers: Networks, streams: object) -> Scores:
        """Return the steps until failure of every network."""
        return Scores.of([balanced_steps(one.step, euler) for one in Network.each(performers)])

    def figures(self, performers: Networks) -> dict[str, Any]:
        """Return that the task is not solved, so that no run ends early."""
        return {"solved": False}


def ours(fitness: Any, settings: Any, count: int, seed: int) -> tuple[float, float]:
    """Return the processor seconds of a run of engine neat, and the mean of its mean scores."""
    started = time.process_time()
    engine = Neat(settings, seed=seed)
    means = []
    with Serial(seed, common.CHUNK_SIZE) as evaluator:
        for record in generations(engine, fitness, evaluator, Progress()):
            means.append(record["mean"])
            if len(means) == count:
                break
    return time.process_time() - started, statistics.mean(means)


def theirs(move: Any, settings: Any, count: int, seed: int) -> tuple[float, float]:
    """Return the processor seconds of a run of neat-python, and the mean of its mean scores."""
    scores: list[float] = []

    def evaluate(genomes: Any, config: Any) -> None:
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            genome.fitness = float(balanced_steps(network.activate, move))
            scores.append(genome.fitness)

    started = time.process_time()
    neat.Population(build_config(settings), seed=seed).run(evaluate, count)
    return time.process_time() - started, statistics.mean(scores)


def speed(options: Any) -> dict[str, Any]:
    """Return the ratios of whole runs, medians over seeds."""
    config, _ = common.configured("pole", ("pole.poles=1", *options.set), engine="neat")
    settings = changed(config.engine, {"NEAT": {"pop_size": options.population}})
    batch = PoleBalancing(1, output="tanh", steps=STEPS)
    count = options.generations
    ours(Function(), settings, 2, 0)  # compiles
    ours(batch, settings, 2, 0)
    ratios: dict[str, list[float]] = {"function": [], "batch": [], "batch_to_euler": []}
    for seed in common.seeds_of(options):
        mine = {"function": ours(Function(), settings, count, seed)}
        mine["batch"] = ours(batch, settings, count, seed)
        other = {
            kind.__name__: theirs(kind, settings, count, seed) for kind in (euler, runge_kutta)
        }
        for name, (seconds, mean) in (mine | other).items():
            print(f"seed {seed}, {name}: {seconds:.3f} s, {mean:.0f} steps per evaluation")
        ratios["function"].append(other["euler"][0] / mine["function"][0])
        ratios["batch"].append(other["runge_kutta"][0] / mine["batch"][0])
        ratios["batch_to_euler"].append(other["euler"][0] / mine["batch"][0])
    figures = {f"{name}_ratio": statistics.median(found) for name, found in ratios.items()}
    return {"evaluations": count * options.population, **figures}


def double_pole(seed: int, settings: Sequence[str], **options: Any) -> dict[str, Any]:
    """Return the figures of one run: evaluations, steps balanced, starts generalised."""
    config, pole = common.configured("pole", settings, seed=seed, **options)
    record: dict[str, Any] = {}
    for _, record in common.evolve(config, pole.task(config, None).fitness):  # noqa: B007
        pass
    return {"seed": seed, "evaluations": record["evaluations"], **record["figures"]}


def learning(options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the means over all seeds of a double pole task, and the figures of each seed."""
    velocities = options.task == "velocities"
    settings = ["pole.velocities=" + str(velocities).lower(), *options.set]
    one = partial(
        double_pole, settings=settings, engine=options.engine, generations=options.generations
    )
    started = time.perf_counter()
    with ProcessPoolExecutor(options.workers) as pool:
        runs = list(pool.map(one, common.seeds_of(options)))
    evaluations = [run["evaluations"] for run in runs]
    figures = {
        "seeds": len(runs),
        "unsolved_seeds": [run["seed"] for run in runs if not run["solved"]],
        "mean_evaluations": statistics.mean(evaluations),
        "median_evaluations": statistics.median(evaluations),
        "largest_evaluations": max(evaluations),
    }
    if not velocities:
        starts = [run["generalised"] if run["solved"] else 0 for run in runs]
        figures["mean_generalised_of_625"] = statistics.mean(starts)
    return figures | {"seconds": time.perf_counter() - started}, runs


def cart_pole(options: Any) -> dict[str, Any]:
    """Return how many seeds solve CartPole-v1, and the seconds that they take."""
    seconds, solved, tests = [], 0, []
    for seed in common.seeds_of(options):
        started = time.process_time()
        fitness = GymnasiumFitness("CartPole-v1", episodes=5, test_episodes=TEST_EPISODES)
        shape = {"num_inputs": fitness.inputs, "num_outputs": fitness.outputs}
        engine = Neat({"DefaultGenome": shape}, seed=seed)
        # Another five episodes, and those by which a noisy champion is confirmed, count as well.
        with Serial(seed, common.CHUNK_SIZE) as evaluator:
            for record in generations(engine, fitness, evaluator, Progress()):
                if record["champion"] >= CART_POLE_TARGET:
                    break
                if record["generation"] + 1 >= options.generations:
                    break
        seconds.append(time.process_time() - started)
        solved += record["champion"] >= CART_POLE_TARGET
        tests.append(record["figures"]["test_reward"])
        print(
            f"seed {seed}: {record['evaluations']} evaluations, champion {record['champion']:g}, "
            f"{tests[-1]:g} in {TEST_EPISODES} other episodes, {seconds[-1]:.1f} s"
        )
    return {
        "seeds": options.seeds,
        "solved": solved,
        "mean_test_reward": statistics.mean(tests),
        "largest_seconds": max(seconds),
    }


def main() -> None:
    """Measure one of the tasks and print the figures."""
    parser = common.parser(__doc__, seeds=3)
    parser.add_argument("task", choices=("speed", "velocities", "positions", "gymnasium"))
    parser.add_argument("--engine", default="neat", choices=("neat", "neat-python"))
    parser.add_argument("--population", type=int, default=150, help="of the comparison of speed")
    parser.add_argument("--generations", type=int, help="20 for speed, else 100")
    options = parser.parse_args()
    if options.generations is None:
        options.generations = 20 if options.task == "speed" else 100
    details: list[dict[str, Any]] | None = None
    if options.task == "speed":
        figures = speed(options)
    elif options.task == "gymnasium":
        figures = cart_pole(options)
    else:
        figures, details = learning(options)
    common.report({"task": options.task, **figures}, options.json, details)


if __name__ == "__main__":
    main()
