"""A genetic algorithm for note grids; `engine` has the class."""
