"""Operations that move, add and remove notes; see `genomes.program.operations`."""

from genomes.kernels import device, zero
from genomes.program.lines import Line, degree_of, is_free, key_of, next_note
from genomes.program.operations import ARPEGGIO, ECHO, NEIGHBOUR, PASSING, PHRASE


@device
def swap(line: Line, amount: int) -> None:
    """Exchange halves of bars, pairs of beats, bars, or pairs of bars.

    Args:
        line: The melody.
        amount: 1 to 4 of either sign for these.
    """
    kind = abs(amount)
    half = line.bar // 2 if kind == 1 else line.beat if kind == 2 else (kind - 2) * line.bar
    group = line.bar if kind == 1 else 2 * half
    for start in range(line.lead, len(line.notes), group):
        for first in range(start, start + half):
            other = first + half
            if other < len(line.notes) and line.free[first] and line.free[other]:
                line.notes[first], line.notes[other] = line.notes[other], line.notes[first]


@device
def _added_key(line: Line, operation: int, amount: int, now: int, then: int) -> int:
    """Return the key to add between two notes, or -1.

    Args:
        line: The melody.
        operation: One of those that add notes.
        amount: Its amount.
        now: Key of the note before.
        then: Key of the note after, or -1.
    """
    degree, direction = degree_of(line, now), 1 if amount > 0 else -1
    after = degree_of(line, then) if then >= 0 else degree
    is_wide = abs(amount) > 2
    if operation == PASSING:
        leap = after - degree
        if abs(leap) == 2:
            return key_of(line, (degree + after) // 2)
        return key_of(line, after - (1 if leap > 0 else -1)) if abs(leap) > 2 and is_wide else -1
    if operation == NEIGHBOUR:
        return key_of(line, degree + direction) if degree == after or is_wide else -1
    if operation == ECHO:
        return now if amount > 0 else then
    return key_of(line, degree + direction * (4 if is_wide else 2))


@device
def add_notes(line: Line, operation: int, amount: int) -> None:
    """Add a note between notes at least two steps and at most a bar apart.

    It is in the middle, or after it where there is no middle. Echoes and arpeggios are added to
    notes of more than a beat.

    Args:
        line: The melody.
        operation: One of those that add notes.
        amount: Its amount.
    """
    shortest = line.beat + 1 if operation == ECHO or operation == ARPEGGIO else 2
    step = next_note(line, zero())
    while step < len(line.notes):
        following = next_note(line, step + 1)
        wait = following - step
        middle = step + (wait + 1) // 2
        if max(shortest, 2) <= wait <= line.bar and line.free[middle]:
            then = line.notes[following] if following < len(line.notes) else -1
            key = _added_key(line, operation, amount, line.notes[step], then)
            line.notes[middle] = key
        step = following


@device
def simplify(line: Line, amount: int) -> None:
    """Remove notes off the beats, repeated ones, those off strong beats, or passing notes.

    Args:
        line: The melody.
        amount: 1 to 4 of either sign for these.
    """
    kind = abs(amount)
    strong = 2 * line.beat if line.bar % (2 * line.beat) == 0 else line.bar
    before = -1
    for step in range(len(line.notes)):
        key = line.notes[step]
        if key < 0:
            continue
        place = (step - line.lead) % line.bar
        removed = place % (strong if kind == 3 else line.beat) != 0
        if kind == 2:
            removed = key == before and place != 0
        elif kind == 4:
            following = next_note(line, step + 1)
            after = line.notes[following] if following < len(line.notes) else -1
            removed = removed and before >= 0 and after >= 0 and (before < key) == (key < after)
        before = key
        if removed and line.free[step]:
            line.notes[step] = -1


@device
def dot(line: Line, amount: int) -> None:
    """Make pairs of equal notes long-short, or short-long (amount below 0).

    Args:
        line: The melody.
        amount: Beyond 2 pairs of two beats, else of one; of the shortest with a quarter of steps.
    """
    length = line.beat if abs(amount) <= 2 else 2 * line.beat
    if length % 4 != 0:
        length *= 2
    if length % 4 != 0 or length > line.bar:
        return
    second, moved = length // 2, 3 * length // 4 if amount > 0 else length // 4
    for start in range(line.lead, len(line.notes), line.bar):
        for first in range(start, start + line.bar - length + 1, length):
            if first + length > len(line.notes) or line.notes[first] < 0:
                continue
            if next_note(line, first + 1) != first + second:
                continue
            if next_note(line, first + second + 1) < first + length:
                continue
            if line.free[first + second] and line.free[first + moved]:
                line.notes[first + moved] = line.notes[first + second]
                line.notes[first + second] = -1


@device
def delay(line: Line, amount: int) -> None:
    """Move notes on a beat by half a beat.

    Args:
        line: The melody.
        amount: Above 0 later, below 0 earlier; beyond 2 notes on downbeats, too.
    """
    distance = max(line.beat // 2, 1) * (1 if amount > 0 else -1)
    steps = len(line.notes)
    for index in range(steps):
        step = steps - 1 - index if amount > 0 else index
        place = (step - line.lead) % line.bar
        to = step + distance
        if line.notes[step] < 0 or place % line.beat != 0 or not 0 <= to < steps:
            continue
        if place == 0 and abs(amount) <= 2:
            continue
        if line.free[step] and line.free[to] and line.notes[to] < 0:
            line.notes[to] = line.notes[step]
            line.notes[step] = -1


@device
def diminish(line: Line, amount: int) -> None:
    """Play groups in half the time.

    Args:
        line: The melody.
        amount: Above 0 twice, below 0 with the old second half; beyond 2 in groups of two bars.
    """
    size = line.bar if abs(amount) <= 2 else 2 * line.bar
    half = size // 2
    if size % 2 != 0:
        return
    for start in range(line.lead, len(line.notes), size):
        if not is_free(line, start, size):
            continue
        for place in range(half):
            line.spare[place] = line.notes[start + 2 * place]
        for place in range(half):
            line.notes[start + place] = line.spare[place]
            if amount > 0:
                line.notes[start + half + place] = line.spare[place]


@device
def augment(line: Line, amount: int) -> None:
    """Play a half of groups in twice the time, in place of the group.

    Args:
        line: The melody.
        amount: Above 0 the first half, below 0 the second; beyond 2 in groups of two bars.
    """
    size = line.bar if abs(amount) <= 2 else 2 * line.bar
    half = size // 2
    if size % 2 != 0:
        return
    for start in range(line.lead, len(line.notes), size):
        if not is_free(line, start, size):
            continue
        first = start if amount > 0 else start + half
        for place in range(half):
            line.spare[place] = line.notes[first + place]
        for place in range(half):
            line.notes[start + 2 * place] = line.spare[place]
            line.notes[start + 2 * place + 1] = -1


@device
def repeat(line: Line, amount: int, is_sequence: bool) -> None:
    """Replace every second group by the one before, as it is or transposed.

    Args:
        line: The melody.
        amount: See `genomes.program.operations`.
        is_sequence: Whether it is transposed.
    """
    kind, shift = abs(amount), 0
    if is_sequence:
        shift = (1 if amount > 0 else -1) * (1 if kind <= 2 else 2)
        kind = 1 if kind % 2 == 1 else 4
    size = line.bar // 2 if kind == 4 else line.bar
    if kind in (2, 3):
        size = 2 * line.bar if kind == 2 else PHRASE * line.bar
    if size < 1:
        return
    for start in range(line.lead + size, len(line.notes), 2 * size):
        for step in range(start, min(start + size, len(line.notes))):
            if line.free[step]:
                key = line.notes[step - size]
                if key >= 0 and shift != 0:
                    key = key_of(line, degree_of(line, key) + shift)
                line.notes[step] = key


@device
def take_rhythm(line: Line, amount: int) -> None:
    """Give every bar the rhythm of the first bar of its phrase, or of the bar before.

    The notes of the bar are spread over the new rhythm in their order.

    Args:
        line: The melody.
        amount: Above 0 for the first bar of the phrase, below 0 for the bar before.
    """
    bar = line.bar
    for start in range(line.lead + bar, len(line.notes), bar):
        index = (start - line.lead) // bar
        source = start - bar if amount < 0 else start - index % PHRASE * bar
        if source == start or not is_free(line, start, bar):
            continue
        count, onsets = 0, 0
        for place in range(bar):
            onsets += line.notes[source + place] >= 0
            if line.notes[start + place] >= 0:
                line.spare[count] = line.notes[start + place]
                count += 1
        if count == 0 or onsets == 0:
            continue
        number = 0
        for place in range(bar):
            line.notes[start + place] = -1
            if line.notes[source + place] >= 0:
                line.notes[start + place] = line.spare[number * count // onsets]
                number += 1
