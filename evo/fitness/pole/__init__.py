"""Keep poles on a cart upright, the classic task of control.

balancing   the fitness: scores, starts, and the test of generalisation
episodes    whole episodes of networks that control a cart, in one kernel
physics     the equations of motion
"""
