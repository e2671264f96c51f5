"""The best individual of a run, for Python."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evo.core.errors import InputError
from evo.core.user_files import user_file
from evo.music.midi.reading import usual_lowest_note
from evo.music.song import Song
from genomes.arrays import BoolArray, FloatArray, Singles
from genomes.base import Performers
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
        shape: tuple[int, int, int] | None = None,
    ) -> None:
        """Take the individual.

        Args:
            performers: The individual as a batch of one.
            score: Its fitness.
            generation: The generation in which it was found.
            shape: Keys, steps per beat and steps of its music; None without music.
        """
        self.performers, self.score, self.generation = performers, score, generation
        self.individual = Individual(performers)
        self._shape = shape

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
        return self._shape is not None

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

    def song(self, steps: int | None = None, prompt: Any = None, tempo: float = 120.0) -> Song:
        """Return what the champion plays.

        Args:
            steps: Steps of the song; None for those of the run.
            prompt: Notes to begin with, a song or bool (prompt_steps, keys); None for none.
            tempo: Beats per minute.

        Raises:
            InputError: If it plays no music.
        """
        if self._shape is None:
            raise InputError("this champion plays no music: its task is one of numbers")
        keys, steps_per_beat, usual = self._shape
        begin = np.zeros((0, keys), np.bool_) if prompt is None else getattr(prompt, "grid", prompt)
        played = self.perform(np.asarray(begin, np.bool_), steps or max(usual, len(begin)))
        return Song(played, usual_lowest_note(keys), steps_per_beat, tempo, "champion")

    def to_neat_python(self, config: Any) -> Any:
        """Return a network as a genome of neat-python."""
        return self.network.to_neat_python(config)

    def save(self, path: str | Path) -> None:
        """Write a network in neat-python's JSON format, for `evo.load_network`."""
        with user_file(path, "cannot be written"):
            self.network.save(path)
