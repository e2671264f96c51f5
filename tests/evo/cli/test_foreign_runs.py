"""Commands on a run by another person, possibly altered, change nothing outside it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import evo, finished_run
from disturbing import undrawn
from running import configured

from evo.cli.display import PlainDisplay, Terminal
from evo.cli.errors import UsageError
from evo.core.errors import printable
from evo.core.registry import GENOMES, experiment
from evo.runs.batch import Batch

RUN = ["run", "memorize", "--song", "ode-to-joy", "--population", "12", "--generations", "2"]


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    undrawn(monkeypatch.setattr)


def refused(*arguments: object) -> str:
    """Return the one-line error of a refused command."""
    result = evo(*arguments)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run of memorize, to copy."""
    return finished_run(tmp_path_factory.mktemp("finished"), *RUN)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Return a finished run for one test."""
    return Path(shutil.copytree(finished, tmp_path / "a"))


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("precious")
    return path


SAMPLED = "--improvise", "--temperature", "0.5", "--seed", "1"


@pytest.mark.parametrize(("command", "names"), [
    (("play",), ("champion/song.wav", "champion/.tmp-song.wav")),
    (("play", *SAMPLED), ("improvisations/ode-to-joy-improvised-t0.5-seed1.mid",
                          "improvisations/ode-to-joy-improvised-t0.5-seed1.wav")),
    (("plot",), ("plots/fitness.png", "plots/.tmp-fitness.png")),
])  # fmt: skip
def test_default_files_replace_links(
    run: Path, victim: Path, command: tuple[str, ...], names: tuple[str, ...]
) -> None:
    for name in names:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).symlink_to(victim)
    result = evo(command[0], run, *command[1:])
    assert result.exit_code == 0, result.output
    assert victim.read_text() == "precious"
    for name in names:
        if ".tmp-" not in name:
            assert (run / name).is_file()
            assert not (run / name).is_symlink()
    assert list(run.rglob(".tmp-*")) == []


@pytest.mark.parametrize(("command", "folder"), [
    (("play",), "champion"), (("play", *SAMPLED), "improvisations"), (("plot",), "plots"),
])  # fmt: skip
def test_default_files_never_go_into_a_folder_that_is_a_link(
    run: Path, tmp_path: Path, command: tuple[str, ...], folder: str
) -> None:
    outside = tmp_path / "outside"
    if (run / folder).exists():
        (run / folder).rename(outside)
    else:
        outside.mkdir()
    (run / folder).symlink_to(outside)
    before = sorted(outside.iterdir())
    assert f"{run / folder}: cannot be written: is a link" in refused(command[0], run, *command[1:])
    assert sorted(outside.iterdir()) == before


def test_files_named_by_the_user_may_be_links(run: Path, victim: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(victim)
    for command in (("play", run, "--out", link), ("plot", run, "-o", link)):
        victim.write_text("replaced")
        assert evo(*command).exit_code == 0
        assert link.is_symlink()
        assert victim.read_bytes() != b"replaced"


def test_a_second_name_of_a_file_is_not_written_through(run: Path, victim: Path) -> None:
    (run / "champion" / ".tmp-song.wav").hardlink_to(victim)
    assert evo("play", run).exit_code == 0
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("name", ["seed1", ".lock"])
def test_a_batch_never_resumes_through_a_link(tmp_path: Path, victim: Path, name: str) -> None:
    folder, outside = tmp_path / "batch", tmp_path / "outside"
    config = configured().tables()
    Batch.create(folder, config, [0, 1]).save()
    if name == ".lock":
        (folder / name).symlink_to(victim)
    else:
        outside.mkdir()
        (folder / name).symlink_to(outside)
    assert f"{folder / name}: is a link" in refused("resume", folder)
    assert victim.read_text() == "precious"
    assert not outside.exists() or list(outside.iterdir()) == []
    assert not (folder / "seed0").exists()


BAD_ENTRIES: list[tuple[str, Any]] = [
    ("champion", 10**400), ("champion", {}), ("champion", "9"), ("best", True), ("mean", [1]),
    ("worst", float("nan")), ("champion", float("inf")), ("quartiles", [1.0]), ("quartiles", 1),
    ("engine", None), ("engine", {"species_sizes": {"x": 1}}), ("engine", {"species": {}}),
    ("engine", {"species_sizes": {"1": -1}}), ("engine", {"mean_nodes": 10**400}),
    ("figures", []), ("figures", {"steps_total": 10**400}), ("figures", {"a": [[[[[[1]]]]]]}),
    ("evaluations", "5"), ("evaluations", -1), ("evaluations", 10**400), ("failures", 3),
    ("generation", -5), ("generation", 6.5), ("generation", 0), ("wall_seconds", None),
    ("champion_generation", {}),
]  # fmt: skip


def with_last(run: Path, changes: dict[str, Any], missing: str = "") -> None:
    """Change entries of the last record of a run's log."""
    *lines, last = (run / "log.jsonl").read_text().splitlines()
    record = {name: value for name, value in json.loads(last).items() if name != missing}
    lines.append(json.dumps(record | changes))
    (run / "log.jsonl").write_text("\n".join(lines) + "\n")


