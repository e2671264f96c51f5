"""The error of the genomes."""


class GenomeError(ValueError):
    """Invalid arrays or values of a genome, player or shape; one line naming the field.

    Any other ValueError is a programming mistake: an argument that does not fit the batch.
    """
