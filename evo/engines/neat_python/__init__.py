"""The reference library neat-python as an engine.

engine        the engine, with neat-python's population
config        our typed settings as neat-python's configuration
reproduction  a population that may grow, as in neat-python before 1.1
"""
