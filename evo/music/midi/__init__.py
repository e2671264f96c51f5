"""Read and write MIDI files.

read    a file's notes, parts, tempos and metres
roll    a file as a piano roll
write   notes to a file
scan    checks on the bytes before mido parses them
units   MIDI numbers of pitches and tempos
"""
