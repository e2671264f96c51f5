"""LSTM networks that read their own input history.

networks   the batch of networks: playing, storing, and checking arrays
shape      sizes, and the layout of the flat vector of weights
initial    initial weights, random or of another network
blocks     sequences side by side, for the kernels
lstm       the kernels of LSTM and history
content    the kernels that read by content
past       comparisons of the steps of sequences
linear     arithmetic on float32 vectors inside kernels
"""
