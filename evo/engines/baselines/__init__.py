"""Searches without breeding, to compare with."""
