"""Screen MIDI files: select those fit to learn from, and explain the others.

report        check files or a collection in bounded memory, and write the results
check         check one file, and count faults
demands       what is asked of a piece, and named profiles
faults        faults of a piece, with figures
facts         properties of a piece
texture       notes at once, and the reach of two hands
timing        the rhythmic grid of the onsets
fingerprint   melody fingerprints, independent of key and tempo
essen         folk songs of music21's collections, as songs
"""
