"""Make the system end the fork server and its local workers with their parents.

Python's fork server imports this module first, so that it holds during the slow imports, too.
"""

import json
import os

from evo.core.platform import kill_with_parent
from evo.core.processes import restore_environment

# An environment variable: the parent's process id, and the variables to restore, as JSON.
VARIABLE = "KUZNECHIK_FORKSERVER"


def tie(given: str) -> None:
    """Have this process (the fork server) and its forks killed with their parents."""
    parent, environment = json.loads(given)
    kill_with_parent(parent)
    # A worker is killed with the fork server, even if it hangs in compiled code.
    os.register_at_fork(after_in_child=kill_with_parent)
    restore_environment(environment)


if VARIABLE in os.environ:
    tie(os.environ.pop(VARIABLE))
