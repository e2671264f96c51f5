"""Settings of the documentation site.

Build it by: sphinx-build -W --keep-going -b html docs docs/_build

Pages that begin with `file_format: mystnb` are notebooks. They are executed when the site is built,
and an error in one of them fails the build. Their results are kept in docs/_build until the code of
a page or of the package changes.
"""

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# The kernels of the notebooks import this checkout, too.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Notebooks show figures whatever the backend of this process is.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import evo  # noqa: E402
import evo.api  # noqa: E402

# `evo.fitness` and `evo.experiment` are packages that can be called. The reference shows the
# functions of the public API instead.
vars(evo).update({name: getattr(evo.api, name) for name in evo.__all__})

project = "kuznechik"
author = "The kuznechik authors"
copyright = "2026, The kuznechik authors"
release = version = evo.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
# myst-nb writes the executed notebooks to jupyter_execute, beside the built site.
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = f"kuznechik {release}"
html_show_sourcelink = False
highlight_language = "none"
default_role = "literal"  # `name` in docstrings
add_module_names = False
smartquotes = False  # quotes in docstrings are those of code

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3


def _digest() -> str:
    """Return a digest of the package's source."""
    found = hashlib.sha256()
    for folder in ("evo", "genomes", "experiments"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "docs" / "_build" / ".executed" / _digest())
nb_execution_in_temp = True
nb_execution_timeout = 300  # seconds per cell; kernels are compiled in a new checkout
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_output_stderr = "remove"  # messages such as that kernels are compiled

# Documents outside of docs/, and the pages that include them.
_INCLUDED = {
    "../benchmarks/notes.md": "benchmark-notes.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
}


def _link_included(app: Any, page: str, source: list[str]) -> None:
    """Link to the pages that include documents outside of docs/."""
    up = "../" * page.count("/")
    for document, of in _INCLUDED.items():
        source[0] = source[0].replace(f"]({up}{document}", f"]({up}{of}")


def _mark_code(app: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Mark the indented blocks of docstrings as code; they are written without `::`."""
    indented, in_block, made = re.compile(r"    \S"), False, list[str]()
    sections = re.compile(r"(Args|Returns|Raises|Attributes|Yields):$|[:.]\S.*|    :")
    in_section = False
    for line in lines:
        if line and not line.startswith(" "):
            in_block, in_section = False, bool(sections.match(line))
        elif not in_block and not in_section and indented.match(line) and made and not made[-1]:
            made += ["::", ""]
            in_block = True
        made.append(line)
    lines[:] = made


def setup(app: Any) -> None:
    """Connect the functions above."""
    app.connect("source-read", _link_included)
    app.connect("autodoc-process-docstring", _mark_code, priority=100)
