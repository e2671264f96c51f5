"""Networks with evolved topology.

Batches:

networks      the batch of networks: playing and storing
genes         their genes, as a struct of arrays
validation    checks of untrusted arrays
export        neat-python's JSON format, written
reading       and read
neat_python   conversion from and to neat-python's genomes

Activation:

activation    activation of batches
stepper       activation step by step, with the state kept
single        one network, for functions of one
closed_loop   playing, with each output part of the next input
compilation   the nodes that outputs need, in a computable order
graph         their order, found by a kernel
columns       the inputs of songs, and the steps at which few of them are on
functions     activation and aggregation functions
own_functions  activation functions of users
calling       calls of a function at an address, from kernels

Breeding:

speciation    compatibility distance, and division into species
variation     crossover and mutation of a whole generation
structure     structural mutation: adding and deleting nodes and connections
rates         rates of mutations, and distributions of new genes
assembly      networks in parts, one per output, and children that are edits of them

Drawing:

layout        positions of a network's nodes
svg           pictures of networks for notebooks
"""
