"""A genetic algorithm for note grids.

engine          the engine: a generation, its children and survivors
pool            the parent pool: grids with their scores
settings        the settings
operators       initial grids and mutations of them, for the baselines
own_operators   a user's own crossover and mutation

Crossover and musical mutation are in `genomes.grid`.
"""
