"""The guessing game's parts: what is heard of a piece, who guesses it, and what is made of that.

    symbols     a piece as one symbol a step
    ears        guessers that learn while they listen, batched over pieces
    resolving   misses between hits: what guessers that were right come back to
    measures    what a piece is like: period, runs, complexity

The game itself is `evo.fitness.guessing.game`.
"""
