"""The reference library neat-python as an engine.

engine   the engine, with neat-python's population
config   our typed settings as neat-python's configuration
"""
