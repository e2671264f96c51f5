"""The releases of neat-python, and what each did with an incomplete configuration file.

    0.9    ends at max_fitness_threshold; ignores unknown entries
    0.91   has fitness_criterion and fitness_threshold
    0.92   has defaults for new entries; refuses unknown entries, except in [DefaultGenome]
    1.0    requires all entries, and so does 1.1, which adds the seed
    2.0    has defaults again, and adds time constants

A file does not say its release. `completed` finds it by the entries that the file has and lacks.
Between 0.91 and 0.92, it takes 0.92, the only release for eight years, if that reads the file. What
its release could run is accepted, so a probability above 1 becomes 1, which meant the same.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import fields

from evo.core.errors import InputError, suggestion
from evo.engines.neat.settings import NeatPythonSettings
from genomes.network import own_functions
from genomes.network.functions import AGGREGATIONS

Sections = dict[str, dict[str, str]]

SECTIONS = tuple(NeatPythonSettings.__struct_fields__)
KNOWN = {
    field.encode_name: [item.encode_name for item in fields(field.type)]
    for field in fields(NeatPythonSettings())
} | {"DefaultGenome": [item.encode_name for item in fields(NeatPythonSettings().DefaultGenome)]}

# Values of missing entries, by release. Entries without a value here are required.
_FILLED: Sections = {
    "NEAT": {"no_fitness_termination": "False"},
    "DefaultGenome": {
        "single_structural_mutation": "False",
        "structural_mutation_surer": "default",
        "initial_connection": "unconnected",
        "enabled_rate_to_true_add": "0.0",
        "enabled_rate_to_false_add": "0.0",
        "activation_default": "random",
        "aggregation_default": "random",
        "bias_init_type": "gaussian",
        "response_init_type": "gaussian",
        "weight_init_type": "gaussian",
    },
    "DefaultSpeciesSet": {},
    "DefaultStagnation": {
        "species_fitness_func": "mean",
        "max_stagnation": "15",
        "species_elitism": "0",
    },
    "DefaultReproduction": {
        "elitism": "0",
        "survival_threshold": "0.2",
        "min_species_size": "2",
    },
}
_FILLED_BY_RELEASE: dict[str, Sections] = {
    "0.9": {
        "NEAT": {"fitness_criterion": "max"},
        "DefaultReproduction": {"elitism": "1", "min_species_size": "1"},
    },
    "0.91": {"DefaultReproduction": {"elitism": "1"}},
    "0.92": {"DefaultGenome": {"activation_options": "sigmoid", "aggregation_options": "sum"}},
    "2.0": {"DefaultReproduction": {"min_species_size": "1"}},
}
# Entries that release 2.0 can do without, and no earlier release missed. Not worth a message.
_LATER: Sections = {
    "NEAT": {"seed": "-1"},
    "DefaultGenome": {
        "time_constant_init_mean": "1.0",
        "time_constant_init_stdev": "0.0",
        "time_constant_init_type": "gaussian",
        "time_constant_replace_rate": "0.0",
        "time_constant_mutate_rate": "0.0",
        "time_constant_mutate_power": "0.0",
        "time_constant_max_value": "10.0",
        "time_constant_min_value": "0.01",
    },
}
# Entries that release 0.92 introduced.
_NEW_IN_092 = {
    "no_fitness_termination", "single_structural_mutation", "structural_mutation_surer",
    "bias_init_type", "response_init_type", "weight_init_type", "enabled_rate_to_true_add",
    "enabled_rate_to_false_add", "min_species_size",
}  # fmt: skip

# Synonyms that neat-python accepts.
_TRUE, _FALSE = ("1", "yes", "true", "on"), ("0", "no", "false", "off")
_ENABLED = dict.fromkeys(_TRUE, "True") | dict.fromkeys(_FALSE, "False") | {"none": "random"}
_SURER = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")
_STRUCTURAL = ("node_add_prob", "node_delete_prob", "conn_add_prob", "conn_delete_prob")
_KINDS = ("activation", "aggregation")


@dataclass(frozen=True)
class Completed:
    """The sections of a file with every entry.

    Attributes:
        sections: Text by section and name.
        release: The release that the file was written for.
        filled: Entries that the file lacks, with their values.
        replaced: Entries with another value of the same meaning.
        unused: Names that the release did not use.
    """

    sections: Sections
    release: str
    filled: dict[str, str]
    replaced: dict[str, str]
    unused: tuple[str, ...]

    @property
    def note(self) -> str:
        """One line about everything that is not in the file as such; "" for nothing."""
        parts = []
        for words, entries in (("set as it did", self.filled), ("taken as", self.replaced)):
            if entries:
                parts.append(f"{words}: " + ", ".join(f"{k} = {v}" for k, v in entries.items()))
        if self.unused:
            parts.append(f"not used: {', '.join(self.unused)}")
        return "; ".join([f"a file of neat-python {self.release}", *parts]) if parts else ""


def completed(sections: Mapping[str, Mapping[str, str]]) -> Completed:
    """Return the sections with every entry that later releases have.

    Args:
        sections: Text by section and name. Sections of other names are not used.

    Raises:
        InputError: If an entry is missing or unknown, and the file's release refused that.
    """
    given = {name: dict(sections[name]) for name in SECTIONS}
    release = _release_of(given)
    replaced: dict[str, str] = {}
    if release == "0.9":
        _translate_09(given, replaced)
    unused = _drop_unknown(given, release)
    filled = _fill(given, release)
    _normalise(given, replaced)
    unused += _drop_unused_functions(given["DefaultGenome"])
    return Completed(given, release, filled, replaced, tuple(unused))


def _release_of(given: Sections) -> str:
    neat, genome = given["NEAT"], given["DefaultGenome"]
    if "max_fitness_threshold" in neat and "fitness_threshold" not in neat:
        return "0.9"
    if any(name.startswith("time_constant") for name in genome):
        return "2.0"
    later = {name for entries in _LATER.values() for name in entries}
    complete = all(set(KNOWN[name]) - later <= set(given[name]) for name in SECTIONS)
    if "seed" in neat:
        return "1.1" if complete else "2.0"
    if complete:
        return "1.0"
    is_newer = any(_NEW_IN_092 & set(entries) for entries in given.values())
    return "0.92" if is_newer or not _refused(given) else "0.91"


def _refused(given: Sections) -> list[tuple[str, str]]:
    """Return unknown entries outside [DefaultGenome], which 0.92 and later refuse."""
    return [
        (section, name)
        for section in SECTIONS
        if section != "DefaultGenome"
        for name in given[section]
        if name not in KNOWN[section]
    ]


def _translate_09(given: Sections, replaced: dict[str, str]) -> None:
    """Rename and translate what only release 0.9 meant."""
    neat, genome = given["NEAT"], given["DefaultGenome"]
    neat["fitness_threshold"] = neat.pop("max_fitness_threshold")
    mode, space, share = genome.get("initial_connection", "").partition(" ")
    # It connected inputs to hidden and output nodes. Without hidden nodes, all releases agree.
    if mode in ("full", "partial") and genome.get("num_hidden", "0").strip() != "0":
        genome["initial_connection"] = replaced["initial_connection"] = (
            f"{mode}_direct{space}{share}"
        )


def _drop_unknown(given: Sections, release: str) -> list[str]:
    """Remove unknown entries, and return their names."""
    refused = _refused(given)
    if refused and release not in ("0.9", "0.91"):
        section, name = refused[0]
        hint = suggestion(name, KNOWN[section])
        raise InputError(
            f"there is no entry {name} in the section [{section}]; {hint}"
            f"neat-python {release} has {', '.join(KNOWN[section])}"
        )
    everywhere = {name for names in KNOWN.values() for name in names}  # entries of [DEFAULT]
    unused = []
    for section, entries in given.items():
        for name in [name for name in entries if name not in KNOWN[section]]:
            del entries[name]
            if name not in everywhere:
                unused.append(name)
    return unused


def _fill(given: Sections, release: str) -> dict[str, str]:
    """Add missing entries; return those whose values are the release's."""
    filled = {}
    for section, entries in given.items():
        own = _FILLED_BY_RELEASE.get(release, {}).get(section, {})
        defaults, later = _FILLED[section] | own, _LATER.get(section, {})
        for name in KNOWN[section]:
            if name in entries:
                continue
            if name in later:
                entries[name] = later[name]
            elif name in defaults:
                entries[name] = filled[name] = defaults[name]
            else:
                raise InputError(f"there is no {name} in the section [{section}]")
    return filled


