"""Measure how many pickups are found from the notes alone.

    python benchmarks/pickups.py FOLDER...

The ABC files of the folders tell the pickup of each tune. It is hidden, and looked for again
(`evo.music.pickup`). A line per metre has the number of tunes that begin with a note, the share
whose first bar line is found, and the share that has no pickup at all.
"""

import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np

from evo.core.errors import MidiError
from evo.music.abc.songs import songs_of_abc
from evo.music.pickup import found_pickup


def main() -> None:
    """Print a line per metre."""
    judged = defaultdict(list)
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*.abc")):
            try:
                songs = songs_of_abc(path, refuse=lambda error: None)
            except MidiError:
                continue
            for song in songs:
                first = int(np.flatnonzero(song.onsets.any(axis=1))[0])
                if first == 0 and not song.metre.changes:
                    told = song.metre.first_bar % song.bar
                    found = found_pickup(song.onsets, Fraction(song.bar))
                    judged[str(song.metre)].append((found == told, told == 0))
    for metre, tunes in sorted(judged.items(), key=lambda entry: -len(entry[1])):
        right, none = np.mean(tunes, axis=0)
        print(f"{metre}: {len(tunes)} tunes, {right:.0%} found, {none:.0%} have no pickup")


if __name__ == "__main__":
    main()
