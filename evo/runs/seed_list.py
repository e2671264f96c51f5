"""The seeds of a batch, from `--seeds` or its file: one rule for both."""

from collections.abc import Sequence

from evo.core.errors import InputError
from evo.core.seeds import MAX_SEED

MAX_SEEDS = 10_000


def seeds_of(text: str) -> list[int]:
    """Parse seeds such as 0..9, 0,3,7 or 0..4,8.

    Returns:
        The seeds, in the order of the text.

    Raises:
        InputError: If the text is not a list of distinct seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        try:
            low, high = int(first), int(last) if dots else int(first)
        except ValueError:
            raise InputError(f"{text!r} are no seeds; write 0..9, 0,3,7 or 0..4,8") from None
        if low < 0 or high < low:
            raise InputError(
                f"{part.strip()!r} are no seeds: the lower comes first, and is at least 0"
            )
        if len(seeds) + high - low >= MAX_SEEDS:
            raise InputError(f"{text!r} are more than {MAX_SEEDS:,} seeds")
        seeds += range(low, high + 1)
    check_seeds(seeds, repr(text))
    return seeds


def check_seeds(seeds: Sequence[int], where: str) -> None:
    """Check that seeds are distinct, within their limits, and neither none nor too many.

    Args:
        seeds: The seeds.
        where: Where they are from, for the message.

    Raises:
        InputError: If a batch cannot have them.
    """
    if not 1 <= len(seeds) <= MAX_SEEDS:
        raise InputError(f"{where} has {len(seeds):,} seeds, not 1 to {MAX_SEEDS:,}")
    if min(seeds) < 0 or max(seeds) > MAX_SEED:
        raise InputError(f"{where} has a seed that is not from 0 to {MAX_SEED:,}")
    if len(set(seeds)) < len(seeds):
        twice = next(seed for index, seed in enumerate(seeds) if seed in seeds[:index])
        raise InputError(f"{where} has the seed {twice} twice")