def test_every_wrong_entry_of_a_record_is_refused_in_one_line(run: Path) -> None:
    log = (run / "log.jsonl").read_bytes()
    names = json.loads(log.splitlines()[-1])
    wrong = [({name: value}, "") for name, value in BAD_ENTRIES] + [({}, name) for name in names]
    for changes, missing in wrong:
        with_last(run, changes, missing)
        assert f"{run / 'log.jsonl'}: line 2" in refused("plot", run), (changes, missing)
        assert "(damaged)" in evo("compare", run).output
        (run / "log.jsonl").write_bytes(log)


def test_one_damaged_run_does_not_hide_the_others(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "b")
    for name, value in BAD_ENTRIES:
        with_last(run, {name: value})
        result = evo("runs", tmp_path)
        assert result.exit_code == 0, (name, value)
        damaged, whole = result.output.splitlines()[1:3]
        assert ("damaged" in damaged) == (name != "generation" or value != 0), (name, value)
        assert "finished" in whole
        shutil.copy(tmp_path / "b" / "log.jsonl", run / "log.jsonl")


def test_the_largest_numbers_are_listed_compared_and_plotted(run: Path, tmp_path: Path) -> None:
    scores = dict.fromkeys(("champion", "best", "mean"), 1.7e308) | {"worst": -1.7e308}
    with_last(run, scores | {"evaluations": 1 << 53, "wall_seconds": 1.7e308})
    other = shutil.copytree(run, tmp_path / "b")
    for command in (("runs", tmp_path), ("compare", run, other), ("plot", run)):
        assert evo(*command).exit_code == 0, command
    assert evo("plot", run, other, "-o", tmp_path / "figure.png").exit_code == 0
    with_last(run, {"generation": 1 << 53})
    assert "more than 10,000,000 generations" in refused("plot", run, other)


@pytest.mark.parametrize(("name", "value"), [
    ("status", "asleep"), ("reason", 5), ("best_fitness", "x"), ("wall_seconds", float("nan")),
    ("generations", 10**400), ("solved", "yes"),
])  # fmt: skip
def test_a_wrong_result_is_damage(run: Path, name: str, value: Any) -> None:
    result = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps(result | {name: value}))
    assert "result.json" in evo("compare", run).output


CONTROL = "\x1b]0;title\x07", "\x9b31m", "\u202e", "\x1b[2J", "\udce9", "\r", "\x7f", "\u2028"


def test_printable_escapes_everything_that_controls_a_terminal() -> None:
    for text in CONTROL:
        shown = printable(f"a{text}b")
        assert shown.isprintable()
        assert shown.startswith("a\\")
        assert printable(shown) == shown
    assert printable("Für Elise, № 3 ♪ 音楽") == "Für Elise, № 3 ♪ 音楽"


@pytest.mark.parametrize("text", CONTROL)
def test_no_text_of_a_run_controls_the_terminal(run: Path, tmp_path: Path, text: str) -> None:
    escaped = json.dumps(text)[1:-1].replace("\x7f", "\\u007f")
    config = (run / "config.toml").read_text()
    if text != "\udce9":  # TOML has no such text
        named = config.replace('song = "ode-to-joy"', f'song = "{escaped}"')
        unknown = config.replace('experiment = "memorize"', f'experiment = "{escaped}"')
        assert config not in (named, unknown)
        (run / "config.toml").write_text(named)
        shown = evo("compare", run).output
        (run / "config.toml").write_text(unknown)
        shown += evo("runs", tmp_path).output + evo("play", run).output
        (run / "config.toml").write_text(config)
        assert text not in shown
        assert printable(text) in shown
    (run / "log.jsonl").write_text(f'{{"generation": 0, "engine": "{escaped}"}}\n')
    shown = evo("runs", tmp_path).output + evo("plot", run).output + evo("compare", run).output
    (run / "champion" / "song.mid").write_bytes(text.encode(errors="replace"))
    assert text not in shown + evo("play", run).output


def test_messages_and_errors_reach_the_terminal_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    for text in CONTROL:
        UsageError(f"a{text}b").show()
        PlainDisplay(Terminal()).message(f"a{text}b")
        shown = capsys.readouterr()
        assert text not in shown.err
        assert text not in shown.out.removesuffix("\n")


@pytest.mark.parametrize("genome", filter(experiment("memorize").supports, GENOMES))
def test_a_champion_that_does_not_fit_the_configuration_is_refused_in_one_line(
    tmp_path: Path, genome: str
) -> None:
    path = tmp_path / "a"
    small = (*RUN[:4], "--generations", "1", "--population", "4")
    result = evo(*small, "--genome", genome, "--out", path)
    assert result.exit_code == 0, result.output
    config = (path / "config.toml").read_text()
    assert evo("play", path, "--temperature", "1").exit_code == 0
    for keys in (88, 12):
        (path / "config.toml").write_text(config.replace(" = 13\n", f" = {keys}\n"))
        line = refused("play", path, "--temperature", "1", "--prompt", "./none.mid")
        assert f"its champion does not fit config.toml, which has {keys} channels" in line
