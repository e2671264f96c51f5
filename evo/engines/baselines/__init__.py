"""Simple searches to compare engines with."""
