"""Evolution strategies for the weights of HistoryUsers and readers.

readers        the engine for readers
engine         the engine: a distribution over weight vectors instead of a population
strategy       the contract of the strategies
openai         OpenAI-ES, gradient ascent on the expected score
snes           separable natural evolution strategies
sep_cma        separable CMA-ES
weighted_mean  the fitness-weighted mean, a baseline
noise          random perturbations, found again by seed, generation and individual
settings       the settings
operators      initial HistoryUsers and mutations of them, for the baselines
"""
