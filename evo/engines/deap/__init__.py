"""DEAP's algorithms and operators, behind ask and tell.

engine         the engine: one generation of a DEAP algorithm
grid           the engine for note grids
history_user   the engine for the weights of HistoryUsers
formula        the engine for formulas, by genetic programming
trees          formulas as trees of and, or and not, and back
individuals    rows of an array as DEAP individuals, and back
operators      calls of mate, mutate, select and individual, with checks of their results
settings       the settings
"""