def _normalise(given: Sections, replaced: dict[str, str]) -> None:
    """Replace synonyms, and values outside our limits that meant the same as the limit."""
    neat, genome = given["NEAT"], given["DefaultGenome"]
    for name, words in (("enabled_default", _ENABLED), ("structural_mutation_surer", _SURER)):
        genome[name] = words.get(genome[name].lower(), genome[name])
    for kind in _KINDS:
        default = genome[f"{kind}_default"]
        genome[f"{kind}_default"] = "random" if default.lower() in ("random", "none") else default
    genome["initial_connection"] = " ".join(genome["initial_connection"].split())
    criteria = ("max", "min", "mean")
    if (
        neat["no_fitness_termination"].lower() in _TRUE
        and neat["fitness_criterion"] not in criteria
    ):
        neat["fitness_criterion"] = replaced["fitness_criterion"] = "max"  # not used
    _share_out(genome, replaced)
    for section, entries in given.items():
        for name, text in entries.items():
            low, high = _limits(section, name)
            number = _number(text)
            if number is not None and not low <= number <= high:
                nearest = low if number < low else high
                entries[name] = replaced[name] = f"{nearest:g}"


def _share_out(genome: dict[str, str], replaced: dict[str, str]) -> None:
    """Divide chances of a single structural mutation by their sum if one is above 1."""
    chances = [_number(genome[name]) for name in _STRUCTURAL]
    numbers = [max(chance, 0.0) for chance in chances if chance is not None]
    is_single = genome["single_structural_mutation"].lower() in _TRUE
    if is_single and len(numbers) == len(_STRUCTURAL) and max(numbers) > 1:
        for name, number in zip(_STRUCTURAL, numbers, strict=True):
            genome[name] = replaced[name] = f"{number / sum(numbers):.12g}"


