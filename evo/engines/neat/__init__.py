"""NEAT (Stanley & Miikkulainen 2002) on arrays; `engine` has the class."""
