"""Evaluation of populations; `base` has the contract.

serial      in this process
pool        in worker processes on this machine
cluster     on a Dask cluster, of this machine or of several
scheduling  which batch goes to which worker, for how long, and who is to blame (pool and cluster);
            with backlog (what is unscored) and limits (how long, how often)
evaluation  scores one batch
failures    what is an individual's fault and what is the machine's
"""
