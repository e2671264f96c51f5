"""Every code block of the documents runs; the blocks of one page share a folder and a process.

Pages that are notebooks are executed when the site is built (`docs/conf.py`). Shell commands are
parsed by `tests/test_documents.py`. A block that cannot run has a comment before it that says why:

    <!-- not run: needs a cluster -->
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in path.parts),
]
TIMEOUT = 300  # seconds for a page; in a new checkout, kernels are compiled
# The reports at the end of runs have tests of their own.
WITHOUT_REPORTS = (
    "from evo.analysis.report import writing; writing.write_report = lambda *given: None"
)
_FENCE = re.compile(r"^(<!-- not run: .+ -->\n+)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- not run: .+ -->")


def is_notebook(text: str) -> bool:
    """Return whether a page is executed when the site is built."""
    return text.startswith("---\nfile_format: mystnb\n")


def python_blocks(text: str) -> list[str]:
    """Return the Python blocks of a page."""
    return [match[2] for match in _FENCE.finditer(text) if not match[1]]


def unfenced_python(text: str) -> list[str]:
    """Return indented lines that use this package in Python: they would not be executed."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^    (.*)$", outside, re.MULTILINE)
    return [line for line in lines if re.search(r"\bevo\.\w+\(|import evo\b|from evo\b", line)]


def as_script(path: Path, blocks: list[str]) -> str:
    """Return a script of a page's blocks; a traceback names the page and the line."""
    text = path.read_text(encoding="utf-8")
    # Not "__main__": a page with a whole script would run its command line.
    parts = [WITHOUT_REPORTS, "page = {'__name__': 'page'}"]
    for code in blocks:
        first = code.splitlines()[0]
        line = text[: text.index(first)].count("\n")
        parts.append(f"exec(compile({chr(10) * line + code!r}, {str(path)!r}, 'exec'), page)")
    return "\n".join(parts)


RUNNING = [
    path
    for path in PAGES
    if not is_notebook(path.read_text(encoding="utf-8"))
    and python_blocks(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_blocks_run(path: Path, tmp_path: Path) -> None:
    script = as_script(path, python_blocks(path.read_text(encoding="utf-8")))
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_block_of_a_notebook_is_a_cell() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in PAGES}
    notebooks = {path: text for path, text in texts.items() if is_notebook(text)}
    assert len(notebooks) >= 6
    assert [path for path, text in notebooks.items() if "```python" in text] == []


def test_few_blocks_are_left_out() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    assert sum(len(_MARK.findall(text)) for text in texts) <= 3
    assert len(RUNNING) >= 8


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_is_in_fences(path: Path) -> None:
    assert unfenced_python(path.read_text(encoding="utf-8")) == []


def test_blocks_are_found() -> None:
    text = "    import evo\n    run = evo.run(1)\n    evo run xor\n\n```python\nx = 1\n```\n"
    assert python_blocks(text) == ["x = 1\n"]
    assert len(unfenced_python(text)) == 2
    assert python_blocks(text.replace("```p", "<!-- not run: needs a cluster -->\n```p")) == []
