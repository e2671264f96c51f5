"""Reading any data raises only the documented error."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from midi_files import Voice, melody, write_piece
from running import configured

from evo.core.errors import AbcError, CheckpointError, InputError, MidiError, RunError
from evo.core.files import to_json
from evo.core.registry import experiment
from evo.music.abc import read_melody, read_tunes
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.runs import checkpoint
from evo.runs.checkpoint import unpack_arrays
from evo.runs.configure import changes_of, configuration
from evo.runs.description import load_config, read_description, read_log
from evo.runs.loading import load_run, parse_config
from evo.runs.session import check

# The same examples every time, and files written anew in the same folder for every example.
FUZZ = settings(
    derandomize=True, deadline=None, max_examples=150, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
NO_OPTIONS: dict[str, Any] = dict.fromkeys(
    ("config", "genome", "engine", "neat_config", "seed", "population", "song", "generations",
     "time_limit", "target", "workers")
) | {"settings": ()}  # fmt: skip

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return valid bytes with some changed, deleted, duplicated or inserted."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        until = min(len(content), at + draw(st.integers(0, 8)))
        content[at:until] = draw(
            st.one_of(st.binary(max_size=8), st.just(bytes(content[at:until]) * 2), st.just(b""))
        )
    return bytes(content)


# Configuration

toml_scalars = st.one_of(
    st.booleans(), st.integers(-(2**62), 2**62), st.floats(), st.text(max_size=8),
    st.just(""), st.just("nan"), st.lists(st.integers(-3, 300), max_size=4),
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def paths_of(config: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every setting and table of a configuration."""
    found = []
    for name, value in config.items():
        found.append((*before, name))
        if isinstance(value, dict):
            found += paths_of(value, (*before, name))
    return found


def with_setting(config: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    inner = with_setting(config[name], tuple(rest), value) if rest else value
    return config | {name: inner}


def resolve(path: Path, **options: Any) -> None:
    """Validate a configuration as `evo run xor` does before it writes anything."""
    try:
        config = configuration(
            experiment("xor"), NO_OPTIONS | {"config": str(path)} | options, SongFinder()
        )
        check(config)
    except (InputError, RunError) as error:
        assert str(error)


@FUZZ
@given(
    content=st.one_of(
        st.binary(max_size=60), mutated(tomli_w.dumps(configured().tables()).encode())
    )
)
@example(b"a = " + b"[" * 50_000)
@example(b"a = " + b"9" * 5_000)
@example(b"[run]\nengine = []\n")
@example(b"[run.engine]\n")
@example(b"[run]\nexperiment = {}\n")
def test_any_file_for_a_configuration_is_taken_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    resolve(path)


@pytest.mark.parametrize("engine", ["neat", "neat-python"])
@settings(FUZZ, max_examples=100)
@given(data=st.data())
def test_any_value_for_any_setting_is_taken_or_refused(
    tmp_path: Path, engine: str, data: st.DataObject
) -> None:
    config = configured(engine=engine).tables()
    changed = data.draw(st.sampled_from(paths_of(config)))
    value = data.draw(toml_scalars)
    path = tmp_path / "config.toml"
    path.write_bytes(tomli_w.dumps(with_setting(config, changed, value)).encode())
    resolve(path)


@FUZZ
@given(data=st.data())
def test_any_config_of_a_run_is_taken_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    config = configured().tables()
    changed = data.draw(st.sampled_from(paths_of(config)))
    value = data.draw(toml_scalars)
    path = tmp_path / "config.toml"
    path.write_bytes(tomli_w.dumps(with_setting(config, changed, value)).encode())
    try:
        found, _ = load_run(tmp_path)
        check(found)
    except (InputError, RunError) as error:
        assert str(error)


def test_a_configuration_that_lacks_what_decides_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(
        tomli_w.dumps(configured().tables() | {"run": {}}).encode()
    )
    with pytest.raises(RunError, match=r"run\.\w+ is missing|names no known experiment"):
        load_run(tmp_path)


@pytest.mark.parametrize("table", ["stop", "workers", "checkpoints"])
def test_a_configuration_that_lacks_how_a_run_is_carried_out_has_the_defaults(
    tmp_path: Path, table: str
) -> None:
    (tmp_path / "config.toml").write_bytes(
        tomli_w.dumps(configured().tables() | {table: {}}).encode()
    )
    config, experiment = load_run(tmp_path)
    assert getattr(config, table) == getattr(experiment.config(config.run.engine), table)


@FUZZ
@given(
    path=st.one_of(
        st.sampled_from([".".join(one) for one in paths_of(configured().tables())]),
        st.text(max_size=12),
    ),
    value=st.one_of(st.text(max_size=8), st.sampled_from(["nan", "1e999", "-1", "", "0", "1,2"])),
)
def test_any_set_option_is_taken_or_refused(tmp_path: Path, path: str, value: str) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_bytes(b"")
    resolve(empty, settings=(f"{path}={value}",))
    try:
        changes = changes_of(NO_OPTIONS | {"settings": (f"{path}={value}",)})
        configured().changed(changes)
    except InputError as error:
        assert str(error)


# JSON


@FUZZ
@given(
    content=st.one_of(
        st.binary(max_size=40),
        json_values.map(lambda value: json.dumps(value).encode()),
        mutated(b'{"generation": 1, "champion": 2.5, "status": "running"}\n'),
    )
)
def test_any_json_file_is_taken_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    for read in (load_config, read_description, lambda path: list(read_log(path))):
        try:
            read(path)
        except RunError as error:
            assert "\n" not in str(error) or read is load_config


def sealed(manifest: dict[str, Any]) -> bytes:
    """Return a manifest's file: JSON with the hash of the rest."""
    return to_json(manifest | {"sha256": hashlib.sha256(to_json(manifest)).hexdigest()})


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return {
        "schema": checkpoint.SCHEMA,
        "stamp": {"engine": "neat", "generation": 3, "config_hash": "c", "platform": "p",
                  "score": 1.5},
        "arrays": {"x": ["<f8", [2]]},
        "files": {name: {"length": 9, "sha256": "0" * 64} for name in checkpoint.FILES},
    }  # fmt: skip


@settings(FUZZ, max_examples=300)
@given(data=st.data())
def test_any_manifest_with_the_right_hash_is_taken_or_damaged(
    tmp_path: Path, manifest: dict[str, Any], data: st.DataObject
) -> None:
    changed = data.draw(st.sampled_from(paths_of(manifest)))
    value = data.draw(json_values)
    try:
        content = sealed(with_setting(manifest, changed, value))
    except ValueError:  # no JSON: NaN, half a surrogate
        content = b'{"x": NaN}'
    (tmp_path / "MANIFEST.json").write_bytes(content)
    for name in checkpoint.FILES:
        (tmp_path / name).write_bytes(b"123456789")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(tmp_path)
    assert str(caught.value)


@FUZZ
@given(content=mutated(to_json({"schema": 1, "stamp": {}, "arrays": {}, "files": {}})))
def test_any_bytes_for_a_manifest_are_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "MANIFEST.json").write_bytes(content)
    with pytest.raises(CheckpointError):
        checkpoint.load(tmp_path)


