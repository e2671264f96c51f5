"""Experiments: one script a result. Each is run by `evo run NAME` or as a script of its own.

memorize   learn songs note for note
critic     compose pieces that critics take for songs
guess      play so that a guesser guesses the next key, but not perfectly
copy       say what was heard 64 steps ago
xor        the smallest task that needs a hidden node
"""
