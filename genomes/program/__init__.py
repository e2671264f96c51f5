"""Programs: musical operations, one after another, that map a melody to a variation of it.

themes      the melodies that are varied, with their bars and keys
operations  the operations and scopes by name
lines       a melody while it is varied: its scale, its cadences, the steps that may change
pitches     operations on the pitches of notes
rhythms     operations that move, add and remove notes
evaluation  the kernel that applies programs
programs    the batch: varying, storing, and checking arrays
edits       random programs, crossover and mutation
text        programs as text and JSON, and back
"""
