"""The evaluator on a Dask cluster.

cluster      the evaluator
connection   the connection to a cluster: its scheduler, and its usable workers
address      values of `--cluster`, and the checks of their security
local        a cluster of processes on this machine
task         the functions that workers run
loop         the event loop of the connection, in its own thread
forkserver   local processes that end with their parents
"""
