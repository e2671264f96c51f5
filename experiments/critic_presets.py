"""Presets of the experiment `critic`, by genome kind and engine."""

from evo.core.settings import Changes

PRESETS: dict[str, Changes] = {
    # Inputs are every step of the last bar and every other step of the seven before. Networks have
    # no prompt: they start from silence.
    "network": {
        "genome": {"lags": (*range(1, 9), *range(10, 65, 2))},
        "engine": {
            "DefaultGenome": {
                "activation_default": "identity",
                "activation_options": ("identity",),
            },
            "NEAT": {"pop_size": 150},
            "Selection": {"climb": 5},
        },
    },
    # Every brief has an island of its own. Otherwise crossover would spread bars to all pieces.
    # Tunes repeat motives and phrases, and an edit of one place alone spoils that.
    "grid": {
        "engine": {
            "grid": {"most_voices": 1, "density": (0.2, 0.7)},
            "population": {
                "size": 512,
                "survival": "islands",
                "parents": 32,
                "shared": 0.1,
                "climb": 5,
            },
            "selection": {"kind": "tournament", "tournament_size": 2},
            "mutation": {"restate": 10.0, "echo": 20.0, "edits": 1.3},
        },
        "task": {"pieces": 8},
        "stop": {"generations": 1500},
    },
    # One brief: DEAP's algorithms have one population.
    "deap-grid": {"task": {"pieces": 1}, "engine": {"population": {"size": 64}}},
    "history-user": {
        "engine": {"network": {"architecture": "united", "layers": (24,), "last": 24}}
    },
    "": {"checkpoints": {"every": 100, "keep_every": 0}},
}
LENGTHS = {"length": 6.0}  # with durations
