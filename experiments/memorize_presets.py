"""Defaults of `memorize` for each genome kind and engine, and for the mode likelihood."""

from evo.core.settings import Changes
from genomes.grid.mutation import MUTATIONS
from genomes.grid.operators import CROSSOVERS

# Defaults of each genome kind and engine. Tuned one change at a time on several songs and seeds;
# `benchmarks/notes.md` has the trials.
PRESETS: dict[str, Changes] = {
    "network": {
        "engine": {
            "DefaultGenome": {
                "activation_default": "identity",
                "activation_options": ("identity",),
            },
            "NEAT": {"pop_size": 150},
        },
    },
    # Inputs are every step of the last two bars, and every other beat of the twelve before. Inputs
    # are 0 or 1, so that a silent key contributes nothing and a mutation disturbs few steps. The
    # extra input is 1 during learning, and 0 to improvise (`evo play --improvise`).
    # A wrong step costs a squared hinge of at least 1, so a key with less has no wrong step.
    # Most songs need 50 to 200 generations; a few notes of long ones can need more.
    "neat": {
        "stop": {"generations": 3000},
        "genome": {
            "lags": (*range(1, 17), *range(20, 97, 4)),
            "before_start": 0.0,
            "extra_inputs": (1.0,),
        },
        "engine": {
            "Modules": {
                "by_output": True,
                "freeze_below": 1.0,
                "move_weight": 0.3,
                "add_connection": 0.4,
                "add_conjunction": 0.08,
                "split_connection": 0.05,
                "further": 0.3,
                "decades": 1.6,
                "parsimony": 0.1,
                "rounds": 50,
            }
        },
    },
    # Few inputs, with doubling lags: beat, bar and phrase. Networks that start unconnected, and
    # few weight changes per child, learn far more than neat-python's defaults.
    "neat-python": {
        "genome": {"lags": (1, 2, 4, 8, 16, 32), "off": -1.0},
        "engine": {
            "DefaultGenome": {
                "initial_connection": "unconnected",
                "conn_add_prob": 0.9,
                "conn_delete_prob": 0.3,
                "node_add_prob": 0.05,
                "node_delete_prob": 0.05,
                "weight_mutate_rate": 0.2,
                "weight_replace_rate": 0.01,
                "bias_mutate_rate": 0.1,
                "bias_replace_rate": 0.01,
            },
            "DefaultReproduction": {"min_species_size": 1},
        },
    },
    # A single chain, as one long annealing finds shorter formulas than several short ones. A run
    # ends when no shorter formula was found for as long as an annealing takes.
    "anneal": {
        "stop": {"generations": 1000, "stagnation": 10, "solved": False},
        "engine": {"population": {"size": 1}, "formula": {"rules": 1024}},
    },
    # One case per step: every step is a separate search, and all run in parallel. The best
    # individual for each step is kept, and a child takes each step from the best of its parents.
    "grid": {
        "engine": {
            "grid": {"density": (0.3, 0.8)},
            "population": {"size": 50, "survival": "elites"},
            "selection": {"kind": "random"},
            "crossover": dict.fromkeys(CROSSOVERS, 0.0)
            | {"rate": 1.0, "credit": 1.0, "credit_parents": 8},
            "mutation": dict.fromkeys(MUTATIONS, 0.0)
            | {"rate": 1.0, "edits": 6.0, "replace": 6.0, "add": 2.0, "delete": 1.0},
        },
    },
    # Small networks, few parents, and large changes of few weights.
    "deap-history-user": {
        "engine": {
            "algorithm": {"mu": 8, "cxpb": 0.3, "mutpb": 0.7},
            "mutate": {"sigma": 0.5, "indpb": 0.03},
            "network": {"layers": (8,), "last": 8},
        },
    },
    # Many small generations. Individuals are ranked by squared hinge losses: totals hardly change
    # when all but a few steps are right. A few lags at which songs repeat need fewer weights than a
    # history of 80 steps. Weight decay would damage a memorised song.
    "history-user": {
        "stop": {"generations": 5000},
        "run": {"chunk_size": 16},
        "engine": {
            "population": {"size": 32, "evaluate_mean": True},
            "strategy": {"sigma": 0.1, "by_output": True},
            "openai": {"weight_decay": 0.0},
            "network": {
                "architecture": "united",
                "layers": (24,),
                "last": 24,
                "lags": (7, 8, 15, 16, 31, 32, 63, 64),
                "scale": 0.5,
                "forget_bias": 0.0,
            },
        },
    },
    # A song is not counted for itself, so the prior is evolved.
    "reader": {"stop": {"generations": 1000}},
}
# Changes for the mode likelihood. Genome kinds listed here use it by default for several songs.
LIKELIHOOD: dict[str, Changes] = {
    "": {"task": {"mode": "likelihood"}},
    # There is no score by output.
    "neat": {"stop": {"generations": 300}, "engine": {"Modules": {"by_output": False}}},
    # Songs are scored by probabilities, so nothing is taught: scores select.
    "anneal": {
        "stop": {"generations": 300, "stagnation": 0},
        "engine": {"population": {"size": 100}, "formula": {"rules": 64}},
    },
    "deap-history-user": {
        "engine": {"algorithm": {"kind": "eaSimple"}, "population": {"elitism": 0}}
    },
    # A fifth of the songs is held out. The champion is the mean, as for HistoryUsers.
    "reader": {
        "task": {"held_out": 0.2, "batch": 16},
        "genome": {"prior": "contexts"},
        "stop": {"generations": 300},
        "engine": {
            "population": {"size": 22, "evaluate_mean": True, "champion": "mean"},
            "strategy": {"kind": "openai", "sigma": 0.2},
            "openai": {"learning_rate": 0.2, "learning_rate_decay": 0.99},
        },
    },
    # A fifth of the songs is held out. Networks read all lags of ten bars, and learn which to use.
    "history-user": {
        "task": {"held_out": 0.2, "batch": 16},
        "stop": {"generations": 3000},
        "engine": {
            # The champion is the mean: scores by sixteen songs each cannot be compared.
            "population": {"champion": "mean"},
            "strategy": {"by_output": False},
            # A little decay prevents overconfidence on unknown songs.
            "openai": {"weight_decay": 0.002},
            "network": {
                "architecture": "melody",
                "layers": (16,),
                "last": 16,
                "lags": (),
                "scale": 1.0,
                "forget_bias": 1.0,
            },
        },
    },
}
# With durations several channels are on at once, and each needs a probability of its own.
LIKELIHOOD_WITH_DURATIONS: dict[str, Changes] = LIKELIHOOD | {
    "history-user": {
        **LIKELIHOOD["history-user"],
        "engine": LIKELIHOOD["history-user"]["engine"]
        | {"network": LIKELIHOOD["history-user"]["engine"]["network"] | {"architecture": "united"}},
    }
}
