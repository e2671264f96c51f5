"""Readers by content: attention over the piece's own past, with some 30 weights.

player    what is read, the names of the weights, and the settings
pairs     the kernel that compares every step with all earlier ones
contexts  short contexts of a step, for counts over learned songs
corpus    the learned songs, and what is counted in them
counts    what follows each context in the learned songs
weighing  the weights as factors, and the prior
reading   the kernels of the probabilities of songs
playing   the kernel that plays in closed loop
readers   the batch: playing, storing, and checking arrays
text      a reader as JSON and as text
"""
