"""Which MIDI files are fit to learn from, and what is wrong with the others.

report        goes over files or a collection, in bounded memory, and writes what it found
check         one file: read it, and say its faults
faults        what counts as a fault, with all thresholds
facts         what a piece is like
timing        on which grid its onsets are, if on any
fingerprint   the same melody in any key and at any tempo
essen         the folk songs of music21's collections, as songs
"""
