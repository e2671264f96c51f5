"""Boolean formulas: per output a list of rules over keys at lags and positions in the bar.

player      what formulas read, and its numbering
formulas    the batch: playing, storing, and checking arrays
lists       rule lists in rows of equal length, for kernels that edit them
evaluation  the kernels that play
packing     lessons in words of 64 rows
search      annealed edits of one rule list by lessons
edits       random edits, without lessons
text        formulas as text and JSON, and back
svg         pictures for notebooks
"""
