"""The evaluator with worker processes on this machine.

pool      the evaluator
process   start and end a worker's process
channel   messages between pool and worker, over a pipe
worker    the worker's side: load the fitness, score batches
"""
