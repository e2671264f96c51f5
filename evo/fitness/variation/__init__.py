"""Judge programs that vary melodies.

themes     melodies as programs take them, with their keys
judging    likeness, density, and the critics' scores of variations
fitness    the fitness: one program on many songs at once
choosing   the best different variations of one song
"""
