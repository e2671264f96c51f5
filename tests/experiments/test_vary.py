"""`evo run vary`: reproducible runs that leave theme and variations."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from critics import few_panel
from running import Killed, Watcher, configured, resume, start

import evo
from evo.cli.main import main
from evo.core.config import Config
from evo.core.errors import InputError
from evo.fitness.variation.themes import varied_song
from evo.music.metre import Key, Metre
from evo.music.planes import until_next
from evo.music.song import Song
from evo.music.song_finder import SongFinder
from evo.music.tunes import tune
from evo.runs.configure import choose_engine
from genomes.program.programs import Programs

pytestmark = pytest.mark.usefixtures("undrawn")
FEW = {"stop": {"generations": 4}, "checkpoints": {"every": 2}}


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a user's song: eight bars of the length that the critics know."""
    path = tmp_path_factory.mktemp("songs") / "short.mid"
    whole = tune("ode-to-joy")
    replace(whole, onsets=whole.onsets[:64], sounding=whole.sounding[:64]).save(path)
    return path


def config_of(critics: Path, song: Path, engine: str = "map-elites", **tables: Any) -> Config:
    table = {"critics": str(critics), "song": str(song)} | tables.pop("vary", {})
    return configured("vary", engine, vary=table, **FEW, **tables)


