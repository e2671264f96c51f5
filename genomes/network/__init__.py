"""Networks of evolved topology, a batch in arrays; `networks` has the class."""
