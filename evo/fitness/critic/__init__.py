"""Critics: models that learned from songs, and from what is no song, to tell one from the other.

panel             a corpus in folds, a critic for each fold that never heard it; briefs
model             one critic: small networks on a roll's numbers, how they learn and judge
features          a roll's numbers, by their names
feature_groups    how they are found
contexts          how likely a note is after the ones before it
examples          what a critic learns from
counterexamples   what is no song, kind by kind
fresh_classifier  can what a search found be told from songs afterwards?
"""
