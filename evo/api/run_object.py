"""A run as an object: its result, log, champion, song and figures, read from its directory."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from evo.analysis.tables import columns, logbook
from evo.api.champion import Champion
from evo.core.config import Config
from evo.core.errors import DAMAGE, CheckpointError, InputError, MidiError, RunError
from evo.core.state import State
from evo.engines import Engine, engine_class
from evo.experiment import Experiment
from evo.music.midi.reading import usual_lowest_note
from evo.music.song import Song
from evo.runs import checkpoint
from evo.runs.champion import load_champion
from evo.runs.description import read_log, read_result, resume_command
from evo.runs.loading import load_run
from genomes.arrays import FloatArray
from genomes.base import Performers


class Front(NamedTuple):
    """The best compromises between several goals: no individual is better in all of them.

    Attributes:
        scores: Float64 (n, goals), higher is better.
        genomes: The n individuals as a batch.
    """

    scores: FloatArray
    genomes: Performers

    def __repr__(self) -> str:
        return f"Front({len(self.scores)} individuals, {self.scores.shape[1]} goals)"


class RunLog(Sequence[Mapping[str, Any]]):
    """The log of a run: a record per generation; `evo.runs.loop` lists the entries."""

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        self._records = list(records)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._records)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> "RunLog": ...
    def __getitem__(self, index: int | slice) -> "Mapping[str, Any] | RunLog":
        if isinstance(index, slice):
            return RunLog(self._records[index])
        return self._records[index]

    def __repr__(self) -> str:
        return f"<log of {len(self)} generations>"

    def _repr_html_(self) -> str:
        from evo.api.notebook import log_html

        return log_html(self._records)

    def columns(self) -> dict[str, list[Any]]:
        """Return the log as flat columns by name: "best", "figures.solved", "engine.species"."""
        return columns(self._records)

    def to_pandas(self) -> Any:
        """Return the log as a pandas DataFrame with flat columns.

        Raises:
            InputError: If pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise InputError("to_pandas needs pandas; install it by `pip install pandas`") from None
        return pandas.DataFrame(self.columns())

    def to_logbook(self) -> Any:
        """Return the log as a `deap.tools.Logbook`."""
        return logbook(self._records)


class Run:
    """A run in a directory.

    Attributes:
        path: The directory.
    """

    def __init__(
        self,
        path: str | Path,
        experiment: Experiment | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """Open a run.

        Args:
            path: The directory.
            experiment: Its experiment; None for the one that its files name.
            result: Its result, if known.
        """
        self.path = Path(path)
        self._experiment = experiment
        self._result = None if result is None else dict(result)

    def __repr__(self) -> str:
        result = self._result or read_result(self.path)
        if result is None:
            return f"<run {self.path}, not ended>"
        best = result["best_fitness"]
        score = "" if best is None else f", best fitness {best:.4g}"
        return f"<run {self.path}, {result['status']}: {result['reason']}{score}>"

    def _repr_html_(self) -> str:
        from evo.api.notebook import run_html

        return run_html(self)

    @property
    def result(self) -> dict[str, Any]:
        """The outcome, as in result.json.

        Raises:
            RunError: If the run has not ended.
        """
        if self._result is None:
            self._result = read_result(self.path)
        if self._result is None:
            raise RunError(
                f"{self.path}: the run has not ended; resume it by `{resume_command(self.path)}`"
            )
        return self._result

    @property
    def solved(self) -> bool:
        """Whether the task was solved, or the target reached."""
        return bool(self.result["solved"])

    @cached_property
    def _loaded(self) -> tuple[Config, Experiment]:
        return load_run(self.path, self._experiment)

    @property
    def config(self) -> Config:
        """The complete configuration, typed."""
        return self._loaded[0]

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self._loaded[1]

    @property
    def log(self) -> RunLog:
        """The log."""
        return RunLog(list(read_log(self.path / "log.jsonl")))

    @cached_property
    def champion(self) -> Champion:
        """The best individual.

        Raises:
            RunError: If there is none yet.
        """
        performers = load_champion(self.path, self.config.run.engine)
        last = self.log[-1]
        return Champion(
            performers,
            last["champion"],
            last["champion_generation"],
            self._like(),
            getattr(self.config.task, "durations", False),
        )

    def _like(self) -> Song | None:
        """Return a song with the instrument, metre and length of the run's music, if any."""
        if self.experiment.resolution is None:
            return None
        if (self.path / "champion" / "song.mid").exists():
            return self.song
        keys, steps_per_beat = self.experiment.resolution(self.config)
        silence = np.zeros((getattr(self.config.task, "steps", 64), keys), np.bool_)
        return Song(silence, usual_lowest_note(keys), steps_per_beat)

    def improvise(
        self,
        temperature: float | None = None,
        seed: int = 0,
        prompt: str | None = None,
        *,
        improvise: bool = False,
    ) -> Song:
        """Return new music of the champion, as `evo play` with these options does.

        Args:
            temperature: Sampling temperature; 0 is deterministic, None the default.
            seed: Random seed of the sampling.
            prompt: Name or path of a song to begin with; None for the champion's own beginning.
            improvise: Whether to play without the learned song.

        Raises:
            RunError: If the champion is missing or damaged, or cannot play anything new.
            InputError: If there is no such song.
        """
        from evo.api.improvise import improvise as play

        return play(self.path, improvise, temperature, seed, prompt)

    @property
    def song(self) -> Song:
        """The champion's song, as it is stored.

        Raises:
            RunError: If the champion plays no music, or the run has none yet.
        """
        stored = self.path / "champion" / "song.mid"
        if self.experiment.resolution is None or not stored.exists():
            raise RunError(f"{self.path}: its champion has no song")
        try:
            return Song.load(stored)
        except MidiError as error:
            raise RunError(f"{self.path}: its champion's song cannot be read: {error}") from None

    def engine(self) -> Engine[Any]:
        """Return the engine as it was saved last, with its population.

        Raises:
            RunError: If there is no usable checkpoint.
        """
        config, kind = self.config, engine_class(self.config.run.engine)
        for path in reversed(checkpoint.folders(self.path / "checkpoints")):
            try:
                state: State = checkpoint.load(path)[0].part("engine")
                champion = kind.champion_of(state)
                player = getattr(getattr(champion, "performers", None), "player", None)
                functions = self.experiment.functions
                return kind.restore(
                    config.engine, state, seed=config.run.seed, player=player, functions=functions
                )
            except (CheckpointError, *DAMAGE):
                continue
        raise RunError(f"{self.path}: it has no checkpoint that can be read")

    def front(self) -> Front:
        """Return the best compromises of a run with several goals.

        Raises:
            RunError: If the run has one goal only.
        """
        found = self.engine().front()
        if found is None:
            raise RunError(f"{self.path}: it has no front, because its fitness has one goal")
        return Front(*found)

    def report(self, out: str | Path | None = None) -> Path:
        """Write the run as one HTML file with its music, as `evo report` does.

        Args:
            out: The file; None for report.html in the run's directory.

        Returns:
            The file's path.

        Raises:
            InputError: If it cannot be written.
        """
        from evo.analysis.report import write_report

        return write_report([self.path], None if out is None else Path(out), self._experiment)

    def plot(self) -> Any:
        """Return the figure of fitness over generations, for a notebook or `savefig`."""
        from evo.analysis.plot import fitness_figure, panels_of

        records = list(self.log)
        return fitness_figure({str(self.path): records}, panels_of(self.experiment, records))
