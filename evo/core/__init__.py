"""What every other room uses: seeds, scores, state, files, signals, the registries.

registry    every name on the command line, and where what it names is defined
seeds       addressed random streams
scores      scores of a population: totals, cases, statuses
state       arrays and JSON values that a checkpoint holds
files       files written so that a crash leaves the old or the new one
interrupt   signals that ask a run to end
platform    what differs between operating systems
processes   child processes that end with this one
"""
