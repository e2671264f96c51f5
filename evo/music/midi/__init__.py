"""MIDI files: scan the bytes, then read the notes."""
