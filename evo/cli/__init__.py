"""The command `evo`; `evo.cli.main` lists its commands."""
