"""The reference library neat-python as an engine."""
