"""The base of all other rooms: seeds, scores, state, files, signals, registries.

registry    every name on the command line, and the module that defines it
seeds       addressed random streams
scores      scores of a population: totals, cases, statuses
state       arrays and JSON values that a checkpoint holds
settings    typed tables of settings
config      the configuration of a run
errors      the errors that a user can cause or fix
files       files written so that a crash leaves the old or the new one, and read without hanging
user_cache  results of long computations, kept in the user's cache folder
user_files  one-line errors for files named by a user
interrupt   signals that ask a run to end
platform    differences between operating systems
processes   child processes that end with this one
"""
