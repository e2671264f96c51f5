"""Simple searches to compare engines with.

base           what both share: individuals and settings of a genome kind's own engine
random_search  every generation is drawn independently
one_plus_one   the (1+1) evolutionary algorithm
"""
