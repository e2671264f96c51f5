"""Selection by several scores, shared by the engines.

lexicase   parents chosen by cases in random order
pareto     an order of individuals by several goals: Pareto fronts
"""
