"""A run in TensorBoard: `tensorboard --logdir runs` shows it.

The directory `tensorboard` of a run gets event files, written by tensorboardX. The step of every
event is a generation.

    fitness/...      best, mean, worst, quartiles, and the champion's
    figures/...      figures of the task
    engine/...       figures of the engine
    failures/...     failed individuals by kind
    run/...          evaluations and seconds
    champion/...     pictures (rolls, the network), the song's sound, a formula's text
    the graph        the champion's network

Pictures and sounds of a new champion are written at most every `PAUSE` seconds, and at the end:
drawing takes up to a second. Curves have every generation, and above `DENSE` generations at most
one in `EVERY` seconds.

A resumed run begins a new file. Its first event tells TensorBoard to forget the generations that
follow, which are logged again.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import time
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from evo.core.errors import InputError, RunError
from evo.music.song import Song
from evo.music.sound import TAIL, sound_of
from evo.runs.loggers.base import LoggedChampion, LoggedRun, Logger
from evo.runs.loggers.network_graph import graph_of
from evo.runs.record import flat

PAUSE = 20.0  # seconds between two champions with pictures and sound
DENSE, EVERY = 2_000, 0.2  # generations; seconds
_PNG = b"\x89PNG\r\n\x1a\n"
_RATE = 22_050  # samples per second
_LONGEST = 30.0  # seconds of a sound
_GROUPS = {
    "best": "fitness", "mean": "fitness", "worst": "fitness", "champion": "fitness",
    "lower_quartile": "fitness", "median": "fitness", "upper_quartile": "fitness",
    "evaluations": "run", "wall_seconds": "run", "champion_generation": "run",
}  # fmt: skip


class TensorBoardLogger(Logger):
    """Writes event files into the directory `tensorboard` of a run."""

    output = "tensorboard"

    def __init__(self) -> None:
        """Wait for a run.

        Raises:
            InputError: If tensorboardX is not installed.
        """
        if importlib.util.find_spec("tensorboardX") is None:
            raise InputError(
                "event files of TensorBoard are written by tensorboardX, which is not installed. "
                "Run: pip install 'kuznechik[tensorboard]'"
            )
        self._file: Any = None
        self._records = 0
        self._written = self._drawn = 0.0
        self._last: Mapping[str, Any] | None = None  # a record that is not yet written
        self._champion: LoggedChampion | None = None  # one that is not yet drawn
        self._generation = 0

    def begin(self, run: LoggedRun) -> None:
        """Open a new event file.

        Args:
            run: The run.
        """
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        folder = run.path / self.output
        if folder.is_symlink():
            raise RunError(f"{folder}: it is a link; remove it")
        folder.mkdir(exist_ok=True)
        is_new = not any(folder.iterdir())
        self._file = open(_free(folder, run.first), "xb")  # noqa: SIM115
        self._write(Event(file_version="brain.Event:2"))
        if is_new:
            for record in run.records:
                self._add_curves(record)
        else:
            self._write(Event(session_log=SessionLog(status=SessionLog.START)), run.first)
        self._records, self._drawn = run.first, time.monotonic()
        self._generation = max(run.first - 1, 0)

    def record(self, record: dict[str, Any]) -> None:
        """Write the numbers of a generation.

        Args:
            record: The generation's record.
        """
        self._records += 1
        self._generation, self._last = record["generation"], record
        now = time.monotonic()
        if self._records <= DENSE or now - self._written >= EVERY:
            self._written = now
            self._add_curves(record)
        if self._champion is not None and now - self._drawn >= PAUSE:
            self._add_champion(self._champion)

    def champion(self, champion: LoggedChampion) -> None:
        """Write the champion's pictures and sound, now or later.

        Args:
            champion: The champion.
        """
        self._champion = champion
        if time.monotonic() - self._drawn >= PAUSE:
            self._add_champion(champion)

    def end(self, result: dict[str, Any]) -> None:
        """Write what is left, and close the file.

        Args:
            result: Ignored.
        """
        if self._last is not None:
            self._add_curves(self._last)
        if self._champion is not None:
            self._add_champion(self._champion)
        self._file.close()

    def _write(self, event: Any, step: int = 0) -> None:
        """Append an event to the file, at once: a killed process loses none."""
        from tensorboardX.record_writer import masked_crc32c

        event.wall_time, event.step = time.time(), step
        content: bytes = event.SerializeToString()
        length = struct.pack("<Q", len(content))
        parts = (length, masked_crc32c(length), content, masked_crc32c(content))
        self._file.write(
            b"".join(part if isinstance(part, bytes) else struct.pack("<I", part) for part in parts)
        )
        self._file.flush()

    def _add_summary(self, values: list[dict[str, Any]], step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        self._write(
            Event(summary=Summary(value=[Summary.Value(**value) for value in values])), step
        )

    def _add_curves(self, record: Mapping[str, Any]) -> None:
        """Write all finite numbers of a record."""
        values = []
        for name, value in flat(record).items():
            if isinstance(value, int | float) and isfinite(value) and name != "generation":
                group, _, rest = name.partition(".")
                tag = f"{group}/{rest}" if rest else f"{_GROUPS.get(name, 'run')}/{name}"
                values.append({"tag": tag, "simple_value": float(value)})
        self._add_summary(values, record["generation"])
        self._last = None

    def _add_champion(self, champion: LoggedChampion) -> None:
        """Write pictures, sound and graph of a champion."""
        self._champion = None
        step, files = self._generation, champion.files
        values = [
            {"tag": f"champion/{name.removesuffix('.png')}", "image": _image(content)}
            for name, content in files.items()
            if content.startswith(_PNG)
        ]
        if champion.song is not None:
            values.append({"tag": "champion/song", "audio": _audio(champion.song)})
        if "formula.txt" in files:
            values.append(_text("champion/formula", files["formula.txt"]))
        for value in values:
            self._add_summary([value], step)
        if "network.json" in files:
            graph = graph_of(files["network.json"], files.get("player.json"))
            if graph is not None:
                from tensorboardX.proto.event_pb2 import Event

                self._write(Event(graph_def=graph.SerializeToString()), step)
        self._drawn = time.monotonic()


def _free(folder: Path, first: int) -> Path:
    """Return a new event file's path. TensorBoard reads the files in the order of their names."""
    number = 0
    while True:
        name = f"events.out.tfevents.{int(time.time()):010d}.kuznechik.{number:03d}.{first:09d}"
        if not os.path.lexists(folder / name):
            return folder / name
        number += 1


