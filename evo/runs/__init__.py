"""Runs: directories that can be killed at any instant and resumed bit for bit.

session        start a run, or resume it
loop           the generational loop
directory      a run's directory
checkpoint     its checkpoints
stop           when a run ends
precompile     compiling kernels before the first generation
batch          the same run with several seeds
batch_worker   the process of one of them
listing        which runs there are
"""
