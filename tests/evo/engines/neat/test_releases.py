"""Configuration files of every release of neat-python are read as that release read them."""

from pathlib import Path
from typing import Any

import neat
import numpy as np
import pytest
from breeding import same_arrays
from neat_files import RELEASES, File, Sections, base, files, text_of

from evo.core.errors import BreedingError, EvoError, InputError
from evo.core.scores import Scores
from evo.core.settings import tables
from evo.engines.neat.config_file import load
from evo.engines.neat.engine import Neat
from evo.engines.neat.settings import NeatPythonSettings, NeatSettings
from evo.engines.neat_python.config import build_config, settings_of
from evo.engines.neat_python.engine import NeatPython
from evo.fitness.xor import Xor

FILES = files()
USABLE = [file for file in FILES if not file.refused]


def written(folder: Path, text: str) -> Path:
    path = folder / "config.ini"
    path.write_text(text)
    return path


def neats_own(path: Path) -> Any:
    return neat.Config(
        neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet,
        neat.DefaultStagnation, str(path),
    )  # fmt: skip


def read(folder: Path, sections: Sections) -> tuple[NeatPythonSettings, str]:
    return load(written(folder, text_of(sections)), NeatPythonSettings())


def plain(settings: NeatPythonSettings) -> dict[str, dict[str, str]]:
    """Return settings as text, numbers in one form."""
    return {
        section: {name: _plain(value) for name, value in entries.items()}
        for section, entries in tables(settings).items()
    }


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return str(value).lower()


def named(file: File) -> str:
    return file.name


def test_there_are_files_of_every_release() -> None:
    assert {file.release for file in FILES} == set(RELEASES)
    assert len(FILES) >= 150


@pytest.mark.parametrize("engine", [Neat, NeatPython])
@pytest.mark.parametrize("file", USABLE, ids=named)
def test_a_file_that_its_release_could_run_runs_two_generations(
    file: File, engine: Any, tmp_path: Path
) -> None:
    path = written(tmp_path, text_of(file.sections))
    settings, _ = load(path, engine.settings_type())
    run = engine(settings, seed=3)
    for _ in range(2):
        networks = run.ask()
        if networks.feed_forward:
            scores = Xor().evaluate(networks, None)  # type: ignore[arg-type]
        else:
            scores = Scores.of(np.arange(len(networks), dtype=float))
        run.tell(scores)
    assert run.generation == 2


@pytest.mark.parametrize("file", [file for file in FILES if file.refused], ids=named)
def test_a_file_that_cannot_be_meant_is_refused_by_name_in_one_line(
    file: File, tmp_path: Path
) -> None:
    path = written(tmp_path, text_of(file.sections))
    with pytest.raises(EvoError) as caught:
        load(path, NeatSettings())
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    assert file.refused in line


@pytest.mark.parametrize("file", USABLE, ids=named)
def test_where_neat_python_reads_a_file_the_settings_are_the_same(
    file: File, tmp_path: Path
) -> None:
    settings, _ = read(tmp_path, file.sections)
    try:
        theirs = neats_own(tmp_path / "config.ini")
    except Exception:  # noqa: BLE001  # neat-python refuses a file of an earlier release by it
        assert file.release < "2.0" or file.name == "2.0 default is no option"
        return
    if file.release == "0.92":  # it had another default
        assert settings.DefaultReproduction.min_species_size == 2
        theirs.reproduction_config.min_species_size = 2
    assert plain(settings_of(theirs)) == plain(settings)
    assert plain(settings_of(build_config(settings))) == plain(settings)


def test_the_population_grows_for_many_species_as_before_1_1(tmp_path: Path) -> None:
    sections = base("0.92")
    sections["DefaultGenome"] |= {"num_hidden": "3", "initial_connection": "full"}
    settings, _ = read(tmp_path, sections)
    run = NeatPython(settings, seed=3)
    assert run.statistics()["species"] == len(run.ask()) == 24
    run.tell(Scores.of(np.arange(24.0)))
    assert len(run.ask()) == 24 * settings.DefaultReproduction.min_species_size
    restored = NeatPython.restore(settings, run.state(), seed=3)
    for other in (run, restored):
        other.tell(Scores.of(np.arange(float(len(other.ask())))))
    assert same_arrays(run.ask().to_arrays(), restored.ask().to_arrays())


def test_a_population_that_would_grow_endlessly_ends_the_run_in_one_line(tmp_path: Path) -> None:
    sections = base("0.92")
    sections["DefaultSpeciesSet"]["compatibility_threshold"] = "0"
    sections["DefaultGenome"]["initial_connection"] = "full"
    settings, _ = read(tmp_path, sections)
    run = NeatPython(settings, seed=3)

    def breed() -> None:
        for _ in range(9):
            run.tell(Scores.of(np.arange(float(len(run.ask())))))

    with pytest.raises(BreedingError, match=r"Raise DefaultSpeciesSet\.compat") as caught:
        breed()
    assert "\n" not in str(caught.value)
    assert len(run.ask()) <= 4 * 24


