"""Selection by several scores: lexicase, and Pareto fronts."""
