"""The evaluator on a Dask cluster; `cluster` is its entry."""
