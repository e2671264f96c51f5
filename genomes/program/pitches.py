"""Operations on the pitches of notes; see `genomes.program.operations`."""

from genomes.kernels import device
from genomes.program.lines import Line, degree_of, find_scale, key_of
from genomes.program.operations import PHRASE


@device
def transpose(line: Line, amount: int) -> None:
    """Transpose free notes.

    Args:
        line: The melody.
        amount: Degrees of the scale.
    """
    for step in range(len(line.notes)):
        if line.free[step] and line.notes[step] >= 0:
            line.notes[step] = key_of(line, degree_of(line, line.notes[step]) + amount)


@device
def invert(line: Line, amount: int) -> None:
    """Mirror the free notes of every bar or phrase at its first or last one.

    Args:
        line: The melody.
        amount: Above 0 for the first note; beyond 2 for phrases.
    """
    size = line.bar if abs(amount) <= 2 else PHRASE * line.bar
    for start in range(line.lead, len(line.notes), size):
        axis = -1
        for step in range(start, min(start + size, len(line.notes))):
            if line.free[step] and line.notes[step] >= 0 and (axis < 0 or amount < 0):
                axis = degree_of(line, line.notes[step])
        for step in range(start, min(start + size, len(line.notes))):
            if line.free[step] and line.notes[step] >= 0:
                degree = degree_of(line, line.notes[step])
                if degree != axis:
                    line.notes[step] = key_of(line, 2 * axis - degree)


@device
def retrograde(line: Line, amount: int) -> None:
    """Reverse the pitches of groups; with an amount below 0 whole steps.

    Args:
        line: The melody.
        amount: 1 to 4 for a beat pair, a bar, two bars, a phrase.
    """
    size = 2 * line.beat
    if abs(amount) > 1:
        size = line.bar if abs(amount) == 2 else 2 * line.bar if abs(amount) == 3 else 4 * line.bar
    for start in range(line.lead, len(line.notes), size):
        first, last = start, min(start + size, len(line.notes)) - 1
        while first < last:
            if not line.free[first] or (amount > 0 and line.notes[first] < 0):
                first += 1
            elif not line.free[last] or (amount > 0 and line.notes[last] < 0):
                last -= 1
            else:
                line.notes[first], line.notes[last] = line.notes[last], line.notes[first]
                first += 1
                last -= 1


@device
def rotate(line: Line, amount: int) -> None:
    """Give free notes the pitch of the one before, or after (amount below 0).

    Args:
        line: The melody.
        amount: Beyond 2 within two bars, else within a bar.
    """
    size = line.bar if abs(amount) <= 2 else 2 * line.bar
    for start in range(line.lead, len(line.notes), size):
        count = 0
        for step in range(start, min(start + size, len(line.notes))):
            if line.free[step] and line.notes[step] >= 0:
                line.spare[count] = line.notes[step]
                count += 1
        index = count - 1 if amount > 0 else 1
        for step in range(start, min(start + size, len(line.notes))):
            if line.free[step] and line.notes[step] >= 0:
                line.notes[step] = line.spare[index % count]
                index += 1


@device
def exchange_mode(line: Line, amount: int) -> None:
    """Exchange major and minor in the whole melody, cadences included.

    Args:
        line: The melody.
        amount: Beyond 2 the seventh is exchanged, too.
    """
    tonic, minor = line.about[1], line.about[2]
    change = 1 if minor == 1 else -1
    for step in range(len(line.notes)):
        key = line.notes[step]
        if key < 0:
            continue
        degree = (key - tonic + minor) % 12  # of its major form
        if degree == 4 or degree == 9 or (degree == 11 and abs(amount) > 2):
            changed = key + change
            if changed < 0:
                changed += 12
            elif changed >= line.keys:
                changed -= 12
            if 0 <= changed < line.keys:
                line.notes[step] = changed
    line.about[2] = 1 - minor
    find_scale(line)
