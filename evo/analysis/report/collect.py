"""Collect everything that a report tells about a run, from its directory.

All files are read by the checked readers of `evo.runs`, and only with limits of length: a run
directory is data from a stranger. What cannot be read is named in the report.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from evo.analysis.report.charts import charts_of, in_words, spark_of
from evo.analysis.report.data import Drawing, Fact, Gallery, RunReport, Track
from evo.analysis.report.drawing import drawings_of, pictures_of, texts_of
from evo.analysis.report.gallery import facts_of, gallery_of
from evo.analysis.report.music import champions_tracks, tracks_so_far
from evo.analysis.report.unfinished import champion_so_far
from evo.core.config import Config
from evo.core.errors import DAMAGE, RunError, printable
from evo.core.registry import short_name
from evo.experiment import Experiment
from evo.runs.champion import load_champion
from evo.runs.description import Tables, read_description, read_log, read_result, resume_command
from evo.runs.listing import Summary, summary
from evo.runs.loading import load_run
from genomes.words import counted

Record = Mapping[str, Any]
# Entries of a result that are shown elsewhere.
_KNOWN = (
    "status", "reason", "solved", "seed", "generations", "evaluations", "wall_seconds",
    "best_fitness", "digest",
)  # fmt: skip
_ENDED = ("finished", "failed")
_GENOMES = {"history-user": "HistoryUser", "grid": "note grid"}


def run_report(
    path: Path,
    number: int = 1,
    experiment: Experiment | None = None,
    records: Sequence[Record] | None = None,
    music: bool = True,
) -> RunReport:
    """Return the report of one run, begun or ended.

    Args:
        path: The run's directory.
        number: Its number in the report, from 1.
        experiment: Its experiment, if it is one of a user; None for what its files tell.
        records: Its log, if it is known already.
        music: Whether to read the champion and the pieces, too.

    Raises:
        RunError: If there is no run, or its configuration is damaged.
    """
    config, chosen = load_run(path, experiment)
    problems: list[str] = []
    result = _read(lambda: read_result(path), problems)
    if records is None:
        records = _read(lambda: list(read_log(path / "log.jsonl")), problems) or []
    about = _read(lambda: read_description(path / "run.json"), problems) or {}
    state = summary(path)
    # A run that writes its report at its end is still at work.
    status = state.status if result is None or state.status == "damaged" else result["status"]
    if state.note:
        problems.append(state.note)
    content: dict[str, Any] = {}
    if music and result is None:
        content = _champion_so_far(path, config, chosen, problems)
    elif music:
        content = _champion(path, config, chosen, problems)
    gallery: Gallery | None = content.get("gallery")
    figures = dict(records[-1]["figures"]) if records else {}
    figures |= {name: value for name, value in (result or {}).items() if name not in _KNOWN}
    return RunReport(
        number=number,
        name=printable(str(path)),
        status=status,
        headline=_capital(_headline(chosen, records, result, gallery)),
        sentence=_sentence(config, chosen, state, records, result),
        task=f"{chosen.name} {getattr(config.task, 'song', '')}",
        facts=_facts(config, records, result),
        figures=facts_of(figures, ("solved",)),
        charts=charts_of(chosen, records),
        spark=spark_of(records),
        settings=tomli_w.dumps(config.tables()),
        commands=_commands(path, config, about, status),
        versions=_versions(about),
        problems=tuple(map(printable, problems)),
        **content,
    )


def damaged(path: Path, number: int, error: Exception) -> RunReport:
    """Return the report of a run that cannot be read.

    Args:
        path: The run's directory.
        number: Its number in the report, from 1.
        error: Why it cannot be read.
    """
    return RunReport(
        number, printable(str(path)), "damaged", "it cannot be read", printable(str(error))
    )


def _read(read: Any, problems: list[str]) -> Any:
    """Return what a reader returns, or None and note the problem."""
    try:
        return read()
    except RunError as error:
        problems.append(str(error))
        return None


def _champion(
    path: Path, config: Config, experiment: Experiment, problems: list[str]
) -> dict[str, Any]:
    """Return the parts of a report that show the champion and the pieces."""
    if (path / "champion").is_symlink():
        problems.append("champion: is a link, which is not followed")
    elif not (path / "champion").is_dir():
        return {}
    tracks: tuple[Track, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    try:
        tracks, more = champions_tracks(path, config, experiment)
        problems += more
        drawings = drawings_of(load_champion(path, config.run.engine), path)
    except DAMAGE as error:
        problems.append(f"the champion cannot be shown: {error}")
    gallery, more = gallery_of(path)
    problems += more
    return {
        "tracks": tracks,
        "drawings": drawings,
        "gallery": gallery,
        "pictures": pictures_of(path),
        "texts": texts_of(path),
    }


def _headline(
    experiment: Experiment,
    records: Sequence[Record],
    result: Mapping[str, Any] | None,
    gallery: Gallery | None,
) -> str:
    """Return the outcome in a few words."""
    words = "" if result is None else experiment.outcome(result)
    if not words and records:
        words = ", ".join(experiment.describe(records[-1]["figures"]))
    if words:
        return words
    best = records[-1]["champion"] if records else None
    fitness = "no champion yet" if best is None else f"best fitness {in_words(best)}"
    if gallery is not None and gallery.pieces:
        count = len(gallery.pieces) + gallery.left_out
        return f"{counted(count, 'variation' if gallery.themes else 'piece')}, {fitness}"
    return f"solved, {fitness}" if result is not None and result["solved"] else fitness


def _champion_so_far(
    path: Path, config: Config, experiment: Experiment, problems: list[str]
) -> dict[str, Any]:
    """Return the parts that show the champion of the newest checkpoint."""
    found = champion_so_far(path, config)
    if found is None:
        return {}
    try:
        tracks = tracks_so_far(*found, path, config, experiment)
        return {"tracks": tracks, "drawings": drawings_of(found.performers, path)}
    except (OSError, *DAMAGE) as error:
        problems.append(f"the champion so far cannot be shown: {error}")
        return {}


def _capital(text: str) -> str:
    return printable(text[:1].upper() + text[1:])


def _sentence(
    config: Config,
    experiment: Experiment,
    state: Summary,
    records: Sequence[Record],
    result: Mapping[str, Any] | None,
) -> str:
    """Return what was evolved and how it ended, in one or two sentences."""
    kind = _GENOMES.get(state.genome, state.genome) or "genome"
    song = str(getattr(config.task, "song", "") or "")
    summary = experiment.summary.rstrip(".")
    begun = f"{summary}: {song}. " if song else f"{summary}. "
    begun += f"{kind[:1].upper()}{kind[1:]}s, bred by {short_name(config.run.engine)}."
    if result is not None:
        how = "ended" if result["status"] == "finished" else f"ended ({result['status']})"
        ending = f"It {how}: {result['reason']}."
    elif state.status == "running":
        ending = f"It is running; {len(records):,} generations are done."
    else:
        ending = f"It has not ended ({state.status}); {len(records):,} generations are done."
    return printable(f"{begun} {ending}")


def _facts(
    config: Config, records: Sequence[Record], result: Mapping[str, Any] | None
) -> tuple[Fact, ...]:
    last = records[-1] if records else None
    found = [("experiment", config.run.experiment), ("seed", str(config.run.seed))]
    if last is not None:
        best = last["champion"]
        found += [
            ("best fitness", "none" if best is None else in_words(best)),
            ("found in generation", f"{last['champion_generation']:,}"),
            ("generations", f"{last['generation'] + 1:,}"),
            ("evaluations", f"{last['evaluations']:,}"),
            ("time", _duration(last["wall_seconds"])),
        ]
        failed = sum(sum(record["failures"].values()) for record in records)
        if failed:
            found.append(("failed individuals", f"{failed:,}"))
    if result is not None:
        found.append(("solved", "yes" if result["solved"] else "no"))
    return tuple(Fact(label, value) for label, value in found)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _commands(path: Path, config: Config, about: Tables, status: str) -> tuple[Fact, ...]:
    """Return the commands that repeat and resume a run.

    The recorded command is a stranger's text. It is shown only as arguments of `evo run`.
    """
    found = []
    given = about.get("command")
    if isinstance(given, list) and given[1:2] == ["run"] and all(isinstance(a, str) for a in given):
        found.append(Fact("begun by", shlex.join(["evo", *given[1:]])))
    script = about.get("defined_in")
    named = script.get("script") if isinstance(script, dict) else None
    what = named if isinstance(named, str) and named.endswith(".py") else config.run.experiment
    command = shlex.join(["evo", "run", what, "--config", str(path / "config.toml")])
    found.append(Fact("repeated by", command))
    if status not in _ENDED:
        found.append(Fact("resumed by", resume_command(path)))
    return tuple(Fact(label, printable(text)[:2000]) for label, text in found)


def _versions(about: Tables) -> tuple[Fact, ...]:
    found = []
    for name, label in (
        ("version", "kuznechik"),
        ("git_commit", "commit"),
        ("platform", "made with"),
    ):
        value = about.get(name)
        if isinstance(value, str):
            found.append(Fact(label, printable(value)[:300]))
    history = about.get("history")
    if isinstance(history, list) and len(history) > 1:
        found.append(Fact("resumed", f"{len(history) - 1} times"))
    return tuple(found)
