"""The operations of programs, and their scopes, by name.

A program is a list of up to `MAX_LENGTH` instructions. An instruction is an operation, a scope and
an amount. The scope is where the melody may change. The amount is from -`MAX_AMOUNT` to
`MAX_AMOUNT`, without 0; each operation reads it in its own way.

On pitches, in degrees of the melody's scale:

    transpose   by the amount
    invert      around the first note (amount above 0) or the last note of every bar; of every
                phrase, if the amount is beyond 2
    retrograde  reverse the pitches of a beat pair, a bar, two bars or a phrase (1 to 4); with an
                amount below 0 the rhythm, too
    rotate      every note takes the pitch of the note before or after it, within a bar, or within
                two bars if the amount is beyond 2
    mode        exchange major and minor: third and sixth, beyond 2 the seventh, too. It ignores
                the scope

On rhythm:

    swap        exchange the halves of bars, pairs of beats, bars, pairs of bars (1 to 4)
    passing     fill thirds by passing notes, beyond 2 wider intervals, too
    neighbour   add the upper or lower neighbour between repeated notes, beyond 2 between all
    echo        repeat long notes, or anticipate the next note (amount below 0)
    arpeggio    add a third above or below long notes; beyond 2 a fifth
    simplify    remove notes off the beats, repeated notes, notes off the strong beats, or passing
                notes (1 to 4)
    dotted      make pairs of equal notes long-short, or short-long (amount below 0)
    delay       move notes on a beat later, or earlier (amount below 0); beyond 2 downbeats, too
    diminish    play a bar, beyond 2 two bars, in half the time; then again, or (amount below 0)
                the second half as it was
    augment     play the first or (amount below 0) second half of a bar, beyond 2 of two bars, in
                twice the time
    repeat      replace every second bar, two bars, phrase or half bar (1 to 4) by the one before
    sequence    the same with a bar, or half a bar (amount 2 or 4, -2 or -4), transposed by a
                degree, beyond 2 by two
    rhythm      every bar takes the rhythm of the first bar of its phrase, or of the bar before
                (amount below 0)

A phrase has four bars. The last note of every phrase keeps its step and, under all operations but
`mode`, its key. Nothing is added after it in its phrase.
"""

MAX_LENGTH = 8
MAX_AMOUNT = 4
PHRASE = 4  # bars

OPERATIONS = (
    "transpose",
    "invert",
    "retrograde",
    "rotate",
    "mode",
    "swap",
    "passing",
    "neighbour",
    "echo",
    "arpeggio",
    "simplify",
    "dotted",
    "delay",
    "diminish",
    "augment",
    "repeat",
    "sequence",
    "rhythm",
)
TRANSPOSE, INVERT, RETROGRADE, ROTATE, MODE = range(5)
SWAP, PASSING, NEIGHBOUR, ECHO, ARPEGGIO, SIMPLIFY = range(5, 11)
DOTTED, DELAY, DIMINISH, AUGMENT, REPEAT, SEQUENCE, RHYTHM = range(11, 18)

SCOPES = (
    "everywhere",
    "odd bars",
    "even bars",
    "middle bars of phrases",
    "first half of phrases",
    "second half of phrases",
    "odd phrases",
    "even phrases",
    "first half",
    "second half",
    "first half of bars",
    "second half of bars",
    "odd beats",
    "even beats",
)
EVERYWHERE, ODD_BARS, EVEN_BARS, MIDDLE_BARS = range(4)
FIRST_OF_PHRASES, SECOND_OF_PHRASES, ODD_PHRASES, EVEN_PHRASES = range(4, 8)
FIRST_HALF, SECOND_HALF, FIRST_OF_BARS, SECOND_OF_BARS, ODD_BEATS, EVEN_BEATS = range(8, 14)
