"""Networks with evolved topology; the class is in `networks`."""
