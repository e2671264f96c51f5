"""Analyse runs: comparisons, statistics and figures."""