@settings(FUZZ, max_examples=300)
@given(data=st.data())
def test_any_bytes_for_arrays_are_read_or_damaged(data: st.DataObject) -> None:
    import numpy as np

    whole = checkpoint.pack_arrays({"x": np.arange(5), "y": np.zeros((2, 3), np.bool_)})
    try:
        unpack_arrays(data.draw(mutated(whole)))
    except CheckpointError as damage:
        assert "\n" not in str(damage)


# Music

TUNE = """X:1
T:A tune
O:Here
C:trad.
N:old
M:4/4
L:1/8
Q:1/4=120
K:G
D2 | |: G2 B2 ^c'2 B,2- | B,4 z4 |[1 A8 :|[2 G6 |]
"""


@settings(FUZZ, max_examples=300)
@given(
    text=st.one_of(
        st.text(max_size=60),
        mutated(TUNE.encode()).map(lambda content: content.decode(errors="replace")),
        st.text("ABCDEFGabcdefg^_=',0123456789|:[]- z\n", max_size=40).map(
            lambda body: TUNE.rpartition("D2 |")[0] + body
        ),
    )
)
@example(TUNE.replace("G2", "G" + "9" * 5_000))
@example(TUNE.replace("X:1", "X:" + "1" * 5_000))
@example(TUNE.replace("X:1", "X:\u00b2"))
@example(TUNE.replace("Q:1/4=120", "Q:1/4=1" + "0" * 5_000))
@example(TUNE.replace("M:4/4", "M:4/4" + "4" * 5_000))
@example(TUNE.replace("G2", "G" + "'" * 5_000))
@example(TUNE.replace("G2 ", "z\u0662 "))
@example(TUNE.replace("A8 :|", "A8 |[1 A8 :|"))
@example("A [1 B")
def test_any_text_is_tunes_or_an_abc_error(text: str) -> None:
    for read in (read_tunes, lambda text: read_melody(text, "G")):
        try:
            read(text)
        except AbcError as error:
            assert error.line >= 0
            assert "\n" not in str(error)


@pytest.fixture(scope="module")
def midi_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    path = tmp_path_factory.mktemp("midi") / "x.mid"
    files = []
    for one_track in (False, True):
        write_piece(path, Voice(melody(beats=4)), Voice(melody(2, beats=4), 1), one_track=one_track)
        files.append(path.read_bytes())
    return files


@settings(FUZZ, max_examples=300)
@given(data=st.data())
def test_any_bytes_are_a_song_or_a_midi_error(
    tmp_path: Path, midi_files: list[bytes], data: st.DataObject
) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(data.draw(mutated(data.draw(st.sampled_from(midi_files)))))
    try:
        Song.load(path)
    except MidiError as error:
        assert "\n" not in str(error)


def test_the_configuration_that_is_fuzzed_is_one_that_is_taken(tmp_path: Path) -> None:
    """The tests above would be void if everything were refused for the same reason."""
    path = tmp_path / "config.toml"
    path.write_bytes(tomli_w.dumps(configured().tables()).encode())
    config = configuration(experiment("xor"), NO_OPTIONS | {"config": str(path)}, SongFinder())
    assert config == configured()
    assert tomllib.loads(path.read_text()) == json.loads(json.dumps(config.tables()))


def test_the_tune_that_is_fuzzed_is_one_that_is_read() -> None:
    (tune,) = read_tunes(TUNE)
    assert tune.title == "A tune"


def test_a_configuration_of_an_earlier_version_can_be_read_but_not_resumed(tmp_path: Path) -> None:
    tables = configured("guess", "ga").tables()
    del tables["ga"]["population"]["climbs"]
    file = tmp_path / "config.toml"
    file.write_bytes(tomli_w.dumps(tables).encode())
    config, experiment = load_run(tmp_path)
    assert config.engine == experiment.config("ga").changed(tables).engine
    with pytest.raises(RunError, match=r"ga\.population\.climbs is missing; .* not resumed"):
        parse_config(tables, file)
