"""The command `evo`; `main` has its commands."""
