"""The error of the genomes."""


class GenomeError(ValueError):
    """Arrays or values that make no valid genome, player or shape; one line that names the field.

    A ValueError of another kind is a caller's mistake: an argument that does not fit the batch.
    """
