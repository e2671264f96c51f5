"""Note grids, pieces of music themselves; the class is in `grids`."""
