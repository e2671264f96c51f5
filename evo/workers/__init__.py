"""Evaluators: score a population, here or in worker processes; `base` has the contract.

Evaluators:

- `serial`: in this process.
- `pool`: in worker processes on this machine.
- `cluster`: on a Dask cluster of one or several machines.

Shared parts:

- `evaluation`: scores one batch.
- `failures`: separates failures of individuals from faults of the machine.
- `scheduling`: assigns batches to workers, sets time limits and finds the cause of failures (pool
  and cluster). It uses `backlog` (the unscored individuals) and `limits` (durations, retries).
- `clock`: measures time without the time in which the process was stopped.
"""
