"""NEAT (Stanley & Miikkulainen 2002) on arrays.

engine            the engine: a generation step by step
reproduction      which species reproduce (stagnation), and how many offspring each gets
parents           the choice of parents within a species: truncation, tournament, lexicase
regulation        rates that adapt: compatibility threshold, growth or deletion, mutation power
innovations       innovation numbers of new genes
initial           the first population
by_output         breeding every output separately, instead of species
settings          neat-python's sections of settings, and our own
genome_settings   the section DefaultGenome
config_file       neat-python's configuration files
releases          neat-python's releases, and what each did with an incomplete file
operators         initial networks and mutations of them, for the baselines

Crossover, mutation and speciation are in `genomes.network`.
"""
