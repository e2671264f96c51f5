"""The best individual of a run, for Python."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.user_files import user_file
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray, Singles
from genomes.base import Performers, performs
from genomes.individual import Individual
from genomes.network.networks import Networks
from genomes.network.single import Network


class Champion:
    """The best individual of a run.

    Attributes:
        performers: The individual as a batch of one.
        individual: The individual as a performer.
        score: Its fitness; the mean over its evaluations if the fitness is noisy.
        generation: The generation in which it was found.
    """

    def __init__(
        self,
        performers: Performers,
        score: float | None,
        generation: int,
        like: Song | None = None,
        durations: bool = False,
    ) -> None:
        """Take the individual.

        Args:
            performers: The individual as a batch of one.
            score: Its fitness.
            generation: The generation in which it was found.
            like: A song with the pitch, length, metre and tempo of its music; None without music.
            durations: Whether it plays how long notes sound, too.
        """
        self.performers, self.score, self.generation = performers, score, generation
        self.individual = Individual(performers)
        self._like, self._durations = like, durations

    def __repr__(self) -> str:
        score = "" if self.score is None else f", fitness {self.score:.6g}"
        return f"<champion of generation {self.generation}{score}>"

    def _repr_html_(self) -> str:
        # Figures take time to import.
        from evo.api.notebook import champion_html

        return champion_html(self)

    @property
    def plays(self) -> bool:
        """Whether it plays music."""
        return self._like is not None

    @cached_property
    def network(self) -> Network:
        """The network, with `step`, `activate`, `reset`, `save` and `to_neat_python`.

        Raises:
            InputError: If the champion is no network.
        """
        if not isinstance(self.performers, Networks):
            kind = type(self.performers).__name__
            raise InputError(f"this champion is no network: it is one of {kind}")
        return Network(self.performers)

    def activate(self, inputs: Any) -> FloatArray:
        """Return the outputs of a network for one row of inputs, or for several."""
        return self.network.activate(inputs)

    def reset(self) -> None:
        """Set the state of a network to its start; see `step`."""
        self.network.reset()

    def step(self, inputs: Any) -> list[float]:
        """Return the outputs of a network for the next step; its state is kept."""
        return self.network.step(inputs)

    def perform(self, prompt: BoolArray, steps: int, **more: Any) -> BoolArray:
        """Play in closed loop after a prompt; see `Individual.perform`.

        Args:
            prompt: Bool (prompt_steps, keys).
            steps: Steps of the result.
            more: `random` and `temperature`.
        """
        played: BoolArray = self.individual.perform(prompt, steps, **more)
        return played

    def follow(self, roll: BoolArray) -> Singles:
        """Predict each step from the true previous steps; see `Individual.follow`."""
        found: Singles = self.individual.follow(roll)
        return found

    def song(
        self, steps: int | None = None, prompt: Any = None, tempo: float | None = None
    ) -> Song:
        """Return what the champion plays, at the pitch and in the metre of its run's song.

        Args:
            steps: Steps of the song; None for those of the run.
            prompt: Notes to begin with, a song or bool (prompt_steps, channels); None for none.
            tempo: Beats per minute; None for the run's.

        Raises:
            InputError: If it plays no music.
        """
        like = self._like
        if like is None:
            raise InputError("this champion plays no music: its task is one of numbers")
        if not performs(type(self.performers)):
            raise InputError("this champion plays nothing by itself; give `vary` a song")
        begin = like.roll(self._durations)[:0]
        if prompt is not None:
            begin = prompt.roll(self._durations) if isinstance(prompt, Song) else prompt
        played = self.perform(np.asarray(begin, np.bool_), steps or max(like.steps, len(begin)))
        song = replace(like.played(played), name="champion")
        return song if tempo is None else replace(song, tempo=tempo, tempo_changes=())

    def to_neat_python(self, config: Any) -> Any:
        """Return a network as a genome of neat-python."""
        return self.network.to_neat_python(config)

    def vary(self, song: Song) -> Song:
        """Return a variation of a song of any metre, length and range, by a program.

        Raises:
            InputError: If the champion is no program, or `song` no song.
        """
        # They take time to import.
        from evo.fitness.variation.themes import theme_of_song, varied_song
        from genomes.program.programs import Programs

        if not isinstance(song, Song):
            raise InputError(f"a program varies a Song, as of evo.song(name), not {song!r:.60}")
        if not isinstance(self.performers, Programs):
            kind = type(self.performers).__name__
            raise InputError(f"this champion varies no songs: it is one of {kind}")
        (roll,) = self.performers.vary(theme_of_song(song))[:, 0]
        return varied_song(song, roll, self.performers, f"{song.name} varied".strip())

    def save(self, path: str | Path) -> None:
        """Write a network in neat-python's JSON format, for `evo.load_network`."""
        with user_file(path, "cannot be written"):
            self.network.save(path)
