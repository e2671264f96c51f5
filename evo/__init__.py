"""kuznechik: a neuroevolution framework for symbolic music.

Engines breed genomes (`genomes`), fitness functions judge them, workers evaluate, and runs keep
everything so that it can be killed at any instant and resumed bit for bit.
"""

__version__ = "0.1.0"