def _image(content: bytes) -> Any:
    """Return a PNG file as an image."""
    from tensorboardX.proto.summary_pb2 import Summary

    width, height = struct.unpack(">II", content[16:24])
    return Summary.Image(height=height, width=width, colorspace=4, encoded_image_string=content)


def _audio(song: Song) -> Any:
    """Return the sound of a song, at most of its first half minute."""
    from tensorboardX.proto.summary_pb2 import Summary

    kept = max(int((song.seconds()[1:] <= _LONGEST).sum()), 1)
    if kept < song.steps:
        song = song.played(song.roll(durations=True)[:kept])
    return Summary.Audio(
        sample_rate=_RATE,
        num_channels=1,
        length_frames=round((song.duration + TAIL) * _RATE) + 1,
        encoded_audio_string=sound_of(song, "wav", rate=_RATE, mono=True),
        content_type="audio/wav",
    )


def _text(tag: str, content: bytes) -> dict[str, Any]:
    """Return a text in a fixed-width font."""
    from tensorboardX.proto.summary_pb2 import SummaryMetadata
    from tensorboardX.proto.tensor_pb2 import TensorProto
    from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto

    text = "\n".join(f"    {line}" for line in content.decode(errors="replace").splitlines())
    plugin = SummaryMetadata.PluginData(plugin_name="text")
    return {
        "tag": tag,
        "metadata": SummaryMetadata(plugin_data=plugin),
        "tensor": TensorProto(
            dtype="DT_STRING",
            string_val=[text.encode()],
            tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
        ),
    }
