"""Critics: models trained to distinguish songs from other piano rolls.

panel             a corpus in folds, with a critic per fold that was trained without it
briefs            the fitness: be like a given song, and please the critics
lengths           lengths of notes: how likely in the songs, and what describes them
model             one critic: small networks on a roll's features, and their scores
training          gradient descent on the networks of a critic
features          the features of a roll and their names
feature_groups    how the features are computed
contexts          probabilities of notes after the notes before them
examples          training examples: songs and counterexamples
counterexamples   rolls that are no songs, kind by kind
hard_negatives    rounds of training the critics again with pieces that fooled them
fresh_classifier  a classifier of found pieces against songs, trained afterwards
"""
