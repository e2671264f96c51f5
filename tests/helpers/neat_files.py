"""Configuration files as each release of neat-python documents them, for tests.

`base` has the entries that a release's documentation lists as required. `VARIANTS` has changes of
it, with the first release that could run them, and whether they can be run here.
"""

from typing import NamedTuple

Sections = dict[str, dict[str, str]]

RELEASES = ("0.9", "0.91", "0.92", "1.0", "1.1", "2.0")


def _values(gene: str, mean: float, power: float) -> dict[str, str]:
    return {
        f"{gene}_init_mean": f"{mean}", f"{gene}_init_stdev": f"{power * 2}",
        f"{gene}_max_value": "20", f"{gene}_min_value": "-20", f"{gene}_mutate_power": f"{power}",
        f"{gene}_mutate_rate": "0.6", f"{gene}_replace_rate": "0.05",
    }  # fmt: skip


def base(release: str) -> Sections:
    """Return the least that a release runs with 2 inputs and 1 output."""
    sections: Sections = {
        "NEAT": {"pop_size": "24", "reset_on_extinction": "True"},
        "DefaultGenome": {
            "num_inputs": "2", "num_outputs": "1", "num_hidden": "0", "feed_forward": "True",
            "compatibility_disjoint_coefficient": "1.0", "compatibility_weight_coefficient": "0.6",
            "conn_add_prob": "0.4", "conn_delete_prob": "0.3", "node_add_prob": "0.3",
            "node_delete_prob": "0.2", "activation_default": "tanh", "activation_options": "tanh",
            "activation_mutate_rate": "0.0", "aggregation_default": "sum",
            "aggregation_options": "sum", "aggregation_mutate_rate": "0.0",
            "enabled_default": "True", "enabled_mutate_rate": "0.02",
            **_values("bias", 0.0, 0.4), **_values("response", 1.0, 0.0),
            **_values("weight", 0.0, 0.5),
        },
        "DefaultSpeciesSet": {"compatibility_threshold": "3.5"},
        "DefaultStagnation": {},
        "DefaultReproduction": {},
    }  # fmt: skip
    neat, genome = sections["NEAT"], sections["DefaultGenome"]
    if release == "0.9":
        neat["max_fitness_threshold"] = "3.9"
    else:
        neat |= {"fitness_criterion": "max", "fitness_threshold": "3.9"}
    if release in ("1.0", "1.1"):
        neat["no_fitness_termination"] = "False"
        genome |= {
            "single_structural_mutation": "false", "structural_mutation_surer": "default",
            "initial_connection": "full_direct", "enabled_rate_to_true_add": "0.0",
            "enabled_rate_to_false_add": "0.0", "bias_init_type": "gaussian",
            "response_init_type": "gaussian", "weight_init_type": "uniform",
        }  # fmt: skip
        sections["DefaultStagnation"] = {
            "species_fitness_func": "median", "max_stagnation": "12", "species_elitism": "1",
        }  # fmt: skip
        sections["DefaultReproduction"] = {
            "elitism": "2", "survival_threshold": "0.4", "min_species_size": "2",
        }  # fmt: skip
    if release == "1.1":
        neat["seed"] = "5"
    if release == "2.0":
        neat["no_fitness_termination"] = "False"
        genome |= {"time_constant_init_mean": "1.0", "time_constant_max_value": "8.0"}
    return sections


def xor() -> Sections:
    """Return settings of release 0.92 that solve XOR."""
    sections = base("0.92")
    sections["NEAT"] |= {"pop_size": "150"}
    sections["DefaultGenome"] |= {
        "initial_connection": "full", "activation_default": "sigmoid",
        "activation_options": "sigmoid", "conn_add_prob": "0.5", "conn_delete_prob": "0.5",
        "node_add_prob": "0.2", "bias_init_stdev": "1.0", "bias_mutate_power": "0.5",
        "weight_init_stdev": "1.0", "weight_mutate_rate": "0.8", "weight_replace_rate": "0.1",
        "weight_max_value": "30", "weight_min_value": "-30",
        "compatibility_weight_coefficient": "0.5",
    }  # fmt: skip
    sections["DefaultSpeciesSet"]["compatibility_threshold"] = "3.0"
    sections["DefaultStagnation"] = {
        "species_fitness_func": "max", "max_stagnation": "20", "species_elitism": "2",
    }  # fmt: skip
    sections["DefaultReproduction"] = {"elitism": "2", "survival_threshold": "0.2"}
    return sections


class Variant(NamedTuple):
    """A change of a file.

    Attributes:
        name: Short name.
        changes: New entries by section; None removes an entry.
        since: The first release that ran it.
        until: The last release that ran it.
        refused: Words of the message if it cannot be run here, "" if it can.
    """

    name: str
    changes: dict[str, dict[str, str | None]]
    since: str = "0.9"
    until: str = "2.0"
    refused: str = ""


def _genome(name: str, since: str = "0.9", refused: str = "", **entries: str | None) -> Variant:
    return Variant(name, {"DefaultGenome": entries}, since, refused=refused)


