"""Run directories that survive a kill at any instant and resume bit for bit.

session        start or resume a run
loop           the generational loop
directory      a run's directory
checkpoint     its checkpoints
stop           the stop criteria
precompile     compiling kernels before the first generation
batch          several seeds of one configuration
batch_worker   the process of one seed
listing        the runs in a folder
"""