def test_a_species_without_offspring_ends_a_run_in_one_line(tmp_path: Path) -> None:
    sections = base("0.92")
    sections["DefaultSpeciesSet"]["compatibility_threshold"] = "0.5"
    sections["DefaultReproduction"] |= {"elitism": "0", "min_species_size": "0"}
    settings, _ = read(tmp_path, sections)
    run = NeatPython(settings, seed=3)

    def breed() -> None:
        for _ in range(20):
            run.tell(Scores.of(1000.0 ** np.arange(len(run.ask()) % 90)))

    with pytest.raises(BreedingError, match="no offspring"):
        breed()


def test_a_note_names_the_release_and_every_filled_entry(tmp_path: Path) -> None:
    _, note = read(tmp_path, base("0.92"))
    assert "\n" not in note
    assert note.startswith(
        f"{tmp_path / 'config.ini'}: a file of neat-python 0.92; set as it did: "
    )
    for entry in (
        "no_fitness_termination = False", "initial_connection = unconnected",
        "weight_init_type = gaussian", "elitism = 0", "min_species_size = 2",
        "species_fitness_func = mean", "max_stagnation = 15", "survival_threshold = 0.2",
    ):  # fmt: skip
        assert entry in note
    assert "time_constant" not in note


def test_a_complete_file_needs_no_note(tmp_path: Path) -> None:
    for release in ("1.0", "1.1"):
        assert read(tmp_path, base(release))[1] == ""


@pytest.mark.parametrize(("release", "elitism", "smallest"), [
    ("0.9", 1, 1), ("0.92", 0, 2), ("2.0", 0, 1),
])  # fmt: skip
def test_missing_entries_are_filled_as_the_release_did(
    release: str, elitism: int, smallest: int, tmp_path: Path
) -> None:
    reproduction = read(tmp_path, base(release))[0].DefaultReproduction
    assert reproduction.elitism == elitism
    assert reproduction.min_species_size == smallest


def test_release_0_91_is_told_by_entries_that_later_ones_refuse(tmp_path: Path) -> None:
    sections = base("0.91")
    sections["DefaultReproduction"]["threads"] = "4"
    settings, note = read(tmp_path, sections)
    assert "neat-python 0.91" in note
    assert "elitism = 1" in note
    assert note.endswith("not used: threads")
    assert settings.DefaultReproduction.elitism == 1


def test_release_0_9_names_its_threshold_differently(tmp_path: Path) -> None:
    sections = base("0.9")
    sections["NEAT"]["max_fitness_threshold"] = "2.5"
    settings, note = read(tmp_path, sections)
    assert (settings.NEAT.fitness_threshold, settings.NEAT.fitness_criterion) == (2.5, "max")
    assert not settings.NEAT.no_fitness_termination
    assert "neat-python 0.9;" in note


def test_release_0_9_connected_inputs_to_outputs_also_beside_hidden_nodes(tmp_path: Path) -> None:
    sections = base("0.9")
    sections["DefaultGenome"] |= {"initial_connection": "partial 0.5", "num_hidden": "2"}
    settings, note = read(tmp_path, sections)
    assert settings.DefaultGenome.initial_connection == "partial_direct 0.5"
    assert "taken as: initial_connection = partial_direct 0.5" in note


def test_chances_of_a_single_mutation_keep_their_proportions(tmp_path: Path) -> None:
    sections = base("0.92")
    sections["DefaultGenome"] |= {
        "single_structural_mutation": "True", "node_add_prob": "2", "node_delete_prob": "1",
        "conn_add_prob": "0.5", "conn_delete_prob": "0.5",
    }  # fmt: skip
    genome = read(tmp_path, sections)[0].DefaultGenome
    chances = (genome.node_add_prob, genome.node_delete_prob, genome.conn_add_prob)
    assert chances == (0.5, 0.25, 0.125)


def test_a_default_that_is_no_option_is_what_new_nodes_have(tmp_path: Path) -> None:
    sections = base("0.92")
    sections["DefaultGenome"] |= {
        "activation_default": "relu", "activation_options": "tanh", "initial_connection": "full",
    }  # fmt: skip
    config = build_config(read(tmp_path, sections)[0]).genome_config
    assert (config.activation_default, config.activation_options) == ("relu", ["tanh"])


@pytest.mark.parametrize("comment", [" ; as in Python 2", " # of any kind"])
def test_comments_after_a_value_are_no_part_of_it(comment: str, tmp_path: Path) -> None:
    sections = base("0.92")
    sections["NEAT"]["pop_size"] = "31" + comment
    assert read(tmp_path, sections)[0].NEAT.pop_size == 31


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_comments_in_any_encoding_do_no_harm(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_bytes(text_of(base("0.92"), "# größer").encode(encoding))
    assert load(path, NeatSettings()).settings.NEAT.pop_size == 24


def test_a_file_before_0_9_is_refused_by_its_release(tmp_path: Path) -> None:
    path = written(tmp_path, "[phenotype]\ninput_nodes = 2\n[genetic]\npop_size = 20\n")
    with pytest.raises(InputError, match=r"before 0\.9"):
        load(path, NeatSettings())


def test_a_configuration_object_with_own_classes_is_refused_by_name(tmp_path: Path) -> None:
    class SharedGenome(neat.DefaultGenome):  # type: ignore[misc]
        pass

    config = neats_own(written(tmp_path, text_of(base("1.1"))))
    config.genome_type = SharedGenome
    with pytest.raises(InputError, match="genome_type SharedGenome"):
        settings_of(config)
    with pytest.raises(InputError, match="got int"):
        settings_of(3)
