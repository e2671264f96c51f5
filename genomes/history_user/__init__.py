"""LSTMs that read their own history; `networks` has the class."""
