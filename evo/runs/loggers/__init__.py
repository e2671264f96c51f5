"""Loggers: further displays of a run, in files or in other programs.

base           `Logger`, the contract, and what guards a run from its loggers
choice         loggers by name, and those that a resumed run has files of
csv_file       a table for spreadsheets
tensorboard    curves, pictures, sound and graphs for TensorBoard
network_graph  a network as the graph of a TensorFlow program

A logger can never end or change a run. A run stores no logger: built-in ones are known by their
files, and a user's own are given to the function that starts or resumes a run.
"""

from evo.runs.loggers.base import LoggedChampion, LoggedRun, Logger

__all__ = ["LoggedChampion", "LoggedRun", "Logger"]
