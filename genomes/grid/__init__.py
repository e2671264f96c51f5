"""Note grids, pieces of music themselves.

grids       the batch of grids: playing, storing, and checking arrays
operators   crossover at bar lines, and musical mutation, of a whole generation
mutation    the musical edits of one grid
"""
