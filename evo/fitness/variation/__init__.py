"""Judge programs that vary melodies.

themes     melodies as programs take them, with their keys
judging    likeness and density of variations, and their limits
fitness    the fitness: one program on many songs at once
choosing   the best different variations of one song
report     figures of chosen variations, and a table
"""
