"""Evaluation of populations; `base` has the contract.

serial     in this process
pool       in worker processes on this machine
cluster    on a Dask cluster, of this machine or of several
"""
