"""Numbers in words, for messages."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 key, 1,200 keys.

    Args:
        number: The number.
        noun: The noun in the singular.
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
