"""Genome kinds: batches of n individuals stored in arrays.

`genomes` imports nothing of `evo`. Its interface consists of arrays and `numpy.random.Generator`s.
Every kind but programs is a batch of performers (`genomes.base.Performers`) and works with every
fitness of music.

network        networks with evolved topology (NEAT)
grid           note grids, which are pieces of music themselves
history_user   LSTM networks that read their own input history
formula        lists of rules over past keys
reader         readers of their own past by content
program        musical operations that map melodies to variations; no performers

base           the contract of every kind
lessons        what players should play next, as examples to breed by
exponential    exp and tanh at vector speed, equal to the C library's
arrays         types of arrays, and checks of untrusted ones
player         how a network plays an instrument
randomness     random numbers inside kernels
vectors        vectors of 16 numbers inside kernels
kernels        compilation of numba kernels
kernel_cache   compiled kernels on disk
errors         the error of the genomes
"""