VARIANTS = (
    Variant("least", {}),
    _genome("full", initial_connection="full"),
    _genome("partial", initial_connection="partial 0.5"),
    _genome("fs", "0.91", initial_connection="fs_neat"),
    _genome("fs split", "0.92", initial_connection="fs_neat_hidden", num_hidden="2"),
    _genome("nodirect", "0.92", initial_connection="partial_nodirect 0.5", num_hidden="3"),
    _genome("hidden", initial_connection="full", num_hidden="3"),
    _genome("recurrent", feed_forward="False", initial_connection="full"),
    _genome(
        "functions", activation_options="sigmoid tanh sin gauss relu softplus identity clamped inv "
        "log exp abs hat square cube", activation_mutate_rate="0.3", activation_default="sin",
        aggregation_options="sum product max min", aggregation_mutate_rate="0.3",
    ),
    _genome(
        "functions of 0.92", "0.92", aggregation_options="median mean maxabs",
        aggregation_default="random", aggregation_mutate_rate="0.2", activation_default="none",
    ),
    _genome(
        "functions of 1.0", "1.0", activation_options="elu lelu selu", activation_default="random",
    ),
    _genome("single", "0.92", single_structural_mutation="True", structural_mutation_surer="yes",
            node_add_prob="1.5"),
    _genome("uniform", "0.92", weight_init_type="uniform", bias_init_type="normal"),
    _genome("enabling", "0.92", enabled_rate_to_true_add="0.2", enabled_default="random",
            enabled_rate_to_false_add="0.1"),
    _genome("chances above 1", conn_add_prob="1.2", weight_mutate_rate="1.5",
            bias_replace_rate="3"),
    _genome("own genome entries", my_own_entry="5"),
    _genome("unused function", activation_options="tanh mine"),
    _genome("default is no option", activation_default="relu", activation_options="tanh sigmoid",
            activation_mutate_rate="0.1", initial_connection="full"),
    Variant("threshold never", {"NEAT": {"fitness_threshold": "inf"}}, "0.91"),
    Variant("criterion", {"NEAT": {"fitness_criterion": "mean"}}, "0.91"),
    Variant("no criterion",
            {"NEAT": {"fitness_criterion": "none", "no_fitness_termination": "yes"}},
            "0.92"),
    Variant("mean", {"DefaultStagnation": {"species_fitness_func": "mean", "max_stagnation": "9"}}),
    Variant("median", {"DefaultStagnation": {"species_fitness_func": "median"}}),
    Variant("elites", {"DefaultStagnation": {"species_elitism": "3"},
                       "DefaultReproduction": {"elitism": "3", "survival_threshold": "1.2"}}),
    Variant("unknown entries", {"NEAT": {"report": "True"},
                                "DefaultReproduction": {"threads": "4"}}, until="0.91"),
    Variant("unknown entry", {"NEAT": {"report": "True"},
                              "DefaultReproduction": {"min_species_size": "2"}}, "0.92",
            refused="report"),
    _genome("own function", activation_options="tanh mine", activation_mutate_rate="0.1",
            refused="'mine'"),
    _genome("own default", activation_default="sinc", refused="'sinc'"),
    _genome("own aggregation", aggregation_default="mine", refused="'mine'"),
    Variant("own statistic", {"DefaultStagnation": {"species_fitness_func": "gmean"}},
            refused="gmean"),
    Variant("no size", {"NEAT": {"pop_size": None}}, refused="pop_size"),
    _genome("no inputs", num_inputs=None, refused="num_inputs"),
)  # fmt: skip

# Sections with another name: the spiking networks, and classes of the file's own program.
RENAMED = {
    "spiking": ("DefaultGenome", "IZGenome", "spiking"),
    "genome": ("DefaultGenome", "SharedGenome", "[SharedGenome]"),
    "reproduction": ("DefaultReproduction", "FastReproduction", "[FastReproduction]"),
    "stagnation": ("DefaultStagnation", "MyStagnation", "[MyStagnation]"),
}


def text_of(sections: Sections, comment: str = "# a comment") -> str:
    """Return sections as the text of a file."""
    lines = [comment]
    for name, entries in sections.items():
        lines += [f"[{name}]", *(f"{key:24} = {value}" for key, value in entries.items()), ""]
    return "\n".join(lines)


class File(NamedTuple):
    """A file, and what to expect of it."""

    name: str
    release: str
    sections: Sections
    refused: str


def files() -> list[File]:
    """Return all combinations of releases and variants."""
    found = []
    for place, release in enumerate(RELEASES):
        for variant in VARIANTS:
            if not RELEASES.index(variant.since) <= place <= RELEASES.index(variant.until):
                continue
            sections = base(release)
            for section, changes in variant.changes.items():
                for key, value in changes.items():
                    sections[section].pop(key, None)
                    if value is not None:
                        sections[section][key] = value
            found.append(File(f"{release} {variant.name}", release, sections, variant.refused))
        for name, (old, new, words) in RENAMED.items():
            sections = {new if key == old else key: item for key, item in base(release).items()}
            found.append(File(f"{release} own {name}", release, sections, words))
    return found
