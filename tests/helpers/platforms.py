"""Operating systems that lack something, for `evo.core.platform`."""

import importlib
import importlib.util
import os
import select
import signal
import sys
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from evo.core import platform

# What a system may lack: the attribute to change, and its value there.
PARTS: dict[str, tuple[Any, str, Any]] = {
    "prctl": (sys, "platform", "darwin"),
    "pthread_sigmask": (signal, "pthread_sigmask", None),
    "setitimer": (signal, "setitimer", None),
    "poll": (select, "poll", None),
    "readv": (os, "readv", None),
    "sysconf": (os, "sysconf", None),
    "fcntl": (importlib.util, "find_spec", lambda name: None),
}


def reload_without(*parts: str) -> None:
    """Load `evo.core.platform` again as on a system without these parts.

    Functions that other modules have imported from it change too. Without any part it is again
    that of this system.
    """
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(patch.object(*PARTS[part]))
        importlib.reload(platform)
