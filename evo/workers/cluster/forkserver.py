"""Tie the process that local workers are forked from, and each of them, to its parent.

Python's fork server imports this module first, before anything that takes long.
"""

import json
import os

from evo.core.platform import kill_with_parent
from evo.core.processes import restore_environment

# The number of the process that started the fork server, and what to restore of its environment.
VARIABLE = "KUZNECHIK_FORKSERVER"


def tie(given: str) -> None:
    """Tie this process, which is the fork server, and all that are forked from it."""
    parent, environment = json.loads(given)
    kill_with_parent(parent)
    # A worker is killed with the fork server, even while it hangs in compiled code.
    os.register_at_fork(after_in_child=kill_with_parent)
    restore_environment(environment)


if VARIABLE in os.environ:
    tie(os.environ.pop(VARIABLE))
