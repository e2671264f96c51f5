"""Which MIDI files are fit to learn from, and what is wrong with the others.

survey        goes over files or a collection, in bounded memory, and writes what it found
check         one file: read it, and say its faults
faults        what counts as a fault, with all thresholds
timing        on which grid its onsets are, if on any
fingerprint   the same melody in any key and at any tempo
corpus        the folk songs of music21's collections, as songs
report        tables and lines
"""
