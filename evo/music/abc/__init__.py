"""Read ABC, the text notation of folk tunes.

The standard is ABC 2.1 (https://abcnotation.com/wiki/abc:standard:v2.1).

book      a strict subset, in which the embedded tunes are written, and melodies without repeats
songs     files of other people: `songs_of_abc`. It uses, in this order:
blocks      the tunes of a file, as lines
reader      header, voices and fields of a tune
voice       the notes of a voice in written order (`items`), by the values of `fields`
playing     repeats, endings and parts written out; times
bars        pickup and metre

What cannot be understood raises `AbcError`, with the line. Skipped is only what has no influence on
notes.
"""

from evo.music.abc.book import Note, Tune, read_melody, read_tunes

__all__ = ["Note", "Tune", "read_melody", "read_tunes"]
