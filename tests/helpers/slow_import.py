"""A module that imports for ever, and prints a line when it begins."""

import os
import time

print(os.getpid(), flush=True)
time.sleep(1000)


def work(*arguments: object) -> None:
    raise AssertionError("it is never imported to the end")
