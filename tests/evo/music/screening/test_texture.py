"""Notes at once and the reach of two hands, against plain references."""

from __future__ import annotations

import random

import numpy as np

from evo.music.screening.texture import texture_of

Note = tuple[int, int, int]


def texture(notes: list[Note], ticks_per_beat: int = 96) -> list[tuple[int, int, int]]:
    """Return (chord, span, at once) of each moment."""
    table = np.array(sorted(notes), np.int64)
    found = texture_of(table, ticks_per_beat)
    columns = (found.chord, found.span, found.at_once)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def two_hands(keys: list[int]) -> int:
    """Return the smallest span with which two hands reach all keys."""
    keys = sorted(keys)
    return min(
        max(left[-1] - left[0] if left else 0, right[-1] - right[0] if right else 0)
        for left, right in ((keys[:n], keys[n:]) for n in range(len(keys) + 1))
    )


def test_each_moment_has_its_chord_its_span_and_its_sounding_keys() -> None:
    held = [(0, 400, 36), (0, 96, 60), (0, 96, 67), (96, 192, 72), (200, 300, 64)]
    assert texture(held) == [(3, 7, 3), (1, 0, 2), (1, 0, 2)]


def test_a_spread_chord_is_one_moment_and_a_doubled_key_counts_once() -> None:
    assert texture([(0, 96, 60), (2, 96, 64), (4, 96, 67), (96, 192, 60)]) == [(3, 3, 3), (1, 0, 1)]
    assert texture([(0, 96, 60), (0, 48, 60), (0, 96, 72)]) == [(2, 0, 2)]


def test_a_new_onset_ends_the_old_note_of_its_key() -> None:
    assert texture([(0, 960, 60), (96, 960, 60), (192, 960, 62)]) == [
        (1, 0, 1), (1, 0, 1), (1, 0, 2),
    ]  # fmt: skip


def test_texture_agrees_with_counting_moment_by_moment() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        # Notes of one key do not overlap.
        free = dict.fromkeys(range(40, 90), 0)
        notes: list[Note] = []
        for step in range(0, 40 * 48, 48):
            for key in chance.sample(range(40, 90), chance.randrange(0, 9)):
                if free[key] <= step:
                    end = step + chance.choice((24, 48, 96, 480))
                    notes.append((step, end, key))
                    free[key] = end
        onsets = sorted({on for on, _, _ in notes})
        expected = []
        for onset in onsets:
            struck = [key for on, _, key in notes if on == onset]
            sounding = [key for on, end, key in notes if on <= onset < end]
            expected.append((len(struck), two_hands(struck), len(sounding)))
        assert texture(notes) == expected
