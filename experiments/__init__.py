"""Experiments: one script each, run by `evo run NAME` or as a script.

memorize   learn songs note for note
critic     compose pieces that critics classify as songs
guess      play melodies that a predictor predicts well, but not perfectly
copy       output the input of 64 steps ago (`copy_task`)
xor        the smallest task that needs a hidden node
"""
