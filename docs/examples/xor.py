"""Exclusive or: checkpoints, two workers, resume, log and plot."""

import evo

ROWS, TARGETS = [(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]


def xor(network):
    return 4 - ((network.activate(ROWS)[:, 0] - TARGETS) ** 2).sum()


run = evo.evolve(
    xor, inputs=2, outputs=1, target=3.9, workers=2, seed=1, out="runs/xor", resume=True
)
print(run, run.log.to_pandas().tail(), run.champion.activate([0, 1]), sep="\n")
run.plot().savefig("xor.png")
