"""Genome kinds: batches of n individuals stored in arrays.

`genomes` imports nothing of `evo`. Its interface consists of arrays and `numpy.random.Generator`s.
Every kind is a batch of performers (`genomes.base.Performers`) and works with every fitness.

network        networks with evolved topology (NEAT)
grid           note grids, which are pieces of music themselves
history_user   LSTM networks that read their own input history
"""
