"""Screen MIDI files: select those fit to learn from, and explain the others.

report        check files or a collection in bounded memory, and write the results
check         check one file, and count faults
faults        definitions of faults, with all thresholds
facts         properties of a piece
timing        the rhythmic grid of the onsets
fingerprint   melody fingerprints, independent of key and tempo
essen         folk songs of music21's collections, as songs
"""
