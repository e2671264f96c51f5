"""Files that were made to do harm are refused in one line, with little memory, nothing executed.

How long each takes is measured by `benchmarks/faults.py hostile`.
"""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import hostile
import numpy as np
import pytest
from click.testing import CliRunner
from disturbing import small, start
from running import Killed, Watcher, configured, outcome, resume

from evo.cli.main import main
from evo.core.errors import CheckpointError, MidiError
from evo.music.song import Song
from evo.runs import checkpoint
from evo.runs.checkpoint import read_arrays, unpack_arrays

MOST = 200_000_000  # bytes


@pytest.fixture
def _little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", hostile.checkpoints())
def test_a_hostile_checkpoint_is_refused(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "gen-000120"
    hostile.checkpoints()[name](folder)
    request.getfixturevalue("_little_memory")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(folder)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "sprung").exists()


def test_the_same_checkpoint_without_harm_is_loaded(tmp_path: Path) -> None:
    hostile.write(tmp_path / "gen-000120")
    state, stamp = checkpoint.load(tmp_path / "gen-000120")
    assert stamp == hostile.STAMP
    assert (state.arrays["x"] == 0).all()


@pytest.mark.parametrize("name", hostile.ARCHIVES)
def test_a_hostile_archive_by_itself_is_refused(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "champion" / "arrays.npz"
    path.parent.mkdir()
    path.write_bytes(hostile.ARCHIVES[name](path.parent))
    request.getfixturevalue("_little_memory")
    with pytest.raises(CheckpointError):
        read_arrays(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("engine", ["neat", "ga", "es"])
def test_a_hostile_champion_is_not_played(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "run"
    start(path, configured("memorize", engine, stop={"generations": 1}))
    champion = path / "champion" / "arrays.npz"
    arrays = read_arrays(champion)
    names = ("a pickle", "a huge shape", "overlapping entries", "an empty file")
    wrong = [hostile.ARCHIVES[name](tmp_path / "champion") for name in names]
    for name, array in arrays.items():
        less = {one: kept for one, kept in arrays.items() if one != name}
        for other in (array.ravel()[:0], array.astype("U3"), np.full(array.shape, -(2**60))):
            wrong.append(checkpoint.pack_arrays(less | {name: other}))
        wrong.append(checkpoint.pack_arrays(less))
    for content in wrong:
        champion.write_bytes(content)
        ended = CliRunner().invoke(main, ["play", str(path), "--temperature", "1"])
        assert ended.exit_code in (0, 2), ended.exception  # what is not needed may be anything
        if ended.exit_code == 2:
            (line,) = ended.output.splitlines()
            assert line.startswith("evo: ")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", hostile.MIDI)
def test_a_hostile_midi_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(hostile.MIDI[name])
    with pytest.raises(MidiError) as caught:
        Song.load(path)
    assert "\n" not in str(caught.value)


# Files of a run, swapped, damaged or foreign


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed") / "run"
    with pytest.raises(Killed):
        start(path, small("neat", checkpoints={"every": 1}), Watcher(kill_after=4))
    return path


def test_files_swapped_between_checkpoints_are_refused(killed: Path, tmp_path: Path) -> None:
    one, other = sorted((killed / "checkpoints").iterdir())[-2:]
    for name in ("arrays.npz", "state.json", "MANIFEST.json"):
        mixed = tmp_path / name
        mixed.mkdir()
        for file in one.iterdir():
            source = other if file.name == name else one
            (mixed / file.name).write_bytes((source / file.name).read_bytes())
        with pytest.raises(CheckpointError):
            checkpoint.load(mixed)


def test_no_bit_of_a_real_checkpoint_can_be_flipped(killed: Path, tmp_path: Path) -> None:
    newest = sorted((killed / "checkpoints").iterdir())[-1]
    whole = {file.name: file.read_bytes() for file in newest.iterdir()}
    random = np.random.default_rng(1)
    folder = tmp_path / newest.name
    folder.mkdir()
    for _ in range(100):
        name = sorted(whole)[random.integers(3)]
        content = bytearray(whole[name])
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
        for file, kept in whole.items():
            (folder / file).write_bytes(bytes(content) if file == name else kept)
        with pytest.raises(CheckpointError):
            checkpoint.load(folder)


def test_champions_arrays_without_any_hash_are_whole_or_refused(killed: Path) -> None:
    newest = sorted((killed / "checkpoints").iterdir())[-1]
    content = (newest / "arrays.npz").read_bytes()
    layout = hostile.layout_of(newest / "MANIFEST.json")
    for length in range(0, len(content), 97):
        with pytest.raises(CheckpointError):
            unpack_arrays(content[:length], layout)


def copied(killed: Path, path: Path) -> Path:
    import shutil

    shutil.copytree(killed, path)
    return path


def test_a_flipped_bit_in_the_log_is_found_and_the_run_comes_out_the_same(
    killed: Path, tmp_path: Path
) -> None:
    wanted = outcome(killed, resume(copied(killed, tmp_path / "wanted")))
    for line, first in ((0, 0), (1, 1), (2, 2)):
        path = copied(killed, tmp_path / f"{line}")
        lines = (path / "log.jsonl").read_bytes().splitlines(keepends=True)
        lines[line] = lines[line].replace(b"1", b"2", 1)
        (path / "log.jsonl").write_bytes(b"".join(lines))
        watcher = Watcher()
        result = resume(path, watcher)
        assert result["digest"] == wanted[0]["digest"]
        assert watcher.first is not None
        assert watcher.first <= first
        assert "log.jsonl is not what it was" in watcher.messages[0]


def test_a_checkpoint_of_another_configuration_is_passed_over(killed: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "other"
    with pytest.raises(Killed):
        start(other, small("neat", run={"seed": 9}, checkpoints={"every": 1}),
              Watcher(kill_after=4))  # fmt: skip
    path = copied(killed, tmp_path / "run")
    foreign = sorted((other / "checkpoints").iterdir())[-1]
    shutil.copytree(foreign, path / "checkpoints" / "gen-000999")
    watcher = Watcher()
    result = resume(path, watcher)
    assert "gen-000999 is damaged: it was written for another configuration" in watcher.messages[0]
    assert result["digest"] == resume(copied(killed, tmp_path / "wanted"))["digest"]


def test_checkpoints_that_claim_to_be_later_do_not_push_out_the_real_ones(
    killed: Path, tmp_path: Path
) -> None:
    path = copied(killed, tmp_path / "run")
    for number in (997, 998, 999):
        hostile.write(path / "checkpoints" / f"gen-{number:06d}")
    result = resume(path, stop={"generations": 6})
    kept = sorted(one.name for one in (path / "checkpoints").iterdir())
    assert kept[-3:] == ["gen-000004", "gen-000005", "gen-000006"]
    straight = start(tmp_path / "straight", small("neat", stop={"generations": 6}))
    assert result["digest"] == straight["digest"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", hostile.DEEP, b"\xff", b'{"a": ' + b"9" * 9999]
)
def test_a_damaged_run_json_is_written_anew(killed: Path, tmp_path: Path, content: bytes) -> None:
    path = copied(killed, tmp_path / "run")
    (path / "run.json").write_bytes(content)
    assert resume(path)["status"] == "finished"
    from evo.runs.description import read_description

    assert (read_description(path / "run.json") or {})["status"] == "finished"
