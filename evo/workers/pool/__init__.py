"""The evaluator with worker processes on this machine; `pool` is its entry."""
