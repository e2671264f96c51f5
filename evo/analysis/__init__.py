"""What runs gave: comparisons, statistics, pictures."""
