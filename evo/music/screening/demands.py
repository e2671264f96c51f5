"""Define what a piece must be like to be fit: the demands, and their named profiles.

melody   one voice or few: folk songs, dance tunes
piano    what two hands can play, as written in a score
any      whatever can be read
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from evo.core.errors import InputError
from evo.core.settings import Meta, Settings, changed

Share = Annotated[float, Meta(ge=0, le=1)]


class Demands(Settings, frozen=True):
    """Demands on a piece; the defaults are those of the profile `melody`.

    A moment is a time at which notes begin. Two octaves hold nearly every folk tune.
    """

    keys: Annotated[int, Meta(ge=1, le=128, description="Keys of the instrument.")] = 25
    chord: Annotated[
        int, Meta(ge=1, le=128, description="Maximum number of notes that begin together.")
    ] = 4
    at_once: Annotated[
        int, Meta(ge=1, le=128, description="Maximum number of notes that sound at once.")
    ] = 4
    span: Annotated[
        int,
        Meta(ge=1, le=127, description="Semitones from the lowest to the highest key of a hand."),
    ] = 16
    beyond: Annotated[
        Share, Meta(description="Share of moments that may exceed chord, at_once and span.")
    ] = 0.03
    density: Annotated[
        float, Meta(gt=0, le=1_000, description="Maximum mean number of onsets per beat.")
    ] = 4.0
    others: Annotated[
        Share, Meta(description="Share of notes that instruments other than pianos may play.")
    ] = 0.02
    drums: Annotated[Share, Meta(description="Share of percussion notes.")] = 0.02
    off_grid: Annotated[
        Share, Meta(description="Share of onsets that may miss the rhythmic grid.")
    ] = 0.1
    steps_per_beat: Annotated[
        int, Meta(ge=0, le=96, description="Steps per beat to which the grid must fit; 0: any.")
    ] = 0
    tempo_spread: Annotated[
        Share, Meta(description="Free variation of tempo: nine tenths of the piece are within it.")
    ] = 0.1
    tempo_change: Annotated[
        Share, Meta(description="Smallest change of tempo that counts otherwise.")
    ] = 0.02
    tempo_changes: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Changes of tempo, and one more per eight bars.")
    ] = 4
    other_metres: Annotated[
        Share, Meta(description="Share of bars in another metre; one bar always may.")
    ] = 0.1
    odd_metres: Annotated[
        bool, Meta(description="Whether bars of 5, 7 and other odd numbers are allowed.")
    ] = False
    notes: Annotated[int, Meta(ge=1, le=1_000, description="Minimum number of notes.")] = 12
    beats: Annotated[float, Meta(ge=0, le=1_000, description="Minimum length in beats.")] = 8.0
    minutes: Annotated[float, Meta(gt=0, le=10_000, description="Maximum length in minutes.")] = (
        10.0
    )


PROFILES = {
    "melody": Demands(),
    "piano": Demands(keys=88, chord=10, at_once=10, beyond=0.05, density=12.0, minutes=20.0),
    "any": Demands(
        keys=128, chord=128, at_once=128, span=127, density=1_000.0, others=1.0, drums=1.0,
        off_grid=1.0, tempo_changes=1_000_000, other_metres=1.0, odd_metres=True,
        notes=4, beats=0.0, minutes=120.0,
    ),
}  # fmt: skip
LARGEST_MELODY = 25  # keys; a larger instrument has the profile `piano`


def demands_of(
    profile: str | None, given: Mapping[str, Any], assignments: Iterable[str] = ()
) -> Demands:
    """Return the demands of a profile, changed.

    Args:
        profile: a name in `PROFILES`; None for that of the number of keys given.
        given: new values by name.
        assignments: more of them, as text: "odd_metres=true".

    Raises:
        InputError: for an unknown demand, or an invalid value.
    """
    changes = dict(given)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise InputError(f"--set {assignment}: expected NAME=VALUE")
        changes[name.strip()] = value.strip()
    if profile is None:
        profile = "piano" if changed(Demands(), changes).keys > LARGEST_MELODY else "melody"
    return changed(PROFILES[profile], changes)
