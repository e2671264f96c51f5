"""Evaluators: score a population, here or in worker processes; `base` has the contract.

Evaluators:

base         the contract
serial       in this process
pool         in worker processes on this machine
cluster      on a Dask cluster of one or several machines

Shared parts:

evaluation   scores one batch
failures     separates failures of individuals from faults of the machine
carried      takes a user's activation functions to worker processes
clock        measures time without the time in which the process was stopped

Shared by pool and cluster:

scheduling   assigns batches to workers, and finds the cause of failures
assignment   a batch for a worker, and the state of a worker
backlog      the unscored individuals, and the failures counted for each
pace         sizes of batches, by the measured speed of the workers
hanging      time limits, and the decision that a worker hangs
starts       how many processes to keep, when to start the next, when to give up
"""
