"""Annealed edits of Boolean formulas.

engine      the engine: search by lessons, or selection by scores
settings    the settings
pool        survivors of the selection by scores
operators   random formulas and edits of them, for the baselines

The edits are in `genomes.formula`.
"""
