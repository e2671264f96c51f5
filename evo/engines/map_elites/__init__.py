"""MAP-Elites: an archive of the best individual of each behaviour.

engine      the engine for any genome kind: cells, survival, parents
archive     the archive: individuals, their scores and cells
settings    the settings
programs    the engine for programs, and their operators for the baselines
"""
