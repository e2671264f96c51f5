"""What players of `memorize` read: lags, the level before the first step, and bars."""

from collections.abc import Sequence
from typing import Any

from evo.core.config import Config
from evo.core.settings import Changes
from evo.music.lags import MAX_LAG, Rolls, further_lags, lags_for
from evo.music.melody import chord_share
from evo.music.song import Song
from genomes.player import LARGEST_PAST

# The usual lags are made for eighths, in bars that divide this number of them.
LAGS_BEAT, LAGS_BAR = 2, 8
BEFORE_START = -1.0


def past_of(config: Config, songs: Sequence[Song]) -> tuple[tuple[int, ...], Changes]:
    """Return the lags, and the level before the first step if more can be right with it.

    Steps before the first are read as silence, because then an input is rarely on. In some songs
    the beginning can only be told from later by a level of its own.

    Args:
        config: The run's configuration.
        songs: The songs.
    """
    table = config.task
    usual = (config.genome.lags, songs[0].steps_per_beat, _fit(table, songs))
    rolls = rolls_of(config, songs)
    lags = lags_for(rolls, *usual)
    if not rolls.silent_start:
        return lags, {}
    deciding = further_lags(rolls, lags)
    if deciding.before == deciding.total:
        return lags, {}
    told = rolls._replace(silent_start=False)
    told_lags = lags_for(told, *usual)
    if further_lags(told, told_lags).before > deciding.before:
        return told_lags, {"before_start": BEFORE_START}
    return lags, {}


def metre_of(config: Config, songs: Sequence[Song], rare: float = 0.0) -> Changes:
    """Return settings of what is read besides lags, for genome kinds that have them.

    Args:
        config: The run's configuration.
        songs: The songs.
        rare: Share of chords up to which songs are melodies.
    """
    if not hasattr(config.genome, "bar"):
        return {}
    bars, durations = {song.bar for song in songs}, config.task.durations
    found = {"bar": bars.pop() if len(bars) == 1 else 0, "planes": 1 + durations}
    if hasattr(config.genome, "melody"):
        found["melody"] = not durations and chord_share(songs) <= rare
    return found


def _fit(table: Any, songs: Sequence[Song]) -> bool:
    """Return whether the usual lags are made for these songs."""
    return not table.durations and all(
        song.steps_per_beat == LAGS_BEAT and LAGS_BAR % song.bar == 0 for song in songs
    )


def rolls_of(config: Config, songs: Sequence[Song]) -> Rolls:
    """Return the songs as a player with inputs reads them.

    Args:
        config: The run's configuration.
        songs: The songs.
    """
    table = config.task
    player, rolls = config.genome, [song.roll(table.durations) for song in songs]
    longest = min(MAX_LAG, LARGEST_PAST // rolls[0].shape[1])
    return Rolls(rolls, table.prompt_steps, player.before_start == player.off, longest)
