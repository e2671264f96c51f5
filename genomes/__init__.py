"""Genomes: what is bred. One module a kind, each a batch of n individuals in arrays.

`genomes` imports nothing of `evo`: it speaks arrays and `numpy.random.Generator`s. Every kind is
a batch of performers (`genomes.base.Performers`), so every kind works with every fitness.

    network     networks whose topology evolves (NEAT)
    grid        note grids, pieces of music themselves
"""
