"""Read and write MIDI files.

read      a file's notes, parts, tempos and signatures
scan      the events of a file, with every byte checked
pairing   notes from note-ons and note-offs
parts     the notes of one track on one channel
roll      a file as a piano roll
write     notes to a file
units     MIDI numbers of pitches, tempos and programs
"""
