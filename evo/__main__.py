"""`python -m evo` is the command `evo`."""

from evo.cli.main import main

main()
