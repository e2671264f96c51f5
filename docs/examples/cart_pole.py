"""Balance a pole on a cart, in Python, one network at a time."""

from math import cos, sin

import evo


def balanced(network):
    x, speed, angle, turn = 0.0, 0.0, 0.05, 0.0
    for step in range(500):
        force = 10.0 if network.step([x / 2.4, speed, angle / 0.21, turn])[0] > 0.5 else -10.0
        pull = (force + 0.05 * turn**2 * sin(angle)) / 1.1
        fall = (9.8 * sin(angle) - cos(angle) * pull) / (0.5 * (4 / 3 - cos(angle) ** 2 / 11))
        x, speed = x + 0.02 * speed, speed + 0.02 * (pull - 0.05 * fall * cos(angle) / 1.1)
        angle, turn = angle + 0.02 * turn, turn + 0.02 * fall
        if abs(x) > 2.4 or abs(angle) > 0.21:
            return step
    return 500


run = evo.evolve(balanced, inputs=4, outputs=1, target=500, workers=2, seed=1, out="runs/cart-pole")
print(run, run.champion)
run.champion.save("controller.json")
