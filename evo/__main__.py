"""Run the command `evo` by `python -m evo`."""

import sys

try:
    import evo.collision  # noqa: F401  before everything else
except ImportError as error:
    sys.exit(f"evo: {error}")

from evo.cli.main import main

main()
