"""Note grids: pieces of music themselves; `grids` has the class."""
