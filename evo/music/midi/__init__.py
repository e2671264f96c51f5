"""MIDI files.

read    a file's notes, parts, tempos and metres
write   notes to a file
scan    the check of the bytes that stands before mido
units   pitches and tempos as MIDI numbers them
"""
