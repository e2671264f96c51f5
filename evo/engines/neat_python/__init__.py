"""The reference library neat-python behind ask and tell."""
