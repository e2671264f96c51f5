"""Fitness functions; `base` has the contract.

base           the contract: scores of a batch of performers
memorization   play a song, note for note
next_step      predict songs: the cross-entropy of every next step
copying        output the input of some steps ago
xor            the smallest task that needs a hidden node
pole           keep poles on a cart upright
gymnasium      control an environment of gymnasium
eval_genomes   functions for neat-python's genomes
critic         play like songs, by critics trained on them
guessing       play so that predictors guess well, but not perfectly
"""

from evo.core.callable_module import make_callable

make_callable(__name__)  # `evo.fitness` is a decorator, too
