"""Run the command `evo` by `python -m evo`."""

from evo.cli.main import main

main()
