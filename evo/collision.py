"""Refuse to work inside of another distribution's package `evo`; checked when it is imported.

The package index has another distribution with a package `evo`. Installed after this one, it
overwrites `evo/__init__.py`. Uninstalled, it takes that file along. The other files of this
distribution remain, and `evo.api` and `python -m evo` import this module first.
"""

import sys

if "evolve" not in getattr(sys.modules["evo"], "__all__", ()):
    raise ImportError(
        "the package evo is not that of kuznechik: the distribution evo, an unrelated project, has "
        "replaced or removed files of it. Run: pip uninstall evo; "
        "pip install --force-reinstall --no-deps kuznechik"
    )
