"""The guessing game: performers are scored by how predictors guess their pieces.

symbols             a piece as one symbol per step
online_predictors   the fixed predictors: models that learn the next symbol, anew for each piece
probabilities       softmax, and the best guess, shared by all predictors
surprise            misses between hits: a predictor that was right is wrong, and right again
game                the fitness: scores of pieces, made of losses and hits of the predictors
coevolved           the fitness against predictors that are bred too
read_out            how the outputs of a bred predictor become guesses: it learns online, too
held_out_predictor  a predictor for evaluation, which no search uses
measures            descriptive measures of a piece: period, runs, complexity
"""
