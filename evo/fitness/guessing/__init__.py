"""The guessing game: performers are scored by how predictors guess their pieces.

symbols      a piece as one symbol per step
predictors   online predictors of the next symbol, batched over pieces
softmax      probabilities and the best guess, shared by all predictors
surprise     misses between hits: a predictor that was right is wrong, and right again
game         the fitness
coevolved    the fitness against predictors that are bred too
read_out     how the outputs of a bred predictor become guesses
held_out     a predictor for evaluation, which no search uses
measures     descriptive measures of a piece: period, runs, complexity
"""