def _limits(section: str, name: str) -> tuple[float, float]:
    """Return the limits beyond which an entry means the same as at the limit."""
    if name == "survival_threshold" or name.endswith(("_prob", "_mutate_rate", "_replace_rate")):
        return 0.0, 1.0
    if name.startswith("enabled_rate_to"):
        return -math.inf, 1.0
    if name == "fitness_threshold":
        return -1e300, 1e300
    if name.endswith(("_max_value", "_min_value")):
        return -1e12, 1e12
    if name == "compatibility_threshold":
        return -math.inf, 1e12
    if name == "max_stagnation":
        return 0, 1e9
    if section in ("DefaultStagnation", "DefaultReproduction"):
        return 0, 1e6
    return -math.inf, math.inf


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _drop_unused_functions(genome: dict[str, str]) -> list[str]:
    """Remove unknown functions that no node can ever have, and return their names."""
    unused = []
    for kind in _KINDS:
        known = AGGREGATIONS if kind == "aggregation" else own_functions.names()
        default, rate = genome[f"{kind}_default"], _number(genome[f"{kind}_mutate_rate"])
        options = genome[f"{kind}_options"].replace(",", " ").split()
        unknown = [name for name in options if name not in known]
        if rate == 0 and default in known and unknown:
            left = [name for name in options if name in known]
            genome[f"{kind}_options"] = " ".join(left or [default])
            unused += unknown
    return unused