def left(path: Path) -> dict[str, bytes]:
    """Return a run's output files, by name."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for folder in ("champion", "pieces")
        for file in sorted((path / folder).iterdir())
    }


def waltz(path: Path, keys: int = 17, bars: int = 12, pickup: int = 2) -> Path:
    """Save a song in 3/4 of many keys, with chords and a pickup, and return its path."""
    steps = pickup + 6 * bars
    onsets = np.zeros((steps, keys), np.bool_)
    degrees = [7, 12, 11, 12, 14, 16, 14, 12, 9, 7, 5, 4, 2]
    for number, step in enumerate(range(0, steps, 2)):
        onsets[step, degrees[number % len(degrees)] % keys] = True
    onsets[pickup::6, 0] = True
    song = Song(
        onsets, 55, 2, 100, "waltz", until_next(onsets, 6), Metre(3, 4, pickup), Key(1)
    )  # fmt: skip
    song.save(path)
    return path


def test_same_variations_with_one_worker_or_two_and_after_a_kill(
    critics: Path, short: Path, tmp_path: Path
) -> None:
    result = start(tmp_path / "one", config_of(critics, short))
    with pytest.raises(Killed):
        start(tmp_path / "two", config_of(critics, short), Watcher(kill_after=3))
    again = resume(tmp_path / "two", workers={"count": 2})
    assert again["digest"] == result["digest"]
    assert left(tmp_path / "two") == left(tmp_path / "one")


@pytest.mark.usefixtures("sheets")
def test_a_run_leaves_theme_and_variations_as_music_and_says_what_they_are(
    critics: Path, short: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    result = start(path, config_of(critics, short))
    pieces = path / "pieces"
    document = json.loads((pieces / "pieces.json").read_text())
    names = [one["name"] for one in document["records"]]
    assert names == [f"piece-{number:02d}" for number in range(1, result["pieces"] + 1)]
    assert len(names) >= 2
    text = (pieces / "pieces.txt").read_text()
    theme = Song.load(pieces / "theme.mid", keys=13, steps_per_beat=2)
    assert (theme.onsets == tune("ode-to-joy").onsets[:64]).all()
    for one in document["records"]:
        assert 0.3 <= one["likeness"] <= 0.65
        assert 0 < one["density"] <= 1.4
        assert one["name"] in text
        assert one["program"].splitlines()[0] in text
        song = Song.load(pieces / f"{one['name']}.mid", keys=13, steps_per_beat=2, steps=64)
        common = 2 * (song.onsets & theme.onsets).sum()
        assert common / (song.onsets.sum() + theme.onsets.sum()) == pytest.approx(
            one["likeness"], abs=1e-3
        )
        assert few_panel().critics[-1].judge(song.onsets[None])[0] == pytest.approx(
            one["held_out_critic"]
        )
    whole = Song.load(pieces / "theme-and-variations.mid", keys=13, steps_per_beat=2)
    assert whole.steps == 64 * (1 + len(names))
    assert (whole.onsets[:64] == theme.onsets).all()
    for suffix in ("abc", "musicxml", "wav"):
        assert (pieces / f"theme-and-variations.{suffix}").stat().st_size > 100
    archive = json.loads((pieces / "programs.json").read_text())
    assert len(archive) == result["programs"]
    assert all(0.35 <= entry["likeness"] <= 0.6 for entry in archive)
    assert (path / "champion" / "program.txt").read_text().strip()


@pytest.mark.parametrize("keys", [17, 1])
def test_a_song_of_another_metre_and_range_is_varied_without_critics(
    critics: Path, tmp_path: Path, keys: int
) -> None:
    song = waltz(tmp_path / "waltz.mid", keys)
    messages = Watcher()
    chosen = config_of(critics, song, vary={"variations": 2, "likeness_high": 0.9})
    result = start(tmp_path / "run", chosen, messages)
    assert any("only its highest notes" in line for line in messages.messages) == (keys > 1)
    assert result["pieces_above_quarter"] is None
    document = json.loads((tmp_path / "run" / "pieces" / "pieces.json").read_text())
    for one in document["records"]:
        assert one["held_out_critic"] is one["critic"] is None
        piece = Song.load(tmp_path / "run" / "pieces" / f"{one['name']}.mid")
        assert (piece.metre.beats, piece.metre.unit) == (3, 4)
    whole = Song.load(tmp_path / "run" / "pieces" / "theme-and-variations.mid")
    assert not [step for step in whole.bar_starts() if (step - whole.metre.first_bar) % 6]


def test_what_cannot_be_varied_is_refused_in_one_line(critics: Path, tmp_path: Path) -> None:
    onsets = np.zeros((32, 13), np.bool_)
    onsets[[0, 4, 8], 5] = True
    Song(onsets).save(tmp_path / "tiny.mid")
    with pytest.raises(InputError, match="has 3 notes; at least 4"):
        config_of(critics, tmp_path / "tiny.mid")
    tune("bingo").save(tmp_path / "bingo.mid")
    with pytest.raises(InputError, match=r"it holds 2 songs.*vary\.corpus=FOLDER"):
        config_of(critics, tmp_path)
    with pytest.raises(InputError, match="likeness_high must be at least"):
        config_of(critics, tmp_path / "bingo.mid", vary={"likeness_high": 0.3})
    wrong = config_of(tmp_path / "bingo.mid", tmp_path / "bingo.mid")
    with pytest.raises(InputError, match="holds no critics"):
        start(tmp_path / "run", wrong)
    both = config_of(critics, tmp_path / "bingo.mid", vary={"corpus": str(tmp_path)})
    with pytest.raises(InputError, match=r"vary\.critics brings the songs"):
        start(tmp_path / "both", both)


def test_genome_kinds_and_tasks_that_do_not_fit_are_refused_in_one_line() -> None:
    experiment = evo.core.registry.experiment
    with pytest.raises(InputError, match="vary is a task for the genome program, and ga"):
        choose_engine(experiment("vary"), None, "ga")
    for name in ("memorize", "critic", "guess"):
        with pytest.raises(InputError, match="for genomes that play, and map-elites"):
            choose_engine(experiment(name), "program", None)
    assert choose_engine(experiment("vary"), None, None) == "map-elites"
    assert choose_engine(experiment("vary"), None, "random") == "random-program"


def test_a_finished_run_is_heard_exported_and_varies_other_songs(
    critics: Path, short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    changes = {"vary": {"critics": str(critics)}}
    run = evo.run(
        "vary", song=str(short), seed=1, population=20, generations=2, changes=changes, out="a"
    )
    assert run.song.onsets.any()
    assert CliRunner().invoke(main, ["play", "a"]).exit_code == 0
    assert CliRunner().invoke(main, ["export", "a", "--to", "abc"]).exit_code == 0
    result = CliRunner().invoke(main, ["play", "a", "--temperature", "1"])
    assert result.exit_code == 2
    assert "a champion of vary cannot improvise" in result.output
    other = Song.load(waltz(tmp_path / "waltz.mid"))
    varied = run.champion.vary(other)
    assert (varied.metre, varied.steps, varied.keys) == (other.metre, other.steps, other.keys)
    with pytest.raises(InputError, match="give `vary` a song"):
        run.champion.song()
    assert len(run.engine().gallery().performers) == run.result["programs"]
    assert evo.resume("a", generations=3).result["generations"] == 3


def test_a_variation_in_the_other_mode_has_the_parallel_key() -> None:
    once = Programs.of([[("mode", "everywhere", 1)]])
    twice = Programs.of([[("mode", "everywhere", 1)] * 2])
    for before, after in ((Key(0), Key(-3, minor=True)), (Key(-6), Key(3, minor=True)),
                          (Key(1, minor=True), Key(4)), (None, None)):  # fmt: skip
        song = replace(tune("ode-to-joy"), key=before)
        assert varied_song(song, song.onsets, once, "x").key == after
        assert varied_song(song, song.onsets, twice, "x").key == before


def test_the_embedded_tune_is_the_default_song() -> None:
    config = configured("vary", "map-elites")
    assert config.task.song == "vo-pole-bereza-stoyala"
    assert (config.task.keys, config.task.steps_per_beat) == (13, 2)
    assert config.engine.archive.low == pytest.approx((0.38, 0.6))
    assert config.engine.archive.high == pytest.approx((0.57, 1.3))
    assert SongFinder()(config.task.song, config.task.reading())[0].steps == 128


def test_a_run_ends_though_no_variation_fits(critics: Path, tmp_path: Path) -> None:
    path = tmp_path / "same.mid"
    onsets = np.zeros((128, 13), np.bool_)
    onsets[::2, 5] = True
    Song(onsets).save(path)
    table = {"likeness_low": 0.02, "likeness_high": 0.13}
    result = start(tmp_path / "run", config_of(critics, path, vary=table))
    assert (result["status"], result["pieces"]) == ("finished", 0)
    assert "none varies it" in (tmp_path / "run" / "pieces" / "pieces.txt").read_text()
